"""What several markets do, they do at the same time: one that is slow keeps the others' work from nobody."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator

import anyio
import anyio.to_thread
import pytest

from crowdhub import AsyncHub, Hub, Money, Task, TaskDraft
from crowdhub.errors import ProviderUnavailable
from crowdhub.model import Decision, PublishOutcome, PublishReport, ReviewReport
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

DRAFT = TaskDraft(title="T", instructions="I", reward=Money("0.10", "USD"), slots=2, proof="P", category="Survey")
LEFT_OUT = pytest.mark.filterwarnings("ignore:crowdsdom cannot honour")
MARKETS = ("crowdsdom", "rapidworkers")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(*MARKETS, options={"rapidworkers": {"rate_limit": None, "work_rate": 0}}) as made:
        yield made


@pytest.fixture
def tasks(box: Sandbox) -> list[Task]:
    with Hub(box.accounts, clock=box.clock) as hub:
        made = [
            hub["crowdsdom"].publish(DRAFT.copy_with(reward=Money("1", "CNY"), category=None)),
            hub["rapidworkers"].publish(DRAFT),
        ]
    _ = box.market(RapidWorkersSandbox).hand_in(made[1].id)
    slow = box.market(CrowdSDOMSandbox)
    _ = slow.hand_in(slow.take(made[0].id, "worker-1"), [{"questionId": "proof", "answer": ["A."]}])
    return made


def test_a_slow_market_keeps_nothing_of_another_back(box: Sandbox, tasks: list[Task]) -> None:
    """The first one's answers hang until the other's work was handed out: one after another, that would never be."""
    slow = box.market(CrowdSDOMSandbox).faults
    with Hub(box.accounts, clock=box.clock) as hub:
        slow.add(Fault.hang("before"))
        watch = hub.watch(tasks, rounds=1)
        assert next(watch).account == "rapidworkers"
        slow.wait_held()
        _ = slow.release()
        assert [each.account for each in watch] == ["crowdsdom"]


@pytest.mark.anyio
async def test_async(box: Sandbox, tasks: list[Task]) -> None:
    slow = box.market(CrowdSDOMSandbox).faults
    async with AsyncHub(box.accounts, clock=box.clock) as hub:
        slow.add(Fault.hang("before"))
        watch = hub.watch(tasks, rounds=1)
        assert (await anext(watch)).account == "rapidworkers"
        await anyio.to_thread.run_sync(slow.wait_held)
        _ = await anyio.to_thread.run_sync(slow.release)
        assert [each.account async for each in watch] == ["crowdsdom"]


@pytest.mark.anyio
async def test_what_is_under_way_is_given_up_with_the_watch(box: Sandbox, tasks: list[Task]) -> None:
    slow = box.market(CrowdSDOMSandbox).faults
    async with AsyncHub(box.accounts, clock=box.clock) as hub:
        slow.add(Fault.hang("after"))
        watch = hub.watch(tasks, rounds=1)
        _ = await anext(watch)
        await anyio.to_thread.run_sync(slow.wait_held)
        await watch.close()
        assert [each async for each in watch] == []
        await anyio.to_thread.run_sync(slow.wait_held, 0)  # its connection was closed


def test_a_cancelled_wait_loses_nothing(box: Sandbox, tasks: list[Task]) -> None:
    """Whoever gives up waiting for the next one, and asks again, gets it."""
    slow = box.market(CrowdSDOMSandbox).faults

    async def run() -> list[str]:
        async with AsyncHub(box.accounts, clock=box.clock) as hub:
            slow.add(Fault.hang("before"))
            watch = hub.watch(tasks, rounds=1)
            found = [await anext(watch)]
            with anyio.move_on_after(0.05):
                found.append(await anext(watch))
            _ = await anyio.to_thread.run_sync(slow.release)
            return [each.account for each in [*found, *[each async for each in watch]]]

    assert sorted(anyio.run(run)) == ["crowdsdom", "rapidworkers"]


def test_one_that_fails_is_told_and_hides_nothing_of_the_other(box: Sandbox, tasks: list[Task]) -> None:
    box.market(CrowdSDOMSandbox).faults.add(Fault.status(503, "before"), times=None)
    with Hub(box.accounts, clock=box.clock, max_wait=5) as hub:
        watch = hub.watch(tasks, rounds=1)
        assert next(watch).account == "rapidworkers"
        with pytest.raises(ProviderUnavailable):
            _ = next(watch)
        assert [each.account for each in watch.problems] == ["crowdsdom"]


@LEFT_OUT
def test_the_shares_of_a_split_are_published_at_the_same_time(box: Sandbox) -> None:
    sides = [box.market(CrowdSDOMSandbox).faults, box.market(RapidWorkersSandbox).faults]
    rewards = {"crowdsdom": Money("1", "CNY")}
    with Hub(box.accounts, clock=box.clock, on_unsupported="warn") as hub:
        for each in sides:
            each.add(Fault.hang("before"))
        done: list[bool] = []

        def publish() -> None:
            report = hub.publish_split(DRAFT, {"crowdsdom": 1, "rapidworkers": 1}, rewards=rewards, key="k")
            done.append(all(each.task is not None for each in report.shares))
            assert [each.account for each in report.shares] == ["crowdsdom", "rapidworkers"]

        publishing = threading.Thread(target=publish)
        publishing.start()
        for each in sides:
            each.wait_held()  # both, before either is answered
        for each in sides:
            _ = each.release()
        publishing.join()
        assert done == [True]


@LEFT_OUT
def test_where_a_person_confirms_he_is_asked_one_question_after_another(box: Sandbox) -> None:
    asking, most = 0, 0
    lock = threading.Lock()

    def confirm(_: object) -> bool:
        nonlocal asking, most
        with lock:
            asking += 1
            most = max(most, asking)
        _ = box.clock.now()
        with lock:
            asking -= 1
        return True

    rewards = {"crowdsdom": Money("1", "CNY")}
    with Hub(box.accounts, clock=box.clock, confirm=confirm, on_unsupported="warn") as hub:
        report = hub.publish_split(DRAFT, {"crowdsdom": 1, "rapidworkers": 1}, rewards=rewards)
        assert all(each.task is not None for each in report.shares)
    assert most == 1


DRAFTS = [
    ("crowdsdom", "k", DRAFT.copy_with(reward=Money("1", "CNY"), category=None)),
    ("rapidworkers", "k", DRAFT),
]
AT_ONCE: dict[str, Callable[[AsyncHub, list[Decision]], Awaitable[object]]] = {
    "review": lambda hub, decisions: hub.review(decisions),
    "publish_many": lambda hub, _: hub.publish_many(DRAFTS),
}


@LEFT_OUT
@pytest.mark.anyio
@pytest.mark.parametrize("what", AT_ONCE)
async def test_accounts_are_asked_at_the_same_time(box: Sandbox, tasks: list[Task], what: str) -> None:
    """No account's first answer comes before every account was asked."""
    sides = [box.market(CrowdSDOMSandbox).faults, box.market(RapidWorkersSandbox).faults]
    async with AsyncHub(box.accounts, clock=box.clock, on_unsupported="warn") as hub:
        decisions = [Decision.approve(each) for task in tasks async for each in hub[task.account].submissions(task)]
        for each in sides:
            each.add(Fault.hang("before"))
        found: list[object] = []

        async def ask() -> None:
            found.append(await AT_ONCE[what](hub, decisions))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            for each in sides:
                await anyio.to_thread.run_sync(each.wait_held)
            for each in sides:
                _ = await anyio.to_thread.run_sync(each.release)
        (report,) = found
        if isinstance(report, (ReviewReport, PublishReport)):
            accounts = [
                each.account if isinstance(each, PublishOutcome) else each.decision.submission.account
                for each in report.outcomes
            ]
            assert accounts == ["crowdsdom", "rapidworkers"]  # in the order given
            assert [each.error for each in report.outcomes] == [None, None]


@pytest.mark.anyio
async def test_what_comes_up_is_asked_for_at_the_same_time(box: Sandbox) -> None:
    """On two accounts of the marketplace that tells of such moments."""
    with Sandbox("crowdsdom") as other:
        accounts = {
            name: {"provider": "crowdsdom", **of.accounts["crowdsdom"]} for name, of in (("a", box), ("b", other))
        }
        sides = [each.market(CrowdSDOMSandbox).faults for each in (box, other)]
        async with AsyncHub(accounts, clock=box.clock) as hub, anyio.create_task_group() as group:
            for each in sides:
                each.add(Fault.hang("before"))
            group.start_soon(hub.due)
            for each in sides:
                await anyio.to_thread.run_sync(each.wait_held)
            for each in sides:
                _ = await anyio.to_thread.run_sync(each.release)


@pytest.mark.anyio
async def test_a_progress_that_raises_ends_the_review_of_every_account(box: Sandbox, tasks: list[Task]) -> None:
    def progress(_: int) -> None:
        raise KeyError("enough")

    side = box.market(RapidWorkersSandbox)
    more = [side.hand_in(tasks[1].id) for _ in range(1)]
    async with AsyncHub(box.accounts, clock=box.clock) as hub:
        decisions = [Decision.approve(each) for task in tasks async for each in hub[task.account].submissions(task)]
        assert len(decisions) == 2 + len(more)
        with pytest.raises(KeyError, match="enough"):
            _ = await hub.review(decisions, progress=progress)
