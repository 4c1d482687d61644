"""Trouble with the ledger itself, and two processes that want the same thing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from crowdhub.errors import CrowdhubError
from crowdhub.ledger import LedgerError, State
from crowdhub.model import Capability
from crowdhub.sandbox import Fault
from crowdhub.testing.campaign.audit import UNEXPLAINED, doubt_of, entry_of, ledger_of
from crowdhub.testing.campaign.experiment import TIMEOUT, Experiment
from crowdhub.testing.campaign.host import LedgerHost
from crowdhub.testing.campaign.jobs import ChildJob
from crowdhub.testing.campaign.processes import Processes

BUSY = 40  # milliseconds that SQLite waits for a lock here, instead of half a minute
RIVALS = 3


class Outages:
    """Each method makes one kind of trouble, ends it, recovers, asks again, and looks at the marketplace's books."""

    def __init__(self, experiment: Experiment, host: LedgerHost, processes: Processes | None = None) -> None:
        self.experiment = experiment
        self.findings = experiment.findings
        self._host = host
        self._processes = processes
        self._name = experiment.profile.name
        self._number = 0

    def everything(self) -> None:
        if self._processes is not None:
            self.two_processes()
        if self._host.is_sqlite:
            self.locked()
            self.full_disk()
            self.damaged()  # the last one: after it, there is another ledger
        elif self._host.can_stop:
            self.server_away()

    def _publish(self, key: str) -> str | CrowdhubError:
        number = 700_000 + int(key.rpartition("-")[2])
        draft = self.experiment.profile.draft(number)
        found = self.experiment.do(key, lambda client: client.publish(draft, key=key))
        return found if isinstance(found, CrowdhubError) else str(found.id)

    def _key(self) -> str:
        self._number += 1
        return f"outage-{self._number}"

    def _in_the_middle(self, key: str, trouble: Callable[[], None]) -> str | CrowdhubError:
        """Publish; the trouble begins as the request that spends reaches the marketplace."""
        begun: list[bool] = []

        def hook(method: str, path: str, operation: str | None) -> None:
            if self.experiment.costly.publish.meets(method, path, operation) and not begun:
                begun.append(True)
                trouble()

        self.experiment.faults.hook = hook
        try:
            return self._publish(key)
        finally:
            self.experiment.faults.hook = None

    def _settled(self, key: str, what: str) -> None:
        """The trouble is over: recover, ask once more, and compare."""
        # A request whose client gave up on it may be charged only now.
        _ = self.experiment.do(key, lambda client: client.recover())
        told = self._publish(key)
        entry = entry_of(ledger_of(self.experiment), key)
        state = State.NOT_DONE if entry is None else entry.state
        bought = self.experiment.charges.bought(key)
        said = f"{self._name} {what}: bought {bought}, the ledger says {state}"
        if len(bought) > 1:
            self.findings.duplicates.append(said)
        elif state is State.UNKNOWN:
            why = self.experiment.profile.why_unknown(Capability.FIND_PUBLISHED)
            self.findings.unknown[f"{what}: {why or doubt_of(str(told)) or UNEXPLAINED}"] += 1
        elif state is not State.DONE or len(bought) != 1:
            self.findings.lost.append(said)

    def _refused(self, key: str, found: object, what: str) -> None:
        """With no ledger to write into, nothing may have been bought."""
        if not isinstance(found, LedgerError) or self.experiment.charges.bought(key):
            self.findings.lost.append(f"{self._name} {what}: not refused, but {found}")

    # --- SQLite

    def locked(self) -> None:
        """Another program holds the file's lock: from before the request, and from its middle on."""
        file = self._host.file
        with self._impatient(), closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:

            def lock() -> None:
                _ = other.execute("BEGIN IMMEDIATE")

            key = self._key()
            _ = self.experiment.market  # opened before it is locked
            lock()
            self._refused(key, self._publish(key), "with the ledger locked")
            _ = other.execute("ROLLBACK")
            self._settled(key, "after the ledger was locked")
            key = self._key()
            _ = self._in_the_middle(key, lock)
            _ = other.execute("ROLLBACK")
            self._settled(key, "after the ledger was locked in the middle")
        self.findings.faults["ledger locked"] += 2

    def full_disk(self) -> None:
        """No page can be added to the file any more, until space is made."""
        with closing(sqlite3.connect(self._host.file)) as look:
            pages = int(look.execute("PRAGMA page_count").fetchone()[0])

        def limit(connection: Connection) -> None:
            if connection.dialect.name == "sqlite":
                _ = connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")

        keys: list[str] = []
        event.listen(Engine, "begin", limit)
        try:
            for _ in range(60):
                keys.append(self._key())
                if isinstance(self._publish(keys[-1]), LedgerError):
                    break
            else:
                self.findings.lost.append("the disk never became full, which is a defect of the campaign")
        finally:
            event.remove(Engine, "begin", limit)
        self.experiment.reopen()
        for key in keys:
            self._settled(key, "around a full disk")
        self.findings.faults["disk full"] += 1

    def damaged(self) -> None:
        """The file is overwritten: refused. It is moved aside; the marketplace itself then knows the key."""
        key = self._key()
        first = self._publish(key)
        self.experiment.close()
        file = Path(self._host.file)
        good = file.read_bytes()
        for left in file.parent.glob(file.name + "-*"):
            left.unlink()
        _ = file.write_bytes(good[:4096] + b"\xff" * (len(good) - 4096))
        other = self._key()
        self.experiment.open()
        self._refused(other, self._publish_unopened(other), "with a damaged ledger")
        self.experiment.close()
        file.unlink()
        for left in file.parent.glob(file.name + "-*"):
            left.unlink()
        self.experiment.open()
        self.findings.faults["ledger damaged"] += 1
        if self.experiment.profile.can(Capability.FIND_PUBLISHED):
            again = self._publish(key)
            if again != first or len(self.experiment.charges.bought(key)) != 1:
                self.findings.duplicates.append(f"{self._name}: a lost ledger made {again} out of {first}")
        else:
            self.findings.notes.append(
                f"{self._name}: a key that only a lost ledger knew is published again; the marketplace "
                "has nothing by which it could be found"
            )

    def _publish_unopened(self, key: str) -> object:
        try:
            return self._publish(key)
        except CrowdhubError as error:  # the ledger is opened with the market
            return error

    @contextmanager
    def _impatient(self) -> Generator[None]:
        def hurry(connection: object, _record: object) -> None:
            if isinstance(connection, sqlite3.Connection):
                _ = connection.execute(f"PRAGMA busy_timeout = {BUSY}")

        event.listen(Engine, "connect", hurry)
        self.experiment.reopen()
        try:
            yield
        finally:
            event.remove(Engine, "connect", hurry)
            self.experiment.reopen()

    # --- PostgreSQL

    def server_away(self) -> None:
        """The server stops before a request, and in the middle of one, and comes back."""
        key = self._key()
        _ = self.experiment.market
        self._host.stop()
        try:
            self._refused(key, self._publish(key), "with the ledger's server away")
        finally:
            self._host.start()
        self._settled(key, "after the server was away")
        key = self._key()
        try:
            _ = self._in_the_middle(key, self._host.stop)
        finally:
            self._host.start()
        self._settled(key, "after the server went away in the middle")
        self.findings.faults["PostgreSQL away"] += 2

    # --- two processes

    def two_processes(self) -> None:
        """Several processes publish under one key at the same moment."""
        assert self._processes is not None
        experiment = self.experiment
        for number in range(3):
            key = self._key()
            experiment.faults.begin(key, number)
            experiment.costly.publish.spoil(experiment.faults, Fault.delay(0.05))
            job = ChildJob(do="publish", number=700_000 + int(key.rpartition("-")[2]), key=key)
            found = self._processes.together(RIVALS, experiment.job(job, timeout=TIMEOUT * 20))
            self.findings.operations += RIVALS
            _ = experiment.charges.now(key)
            told = {each.id for each in found if each.error is None}
            if len(told) != 1:
                self.findings.lost.append(f"{experiment.profile.name}: processes with one key were told {found}")
            self._settled(key, "with several processes at one key")
            self.findings.faults["several processes with one key"] += 1
