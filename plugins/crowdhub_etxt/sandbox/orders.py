"""Orders: what is asked, who applies, what is handed in."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum
from random import Random

from crowdhub_etxt.sandbox.accounts import CENT, Customer
from crowdhub_etxt.sandbox.params import UploadedFile

URGENT = timedelta(hours=24)


class OrderState(IntEnum):
    """Where an order stands."""

    WAITING = 1
    IN_WORK = 2
    UNDER_REVIEW = 3
    DONE = 4
    OVERDUE = 5


class ResultVerdict(IntEnum):
    """What became of a result."""

    UNDER_REVIEW = 0
    REJECTED = 1
    ACCEPTED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the customer asks for, already checked."""

    title: str
    price: int
    id_category: int
    deadline: datetime
    description: str = ""
    text: str = ""
    price_type: int = 1
    size: int = 0
    uniq: int | None = None
    multione: bool = False
    locate: bool = False
    whitespaces: bool = False
    only_stars: bool = False
    checksize: bool = False
    id_type: int = 1
    id_subtype: int = 0
    auto_work: bool = False
    auto_rate: int = 0
    auto_reports: int = 0
    auto_reports_n: int | None = None
    multitask: bool = False
    multicount: int = 0
    id_folder: int = 0
    target: int = 1
    id_target: int = 0
    keywords: str = ""
    language_from: int = 0
    language_to: int = 0
    bwgroup_send: bool = False
    attestat: bool = False
    diplom: bool = False
    robot: int = 0
    file: UploadedFile | None = None

    @property
    def cost(self) -> Decimal:
        """The full price of one order, in rubles."""
        if self.price_type == 2:
            return Decimal(self.price)
        return (Decimal(self.price) * self.size / 1000).quantize(CENT, ROUND_HALF_UP)

    @property
    def price_per_1000(self) -> Decimal:
        """The price of 1000 characters, which performers set their minimum for."""
        return self.cost * 1000 / self.size if self.size else Decimal(self.price)


@dataclass(slots=True, eq=False)
class Remark:
    """What someone wrote under an order; with an `application` it asks for the work."""

    id: int
    order_id: int
    user: int
    login: str
    text: str
    date: datetime
    application: int = 0
    open: bool = True
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of the automatic check, in percent."""

    mistakes: float = 0.5
    antiplagiat: float = 97
    keywords: float = 100
    diff: float = 20


@dataclass(slots=True, eq=False)
class SandboxResult:
    """What was handed in; `quality` is `None` until it was checked."""

    id: int
    order_id: int
    user: int
    text: str
    files: tuple[UploadedFile, ...]
    comment: str
    date: datetime
    quality: Quality | None
    verdict: ResultVerdict = ResultVerdict.UNDER_REVIEW
    date_reset: datetime | None = None


@dataclass(slots=True, eq=False)
class SandboxOrder:
    """One order; a multitask's parts are orders of their own."""

    id: int
    customer: Customer
    terms: Terms
    date: datetime
    dice: Random
    public: bool = False
    status: OrderState = OrderState.WAITING
    performer: int = 0
    left: int = 0
    """Of a multitask, how many orders can still be made."""
    slots_held: int = 0
    """For how many prices money is held."""
    was_public: bool = False
    parent: int = 0
    quick: bool = False
    comment: str = ""
    end_date: datetime | None = None
    archived_at: datetime | None = None
    failed_at: datetime | None = None
    taken_off_at: datetime | None = None
    since: datetime | None = None
    """When it was published, given to the performer, or sent back: the script counts from here."""
    next_event: datetime | None = None
    remarks: list[Remark] = field(default_factory=list[Remark])
    results: list[SandboxResult] = field(default_factory=list[SandboxResult])
    tickets: list[str] = field(default_factory=list[str])

    @property
    def open_to_applications(self) -> bool:
        """Whether performers can apply."""
        return self.public and self.status == OrderState.WAITING and self.failed_at is None

    @property
    def applications(self) -> list[Remark]:
        """The applications that wait for an answer."""
        return [each for each in self.remarks if each.application and each.open]

    def set_deadline(self, deadline: datetime, now: datetime) -> None:
        """A new deadline; an order due within a day is urgent."""
        self.terms = replace(self.terms, deadline=deadline)
        self.quick = deadline - now < URGENT

    def refresh(self, now: datetime) -> None:
        """An order in work past its deadline is overdue."""
        if self.status == OrderState.IN_WORK and self.terms.deadline < now:
            self.status = OrderState.OVERDUE
