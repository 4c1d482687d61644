"""What the prover leaves out changes nothing: a crash is looked at right before each ledger transaction and each
request, since between two of them a client does nothing that anybody else could see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from sqlalchemy.engine import Connection

from crowdhub.store import Database
from crowdhub.testing.prover import Prover
from crowdhub.testing.prover.paths import Choices
from crowdhub.testing.prover.process import ProcessDatabase
from crowdhub.testing.prover.scenarios import scenario_of
from crowdhub.testing.prover.scheduler import Client, Scheduler
from crowdhub.testing.prover.world import World
from tests.prover.played import ALONE


def rows_of(database: Database) -> Sequence[str]:
    with database.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        return [*driver.iterdump()]


@pytest.mark.parametrize("name", [*ALONE, "rapidworkers/publish/two", "etxt/publish/keys"])
def test_between_two_steps_a_client_changes_nothing(prover: Prover, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    worlds: list[World] = []
    states: list[object] = []
    transactions: list[object] = []
    begin, go_on, real_write = Scheduler.__init__, Scheduler._go_on, ProcessDatabase.write

    def init(self: Scheduler, application: object, world: World, *given: object, **named: object) -> None:
        worlds.append(world)
        begin(self, application, world, *given, **named)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def state(client: Client) -> object:
        return worlds[-1].marketplace.sandbox.books(), rows_of(client.database)

    def watched(self: Scheduler, client: Client, value: object = None, error: Exception | None = None) -> None:
        before = state(client)
        transactions.clear()
        go_on(self, client, value, error)
        # One that it makes by itself, at an operation's end, is one before which it may crash as well.
        assert transactions or state(client) == before, f"it did something before {client.step}"
        states.append(before)

    def write(self: ProcessDatabase, work: Callable[[Connection], object], lock: int = 0) -> object:
        transactions.append(work)
        return real_write(self, work, lock)

    monkeypatch.setattr(Scheduler, "__init__", init)
    monkeypatch.setattr(Scheduler, "_go_on", watched)
    monkeypatch.setattr(ProcessDatabase, "write", write)
    findings = prover.run(scenario_of(name), Choices({}))
    assert not findings.violations
    assert sum(one != other for one, other in pairwise(states)) > 3, "the steps change nothing"
