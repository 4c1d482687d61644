"""How the core's coroutines wait for the scheduler: a runtime that suspends, instead of threads, sleep and sockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, cast

from crowdhub.engine import http
from crowdhub.engine.runtime import Pending
from crowdhub.errors import CrowdhubError
from crowdhub.protocol import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sleep:
    """A client waits."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Book:
    """A client is about to read or write its ledger."""

    work: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Send:
    """A request is about to leave, signed, for a call."""

    request: http.Request
    call: Call


Step: TypeAlias = Sleep | Book | Send
Work: TypeAlias = Coroutine[Step, object, T]


class _Suspended:
    """What a coroutine awaits: it goes out to the scheduler, and its answer comes back."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def __await__(self) -> Generator[Step, object, object]:
        return (yield self._step)


async def suspended(step: Step) -> object:
    return await _Suspended(step)


class ProverRuntime:
    """A `crowdhub.engine.runtime.Runtime` for clients that take turns in one thread.

    What runs side by side there runs one after the other here: each piece of such work is about another submission.
    """

    def __init__(self, process: object) -> None:
        self._process = process

    async def sleep(self, seconds: float) -> None:
        _ = await suspended(Sleep(seconds))

    async def blocking(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        del abandon
        return cast("T", await suspended(Book(work)))

    async def checkpoint(self) -> None:
        """Clients are stopped, not cancelled."""

    async def side_by_side(
        self, works: Sequence[Callable[[], Awaitable[T]]], done: Callable[[], None] | None = None
    ) -> list[T | CrowdhubError]:
        found: list[T | CrowdhubError] = []
        for work in works:
            try:
                found.append(await work())
            except CrowdhubError as error:
                found.append(error)
            if done is not None:
                done()
        return found

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Pending[T]:
        return _Later(work)

    async def first_of(self, pending: Sequence[Pending[Any]]) -> int:
        del pending
        return 0

    def places(self, count: int) -> AbstractAsyncContextManager[object]:
        del count
        return nullcontext()

    def where(self) -> object:
        return self._process

    def begin_anew(self) -> None:
        """A process of a prover does not fork."""

    async def close(self) -> None:
        """Nothing is open."""


class _Later(Generic[T]):
    """What is started is run when its result is asked for."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._work = work

    async def result(self) -> T:
        return await self._work()

    def cancel(self) -> None:
        """Nothing is under way."""

    @property
    def ending(self) -> None:
        return None
