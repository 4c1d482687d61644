"""A dry run is a plan: it says whether the key, the budget, the balance and the request limit let it through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.errors import BudgetExceeded, CrowdhubError, RateLimited
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NAME = "rapidworkers"
DRAFT = TaskDraft(title="T", instructions="I", reward=Money("0.10", "USD"), slots=10, proof="P", category="Survey")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME, options={NAME: {"balance": "2"}}) as made:
        yield made


@pytest.fixture
def side(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


def hub_of(box: Sandbox, tmp_path: Path, budget: str | None = None) -> Hub:
    limit = None if budget is None else {"USD": budget}
    return Hub(box.accounts, clock=box.clock, ledger=tmp_path / "ledger.sqlite3", budget=limit, max_wait=5)


def test_nothing_is_in_the_way(box: Sandbox, tmp_path: Path, side: RapidWorkersSandbox) -> None:
    with hub_of(box, tmp_path, "1.10") as hub:
        plan = hub[NAME].publish(DRAFT, key="k", dry_run=True)
        assert (plan.obstacles, plan.is_done) == ((), False)
        assert side.jobs() == []
        task = hub[NAME].publish(DRAFT, key="k")
        before = side.request_count
        again = hub[NAME].publish(DRAFT, key="k", dry_run=True)
        assert (again.obstacles, again.is_done) == ((), True)  # though nothing is left of the budget
        assert hub[NAME].publish(DRAFT, key="k").id == task.id
        assert side.request_count == before


def test_the_budget(box: Sandbox, tmp_path: Path) -> None:
    with hub_of(box, tmp_path, "1.50") as hub:
        _ = hub[NAME].publish(DRAFT.copy_with(slots=5), key="half")
        (why,) = hub[NAME].publish(DRAFT, key="k", dry_run=True).obstacles
        with pytest.raises(BudgetExceeded) as refused:
            _ = hub[NAME].publish(DRAFT, key="k")
        assert why == refused.value.message
    with Hub(box.accounts, clock=box.clock, ledger=tmp_path / "l", budget={"EUR": "5"}) as hub:
        (why,) = hub[NAME].publish(DRAFT, dry_run=True).obstacles
        assert "USD" in why


def test_the_balance(box: Sandbox, tmp_path: Path) -> None:
    with hub_of(box, tmp_path) as hub:
        (why,) = hub[NAME].publish(DRAFT.copy_with(slots=30), key="k", dry_run=True).obstacles
        assert why == "The balance is 2.00 USD, and it takes 3.30 USD."
        with pytest.raises(CrowdhubError):
            _ = hub[NAME].publish(DRAFT.copy_with(slots=30), key="k")


def test_a_key_of_something_else(box: Sandbox, tmp_path: Path) -> None:
    with hub_of(box, tmp_path) as hub:
        _ = hub[NAME].publish(DRAFT.copy_with(slots=1), key="k")
        (why,) = hub[NAME].publish(DRAFT, key="k", dry_run=True).obstacles
        assert "used for something else" in why


def test_a_key_whose_outcome_is_not_known(box: Sandbox, tmp_path: Path, side: RapidWorkersSandbox) -> None:
    side.faults.add(Fault.drop("before"), method="POST", path="/jobs/add", times=None)
    with hub_of(box, tmp_path) as hub:
        with pytest.raises(CrowdhubError):
            _ = hub[NAME].publish(DRAFT, key="k")
        (why,) = hub[NAME].publish(DRAFT, key="k", dry_run=True).obstacles
        assert "its outcome is not known" in why


def test_async_and_a_balance_that_cannot_be_told(box: Sandbox, tmp_path: Path, side: RapidWorkersSandbox) -> None:
    side.faults.add(Fault.status(403, "before"), path="get_balance", times=None)

    async def run() -> tuple[str, ...]:
        async with AsyncHub(box.accounts, clock=box.clock, ledger=tmp_path / "l", budget={"USD": "1"}) as hub:
            plan = await hub[NAME].publish(DRAFT, key="k", dry_run=True)
            return plan.obstacles

    (why,) = anyio.run(run)
    assert "1.10 USD" in why


@pytest.mark.parametrize("ledger", ["ledger.sqlite3", None])
def test_the_request_limit(box: Sandbox, tmp_path: Path, ledger: str | None, side: RapidWorkersSandbox) -> None:
    with Hub(box.accounts, clock=box.clock, ledger=ledger and tmp_path / ledger, max_wait=5) as hub:
        market = hub[NAME]
        with pytest.raises(RateLimited):  # reading: a tenth of the limit is kept for what spends
            _ = [market.balance() for _ in range(1000)]
        assert market.publish(DRAFT, dry_run=True).obstacles == ()
        if ledger is not None:  # under a key it is looked for first, which is reading
            (why,) = market.publish(DRAFT, key="k", dry_run=True).obstacles
            with pytest.raises(RateLimited, match="is used up for"):
                _ = market.publish(DRAFT, key="k")
            assert "is used up for" in why
        left = market.request_budget().left
        assert left
        for _ in range(3):
            _ = market.publish(DRAFT, dry_run=True)
        assert market.request_budget().left == left
        assert market.publish(DRAFT).id


def test_a_pause_that_the_marketplace_asked_for(box: Sandbox, tmp_path: Path, side: RapidWorkersSandbox) -> None:
    with hub_of(box, tmp_path) as hub:
        assert hub[NAME].publish(DRAFT.copy_with(slots=1), key="first").id  # it told the balance
        side.faults.add(Fault.status(429, "before", headers={"Retry-After": "50"}), path="jobs", times=None)
        with pytest.raises(RateLimited):
            _ = hub[NAME].publish(DRAFT.copy_with(slots=1))
        (why,) = hub[NAME].publish(DRAFT.copy_with(slots=1), dry_run=True).obstacles
        assert "lets nothing of this key through" in why
