"""What `watch` gives: a stream that goes on after an outage, and can be asked what was missed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Self

from crowdhub.engine.runtime import drive
from crowdhub.model import Submission, Task
from crowdhub.operations.market_watch import MarketWatch, WatchProblem
from crowdhub.operations.watching import Watching

Locate = Callable[[Task | str], tuple[MarketWatch, str]]
"""Where a task is watched, and its id. Raises `InvalidRequest`."""


class WatchBase:
    """``problems``: the latest hundred things that kept a round from showing everything, oldest first."""

    def __init__(self, watching: Watching, locate: Locate) -> None:
        self._watching = watching
        self._locate = locate

    @property
    def problems(self) -> tuple[WatchProblem, ...]:
        return tuple(self._watching.problems)

    def add(self, task: Task | str) -> None:
        """Watch this task as well, from the next round on. Raises `InvalidRequest`."""
        watch, task_id = self._locate(task)
        watch.add(task_id)

    def drop(self, task: Task | str) -> None:
        """Do not ask for this task any more. What was read of it already is still handed out."""
        watch, task_id = self._locate(task)
        watch.drop(task_id)


class Watch(WatchBase, Iterator[Submission]):
    """New submissions, one after another, for ordinary code. After an error that it raised, it goes on when it is asked
    for the next one."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Submission:
        found = drive(self._watching.next())
        if found is None:
            raise StopIteration
        return found

    def close(self) -> None:
        """Give up the round that is under way, once the requests that have left are answered; nothing more comes."""
        drive(self._watching.close())


class AsyncWatch(WatchBase, AsyncIterator[Submission]):
    """The same for asyncio and trio."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Submission:
        found = await self._watching.next()
        if found is None:
            raise StopAsyncIteration
        return found

    async def close(self) -> None:
        """Give up the round that is under way; nothing more comes."""
        await self._watching.close()
