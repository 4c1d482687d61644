"""A watch that is refused: by a page of something in between, which is an outage, or by the marketplace itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crowdhub import Hub
from crowdhub.errors import InvalidRequest, NotFound, PermissionDenied
from crowdhub.sandbox import Fault
from tests.support.staged import FACES, Stage, staged

PAGE = "<html><head><title>404 Not Found</title></head><body><center>nginx</center></body></html>"
KINDS = {400: InvalidRequest, 403: PermissionDenied, 404: NotFound}
MARKETS = ("rapidworkers", "crowdsdom", "etxt")


@pytest.fixture(params=MARKETS)
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(request.param, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("status", KINDS)
def test_a_page_in_one_round_is_a_missed_round(stage: Stage, face: str, status: int) -> None:
    def refuse() -> None:
        stage.fail(Fault.status(status, "before", PAGE, {"Content-Type": "text/html"}))
        stage.hand_in()

    stage.acts = [refuse]
    found = stage.watched(face, rounds=4)
    assert len(found) == 1
    assert [type(each.error) for each in stage.problems] == [KINDS[status]]


def test_a_page_instead_of_the_list_is_a_missed_round(stage: Stage) -> None:
    """The task was found, and the list of its work is not."""
    path = {"rapidworkers": "/submissions/", "crowdsdom": "/tasks", "etxt": "getResults"}[stage.name]
    stage.hand_in()
    stage.fail(Fault.status(404, "before", PAGE), path=path)
    assert len(stage.watched("sync", rounds=3)) == 1
    assert [type(each.error) for each in stage.problems] == [NotFound]


@pytest.mark.parametrize("face", FACES)
def test_pages_for_longer_than_patience_are_raised(stage: Stage, face: str) -> None:
    """The task stays under watch: nothing but a page said that it is gone."""
    stage.acts = [lambda: stage.fail(Fault.status(404, "before", PAGE), times=None)]
    began = stage.box.clock.now()
    with pytest.raises(NotFound):
        stage.watched(face, patience=1000)
    assert 1000 <= (stage.box.clock.now() - began).total_seconds() < 2500
    assert {each.task_id for each in stage.problems} <= {stage.task.id, None}


def test_whoever_asks_again_goes_on(stage: Stage) -> None:
    with Hub(stage.box.accounts, clock=stage.box.clock, max_wait=5) as hub:
        watch = hub[stage.name].watch([stage.task], interval=300, patience=1000)
        stage.acts = [lambda: stage.fail(Fault.status(404, "before", PAGE), times=None)]
        for _ in range(2):
            with pytest.raises(NotFound):
                next(watch)
        stage.market.faults.clear()
        stage.hand_in()
        assert next(watch).task_id == stage.task.id


def test_the_marketplaces_own_refusal_is_raised_at_once(stage: Stage) -> None:
    if stage.name == "etxt":
        pytest.skip("its own refusals come with HTTP 200")
    stage.acts = [lambda: stage.fail(Fault.status(403, "before"))]
    with pytest.raises(PermissionDenied):
        stage.watched("sync", rounds=3)


@pytest.mark.parametrize("face", FACES)
def test_one_that_the_marketplace_says_is_gone_is_dropped_and_told(stage: Stage, face: str) -> None:
    """It has ended, as one that is completed has: the watch of it alone ends."""
    gone = {"etxt": Fault.status(200, "before", {"error": "no_object"})}.get(stage.name, Fault.status(404, "before"))
    stage.acts = [lambda: stage.fail(gone, times=None)]
    assert stage.watched(face, patience=3600) == []
    assert [(each.task_id, type(each.error)) for each in stage.problems] == [(stage.task.id, NotFound)]
