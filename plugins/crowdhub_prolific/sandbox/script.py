"""Scripted participants: they find studies as time passes and hand in, some of them without the right code."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from crowdhub.sandbox.values import list_of, object_of
from crowdhub_prolific.sandbox.state import Participation, Study
from crowdhub_prolific.sandbox.workspace import Workspace


def code_of(study: Study) -> str | None:
    """The first completion code: what the page of the study shows in its end."""
    codes = list_of(study.asked.get("completion_codes"))
    code = object_of(codes[0]).get("code") if codes else None
    return code if isinstance(code, str) else None


class Participants:
    """One comes to each study that takes somebody every ``every`` seconds (0: none ever does), and hands in at once.
    ``poor_share`` of them enter no code."""

    def __init__(self, space: Workspace, dice: Random, every: float, poor_share: float, now: datetime) -> None:
        self.space, self.dice, self.poor_share = space, dice, poor_share
        self.every = timedelta(seconds=every)
        self._next = now + self.every
        self._known: list[str] = []

    def run_to(self, now: datetime) -> None:
        """Do everything that is due."""
        while self.every and self._next <= now:
            for study in self.space.studies.values():
                if study.accepts(self._next):
                    _ = self.hand_in(study, self._next, poor=self.dice.random() < self.poor_share)
            self._next += self.every

    def hand_in(
        self, study: Study, now: datetime, *, participant: str | None = None, poor: bool = False
    ) -> Participation:
        """Somebody takes a place and hands in."""
        work = self.reserve(study, now, participant)
        self.space.hand_in(work, None if poor else code_of(study), now)
        return work

    def reserve(self, study: Study, now: datetime, participant: str | None = None) -> Participation:
        work = self.space.reserve(study, participant or self._somebody(study, now), now)
        work.status = "ACTIVE"
        return work

    def _somebody(self, study: Study, now: datetime) -> str:
        """Who may take part and did not yet: somebody known, else somebody new."""
        for each in self._known:
            if self.space.may_start(study, each, now):
                return each
        self._known.append(self.space.new_id())
        return self._known[-1]
