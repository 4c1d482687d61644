"""After a 429 everything of a key waits; then one request alone tries whether the marketplace answers again."""

from __future__ import annotations

import threading
from enum import Enum

from crowdhub.clock import Clock

FIRST, LONGEST = 0.5, 30.0  # seconds, where the marketplace asks for none: twice as long each time
ASIDE = 0.25  # seconds between two looks at what became of the one that tries


class Turn(Enum):
    """What a request is let go as."""

    ONE_OF_MANY = "one of many"
    THE_ONE_THAT_TRIES = "the one that tries"


class Pause:
    """Of one key, shared by all that use it in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: float | None = None
        self._in_a_row = 0
        self._is_tried = False

    def enter(self) -> Turn | float:
        """Go, or seconds to wait before asking again. Whoever goes says by `left` what came of it."""
        with self._lock:
            if self._until is None:
                return Turn.ONE_OF_MANY
            seconds = self._until - self._clock.monotonic()
            if seconds > 0:
                return seconds
            if self._is_tried:
                return ASIDE
            self._is_tried = True
            return Turn.THE_ONE_THAT_TRIES

    def left(self, turn: Turn, *, limited: bool, answered: bool, retry_after: float | None) -> None:
        """A request is at its end; ``limited``: by a 429, with the seconds that it asks for."""
        tried = turn is Turn.THE_ONE_THAT_TRIES
        with self._lock:
            if tried:
                self._is_tried = False
            if limited:
                self._begin(retry_after, anew=tried or self._until is None)
            elif tried and answered:
                self._until, self._in_a_row = None, 0

    def _begin(self, retry_after: float | None, *, anew: bool) -> None:
        """``anew``: it did not leave before the pause that there is."""
        seconds = retry_after or 0.0
        if anew:
            seconds = min(LONGEST, FIRST * 2.0**self._in_a_row) if retry_after is None else retry_after
            self._in_a_row += 1
        self._until = max(self._until or 0.0, self._clock.monotonic() + seconds)
