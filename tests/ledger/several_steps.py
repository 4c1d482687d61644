"""An intent of several steps, for the tests of steps and of what was paid."""

from __future__ import annotations

from typing import Any

from crowdhub.ledger import BeginStatus, Intent, Ledger, Step
from crowdhub.model import Money

FIVE = Money("5", "USD")
DRAFTED = Step(position=0, call="POST /drafts", answer={"status": 201, "body": {"id": "d7"}})
PUBLISHED = Step(position=1, call="POST /drafts/d7/publish", answer={"status": 200, "body": None})


def begun(ledger: Ledger, identity: dict[str, Any], *, key: str | None = "k", content: object = "work") -> Intent:
    return ledger.begin(identity, "publish", content, key=key, amount=FIVE).intent


def status(ledger: Ledger, identity: dict[str, Any]) -> BeginStatus:
    return ledger.begin(identity, "publish", "work", key="k").status


def note(ledger: Ledger, intent: Intent, *steps: Step) -> None:
    for step in steps:
        ledger.note_step(intent, step.position, step.call, step.answer)


def paid_and_left(ledger: Ledger, identity: dict[str, Any], *, key: str | None = "k") -> Intent:
    """Paid for, and then its call failed before the result was kept."""
    intent = begun(ledger, identity, key=key)
    note(ledger, intent, DRAFTED, PUBLISHED)
    ledger.paid(intent)
    return ledger.fail(intent, "the result could not be fetched")
