"""What things cost, in the smallest units of the workspace's currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """What people get, and what the marketplace and the tax office get on top."""

    work: int
    fee: int
    vat: int

    @property
    def total(self) -> int:
        return self.work + self.fee + self.vat

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.work - other.work, self.fee - other.fee, self.vat - other.vat)


@dataclass(frozen=True, slots=True)
class Tariff:
    """``fee`` is a share of what people get, ``vat`` one of the fee. They differ from account to account."""

    fee: Decimal
    vat: Decimal

    def cost(self, work: int) -> Cost:
        fee = _rounded(work * self.fee)
        return Cost(work, fee, _rounded(fee * self.vat))


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
