from collections.abc import Callable

import pytest

from crowdhub import Hub, Money, Task, TaskDraft
from crowdhub.errors import InvalidRequest, NotFound
from crowdhub.sandbox import Sandbox
from crowdhub.testing import SandboxFactory
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.conftest import World
from tests.support.hand_clock import HandClock

DRAFT = TaskDraft(
    title="Watch me", instructions="Do it", reward=Money("0.10", "USD"), slots=20, proof="Proof", category="Survey"
)


@pytest.fixture
def box(crowdhub_sandbox: SandboxFactory) -> Sandbox:
    return crowdhub_sandbox("rapidworkers", options={"rapidworkers": {"rate_limit": None, "work_rate": 0}})


@pytest.fixture
def sandbox(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


@pytest.fixture
def tasks(box: Sandbox, clock: HandClock) -> list[Task]:
    with Hub(box.accounts, clock=clock) as hub:
        made = [hub["rapidworkers"].publish(DRAFT.copy_with(title=f"Watch {n}")) for n in range(5)]
    box["rapidworkers"].clear_requests()
    return made


class Rounds:
    """Does something each time the watch sleeps, and keeps what was asked in each round."""

    def __init__(self, clock: HandClock, sandbox: RapidWorkersSandbox, *acts: Callable[[], object]) -> None:
        self.acts, self.sandbox = list(acts), sandbox
        self.asked: list[list[str]] = []
        vars(clock).update(sleep=self.sleep, sleep_async=self.sleep_async)
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.asked.append(self.take())
        if self.acts:
            self.acts.pop(0)()

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)

    def take(self) -> list[str]:
        asked = [
            "list" if each.path == "/api/campaigns/" else each.path.split("/")[3] for each in self.sandbox.requests
        ]
        self.sandbox.clear_requests()
        return asked


def test_a_round_asks_one_list_and_then_only_what_moved(
    world: World, box: Sandbox, sandbox: RapidWorkersSandbox, tasks: list[Task], clock: HandClock
) -> None:
    rounds = Rounds(
        clock,
        sandbox,
        lambda: sandbox.hand_in(tasks[1].id, 2),
        lambda: None,
        lambda: (sandbox.hand_in(tasks[3].id), sandbox.hand_in(tasks[1].id)),
    )
    sandbox.hand_in(tasks[0].id, 3)
    found = world.hub(
        box.accounts,
        lambda hub: hub["rapidworkers"].watch(tasks, interval=60, rounds=4),
        clock=clock,
    )
    last = rounds.take()
    assert [each.task_id for each in found[:5]] == [tasks[n].id for n in (0, 0, 0, 1, 1)]
    assert {each.task_id for each in found[5:]} == {tasks[1].id, tasks[3].id}
    assert len(found) == len({each.id for each in found}) == 7
    assert rounds.slept == [60, 60, 60]
    assert rounds.asked[0][0] == "list"
    assert set(rounds.asked[0][1:]) == {task.id for task in tasks}  # the first look is at all
    assert rounds.asked[1] == ["list", tasks[1].id]
    assert rounds.asked[2] == ["list"]
    assert last[0] == "list"
    assert set(last[1:]) == {tasks[1].id, tasks[3].id}


def test_approving_what_comes_is_no_news(
    box: Sandbox, sandbox: RapidWorkersSandbox, tasks: list[Task], clock: HandClock
) -> None:
    sandbox.hand_in(tasks[0].id, 3)
    rounds = Rounds(clock, sandbox)
    with Hub(box.accounts, clock=clock) as hub:
        market = hub["rapidworkers"]
        found: list[str] = []
        for submission in market.watch(tasks[:1], rounds=3):
            found.append(submission.id)
            market.approve(submission)
    assert len(found) == 3
    assert rounds.take() == ["detail"]
    assert rounds.asked[1] == ["detail"]


def test_a_rejection_and_a_new_arrival_in_one_round_are_not_mistaken_for_nothing(
    box: Sandbox, sandbox: RapidWorkersSandbox, tasks: list[Task], clock: HandClock
) -> None:
    """The number that is pending stays the same."""
    first = sandbox.hand_in(tasks[0].id)[0]

    def swap() -> None:
        campaign = sandbox.job(tasks[0].id)
        sandbox.marketplace.reject(campaign, campaign.submissions[first], "elsewhere", sandbox.clock.now())
        sandbox.hand_in(tasks[0].id)

    Rounds(clock, sandbox, swap)
    with Hub(box.accounts, clock=clock) as hub:
        found = [each.id for each in hub["rapidworkers"].watch(tasks[:1], rounds=2)]
    assert len(found) == 2


def test_it_ends_when_every_task_has_ended(
    world: World, box: Sandbox, sandbox: RapidWorkersSandbox, tasks: list[Task], clock: HandClock
) -> None:
    def end() -> None:
        sandbox.cancel(tasks[0].id)
        sandbox.hand_in(tasks[1].id)
        sandbox.cancel(tasks[1].id)

    rounds = Rounds(clock, sandbox, end)
    found = world.hub(box.accounts, lambda hub: hub["rapidworkers"].watch(tasks[:2], interval=5), clock=clock)
    assert [each.task_id for each in found] == [tasks[1].id]
    assert rounds.slept == [5]


def test_a_status_and_ids_can_be_given_and_the_wrong_ones_are_named(
    box: Sandbox, sandbox: RapidWorkersSandbox, tasks: list[Task], clock: HandClock
) -> None:
    (one,) = sandbox.hand_in(tasks[0].id)
    campaign = sandbox.job(tasks[0].id)
    sandbox.marketplace.approve(campaign, campaign.submissions[one], None)
    with Hub(box.accounts, clock=clock) as hub:
        market = hub["rapidworkers"]
        assert [each.status for each in market.watch([tasks[0].id], status="approved", rounds=1)] == ["approved"]
        assert list(market.watch([tasks[0].id, tasks[0].id], rounds=1)) == []
        assert list(market.watch([], rounds=3)) == []
        with pytest.raises(InvalidRequest, match=r"'pendng' is not one of .*pending"):
            list(market.watch(tasks, status="pendng", rounds=1))
        with pytest.raises(NotFound):
            list(market.watch(["00000000-0000-4000-8000-000000000000"], rounds=1))


def test_two_thousand_are_handed_out_once_over_rounds(
    box: Sandbox, clock: HandClock, crowdhub_sandbox: SandboxFactory
) -> None:
    other = crowdhub_sandbox("rapidworkers", options={"rapidworkers": {"rate_limit": None, "work_rate": 0}})
    sandbox = other.market(RapidWorkersSandbox)
    with Hub(other.accounts, clock=clock) as hub:
        market = hub["rapidworkers"]
        task = market.publish(DRAFT.copy_with(slots=2500))
        sandbox.hand_in(task.id, 1500)
        sandbox.clear_requests()
        Rounds(clock, sandbox, lambda: sandbox.hand_in(task.id, 1000))
        found = [each.id for each in market.watch([task], rounds=2)]
    assert len(found) == len(set(found)) == 2500
