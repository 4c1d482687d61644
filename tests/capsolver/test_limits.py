"""120 asks a task, 3 seconds apart, within 5 minutes: kept before any request, and the task's id is never lost."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pydantic import SecretStr

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    Lost,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from crowdhub.protocol import OperationRun, Response
from crowdhub.sandbox import Fault, Sandbox, png
from crowdhub_capsolver import AsksUsedUp, CapSolver, CapSolverOptions, CapSolverSettings, ResultLost, Tracker
from crowdhub_capsolver.sandbox import CapSolverSandbox
from crowdhub_capsolver.tracker import naming
from tests.support import by_hand
from tests.support.by_hand import Play, Prepared, first_call

START = datetime(2026, 1, 1, tzinfo=UTC)
SLOW = TaskDraft(options=[CapSolverOptions(task={"type": "AntiTurnstileTaskProxyLess"})])
PROCESSING = {"errorId": 0, "status": "processing"}


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_asks_keep_three_seconds_between_them() -> None:
    tracker = Tracker()
    tracker.created("T", START)
    assert tracker.ask("T", START) == 0
    assert tracker.ask("T", after(1)) == 2
    assert tracker.ask("T", after(1)) == 5  # a second asker queues behind the first
    assert tracker.ask("T", after(60)) == 0
    assert tracker.ask("other", after(60)) == 0


def test_the_121st_ask_is_refused() -> None:
    tracker = Tracker()
    tracker.created("T", START)
    for number in range(120):
        tracker.ask("T", after(number))
        tracker._known["T"].last = None  # 120 asks 3 seconds apart would take longer than the 5 minutes
    with pytest.raises(AsksUsedUp) as caught:
        tracker.ask("T", after(1))
    assert (caught.value.task_id, caught.value.sent) == ("T", False)
    assert "T" in str(caught.value)
    assert isinstance(caught.value, RateLimited)
    assert tracker.asks("T") == 120


@pytest.mark.parametrize(("seconds", "allowed"), [(0, True), (300, True), (300.001, False), (9999, False)])
def test_an_ask_after_five_minutes_is_refused(seconds: float, allowed: bool) -> None:
    tracker = Tracker()
    tracker.created("T", START)
    if allowed:
        assert tracker.ask("T", after(seconds)) == 0
        return
    with pytest.raises(ResultLost) as caught:
        tracker.ask("T", after(seconds))
    assert (caught.value.task_id, caught.value.sent) == ("T", False)
    assert isinstance(caught.value, NotFound)


def test_an_ask_that_would_leave_after_five_minutes_is_refused() -> None:
    tracker = Tracker()
    tracker.created("T", START)
    tracker.ask("T", after(299))
    with pytest.raises(ResultLost):
        tracker.ask("T", after(299.5))


def test_a_task_of_another_process_is_counted_from_its_first_ask() -> None:
    tracker = Tracker()
    tracker.ask("T", START)
    with pytest.raises(ResultLost, match="first asked for"):
        tracker.ask("T", after(301))


def test_limits_refuse_before_any_request(provider: CapSolver) -> None:
    now = START
    provider.now = lambda: now
    provider.tracker.created("T", START)
    now = after(301)
    for operation in (provider.task("T"), provider.submissions("T"), provider.wait_for("T")):
        with pytest.raises(ResultLost):
            first_call(operation)


def test_a_creation_that_is_read_again_does_not_start_anew() -> None:
    """Its answer is replayed when the same key goes on: neither the asks nor the 5 minutes begin again."""
    tracker = Tracker()
    tracker.created("T", START)
    tracker.ask("T", START)
    tracker.created("T", after(299))
    assert tracker.asks("T") == 1
    with pytest.raises(ResultLost, match="since it was created"):
        tracker.ask("T", after(301))


def test_the_tracker_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdhub_capsolver.tracker.REMEMBERED", 3)
    tracker = Tracker()
    for number in range(5):
        tracker.created(str(number), START)
    assert list(tracker._known) == ["2", "3", "4"]


def test_waiting_ends_with_the_limits_and_names_the_task(box: Sandbox, hub: Hub) -> None:
    box.market(CapSolverSandbox).solve_time = timedelta(hours=1)
    market = hub.market(CapSolver)
    with pytest.raises(ResultLost) as caught:
        market.run(market.provider.solve(SLOW))
    (task,) = box.market(CapSolverSandbox).tasks.values()
    assert caught.value.task_id == task.id
    assert task.id in str(caught.value)
    assert task.asks == 100  # every 3 seconds for 5 minutes
    assert box.market(CapSolverSandbox).hasty == []


CREATED = {"errorId": 0, "taskId": "TASK-1"}
READY = {"errorId": 0, "status": "ready", "solution": {"text": "44795sds"}}


@pytest.mark.parametrize(
    ("created", "asked"),
    [(CREATED, [PROCESSING, READY]), ({**CREATED, "status": "ready", "solution": {"text": "44795sds"}}, [])],
    ids=["later", "at once"],
)
def test_solving_goes_on_from_a_creation_that_was_answered_before(
    created: dict[str, object], asked: list[dict[str, object]]
) -> None:
    """In another process, which knows of the task nothing but that answer."""
    elsewhere = CapSolver(CapSolverSettings(client_key=SecretStr("CAP-the-key")))
    calls, text = by_hand.play(elsewhere, elsewhere.image_to_text(b"an image"), [created, *asked])
    assert text == "44795sds"
    assert [call.path for call in calls] == ["/createTask", *["/getTaskResult"] * len(asked)]


def test_a_task_that_was_created_before_and_is_gone_is_named() -> None:
    elsewhere = CapSolver(CapSolverSettings(client_key=SecretStr("CAP-the-key")))
    gone = {"errorId": 1, "errorCode": "ERROR_TASKID_INVALID", "errorDescription": "Task ID does not exist"}
    with pytest.raises(NotFound, match="TASK-1"):
        by_hand.play(elsewhere, elsewhere.solve(SLOW), [CREATED, gone])


def test_solving_under_a_key_pays_once(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CapSolver)
    first = market.run(market.provider.solve(SLOW), key="k")
    again = market.run(market.provider.solve(SLOW), key="k")
    assert (first.id, first.answers) == (again.id, again.answers)
    assert market.run(market.provider.image_to_text(png("hello")), key="l") == market.run(
        market.provider.image_to_text(png("hello")), key="l"
    )
    assert len(box["capsolver"].books().charges) == 2


def test_a_solution_that_never_comes_is_paid_once_however_often_its_key_asks() -> None:
    with Sandbox("capsolver", options={"capsolver": {"solve_seconds": 3600}}) as box, Hub(box.accounts) as hub:
        market, price = hub.market(CapSolver), Money("0.0012", "USD")
        assert market.ledger is not None
        for _ in range(3):
            with pytest.raises(CrowdhubError) as caught:
                market.run(market.provider.solve(SLOW), key="k", amount=price)
            assert caught.value.money_may_be_spent
            assert not isinstance(caught.value, OutcomeUnknown)
            (entry,) = market.ledger.report.entries()
            assert entry.state == "done"
            assert "What was paid for is kept in the ledger" in str(entry.error)
            assert "Nothing was spent" not in f"{caught.value} {entry.error}"
        assert len(box.market(CapSolverSandbox).tasks) == len(box["capsolver"].books().charges) == 1


def test_a_lost_creation_within_solving_says_what_to_look_for(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CapSolver)
    box["capsolver"].faults.add(Fault.drop("after"), path="createTask", times=2)
    with pytest.raises(OutcomeUnknown) as caught:
        market.run(market.provider.solve(SLOW), key="k")
    assert "AntiTurnstileTaskProxyLess" in (caught.value.look_for or "")
    with pytest.raises(OutcomeUnknown) as caught:
        market.run(market.provider.image_to_text(png("hello")))
    assert "ImageToTextTask" in (caught.value.look_for or "")
    assert len(box["capsolver"].books().charges) == 2


def test_an_error_is_named_in_a_copy() -> None:
    error = ProviderError("broken")
    named = naming(error, "TASK-1")
    assert "TASK-1" in named.message
    assert error.message == "broken"
    assert naming(named, "TASK-1") is named


def test_solving_asks_until_it_is_ready(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CapSolver)
    solution = market.run(market.provider.solve(SLOW))
    (task,) = box.market(CapSolverSandbox).tasks.values()
    assert solution.answers == task.solution
    assert task.asks == 3  # after 3, 6 and 9 seconds; it takes 8
    assert box.market(CapSolverSandbox).hasty == []


@pytest.mark.parametrize(
    "fault", [Fault.drop(), Fault.status(503), Fault.html(), Fault.truncate(), Fault.rate_limit(1)], ids=str
)
def test_a_lost_answer_is_asked_for_again_at_its_distance(box: Sandbox, hub: Hub, fault: Fault) -> None:
    market = hub.market(CapSolver)
    box["capsolver"].faults.add(fault, path="getTaskResult", times=3)
    task = market.publish(SLOW)
    assert len(list(market.submissions(task))) == 1  # ready by then
    times = [r.at for r in box["capsolver"].requests if r.path == "/getTaskResult"]
    assert len(times) == 4
    assert all(b - a >= timedelta(seconds=3) for a, b in pairwise(times))
    assert market.provider.tracker.asks(task.id) == 4


def test_giving_up_names_the_task(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CapSolver)
    task = market.publish(SLOW)
    box["capsolver"].faults.add(Fault.status(503), path="getTaskResult", times=None)
    with pytest.raises(ProviderUnavailable) as caught:
        market.task(task.id)
    assert task.id in str(caught.value)
    assert sum(r.path == "/getTaskResult" for r in box["capsolver"].requests) == 4


def test_every_error_while_waiting_names_the_task(provider: CapSolver, play: Play) -> None:
    body = {"errorId": 1, "errorCode": "ERROR_KEY_DENIED_ACCESS", "errorDescription": "wrong key"}
    with pytest.raises(AuthenticationFailed, match="TASK-1"):
        play(provider.wait_for("TASK-1"), PROCESSING, (401, body))


def test_a_task_that_cannot_be_solved_says_so_with_its_id(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CapSolver)
    box.market(CapSolverSandbox).fail_next("ERROR_CAPTCHA_UNSOLVABLE")
    with pytest.raises(ProviderError) as caught:
        market.run(market.provider.solve(SLOW))
    (task,) = box.market(CapSolverSandbox).tasks
    assert task in str(caught.value)
    assert caught.value.provider_code == "ERROR_CAPTCHA_UNSOLVABLE"


@pytest.mark.parametrize("fault", [Fault.drop(), Fault.status(500, "after"), Fault.html(), Fault.truncate()], ids=str)
@pytest.mark.parametrize("draft", [SLOW, TaskDraft(image=png("hello"))], ids=["slow", "at once"])
def test_a_lost_creation_is_never_repeated(box: Sandbox, hub: Hub, fault: Fault, draft: TaskDraft) -> None:
    box["capsolver"].faults.add(fault, path="createTask")
    with pytest.raises(OutcomeUnknown) as caught:
        hub["capsolver"].publish(draft)
    assert "dashboard" in (caught.value.look_for or "")
    assert "balance" in str(caught.value)
    assert len(box["capsolver"].books().charges) == 1


def test_an_answer_without_an_id_is_an_unknown_outcome(prepared: Prepared) -> None:
    """The marketplace said yes: it is never sent again, and a person has to look."""
    account = prepared({"errorId": 0})
    with pytest.raises(OutcomeUnknown) as caught:
        account.publish(SLOW)
    assert caught.value.lost is Lost.ACCEPTED
    assert "dashboard" in (caught.value.look_for or "")
    assert len(account.calls) == 1


def test_a_creation_that_never_left_is_sent_again(box: Sandbox, hub: Hub) -> None:
    box["capsolver"].faults.add(Fault.rate_limit(1), path="createTask")
    assert hub["capsolver"].publish(SLOW).status == "open"
    assert len(box["capsolver"].books().charges) == 1


def test_a_refusal_of_the_creation_is_certain(provider: CapSolver, play: Play) -> None:
    body = {"errorId": 1, "errorCode": "ERROR_ZERO_BALANCE", "errorDescription": "empty"}
    run = OperationRun(provider.publish(SLOW))
    call = run.start()
    assert call is not None
    error = provider.error(call, Response(200, json=body))
    assert error is not None
    with pytest.raises(type(error)):
        run.throw(error)
