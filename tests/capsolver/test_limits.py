"""120 asks a task, 3 seconds apart, within 5 minutes: kept before any request, and the task's id is never lost."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from crowdhub import TaskDraft
from crowdhub.engine.http import Response
from crowdhub.errors import (
    AuthenticationFailed,
    Lost,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from crowdhub.protocol import FlowRun
from crowdhub.sandbox import Fault, png
from crowdhub_capsolver import AsksUsedUp, CapSolverOptions, ResultLost, Tracker

START = datetime(2026, 1, 1, tzinfo=UTC)
SLOW = TaskDraft(options=[CapSolverOptions(task={"type": "AntiTurnstileTaskProxyLess"})])
PROCESSING = {"errorId": 0, "status": "processing"}


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_asks_keep_three_seconds_between_them():
    tracker = Tracker()
    tracker.created("T", START)
    assert tracker.ask("T", START) == 0
    assert tracker.ask("T", after(1)) == 2
    assert tracker.ask("T", after(1)) == 5  # a second asker queues behind the first
    assert tracker.ask("T", after(60)) == 0
    assert tracker.ask("other", after(60)) == 0


def test_the_121st_ask_is_refused():
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
def test_an_ask_after_five_minutes_is_refused(seconds, allowed):
    tracker = Tracker()
    tracker.created("T", START)
    if allowed:
        assert tracker.ask("T", after(seconds)) == 0
        return
    with pytest.raises(ResultLost) as caught:
        tracker.ask("T", after(seconds))
    assert (caught.value.task_id, caught.value.sent) == ("T", False)
    assert isinstance(caught.value, NotFound)


def test_an_ask_that_would_leave_after_five_minutes_is_refused():
    tracker = Tracker()
    tracker.created("T", START)
    tracker.ask("T", after(299))
    with pytest.raises(ResultLost):
        tracker.ask("T", after(299.5))


def test_a_task_of_another_process_is_counted_from_its_first_ask():
    tracker = Tracker()
    tracker.ask("T", START)
    with pytest.raises(ResultLost, match="first asked for"):
        tracker.ask("T", after(301))


def test_limits_refuse_before_any_request(provider):
    now = START
    provider.now = lambda: now
    provider.tracker.created("T", START)
    now = after(301)
    for flow in (provider.task("T"), provider.submissions("T"), provider.wait_for("T")):
        with pytest.raises(ResultLost):
            FlowRun(flow).start()


def test_the_tracker_forgets_the_oldest(monkeypatch):
    monkeypatch.setattr("crowdhub_capsolver.tracker.REMEMBERED", 3)
    tracker = Tracker()
    for number in range(5):
        tracker.created(str(number), START)
    assert list(tracker._known) == ["2", "3", "4"]


def test_waiting_ends_with_the_limits_and_names_the_task(box, hub):
    box["capsolver"].solve_time = timedelta(hours=1)
    market = hub["capsolver"]
    with pytest.raises(ResultLost) as caught:
        market.run(market.provider.solve(SLOW))
    (task,) = box["capsolver"].tasks.values()
    assert caught.value.task_id == task.id
    assert task.id in str(caught.value)
    assert task.asks == 100  # every 3 seconds for 5 minutes
    assert box["capsolver"].hasty == []


def test_solving_asks_until_it_is_ready(box, hub):
    market = hub["capsolver"]
    solution = market.run(market.provider.solve(SLOW))
    (task,) = box["capsolver"].tasks.values()
    assert solution.answers == task.solution
    assert task.asks == 3  # after 3, 6 and 9 seconds; it takes 8
    assert box["capsolver"].hasty == []


@pytest.mark.parametrize(
    "fault", [Fault.drop(), Fault.status(503), Fault.html(), Fault.truncate(), Fault.rate_limit(1)], ids=str
)
def test_a_lost_answer_is_asked_for_again_at_its_distance(box, hub, fault):
    market = hub["capsolver"]
    box["capsolver"].faults.add(fault, path="getTaskResult", times=3)
    task = market.publish(SLOW)
    assert len(list(market.submissions(task))) == 1  # ready by then
    times = [r.at for r in box["capsolver"].requests if r.path == "/getTaskResult"]
    assert len(times) == 4
    assert all(b - a >= timedelta(seconds=3) for a, b in pairwise(times))
    assert market.provider.tracker.asks(task.id) == 4


def test_giving_up_names_the_task(box, hub):
    market = hub["capsolver"]
    task = market.publish(SLOW)
    box["capsolver"].faults.add(Fault.status(503), path="getTaskResult", times=None)
    with pytest.raises(ProviderUnavailable) as caught:
        market.task(task.id)
    assert task.id in str(caught.value)
    assert sum(r.path == "/getTaskResult" for r in box["capsolver"].requests) == 4


def test_every_error_while_waiting_names_the_task(provider, play):
    body = {"errorId": 1, "errorCode": "ERROR_KEY_DENIED_ACCESS", "errorDescription": "wrong key"}
    with pytest.raises(AuthenticationFailed, match="TASK-1"):
        play(provider.wait_for("TASK-1"), PROCESSING, (401, body))


def test_a_task_that_cannot_be_solved_says_so_with_its_id(box, hub):
    market = hub["capsolver"]
    box["capsolver"].fail_next("ERROR_CAPTCHA_UNSOLVABLE")
    with pytest.raises(ProviderError) as caught:
        market.run(market.provider.solve(SLOW))
    (task,) = box["capsolver"].tasks
    assert task in str(caught.value)
    assert caught.value.provider_code == "ERROR_CAPTCHA_UNSOLVABLE"


@pytest.mark.parametrize("fault", [Fault.drop(), Fault.status(500, "after"), Fault.html(), Fault.truncate()], ids=str)
@pytest.mark.parametrize("draft", [SLOW, TaskDraft(image=png("hello"))], ids=["slow", "at once"])
def test_a_lost_creation_is_never_repeated(box, hub, fault, draft):
    box["capsolver"].faults.add(fault, path="createTask")
    with pytest.raises(OutcomeUnknown) as caught:
        hub["capsolver"].publish(draft)
    assert "dashboard" in caught.value.look_for
    assert "balance" in str(caught.value)
    assert len(box["capsolver"].books().charges) == 1


def test_an_answer_without_an_id_is_an_unknown_outcome(provider, play):
    with pytest.raises(OutcomeUnknown) as caught:
        play(provider.publish(SLOW), {"errorId": 0})
    assert caught.value.lost is Lost.ANSWERED


def test_a_creation_that_never_left_is_sent_again(box, hub):
    box["capsolver"].faults.add(Fault.rate_limit(1), path="createTask")
    assert hub["capsolver"].publish(SLOW).status == "open"
    assert len(box["capsolver"].books().charges) == 1


def test_a_refusal_of_the_creation_is_certain(provider, play):
    body = {"errorId": 1, "errorCode": "ERROR_ZERO_BALANCE", "errorDescription": "empty"}
    run = FlowRun(provider.publish(SLOW))
    call = run.start()
    error = provider.error(call, Response(200, json=body))
    with pytest.raises(type(error)):
        run.throw(error)
