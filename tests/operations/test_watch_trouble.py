"""A watch that runs for weeks: lists that are behind, outages, work that others settle, tasks that come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from crowdhub import Hub, Money, Submission, SubmissionStatus, Task, TaskDraft, TaskStatus, Watch
from crowdhub.errors import InvalidRequest, NotFound, ProviderError, ProviderUnavailable
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox
from crowdhub_etxt import EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NAME = "rapidworkers"
DRAFT = TaskDraft(title="T", instructions="I", reward=Money("0.10", "USD"), slots=9, proof="P", category="Survey")
LIST = r"/submissions/$"
NONE = Fault.status(200, "before", body={"count": 0, "results": {"submissions": []}})


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME, options={NAME: {"rate_limit": None, "work_rate": 0}}) as made:
        yield made


@pytest.fixture
def side(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


@pytest.fixture
def hub(box: Sandbox) -> Iterator[Hub]:
    with Hub(box.accounts, clock=box.clock, max_wait=5) as made:
        yield made


@pytest.fixture
def task(hub: Hub) -> Task:
    return hub[NAME].publish(DRAFT)


class Between:
    """Does one thing after the other, one each time the watch waits for its next round."""

    def __init__(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], object]) -> None:
        self.acts = list(acts)
        real = box.clock.sleep

        def sleep(seconds: float) -> None:
            real(seconds)
            if seconds >= 30 and self.acts:
                self.acts.pop(0)()

        monkeypatch.setattr(box.clock, "sleep", sleep)


def ids(watch: Watch) -> list[str]:
    return [each.id for each in watch]


def settle(side: RapidWorkersSandbox, task: Task, number: int, status: str) -> None:
    """Somebody else decides, at the website."""
    job = side.job(task.id)
    decide = side.marketplace.approve if status == "approved" else side.marketplace.reject
    arguments: list[Any] = [None] if status == "approved" else ["no", side.clock.now()]
    decide(job, job.submissions[number], *arguments)


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("fault", [Fault.status(500), Fault.html(), Fault.status(404)], ids=["500", "page", "404"])
def test_where_the_last_round_failed_whoever_asks_again_gets_one_more(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task, fault: Fault, rounds: int
) -> None:
    side.hand_in(task.id, 2)
    side.faults.add(fault, times=None, path=r"submissions|campaigns")
    watch = iter(hub[NAME].watch([task], interval=30, rounds=rounds))
    for _ in range(3):
        with pytest.raises((NotFound, ProviderError, ProviderUnavailable)):
            next(watch)
    side.faults.clear()
    begun = box.clock.now()
    assert len({next(watch).id, next(watch).id}) == 2
    assert next(watch, None) is None
    assert next(watch, None) is None
    assert box.clock.now() - begun >= timedelta(seconds=30)  # it waits for its round all the same


def test_a_list_that_is_behind_its_counter_is_listed_again(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task
) -> None:
    (one,) = side.hand_in(task.id)
    side.faults.add(NONE, path=LIST)
    assert ids(hub[NAME].watch([task], interval=30, rounds=2)) == [str(one)]


def test_a_row_that_cannot_be_read_once_comes_later(side: RapidWorkersSandbox, hub: Hub, task: Task) -> None:
    made = side.hand_in(task.id, 2)
    rows = {"count": 2, "results": {"submissions": [{"id": None}, {"id": None}]}}
    side.faults.add(Fault.status(200, "before", body=rows), path=LIST)
    watch = hub[NAME].watch([task], interval=30, rounds=2)
    assert set(ids(watch)) == {str(each) for each in made}
    assert {each.task_id for each in watch.problems} == {task.id}


def test_one_is_approved_elsewhere_while_a_rejected_one_returns(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of those that are pending, and of all, stays the same."""
    first, returned = side.hand_in(task.id, 2)
    settle(side, task, returned, "rejected")

    def swap() -> None:
        settle(side, task, first, "approved")
        job = side.job(task.id)
        job.submissions[returned].status = "Pending"
        job.counts["Rejected"] -= 1
        job.counts["Pending"] += 1

    Between(box, monkeypatch, swap)
    assert ids(hub[NAME].watch([task], interval=30, rounds=2)) == [str(first), str(returned)]


def test_a_task_that_ends_is_listed_until_all_was_shown(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def end() -> None:
        made.extend(side.hand_in(task.id))
        side.cancel(task.id)
        side.faults.add(NONE, path=LIST, times=2)

    Between(box, monkeypatch, end)
    assert ids(hub[NAME].watch([task], interval=30)) == [str(made[0])]


def test_a_list_that_never_catches_up_ends_the_task_with_a_problem(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task
) -> None:
    side.hand_in(task.id)
    side.cancel(task.id)
    side.faults.add(NONE, path=LIST, times=None)
    watch = hub[NAME].watch([task], interval=60)
    assert ids(watch) == []
    (problem,) = watch.problems
    assert "never showed as many as are counted" in str(problem.error)


def test_an_outage_is_a_missed_round(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = side.hand_in(task.id)
    two: list[int] = []

    def fail() -> None:
        two.extend(side.hand_in(task.id))
        side.faults.add(Fault.status(503, "before"), times=None)

    Between(box, monkeypatch, fail, lambda: None, side.faults.clear)
    watch = hub[NAME].watch([task], interval=300, rounds=5)
    assert ids(watch) == [str(one[0]), str(two[0])]
    assert len(watch.problems) == 2
    assert all(isinstance(each.error, ProviderUnavailable) for each in watch.problems)
    assert {each.account for each in watch.problems} == {NAME}


def test_patience_ends_and_whoever_asks_again_has_it_anew(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task
) -> None:
    watch = hub[NAME].watch([task], interval=300, patience=1000)
    side.faults.add(Fault.status(503, "before"), times=None)
    for _ in range(2):
        began = box.clock.now()
        with pytest.raises(ProviderUnavailable):
            next(watch)
        assert 1000 <= (box.clock.now() - began).total_seconds() < 2000
    side.faults.clear()
    (one,) = side.hand_in(task.id)
    assert next(watch).id == str(one)


def test_the_last_round_never_ends_in_silence(side: RapidWorkersSandbox, hub: Hub, task: Task) -> None:
    side.faults.add(Fault.status(503, "before"), times=None)
    watch = hub[NAME].watch([task], rounds=1)
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            next(watch)


def test_what_was_settled_unseen_is_handed_out_and_says_so(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = side.hand_in(task.id)
    settle(side, task, old, "approved")
    (seen,) = side.hand_in(task.id)

    def meanwhile() -> None:
        both = side.hand_in(task.id, 2)
        settle(side, task, both[0], "approved")
        settle(side, task, both[1], "rejected")

    Between(box, monkeypatch, meanwhile)
    found = list(hub[NAME].watch([task], interval=30, rounds=3))
    assert [(each.status, each.settled_unseen) for each in found] == [
        (SubmissionStatus.PENDING, False),
        (SubmissionStatus.APPROVED, True),
        (SubmissionStatus.REJECTED, True),
    ]
    assert found[0].id == str(seen)
    assert str(old) not in {each.id for each in found}


def test_own_decisions_are_no_news_and_cost_no_listing(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task
) -> None:
    side.hand_in(task.id, 3)
    market = hub[NAME]
    found: list[str] = []
    side.clear_requests()
    for work in market.watch([task], interval=30, rounds=6):
        found.append(work.id)
        market.approve(work)
    assert len(found) == 3
    assert len([each for each in side.requests if each.path.endswith("/submissions/")]) == 1


def test_what_a_marketplace_approved_by_itself_after_its_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox("crowdsdom") as box, Hub(box.accounts) as hub:
        side, market = box.market(CrowdSDOMSandbox), hub["crowdsdom"]
        task = market.publish(DRAFT.copy_with(reward=Money("3", "CNY"), category=None, slots=4))

        def pass_by() -> None:
            for number in range(4):
                side.hand_in(side.take(task.id, f"worker-{number}"))
            box.advance(days=40)  # longer than any delay of its own approval

        Between(box, monkeypatch, pass_by)
        found = list(market.watch([task], interval=30, rounds=2))
    assert [each.settled_unseen for each in found] == [True] * 4
    assert {each.status for each in found} == {SubmissionStatus.APPROVED}


def test_one_task_is_asked_for_alone(box: Sandbox, side: RapidWorkersSandbox, hub: Hub) -> None:
    tasks = [hub[NAME].publish(DRAFT.copy_with(title=f"T {number}")) for number in range(6)]
    side.clear_requests()
    list(hub[NAME].watch(tasks[:1], interval=30, rounds=3))
    assert [each.path for each in side.requests].count("/api/campaigns/") == 0
    assert len(side.requests) == 4  # three rounds, and the first look
    side.clear_requests()
    list(hub[NAME].watch(tasks, interval=30, rounds=3))
    assert [each.path for each in side.requests].count("/api/campaigns/") == 3


def test_tasks_come_and_go(box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task) -> None:
    other = hub[NAME].publish(DRAFT.copy_with(title="Another"))
    watch = hub[NAME].watch([task], interval=30, rounds=9)
    (one,) = side.hand_in(task.id)
    assert next(watch).id == str(one)
    watch.add(other)
    watch.drop(task.id)
    side.hand_in(task.id)
    (two,) = side.hand_in(other.id)
    assert ids(watch) == [str(two)]
    with pytest.raises(InvalidRequest):
        watch.add("")
    with pytest.raises(InvalidRequest):
        watch.add(other.copy_with(account="another"))


def test_a_task_that_is_not_there_is_said_at_once_and_one_that_goes_later_is_dropped(
    box: Sandbox, side: RapidWorkersSandbox, hub: Hub, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        next(hub[NAME].watch(["00000000-0000-4000-8000-000000000000"]))

    def delete() -> None:
        side.faults.add(Fault.status(404, "before"), path="/detail/", times=None)

    Between(box, monkeypatch, delete)
    watch = hub[NAME].watch([task], interval=30)
    assert ids(watch) == []
    assert isinstance(watch.problems[-1].error, NotFound)


def test_what_was_read_is_kept_where_the_loop_is_left(side: RapidWorkersSandbox, hub: Hub, task: Task) -> None:
    made = side.hand_in(task.id, 5)
    watch = hub[NAME].watch([task], rounds=1)
    found: list[Submission] = []
    for each in watch:
        found.append(each)
        if len(found) == 2:
            break
    found.extend(watch)
    assert [each.id for each in found] == [str(each) for each in made]


@pytest.mark.parametrize("patience", [-1.0, float("nan")])
def test_patience_is_a_time(hub: Hub, task: Task, patience: float) -> None:
    with pytest.raises(InvalidRequest, match="patience"):
        hub[NAME].watch([task], patience=patience)


def test_an_overdue_order_that_goes_on_is_watched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"etxt": {"work_rate": 0}}
    with Sandbox("etxt", options=options) as box, Hub(box.accounts, clock=box.clock) as hub:
        people, market = box.market(EtxtSandbox), hub["etxt"]
        own = EtxtOptions(id_category=1, size=2000)
        draft = TaskDraft(title="T", instructions="I", reward=Money(300, "RUB"), options=[own])
        task = market.publish(draft.copy_with(deadline=timedelta(days=1)))
        _ = people.accept(people.apply(task.id).application)

        def overdue() -> None:
            box.advance(days=2)
            assert market.task(task.id).status is TaskStatus.EXPIRED

        def goes_on() -> None:
            market.extend(task, until=box.clock.now() + timedelta(days=3))
            _ = people.hand_in(task.id)

        Between(box, monkeypatch, overdue, goes_on)
        assert len(ids(market.watch([task], interval=60, rounds=4))) == 1
