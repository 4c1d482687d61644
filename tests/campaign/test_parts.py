"""The campaign's own tools."""

from datetime import UTC, datetime, timedelta

import pytest

from crowdhub.errors import InvalidRequest
from crowdhub.testing.campaign.clock import DrivenClock
from crowdhub.testing.campaign.stages import STAGES, stage_of
from crowdhub.testing.campaign.storm import KINDS, Storm

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_wait_costs_nothing_and_is_told():
    moved = []
    clock = DrivenClock(NOW, moved=moved.append)
    clock.sleep(3600)
    clock.jump(-7200)
    assert clock.now() == NOW - timedelta(hours=1)
    assert (clock.passed, moved) == (3600, [3600])


def drawn(seed, rate=1.0, spends="^$", requests=400):
    storm = Storm(seed, rate, spends=spends, note=lambda _: None)
    storm.begin("a", 1)
    return [str(storm.take("POST", f"/x{n}", NOW)) for n in range(requests)], storm


def test_a_requests_luck_follows_from_the_seed():
    assert drawn(1)[0] == drawn(1)[0] != drawn(2)[0]
    kinds = set(drawn(1)[1].counts)
    assert kinds == set(KINDS)


def test_only_a_share_is_spoilt_and_none_once_it_is_calm():
    luck, storm = drawn(1, rate=0.25)
    assert 0.15 < sum(each != "None" for each in luck) / len(luck) < 0.4
    storm.calm()
    assert storm.take("POST", "/x", NOW) is None


def test_what_spends_is_never_delivered_twice():
    assert not any("twice" in each for each in drawn(1, spends="^POST /x")[0])
    assert any("twice" in each for each in drawn(1)[0])


def test_an_unknown_marketplace_is_named():
    with pytest.raises(InvalidRequest, match=r"nowhere.*rapidworkers"):
        stage_of("nowhere")


@pytest.mark.parametrize("name", list(STAGES))
def test_drafts_differ_so_that_no_task_is_taken_for_another(name):
    draft = STAGES[name].draft
    assert draft(1) == draft(1) != draft(2)
