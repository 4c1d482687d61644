"""Performers who act as the clock moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from crowdhub.sandbox import Sandbox
from crowdhub_etxt.sandbox import EtxtSandbox

if TYPE_CHECKING:
    from tests.etxt.test_sandbox.conftest import Api, One, Save


@pytest.fixture
def options(request: pytest.FixtureRequest) -> dict[str, object]:
    return getattr(request, "param", {"work_rate": 1, "poor_share": 0})


def test_they_apply_and_hand_in(api: Api, box: Sandbox, market: EtxtSandbox, save: Save, one: One) -> None:
    order, draft = save(), save(public=0)
    box.advance(hours=24)
    applications = api("tasks.viewNotes", id=order)
    assert 1 <= len(applications) <= 3
    assert all(int(each["date"]) <= market.clock.now().timestamp() for each in applications)
    api("tasks.setNote", id=applications[0]["id_note"])
    box.advance(hours=24)
    assert (one(order)["status"], one(draft)["status"]) == ("3", "1")
    api("tasks.cancelTask", id=[order], text="Again")
    box.advance(hours=24)
    assert [each["status"] for each in api("tasks.getResults", id=[order])] == ["1", "0"]


def test_auto_accepted_multitasks_are_finished_in_one_go(
    api: Api, box: Sandbox, market: EtxtSandbox, save: Save
) -> None:
    order = save(multitask=1, multicount=5, auto_work=1)
    box.advance(days=4)
    made = [each for each in market.orders() if each.parent == order]
    assert [each.status for each in made] == [3] * 5
    assert all(each.results[0].date < market.clock.now() for each in made)


def test_what_happens_follows_from_the_seed(http: httpx.Client, new_api: type[Api]) -> None:
    def remarks(seed: int) -> list[tuple[str, str, str]]:
        with Sandbox(EtxtSandbox, seed=seed) as box:
            api = new_api(http, box.accounts["etxt"])
            order = api("tasks.saveTask", title="x", price=9, price_type=2, size=9, id_category=1, public=1)["id_task"]
            box.advance(days=1)
            return [(each["login"], each["date"], each["text"]) for each in api("tasks.viewNotes", id=order)]

    assert remarks(1) == remarks(1) != remarks(2)


@pytest.mark.parametrize("options", [{"instant_work": True, "work_rate": 0}], indirect=True)
def test_instant_work(api: Api, market: EtxtSandbox, save: Save, one: One) -> None:
    order = save()
    (application,) = api("tasks.viewNotesAll")
    api("tasks.setNote", id=application["id_note"])
    assert one(order)["status"] == "3"
    many = save(multitask=1, multicount=3, auto_work=1)
    assert len([each for each in market.orders() if each.parent == many and each.results]) == 3


@pytest.mark.parametrize("options", [{"work_rate": 2, "poor_share": 1}], indirect=True)
def test_poor_work_has_poor_figures(api: Api, box: Sandbox, market: EtxtSandbox, save: Save) -> None:
    order = save(auto_work=1)
    box.advance(days=3)
    (row,) = api("tasks.getResults", id=[order])
    assert float(row["per_antiplagiat"]) < 80
