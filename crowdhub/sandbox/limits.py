"""A limit of so many requests in a sliding window of the sandbox's time."""

import math
from collections import deque
from datetime import datetime, timedelta


class RequestWindow:
    """Lets `limit` requests through in any `seconds`; `None` lets everything through."""

    def __init__(self, limit: int | None, seconds: float) -> None:
        self.limit = limit
        self.span = timedelta(seconds=seconds)
        self._passed: deque[datetime] = deque()

    def enter(self, now: datetime) -> int | None:
        """Count one request and return `None`, or the whole seconds to wait when the window is full."""
        while self._passed and self._passed[0] <= now - self.span:
            self._passed.popleft()
        if self.limit is None:
            return None
        if len(self._passed) >= self.limit:
            oldest = self._passed[-self.limit] if self.limit else now
            return max(1, math.ceil((oldest + self.span - now).total_seconds()))
        self._passed.append(now)
        return None

    def used(self, now: datetime) -> int:
        """How many requests were let through in the window that ends now."""
        return sum(1 for at in self._passed if at > now - self.span)
