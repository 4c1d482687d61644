"""The clock of a sandbox: it stands still until it is moved, or follows real time."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import anyio

from crowdhub.clock import Clock

DEFAULT_START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
PAUSE = 0.001
"""Real seconds that a sleep takes: threads and tasks that wait for one another get their turn."""


class SandboxClock(Clock):
    """A clock that a test moves by hand, and whoever sleeps on it: `Hub(accounts, clock=box.clock)`.

    By default it starts at a fixed date and stands still, so every run sees the same times. With
    `realtime=True` it follows the machine's clock, `advance` adds to it, and sleeping takes its time.

    `moved` is called after each move, in the thread that moved it: a `Sandbox` lets its people act then. Any thread
    may read and move the clock; two that sleep at the same time move it by both their times.
    """

    def __init__(
        self, start: datetime | None = None, *, realtime: bool = False, moved: Callable[[], None] | None = None
    ) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        self.realtime = realtime
        self._moved = moved
        self._lock = threading.Lock()
        self._start = (start or DEFAULT_START).astimezone(UTC)
        self._shift = start - datetime.now(UTC) if start is not None else timedelta()
        self._advanced = timedelta()

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        base = datetime.now(UTC) + self._shift if self.realtime else self._start
        return base + self._advanced

    def monotonic(self) -> float:
        """Seconds that never go back; they pass as the sandbox's time does."""
        return (time.monotonic() if self.realtime else 0.0) + self._advanced.total_seconds()

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
        """Move the clock forward and return the new time; what falls due up to then happens before it returns.

        Raises `ValueError` for a negative step.
        """
        step = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        if step < timedelta():
            raise ValueError("a sandbox clock only moves forward")
        with self._lock:
            self._advanced += step
        if self._moved is not None:
            self._moved()
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Move the clock instead of waiting (in real time: wait)."""
        if self.realtime:
            time.sleep(max(0.0, seconds))
            return
        self.advance(seconds=max(0.0, seconds))
        time.sleep(PAUSE)

    async def sleep_async(self, seconds: float) -> None:
        """The same for asyncio and trio."""
        if self.realtime:
            await anyio.sleep(max(0.0, seconds))
            return
        self.advance(seconds=max(0.0, seconds))
        await anyio.sleep(PAUSE)
