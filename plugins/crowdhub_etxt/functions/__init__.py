"""All functions of the eTXT API, by family: ``market.run(market.provider.api.tasks.list_tasks())``.

Each is named as in the marketplace's documentation, in snake case (``users.setUserBW`` is `users.set_user_bw`), and
so are its parameters, but for three: ``from`` is ``offset`` (``since`` where it is a time), ``deadline`` and
``timeline`` are one time, ``correction.import`` is `import_`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from crowdhub_etxt.functions.articles import Articles, ArticlesArchive
from crowdhub_etxt.functions.base import BuildCall
from crowdhub_etxt.functions.checks import Correction, Detector, Diff
from crowdhub_etxt.functions.messages import Messages, Rating
from crowdhub_etxt.functions.reference import BwGroups, Categories, Folders, Options
from crowdhub_etxt.functions.task_changes import Tasks
from crowdhub_etxt.functions.tasks import TasksArchive
from crowdhub_etxt.functions.users import Users

__all__ = ["Api"]


class Api:
    """The families."""

    def __init__(self, build: BuildCall, now: Callable[[], datetime]) -> None:
        self.categories = Categories(build, now)
        self.folders = Folders(build, now)
        self.users = Users(build, now)
        self.tasks = Tasks(build, now)
        self.tasks_archive = TasksArchive(build, now)
        self.options = Options(build, now)
        self.articles = Articles(build, now)
        self.articles_archive = ArticlesArchive(build, now)
        self.bwgroups = BwGroups(build, now)
        self.messages = Messages(build, now)
        self.rating = Rating(build, now)
        self.diff = Diff(build, now)
        self.correction = Correction(build, now)
        self.detector = Detector(build, now)
