"""The database server's time: one clock for all machines that share a ledger, whatever their own say."""

from __future__ import annotations

from datetime import datetime

from crowdhub.store import ticks
from crowdhub.store.moments import moment_of

SERVER_TIME = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


class ServerTime:
    """What the server's clock shows: told by every transaction that writes, and counted on from there by a counter of
    the machine that nobody can set."""

    def __init__(self) -> None:
        self._ahead = 0

    def told(self, micros: int) -> None:
        """The server says that it is ``micros`` since 1970 now."""
        self._ahead = micros - ticks.counted()

    def now(self) -> datetime:
        return moment_of(ticks.counted() + self._ahead)
