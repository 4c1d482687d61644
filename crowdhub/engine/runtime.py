"""What differs between ordinary code and an event loop, behind one small interface.

The engine and all operations are written once, as coroutines over a `Runtime`. Under asyncio and trio they are
awaited. In ordinary code `drive` runs the same coroutine to its end without an event loop: what it awaits there
(`BlockingRuntime`) waits in the calling thread and never suspends.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import AbstractAsyncContextManager, aclosing
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from crowdhub.clock import Clock
from crowdhub.errors import ConfigurationError, CrowdhubError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pending(Protocol[T_co]):
    """Something that was started in the background."""

    async def result(self) -> T_co:
        """Wait for its end; raises what it raised."""
        ...

    def cancel(self) -> None: ...

    @property
    def ending(self) -> object:
        """What its runtime waits on for its end; None where nothing is under way until its result is asked for."""
        ...


class Runtime(Protocol):
    """How an operation waits, and does several things side by side."""

    async def sleep(self, seconds: float) -> None: ...

    async def blocking(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        """Do what may wait on a disk or a database; in a thread where others must not wait for it. ``abandon``: a
        cancelled caller does not wait for its end."""
        ...

    async def checkpoint(self) -> None:
        """A cancelled caller ends here, where nothing has begun yet."""
        ...

    async def side_by_side(
        self, works: Sequence[Callable[[], Awaitable[T]]], done: Callable[[], None] | None = None
    ) -> list[T | CrowdhubError]:
        """Run several at the same time, as many as are allowed; each place of the result holds a value or the
        `CrowdhubError`. ``done`` is called after each, where the caller is. What it raises, or an interrupt, keeps
        those that have not begun from beginning, and those under way from sending anything more."""
        ...

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Pending[T]:
        """Run one in the background."""
        ...

    async def first_of(self, pending: Sequence[Pending[Any]]) -> int:
        """Wait until one of those that were started has ended, and tell its place."""
        ...

    def places(self, count: int) -> AbstractAsyncContextManager[object]:
        """Something that at most ``count`` can be inside of at a time."""
        ...

    def where(self) -> object:
        """What connections, locks and threads belong to: the process, or the event loop within it."""
        ...

    def begin_anew(self) -> None:
        """Forget what belongs to another process or event loop."""
        ...

    async def close(self) -> None:
        """Give up what was started and not waited for."""
        ...


def hub_closed() -> ConfigurationError:
    """What a call gets whose hub was closed before it, or under it."""
    return ConfigurationError(
        "The hub is closed.", next_step="Make the call inside the hub's `with` block; nothing was sent by it."
    )


class WaitsForLoop(RuntimeError):
    """What is awaited suspends, which nothing may that is written over a `Runtime`."""


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine over a `BlockingRuntime` to its end."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise WaitsForLoop("this coroutine waits for an event loop; it cannot be run by ordinary code")


def iterate(batches: AsyncGenerator[Sequence[T], None]) -> Iterator[T]:
    """The items of an async generator of batches over a `BlockingRuntime`, as they come. It is closed with the
    iterator."""
    suspended = False
    try:
        while True:
            try:
                batch = drive(anext(batches))
            except StopAsyncIteration:
                return
            except WaitsForLoop:
                suspended = True  # it cannot be closed, either
                raise
            yield from batch
    finally:
        if not suspended:
            drive(batches.aclose())


async def each(batches: AsyncGenerator[Sequence[T], None]) -> AsyncGenerator[T, None]:
    """The same under an event loop."""
    async with aclosing(batches):
        async for batch in batches:
            for item in batch:
                yield item


class BlockingRuntime:
    """For ordinary code, from any thread."""

    def __init__(self, clock: Clock, in_flight: int) -> None:
        self._clock = clock
        self._in_flight = in_flight
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._inside = threading.local()
        self._closed = False
        self._pid = os.getpid()

    async def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    async def blocking(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        del abandon  # nobody can cancel it
        return work()

    async def checkpoint(self) -> None:
        """Nobody can cancel it."""

    async def side_by_side(
        self, works: Sequence[Callable[[], Awaitable[T]]], done: Callable[[], None] | None = None
    ) -> list[T | CrowdhubError]:
        told = done or _nothing
        if len(works) > 1 and not getattr(self._inside, "pool", False):
            return self._in_threads(works, told)
        found: list[T | CrowdhubError] = []  # one after another: a thread of the pool must not wait for another
        for work in works:
            found.append(_outcome(work))
            told()
        return found

    def _in_threads(
        self, works: Sequence[Callable[[], Awaitable[T]]], told: Callable[[], None]
    ) -> list[T | CrowdhubError]:
        given_up = threading.Event()

        def one(work: Callable[[], Awaitable[T]]) -> T | CrowdhubError:
            self._inside.given_up = given_up
            try:
                return _outcome(work)
            finally:
                self._inside.given_up = None

        futures: list[Future[T | CrowdhubError]] = []
        under_way: set[Future[T | CrowdhubError]] = set()
        try:
            while len(futures) < len(works) or under_way:  # to the end where one fails, too: nothing goes on unseen
                while len(futures) < len(works) and len(under_way) < 2 * self._in_flight:
                    futures.append(self._pool().submit(one, works[len(futures)]))
                    under_way.add(futures[-1])
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for _ in ended:
                    told()
        except BaseException as error:
            given_up.set()
            for each in under_way:
                _ = each.cancel()
            if isinstance(error, Exception):  # an interrupt waits for nothing
                _ = wait(under_way)
            raise
        return [each.result() for each in futures]

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Pending[T]:
        if getattr(self._inside, "pool", False):
            return _Later(work)
        return _Thread(self._pool().submit(lambda: drive(work())))

    async def first_of(self, pending: Sequence[Pending[Any]]) -> int:
        futures = [each.ending for each in pending]
        under_way: list[Future[Any]] = [each for each in futures if isinstance(each, Future)]
        if len(under_way) == len(futures):
            _ = wait(under_way, return_when=FIRST_COMPLETED)
        return next(place for place, each in enumerate(futures) if not isinstance(each, Future) or each.done())

    def where(self) -> object:
        return os.getpid()

    def begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._threads = None
        self._inside = threading.local()
        self._pid = os.getpid()

    def places(self, count: int) -> AbstractAsyncContextManager[object]:
        return _Places(count, self._go_on)

    def _go_on(self) -> None:
        """Raises `GivenUp` where this thread's caller does not wait for it any more."""
        given_up: threading.Event | None = getattr(self._inside, "given_up", None)
        if given_up is not None and given_up.is_set():
            raise GivenUp

    async def close(self) -> None:
        self._closed = True
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)

    def _pool(self) -> ThreadPoolExecutor:
        if self._pid != os.getpid():  # threads do not live on in a forked child
            self.begin_anew()
        with self._lock:
            if self._closed:
                raise hub_closed()
            if self._threads is None:
                self._threads = ThreadPoolExecutor(
                    self._in_flight, thread_name_prefix="crowdhub", initializer=self._enter_pool
                )
            return self._threads

    def _enter_pool(self) -> None:
        self._inside.pool = True


class GivenUp(BaseException):
    """Nobody waits for this work any more: nothing more is sent by it."""


def _nothing() -> None: ...


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def _outcome(work: Callable[[], Awaitable[T]]) -> T | CrowdhubError:
    try:
        return drive(_awaited(work))
    except CrowdhubError as error:
        return error


class _Thread(Generic[T]):
    def __init__(self, future: Future[T]) -> None:
        self._future = future

    async def result(self) -> T:
        try:
            return self._future.result()
        except CancelledError:
            raise hub_closed() from None

    def cancel(self) -> None:
        self._future.cancel()

    @property
    def ending(self) -> Future[T]:
        return self._future


class _Later(Generic[T]):
    """What a thread of the pool starts: it is run when its result is asked for."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._work = work

    async def result(self) -> T:
        return await self._work()

    def cancel(self) -> None:
        """Nothing is under way."""

    @property
    def ending(self) -> None:
        return None


class _Places:
    """Places that at most so many threads are in at a time. Each is an object: one that an interrupt dropped on its
    way, at whatever moment, comes back by itself."""

    def __init__(self, count: int, go_on: Callable[[], None]) -> None:
        self._go_on = go_on
        self._free: SimpleQueue[_Place] = SimpleQueue()
        self._taken = threading.local()
        for _ in range(count):
            self._free.put(_Place(self))

    async def __aenter__(self) -> None:
        self._go_on()
        self._taken.place = None  # what an interrupt kept this thread from giving back
        self._taken.place = self._free.get()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        place, self._taken.place = self._taken.place, None
        self._free.put(place)

    def again(self) -> None:
        """One was let go."""
        self._free.put(_Place(self))


class _Place:
    """Whoever has it is inside; it is free again with its last reference."""

    __slots__ = ("_home",)

    def __init__(self, home: _Places) -> None:
        self._home = weakref.ref(home)

    def __del__(self) -> None:
        home = self._home()
        if home is not None:
            home.again()
