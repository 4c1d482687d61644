"""The campaign's own tools."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from crowdhub.errors import ConfigurationError
from crowdhub.testing.campaign import names
from crowdhub.testing.campaign.clock import DrivenClock
from crowdhub.testing.campaign.drawn import KINDS, DrawnFaults
from crowdhub.testing.campaign.profile import profile_of
from crowdhub.testing.campaign.requests import RequestPattern, costly_requests

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_wait_costs_nothing_and_is_told() -> None:
    moved: list[float] = []
    clock = DrivenClock(NOW, moved=moved.append)
    clock.sleep(3600)
    clock.jump(-7200)
    assert clock.now() == NOW - timedelta(hours=1)
    assert (clock.passed, moved) == (3600, [3600])


def drawn(
    seed: int, rate: float = 1.0, repeated: Sequence[RequestPattern] = (), requests: int = 400
) -> tuple[list[str], DrawnFaults]:
    faults = DrawnFaults(seed, rate, repeated=repeated, note=lambda _: None)
    faults.begin("a", 1)
    return [str(faults.take("POST", f"/x{n}", NOW)) for n in range(requests)], faults


def test_a_requests_luck_follows_from_the_seed() -> None:
    assert drawn(1)[0] == drawn(1)[0] != drawn(2)[0]
    kinds = set(drawn(1)[1].counts)
    assert kinds == set(KINDS)


def test_only_a_share_is_spoilt_and_none_once_it_is_stopped() -> None:
    luck, faults = drawn(1, rate=0.25)
    assert 0.15 < sum(each != "None" for each in luck) / len(luck) < 0.4
    faults.stop()
    assert faults.take("POST", "/x", NOW) is None


def test_what_spends_is_never_delivered_twice() -> None:
    assert not any("twice" in each for each in drawn(1, repeated=[RequestPattern("POST", "/x.*")])[0])
    assert any("twice" in each for each in drawn(1, repeated=[RequestPattern("POST", "/x.*", "Other")])[0])
    assert any("twice" in each for each in drawn(1)[0])


def test_an_unknown_marketplace_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere.*rapidworkers"):
        profile_of("nowhere")


@pytest.mark.parametrize("name", names())
def test_drafts_differ_so_that_no_task_is_taken_for_another(name: str) -> None:
    draft = profile_of(name).draft
    assert draft(1) == draft(1) != draft(2)


COSTLY = {
    "rapidworkers": [("POST", "/jobs/add", None)],
    "crowdsdom": [("POST", "/v1/jobs", None)],
    "etxt": [("POST", "/api/json/", "tasks.saveTask")] * 2,
    "capsolver": [("POST", "/createTask", None)],
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_costs_is_learned_from_what_is_sent(name: str) -> None:
    costly = costly_requests(name)
    found = [(each.method, each.path.replace("\\", ""), each.operation) for each in costly.publish_steps]
    assert found == COSTLY[name]
    assert costly.publish == costly.publish_steps[-1]
    assert [each.skip for each in costly.publish_steps] == list(range(len(found)))
    assert (costly.bonus is not None) == (name == "etxt")
