"""The clock of a sandbox: it stands still until it is moved, or follows real time."""

import threading
from datetime import UTC, datetime, timedelta

DEFAULT_START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


class SandboxClock:
    """A clock that a test moves by hand.

    By default it starts at a fixed date and stands still, so every run sees the same times. With
    `realtime=True` it follows the machine's clock and `advance` adds to it.
    """

    def __init__(self, start: datetime | None = None, *, realtime: bool = False) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        self.realtime = realtime
        self._lock = threading.Lock()
        self._ahead = timedelta()
        if realtime:
            self._ahead = start - datetime.now(UTC) if start is not None else timedelta()
        self._start = (start or DEFAULT_START).astimezone(UTC)

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        with self._lock:
            return (datetime.now(UTC) if self.realtime else self._start) + self._ahead

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
        """Move the clock forward and return the new time. No worker acts: that is `Sandbox.advance`."""
        step = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        if step < timedelta():
            raise ValueError("a sandbox clock only moves forward")
        with self._lock:
            self._ahead += step
        return self.now()
