"""A customer's account: the money with its statement, and everything the customer keeps."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from crowdhub.sandbox import Purse
from crowdhub_etxt.sandbox.quirks import EtxtQuirks
from crowdhub_etxt.sandbox.refusal import EtxtRefusal
from crowdhub_etxt.sandbox.tree import Tree

CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of the statement."""

    id: int
    date: datetime
    amount: Decimal
    balance: Decimal
    operation: str
    user: int
    commission: Decimal
    folder: int


@dataclass(slots=True)
class ListEntry:
    """A performer's place on the white or black list."""

    kind: str
    """whiteList or blackList."""
    group: int


@dataclass(slots=True)
class UserReport:
    """What the customer said about a performer; `rate` 1 is good, 2 is bad."""

    id: int
    user: int
    text: str
    rate: int
    date: datetime


@dataclass(slots=True)
class Notice:
    """A system message."""

    id: int
    date: datetime
    text: str
    read: bool = False


@dataclass(slots=True)
class Letter:
    """A private message; `peer` is the other side, whoever wrote it."""

    author: int
    peer: int
    text: str
    date: datetime
    read: bool = False


@dataclass(slots=True)
class Bought:
    """An article that the customer bought."""

    id: int
    date: datetime
    price: Decimal
    folder: int = 0
    archived: bool = False


@dataclass(slots=True)
class CorrectionJob:
    """A text given to a corrector."""

    id: int
    title: str
    text: str
    folder: int
    deadline: datetime
    price: Decimal


@dataclass(slots=True)
class DetectorCheck:
    """A text given to the detector."""

    id: int
    kind: str
    text: str
    date: datetime


@dataclass(slots=True)
class Fail:
    """An order that a performer did not finish; `back` is whether the rating was given back."""

    order_id: int
    user: int
    title: str
    date: datetime
    date_back: datetime | None = None


@dataclass(slots=True, eq=False)
class Customer:
    """One account of the marketplace."""

    id: int
    login: str
    token: str
    api_pass: str
    rating: int
    purse: Purse
    quirks: EtxtQuirks
    lines: list[StatementLine] = field(default_factory=list[StatementLine])
    folders: Tree = field(default_factory=lambda: Tree(301))
    groups: Tree = field(default_factory=lambda: Tree(401))
    listed: dict[int, ListEntry] = field(default_factory=dict[int, ListEntry])
    remarks: dict[int, tuple[str, datetime]] = field(default_factory=dict[int, tuple[str, datetime]])
    reports: dict[int, UserReport] = field(default_factory=dict[int, UserReport])
    notices: dict[int, Notice] = field(default_factory=dict[int, Notice])
    letters: list[Letter] = field(default_factory=list[Letter])
    bought: dict[int, Bought] = field(default_factory=dict[int, Bought])
    basket: set[int] = field(default_factory=set[int])
    corrections: dict[int, CorrectionJob] = field(default_factory=dict[int, CorrectionJob])
    checks: dict[int, DetectorCheck] = field(default_factory=dict[int, DetectorCheck])
    fails: list[Fail] = field(default_factory=list[Fail])
    last_letter: datetime | None = None

    def fee(self, price: Decimal) -> Decimal:
        """The marketplace's commission on one price."""
        return (price * self.quirks.commission / 100).quantize(CENT, ROUND_HALF_UP)

    def hold(
        self, kind: str, task: int, price: Decimal, count: int = 1, *, reference: str, user: int = 0, folder: int = 0
    ) -> None:
        """Take `count` prices and their commission from the balance, or refuse."""
        held, fee = price * count, self.fee(price) * count
        self.check_funds(held + fee)
        _ = self.purse.charge(kind, str(task), held=held, commission=fee, reference=reference)
        self._note(-(held + fee), f"{kind}: {reference}", user, fee, folder)

    def give_back(self, task: int, price: Decimal, count: int = 1, *, reference: str, folder: int = 0) -> None:
        """Return held prices and their commission to the balance."""
        if not price * count:
            return
        held, fee = price * count, self.fee(price) * count
        _ = self.purse.refund(str(task), held=held, commission=fee, reference=reference)
        self._note(held + fee, f"refund: {reference}", 0, -fee, folder)

    def pay(self, kind: str, task: int, price: Decimal, user: int, *, reference: str, folder: int = 0) -> None:
        """Take from the balance and pay someone at once; `reference` names what is paid, and is used once."""
        self.hold(kind, task, price, reference=reference, user=user, folder=folder)
        _ = self.purse.pay_out(str(task), price, reference=reference)

    def pay_article(self, article: int, price: Decimal, author: int) -> None:
        """Buy an article, whose price already holds the commission."""
        self.check_funds(price)
        reference = f"article {article}"
        _ = self.purse.charge("article", str(article), held=price, reference=reference)
        _ = self.purse.pay_out(str(article), price, reference=reference)
        self._note(-price, reference, author, ZERO, 0)

    def spend(self, kind: str, task: int, price: Decimal, *, reference: str, folder: int = 0) -> None:
        """Pay the marketplace itself for a service."""
        self.check_funds(price)
        _ = self.purse.charge(kind, str(task), held=ZERO, commission=price, reference=reference)
        self._note(-price, f"{kind}: {reference}", 0, ZERO, folder)

    def deposit(self, amount: Decimal) -> None:
        """Money from outside, or to it."""
        _ = self.purse.deposit(amount, reference="deposit")
        self._note(amount, "deposit", 0, ZERO, 0)

    def tell(self, text: str) -> Notice:
        """A system message."""
        notice = Notice(len(self.notices) + 2001, self.purse.now(), text)
        self.notices[notice.id] = notice
        return notice

    def check_funds(self, amount: Decimal) -> None:
        """Refuse where the balance does not suffice."""
        if amount > self.purse.balance:
            raise EtxtRefusal(self.quirks.funds_error)

    def _note(self, amount: Decimal, operation: str, user: int, fee: Decimal, folder: int) -> None:
        line = StatementLine(
            len(self.lines) + 8001, self.purse.now(), amount, self.purse.balance, operation, user, fee, folder
        )
        self.lines.append(line)
