"""Keeps the leases of what this process has under way, so that other machines do not take it for crashed."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection

from crowdhub.errors import LedgerError

log = logging.getLogger("crowdhub")


class Heartbeat:
    """Calls ``renew`` with the holders at work every ``every`` seconds, from a thread that runs only while needed."""

    def __init__(self, renew: Callable[[Collection[str]], object], every: float) -> None:
        self._renew = renew
        self._every = every
        self._holders: set[str] = set()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._closed = False

    def add(self, holder: str) -> None:
        if self._pid != os.getpid():  # threads do not live on in a forked child
            self._lock, self._wake = threading.Lock(), threading.Event()
            self._holders, self._thread, self._pid = set(), None, os.getpid()
        with self._lock:
            self._holders.add(holder)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="crowdhub-ledger", daemon=True)
                self._thread.start()

    def remove(self, holder: str) -> None:
        self._holders.discard(holder)

    def beat(self) -> None:
        """Renew once, now."""
        if holders := list(self._holders):
            try:
                self._renew(holders)
            except LedgerError as error:
                log.warning("a lease in the ledger was not renewed: %s", error)

    def _run(self) -> None:
        idle = 0
        while not self._wake.wait(self._every):
            idle = 0 if self._holders else idle + 1
            self.beat()
            with self._lock:
                if idle > 1 and not self._holders:
                    self._thread = None
                    return

    def close(self) -> None:
        self._closed = True
        self._wake.set()
        thread = self._thread
        if thread is not None and self._pid == os.getpid():
            thread.join(timeout=5)
