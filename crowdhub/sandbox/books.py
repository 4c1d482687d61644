"""A marketplace's view of the customer's money, in double entry.

Money sits in four places: the customer's balance, what is held for published work, what workers were paid,
what the marketplace kept as commission. Every movement goes from one place to another.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from crowdhub.sandbox.errors import SandboxError

ZERO = Decimal(0)
DIGITS = 15


@dataclass(frozen=True, slots=True)
class Charge:
    """One movement of money: positive takes from its source, negative gives back."""

    id: str
    task_id: str
    kind: str
    amount: Decimal
    at: datetime
    reference: str = ""
    commission: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Books:
    """A snapshot of one account.

    `charges` are the movements of the customer's balance (kinds "publish", "refund", "deposit", or whatever a
    market adds, such as "bonus"); `payouts` are the payments to workers out of what is held.
    """

    currency: str
    opening: Decimal
    balance: Decimal
    charged: Decimal
    paid_out: Decimal
    refunded: Decimal
    held: Decimal
    commission: Decimal
    charges: tuple[Charge, ...] = ()
    payouts: tuple[Charge, ...] = ()

    def agree(self) -> bool:
        """Whether every sum agrees with every other."""
        return not self.problems()

    def problems(self) -> list[str]:
        """What does not agree, in words; empty when the books balance."""
        moved = sum((charge.amount for charge in self.charges), ZERO)
        taken = sum((charge.amount for charge in self.charges if charge.kind != "deposit"), ZERO)
        paid = sum((payout.amount for payout in self.payouts), ZERO)
        found: list[str] = []
        if self.opening != self.balance + moved:
            found.append(f"opening {self.opening} is not balance {self.balance} plus charges {moved}")
        if taken != self.charged - self.refunded:
            found.append(f"charges {taken} are not charged {self.charged} less refunded {self.refunded}")
        if paid != self.paid_out:
            found.append(f"payouts {paid} are not paid out {self.paid_out}")
        kept = self.held + self.paid_out + self.commission
        if self.charged - self.refunded != kept:
            found.append(f"{self.charged - self.refunded} was taken, {kept} is held, paid or commission")
        found += [f"{name} is negative" for name in ("balance", "held", "commission") if getattr(self, name) < 0]
        for what, count in Counter(payout.reference for payout in self.payouts).items():
            if count > 1:
                found.append(f"{what} was paid {count} times")
        return found

    def charges_for(self, task_id: str) -> tuple[Charge, ...]:
        """The movements of the balance that belong to one task."""
        return tuple(charge for charge in self.charges if charge.task_id == task_id)

    def duplicates(self) -> dict[str, tuple[Charge, ...]]:
        """Publishing charges that share a title, by title: the mark of a task published twice."""
        groups: dict[str, list[Charge]] = {}
        for charge in self.charges:
            if charge.kind == "publish":
                groups.setdefault(charge.reference, []).append(charge)
        return {title: tuple(same) for title, same in groups.items() if len(same) > 1}


@dataclass(slots=True)
class Purse:
    """The working side of `Books`: a market moves one customer's money with these four verbs."""

    currency: str
    opening: Decimal
    now: Callable[[], datetime]
    balance: Decimal = field(init=False)
    held: Decimal = field(init=False, default=ZERO)
    commission: Decimal = field(init=False, default=ZERO)
    paid_out: Decimal = field(init=False, default=ZERO)
    charged: Decimal = field(init=False, default=ZERO)
    refunded: Decimal = field(init=False, default=ZERO)
    charges: list[Charge] = field(init=False, default_factory=list[Charge])
    payouts: list[Charge] = field(init=False, default_factory=list[Charge])

    def __post_init__(self) -> None:
        if not self.opening.is_finite() or self.opening.adjusted() >= DIGITS:
            raise SandboxError(f"A balance is a number of at most {DIGITS} digits before the point")
        self.balance = self.opening

    def charge(
        self, kind: str, task_id: str, *, held: Decimal, commission: Decimal = ZERO, reference: str = ""
    ) -> Charge:
        """Take money from the balance: `held` for workers and `commission` for the marketplace."""
        total = held + commission
        self.balance -= total
        self.held += held
        self.commission += commission
        self.charged += total
        return self._note(self.charges, "c", task_id, kind, total, reference, commission)

    def refund(self, task_id: str, *, held: Decimal, commission: Decimal = ZERO, reference: str = "") -> Charge:
        """Give held money and its commission back to the balance."""
        total = held + commission
        self.balance += total
        self.held -= held
        self.commission -= commission
        self.refunded += total
        return self._note(self.charges, "c", task_id, "refund", -total, reference, -commission)

    def pay_out(self, task_id: str, amount: Decimal, *, reference: str) -> Charge:
        """Pay a worker out of what is held; `reference` names what was paid for."""
        self.held -= amount
        self.paid_out += amount
        return self._note(self.payouts, "p", task_id, "payout", amount, reference)

    def deposit(self, amount: Decimal, *, reference: str = "") -> Charge:
        """Add money from outside (negative: take it out)."""
        self.balance += amount
        return self._note(self.charges, "c", "", "deposit", -amount, reference)

    def books(self) -> Books:
        """A frozen snapshot."""
        return Books(
            currency=self.currency,
            opening=self.opening,
            balance=self.balance,
            charged=self.charged,
            paid_out=self.paid_out,
            refunded=self.refunded,
            held=self.held,
            commission=self.commission,
            charges=tuple(self.charges),
            payouts=tuple(self.payouts),
        )

    def _note(
        self,
        book: list[Charge],
        letter: str,
        task_id: str,
        kind: str,
        amount: Decimal,
        reference: str,
        commission: Decimal = ZERO,
    ) -> Charge:
        entry = Charge(f"{letter}{len(book) + 1}", task_id, kind, amount, self.now(), reference, commission)
        book.append(entry)
        return entry
