"""One program over all four marketplaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Money, Task, TaskDraft
from crowdhub.errors import InvalidRequest, NotSupported, ProviderUnavailable
from crowdhub.hub.split import SplitReport
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_capsolver import CapSolverOptions
from crowdhub_crowdsdom import CrowdSDOMOptions
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox
from crowdhub_etxt import EtxtOptions
from crowdhub_rapidworkers import RapidWorkersOptions
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.support.hand_clock import HandClock

NAMES = ("rapidworkers", "crowdsdom", "etxt", "capsolver")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(*NAMES) as opened:
        yield opened


@pytest.fixture
def hub(box: Sandbox, clock: HandClock) -> Iterator[Hub]:
    with Hub(box.accounts, clock=clock) as opened:
        yield opened


def draft(**changes: Any) -> TaskDraft:
    """One draft that carries what each marketplace wants beside the neutral fields."""
    given: dict[str, Any] = {
        "title": "Describe a picture",
        "instructions": "Write two sentences about the picture.",
        "reward": Money("0.50", "USD"),
        "slots": 10,
        "proof": "Your two sentences",
        "options": [
            RapidWorkersOptions(category="Writing"),
            EtxtOptions(id_category=1, size=500),
            CrowdSDOMOptions(keywords=("picture",)),
        ],
    }
    return TaskDraft(**{**given, **changes})


REWARDS = {"crowdsdom": Money("3", "CNY"), "etxt": Money("40", "RUB")}


def test_a_split_publishes_each_share_and_sums_by_currency(hub: Hub, box: Sandbox) -> None:
    plain = draft()
    report = hub.publish_split(plain, {"crowdsdom": 4, "etxt": 3}, rewards=REWARDS, key="split-1")
    assert [(share.account, share.slots, share.error) for share in report.shares] == [
        ("crowdsdom", 4, None),
        ("etxt", 3, None),
    ]
    assert set(report.totals) == {"CNY", "RUB"}
    assert report.totals["CNY"] == Money("14.40", "CNY")  # 4 × 3, and the marketplace's 20 %
    again = hub.publish_split(plain, {"crowdsdom": 4, "etxt": 3}, rewards=REWARDS, key="split-1")
    assert [task.id for task in again.tasks] == [task.id for task in report.tasks]
    assert all(task.replayed for task in again.tasks)


def test_a_failed_share_hides_no_other(hub: Hub, box: Sandbox) -> None:
    box["crowdsdom"].faults.add(Fault.status(403, "before"), method="POST", path="/jobs$", times=None)
    rewards = {"crowdsdom": Money("3", "CNY")}
    report = hub.publish_split(draft(), {"rapidworkers": 6, "crowdsdom": 4, "capsolver": 1}, rewards=rewards)
    assert [share.task is not None for share in report.shares] == [True, False, False]
    assert len(report.failures) == 2
    assert isinstance(report.shares[2].error, NotSupported)
    assert report.totals == {"USD": Money("3.30", "USD")}


@pytest.mark.parametrize("slots", [{}, {"rapidworker": 3}, {"rapidworkers": 0}])
def test_a_split_that_makes_no_sense_sends_nothing(hub: Hub, box: Sandbox, slots: dict[str, int]) -> None:
    with pytest.raises(InvalidRequest):
        hub.publish_split(draft(), slots)
    assert all(box[name].request_count == 0 for name in NAMES)


def test_the_same_draft_is_refused_with_reasons_where_it_does_not_fit(hub: Hub) -> None:
    with pytest.raises(NotSupported) as caught:
        hub["capsolver"].publish(draft())
    assert {"title", "instructions", "reward", "proof"} <= set(caught.value.fields)
    assert all(caught.value.reasons.values())


def crowdsdom_hands_in(box: Sandbox, job_id: str, count: int) -> None:
    market = box.market(CrowdSDOMSandbox)
    for number in range(count):
        market.hand_in(market.take(job_id, f"worker-{number}"))


def solve(hub: Hub) -> Task:
    task = {"type": "ReCaptchaV2TaskProxyLess", "websiteURL": "https://example.com", "websiteKey": "k"}
    return hub["capsolver"].publish(TaskDraft(options=[CapSolverOptions(task=task)]))


def test_the_work_of_all_is_one_stream(hub: Hub, box: Sandbox, clock: HandClock) -> None:
    tasks = [
        hub["rapidworkers"].publish(draft(slots=5)),
        hub["crowdsdom"].publish(draft(reward=Money("3", "CNY"), slots=5)),
        solve(hub),
    ]
    box.market(RapidWorkersSandbox).hand_in(tasks[0].id, 5)
    crowdsdom_hands_in(box, tasks[1].id, 5)
    box.advance(minutes=1)
    seen = [each.provider for each in hub.watch(tasks, status=None, rounds=2)]
    assert (seen.count("rapidworkers"), seen.count("crowdsdom"), seen.count("capsolver")) == (5, 5, 1)


def test_a_market_that_is_down_keeps_no_work_of_the_others(hub: Hub, box: Sandbox) -> None:
    down, up = (
        hub["crowdsdom"].publish(draft(reward=Money("3", "CNY"), slots=5)),
        hub["rapidworkers"].publish(draft(slots=5)),
    )
    box.market(RapidWorkersSandbox).hand_in(up.id, 5)
    box["crowdsdom"].faults.add(Fault.status(503, "before"), times=None)
    seen: list[str] = []
    stream = hub.watch([down, up], rounds=1)
    with pytest.raises(ProviderUnavailable):
        seen.extend(each.provider for each in stream)
    assert seen == ["rapidworkers"] * 5


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_hubs_span_too(box: Sandbox, clock: HandClock, backend: str) -> None:
    async def main() -> tuple[SplitReport, list[str]]:
        async with AsyncHub(box.accounts, clock=clock) as hub:
            plain = draft()
            report = await hub.publish_split(plain, {"crowdsdom": 4, "etxt": 3}, rewards=REWARDS)
            crowdsdom_hands_in(box, report.tasks[0].id, 4)
            return report, [each.provider async for each in hub.watch(report.tasks, rounds=1)]

    report, seen = anyio.run(main, backend=backend)
    assert report.failures == ()
    assert seen == ["crowdsdom"] * 4
