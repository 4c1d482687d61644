"""A process that ended while it paid a bonus: found in the statement it is done; else a person must look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from crowdhub import Hub, Money, Submission, TaskDraft
from crowdhub.clock import Clock
from crowdhub.errors import BudgetExceeded, OutcomeUnknown
from crowdhub.ledger import Intent, Ledger
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_etxt import Etxt, EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox

FIFTY = Money(50, "RUB")


class Crash(BaseException): ...


class Driven(Clock):
    """The sandbox's time, so that both move together; sleeping moves it."""

    def __init__(self, people: EtxtSandbox) -> None:
        self.people = people

    def now(self) -> datetime:
        return self.people.clock.now()

    def sleep(self, seconds: float) -> None:
        self.people.clock.advance(seconds=seconds)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("etxt", starting_at=datetime(2026, 3, 1, tzinfo=UTC), options={"etxt": {"work_rate": 0}}) as made:
        yield made


@pytest.fixture
def people(box: Sandbox) -> EtxtSandbox:
    return cast("EtxtSandbox", box["etxt"])


@pytest.fixture
def hub(box: Sandbox, people: EtxtSandbox, tmp_path: Path) -> Iterator[Hub]:
    with Hub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=Driven(people)) as made:
        yield made


@pytest.fixture
def work(hub: Hub, people: EtxtSandbox) -> Submission:
    return ordered(hub, people)


def ordered(hub: Hub, people: EtxtSandbox, performer: int | None = None) -> Submission:
    own = EtxtOptions(id_category=1, size=2000)
    draft = TaskDraft(title="A text", instructions="About tea.", reward=Money(300, "RUB"), options=[own])
    task = hub["etxt"].publish(draft)
    if performer is not None:
        people.apply(task.id, performer)
        (applied,) = hub["etxt"].applications(task)
        hub["etxt"].accept(applied)
    people.hand_in(task.id)
    (one,) = hub["etxt"].submissions(task)
    return hub["etxt"].approve(one)


def bonuses(people: EtxtSandbox) -> int:
    return sum(charge.kind == "bonus" for charge in people.books().charges)


def crash(hub: Hub, work: Submission, when: str, key: str | None = "k") -> None:
    """Pay a bonus in a process that ends before it sends anything, right before or right after the marketplace paid."""
    real = Ledger.sending

    def end(*_: Any, **__: Any) -> None:
        raise Crash

    def note_and_end(ledger: Ledger, intent: Intent, *witness: Any) -> None:
        real(ledger, intent, *witness)
        raise Crash

    where, what = {
        "unsent": ("crowdhub_etxt.functions.task_changes.Tasks.extra_paid", end),
        "before": ("crowdhub.ledger.Ledger.sending", note_and_end),
        "after": ("crowdhub_etxt.bonuses._with_bonus", end),
    }[when]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, what)
        with pytest.raises(Crash):
            hub["etxt"].pay_bonus(work, FIFTY, "good", key=key)


def test_paid_before_the_crash(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    crash(hub, work, "after")
    (recovered,) = hub.recover().intents
    assert (recovered.settled, recovered.key, recovered.task_id) == ("done", "k", work.task_id)
    again = hub["etxt"].pay_bonus(work, FIFTY, "good", key="k")
    assert (again.replayed, again.id, again.worker.id) == (True, work.id, work.worker.id)
    assert again.amount_paid == Money(350, "RUB")
    assert hub.recover().intents == ()
    assert bonuses(people) == 1


def test_a_crash_before_anything_was_sent_leaves_the_key_free(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    crash(hub, work, "unsent")
    assert not hub["etxt"].pay_bonus(work, FIFTY, "good", key="k").replayed
    assert hub.recover().intents == ()
    assert bonuses(people) == 1


def test_a_bonus_without_a_key_keeps_its_mark(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    """Recovery looks for it by the same mark that was sent."""
    crash(hub, work, "before", key=None)
    ledger = hub["etxt"].ledger
    assert ledger is not None
    (kept,) = ledger.open_intents()
    assert (kept.reference or "").startswith("ch-")


def test_the_same_key_finds_it_without_recover(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    crash(hub, work, "after")
    assert hub["etxt"].pay_bonus(work, FIFTY, "good", key="k").replayed
    assert bonuses(people) == 1


def unsettled(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    """Nobody takes anything else for it, nor pays it, now or later."""
    before = bonuses(people)
    for hours in (0, 1, 24):
        people.clock.advance(hours=hours)
        (recovered,) = hub.recover().intents
        assert recovered.settled == "look"
        assert recovered.look_for is not None
        assert work.id in recovered.look_for
        with pytest.raises(OutcomeUnknown):
            hub["etxt"].pay_bonus(work, FIFTY, "good", key="k")
    assert bonuses(people) == before


def test_not_paid_before_the_crash(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    crash(hub, work, "before")
    unsettled(hub, people, work)


@pytest.mark.parametrize("seconds", [0, 30, 200, 4000])
@pytest.mark.parametrize("by", ["another key", "no key"])
def test_an_earlier_equal_bonus_is_not_taken_for_it(
    hub: Hub, people: EtxtSandbox, work: Submission, by: str, seconds: int
) -> None:
    hub["etxt"].pay_bonus(work, FIFTY, "good", key="earlier" if by == "another key" else None)
    people.clock.advance(seconds=seconds)
    crash(hub, work, "before")
    unsettled(hub, people, work)


@pytest.mark.parametrize("seconds", [10, 200, 4000])
def test_an_earlier_equal_bonus_paid_by_hand(
    hub: Hub, box: Sandbox, people: EtxtSandbox, work: Submission, seconds: int
) -> None:
    with Hub(box.accounts, ledger=None, clock=Driven(people)) as by_hand:
        by_hand["etxt"].pay_bonus(work, FIFTY, "good")
    people.clock.advance(seconds=seconds)
    crash(hub, work, "before")
    unsettled(hub, people, work)


@pytest.mark.parametrize("kept", ["a ledger", "no ledger"])
def test_a_keys_first_bonus_is_paid_though_an_equal_one_was(
    hub: Hub, box: Sandbox, people: EtxtSandbox, work: Submission, kept: str
) -> None:
    with Hub(box.accounts, ledger=None, clock=Driven(people)) as by_hand:
        by_hand["etxt"].pay_bonus(work, FIFTY, "good")
        one = hub if kept == "a ledger" else by_hand
        assert not one["etxt"].pay_bonus(work, FIFTY, "good", key="k").replayed
    assert bonuses(people) == 2


def test_two_alike_and_one_of_them_paid(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    crash(hub, work, "before", key="one")
    crash(hub, work, "after", key="two")
    assert [each.settled for each in hub.recover().intents] == ["look", "look"]
    assert bonuses(people) == 1


@pytest.mark.parametrize(
    "fault", [Fault.drop("before"), Fault.status(500, "before"), Fault.status(500, "after")], ids=str
)
def test_one_for_the_performers_other_order_is_not_taken_for_it(
    hub: Hub, box: Sandbox, people: EtxtSandbox, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """Equal in amount, and paid while this one's answer is lost."""
    one = ordered(hub, people)
    other = ordered(hub, people, int(one.worker.id))
    assert other.worker.id == one.worker.id
    real = Ledger.sending

    def sending(ledger: Ledger, intent: Intent, *witness: Any) -> None:
        real(ledger, intent, *witness)
        monkeypatch.setattr(Ledger, "sending", real)
        people.clock.advance(seconds=1)
        hub["etxt"].pay_bonus(other, FIFTY, "good", key="other")
        people.faults.add(fault, operation="tasks.extraPaid", times=1)

    monkeypatch.setattr(Ledger, "sending", sending)
    with pytest.raises(OutcomeUnknown):
        hub["etxt"].pay_bonus(one, FIFTY, "good", key="one")
    before = bonuses(people)
    people.clock.advance(minutes=6)
    with pytest.raises(OutcomeUnknown):
        hub["etxt"].pay_bonus(one, FIFTY, "good", key="one")
    assert [each.key for each in hub.recover().to_look_at] == ["one"]
    assert bonuses(people) == before == (2 if fault.when == "after" else 1)


@pytest.mark.parametrize("amount", [50, 45])
@pytest.mark.parametrize("first", ["the crash", "the other"])
def test_one_for_other_work_that_the_list_lacks_is_not_taken_for_it(
    hub: Hub, people: EtxtSandbox, amount: int, first: str
) -> None:
    """The statement tells to whom a bonus went and not what for; the ledger knows of the other, listed or not, of
    whatever amount: 45 rubles are 50 with a commission of 5."""
    one = ordered(hub, people)
    other = ordered(hub, people, int(one.worker.id))

    def pay_other() -> None:
        hub["etxt"].pay_bonus(other, Money(amount, "RUB"), "good", key="other")

    if first == "the other":
        pay_other()
        crash(hub, one, "before")
    else:
        crash(hub, one, "before")
        pay_other()
    market = hub.market(Etxt)
    (paid,) = (each for each in market.run(market.provider.api.users.get_stats()).items if each.id_user_to)
    entry = {**paid.raw, "count": "-50", "comission": str(50 - amount)}
    orders = [dict(each.raw) for each in market.run(market.provider.api.tasks.list_tasks()).items]
    known = [each for each in orders if each["id"] == one.id]
    for answered, rows in (("users.getStats", [entry]), ("tasks.listTasks", known), ("tasks_archive.listTasks", [])):
        people.faults.add(Fault.status(200, "before", body=rows), operation=answered, times=None)
    unsettled(hub, people, one)


def test_one_that_another_worker_got_does_not_hinder_it(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    other = ordered(hub, people, int(work.worker.id) + 1)
    assert other.worker.id != work.worker.id
    hub["etxt"].pay_bonus(other, FIFTY, "good", key="other")
    crash(hub, work, "after")
    assert hub["etxt"].pay_bonus(work, FIFTY, "good", key="k").replayed
    assert bonuses(people) == 2


@pytest.mark.parametrize("fault", [Fault.drop("before"), Fault.status(500, "before")], ids=str)
def test_an_earlier_one_that_the_statement_shows_late_is_not_taken_for_it(
    hub: Hub, people: EtxtSandbox, work: Submission, fault: Fault
) -> None:
    other = ordered(hub, people, int(work.worker.id))
    market = hub.market(Etxt)
    market.pay_bonus(work, FIFTY, "good", key="a")
    people.clock.advance(minutes=2)
    rows = market.run(market.provider.api.users.get_stats()).items
    newest = max(rows, key=lambda row: row.id)
    behind = [dict(row.raw) for row in rows if row is not newest]
    people.faults.add(Fault.status(200, "before", body=behind), operation="users.getStats")
    people.faults.add(fault, operation="tasks.extraPaid", times=None)
    with pytest.raises(OutcomeUnknown):
        market.pay_bonus(other, FIFTY, "good", key="b")
    assert bonuses(people) == 1


def test_another_amount_beside_it_is_not_taken_for_it_with_its_fee(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50 rubles and their commission of 10 % are 55 in the statement, as 55 without one are."""
    with Sandbox("etxt", options={"etxt": {"work_rate": 0, "commission": 10}}) as box:
        people = cast("EtxtSandbox", box["etxt"])
        with Hub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as hub:
            first = ordered(hub, people)
            second = ordered(hub, people, int(first.worker.id))
            real = Ledger.sending

            def sending(ledger: Ledger, intent: Intent, *witness: Any) -> None:
                real(ledger, intent, *witness)
                monkeypatch.setattr(Ledger, "sending", real)
                people.clock.advance(seconds=1)
                hub["etxt"].pay_bonus(first, FIFTY, "good", key="a")
                people.faults.add(Fault.drop("before"), operation="tasks.extraPaid", times=None)

            monkeypatch.setattr(Ledger, "sending", sending)
            with pytest.raises(OutcomeUnknown):
                hub["etxt"].pay_bonus(second, Money(55, "RUB"), "good", key="b")
            assert bonuses(people) == 1


def test_a_404_that_is_not_the_marketplaces_own_is_looked_at(hub: Hub, people: EtxtSandbox, work: Submission) -> None:
    people.faults.add(Fault.status(404, "after"), operation="tasks.extraPaid")
    for _ in range(2):
        assert hub["etxt"].pay_bonus(work, FIFTY, "good", key="k").replayed
    assert bonuses(people) == 1


@pytest.mark.parametrize("key", ["b", None])
def test_one_that_was_paid_as_the_plugins_own_operation_is_not_taken_for_it(
    hub: Hub, people: EtxtSandbox, work: Submission, key: str | None
) -> None:
    people.faults.add(Fault.drop("before"), operation="tasks.extraPaid")
    people.faults.add(Fault.status(503, "before"), operation="users.getStats", skip=1, times=1)
    with pytest.raises(OutcomeUnknown):
        hub["etxt"].pay_bonus(work, FIFTY, "good", key="a")
    people.faults.clear()
    people.clock.advance(minutes=1)
    market = hub.market(Etxt)
    market.run(market.provider.api.tasks.extra_paid(work.id, FIFTY), key=key)
    with pytest.raises(OutcomeUnknown):
        market.pay_bonus(work, FIFTY, "good", key="a")
    assert [each.settled for each in hub.recover().intents] == ["look"]
    assert bonuses(people) == 1


def test_a_bonus_counts_for_its_task_however_it_is_paid(people: EtxtSandbox, box: Sandbox, tmp_path: Path) -> None:
    budget = {"per_task": {"RUB": "320"}}
    with Hub(box.accounts, ledger=tmp_path / "budget.sqlite3", clock=Driven(people), budget=budget) as hub:
        work = ordered(hub, people)
        market = hub.market(Etxt)
        for amount in (FIFTY, Money(1, "RUB"), None):
            with pytest.raises(BudgetExceeded):
                market.run(market.provider.pay_bonus(work, FIFTY, "good"), amount=amount)
    assert bonuses(people) == 0
