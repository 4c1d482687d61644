"""Carrying out the steps of a script, in both worlds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from concurrent.futures import Future
from typing import Any, TypeVar

import anyio

from crowdhub.engine.aio import Ahead, AsyncEngine
from crowdhub.engine.sync import Engine
from crowdhub.errors import CrowdhubError
from crowdhub.operations.steps import Do, Emit, Run, RunAll, Script, Sleep, Start, Wait

T = TypeVar("T")


class _Reply:
    """What a script is told next: a value, or an error thrown into it."""

    def __init__(self) -> None:
        self.value: Any = None
        self.error: CrowdhubError | None = None

    def advance(self, script: Script[T]) -> Any:
        value, error = self.value, self.error
        self.value = self.error = None
        return script.throw(error) if error is not None else script.send(value)


def iterate(  # noqa: C901 - one case for each step
    engine: Engine, script: Script[Any]
) -> Generator[Any, None, Any]:
    """The items that a script emits, as they come."""
    reply = _Reply()
    started: set[Future[Any]] = set()
    try:
        while True:
            try:
                step = reply.advance(script)
            except StopIteration as stop:
                return stop.value
            except CrowdhubError as error:
                engine.session.describe(error)
                raise
            try:
                match step:
                    case Emit(items):
                        yield from items
                    case Run(flow, before):
                        reply.value = engine.run(flow, before)
                    case RunAll(flows, done):
                        reply.value = engine.run_all(flows, done)
                    case Start(flow):
                        reply.value = engine.start(flow)
                        started.add(reply.value)
                    case Wait(handle):
                        started.discard(handle)
                        reply.value = handle.result()
                    case Sleep(seconds):
                        engine.session.clock.sleep(seconds)
                    case Do(work):
                        reply.value = work()
                    case _:
                        raise TypeError(f"a script yielded {step!r}, which is no step")
            except CrowdhubError as error:
                reply.error = error
    finally:
        script.close()
        for future in started:
            future.cancel()


def drive(engine: Engine, script: Script[T]) -> T:
    """Carry out a script that emits nothing, to its result."""
    steps = iterate(engine, script)
    try:
        next(steps)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise TypeError("a script that emits items must be iterated")


class _AsyncRun:
    """One run of a script; ``result`` is its value once it has ended (an async generator cannot return one)."""

    def __init__(self, engine: AsyncEngine, script: Script[Any]) -> None:
        self._engine = engine
        self._script = script
        self.result: Any = None

    async def items(self) -> AsyncIterator[Any]:  # noqa: C901 - one case for each step
        reply = _Reply()
        engine = self._engine
        started: set[Ahead[Any]] = set()
        try:
            while True:
                try:
                    step = reply.advance(self._script)
                except StopIteration as stop:
                    self.result = stop.value
                    return
                except CrowdhubError as error:
                    engine.session.describe(error)
                    raise
                try:
                    match step:
                        case Emit(items):
                            for item in items:
                                yield item
                        case Run(flow, before):
                            reply.value = await engine.run(flow, before)
                        case RunAll(flows, done):
                            reply.value = await engine.run_all(flows, done)
                        case Start(flow):
                            reply.value = engine.start(flow)
                            started.add(reply.value)
                        case Wait(handle):
                            started.discard(handle)
                            reply.value = await handle.result()
                        case Sleep(seconds):
                            await engine.session.clock.sleep_async(seconds)
                        case Do(work):
                            reply.value = await anyio.to_thread.run_sync(work)
                        case _:
                            raise TypeError(f"a script yielded {step!r}, which is no step")
                except CrowdhubError as error:
                    reply.error = error
        finally:
            self._script.close()
            for ahead in started:
                ahead.cancel()


async def drive_async(engine: AsyncEngine, script: Script[T]) -> T:
    """Carry out a script that emits nothing, to its result."""
    run = _AsyncRun(engine, script)
    async for _ in run.items():
        raise TypeError("a script that emits items must be iterated")
    result: T = run.result
    return result


def iterate_async(engine: AsyncEngine, script: Script[Any]) -> AsyncIterator[Any]:
    """The items that a script emits, as they come."""
    return _AsyncRun(engine, script).items()
