"""One hub in a forked child, and in a second event loop: connections, threads and locks are made anew there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crowdhub import AsyncHub, Money, Task, TaskDraft
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.support import postgres
from tests.support.own_process import in_own_process

CHILDREN = 8
DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=4)
PROGRAM = f"""
import asyncio, json, os, sys
from crowdhub import AsyncHub, Decision, Hub, TaskDraft
draft = TaskDraft.model_validate_json(sys.argv[3])
accounts, ledger, is_async = json.loads(sys.argv[1]), sys.argv[2], sys.argv[5] == "async"
market = (AsyncHub if is_async else Hub)(accounts, ledger=ledger)["rapidworkers"]

def done(result):
    if not is_async:
        return list(result) if hasattr(result, "__next__") else result
    async def main():
        return [each async for each in result] if hasattr(result, "__aiter__") else await result
    return asyncio.run(main())

works = done(market.submissions(sys.argv[4]))  # its connections and threads are there before the fork
done(market.review([Decision.reject(each, reason="empty") for each in works[:2]]))
children, (begin, starter) = [], os.pipe()
for number in range({CHILDREN}):
    child = os.fork()
    if child == 0:
        os.close(starter)
        os.read(begin, 1)  # all of them send in the same moment
        said = [done(market.publish(draft, key=f"child {{number}}")).id]
        if number == 0:
            said.append(done(market.review([Decision.approve(each) for each in works[2:]])).summary())
        os.write(1, (json.dumps(said) + chr(10)).encode())
        os._exit(0)
    children.append(child)
os.close(starter)
for child in children:
    os.waitpid(child, 0)
os.write(1, (json.dumps([done(market.publish(draft, key="parent")).id]) + chr(10)).encode())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("face", ["sync", "async"])
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_each_forked_child_gets_its_own_answers(tmp_path: Path, face: str, store: str) -> None:
    with Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0}}) as box:
        workers = box.market(RapidWorkersSandbox)
        task = _published(box)
        workers.hand_in(task.id, 4)
        accounts = json.dumps({name: dict(each) for name, each in box.accounts.items()})
        ledger = postgres.new_database() if store == "postgresql" else str(tmp_path / "ledger.sqlite3")
        arguments = [accounts, ledger, DRAFT.model_dump_json(), task.id, face]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = [json.loads(line) for line in done.stdout.splitlines()]
        ids = [each[0] for each in said]
        assert len(ids) == len(set(ids)) == CHILDREN + 1
        assert [each[1] for each in said if len(each) > 1] == [{"approved": 2}]
        assert len(workers.books().charges) == CHILDREN + 2


def _published(box: Sandbox) -> Task:
    async def main() -> Task:
        async with AsyncHub(box.accounts) as hub:
            return await hub["rapidworkers"].publish(DRAFT)

    return asyncio.run(main())


def test_one_hub_in_two_event_loops(tmp_path: Path) -> None:
    in_own_process(publish_in_two_loops, tmp_path / "ledger.sqlite3")


def publish_in_two_loops(ledger: str) -> None:
    """The connections of a loop that ended are left to the garbage collector: nobody else can close them."""
    with Sandbox("rapidworkers") as box:
        hub = AsyncHub(box.accounts, ledger=ledger)

        async def publish(key: str) -> Task:
            market = hub["rapidworkers"]
            task = await market.publish(DRAFT, key=key)
            _ = [each async for each in market.submissions(task)]
            return task

        first = asyncio.run(publish("a"))
        second = asyncio.run(publish("b"))
        assert asyncio.run(publish("a")).id == first.id != second.id
        asyncio.run(hub.close())
        assert len(box.market(RapidWorkersSandbox).books().charges) == 2
