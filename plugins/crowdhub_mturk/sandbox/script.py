"""Scripted workers: they find HITs as time passes, work on them, and hand in, some of them poor work."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from crowdhub.sandbox import png
from crowdhub_mturk.sandbox.answers import Given, document, made_up
from crowdhub_mturk.sandbox.state import IN_HANDS, Assignment, Hit, Upload
from crowdhub_mturk.sandbox.turk import Turk
from crowdhub_mturk.sandbox.workforce import Workforce

COME, FINISH = "come", "finish"


class Script:
    """A worker comes to each open HIT every ``every`` seconds, works for about ``takes``, and hands in; a share of
    ``returns`` gives up, a share of ``poor`` answers nothing."""

    def __init__(
        self,
        turk: Turk,
        workforce: Workforce,
        dice: Random,
        *,
        every: float,
        takes: float,
        returns: float,
        poor: float,
    ) -> None:
        self._turk = turk
        self._workforce = workforce
        self._dice = dice
        self._every = timedelta(seconds=every)
        self._takes = takes
        self._returns = returns
        self._poor = poor

    def expect(self, hit: Hit, now: datetime) -> None:
        """Somebody will come by."""
        if self._every:
            self._turk.agenda.note(now + self._every, COME, hit.id)

    def happen(self, what: str, about: str, moment: datetime) -> None:
        """Let something happen that is due."""
        if what == COME:
            self._come(self._turk.hits[about], moment)
        elif what == FINISH:
            self._finish(self._turk.assignments[about], moment)

    def _come(self, hit: Hit, moment: datetime) -> None:
        if hit.ended or hit.disposed:
            return
        if hit.status == "Assignable" and (worker := self._workforce.somebody_for(hit)) is not None:
            work = self._turk.accept(hit, worker, moment)
            busy = min(self._takes * self._dice.uniform(0.5, 1.5), hit.type.duration - 1)
            self._turk.agenda.note(moment + timedelta(seconds=busy), FINISH, work.id)
        self.expect(hit, moment)

    def _finish(self, work: Assignment, moment: datetime) -> None:
        if work.status != IN_HANDS:
            return
        if self._dice.random() < self._returns:
            self._turk.put_back(work, "Returned", moment)
        else:
            poor = self._dice.random() < self._poor
            self.submit(work, {} if poor else None, {} if poor else None, moment)

    def submit(
        self, work: Assignment, answers: Given | str | None, files: Mapping[str, bytes] | None, moment: datetime
    ) -> None:
        """Hand in. Without `answers` the worker makes some up, without `files` one for each that is asked for."""
        form = work.hit.form
        if files is None:
            files = {each.id: png(f"{work.id} {each.id}") for each in form.questions if each.kind == "UploadedFile"}
        uploads = {
            name: Upload(f"{work.id}/{number}", content) for number, (name, content) in enumerate(files.items(), 1)
        }
        if not isinstance(answers, str):
            keys = {name: (each.key, len(each.content)) for name, each in uploads.items()}
            answers = document(form, made_up(form, self._dice) if answers is None else answers, keys)
        self._turk.submit(work, answers, uploads, moment)
