"""What moved in the sandbox's books between two moments: amounts, and not only counts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from crowdhub.model import Money
from crowdhub.sandbox import Books, Charge, MarketSandbox

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Moved:
    """``charges`` are the movements of the customer's balance, deposits aside, ``payouts`` those to workers."""

    currency: str
    charges: tuple[Charge, ...]
    payouts: tuple[Charge, ...]

    @property
    def times(self) -> int:
        """How often the balance was charged."""
        return sum(each.amount > 0 for each in self.charges)

    @property
    def taken(self) -> Money:
        """What the balance lost, less what it was given back."""
        return Money(sum((each.amount for each in self.charges), ZERO), self.currency)

    @property
    def for_workers(self) -> Money:
        """What of it is the workers', commission aside."""
        return self.taken - Money(sum((each.commission for each in self.charges), ZERO), self.currency)

    @property
    def paid(self) -> Money:
        """What workers got."""
        return Money(sum((each.amount for each in self.payouts), ZERO), self.currency)

    @property
    def nothing(self) -> bool:
        return not self.charges and not self.payouts

    def like(self, other: Moved) -> bool:
        """Whether money moved as often, either way."""
        return (self.times, len(self.payouts)) == (other.times, len(other.payouts))

    def __str__(self) -> str:
        if self.nothing:
            return "nothing"
        return (
            f"{self.taken} taken in {self.times} charges ({self.for_workers} of it for workers), "
            f"{self.paid} paid in {len(self.payouts)} payments"
        )


class Since:
    """The books at one moment; `moved` tells what happened since."""

    def __init__(self, sandbox: MarketSandbox) -> None:
        self._sandbox = sandbox
        self._before: Books = sandbox.books()

    def balance(self) -> Money:
        """What the customer has by now."""
        now = self._sandbox.books()
        return Money(now.balance, now.currency)

    def moved(self) -> Moved:
        before, now = self._before, self._sandbox.books()
        charges = [each for each in now.charges[len(before.charges) :] if each.kind != "deposit"]
        return Moved(now.currency, tuple(charges), now.payouts[len(before.payouts) :])
