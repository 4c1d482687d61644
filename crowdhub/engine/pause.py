"""After a 429 everything of a key waits; then one request alone tries whether the marketplace answers again."""

from __future__ import annotations

import threading

from crowdhub.clock import Clock

SHORTEST = 0.001  # seconds: there are clocks that are not moved by less
FIRST, LONGEST = 0.5, 30.0  # seconds, where the marketplace asks for none: twice as long each time


class Pause:
    """Of one key, shared by all that use it in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: float | None = None
        self._in_a_row = 0
        self.number = 0
        """Goes up with each pause that begins, or begins anew."""

    @property
    def left(self) -> float | None:
        """Seconds until one may try; 0: now. None: there is no pause."""
        with self._lock:
            if self._until is None:
                return None
            seconds = self._until - self._clock.monotonic()
            return seconds if seconds > SHORTEST else 0.0

    def begin(self, retry_after: float | None, *, tried: bool) -> None:
        """A 429 came, asking for these seconds. ``tried``: to the one that tried; else it may have left before."""
        with self._lock:
            seconds = retry_after or 0.0
            self.number += tried or self._until is None or bool(retry_after)
            if tried or self._until is None:
                seconds = retry_after or min(LONGEST, FIRST * 2.0**self._in_a_row)
                self._in_a_row += 1
            self._until = max(self._until or 0.0, self._clock.monotonic() + seconds)

    def end(self) -> None:
        """The marketplace answered the one that tried."""
        with self._lock:
            self._until, self._in_a_row = None, 0
