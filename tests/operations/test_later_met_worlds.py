"""More of such worlds: other work behind a new attempt, orders of another hand, processes that cannot write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Decision, Hub, Money, Submission, TaskDraft
from crowdhub.clock import Clock
from crowdhub.errors import Conflict, InvalidRequest, OutcomeUnknown
from crowdhub.ledger import Ledger
from crowdhub.ledger.owner import SILENT, Here
from crowdhub.model import PublishResult, Task
from crowdhub.operations.spending import witnesses
from crowdhub.sandbox import Fault, Sandbox
from crowdhub.sandbox.clock import SandboxClock
from crowdhub_etxt import EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox
from tests.operations.test_review_after_trouble import interrupted

OPTIONS = [EtxtOptions(id_category=1, size=300)]
IDENTITY: dict[str, Any] = {"provider": "acme", "account": "acme", "environment": "sandbox"}


def draft(**more: Any) -> TaskDraft:
    given: dict[str, Any] = {"title": "A", "instructions": "I", "reward": Money(100, "RUB"), "options": OPTIONS}
    return TaskDraft(**{**given, **more})


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("etxt", options={"etxt": {"work_rate": 0}}) as made:
        yield made


@pytest.fixture
def people(box: Sandbox) -> EtxtSandbox:
    return box.market(EtxtSandbox)


@pytest.fixture
def hub(box: Sandbox, tmp_path: Path) -> Iterator[Hub]:
    with Hub(box.accounts, ledger=tmp_path / "l", clock=box.clock) as made:
        yield made


def handed_in(hub: Hub, people: EtxtSandbox) -> Submission:
    task = hub["etxt"].publish(draft())
    people.hand_in(task.id)
    return next(hub["etxt"].submissions(task))


class Meanwhile(Clock):
    """Something happens, once, while a program waits."""

    def __init__(self, real: SandboxClock, happens: Callable[[], object]) -> None:
        self._real = real
        self._happens: Callable[[], object] | None = happens

    def now(self) -> datetime:
        return self._real.now()

    def monotonic(self) -> float:
        return self._real.monotonic()

    def sleep(self, seconds: float) -> None:
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        self._real.sleep(seconds)

    @property
    def has_happened(self) -> bool:
        return self._happens is None


@pytest.mark.parametrize("verb", ["approve", "redo", "review"])
@pytest.mark.parametrize("fault", [Fault.rate_limit(30), Fault.drop("before"), Fault.status(503, "before")], ids=str)
def test_what_is_sent_again_is_looked_at_again(
    hub: Hub, box: Sandbox, people: EtxtSandbox, verb: str, fault: Fault
) -> None:
    """While it waits after a refusal, a colleague sends the work back, and other work is handed in."""
    work = handed_in(hub, people)

    def colleague() -> None:
        _ = hub["etxt"].request_redo(work, "too short")
        box.advance(seconds=5)
        people.hand_in(work.id)

    clock = Meanwhile(box.clock, colleague)
    with Hub(dict(box.accounts), ledger=None, clock=clock) as mine:
        market = mine["etxt"]
        function = "tasks.cancelTask" if verb == "redo" else "tasks.paidTask"
        people.faults.add(fault, operation=function, times=1)
        if verb == "review":
            assert [each.result for each in market.review([Decision.approve(work)]).outcomes] == ["failed"]
        else:
            with pytest.raises(Conflict, match="other work was handed in"):
                _ = market.approve(work) if verb == "approve" else market.request_redo(work, "no")
    assert clock.has_happened
    assert next(hub["etxt"].submissions(work.task_id)).status == "pending"


@pytest.mark.parametrize("spoilt", [{"id": None}, {"date": None}, {"status": 9}])
def test_other_work_that_cannot_be_read_is_not_approved(
    hub: Hub, box: Sandbox, people: EtxtSandbox, spoilt: dict[str, object]
) -> None:
    work, market = handed_in(hub, people), hub["etxt"]
    _ = market.request_redo(work, "too short")
    box.advance(hours=1)
    people.hand_in(work.id)
    known: Any = next(market.submissions(work.task_id)).raw["results"]
    rows = [{name: value for name, value in each.items() if name != "files"} for each in known]
    rows[-1].update(spoilt)
    people.faults.add(Fault.status(200, "before", body=rows), operation="tasks.getResults", times=2)
    (outcome,) = market.review([Decision.approve(work)]).outcomes
    assert outcome.result in ("failed", "unknown")
    assert people.results(work.id)[-1].verdict.name not in ("ACCEPTED", "REJECTED")


@pytest.mark.parametrize("shown", ["nothing", "the older work alone"])
@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
@pytest.mark.parametrize("verb", ["approve", "redo"])
def test_work_is_decided_only_where_its_list_shows_that_it_waits(
    hub: Hub, box: Sandbox, people: EtxtSandbox, verb: str, shown: str, several: bool
) -> None:
    """The list lacks a row: whether other work waits cannot be told."""
    work, market = handed_in(hub, people), hub["etxt"]
    other = handed_in(hub, people) if several else None
    _ = market.request_redo(work, "too short")
    known: Any = next(market.submissions(work.task_id)).raw["results"]
    rows = [] if shown == "nothing" else [{k: v for k, v in each.items() if k != "files"} for each in known]
    box.advance(hours=1)
    people.hand_in(work.id)
    people.faults.add(Fault.status(200, "before", body=rows), operation="tasks.getResults", times=2)
    works = [work] if other is None else [work, other]
    report = market.review(
        [Decision.approve(each) if verb == "approve" else Decision.redo(each, "no") for each in works]
    )
    results = {each.decision.submission.id: each.result for each in report.outcomes}
    sent_back = verb == "redo" and rows  # that work was, as the list shows
    assert results[work.id] in ("failed", "unknown", "already" if sent_back else "failed")
    assert people.results(work.id)[-1].verdict.name not in ("ACCEPTED", "REJECTED")


def test_recover_looks_right_before_it_approves(
    hub: Hub, box: Sandbox, people: EtxtSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is sent back, and other work handed in, after recover has seen what is there."""
    from crowdhub.operations.spending import recovering

    work = handed_in(hub, people)
    interrupted(hub, [work])
    real = recovering._is_stale

    def stale(*asked: Any) -> bool:
        found = real(*asked)
        with Hub(box.accounts, ledger=None, clock=box.clock) as colleague:
            _ = colleague["etxt"].request_redo(work, "too short")
        box.advance(hours=1)
        people.hand_in(work.id)
        return found

    monkeypatch.setattr(recovering, "_is_stale", stale)
    report = hub.recover()
    assert not report.failed
    (outcome,) = report.reviews
    assert outcome.result == "failed"
    assert next(hub["etxt"].submissions(work.task_id)).status == "pending"


def test_an_acceptance_is_not_an_order_that_was_given_by_hand_before(
    hub: Hub, box: Sandbox, people: EtxtSandbox
) -> None:
    market = hub["etxt"]
    task = market.publish(draft(slots=3))
    first = people.apply(task.id)
    by_hand = people.accept(first.application)
    again = people.apply(task.id, first.user)
    (mine,) = market.applications(task)
    assert mine.id == str(again.application)
    people.faults.add(Fault.drop("before"), operation="tasks.setNote")
    with pytest.raises(OutcomeUnknown):
        market.accept(mine)
    assert by_hand in [each.id for each in people.orders()]
    assert len(list(market.applications(task))) == 1


def test_an_accepted_application_is_not_declined(hub: Hub, people: EtxtSandbox) -> None:
    market = hub["etxt"]
    task = market.publish(draft(slots=2))
    people.apply(task.id)
    (application,) = market.applications(task)
    _ = market.accept(application)
    with pytest.raises(Conflict, match="accepted before"):
        market.decline(application)


def test_what_is_in_work_again_is_not_cancelled(hub: Hub, box: Sandbox, people: EtxtSandbox) -> None:
    """It was overdue when it was looked at; a colleague gave it more time since."""
    market = hub["etxt"]
    task = market.publish(draft())
    people.accept(people.apply(task.id).application)
    people.overdue(task.id)
    overdue = market.task(task)
    real = type(market.provider).sign

    def sign(provider: Any, call: Any, token: Any = None) -> Any:
        if call.operation == "tasks.failTask":
            with Hub(box.accounts, ledger=None, clock=box.clock) as colleague:
                monkeypatch.undo()
                _ = colleague["etxt"].extend(task, until=box.clock.now() + timedelta(days=5))
        return real(provider, call, token)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(type(market.provider), "sign", sign)
        with pytest.raises(Conflict):
            market.cancel(overdue)
    assert market.task(task).in_progress == 1


@pytest.mark.parametrize("name", ["etxt", "crowdsdom"])
def test_what_is_done_needs_not_be_right_any_more(tmp_path: Path, name: str) -> None:
    """Its deadline has passed when the same key, or the same batch, is run again."""
    with Sandbox(name) as box, Hub(box.accounts, ledger=tmp_path / "l", clock=box.clock) as hub:
        market = hub[name]

        def until(days: int) -> TaskDraft:
            deadline = box.clock.now() + timedelta(days=days)
            if name == "etxt":
                return draft(deadline=deadline)
            return TaskDraft(title="T", instructions="I", proof="P", reward=Money(1, "CNY"), deadline=deadline)

        old = until(2)
        task = market.publish(old, key="a")
        box.advance(days=3)
        assert (market.publish(old, key="a").id, market.publish(old, key="a").replayed) == (task.id, True)
        report = market.publish_many([("a", old), ("b", until(2))])
        assert [each.result for each in report.outcomes] == [PublishResult.REPLAYED, PublishResult.PUBLISHED]
        with pytest.raises(InvalidRequest):
            market.publish(old, key="another")
        with pytest.raises(InvalidRequest):
            market.publish_many([("a", old), ("another", old)])


def test_what_was_only_found_explains_no_money_that_is_gone(tmp_path: Path) -> None:
    """Another key was paid hours ago, by a ledger that is lost, and is found while this one's money is judged."""
    with Ledger.open(tmp_path / "l") as ledger:
        mine = ledger.begin(IDENTITY, "publish", "x", key="a", amount=Money(5, "USD")).intent
        number = ledger.report.last_number()
        found = ledger.begin(IDENTITY, "publish", "y", key="b", amount=Money(5, "USD")).intent
        ledger.finish(found, Task(id="1", **IDENTITY), charged=Money(5, "USD"))
        assert witnesses._known_spends(ledger, mine, "USD", number) == Money(0, "USD")
        sent = ledger.begin(IDENTITY, "publish", "z", key="c", amount=Money(5, "USD")).intent
        ledger.sending(sent)
        ledger.finish(sent, Task(id="2", **IDENTITY), charged=Money(5, "USD"))
        assert witnesses._known_spends(ledger, mine, "USD", number) == Money(5, "USD")


@pytest.mark.parametrize(("runs", "silent", "alive"), [(True, 0, True), (True, SILENT, False), (False, 0, False)])
def test_a_process_that_runs_and_gives_no_sign_keeps_no_key(
    monkeypatch: pytest.MonkeyPatch, runs: bool, silent: int, alive: bool
) -> None:
    """It could not write what came of its request, say: five minutes later others may settle that."""
    here = Here()

    def is_running(process: str, start: str) -> bool:
        del process, start
        return runs

    monkeypatch.setattr(here, "is_running", is_running)
    machine, _, _, name = here.me()
    holder = f"{machine}/999999/123/{name}/0001"
    assert here.is_alive(holder, 1_000, 1_000 + silent) is alive
