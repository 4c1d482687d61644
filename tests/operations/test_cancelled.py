"""Cancelled at any moment, under asyncio's own cancelling and a scope's: no key is stuck, nothing is paid twice."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.errors import CrowdhubError, OutcomeUnknown
from crowdhub.sandbox import Sandbox
from crowdhub_capsolver import CapSolver
from crowdhub_capsolver.conformance import PIXEL
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.support.own_process import in_own_process

DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)
KEYS = 50


async def _publish(hub: AsyncHub, key: str) -> None:
    with suppress(CrowdhubError):
        await hub["rapidworkers"].publish(DRAFT, key=key)


async def _cancelled(hub: AsyncHub, key: str, steps: int, how: str) -> None:
    """Publish, and be cancelled after so many turns of the loop."""
    if how == "scope":
        async with anyio.create_task_group() as group:
            group.start_soon(_publish, hub, key)
            for _ in range(steps):
                await asyncio.sleep(0)
            group.cancel_scope.cancel()
        return
    task = asyncio.ensure_future(_publish(hub, key))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("how", ["native", "scope"])
@pytest.mark.parametrize("turns", [1, 2, 5, 20])
def test_what_is_cancelled_before_it_leaves_is_free(tmp_path: Path, how: str, turns: int) -> None:
    """Also where nothing could ever prove that it was not carried out: a cancel that came first is told first."""

    async def main() -> None:
        with Sandbox("capsolver") as box:
            async with AsyncHub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as hub:
                market = hub.market(CapSolver)
                _ = await market.balance()
                before = box["capsolver"].request_count

                async def buy() -> None:
                    draft = TaskDraft(title="", instructions="", image=PIXEL)
                    await market.run(market.provider.solve(draft), key="k", amount=Money("1", "USD"))

                if how == "scope":
                    async with anyio.create_task_group() as group:
                        group.start_soon(buy)
                        for _ in range(turns):
                            await asyncio.sleep(0)
                        group.cancel_scope.cancel()
                else:
                    task = asyncio.ensure_future(buy())
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
                ledger = market.ledger
                assert ledger is not None
                states = [str(each.state) for each in ledger.report.entries()]
                assert box["capsolver"].request_count == before
                assert states in ([], ["not_done"])

    asyncio.run(main())


@pytest.mark.parametrize("how", ["native", "scope"])
def test_no_key_is_stuck(tmp_path: Path, how: str) -> None:
    """In the same process, right after it: what was never sent is free, what may have been is found."""
    in_own_process(publish_and_cancel, tmp_path / "ledger.sqlite3", how)


def publish_and_cancel(ledger: str, how: str) -> None:
    """Connections that are being made as they are cancelled are left to the garbage collector by the HTTP library."""
    turns = random.Random(7)
    with Sandbox("rapidworkers", options={"rapidworkers": {"rate_limit": None}}) as box:

        async def main() -> None:
            async with AsyncHub(box.accounts, ledger=ledger, clock=box.clock) as hub:
                async with asyncio.TaskGroup() as group:
                    for number in range(KEYS):
                        group.create_task(_cancelled(hub, f"k{number}", turns.randrange(80), how))
                box.advance(minutes=6)
                for number in range(KEYS):
                    # What others took in the same moment can hide what this one took: that one stays unknown then.
                    with suppress(OutcomeUnknown):
                        await hub["rapidworkers"].publish(DRAFT, key=f"k{number}")

        asyncio.run(main())
        workers = box.market(RapidWorkersSandbox)
        with Hub(box.accounts, ledger=ledger, clock=box.clock) as hub:
            assert hub.ledger is not None
            left = hub.ledger.open_intents(under_way=True)
            assert {each.state for each in left} <= {"unknown"}
            assert not any(hub.ledger.is_under_way(each) for each in left)
            assert len(workers.books().charges) == KEYS - len(left)
            assert len(left) < KEYS / 4


def test_a_timeout_of_asyncio_is_still_one(tmp_path: Path) -> None:
    with Sandbox("rapidworkers") as box:

        async def main() -> None:
            async with AsyncHub(box.accounts, ledger=tmp_path / "ledger.sqlite3") as hub:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0):
                        await hub["rapidworkers"].publish(DRAFT, key="k")
                await hub["rapidworkers"].publish(DRAFT, key="k")

        asyncio.run(main())


def test_many_that_wait_for_one_key_leave_it_the_threads_it_needs(tmp_path: Path) -> None:
    with Sandbox("rapidworkers") as box:

        async def main() -> set[str]:
            async with AsyncHub(box.accounts, ledger=tmp_path / "ledger.sqlite3") as hub:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(hub["rapidworkers"].publish(DRAFT, key="k")) for _ in range(60)]
                return {task.result().id for task in tasks}

        assert len(asyncio.run(main())) == 1
        assert len(box.market(RapidWorkersSandbox).books().charges) == 1
