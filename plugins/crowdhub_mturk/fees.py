"""What the marketplace takes beside what workers get: https://requester.mturk.com/pricing."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from crowdhub.model import Money

RATE = Decimal("0.20")
RATE_OF_MANY = Decimal("0.40")
MANY = 10
"""Assignments of a HIT from which on each costs the higher fee."""
MASTERS_RATE = Decimal("0.05")
CENT = Decimal("0.01")


def fee_of(amount: Money, rate: Decimal = RATE) -> Money:
    """The fee on one payment: half a cent and more rounds up, and it is a cent at least."""
    fee = (amount.amount * rate).quantize(CENT, rounding=ROUND_HALF_UP)
    return Money(max(fee, CENT), amount.currency)


def rate_of(slots: int, *, masters: bool) -> Decimal:
    """The share of each reward that a HIT of so many assignments costs besides."""
    return (RATE_OF_MANY if slots >= MANY else RATE) + (MASTERS_RATE if masters else 0)
