"""The requester's money: rewards and their fees, held, paid and given back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from crowdhub.sandbox import Purse
from crowdhub_mturk.sandbox.refusal import Refusal

CENT = Decimal("0.01")
FEE, BIG_FEE, MASTERS_FEE = Decimal("0.20"), Decimal("0.40"), Decimal("0.05")
BIG = 10
"""From so many assignments on the fee of a HIT is doubled."""


def fee_of(amount: Decimal, rate: Decimal) -> Decimal:
    """Half a cent and more rounds up; a cent is the least."""
    return max(CENT, (amount * rate).quantize(CENT, ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Price:
    """What one assignment costs."""

    reward: Decimal
    fee: Decimal

    @property
    def total(self) -> Decimal:
        return self.reward + self.fee


def price_of(reward: Decimal, slots: int, *, masters: bool) -> Price:
    """The price of each of so many assignments of one HIT."""
    rate = (BIG_FEE if slots >= BIG else FEE) + (MASTERS_FEE if masters else 0)
    return Price(reward, fee_of(reward, rate))


class Till:
    """Moves the money of one requester. What is on hold counts the fees; the books call those commission at once."""

    def __init__(self, balance: Decimal, now: Callable[[], datetime]) -> None:
        self.purse = Purse("USD", balance.quantize(CENT), now)
        self.on_hold = Decimal(0)

    def hold(self, kind: str, hit: str, price: Price, slots: int, title: str) -> None:
        """Hold the money of these slots. Raises `Refusal` where it is not there."""
        if slots == 0:
            return
        self._need(price.total * slots)
        _ = self.purse.charge(kind, hit, held=price.reward * slots, commission=price.fee * slots, reference=title)
        self.on_hold += price.total * slots

    def give_back(self, hit: str, price: Price, slots: int, title: str) -> None:
        """Nobody will earn the money of these slots."""
        if slots == 0:
            return
        self.on_hold -= price.total * slots
        _ = self.purse.refund(hit, held=price.reward * slots, commission=price.fee * slots, reference=title)

    def pay(self, hit: str, price: Price, assignment: str) -> None:
        """A worker gets the reward that was held."""
        self.on_hold -= price.total
        if price.reward:
            _ = self.purse.pay_out(hit, price.reward, reference=assignment)

    def bonus(self, hit: str, amount: Decimal, assignment: str, number: int) -> None:
        """Paid at once, with a fee that does not depend on the HIT. Raises `Refusal` where the money is not there."""
        fee = fee_of(amount, FEE)
        self._need(amount + fee)
        _ = self.purse.charge("bonus", hit, held=amount, commission=fee, reference=assignment)
        _ = self.purse.pay_out(hit, amount, reference=f"bonus {number} for {assignment}")

    def _need(self, amount: Decimal) -> None:
        if amount > self.purse.balance:
            raise Refusal(
                "InsufficientFunds",
                f"This Requester has insufficient funds in their account: ${amount:.2f} is needed, "
                f"${self.purse.balance:.2f} is available.",
            )
