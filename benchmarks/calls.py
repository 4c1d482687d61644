"""One call (approve) through the markets, against the same call by a bare ``httpx.Client``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx

from benchmarks.bare import TASK
from benchmarks.measure import line, process, sandbox, side_by_side
from crowdhub import AsyncHub, Hub, Money, Submission, TaskDraft, Worker

CALLS = 300
ROUNDS = 7


def measure() -> None:
    print(f"One approve, {CALLS} in a row over one connection, median of {ROUNDS} rounds")
    with process("-m", "benchmarks.bare", "1") as server:
        account = {"api_key": "bench-key", **server}
        one = Submission(
            id="1", task_id=TASK, provider="rapidworkers", account="rapidworkers", environment="sandbox",
            worker=Worker(id="w"),
        )  # fmt: skip
        _compare("a server that costs nothing", account, [one] * (4 * CALLS * (ROUNDS + 1)))
    with sandbox("rapidworkers.instant_work=true") as accounts, Hub(accounts, ledger=None) as hub:
        market = hub["rapidworkers"]
        needed = 4 * CALLS * (ROUNDS + 1)
        draft = TaskDraft(
            title="Approve me", instructions="…", reward=Money("0.01", "USD"), slots=needed, proof="…", category="Test"
        )
        work = list(market.submissions(market.publish(draft)))
        _compare("the sandbox, in its own process", accounts["rapidworkers"], work)


def _compare(  # noqa: C901 - one function for each contender
    against: str, account: dict[str, str], work: Sequence[Submission]
) -> None:
    stock = iter(work)

    def take() -> list[Submission]:
        return [next(stock) for _ in range(CALLS)]

    headers = {"X-API-Key": account["api_key"]}
    with httpx.Client(base_url=account["base_url"], headers=headers) as client, asyncio.Runner() as runner:
        hub = Hub({"rapidworkers": account})
        async_hub = AsyncHub({"rapidworkers": account})
        market, async_market = hub["rapidworkers"], async_hub["rapidworkers"]

        def bare(_: int) -> None:
            for each in take():
                path = f"/api/campaigns/{each.task_id}/submissions/{each.id}/approve/"
                client.post(path, json={"notes": "thanks"}).raise_for_status().json()

        def ours(_: int) -> None:
            for each in take():
                market.approve(each, "thanks")

        async_client = httpx.AsyncClient(base_url=account["base_url"], headers=headers)

        async def bare_async() -> None:
            for each in take():
                path = f"/api/campaigns/{each.task_id}/submissions/{each.id}/approve/"
                (await async_client.post(path, json={"notes": "thanks"})).raise_for_status().json()

        async def all_async() -> None:
            for each in take():
                await async_market.approve(each, "thanks")

        found = side_by_side(
            {
                "bare httpx.Client": bare,
                "Market": ours,
                "AsyncMarket": lambda _: runner.run(all_async()),
                "bare httpx.AsyncClient": lambda _: runner.run(bare_async()),
            },
            ROUNDS,
        )
        runner.run(async_client.aclose())
        runner.run(async_hub.close())
        hub.close()
    base = found["bare httpx.Client"]
    print(f" against {against}:")
    for name, seconds in found.items():
        line(name, seconds, base, "(at most 1.25 wanted)" if "Market" in name else "")
