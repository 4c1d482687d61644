"""What the marketplace knows: studies, what people handed in, bonuses, groups of people, messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from crowdhub.sandbox.values import JsonObject

TAKES_A_PLACE = frozenset({"RESERVED", "ACTIVE", "AWAITING REVIEW", "APPROVED"})


@dataclass(slots=True, eq=False)
class Participation:
    """One person's submission. ``bonuses``: cents, and when each is shown."""

    id: str
    study: Study
    participant: str
    started_at: datetime
    status: str = "RESERVED"
    completed_at: datetime | None = None
    code: str | None = None
    message: str | None = None
    category: str | None = None
    return_requested: datetime | None = None
    reasons: list[str] = field(default_factory=list[str])
    bonuses: list[tuple[int, datetime]] = field(default_factory=list[tuple[int, datetime]])


@dataclass(slots=True, eq=False)
class Study:
    """``asked``: as it was sent. ``phase`` is what was done with it; `status` what is shown. ``funded``: the places
    that are paid for."""

    id: str
    project: str
    asked: JsonObject
    name: str
    reward: int
    places: int
    created_at: datetime
    phase: str = "UNPUBLISHED"
    funded: int = 0
    published_at: datetime | None = None
    shows_from: datetime | None = None
    taken_part: dict[str, Participation] = field(default_factory=dict[str, Participation])
    people: set[str] = field(default_factory=set[str])

    def count(self, *statuses: str) -> int:
        return sum(each.status in statuses for each in self.taken_part.values())

    @property
    def bonuses(self) -> int:
        return sum(cents for each in self.taken_part.values() for cents, _ in each.bonuses)

    @property
    def taken(self) -> int:
        return self.count(*TAKES_A_PLACE)

    @property
    def free(self) -> int:
        return max(0, self.places - self.taken)

    def accepts(self, now: datetime) -> bool:
        """Whether somebody can start now."""
        return self.phase == "ACTIVE" and self.free > 0 and self.shows_from is not None and self.shows_from <= now

    def status(self, now: datetime, *, stopped_waits: bool) -> str:
        if self.phase in ("UNPUBLISHED", "SCHEDULED", "PAUSED"):
            return self.phase
        if self.shows_from is not None and now < self.shows_from:
            return "PUBLISHING"
        waits = self.count("AWAITING REVIEW") > 0
        if self.phase == "STOPPED":
            return "AWAITING REVIEW" if waits and stopped_waits else "COMPLETED"
        if self.free or self.count("RESERVED", "ACTIVE"):
            return "ACTIVE"
        return "AWAITING REVIEW" if waits else "COMPLETED"


@dataclass(slots=True, eq=False)
class BonusSetup:
    """Bonuses that were set up; ``payments`` says how often they were paid."""

    id: str
    study: Study
    lines: list[tuple[Participation, int]]
    payments: int = 0

    @property
    def amount(self) -> int:
        return sum(cents for _, cents in self.lines)


@dataclass(slots=True, eq=False)
class ParticipantGroup:
    """People of a workspace, each with the moment from which on he is in it."""

    id: str
    name: str
    description: str
    members: dict[str, datetime] = field(default_factory=dict[str, datetime])


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to a participant."""

    participant: str
    study: str
    body: str


@dataclass(slots=True, eq=False)
class Due:
    """Something that is done later: the approval of what a bulk request named."""

    at: datetime
    works: list[Participation]
