"""The way with fewer requests is chosen by arithmetic: a bulk approval takes four."""

from __future__ import annotations

import pytest

from crowdhub import Decision, Hub, Money, TaskDraft
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

DRAFT = TaskDraft(title="T", instructions="I", proof="P", category="Survey", reward=Money("0.01", "USD"))


@pytest.mark.parametrize(("count", "most"), [(1, 1), (2, 2), (4, 4), (5, 4), (60, 4)])
def test_a_full_task(count: int, most: int) -> None:
    with Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0}}) as box, Hub(box.accounts) as hub:
        market, people = hub["rapidworkers"], box.market(RapidWorkersSandbox)
        task = market.publish(DRAFT.copy_with(slots=count))
        people.hand_in(task.id, count)
        report = market.review([Decision.approve(each) for each in market.submissions(task)])
        assert (report.count("approved"), report.requests) == (count, most)


def test_many_tasks_with_a_few_each() -> None:
    """Two to five waiting on each: no more requests than one by one would take."""
    with (
        Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0, "rate_limit": None}}) as box,
        Hub(box.accounts) as hub,
    ):
        market, people = hub["rapidworkers"], box.market(RapidWorkersSandbox)
        decisions: list[Decision] = []
        for number in range(20):
            count = 2 + number % 4
            task = market.publish(DRAFT.copy_with(title=f"T{number}", slots=count))
            people.hand_in(task.id, count)
            decisions += [Decision.approve(each) for each in market.submissions(task)]
        report = market.review(decisions)
        assert report.count("approved") == len(decisions) == 70
        assert report.requests == 5 * (2 + 3 + 4 + 4)
