"""What was paid stays paid, and is gone on with by one caller at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from crowdhub.errors import BudgetExceeded
from crowdhub.ledger import BeginStatus, Budget, Intent, Ledger, NotHeld, PaidTwice, State, owner
from crowdhub.model import Money, Task
from tests.ledger.several_steps import DRAFTED, FIVE, PUBLISHED, begun, note, paid_and_left, status
from tests.support.hand_clock import HandClock
from tests.support.programs import Program


def test_what_was_paid_is_spent_before_its_result_is_there(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock
) -> None:
    intent = begun(ledger, identity)
    done = ledger.paid(intent, charged=Money("4", "USD"))
    assert (done.state, done.spent, done.settled_at, done.result) == (State.DONE, Money(4, "USD"), clock.now(), None)
    assert done.holder == intent.holder
    paid_at = clock.now()
    clock.move(5)
    assert ledger.paid(intent, charged=Money("9", "USD")) == done

    finished = ledger.finish(intent, Task(id="1", **identity))
    assert (finished.read(Task).id, finished.task_id, finished.holder) == ("1", "1", None)
    assert (finished.spent, finished.settled_at) == (Money(4, "USD"), paid_at)
    assert not ledger.leases.holds(intent.holder)
    for by_day in (False, True):
        (total,) = ledger.report.totals(by_day=by_day)
        assert (total.spent, total.held, total.done) == (Money(4, "USD"), Money(0, "USD"), 1)
    budget = Budget.of({"per_task": {"USD": "4"}})
    with pytest.raises(BudgetExceeded, match="for one task has 0 USD left"):  # the task's own sum has it too
        ledger.begin(identity, "pay_bonus", "x", amount=Money("0.01", "USD"), task_id="1", budget=budget)


def test_what_was_charged_in_another_currency_is_counted_in_that(ledger: Ledger, identity: dict[str, Any]) -> None:
    intent = begun(ledger, identity)
    ledger.paid(intent, charged=Money("4", "EUR"))
    ledger.finish(intent, Task(id="1", charged=Money("4.50", "EUR"), **identity))
    sums = {each.spent.currency: (each.spent, each.held, each.done) for each in ledger.report.totals()}
    assert sums["EUR"] == (Money("4.50", "EUR"), Money(0, "EUR"), 1)
    assert sums["USD"] == (Money(0, "USD"), Money(0, "USD"), 0)


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ("5.300000000000001", "5.3"),
        ("5.2999999999999998", "5.3"),
        ("0.0000000000001", "0"),
        ("1234567.1234567891", "1234567.123456789"),
    ],
)
def test_a_charge_with_the_digits_of_a_float_is_counted(
    file_ledger: Ledger, identity: dict[str, Any], told: str, counted: str
) -> None:
    file_ledger.finish(begun(file_ledger, identity), Task(id="1", charged=Money(told, "USD"), **identity))
    (only,) = file_ledger.report.entries()
    assert only.charged == Money(counted, "USD")
    assert [each.spent for each in file_ledger.report.totals()] == [Money(counted, "USD")]


@pytest.mark.parametrize("told", ["-3", "1e16", "1e30"])
def test_a_charge_that_makes_no_sense_is_logged_and_what_was_reserved_counts(
    file_ledger: Ledger, identity: dict[str, Any], caplog: pytest.LogCaptureFixture, told: str
) -> None:
    task = Task(id="1", charged=Money(told, "USD"), **identity)
    file_ledger.finish(begun(file_ledger, identity), task)
    (only,) = file_ledger.report.entries()
    assert (only.charged, only.spent) == (None, FIVE)
    assert "cannot be counted; what was reserved counts" in caplog.text or told in "".join(task.warnings)


def test_what_was_free_in_the_end_took_nothing(file_ledger: Ledger, identity: dict[str, Any]) -> None:
    assert file_ledger.paid(begun(file_ledger, identity), charged=Money(0, "USD")).spent == Money(0, "USD")


@pytest.mark.parametrize("end", [Ledger.fail, Ledger.unknown], ids=["fail", "unknown"])
def test_what_was_paid_stays_paid(
    ledger: Ledger, identity: dict[str, Any], end: Callable[[Ledger, Intent, str], Intent]
) -> None:
    intent = begun(ledger, identity)
    note(ledger, intent, DRAFTED)
    ledger.paid(intent)
    left = end(ledger, intent, "its answer could not be read")
    assert (left.state, left.error, left.holder) == (State.DONE, "its answer could not be read", None)
    assert not ledger.leases.holds(intent.holder)
    assert ledger.report.totals()[0].spent == FIVE
    assert ledger.open_intents(under_way=True) == []


def test_an_interrupt_after_paying_leaves_it_to_be_gone_on_with(ledger: Ledger, identity: dict[str, Any]) -> None:
    intent = begun(ledger, identity)
    note(ledger, intent, DRAFTED)
    ledger.paid(intent)
    with pytest.raises(KeyboardInterrupt), ledger.holding(intent):
        raise KeyboardInterrupt
    assert status(ledger, identity) is BeginStatus.RESUME


def test_one_goes_on_with_what_was_paid_and_the_others_wait(
    ledger: Ledger, url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any], clock: HandClock
) -> None:
    intent = begun(ledger, identity)
    note(ledger, intent, DRAFTED)
    ledger.paid(intent)
    assert status(ledger, identity) is BeginStatus.UNDER_WAY
    assert ledger.is_under_way(ledger.paid(intent))
    ledger.fail(intent, "the result could not be fetched")

    other = open_ledger(url, clock=clock)
    mine = other.begin(identity, "publish", "work", key="k", amount=FIVE, budget=Budget.of({"USD": "5"}))
    assert (mine.status, mine.intent.id, mine.intent.state) == (BeginStatus.RESUME, intent.id, State.DONE)
    assert (mine.intent.attempts, mine.intent.error) == (2, None)
    assert status(ledger, identity) is ledger.claim(intent.id).status is BeginStatus.UNDER_WAY
    note(other, mine.intent, PUBLISHED)
    assert other.steps(mine.intent) == [DRAFTED, PUBLISHED]
    other.finish(mine.intent, Task(id="1", **identity))
    assert ledger.wait(intent, max_wait=0.1).read(Task).id == "1"
    assert status(ledger, identity) is ledger.claim(intent.id).status is BeginStatus.REPLAYED


def test_a_paid_call_that_noted_no_step_is_only_replayed(ledger: Ledger, identity: dict[str, Any]) -> None:
    intent = begun(ledger, identity)
    ledger.paid(intent)
    ledger.fail(intent, "its answer could not be read")
    assert status(ledger, identity) is BeginStatus.REPLAYED
    assert ledger.unfinished() == []


def test_a_call_that_ended_without_a_result_is_over(ledger: Ledger, identity: dict[str, Any]) -> None:
    intent = begun(ledger, identity)
    note(ledger, intent, DRAFTED)
    ledger.paid(intent)
    assert ledger.finish(intent, None).result is None
    assert status(ledger, identity) is BeginStatus.REPLAYED


def test_what_was_paid_and_left_is_listed_and_claimed(ledger: Ledger, identity: dict[str, Any]) -> None:
    left = paid_and_left(ledger, identity)
    paid_and_left(ledger, {**identity, "account": "second"})
    at_work = begun(ledger, identity, key="at work")
    note(ledger, at_work, DRAFTED)
    ledger.paid(at_work)
    ledger.finish(begun(ledger, identity, key="over"), None)
    assert ledger.open_intents() == []
    assert [each.id for each in ledger.unfinished("acme")] == [left.id]
    assert len(ledger.unfinished()) == 2
    assert {each.id for each in ledger.unfinished("acme", under_way=True)} == {left.id, at_work.id}

    mine = ledger.claim(left.id)
    assert mine.status is BeginStatus.RESUME
    assert ledger.leases.holds(mine.intent.holder)
    assert ledger.unfinished("acme") == []


def test_without_a_key_it_can_still_be_claimed(ledger: Ledger, identity: dict[str, Any]) -> None:
    left = paid_and_left(ledger, identity, key=None)
    assert begun(ledger, identity, key=None).id != left.id
    assert ledger.claim(left.id).status is BeginStatus.RESUME


def test_another_machine_is_believed_while_it_goes_on(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(owner.HERE, "new_holder", lambda: "another-machine/12/34/box/0001")
        intent = begun(ledger, identity)
    note(ledger, intent, DRAFTED)
    ledger.paid(intent)
    clock.move(ledger.leases.seconds - 1)
    ledger.leases.beat()
    clock.move(ledger.leases.seconds - 1)
    assert status(ledger, identity) is BeginStatus.UNDER_WAY
    clock.move(2)
    assert status(ledger, identity) is BeginStatus.RESUME
    with pytest.raises(NotHeld):
        ledger.fail(intent, "too late")
    assert ledger.finish(intent, Task(id="1", **identity)).read(Task).id == "1"  # evidence wins


def test_evidence_of_a_payment_wins_over_a_look_that_found_nothing(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(owner.HERE, "new_holder", lambda: "another-machine/12/34/box/0001")
        first = begun(ledger, identity)
    clock.move(ledger.leases.seconds + 1)
    ledger.fail(begun(ledger, identity), "not found")
    paid = ledger.paid(first)
    assert (paid.state, paid.key, paid.holder) == (State.DONE, "k", first.holder)
    assert ledger.report.totals()[0].spent == FIVE
    assert status(ledger, identity) is BeginStatus.UNDER_WAY


def test_a_payment_under_a_key_that_was_used_again_says_so(ledger: Ledger, identity: dict[str, Any]) -> None:
    first = begun(ledger, identity)
    ledger.fail(first, "not found")
    second = begun(ledger, identity)
    ledger.paid(first)
    with pytest.raises(PaidTwice) as caught:
        ledger.finish(first, Task(id="1", **identity))
    late = caught.value.second
    assert (late.state, late.key) == (State.DONE, None)
    assert second.id in str(late.error)
    assert ledger.finish(second, Task(id="2", **identity)).key == "k"
    assert ledger.report.totals()[0].spent == Money(10, "USD")


PAY = """
ledger = Ledger.open(sys.argv[1])
begun = ledger.begin(ID, "publish", "work", key="k", amount=Money("5", "USD"))
ledger.sending(begun.intent)
ledger.note_step(begun.intent, 0, "POST /drafts", {"status": 201, "body": {"id": "d7"}})
if sys.argv[2] == "paid":
    ledger.paid(begun.intent)
say(begun.intent.id)
sys.stdin.readline()
ledger.finish(begun.intent, Task(id="9", **ID))
say("done")
"""


@pytest.mark.parametrize(("reached", "then"), [("paid", BeginStatus.RESUME), ("noted", BeginStatus.RECOVER)])
def test_a_process_that_is_killed_is_gone_on_with(
    url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any], reached: str, then: BeginStatus
) -> None:
    with Program(PAY, url, reached) as program:
        intent_id = program.said()
        ledger = open_ledger(url)
        assert status(ledger, identity) is BeginStatus.UNDER_WAY
        program.kill()
        mine = ledger.begin(identity, "publish", "work", key="k")
        assert (mine.status, mine.intent.id) == (then, intent_id)
        assert ledger.steps(mine.intent) == [DRAFTED]
        ledger.finish(mine.intent, Task(id="7", **identity))
        assert status(ledger, identity) is BeginStatus.REPLAYED


def test_a_process_that_pays_is_waited_for_until_it_has_the_result(
    url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any]
) -> None:
    with Program(PAY, url, "paid") as program:
        program.said()
        ledger = open_ledger(url)
        waiting = ledger.begin(identity, "publish", "work", key="k")
        assert (waiting.status, waiting.intent.state) == (BeginStatus.UNDER_WAY, State.DONE)
        program.go_on()
        assert program.said() == "done"
        assert ledger.wait(waiting.intent, max_wait=5).read(Task).id == "9"
        assert status(ledger, identity) is BeginStatus.REPLAYED


def test_of_two_processes_one_goes_on_with_what_was_paid(
    url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any]
) -> None:
    ledger = open_ledger(url)
    for n in range(20):
        paid_and_left(ledger, identity, key=f"k{n}")
    source = """
ledger = Ledger.open(sys.argv[1])
say("ready"); sys.stdin.readline()
say([ledger.begin(ID, "publish", "work", key=f"k{n}").status for n in range(20)])
sys.stdin.readline()
"""
    with Program(source, url) as one, Program(source, url) as two:
        for each in (one, two):
            each.said()
        for each in (one, two):
            each.go_on()
        for pair in zip(one.said(), two.said(), strict=True):
            assert sorted(pair) == ["resume", "under way"]
