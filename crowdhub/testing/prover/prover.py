"""One scenario on one path, and all paths of a scenario."""

from __future__ import annotations

import random
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest.mock import patch

from crowdhub.clock import Clock
from crowdhub.store import Database
from crowdhub.store.schema import meta, metadata
from crowdhub.testing.prover.checks import PathFindings, entry_of
from crowdhub.testing.prover.others import CLOCKS, Happening
from crowdhub.testing.prover.paths import GOES_ON, Choices, Option, explore, written
from crowdhub.testing.prover.process import Machine, MachineClock
from crowdhub.testing.prover.scenarios import Scenario
from crowdhub.testing.prover.scheduler import SOON, Client, Scheduler
from crowdhub.testing.prover.world import Tell, World, described

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a ledger there need not survive, and waits for no disk
ASKED_AGAIN = 3
"""How often the application asks again at a path's end, before it recovers."""
ENOUGH = 2
"""Good answers in a row after which it stops asking."""
ON_ONE = [Option(f"both clients are on one machine: {each.words}") for each in CLOCKS]


@dataclass
class Violation:
    """What is wrong on one path, and how to see it again."""

    path: str
    departures: int
    sentence: str


@dataclass
class Proof:
    """What all paths of one scenario brought. ``paths``, ``unknown`` and ``outside`` are by number of departures,
    ``happened`` is the number of paths by what happened on them."""

    scenario: str
    depth: int
    paths: Counter[int] = field(default_factory=Counter[int])
    unknown: Counter[int] = field(default_factory=Counter[int])
    outside: Counter[int] = field(default_factory=Counter[int])
    happened: Counter[str] = field(default_factory=Counter[str])
    violations: list[Violation] = field(default_factory=list[Violation])
    seconds: float = 0.0


class Prover:
    """Goes through paths. Use it in a ``with`` block: it keeps its ledgers in a folder that goes with it."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        folder = IN_MEMORY if IN_MEMORY.is_dir() else None
        place = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="crowdhub-prover-", dir=folder)))
        self._databases = [self._database(place / f"ledger-{number}.sqlite3") for number in range(2)]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    def _database(self, path: Path) -> Database:
        Database(path).close()  # with its tables; opened anew without waits for the disk
        database = Database(path, durable=False)
        _ = self._stack.callback(database.close)
        return database

    def prove(self, scenario: Scenario, depth: int, progress: Callable[[Proof], None] | None = None) -> Proof:
        """All paths with at most so many departures."""
        proof = Proof(scenario.name, depth)
        began = time.monotonic()
        for choices, findings in explore(lambda choices: self.run(scenario, choices), depth):
            departures = choices.departures
            proof.paths[departures] += 1
            proof.unknown[departures] += bool(findings.unknown)
            proof.outside[departures] += findings.is_outside
            proof.happened.update(set(choices.happened))
            path = f"{scenario.name}/{written(choices.wanted)}"
            proof.violations += [Violation(path, departures, words) for words in findings.violations]
            proof.seconds = time.monotonic() - began
            if progress is not None:
                progress(proof)
        return proof

    def replay(self, scenario: Scenario, wanted: Mapping[int, int], tell: Tell) -> PathFindings:
        """One path, told step by step."""
        choices = Choices(wanted)
        findings = self.run(scenario, choices, tell)
        choices.finish()
        return findings

    def run(self, scenario: Scenario, choices: Choices, tell: Tell | None = None) -> PathFindings:
        """One path, from its start to its end."""
        for number in {ask.ledger for ask in scenario.asks}:
            _empty(self._databases[number])
        with _repeatable():
            return _Path(scenario, choices, self._databases, tell).run()


@contextmanager
def _repeatable() -> Generator[None]:
    """The same luck on each path: how long the engine waits before it repeats a call, and what the ledger's ids are."""
    luck, ids = random.getstate(), random.Random(0)  # noqa: S311 - repeatable, guards nothing
    random.seed(0)
    try:
        with (
            patch("uuid.uuid4", lambda: uuid.UUID(int=ids.getrandbits(128), version=4)),
            patch("crowdhub.store.ticks.tick", _tick),
        ):
            yield
    finally:
        random.setstate(luck)


def _tick(clock: Clock) -> str | None:
    return clock.tick() if isinstance(clock, MachineClock) else None


EMPTYING = "".join(f"DELETE FROM {table.name};" for table in metadata.sorted_tables if table is not meta)  # noqa: S608


def _empty(database: Database) -> None:
    """Make a ledger what it was when it was new. It goes past SQLAlchemy, as it is done for each path."""
    with database.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        _ = driver.executescript(f"BEGIN IMMEDIATE;{EMPTYING}COMMIT;")


class _Path:
    def __init__(self, scenario: Scenario, choices: Choices, databases: list[Database], tell: Tell | None) -> None:
        self._scenario = scenario
        self._tell = tell
        self._world = World(scenario.state, scenario.now, scenario.settles_within, choices, tell)
        self._findings = PathFindings()
        self._judge = scenario.judge(self._world, self._findings)
        self._settles = scenario.settles_within.total_seconds()
        machines, clocks = self._machines(choices)
        self._scheduler = Scheduler(
            scenario.application,
            self._world,
            self._settles,
            self._returned,
            interleaved=scenario.is_interleaved,
            others=[*scenario.others, *clocks],
            held_up=scenario.is_held_up,
        )
        self._clients = [
            Client(f"client {number}", ask.key, ask.call, databases[ask.ledger], machine)
            for number, (ask, machine) in enumerate(zip(scenario.asks, machines, strict=True), 1)
        ]
        self._good: dict[Client, int] = dict.fromkeys(self._clients, 0)

    def _machines(self, choices: Choices) -> tuple[Sequence[Machine], Sequence[Happening]]:
        """Each client's, and what is done to the clock of one that they share, at any moment."""
        clock, count = self._world.clock, len(self._scenario.asks)
        chosen = choices.choose([GOES_ON, *ON_ONE]) if self._scenario.can_share_a_machine else 0
        if not chosen:
            return [Machine(f"machine-{number}", clock) for number in range(1, count + 1)], ()
        if self._tell is not None:
            self._tell(ON_ONE[chosen - 1].words)
        return [Machine("machine-1", clock)] * count, [replace(CLOCKS[chosen - 1], cost=0)]

    def run(self) -> PathFindings:
        try:
            self._go()
        except BaseException:
            self._scheduler.abandon(self._clients)
            raise
        return self._findings

    def _go(self) -> None:
        self._scheduler.together(self._clients)
        ended: set[tuple[str, int]] = set()
        for client in self._clients:
            about = client.key, id(client.database)
            if about not in ended:
                ended.add(about)
                self._to_its_end(client)

    def _to_its_end(self, client: Client) -> None:
        """The application asks again until it was told twice that it is done; where it is not, it recovers."""
        for number in range(ASKED_AGAIN):
            if self._good[client] >= ENOUGH:
                break
            _ = self._scheduler.alone(client, "ask", self._settles + SOON if number == 1 else SOON)
        else:
            _ = self._scheduler.alone(client, "recover", SOON)
            if not self._good[client]:
                _ = self._scheduler.alone(client, "recover", self._settles + SOON)
        assert client.process is not None
        self._judge.ended(client.key, client.process.ledger)

    def _returned(self, client: Client, result: object) -> None:
        assert client.process is not None
        good = self._judge.returned(client.key, client.process.ledger, result)
        if client.asked == "ask":
            if self._good[client] and not good and self._scenario.is_replayed and not self._findings.is_outside:
                self._findings.wrong(f"{client.key} was reported done, and asked again: {described(result)}")
            self._good[client] = self._good[client] + 1 if good else 0
        if self._tell is not None:
            entry = entry_of(client.process.ledger, client.key)
            state = "not done" if entry is None else f"{entry.state} {entry.task_id or ''}"
            bought = self._world.charges.bought(client.key)
            self._tell(f"    the ledger says {state}; the marketplace charged {client.key} for {bought or 'nothing'}")
