"""An intent is written before its request, and a key is carried out once."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from queue import Queue
from typing import Any, cast

import pytest
from pydantic import SecretStr

from crowdhub.errors import ConfigurationError, InvalidRequest, Lost, OutcomeUnknown, ProviderUnavailable
from crowdhub.ledger import BeginStatus, Held, Intent, Ledger, NotHeld, PaidTwice, State, UnderWay, canonical, owner
from crowdhub.ledger.heartbeat import Heartbeat
from crowdhub.model import Money, Submission, Task, TaskDraft, Worker
from tests.support.hand_clock import HandClock

DRAFT = TaskDraft(title="Draw a fox", reward=Money("0.50", "USD"), slots=3)
FIVE = Money("5", "USD")


def kept(ledger: Ledger, intent_id: str) -> Intent:
    """The intent as the ledger has it now."""
    found = ledger.get(intent_id)
    assert found is not None
    return found


def asked(intent: Intent) -> dict[str, Any]:
    return cast("dict[str, Any]", intent.content)


def test_an_intent_is_there_for_others_before_anything_is_sent(
    ledger: Ledger, url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any]
) -> None:
    begun = ledger.begin(identity, "publish", DRAFT, key="order-42", amount=FIVE, reference="ref7")
    assert begun.status is BeginStatus.NEW

    seen = open_ledger(url).get(begun.intent.id)
    assert seen is not None
    assert seen.state is State.INTENDED
    assert (seen.key, seen.reference, seen.amount) == ("order-42", "ref7", FIVE)
    assert asked(seen)["title"] == "Draw a fox"
    assert seen.created_at == ledger.clock.now()


def test_the_same_key_gives_the_first_result_back(
    ledger: Ledger, url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any]
) -> None:
    first = ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE)
    task = Task(id="77", charged=Money("4.40", "USD"), raw={"price": Decimal("1.10"), "n": 3}, **identity)
    ledger.finish(first.intent, task)

    again = open_ledger(url).begin(identity, "publish", DRAFT.copy_with(reference="other"), key="k", amount=FIVE)
    assert again.status is BeginStatus.REPLAYED
    found = again.intent.read(Task)
    assert (found.id, found.charged, found.replayed) == ("77", Money("4.40", "USD"), True)
    assert found.raw == {"price": "1.10", "n": 3}
    assert (again.intent.task_id, again.intent.charged) == ("77", Money("4.40", "USD"))


def test_amounts_that_are_equal_are_the_same_content(ledger: Ledger, identity: dict[str, Any]) -> None:
    begun = ledger.begin(identity, "publish", DRAFT, key="k")
    ledger.finish(begun.intent, None)
    same = DRAFT.copy_with(reward=Money("0.5", "USD"))
    assert ledger.begin(identity, "publish", same, key="k").status is BeginStatus.REPLAYED


def test_a_key_used_for_something_else_says_what_differs(ledger: Ledger, identity: dict[str, Any]) -> None:
    ledger.begin(identity, "publish", DRAFT, key="k")
    with pytest.raises(InvalidRequest) as caught:
        ledger.begin(identity, "publish", DRAFT.copy_with(slots=4, proof="a picture"), key="k")
    assert {each.where: each.what for each in caught.value.issues} == {
        "slots": "was 3, now 4",
        "proof": 'was not set, now "a picture"',
    }
    assert "slots: was 3, now 4" in str(caught.value)
    assert "nothing was sent" in str(caught.value)
    assert len(list(ledger.report.entries())) == 1


def test_keys_are_apart_by_account_environment_and_operation(ledger: Ledger, identity: dict[str, Any]) -> None:
    ledger.begin(identity, "publish", DRAFT, key="k")
    for other in ({"account": "second"}, {"environment": "live"}, {"provider": "other"}):
        assert ledger.begin({**identity, **other}, "publish", "something", key="k").status is BeginStatus.NEW
    assert ledger.begin(identity, "pay_bonus", "something", key="k").status is BeginStatus.NEW


def test_calls_without_a_key_are_never_confused(ledger: Ledger, identity: dict[str, Any]) -> None:
    first = ledger.begin(identity, "publish", DRAFT)
    second = ledger.begin(identity, "publish", DRAFT)
    assert first.status is second.status is BeginStatus.NEW
    assert first.intent.id != second.intent.id


def test_a_key_under_way_is_waited_for(
    ledger: Ledger, url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any], clock: HandClock
) -> None:
    begun = ledger.begin(identity, "publish", DRAFT, key="k")
    other = open_ledger(url, clock=clock)
    second = other.begin(identity, "publish", DRAFT, key="k")
    assert second.status is BeginStatus.UNDER_WAY

    with pytest.raises(UnderWay, match="'k' is under way in process") as caught:
        other.wait(second.intent, max_wait=3)
    assert caught.value.transient
    assert sum(clock.slept) == pytest.approx(3)

    ledger.finish(begun.intent, Task(id="1", **identity))
    assert other.wait(second.intent, max_wait=3).state is State.DONE
    assert other.begin(identity, "publish", DRAFT, key="k").intent.read(Task).id == "1"


def test_what_certainly_was_not_done_frees_its_key(ledger: Ledger, identity: dict[str, Any]) -> None:
    begun = ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE)
    failed = ledger.fail(begun.intent, ProviderUnavailable("no route", sent=False))
    assert failed.state is State.NOT_DONE
    assert failed.spent is None
    assert "no route" in str(failed.error)

    again = ledger.begin(identity, "publish", DRAFT.copy_with(slots=9), key="k", amount=FIVE)
    assert again.status is BeginStatus.NEW
    assert again.intent.id != begun.intent.id


def test_an_unknown_outcome_is_settled_before_anything_is_sent(ledger: Ledger, identity: dict[str, Any]) -> None:
    begun = ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE)
    lost = OutcomeUnknown("It did not answer.", lost=Lost.TIMED_OUT).looking_for("a task with the mark ref7")
    left = ledger.unknown(begun.intent, lost)
    assert (left.state, left.spent, left.look_for) == (State.UNKNOWN, FIVE, "a task with the mark ref7")

    mine = ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE)
    assert (mine.status, mine.intent.id, mine.intent.attempts) == (BeginStatus.RECOVER, begun.intent.id, 2)
    assert ledger.begin(identity, "publish", DRAFT, key="k").status is BeginStatus.UNDER_WAY
    assert ledger.claim(begun.intent.id).status is BeginStatus.UNDER_WAY
    assert ledger.open_intents() == []
    assert [each.id for each in ledger.open_intents(under_way=True)] == [begun.intent.id]

    ledger.finish(mine.intent, Task(id="5", **identity))
    assert ledger.claim(begun.intent.id).status is BeginStatus.REPLAYED


def test_whatever_leaves_the_request_leaves_it_recoverable(ledger: Ledger, identity: dict[str, Any]) -> None:
    begun = ledger.begin(identity, "publish", DRAFT, key="k")
    ledger.sending(begun.intent)
    with pytest.raises(KeyboardInterrupt), ledger.holding(begun.intent):
        raise KeyboardInterrupt
    assert [each.state for each in ledger.open_intents()] == [State.UNKNOWN]

    done = ledger.begin(identity, "publish", "other")
    with ledger.holding(done.intent):
        ledger.finish(done.intent, None)
    assert len(ledger.open_intents()) == 1


def test_what_never_left_is_free_at_once(ledger: Ledger, identity: dict[str, Any]) -> None:
    begun = ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE)
    with pytest.raises(KeyboardInterrupt), ledger.holding(begun.intent):
        raise KeyboardInterrupt
    left = kept(ledger, begun.intent.id)
    assert (left.state, left.sent_at) == (State.NOT_DONE, None)
    assert ledger.report.totals()[0].held == Money(0, "USD")
    assert ledger.begin(identity, "publish", DRAFT, key="k").status is BeginStatus.NEW


def test_another_machine_is_believed_as_long_as_its_lease(
    ledger: Ledger, clock: HandClock, identity: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(owner.HERE, "new_holder", lambda: "another-machine/12/34/box/0001")
        begun = ledger.begin(identity, "publish", DRAFT, key="k")
    ledger.sending(begun.intent)
    clock.move(ledger.leases.seconds - 1)
    assert ledger.begin(identity, "publish", DRAFT, key="k").status is BeginStatus.UNDER_WAY
    ledger.renew(begun.intent)
    clock.move(ledger.leases.seconds - 1)
    assert ledger.begin(identity, "publish", DRAFT, key="k").status is BeginStatus.UNDER_WAY
    clock.move(2)
    assert [each.id for each in ledger.open_intents()] == [begun.intent.id]
    assert ledger.begin(identity, "publish", DRAFT, key="k").status is BeginStatus.RECOVER


def test_the_heartbeat_renews_what_is_under_way_and_nothing_else(
    ledger: Ledger, clock: HandClock, identity: dict[str, Any]
) -> None:
    held = ledger.begin(identity, "publish", "a").intent
    ended = ledger.unknown(ledger.begin(identity, "publish", "b").intent, "lost")
    clock.move(60)
    ledger.leases.beat()
    assert (kept(ledger, held.id).lease_until - clock.now()).total_seconds() == ledger.leases.seconds
    assert kept(ledger, ended.id).lease_until == ended.lease_until


def test_the_heartbeat_beats_by_itself_while_something_is_held() -> None:
    beats: Queue[list[str]] = Queue()
    heart = Heartbeat(lambda holders: beats.put(sorted(holders)), every=0.001)
    heart.add("a")
    heart.add("b")
    while beats.get(timeout=10) != ["a", "b"]:
        pass
    heart.remove("a")
    while beats.get(timeout=10) != ["b"]:
        pass
    thread = heart._thread
    assert thread is not None
    heart.close()
    assert not thread.is_alive()


def taken_over(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> tuple[Intent, Intent]:
    with monkeypatch.context() as there:
        there.setattr(owner.HERE, "new_holder", lambda: "another-machine/12/34/box/0001")
        first = ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE).intent
    ledger.sending(first)
    clock.move(ledger.leases.seconds + 1)
    return first, ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE).intent


def test_who_lost_the_lease_cannot_call_it_undone(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = taken_over(ledger, identity, clock, monkeypatch)
    for late in (ledger.fail, ledger.unknown):
        with pytest.raises(NotHeld):
            late(first, "too late")
    assert kept(ledger, second.id).state is State.SENT
    assert ledger.report.totals()[0].held == FIVE


def test_who_lost_the_lease_does_not_send(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was asleep between its intent and its request wakes up, and another has taken over."""
    first, second = taken_over(ledger, identity, clock, monkeypatch)
    with pytest.raises(NotHeld, match="does not hold"):
        ledger.sending(first)
    ledger.sending(second)
    assert kept(ledger, second.id).sent_at == clock.now()
    ledger.finish(second, Task(id="2", **identity))
    with pytest.raises(NotHeld):
        ledger.sending(first)


def test_two_that_were_carried_out_are_both_kept_and_named(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request of the process that was asleep had left before."""
    first, second = taken_over(ledger, identity, clock, monkeypatch)
    ledger.sending(second)
    ledger.finish(second, Task(id="2", **identity))
    for _ in range(2):  # however often it is said
        with pytest.raises(PaidTwice, match="task 2 and task 1"):
            ledger.finish(first, Task(id="1", **identity))
    assert [(each.task_id, each.twin_of) for each in ledger.twins()] == [("1", second.id)]
    assert ledger.report.totals()[0].spent == Money(10, "USD")
    assert ledger.begin(identity, "publish", DRAFT, key="k").intent.read(Task).id == "2"
    ledger.seen(ledger.twins()[0])
    assert (ledger.twins(), ledger.report.totals()[0].spent) == ([], Money(10, "USD"))


def test_one_key_holds_under_each_name_of_an_account(ledger: Ledger, identity: dict[str, Any]) -> None:
    opens = ledger.owner_of(["s3cret"])
    assert opens != ledger.owner_of(["another"])
    assert ledger.owner_of([]) is None
    first = ledger.begin(identity, "publish", DRAFT, key="k", owner=opens).intent
    ledger.sending(first)
    ledger.finish(first, Task(id="1", **identity))
    renamed = {**identity, "account": "main"}
    assert ledger.begin(renamed, "publish", DRAFT, key="k", owner=opens).intent.read(Task).id == "1"
    # Another API key of an account of this name: another account, or the same one's new key, which a person says.
    rotated = ledger.owner_of(["renewed"])
    assert rotated is not None
    with pytest.raises(InvalidRequest, match="opened by another API key"):
        ledger.begin(identity, "publish", DRAFT, key="k", owner=rotated)
    assert ledger.key_changed(identity, rotated) == 1
    assert ledger.begin(identity, "publish", DRAFT, key="k", owner=rotated).status is BeginStatus.REPLAYED
    assert ledger.begin(renamed, "publish", DRAFT, key="k", owner=rotated).status is BeginStatus.REPLAYED


def test_ages_count_from_the_last_request(ledger: Ledger, identity: dict[str, Any], clock: HandClock) -> None:
    intent = ledger.begin(identity, "publish", DRAFT, key="k").intent
    clock.move(400)
    assert ledger.age(intent).total_seconds() == 400
    ledger.sending(intent)
    clock.move(30)
    assert (ledger.age(intent).total_seconds(), ledger.known_for(intent).total_seconds()) == (30, 430)


def test_evidence_that_it_was_done_wins(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = taken_over(ledger, identity, clock, monkeypatch)
    ledger.fail(second, "not found")
    third = ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE).intent
    ledger.finish(third, Task(id="3", **identity))

    with pytest.raises(PaidTwice, match="carried out twice: task 3 and task 1") as caught:
        ledger.finish(first, Task(id="1", **identity))
    late = caught.value.second
    assert (late.state, late.key, late.twin_of) == (State.DONE, None, third.id)
    assert [each.id for each in ledger.twins()] == [late.id]
    assert caught.value.money_may_be_spent
    assert ledger.report.totals()[0].spent == Money(10, "USD")
    assert ledger.begin(identity, "publish", DRAFT, key="k").intent.read(Task).id == "3"


def test_finishing_twice_counts_once(ledger: Ledger, identity: dict[str, Any]) -> None:
    begun = ledger.begin(identity, "publish", DRAFT, key="k", amount=FIVE)
    ledger.finish(begun.intent, Task(id="1", **identity))
    assert ledger.finish(begun.intent, Task(id="2", **identity)).read(Task).id == "1"
    total = ledger.report.totals()[0]
    assert (total.spent, total.held, total.done) == (FIVE, Money(0, "USD"), 1)


def deep() -> dict[str, object]:
    nested: dict[str, object] = {}
    for _ in range(5000):
        nested = {"in": nested}
    return nested


@pytest.mark.parametrize("raw", [deep(), {"x": "y" * 2_000_000}, {"x": object()}], ids=["deep", "long", "odd"])
def test_a_monstrous_answer_never_loses_that_it_was_done(
    file_ledger: Ledger, identity: dict[str, Any], raw: dict[str, object]
) -> None:
    begun = file_ledger.begin(identity, "publish", DRAFT, key="k")
    file_ledger.finish(begun.intent, Task(id="1", title="kept", raw=raw, **identity))
    found = file_ledger.begin(identity, "publish", DRAFT, key="k").intent.read(Task)
    assert (found.id, found.title, found.raw) == ("1", "kept", {})


def test_odd_characters_trouble_no_database(ledger: Ledger, identity: dict[str, Any]) -> None:
    odd = "nul \x00, half \ud800, right to left \u202e"
    begun = ledger.begin(identity, "publish", TaskDraft.model_construct(title=odd), key="k")
    task = Task(id="1", raw={odd: odd}, **identity)
    ledger.finish(begun.intent, task)
    assert kept(ledger, begun.intent.id).read(Task).raw == {odd: odd}
    failed = ledger.fail(ledger.begin(identity, "publish", "x").intent, odd)
    assert "nul" in str(failed.error)


@pytest.mark.parametrize("key", ["", "  ", "k" * 201, "a\nb", "a\x00b"])
def test_a_key_has_to_be_a_word(file_ledger: Ledger, identity: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidRequest, match="printable"):
        file_ledger.begin(identity, "publish", DRAFT, key=key)


@pytest.mark.parametrize("amount", ["-1", "1e15", "0.0000000001"])
def test_an_amount_has_to_be_one(file_ledger: Ledger, identity: dict[str, Any], amount: str) -> None:
    with pytest.raises(InvalidRequest, match="amount"):
        file_ledger.begin(identity, "publish", DRAFT, amount=Money(amount, "USD"))


def test_files_are_kept_by_their_hash_only(file_ledger: Ledger, identity: dict[str, Any], tmp_path: Path) -> None:
    picture = tmp_path / "fox.png"
    picture.write_bytes(b"a picture of a fox")
    by_path = file_ledger.begin(identity, "publish", DRAFT.copy_with(image=picture), key="k").intent
    assert asked(by_path)["image"]["bytes"] == 18
    assert canonical(DRAFT.copy_with(image=b"a picture of a fox")) == by_path.content
    with pytest.raises(InvalidRequest, match="there is no file"):
        canonical(DRAFT.copy_with(image=tmp_path / "absent.png"))


def test_no_secret_enters(file_ledger: Ledger, identity: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        file_ledger.begin(identity, "publish", {"key": SecretStr("s3cr3t-key")})
    file_ledger.redact = lambda text: text.replace("s3cr3t-key", "[secret]")
    told = "echoed s3cr3t-key"
    begun = file_ledger.begin(identity, "publish", {"note": told}, key="k")
    file_ledger.unknown(begun.intent, OutcomeUnknown(told).looking_for(told))
    mine = file_ledger.claim(begun.intent.id).intent
    worker = Worker(id="w")
    file_ledger.finish(mine, Submission(id="1", task_id="2", worker=worker, raw={told: [told]}, **identity))
    review = file_ledger.journal.write(identity, [("1", "2", "reject", told)])
    file_ledger.journal.close(review)
    file_ledger.database.close()
    for file in tmp_path.iterdir():
        assert b"s3cr3t-key" not in file.read_bytes()


@pytest.mark.parametrize("again", [False, True], ids=["once", "once more while that is noted"])
def test_an_interrupt_right_after_begin_lets_it_go(
    file_ledger: Ledger, identity: dict[str, Any], monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """The moment in which the caller does not know yet that it holds anything."""
    ledger = file_ledger

    def left(*_: object) -> None:
        raise KeyboardInterrupt

    def interrupted() -> None:
        with ledger.holding() as held:
            ledger.begin(identity, "publish", "work", key="k", held=held)
            if again:
                monkeypatch.setattr(Ledger, "left", left)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    monkeypatch.undo()
    assert ledger.open_intents(under_way=True) == ledger.open_intents()
    assert ledger.begin(identity, "publish", "work", key="k").status == "new"


@pytest.mark.parametrize("sent", [False, True])
def test_what_nobody_refers_to_any_more_is_let_go(file_ledger: Ledger, identity: dict[str, str], sent: bool) -> None:
    """An interrupt at the very start of a handler keeps that from being run at all."""
    held = Held(file_ledger.leases)
    begun = file_ledger.begin(identity, "publish", "work", key="k", held=held)
    if sent:
        file_ledger.sending(begun.intent)
    assert file_ledger.begin(identity, "publish", "work", key="k").status == "under way"
    del held
    assert file_ledger.begin(identity, "publish", "work", key="k").status == ("recover" if sent else "new")
