"""The runtime of asyncio and trio, through anyio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
import sniffio

from crowdhub.clock import Clock
from crowdhub.engine.runtime import Pending, hub_closed
from crowdhub.errors import CrowdhubError

T = TypeVar("T")


class LoopRuntime:
    """For one event loop."""

    def __init__(self, clock: Clock, in_flight: int) -> None:
        self._clock = clock
        self._in_flight = in_flight
        self._background: set[_Background[Any]] = set()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep_async(seconds)

    async def blocking(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        if abandon:
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
        if sniffio.current_async_library() != "asyncio":
            return await anyio.to_thread.run_sync(work)  # which tells of a cancel only after its end
        return await _to_its_end(anyio.to_thread.run_sync(work))

    async def checkpoint(self) -> None:
        await anyio.lowlevel.checkpoint_if_cancelled()
        if sniffio.current_async_library() == "asyncio":
            import asyncio

            me = asyncio.current_task()
            if me is not None and me.cancelling():
                await asyncio.sleep(0)  # asyncio's own cancelling is told where its task waits

    async def side_by_side(
        self, works: Sequence[Callable[[], Awaitable[T]]], done: Callable[[], None] | None = None
    ) -> list[T | CrowdhubError]:
        results: dict[int, T | CrowdhubError] = {}
        foreign: list[Exception] = []
        todo = iter(enumerate(works))

        stopped: list[BaseException] = []

        async def worker() -> None:
            for place, work in todo:
                if stopped:
                    return
                try:
                    results[place] = await work()
                except CrowdhubError as error:
                    results[place] = error
                except Exception as error:  # noqa: BLE001 - raised below, as in ordinary code, and not within a group
                    foreign.append(error)
                if done is not None and not stopped:
                    try:
                        done()
                    except Exception as error:  # noqa: BLE001 - the same
                        stopped.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(min(len(works), self._in_flight)):
                group.start_soon(worker)
        if failed := [*stopped, *foreign]:
            raise failed[0]
        return [results[place] for place in range(len(works))]

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Pending[T]:
        started = _Background(work)
        self._background.add(started)
        started.spawn(lambda: self._background.discard(started))
        return started

    async def first_of(self, pending: Sequence[Pending[Any]]) -> int:
        endings = [each.ending for each in pending]
        events = [each for each in endings if isinstance(each, anyio.Event)]
        async with anyio.create_task_group() as group:

            async def wait(event: anyio.Event) -> None:
                await event.wait()
                group.cancel_scope.cancel()

            for each in events:
                group.start_soon(wait, each)
        return next(place for place, each in enumerate(endings) if not isinstance(each, anyio.Event) or each.is_set())

    def where(self) -> object:
        if sniffio.current_async_library() == "trio":
            import trio

            return trio.lowlevel.current_trio_token()
        import asyncio

        return asyncio.get_running_loop()

    def begin_anew(self) -> None:
        self._background.clear()

    def places(self, count: int) -> AbstractAsyncContextManager[object]:
        return anyio.Semaphore(count, fast_acquire=True)

    async def close(self) -> None:
        for started in list(self._background):
            started.cancel()


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Under asyncio's own cancelling, which no scope shields from: what a thread wrote must reach its caller, who is
    cancelled right after it."""
    import asyncio

    task, me = asyncio.ensure_future(work), asyncio.current_task()
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            with anyio.CancelScope(shield=True):  # anyio's own cancelling would come again and again
                _ = await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and me is not None:
        _ = me.uncancel()  # told once, however often it is passed on
        _ = me.cancel(*cancelled.args)
    return task.result()


class _Background(Generic[T]):
    """A coroutine under way in the background of asyncio or trio. Its failure waits here for whoever asks."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._work = work
        self._done = anyio.Event()
        self._scope = anyio.CancelScope()
        self._error: Exception | None = None
        self._value: list[T] = []  # its one result, once it is there
        self._task: object = None  # asyncio keeps only weak references to tasks

    def spawn(self, ended: Callable[[], None]) -> None:
        async def body() -> None:
            try:
                with self._scope:
                    self._value.append(await self._work())
            except Exception as error:  # noqa: BLE001 - handed to whoever asks for the result
                self._error = error
            finally:
                self._done.set()
                ended()

        if sniffio.current_async_library() == "trio":
            import trio

            trio.lowlevel.spawn_system_task(body)
        else:
            import asyncio

            self._task = asyncio.get_running_loop().create_task(body())

    async def result(self) -> T:
        await self._done.wait()
        if self._error is not None:
            raise self._error
        if not self._value:
            raise hub_closed()  # given up with its runtime
        return self._value[0]

    def cancel(self) -> None:
        self._scope.cancel()

    @property
    def ending(self) -> anyio.Event:
        return self._done
