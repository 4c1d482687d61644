"""What is known of the tasks that were created, so that no ask breaks the marketplace's limits.

A result may be asked for 120 times, 3 seconds apart, within 5 minutes of the task's creation; after that the
marketplace has lost it. Kept in the provider object: other processes cannot see it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from crowdhub.errors import CrowdhubError, NotFound, RateLimited
from crowdhub.model import Submission
from crowdhub_capsolver.wire import Unsolvable

ASKS = 120
SPACING = timedelta(seconds=3)
WINDOW = timedelta(minutes=5)
REMEMBERED = 10_000  # tasks; the oldest is forgotten first


class AsksUsedUp(RateLimited):
    """The result was asked for as often as the marketplace allows. ``task_id`` names the task. Nothing was sent."""

    next_step = "It cannot be asked for again; look at the task on the website, or create a new one, which costs again."

    task_id: str

    def __init__(self, task_id: str) -> None:
        super().__init__(f"Task {task_id} was asked for {ASKS} times, which is the marketplace's limit.", sent=False)
        self._hold(task_id=task_id)


class ResultLost(NotFound):
    """The time in which the result can be fetched is over. ``task_id`` names the task. Nothing was sent."""

    next_step = (
        "The marketplace keeps it no longer; look at the task on the website, or create a new one, which costs again."
    )

    task_id: str

    def __init__(self, task_id: str, since: str) -> None:
        super().__init__(
            f"Task {task_id} has no result that can be fetched any more: more than 5 minutes passed since {since}.",
            sent=False,
        )
        self._hold(task_id=task_id)


@dataclass(slots=True)
class _Known:
    created: datetime
    created_here: bool
    asks: int = 0
    last: datetime | None = None
    solution: Submission | None = None


class Tracker:
    """Counts the asks of each task, and keeps each solution. Safe for many threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def created(self, task_id: str, now: datetime) -> None:
        """Note a task created now. One that is known already stays as it is: its creation was answered before."""
        with self._lock:
            _ = self._known.setdefault(task_id, _Known(now, created_here=True))
            while len(self._known) > REMEMBERED:
                _ = self._known.popitem(last=False)

    def solved(self, solution: Submission) -> None:
        """Keep a solution: the marketplace soon knows it no more, and a synchronous one perhaps never did."""
        with self._lock:
            known = self._known.get(solution.task_id)
            if known is not None:
                known.solution = solution

    def solution(self, task_id: str) -> Submission | None:
        """The solution, where it is known already."""
        with self._lock:
            known = self._known.get(task_id)
            return known.solution if known is not None else None

    def ask(self, task_id: str, now: datetime, wait: float = 0) -> float:
        """Take one of the task's asks: the seconds to wait before it is sent, ``wait`` at least.

        Raises `AsksUsedUp` instead of the 121st, and `ResultLost` for one that would be sent more than 5 minutes
        after the creation (of a task created elsewhere: after the first ask).
        """
        with self._lock:
            known = self._known.setdefault(task_id, _Known(now, created_here=False))
            if known.asks >= ASKS:
                raise AsksUsedUp(task_id)
            at = now + timedelta(seconds=wait)
            if known.last is not None:
                at = max(at, known.last + SPACING)
            if at - known.created > WINDOW:
                raise ResultLost(task_id, "it was created" if known.created_here else "it was first asked for here")
            known.asks += 1
            known.last = at
            return (at - now).total_seconds()

    def asks(self, task_id: str) -> int:
        """How often the task was asked for."""
        with self._lock:
            known = self._known.get(task_id)
            return known.asks if known is not None else 0


def naming(error: CrowdhubError, task_id: str) -> CrowdhubError:
    """The error with the task's id in its message: where it is paid for, the id is the only way to it."""
    if task_id in error.message:
        return error
    paid = "created" if isinstance(error, Unsolvable) else "created and charged"
    return error.with_(message=f"{error.message} The task, which was {paid} before, is {task_id}.")
