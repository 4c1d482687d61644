"""What an account's tasks were when they were last looked at: a hint that saves requests, never a proof."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from crowdhub.clock import Clock
from crowdhub.model import Task

FRESH = timedelta(minutes=1)  # a task that was looked at so long ago tells of its list as it is now
MOST = 10_000

Known: TypeAlias = Callable[[str], Task | None]
"""A task as it was a moment ago, by its id; None: nothing is known of it."""


class Looks:
    """Each is kept for a minute, and until something of its task is settled from here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: dict[str, tuple[Task, datetime]] = {}

    def saw(self, task: Task) -> None:
        if len(self._tasks) >= MOST:
            self._tasks.clear()
        self._tasks[task.id] = task, self._clock.now()

    def fresh(self, task_id: str) -> Task | None:
        task, at = self._tasks.get(task_id, (None, None))
        return task if at is not None and abs(self._clock.now() - at) <= FRESH else None

    def settled(self, task_id: str) -> None:
        _ = self._tasks.pop(task_id, None)
