"""What was called and answered is noted step by step, and the same key goes on from there."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crowdhub.ledger import BeginStatus, Ledger, LedgerError, NotHeld, Step, owner
from crowdhub.model import Task
from tests.ledger.several_steps import DRAFTED, FIVE, PUBLISHED, begun, note, paid_and_left
from tests.support.hand_clock import HandClock


def test_steps_are_there_for_others_in_their_order(
    ledger: Ledger, url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any]
) -> None:
    intent = begun(ledger, identity)
    assert ledger.steps(intent) == []
    note(ledger, intent, PUBLISHED, DRAFTED)
    assert open_ledger(url).steps(intent) == [DRAFTED, PUBLISHED]
    assert ledger.steps(begun(ledger, identity, key="other")) == []


def test_a_position_is_noted_once_and_the_last_answer_counts(ledger: Ledger, identity: dict[str, Any]) -> None:
    intent = begun(ledger, identity)
    note(ledger, intent, DRAFTED, DRAFTED)
    assert ledger.steps(intent) == [DRAFTED]
    again = Step(position=0, call="POST /drafts", answer={"body": {"id": "d8"}})
    note(ledger, intent, again)
    assert ledger.steps(intent) == [again]


def deep() -> dict[str, object]:
    nested: dict[str, object] = {}
    for _ in range(5000):
        nested = {"in": nested}
    return nested


@pytest.mark.parametrize("answer", [{"x": "y" * 2_000_000}, deep(), {"x": object()}], ids=["long", "deep", "odd"])
def test_an_answer_that_cannot_be_kept_loses_no_step(
    file_ledger: Ledger, identity: dict[str, Any], answer: dict[str, object]
) -> None:
    intent = begun(file_ledger, identity)
    file_ledger.note_step(intent, 0, "POST /drafts", answer)
    assert file_ledger.steps(intent) == [Step(position=0, call="POST /drafts", answer={"too_long": True})]


def test_no_secret_and_no_odd_character_enters(ledger: Ledger, identity: dict[str, Any]) -> None:
    ledger.redact = lambda text: text.replace("s3cr3t-key", "[secret]")
    intent = begun(ledger, identity)
    ledger.note_step(intent, 0, "GET /?k=s3cr3t-key\x00", {"echo s3cr3t-key": ["s3cr3t-key", 1.5, None, "\ud800"]})
    assert ledger.steps(intent) == [
        Step(position=0, call="GET /?k=[secret]\ufffd", answer={"echo [secret]": ["[secret]", 1.5, None, "\ud800"]})
    ]


def test_only_who_holds_an_intent_notes_its_steps(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(owner.HERE, "new_holder", lambda: "another-machine/12/34/box/0001")
        late = begun(ledger, identity)
    clock.move(ledger.leases.seconds + 1)
    mine = begun(ledger, identity)
    note(ledger, mine, DRAFTED)
    with pytest.raises(NotHeld):
        ledger.note_step(late, 0, "POST /drafts", {"body": "another"})
    ledger.fail(mine, "refused")
    with pytest.raises(NotHeld):
        ledger.note_step(mine, 1, "POST /drafts/d7/publish", {})
    assert ledger.steps(mine) == [DRAFTED]


def test_a_step_that_cannot_be_noted_speaks_of_no_money(tmp_path: Path, identity: dict[str, Any]) -> None:
    file = tmp_path / "ledger.sqlite3"
    with closing(Ledger.open(file, patience=0.05)) as ledger:
        intent = begun(ledger, identity)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match="locked") as noting:
                note(ledger, intent, DRAFTED)
            with pytest.raises(LedgerError, match="locked") as paying:
                ledger.paid(intent)
            other.execute("ROLLBACK")
        assert (noting.value.sent, noting.value.money_may_be_spent, noting.value.transient) == (True, False, True)
        assert (paying.value.sent, paying.value.money_may_be_spent) == (True, True)
        assert ledger.leases.holds(intent.holder)  # the call goes on


def test_a_key_goes_on_from_what_its_undone_call_had_reached(ledger: Ledger, identity: dict[str, Any]) -> None:
    first = begun(ledger, identity)
    note(ledger, first, DRAFTED)
    ledger.fail(first, "no money on the account")
    second = ledger.begin(identity, "publish", "work", key="k", amount=FIVE)
    assert (second.status, second.intent.attempts) == (BeginStatus.NEW, 2)
    assert ledger.steps(second.intent) == ledger.steps(first) == [DRAFTED]
    note(ledger, second.intent, PUBLISHED)
    assert ledger.steps(second.intent) == [DRAFTED, PUBLISHED]
    assert ledger.steps(first) == [DRAFTED]


def test_nothing_is_handed_on_to_another_request(ledger: Ledger, identity: dict[str, Any]) -> None:
    first = begun(ledger, identity)
    note(ledger, first, DRAFTED)
    ledger.fail(first, "refused")
    for other in (
        begun(ledger, identity, key="other"),
        begun(ledger, identity, key=None),
        begun(ledger, {**identity, "account": "second"}),
        ledger.begin(identity, "pay_bonus", "work", key="k").intent,
    ):
        assert ledger.steps(other) == []
    changed = begun(ledger, identity, content="other work")
    assert ledger.steps(changed) == []
    ledger.fail(changed, "refused")
    assert ledger.steps(begun(ledger, identity)) == [DRAFTED]  # what was asked first is asked again


@pytest.mark.parametrize("seconds", [0, 1, -3600])
def test_the_last_call_counts_on_any_clock(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, seconds: int
) -> None:
    for number in range(5):
        intent = begun(ledger, identity)
        assert [each.answer["body"] for each in ledger.steps(intent)] == ([number - 1] if number else [])
        assert intent.created_at == clock.now()
        ledger.note_step(intent, 0, "POST /drafts", {"body": number})
        ledger.fail(intent, "refused")
        clock.set_wall(seconds)


def count(ledger: Ledger) -> int:
    found: int = ledger.database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM crowdhub_step").scalar_one())
    return found


@pytest.mark.parametrize("forget_keys", [False, True])
def test_steps_go_with_their_intents_and_what_needs_them_stays(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, forget_keys: bool
) -> None:
    for key in ("kept in short", None):
        over = begun(ledger, identity, key=key)
        note(ledger, over, DRAFTED, PUBLISHED)
        ledger.finish(over, Task(id="1", **identity))
    undone = begun(ledger, identity, key="undone")
    note(ledger, undone, DRAFTED)
    ledger.fail(undone, "refused")
    lost = begun(ledger, identity, key="lost")
    note(ledger, lost, DRAFTED)
    ledger.unknown(lost, "lost")
    left = paid_and_left(ledger, identity)
    assert count(ledger) == 8

    clock.move(1)
    assert ledger.report.compact(before=clock.now(), forget_keys=forget_keys, batch=2) == 3
    assert count(ledger) == 3
    assert ledger.steps(lost) == [DRAFTED]
    mine = ledger.begin(identity, "publish", "work", key="k")
    assert (mine.status, mine.intent.id, mine.intent.content) == (BeginStatus.RESUME, left.id, "work")
    assert ledger.steps(mine.intent) == [DRAFTED, PUBLISHED]
