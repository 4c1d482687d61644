"""A hub that is closed under a call: one error of ours, and a key that can be carried on with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.errors import CrowdhubError, OutcomeUnknown
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NAME = "rapidworkers"
DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME) as made:
        yield made


def arrived(box: Sandbox) -> threading.Event:
    """Set once the publish has reached the marketplace, which does not answer."""
    box[NAME].faults.add(Fault.hang("after"), path="/jobs/add", times=1)
    told, workers = threading.Event(), box.market(RapidWorkersSandbox)

    def watch() -> None:
        while not workers.books().charges:
            told.wait(0.01)
        told.set()

    threading.Thread(target=watch, daemon=True).start()
    return told


def settled(box: Sandbox, file: Path, error: BaseException) -> None:
    assert isinstance(error, CrowdhubError), repr(error)
    assert isinstance(error, OutcomeUnknown), "it had left"
    box[NAME].faults.clear()
    with Hub(box.accounts, ledger=file, clock=box.clock) as later:
        assert later[NAME].publish(DRAFT, key="k").replayed
    assert len(box.market(RapidWorkersSandbox).books().charges) == 1


def test_in_ordinary_code(box: Sandbox, tmp_path: Path) -> None:
    file, errors = tmp_path / "ledger.sqlite3", list[BaseException]()
    hub = Hub(box.accounts, ledger=file, clock=box.clock, timeout=20)

    def publish() -> None:
        try:
            hub[NAME].publish(DRAFT, key="k")
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is looked at
            errors.append(error)

    there = arrived(box)
    thread = threading.Thread(target=publish)
    thread.start()
    assert there.wait(20)
    hub.close()
    box[NAME].faults.release()
    thread.join(30)
    assert not thread.is_alive()
    (error,) = errors
    settled(box, file, error)


def test_under_an_event_loop(box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"

    async def main() -> BaseException:
        hub = AsyncHub(box.accounts, ledger=file, clock=box.clock)
        there = arrived(box)
        publishing = asyncio.ensure_future(hub[NAME].publish(DRAFT, key="k"))
        assert await asyncio.to_thread(there.wait, 20)
        await hub.close()
        box[NAME].faults.release()
        (error,) = await asyncio.gather(publishing, return_exceptions=True)
        assert isinstance(error, BaseException), error
        return error

    settled(box, file, asyncio.run(main()))
