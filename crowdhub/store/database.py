"""The database under the ledger and the request limits: SQLite or PostgreSQL, through SQLAlchemy.

All writing goes through `Database.write`: one transaction at a time (``BEGIN IMMEDIATE`` in SQLite, an advisory
lock in PostgreSQL), whose work can be run again from its start when the database goes away in the middle.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from crowdhub.clock import Clock
from crowdhub.errors import ConfigurationError, InvalidRequest, Issue, LedgerError
from crowdhub.frames import also_half_made
from crowdhub.store import forks, migrations
from crowdhub.store.address import url_of
from crowdhub.store.failures import as_ledger_error, is_transient
from crowdhub.store.schema import meta
from crowdhub.store.server_time import SERVER_TIME, ServerTime

T = TypeVar("T")
READ = "crowdhub_read"  # the execution option of a transaction that only reads
LEDGER_LOCK = 0x63726F77  # the advisory locks that all crowdhub programs on one PostgreSQL database share
PAUSES = (0.1, 0.5, 2.0)  # seconds before work is run again after the database went away


class Database:
    """One ledger database, for any number of threads. ``patience``: seconds to wait for another program's lock.

    ``durable=False`` opens it for what may be lost in a power cut (request counts): no wait for the disk.
    Raises `ConfigurationError` for an address that makes no sense, `LedgerError` for what cannot be opened.
    """

    def __init__(
        self,
        target: str | os.PathLike[str] | None = None,
        *,
        clock: Clock | None = None,
        patience: float = 30.0,
        durable: bool = True,
    ) -> None:
        self.clock = clock or Clock()
        self.patience = patience
        self.durable = durable
        self.url = url_of(target)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.name = self.url.set(query={}).render_as_string(
            hide_password=True
        )  # a password can stand among the options
        # One clock for all machines: the server's. Where time is driven by hand, or all are one machine, our own.
        self.server_time = ServerTime() if not self.is_sqlite and type(self.clock) is Clock else None
        self._file: tuple[int, int] | None = None
        self._turn = threading.RLock()  # threads of one process queue here rather than poll the file's lock
        self._pid = os.getpid()
        self._is_closed = False
        self.engine = self._engine()
        try:
            self._prepare()
        except BaseException:
            self.engine.dispose()
            raise
        if self.is_sqlite:
            forks.watch(self)

    @also_half_made
    def __repr__(self) -> str:
        return f"<Database {self.name}>"

    def quick(self) -> Database:
        """The same database, opened for what may be lost in a power cut."""
        quick = Database(self.url.render_as_string(False), clock=self.clock, patience=self.patience, durable=False)
        quick._turn = self._turn
        quick.server_time = self.server_time
        quick._file = self._file
        return quick

    def now(self) -> datetime:
        """The present moment, by one clock for all who share the database."""
        return self.clock.now() if self.server_time is None else self.server_time.now()

    # --- opening ---------------------------------------------------------------------------------------

    def _engine(self) -> Engine:
        if self.is_sqlite:
            arguments: dict[str, object] = {"timeout": self.patience, "check_same_thread": False}
        else:
            milliseconds = max(1, int(self.patience * 1000))
            commit = "on" if self.durable else "off"
            settings = f"-c lock_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds * 2}"
            arguments = {
                "connect_timeout": max(2, min(10, int(self.patience))),
                "application_name": "crowdhub",
                "options": f"{settings} -c synchronous_commit={commit} -c TimeZone=UTC",
            }
            if "options" in self.url.query:
                arguments["options"] = f"{self.url.query['options']} {arguments['options']}"
        try:
            engine = sa.create_engine(
                self.url,
                connect_args=arguments,
                hide_parameters=True,
                pool_pre_ping=not self.is_sqlite,
                pool_size=4,
                max_overflow=16,
                pool_timeout=max(1.0, self.patience),
            )
        except ImportError:
            raise ConfigurationError(
                f"The ledger {self.name} needs a driver that is not installed: pip install 'crowdhub[postgres]'."
            ) from None
        if self.is_sqlite:
            event.listen(engine, "connect", self._on_connect)
            event.listen(engine, "begin", _begin)
            event.listen(engine, "invalidate", _undo)
        return engine

    def _on_connect(self, connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions are begun by `_begin`, not by the driver's guess
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA synchronous={'FULL' if self.durable else 'NORMAL'}")
        cursor.execute("PRAGMA fullfsync=1")
        cursor.close()

    def _prepare(self) -> None:
        if self.is_sqlite and self.durable:
            self._make_file()
        if self.durable:
            self.write(migrations.migrate)

    def _make_file(self) -> None:
        path = Path(self.url.database or "")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
                if os.name == "posix":
                    folder = os.open(path.parent, os.O_RDONLY)
                    os.fsync(folder)  # the file's name must survive a power cut too
                    os.close(folder)
        except OSError as error:
            raise LedgerError(f"The ledger {path} cannot be made: {error.strerror}.") from None
        self._guarded(self._use_wal)
        self._file = _file_at(path)

    def _use_wal(self) -> None:
        """SQLite does not queue those who switch a new file at one moment: it turns all but one away at once."""
        until = time.monotonic() + self.patience
        while True:
            try:
                return self._pragma("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.005)  # real time: it is other programs that are waited for

    def _pragma(self, statement: str) -> None:
        with self.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            driver.cursor().execute(statement)

    # --- transactions -------------------------------------------------------------------------------------

    def write(self, work: Callable[[Connection], T], lock: int = 0) -> T:
        """Run ``work`` in one transaction that no other writer (PostgreSQL: none with the same ``lock``, a 32-bit
        number) overlaps. It may be run more than once.

        Raises `LedgerError`.
        """
        return self._guarded(lambda: self._write(work, lock))

    def _write(self, work: Callable[[Connection], T], lock: int) -> T:
        self._check_process()
        if not self.is_sqlite:
            return self._within(self.engine.connect(), lambda connection: self._locked(connection, lock, work))
        self._check_file()
        turn = self._turn
        try:  # an interrupt can come right after it was taken: so it is taken in here, and knows its owner
            if not turn.acquire(timeout=self.patience):
                raise LedgerError(f"The ledger {self.name} is busy in this program.", transient=True)
            return self._within(self.engine.connect(), work)
        finally:
            try:  # noqa: SIM105 - a call before the release is one more moment for an interrupt
                turn.release()
            except RuntimeError:
                pass  # it was not taken

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work``, which only reads, on one consistent view. Raises `LedgerError`."""

        def reading() -> T:
            self._check_process()
            self._check_file()
            return self._within(self.engine.connect().execution_options(**{READ: True}), work)

        return self._guarded(reading)

    def _within(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one transaction. An interrupt can leave a connection in any state, with the database locked:
        it is closed for good then; so is one whose database was closed meanwhile, under a call that goes on."""
        pool = self.engine.pool
        try:
            with connection.begin():
                return work(connection)
        except BaseException as error:
            if not isinstance(error, Exception):
                connection.invalidate()
            raise
        finally:
            if self._is_closed:
                connection.invalidate()
            connection.close()
            if self._is_closed:  # since then: its pool was emptied before it came back
                pool.dispose()

    def salt(self) -> bytes:
        """A random value of this database's own, for hashes that cannot be looked up elsewhere."""
        query = sa.select(meta.c.value).where(meta.c.name == "salt")
        found = self.read(lambda connection: connection.execute(query).scalar())
        if not isinstance(found, str):
            raise LedgerError(f"The ledger {self.name} is damaged: what identifies it is missing. Restore a backup.")
        return bytes.fromhex(found)

    def _guarded(self, work: Callable[[], T]) -> T:
        pauses = iter(PAUSES)
        while True:
            try:
                return work()
            except UnicodeEncodeError:
                raise InvalidRequest(issues=[Issue("text", "holds half a character, which no ledger takes")]) from None
            except (
                exc.SQLAlchemyError,
                sqlite3.Error,
                OSError,
                AssertionError,
            ) as error:  # the last: interrupted within
                pause = next(pauses, None) if is_transient(error) else None
                if pause is None:
                    raise as_ledger_error(error, self.name, self.patience) from None
            self.clock.sleep(pause)

    def take_turn(self) -> Callable[[], None] | None:
        """Wait until no thread of this process writes; what gives the turn back, or None where it could not be had."""
        turn = self._turn
        return turn.release if turn.acquire(timeout=self.patience) else None

    def _check_process(self) -> None:
        if self._pid != os.getpid():  # forked: the parent's connections stay the parent's
            self.engine.dispose(close=False)
            self._turn = threading.RLock()
            self._pid = os.getpid()

    def _check_file(self) -> None:
        if self._file is not None and _file_at(Path(self.url.database or "")) != self._file:
            raise LedgerError(
                f"The ledger {self.name} was deleted or replaced while it was open: what is written now would be lost.",
                next_step="Put the file back, or start the program again with the one that is there now.",
            )

    def _locked(self, connection: Connection, lock: int, work: Callable[[Connection], T]) -> T:
        query = f"SELECT pg_advisory_xact_lock({LEDGER_LOCK}, {lock}), {SERVER_TIME}"
        now: int = connection.exec_driver_sql(query).one()[1]
        if self.server_time is not None:
            self.server_time.told(now)
        return work(connection)

    def shrink(self) -> None:
        """Give the space of deleted rows back to the disk (SQLite; PostgreSQL does so by itself)."""
        if self.is_sqlite:
            self._guarded(lambda: self._pragma("VACUUM"))
            self._guarded(lambda: self._pragma("PRAGMA wal_checkpoint(TRUNCATE)"))

    def close(self) -> None:
        self._is_closed = True
        self.engine.dispose()


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file has this name now; None where none has."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _undo(connection: sqlite3.Connection, _record: ConnectionPoolEntry, _error: BaseException | None) -> None:
    """Before a connection is closed for good: an interrupted frame can hold a cursor, which keeps it, and its lock."""
    with suppress(sqlite3.Error):
        connection.rollback()


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(READ)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
