"""All 39 operations of the API, by family: ``market.run(market.provider.api.hits.get_hit(hit_id="3…"))``.

Each is named as in the service's model, in snake case, and so are its arguments.
"""

from __future__ import annotations

from crowdhub_mturk.functions.assignments import Assignments
from crowdhub_mturk.functions.base import BuildCall
from crowdhub_mturk.functions.bonuses import Bonuses
from crowdhub_mturk.functions.hits import Hits
from crowdhub_mturk.functions.money import AccountMoney
from crowdhub_mturk.functions.notifications import Notifications
from crowdhub_mturk.functions.qualifications import Qualifications
from crowdhub_mturk.functions.reviews import Reviews
from crowdhub_mturk.functions.workers import Workers

__all__ = ["Api"]


class Api:
    """The families."""

    def __init__(self, build: BuildCall) -> None:
        self.hits = Hits(build)
        self.assignments = Assignments(build)
        self.bonuses = Bonuses(build)
        self.workers = Workers(build)
        self.qualifications = Qualifications(build)
        self.reviews = Reviews(build)
        self.notifications = Notifications(build)
        self.account = AccountMoney(build)
