"""Hands out the gate of each account: shared through a database, or in memory where there is none."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping

from crowdhub.clock import Clock
from crowdhub.ratelimit.memory import MemoryGate
from crowdhub.ratelimit.rules import bucket_of
from crowdhub.ratelimit.shared import SharedGate
from crowdhub.store import Database


class Gates:
    """All gates of a hub. Two accounts with one key get one gate.

    ``Gates(database).of(provider.identity, provider.settings.secrets())``
    """

    def __init__(self, database: Database | None = None, clock: Clock | None = None) -> None:
        self._clock = clock or (database.clock if database is not None else Clock())
        self._salt = database.salt() if database is not None else os.urandom(16)
        self._database = database.quick() if database is not None else None
        self._gates: dict[str, SharedGate | MemoryGate] = {}
        self._lock = threading.Lock()

    def of(self, identity: Mapping[str, str], secrets: Iterable[str] = ()) -> SharedGate | MemoryGate:
        """The gate of an account. The secrets are only hashed, with the database's salt."""
        bucket = bucket_of(identity, secrets, self._salt)
        with self._lock:
            if bucket not in self._gates:
                shared = self._database
                self._gates[bucket] = SharedGate(shared, bucket) if shared is not None else MemoryGate(self._clock)
            return self._gates[bucket]

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
