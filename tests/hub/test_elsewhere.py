"""One hub in a forked child, and in a second event loop: connections, threads and locks are made anew there."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from crowdhub import AsyncHub, Money, Task, TaskDraft
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

CHILDREN = 8
DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=4)
PROGRAM = f"""
import json, os, sys
from crowdhub import Decision, Hub, TaskDraft
draft = TaskDraft.model_validate_json(sys.argv[3])
hub = Hub(json.loads(sys.argv[1]), ledger=sys.argv[2])
market = hub["rapidworkers"]
works = list(market.submissions(sys.argv[4]))  # its connections and threads are there before the fork
market.review([Decision.reject(each, reason="empty") for each in works[:2]])
children, (begin, starter) = [], os.pipe()
for number in range({CHILDREN}):
    child = os.fork()
    if child == 0:
        os.close(starter)
        os.read(begin, 1)  # all of them send in the same moment
        said = [market.publish(draft, key=f"child {{number}}").id]
        if number == 0:
            said.append(market.review([Decision.approve(each) for each in works[2:]]).summary())
        os.write(1, (json.dumps(said) + chr(10)).encode())
        os._exit(0)
    children.append(child)
os.close(starter)
for child in children:
    os.waitpid(child, 0)
os.write(1, (json.dumps([market.publish(draft, key="parent").id]) + chr(10)).encode())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_each_forked_child_gets_its_own_answers(tmp_path: Path) -> None:
    with Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0}}) as box:
        workers = box.market(RapidWorkersSandbox)
        task = _published(box)
        workers.hand_in(task.id, 4)
        accounts = json.dumps({name: dict(each) for name, each in box.accounts.items()})
        arguments = [accounts, str(tmp_path / "ledger.sqlite3"), DRAFT.model_dump_json(), task.id]
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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_hub_in_two_event_loops(tmp_path: Path) -> None:
    with Sandbox("rapidworkers") as box:
        hub = AsyncHub(box.accounts, ledger=tmp_path / "ledger.sqlite3")

        async def publish(key: str) -> Task:
            market = hub["rapidworkers"]
            task = await market.publish(DRAFT, key=key)
            _ = [each async for each in market.submissions(task)]
            return task

        first = asyncio.run(publish("a"))
        second = asyncio.run(publish("b"))
        assert asyncio.run(publish("a")).id == first.id != second.id
        asyncio.run(hub.close())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # the connections of a loop that ended end with it
            gc.collect()
        assert len(box.market(RapidWorkersSandbox).books().charges) == 2
