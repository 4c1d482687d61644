"""Each state of an intent, and what may become of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from crowdhub.ledger import BeginStatus, Intent, Ledger, NotHeld, State
from crowdhub.model import Money
from tests.ledger.several_steps import DRAFTED, PUBLISHED, begun, note
from tests.ledger.table import AFTER, NOT_HELD

T = TypeVar("T")


def bring_to(ledger: Ledger, intent: Intent, state: str) -> Intent:
    """Bring an intent to a state, and hold it where that can be."""
    match state:
        case "sent":
            ledger.sending(intent)
            return intent
        case "unknown":
            ledger.unknown(intent, "lost")
            return ledger.claim(intent.id).intent
        case "paid":
            return ledger.paid(intent)
        case "done":
            return ledger.finish(intent, {"id": 1})
        case "not_done":
            return ledger.fail(intent, "refused")
        case _:
            return intent


def sent(ledger: Ledger, intent: Intent) -> Intent:
    ledger.sending(intent)
    found = ledger.get(intent.id)
    assert found is not None
    return found


def state_of(intent: Intent) -> str:
    return "paid" if intent.state is State.DONE and intent.result is None else str(intent.state)


@pytest.mark.parametrize("action", ["sending", "paid", "finish", "fail", "unknown"])
@pytest.mark.parametrize("before", AFTER)
def test_every_transition(file_ledger: Ledger, identity: dict[str, Any], before: str, action: str) -> None:
    intent = bring_to(file_ledger, begun(file_ledger, identity), before)
    acts: dict[str, Callable[[], Intent]] = {
        "sending": lambda: sent(file_ledger, intent),
        "paid": lambda: file_ledger.paid(intent),
        "finish": lambda: file_ledger.finish(intent, {"id": 2}),
        "fail": lambda: file_ledger.fail(intent, "refused"),
        "unknown": lambda: file_ledger.unknown(intent, "lost"),
    }
    expected = AFTER[before][action]
    if expected == NOT_HELD:
        with pytest.raises(NotHeld):
            acts[action]()
        expected = before
    else:
        assert state_of(acts[action]()) == expected
    after = file_ledger.get(intent.id)
    assert after is not None
    assert state_of(after) == expected
    assert (after.result == {"id": 1}) == (before == "done")
    spent, held = {"not_done": (0, 0), "sent": (0, 5), "unknown": (0, 5)}.get(expected, (5, 0))
    (total,) = file_ledger.report.totals()
    assert (total.spent, total.held) == (Money(spent, "USD"), Money(held, "USD"))


def test_an_answer_lost_at_the_commit_changes_nothing(
    ledger: Ledger, identity: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = ledger.database._write, list[bool]()

    def flaky(work: Callable[[Connection], T], lock: int) -> T:
        found = real(work, lock)
        if lost:
            lost.clear()
            raise exc.OperationalError("COMMIT", {}, Exception("gone"), connection_invalidated=True)
        return found

    monkeypatch.setattr(ledger.database, "_write", flaky)
    first = begun(ledger, identity)
    note(ledger, first, DRAFTED)
    ledger.fail(first, "refused")
    lost.append(True)
    intent = begun(ledger, identity)
    assert ledger.steps(intent) == [DRAFTED]
    lost.append(True)
    note(ledger, intent, PUBLISHED)
    lost.append(True)
    assert ledger.paid(intent).holder == intent.holder
    lost.append(True)
    assert ledger.fail(intent, "not fetched").error == "not fetched"
    lost.append(True)
    mine = ledger.begin(identity, "publish", "work", key="k")
    assert mine.status is BeginStatus.RESUME
    lost.append(True)
    assert ledger.finish(mine.intent, {"id": 2}).result == {"id": 2}
    assert lost == []
    assert len(list(ledger.report.entries())) == 2
    assert ledger.report.totals()[0].done == 1
