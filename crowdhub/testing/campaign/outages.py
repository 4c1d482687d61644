"""Trouble with the ledger itself, and two processes that want the same thing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from crowdhub.errors import CrowdhubError
from crowdhub.ledger import LedgerError, State
from crowdhub.sandbox import Fault
from crowdhub.testing.campaign.chapter import TIMEOUT, Chapter
from crowdhub.testing.campaign.place import Place
from crowdhub.testing.campaign.processes import Processes

BUSY = 40  # milliseconds that SQLite waits for a lock here, instead of half a minute
RIVALS = 3


class Outages:
    """Each method makes one kind of trouble, ends it, recovers, asks again, and looks at the marketplace's books."""

    def __init__(self, chapter: Chapter, place: Place, processes: Processes | None = None) -> None:
        self.chapter = chapter
        self.tally = chapter.tally
        self._place = place
        self._processes = processes
        self._number = 0

    def everything(self) -> None:
        if self._processes is not None:
            self.two_processes()
        if self._place.is_sqlite:
            self.locked()
            self.full_disk()
            self.damaged()  # the last one: after it, there is another ledger
        elif self._place.can_stop:
            self.server_away()

    def _publish(self, key: str) -> str | CrowdhubError:
        number = 700_000 + int(key.rpartition("-")[2])
        draft = self.chapter.stage.draft(number)
        found = self.chapter.do(key, lambda: self.chapter.market.publish(draft, key=key))
        return found if isinstance(found, CrowdhubError) else str(found.id)

    def _key(self) -> str:
        self._number += 1
        return f"outage-{self._number}"

    def _in_the_middle(self, key: str, trouble: Callable[[], None]) -> str | CrowdhubError:
        """Publish; the trouble begins as the request that spends reaches the marketplace."""
        begun: list[bool] = []

        def hook(method: str, path: str) -> None:
            if method == "POST" and self.chapter.storm_path(path) and not begun:
                begun.append(True)
                trouble()

        self.chapter.storm.hook = hook
        try:
            return self._publish(key)
        finally:
            self.chapter.storm.hook = None

    def _settled(self, key: str, what: str) -> None:
        """The trouble is over: recover, ask once more, and compare."""
        _ = self.chapter.do("recover", self.chapter.hub.recover)
        _ = self._publish(key)
        ledger = self.chapter.hub.ledger
        assert ledger is not None
        states = [each.state for each in ledger.report.entries(key=key) if each.state is not State.NOT_DONE]
        state = states[0] if states else State.NOT_DONE
        bought = self.chapter.truth.bought(key)
        said = f"{self.chapter.stage.name} {what}: bought {bought}, the ledger says {state}"
        if len(bought) > 1:
            self.tally.duplicates.append(said)
        elif state is State.UNKNOWN:
            self.tally.unknown[f"{what}: {self.chapter.stage.why_unknown}"] += 1
        elif state is not State.DONE or len(bought) != 1:
            self.tally.lost.append(said)

    def _refused(self, key: str, found: object, what: str) -> None:
        """With no ledger to write into, nothing may have been bought."""
        if not isinstance(found, LedgerError) or self.chapter.truth.bought(key):
            self.tally.lost.append(f"{self.chapter.stage.name} {what}: not refused, but {found}")

    # --- SQLite

    def locked(self) -> None:
        """Another program holds the file's lock: from before the request, and from its middle on."""
        file = self._place.file
        with self._impatient(), closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:

            def lock() -> None:
                _ = other.execute("BEGIN IMMEDIATE")

            key = self._key()
            _ = self.chapter.market  # opened before it is locked
            lock()
            self._refused(key, self._publish(key), "with the ledger locked")
            _ = other.execute("ROLLBACK")
            self._settled(key, "after the ledger was locked")
            key = self._key()
            _ = self._in_the_middle(key, lock)
            _ = other.execute("ROLLBACK")
            self._settled(key, "after the ledger was locked in the middle")
        self.tally.faults["ledger locked"] += 2

    def full_disk(self) -> None:
        """No page can be added to the file any more, until space is made."""
        with closing(sqlite3.connect(self._place.file)) as look:
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
                self.tally.lost.append("the disk never became full, which is a defect of the campaign")
        finally:
            event.remove(Engine, "begin", limit)
        self._reopen()
        for key in keys:
            self._settled(key, "around a full disk")
        self.tally.faults["disk full"] += 1

    def damaged(self) -> None:
        """The file is overwritten: refused. It is moved aside; the marketplace itself then knows the key."""
        key = self._key()
        first = self._publish(key)
        self.chapter.hub.close()
        file = Path(self._place.file)
        good = file.read_bytes()
        for left in file.parent.glob(file.name + "-*"):
            left.unlink()
        _ = file.write_bytes(good[:4096] + b"\xff" * (len(good) - 4096))
        other = self._key()
        self.chapter.hub = self.chapter.open()
        self._refused(other, self._publish_unopened(other), "with a damaged ledger")
        self.chapter.hub.close()
        file.unlink()
        for left in file.parent.glob(file.name + "-*"):
            left.unlink()
        self.chapter.hub = self.chapter.open()
        self.tally.faults["ledger damaged"] += 1
        if "find_published" in self.chapter.market.capabilities:
            again = self._publish(key)
            if again != first or len(self.chapter.truth.bought(key)) != 1:
                self.tally.duplicates.append(f"{self.chapter.stage.name}: a lost ledger made {again} out of {first}")
        else:
            self.tally.notes.append(
                f"{self.chapter.stage.name}: a key that only a lost ledger knew is published again; the marketplace "
                "has nothing by which it could be found"
            )

    def _publish_unopened(self, key: str) -> object:
        try:
            return self._publish(key)
        except CrowdhubError as error:  # the ledger is opened with the market
            return error

    def _reopen(self) -> None:
        self.chapter.hub.close()
        self.chapter.hub = self.chapter.open()

    @contextmanager
    def _impatient(self) -> Generator[None]:
        def hurry(connection: Any, _record: object) -> None:
            if isinstance(connection, sqlite3.Connection):
                _ = connection.execute(f"PRAGMA busy_timeout = {BUSY}")

        event.listen(Engine, "connect", hurry)
        self._reopen()
        try:
            yield
        finally:
            event.remove(Engine, "connect", hurry)
            self._reopen()

    # --- PostgreSQL

    def server_away(self) -> None:
        """The server stops before a request, and in the middle of one, and comes back."""
        key = self._key()
        _ = self.chapter.market
        self._place.stop()
        try:
            self._refused(key, self._publish(key), "with the ledger's server away")
        finally:
            self._place.start()
        self._settled(key, "after the server was away")
        key = self._key()
        try:
            _ = self._in_the_middle(key, self._place.stop)
        finally:
            self._place.start()
        self._settled(key, "after the server went away in the middle")
        self.tally.faults["PostgreSQL away"] += 2

    # --- two processes

    def two_processes(self) -> None:
        """Several processes publish under one key at the same moment."""
        assert self._processes is not None
        chapter = self.chapter
        for number in range(3):
            key = self._key()
            chapter.storm.begin(key, number)
            chapter.storm.add(Fault.delay(0.05), method="POST", path=chapter.stage.published)
            found = self._processes.together(
                RIVALS,
                do="publish",
                stage=chapter.stage.name,
                number=700_000 + int(key.rpartition("-")[2]),
                key=key,
                accounts=chapter.box.accounts,
                ledger=chapter.ledger,
                now=chapter.clock.now().isoformat(),
                timeout=TIMEOUT * 20,
            )
            self.tally.operations += RIVALS
            _ = chapter.truth.now(key)
            told = {each.get("said") for each in found if "error" not in each}
            if len(told) != 1:
                self.tally.lost.append(f"{chapter.stage.name}: processes with one key were told {found}")
            self._settled(key, "with several processes at one key")
            self.tally.faults["several processes with one key"] += 1
