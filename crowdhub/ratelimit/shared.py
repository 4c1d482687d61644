"""Request limits across processes: exact sliding windows in a small table of the database.

Every call that went through is a row (bucket, running number, moment). Whether there is room is one look at the
n-th newest row, found by its number; a row that no window needs any more is deleted as the next is written.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from random import Random

from sqlalchemy.engine import Connection

from crowdhub.clock import Clock
from crowdhub.protocol import Call, Effect, RateLimit
from crowdhub.ratelimit.rules import jittered, limits_of, wait_of
from crowdhub.store import Database, micros
from crowdhub.store.server_time import SERVER_TIME

SECOND = 1_000_000  # moments are microseconds
CLOCKS_DIFFER = 5 * SECOND  # more than this ahead of now: a clock was set back since


class _Statements:
    """The same statements in the driver's own style; written out, they are several times faster than built ones."""

    def __init__(self, database: Database) -> None:
        p = "?" if database.is_sqlite else "%s"
        self.server_time = database.server_time is not None
        newest = f"FROM crowdhub_request WHERE bucket = {p} ORDER BY number DESC LIMIT 1"
        now = SERVER_TIME if self.server_time else "0"
        self.newest = f"SELECT {now}, (SELECT number {newest}), (SELECT at {newest})"
        self.at = f"SELECT at FROM crowdhub_request WHERE bucket = {p} AND number = {p}"  # noqa: S608
        self.reads = f"SELECT count(*) FROM crowdhub_request WHERE bucket = {p} AND at > {p} AND reads = 1"  # noqa: S608
        self.used = f"SELECT count(*) FROM crowdhub_request WHERE bucket = {p} AND at > {p}"  # noqa: S608
        self.set_back = f"UPDATE crowdhub_request SET at = {p} WHERE bucket = {p} AND at > {p}"  # noqa: S608
        self.add = f"INSERT INTO crowdhub_request (bucket, number, at, reads) VALUES ({p}, {p}, {p}, {p})"  # noqa: S608
        self.prune = f"DELETE FROM crowdhub_request WHERE bucket = {p} AND number <= {p}"  # noqa: S608


class _Bucket:
    """One bucket inside a transaction."""

    def __init__(self, connection: Connection, do: _Statements, name: str, clock: Clock) -> None:
        self._run = connection.exec_driver_sql
        self._do = do
        self.name = name
        now, number, last = self._run(do.newest, (name, name)).one()
        if not do.server_time:
            now = micros(clock.now())  # read inside the transaction: no other call can come between
        self.number: int = number or 0
        if last is not None and last > now + CLOCKS_DIFFER:
            self._run(do.set_back, (now, name, now))
        elif last is not None:
            now = max(now, last)
        self.now: int = now

    def _one(self, statement: str, *values: str | int) -> int | None:
        found: int | None = self._run(statement, values).scalar()
        return found

    def newest(self, nth: int) -> float | None:
        return self._one(self._do.at, self.name, self.number - nth + 1) if nth <= self.number else None

    def reads_since(self, moment: float) -> int:
        return self._one(self._do.reads, self.name, int(moment)) or 0

    def used_since(self, moment: float) -> int:
        return self._one(self._do.used, self.name, int(moment)) or 0

    def add(self, is_read: bool, most: int) -> None:
        self._run(self._do.add, (self.name, self.number + 1, self.now, int(is_read)))
        if self.number + 1 > most:
            self._run(self._do.prune, (self.name, self.number + 1 - most))


class SharedGate:
    """Keeps one account, or all names of one key, inside its limits, over all processes that share the database.

    Asking raises `LedgerError` where the database fails; nothing was sent then.
    """

    blocking = True

    def __init__(self, database: Database, bucket: str, *, random: Random | None = None) -> None:
        self._database = database
        self._bucket = bucket
        self._lock = zlib.crc32(bucket.encode()) - 2**31
        self._do = _Statements(database)
        self._random = random or Random()  # noqa: S311 - spreads load, guards nothing

    def enter(self, call: Call, limits: Sequence[RateLimit], *, look: bool = False) -> float:
        """Take a place for this call: 0.0 when it may go now, else the seconds after which to ask again. ``look``: take
        none, only say it."""
        mine = limits_of(call, limits)
        if not mine:
            return 0.0
        wait = self._database.write(lambda connection: self._enter(connection, call, mine, look), self._lock)
        return jittered(wait, self._random) if wait > 0 else 0.0

    def _enter(self, connection: Connection, call: Call, limits: Sequence[RateLimit], look: bool) -> float:
        buckets = {what: self._open(connection, what) for what in {limit.what for limit in limits}}
        wait = max(
            wait_of(call, limit, buckets[limit.what], buckets[limit.what].now, SECOND) / SECOND for limit in limits
        )
        if wait > 0 or look:
            return max(0.0, wait)
        for what, bucket in buckets.items():
            most = max(limit.calls for limit in limits if limit.what == what)
            bucket.add(call.effect is Effect.READ, most)
        return 0.0

    def _open(self, connection: Connection, what: str | None) -> _Bucket:
        name = self._bucket if what is None else f"{self._bucket}/{what}"
        return _Bucket(connection, self._do, name, self._database.clock)

    def left(self, limits: Sequence[RateLimit]) -> int | None:
        """The calls left in the present window, in the tightest of ``limits``; None where there is none."""
        if not limits:
            return None

        def work(connection: Connection) -> int:
            found: list[int] = []
            for limit in limits:
                bucket = self._open(connection, limit.what)
                found.append(limit.calls - bucket.used_since(bucket.now - int(limit.seconds * SECOND)))
            return max(0, min(found))

        return self._database.write(work, self._lock)
