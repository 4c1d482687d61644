"""Time in a campaign: a wait costs nothing, it moves the client's clock and the marketplace's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import anyio.to_thread

from crowdhub.clock import Clock


class DrivenClock(Clock):
    """Starts at ``start`` and moves only by sleeping.

    ``moved`` is told of every sleep, in seconds. ``pace``: real seconds for each driven one, for processes that wait
    for each other. `monotonic` is the machine's own: what it measures (how long an answer takes) is real here.
    """

    def __init__(self, start: datetime, *, moved: Callable[[float], None] | None = None, pace: float = 0.0) -> None:
        self._start = start
        self._moved = moved
        self._pace = pace
        self._lock = threading.Lock()
        self.passed = 0.0
        """Seconds slept so far, by all threads together."""
        self.wrong_by = 0.0
        """Seconds by which somebody set this machine's clock wrong."""

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed + self.wrong_by)

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock of the client's machine; the marketplace's stays."""
        with self._lock:
            self.wrong_by += seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.passed += max(0.0, seconds)
        if self._moved is not None:
            self._moved(max(0.0, seconds))
        if self._pace:
            time.sleep(seconds * self._pace)

    async def sleep_async(self, seconds: float) -> None:
        # In a thread, for what is late is done meanwhile, and the loop's other requests must not time out by that.
        await anyio.to_thread.run_sync(self.sleep, seconds)
