"""Whatever is done, in whatever order, the books agree and what is held belongs to an order."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING, Literal

import httpx
import pytest

from crowdhub.sandbox import Fault, Sandbox, SandboxError
from crowdhub_etxt.sandbox import EtxtSandbox

if TYPE_CHECKING:
    from tests.etxt.test_sandbox.conftest import Api

FORM = {"title": "x", "size": 700, "id_category": 1}


def terms(dice: random.Random) -> dict[str, object]:
    """An order to save: a draft, a public one, a multitask."""
    price, kind, public = dice.randrange(1, 400), dice.choice((1, 2)), dice.choice((0, 1, 1))
    given: dict[str, object] = {**FORM, "price": price, "price_type": kind, "public": public}
    if dice.random() < 0.4:
        given |= {"multitask": 1, "multicount": dice.randrange(1, 4), "auto_work": dice.choice((0, 1))}
    return given


def step(dice: random.Random, api: Api, market: EtxtSandbox, box: Sandbox) -> None:
    """One action of the customer, a performer or time; most of them fit, some are refused."""
    orders = [order.id for order in market.orders()] or [0]
    order, some = dice.choice(orders), dice.sample(orders, min(3, len(orders)))

    def work() -> None:
        with contextlib.suppress(SandboxError):
            market.hand_in(order)

    def begin() -> None:
        with contextlib.suppress(SandboxError):
            market.accept(market.apply(order).application)

    def fail() -> None:
        working = [each.id for each in market.orders() if each.status == 2]
        if working:
            market.overdue(working[-1])
            api("tasks.failTask", id=working[-1], copy=dice.choice((0, 1)))

    actions = {
        lambda: api("tasks.saveTask", **terms(dice)): 4,
        lambda: api("tasks.saveTask", **terms(dice), id=order): 2,
        lambda: api("tasks.deleteTask", id=[order]): 1,
        lambda: api("tasks.paidTask", id=some): 3,
        lambda: api("tasks.cancelTask", id=some, text="again"): 1,
        fail: 2,
        lambda: api("tasks.copyTask", id=order): 1,
        lambda: api("tasks.extraPaid", id=order, count=dice.randrange(1, 900)): 1,
        lambda: box.clock.advance(days=dice.choice((1, 3))): 1,
        work: 5,
        begin: 4,
    }
    (action,) = dice.choices(list(actions), list(actions.values()))
    action()


@pytest.mark.parametrize("hold_at", ["publishing", "acceptance"])
@pytest.mark.parametrize("seed", range(3))
def test_a_random_walk(
    api: Api, market: EtxtSandbox, box: Sandbox, seed: int, hold_at: Literal["publishing", "acceptance"]
) -> None:
    market.quirks.hold_at, market.quirks.commission = hold_at, 7
    market.set_balance(4000)
    dice, books = random.Random(seed), market.books()
    for _ in range(150):
        step(dice, api, market, box)
        books = market.books()
        assert books.problems() == []
        assert books.held == sum(order.terms.cost * order.slots_held for order in market.orders())
    assert books.paid_out > 0
    assert books.refunded > 0


def test_a_lost_answer_leaves_the_order_made(api: Api, market: EtxtSandbox, http: httpx.Client) -> None:
    market.faults.add(Fault.drop("after"), path="saveTask")
    with pytest.raises(httpx.RemoteProtocolError):
        api("tasks.saveTask", **FORM, price=5, public=1)
    assert [order.terms.title for order in market.orders()] == ["x"]
    api("tasks.saveTask", **FORM, price=5, public=1)
    assert [len(same) for same in market.books().duplicates().values()] == [2]
