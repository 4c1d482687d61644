"""Work that a marketplace settles by itself is listed before it does, with what it will take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crowdhub import Hub, Money, Task, TaskDraft
from crowdhub.errors import ConfigurationError, InvalidRequest, ProviderUnavailable
from crowdhub.model import DueReport
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox
from tests.conftest import World

OPTIONS = {"crowdsdom": {"every": 0}}


def published(hub: Hub, hours: int, reward: str = "3") -> Task:
    draft = TaskDraft(
        title="Read it",
        instructions="Read it",
        proof="A number",
        reward=Money(reward, "CNY"),
        slots=5,
        auto_approve=timedelta(hours=hours),
    )
    return hub["crowdsdom"].publish(draft)


def hand_in(box: Sandbox, task: Task, count: int) -> list[str]:
    side = box.market(CrowdSDOMSandbox)
    return [side.hand_in(side.take(task.id, f"worker-{number}")).id for number in range(count)]


def test_what_comes_up_is_listed_soonest_first_with_the_sum(world: World) -> None:
    with Sandbox("crowdsdom", options=OPTIONS) as box:
        with Hub(box.accounts) as hub:
            late, soon, none = published(hub, 20), published(hub, 2, "5"), published(hub, 1)
            idle = published(hub, 200)
        works = hand_in(box, soon, 2), hand_in(box, late, 1)
        hand_in(box, idle, 1)
        before = box["crowdsdom"].request_count

        def due(hub: Hub) -> object:
            return hub["crowdsdom"].due(within=timedelta(days=1))

        report = world.hub(box.accounts, due)
        assert isinstance(report, DueReport)
        assert {each.id for each in report.submissions[:2]} == set(works[0])
        assert [each.id for each in report.submissions[2:]] == works[1]
        assert report.total == {"CNY": Money("15.60", "CNY")}  # 2 × 5 and 3, with the commission of 20 %
        assert (report.untold, report.failed, report.unpriced, report.undated) == ({}, {}, 0, 0)
        asked = [each.path for each in box["crowdsdom"].requests if each.path.endswith("/tasks")]
        assert f"/v1/jobs/{none.id}/tasks" not in asked  # its counter says that nothing is pending
        assert box["crowdsdom"].request_count - before <= 5  # a token, the list, and three tasks with work


def test_a_hub_names_who_does_not_tell_and_who_cannot_be_asked() -> None:
    with Sandbox("crowdsdom", "rapidworkers", "etxt", "capsolver", options=OPTIONS) as box:
        accounts: dict[str, dict[str, Any]] = {name: dict(settings) for name, settings in box.accounts.items()}
        accounts["second"] = {**box.accounts["crowdsdom"], "provider": "crowdsdom"}
        accounts["broken"] = {"provider": "crowdsdom"}
        with Hub(accounts, clock=box.clock) as hub:
            hand_in(box, published(hub, 2), 1)
            box["crowdsdom"].faults.add(Fault.status(503, "before"), method="GET", path="/jobs$", times=None, skip=1)
            report = hub.due(within=timedelta(hours=3))
            assert [each.account for each in report.submissions] == ["crowdsdom"]
            assert set(report.untold) == {"rapidworkers", "etxt", "capsolver"}
            assert all(report.untold.values())
            assert isinstance(report.failed["second"], ProviderUnavailable)
            assert isinstance(report.failed["broken"], ConfigurationError)
            assert hub["rapidworkers"].due().untold == {"rapidworkers": report.untold["rapidworkers"]}
        assert sum(box[name].request_count for name in ("rapidworkers", "etxt", "capsolver")) == 0


def test_what_is_settled_is_not_due_any_more() -> None:
    with Sandbox("crowdsdom", options=OPTIONS) as box, Hub(box.accounts) as hub:
        hand_in(box, published(hub, 2), 2)
        first, second = hub.due().submissions
        hub["crowdsdom"].approve(first)
        assert hub.due(within=timedelta(hours=1)).submissions == ()
        assert [each.id for each in hub.due(within=timedelta(hours=2)).submissions] == [second.id]
        box.advance(hours=3)  # the marketplace settled it by itself
        assert hub.due() == DueReport()


def test_a_time_that_is_over_is_refused_before_any_request() -> None:
    with Sandbox("crowdsdom") as box, Hub(box.accounts) as hub:
        wrong: Any = 3
        for within in (timedelta(seconds=-1), wrong):
            for ask in (hub.due, hub["crowdsdom"].due):
                with pytest.raises(InvalidRequest, match="within"):
                    ask(within=within)
        assert box["crowdsdom"].request_count == 0
