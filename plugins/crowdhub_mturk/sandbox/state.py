"""What the marketplace knows of: types, HITs, assignments, bonuses."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox.qualifications import MASTERS
from crowdhub_mturk.sandbox.questions import Form
from crowdhub_mturk.sandbox.till import Price, price_of

IN_HANDS = "Accepted"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a worker's qualification has to be."""

    type_id: str
    comparator: str
    integers: tuple[int, ...] = ()
    locales: tuple[tuple[str, str | None], ...] = ()
    preview: bool | None = None
    guarded: str | None = None


@dataclass(frozen=True, slots=True)
class HitType:
    """What HITs of one group share. Equal ones are one."""

    title: str
    description: str
    keywords: str | None
    reward: Decimal
    duration: int
    auto_approval: int
    requirements: tuple[Requirement, ...]

    def price(self, slots: int) -> Price:
        return price_of(self.reward, slots, masters=any(each.type_id in MASTERS for each in self.requirements))


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a worker handed in."""

    key: str
    content: bytes


@dataclass(slots=True, eq=False)
class Assignment:
    """One worker's go at a HIT. `status` is one of the wire's, or Accepted, Returned, Abandoned."""

    id: str
    number: int
    hit: "Hit"
    worker: str
    accepted: datetime
    deadline: datetime
    price: Price
    status: str = IN_HANDS
    submitted: datetime | None = None
    auto_approval: datetime | None = None
    approved: datetime | None = None
    rejected: datetime | None = None
    answer: str | None = None
    feedback: str | None = None
    files: dict[str, Upload] = field(default_factory=dict[str, Upload])

    def move(self, status: str) -> None:
        """Go to another state."""
        self.hit.counts[self.status] -= 1
        self.hit.counts[status] += 1
        self.status = status


@dataclass(slots=True, eq=False)
class Hit:
    """A published HIT. `ended` says that its time is over, `held` how many free slots there is money held for."""

    id: str
    number: int
    type_id: str
    type: HitType
    question: str
    form: Form
    slots: int
    created: datetime
    expires: datetime
    annotation: str | None
    policies: dict[str, JsonObject]
    held: int = 0
    ended: bool = False
    reviewing: bool = False
    disposed: bool = False
    reviewable_since: datetime | None = None
    work: list[Assignment] = field(default_factory=list[Assignment])
    """In the order in which it was submitted."""
    counts: Counter[str] = field(default_factory=Counter[str])
    workers: set[str] = field(default_factory=set[str])
    """Who has it in hands or has submitted."""

    @property
    def price(self) -> Price:
        return self.type.price(self.slots)

    @property
    def in_hands(self) -> int:
        return self.counts[IN_HANDS]

    @property
    def completed(self) -> int:
        return self.counts["Approved"] + self.counts["Rejected"]

    @property
    def available(self) -> int:
        return self.slots - self.in_hands - self.counts["Submitted"] - self.completed

    @property
    def status(self) -> str:
        if self.disposed:
            return "Disposed"
        if not self.ended and self.available:
            return "Assignable"
        if self.in_hands:
            return "Unassignable"
        return "Reviewing" if self.reviewing else "Reviewable"


@dataclass(frozen=True, slots=True)
class Bonus:
    """Paid beside the reward."""

    number: int
    assignment: Assignment
    amount: Decimal
    reason: str
    at: datetime
