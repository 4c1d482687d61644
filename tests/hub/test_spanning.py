"""One program over all four marketplaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, Decision, FreeText, Hub, Money, QuestionForm, ReviewReport, Submission, Task, TaskDraft
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


def pending(hub: Hub, box: Sandbox) -> list[Submission]:
    """Two pieces of work on each of two marketplaces, in turn."""
    share = draft(reward=REWARDS["crowdsdom"])
    jobs = [hub["rapidworkers"].publish(draft()), hub["crowdsdom"].publish(share)]
    _ = box.market(RapidWorkersSandbox).hand_in(jobs[0].id, 2)
    people = box.market(CrowdSDOMSandbox)
    for name in ("worker-1", "worker-2"):
        answers = [{"questionId": "proof", "answer": ["Two sentences."]}]
        _ = people.hand_in(people.take(jobs[1].id, name), answers)
    first, second = ([*hub[job.account].submissions(job, status="pending")][:2] for job in jobs)
    return [first[0], second[0], first[1], second[1]]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_review_over_all_accounts(hub: Hub, box: Sandbox, asynchronous: bool) -> None:
    works = pending(hub, box)
    decisions = [Decision.approve(works[0]), Decision.approve(works[1]), *(Decision.reject(w, "no") for w in works[2:])]
    done: list[int] = []

    async def run() -> ReviewReport:
        async with AsyncHub(box.accounts) as other:
            return await other.review(decisions, progress=done.append)

    report = anyio.run(run) if asynchronous else hub.review(decisions, progress=done.append)
    assert [each.decision for each in report.outcomes] == decisions
    assert [str(each.result) for each in report.outcomes] == ["approved", "approved", "rejected", "rejected"]
    assert sum(done) == 4
    assert report.requests >= 4
    assert hub.review(decisions).summary() == {"already": 4}


def test_an_account_that_fails_keeps_no_other_from_being_reviewed(hub: Hub, box: Sandbox) -> None:
    works = pending(hub, box)
    box["rapidworkers"].faults.add(Fault.status(403, "before"), times=None)
    report = hub.review([Decision.approve(each) for each in works])
    assert [str(each.result) for each in report.outcomes] == ["failed", "approved", "failed", "approved"]
    assert all(each.error is not None for each in report.failures)


def test_bad_decisions_are_named_in_their_places_before_anything_is_sent(hub: Hub, box: Sandbox) -> None:
    works = pending(hub, box)
    stranger = works[0].copy_with(account="nobody")
    bad = [
        Decision.approve(stranger),
        Decision.approve(works[1]),
        Decision.approve(works[0]),
        Decision.approve(works[0]),
    ]
    before = box["crowdsdom"].request_count
    with pytest.raises(InvalidRequest) as caught:
        _ = hub.review(bad)
    assert [each.where for each in caught.value.issues] == ["decisions[0]", "decisions[3]"]
    assert box["crowdsdom"].request_count == before
    assert hub.review([]).outcomes == ()
    with pytest.raises(InvalidRequest, match="decisions"):
        _ = hub.review([works[0].id])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def test_one_draft_for_those_who_take_a_sentence_and_those_who_take_a_form(
    hub: Hub, box: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    form = QuestionForm(questions=(FreeText(id="q", text="Which colour?"),))
    both = draft(questions=form)
    with caplog.at_level("INFO", logger="crowdhub"):
        report = hub.publish_split(both, {"rapidworkers": 2, "crowdsdom": 2, "etxt": 1}, rewards=REWARDS)
    assert [share.error for share in report.shares] == [None, None, None]
    assert hub["rapidworkers"].check(both).questions is None
    assert hub["crowdsdom"].check(both.copy_with(reward=REWARDS["crowdsdom"])).proof is None
    assert "crowdsdom takes the draft's questions, which stands for its proof" in caplog.messages
    assert "rapidworkers takes the draft's proof, which stands for its questions" in caplog.messages
    left_out = [share.task.warnings if share.task else () for share in report.shares]
    assert left_out[0] == ("questions: left out of what was sent to RapidWorkers",)
    assert left_out[1] == ("proof: left out of what was sent to CrowdSDOM",)
    job = box.market(CrowdSDOMSandbox).board.jobs[report.shares[1].task.id if report.shares[1].task else ""]
    assert "Which colour?" in str(job.form.content)
    with pytest.raises(NotSupported, match="questions"):
        _ = hub["rapidworkers"].check(both.copy_with(proof=None))
