"""Request limits within one process, where there is no database to share them through."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from random import Random

from crowdhub.clock import Clock
from crowdhub.protocol import Call, Effect, RateLimit
from crowdhub.ratelimit.rules import jittered, limits_of, wait_of


class _Passed:
    """The last calls, oldest first, and whether each was a read."""

    def __init__(self) -> None:
        self.calls: deque[tuple[float, bool]] = deque()

    def newest(self, nth: int) -> float | None:
        return self.calls[-nth][0] if len(self.calls) >= nth else None

    def reads_since(self, moment: float) -> int:
        return sum(1 for at, is_read in self.calls if is_read and at > moment)

    def used_since(self, moment: float) -> int:
        return sum(1 for at, _ in self.calls if at > moment)

    def add(self, at: float, is_read: bool, most: int) -> None:
        self.calls.append((at, is_read))
        while len(self.calls) > most:
            self.calls.popleft()


class MemoryGate:
    """Keeps one account, or all names of one key, inside its limits. For any number of threads of one process."""

    blocking = False

    def __init__(self, clock: Clock | None = None, *, random: Random | None = None) -> None:
        self._clock = clock or Clock()
        self._random = random or Random()  # noqa: S311 - spreads load, guards nothing
        self._lock = threading.Lock()
        self._buckets: dict[str | None, _Passed] = {}

    def enter(self, call: Call, limits: Sequence[RateLimit], *, look: bool = False) -> float:
        """Take a place for this call: 0.0 when it may go now, else the seconds after which to ask again. ``look``: take
        none, only say it."""
        mine = limits_of(call, limits)
        if not mine:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            buckets = {limit.what: self._buckets.setdefault(limit.what, _Passed()) for limit in mine}
            wait = max(wait_of(call, limit, buckets[limit.what], now) for limit in mine)
            if wait > 0:
                return jittered(wait, self._random)
            if look:
                return 0.0
            for what, bucket in buckets.items():
                most = max(limit.calls for limit in mine if limit.what == what)
                bucket.add(now, call.effect is Effect.READ, most)
        return 0.0

    def left(self, limits: Sequence[RateLimit]) -> int | None:
        """The calls left in the present window, in the tightest of ``limits``; None where there is none."""
        if not limits:
            return None
        with self._lock:
            now = self._clock.monotonic()
            return min(
                max(0, limit.calls - self._buckets.get(limit.what, _Passed()).used_since(now - limit.seconds))
                for limit in limits
            )
