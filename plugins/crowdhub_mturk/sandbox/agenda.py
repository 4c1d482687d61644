"""What is due at a moment of the sandbox's time."""

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple


class Due(NamedTuple):
    """An event, named and not a function: the state can be copied."""

    moment: datetime
    order: int
    what: str
    about: str


class Agenda:
    """Events in the order of time; equal moments in the order in which they were noted."""

    def __init__(self) -> None:
        self._due: list[Due] = []
        self._noted = 0

    def note(self, moment: datetime, what: str, about: str) -> None:
        self._noted += 1
        heapq.heappush(self._due, Due(moment, self._noted, what, about))

    def until(self, now: datetime) -> Iterator[Due]:
        """Everything due up to now, also what is noted meanwhile."""
        while self._due and self._due[0].moment <= now:
            yield heapq.heappop(self._due)
