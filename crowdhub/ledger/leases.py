"""Leases: who is at work on an intent or a review, and for how long that is believed without hearing of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TypedDict

from sqlalchemy import update
from sqlalchemy.engine import Connection

from crowdhub.ledger.heartbeat import Heartbeat
from crowdhub.ledger.owner import HERE, Here
from crowdhub.store import Database, micros
from crowdhub.store.schema import intents, reviews

LEASE = 90.0


class Lease(TypedDict):
    """The columns that say who holds a row, and until when (microseconds since 1970)."""

    holder: str
    lease_until: int


class Leases:
    """The leases of this process, renewed by a thread while it holds any.

    ``seconds``: how long another machine believes a lease that is not renewed. On the same machine a process that
    ended is told at once.
    """

    def __init__(self, database: Database, seconds: float = LEASE, here: Here = HERE) -> None:
        self.seconds = seconds
        self._database = database
        self._here = here
        self._heartbeat = Heartbeat(self.renew, seconds / 3)

    def new(self) -> Lease:
        """A lease to write into a row; `keep` its holder once it is written."""
        return {"holder": self._here.new_holder(), "lease_until": self.end()}

    def end(self) -> int:
        """When a lease taken now ends, in microseconds since 1970."""
        return micros(self._database.now() + timedelta(seconds=self.seconds))

    def hold(self, holder: str) -> None:
        """This process works under ``holder``, from before it is written."""
        self._here.hold(holder)

    def keep(self, holder: str) -> None:
        """This process works under ``holder``: renew its lease until `let_go`."""
        self._here.hold(holder)
        self._heartbeat.add(holder)

    def let_go(self, holder: str | None) -> None:
        if holder is not None:
            self._here.release(holder)
            self._heartbeat.remove(holder)

    def holds(self, holder: str | None) -> bool:
        """Whether this process works under ``holder`` now."""
        return holder is not None and self._here.is_held(holder)

    def is_alive(self, holder: str | None, lease_until: int) -> bool:
        """Whether the process behind ``holder``, this one or another, is still at work."""
        return self._here.is_alive(holder, lease_until, micros(self._database.now()))

    def renew(self, holders: Collection[str]) -> None:
        """Say that these are still at work (done by itself for those that are kept). Raises `LedgerError`."""
        ends = self.end()

        def work(connection: Connection) -> None:
            for table in (intents, reviews):
                connection.execute(update(table).where(table.c.holder.in_(holders)).values(lease_until=ends))

        self._database.write(work)

    def beat(self) -> None:
        """Renew what this process holds, now."""
        self._heartbeat.beat()

    def close(self) -> None:
        self._heartbeat.close()
