"""What moved in a sandbox's books, and what the kit says of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crowdhub.errors import OutcomeUnknown
from crowdhub.ledger import Intent
from crowdhub.model import Money
from crowdhub.sandbox import Charge
from crowdhub.testing.moved import Moved
from crowdhub.testing.spoiling import Spoiled, honest

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = Moved("USD", (), ())


def charge(amount: str, commission: str = "0") -> Charge:
    return Charge("c1", "t1", "publish", Decimal(amount), NOW, "a task", Decimal(commission))


ONCE = Moved("USD", (charge("1.10", "0.10"),), ())
TWICE = Moved("USD", (charge("1.10", "0.10"), charge("1.10", "0.10")), ())


def test_figures() -> None:
    moved = Moved("USD", (charge("1.10", "0.10"), charge("-0.55", "-0.05")), (charge("0.50"),))
    assert moved.taken == Money("0.55", "USD")
    assert moved.for_workers == Money("0.50", "USD")
    assert moved.paid == Money("0.50", "USD")
    assert moved.times == 1
    assert not moved.nothing
    assert NOTHING.nothing
    assert "0.55 USD taken in 1 charges" in str(moved)


def spoiled(moved: Moved, unknown: OutcomeUnknown | None = None, *states: str) -> Spoiled:
    entries = [entry(state) for state in states]
    where = "request 2 of 3 was dropped after (asked: POST /a, POST /b)"
    return Spoiled("dropped after", where, moved, entries, None, unknown)


def entry(state: str) -> Intent:
    return Intent.model_validate(
        {
            "id": "i1",
            "provider": "p",
            "account": "a",
            "environment": "sandbox",
            "operation": "pay_bonus",
            "state": state,
            "created_at": NOW,
            "fingerprint": "f",
            "lease_until": NOW,
        }
    )


UNKNOWN = OutcomeUnknown("lost").looking_for("a bonus of 1.00 USD")


def test_what_is_honest() -> None:
    honest(spoiled(ONCE), ONCE)
    honest(spoiled(NOTHING, UNKNOWN, "unknown"), ONCE)
    honest(spoiled(ONCE, UNKNOWN, "unknown"), ONCE)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (spoiled(TWICE), ["request 2 of 3 was dropped after", "moved 2.20 USD taken in 2 charges", "is a SPEND"]),
        (spoiled(NOTHING), ["it moved nothing"]),
        (spoiled(TWICE, UNKNOWN, "unknown"), ["at most 1.10 USD taken in 1 charges"]),
        (spoiled(NOTHING, OutcomeUnknown("lost"), "unknown"), ["what to look for", "lost.looking_for"]),
        (spoiled(NOTHING, UNKNOWN.with_(sent=False), "unknown"), ["says that nothing was sent"]),
        (spoiled(NOTHING, UNKNOWN, "done"), ["the ledger says ['done']"]),
        (spoiled(ONCE, UNKNOWN.with_(money_may_be_spent=False)), ["at most nothing"]),
    ],
)
def test_what_is_not(run: Spoiled, words: list[str]) -> None:
    """The message says which request went wrong, what came of it, and what to do."""
    with pytest.raises(AssertionError) as caught:
        honest(run, ONCE)
    assert [each for each in words if each not in str(caught.value)] == []
