"""After a 429 all that use the key wait, and one request alone tries again."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest

from crowdhub import AsyncHub, Decision, Hub, Money, Submission, TaskDraft
from crowdhub.errors import RateLimited
from crowdhub.model import ReviewReport
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NAME = "rapidworkers"
DRAFT = TaskDraft(
    title="T", instructions="I", proof="P", category="Survey", reward=Money("0.01", "USD"), slots=120
)  # more places than are filled, so that nothing is approved in bulk


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME, options={NAME: {"work_rate": 0, "rate_limit": None}}) as made:
        yield made


@pytest.fixture
def people(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


def pending(hub: Hub, people: RapidWorkersSandbox) -> list[Submission]:
    task = hub[NAME].publish(DRAFT)
    people.hand_in(task.id, 100)
    found = list(hub[NAME].submissions(task, status="pending"))
    people.clear_requests()
    return found


def refused(people: RapidWorkersSandbox) -> int:
    return sum(each.status == 429 for each in people.requests)


@pytest.mark.parametrize("retry_after", [None, 7])
@pytest.mark.parametrize("face", ["sync", "asyncio", "trio"])
def test_a_hundred_approvals(box: Sandbox, people: RapidWorkersSandbox, retry_after: int | None, face: str) -> None:
    """The marketplace lets nothing through from the thirtieth on, for a while."""
    with Hub(box.accounts) as hub:
        decisions = [Decision.approve(each) for each in pending(hub, people)]
        people.faults.add(Fault.rate_limit(retry_after), path="/approve/", skip=30, times=6)
        if face == "sync":
            report = hub[NAME].review(decisions)
        else:

            async def review() -> ReviewReport:
                async with AsyncHub(box.accounts) as there:
                    return await there[NAME].review(decisions)

            report = anyio.run(review, backend=face)
    assert report.summary() == {"approved": 100}
    assert refused(people) == 6
    assert people.request_count <= 100 + 6 + 3


@pytest.mark.parametrize(("retry_after", "most"), [(None, 40), (3600, 8)])
def test_one_that_does_not_end(box: Sandbox, people: RapidWorkersSandbox, retry_after: int | None, most: int) -> None:
    """A day's limit: few requests find out, and what was not sent says so."""
    with Hub(box.accounts, max_wait=20) as hub:
        decisions = [Decision.approve(each) for each in pending(hub, people)]
        people.faults.add(Fault.rate_limit(retry_after), path="/approve/", skip=30, times=None)
        report = hub[NAME].review(decisions)
    assert report.count("approved") == 30
    assert {type(each.error) for each in report.outcomes if each.error} == {RateLimited}
    assert refused(people) <= most


def test_accounts_of_one_key_wait_together(box: Sandbox, people: RapidWorkersSandbox) -> None:
    ours = {"provider": NAME, **box.accounts[NAME]}
    with Hub({"a": ours, "b": ours}, clock=box.clock, max_wait=5) as hub:
        people.faults.add(Fault.rate_limit(60), times=1)
        with pytest.raises(RateLimited):
            hub["a"].balance()
        before = people.request_count
        with pytest.raises(RateLimited, match="of this key") as caught:
            hub["b"].balance()
        assert not caught.value.sent
        assert people.request_count == before
        box.advance(seconds=61)
        _ = hub["b"].balance(), hub["a"].balance()
