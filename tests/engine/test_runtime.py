"""What operations wait with: in ordinary code, under asyncio, under trio."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import closing
from typing import Any, Protocol, TypeVar, cast

import anyio
import pytest

from crowdhub.engine.loop import LoopRuntime
from crowdhub.engine.runtime import BlockingRuntime, Runtime, drive, each, iterate
from crowdhub.errors import CrowdhubError, NotFound
from tests.support.hand_clock import HandClock

T = TypeVar("T")
IN_FLIGHT = 3


class Suspends:
    """Waits for an event loop, as `asyncio.sleep` does."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Mark(Protocol):
    """Something that one work sets and another waits for."""

    def set(self) -> object: ...

    async def wait(self) -> object: ...


class ThreadMark:
    def __init__(self) -> None:
        self._event = threading.Event()
        self.set = self._event.set

    async def wait(self) -> None:
        assert self._event.wait(10)


class Place:
    """One of the three, with its runtime."""

    def __init__(self, kind: str, clock: HandClock) -> None:
        self.kind = kind
        self._clock = clock

    def run(self, main: Callable[[Runtime], Coroutine[Any, Any, T]]) -> T:
        async def closed(runtime: Runtime) -> T:
            try:
                return await main(runtime)
            finally:
                await runtime.close()

        async def in_loop() -> T:
            with anyio.fail_after(10):
                return await closed(LoopRuntime(self._clock, IN_FLIGHT))

        if self.kind == "sync":
            return drive(closed(BlockingRuntime(self._clock, IN_FLIGHT)))
        return anyio.run(in_loop, backend=self.kind)

    def mark(self) -> Mark:
        return ThreadMark() if self.kind == "sync" else anyio.Event()


@pytest.fixture(params=["sync", "asyncio", "trio"])
def place(request: pytest.FixtureRequest, clock: HandClock) -> Place:
    return Place(request.param, clock)


# --- driving ----------------------------------------------------------------------------------------------------


def test_a_coroutine_that_waits_for_nothing_is_driven_to_its_end() -> None:
    async def inner() -> int:
        return 3

    async def outer() -> int:
        return await inner() + await inner()

    assert drive(outer()) == 6


def test_what_it_raises_comes_out_as_it_is() -> None:
    error = NotFound("gone")

    async def failing() -> None:
        raise error

    with pytest.raises(NotFound) as caught:
        drive(failing())
    assert caught.value is error


def test_one_that_waits_for_an_event_loop_is_refused_and_closed() -> None:
    ended: list[str] = []

    async def waiting() -> None:
        try:
            await Suspends()
            ended.append("went on")
        finally:
            ended.append("closed")

    with pytest.raises(RuntimeError, match="waits for an event loop"):
        drive(waiting())
    assert ended == ["closed"]


# --- streams ----------------------------------------------------------------------------------------------------


class Stream:
    """Two batches, and what became of the generator."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def batches(self) -> AsyncGenerator[Sequence[int], None]:
        try:
            self.told.append("first")
            yield [1, 2]
            self.told.append("second")
            yield [3]
        finally:
            self.told.append("closed")


def test_the_items_of_all_batches_come_in_order_and_as_they_are_asked_for() -> None:
    stream = Stream()
    items = iterate(stream.batches())
    assert stream.told == []
    assert [next(items), next(items)] == [1, 2]
    assert stream.told == ["first"]
    assert list(items) == [3]
    assert stream.told == ["first", "second", "closed"]


def test_a_reader_who_stops_closes_the_stream() -> None:
    stream = Stream()
    with closing(cast("Generator[int, None, None]", iterate(stream.batches()))) as items:
        assert next(items) == 1
        assert stream.told == ["first"]
    assert stream.told == ["first", "closed"]


def test_a_readers_own_error_closes_the_stream() -> None:
    stream = Stream()
    with pytest.raises(KeyError), closing(cast("Generator[int, None, None]", iterate(stream.batches()))) as items:
        raise KeyError(next(items))
    assert stream.told == ["first", "closed"]


def test_an_error_in_a_stream_comes_after_what_came_before_it() -> None:
    async def batches() -> AsyncGenerator[Sequence[int], None]:
        yield [1]
        raise NotFound("gone")

    read: list[int] = []
    with pytest.raises(NotFound):
        read.extend(iterate(batches()))
    assert read == [1]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_reader_who_stops_closes_the_stream_under_a_loop(backend: str) -> None:
    stream = Stream()

    async def main() -> list[int]:
        items = each(stream.batches())
        first = await anext(items)
        await items.aclose()
        return [first]

    assert anyio.run(main, backend=backend) == [1]
    assert stream.told == ["first", "closed"]


# --- side by side -----------------------------------------------------------------------------------------------


def test_results_and_errors_stand_in_the_places_of_their_works(place: Place) -> None:
    def work(number: int) -> Callable[[], Awaitable[int]]:
        async def one() -> int:
            if number % 3 == 0:
                raise NotFound(str(number))
            return number

        return one

    async def main(runtime: Runtime) -> list[int | CrowdhubError]:
        return await runtime.side_by_side([work(number) for number in range(20)])

    found = place.run(main)
    assert [str(number) if isinstance(number, int) else number.message for number in found] == [
        str(number) for number in range(20)
    ]
    assert [isinstance(number, NotFound) for number in found] == [number % 3 == 0 for number in range(20)]


def test_the_order_is_that_of_the_works_whichever_ends_first(place: Place) -> None:
    async def main(runtime: Runtime) -> tuple[list[str | CrowdhubError], list[str]]:
        second_ended = place.mark()
        ended: list[str] = []

        async def first() -> str:
            await second_ended.wait()  # so they are under way at the same time
            ended.append("first")
            return "first"

        async def second() -> str:
            ended.append("second")
            second_ended.set()
            return "second"

        return await runtime.side_by_side([first, second]), ended

    assert place.run(main) == (["first", "second"], ["second", "first"])


def test_no_more_than_are_allowed_are_under_way(place: Place) -> None:
    async def main(runtime: Runtime) -> int:
        lock = threading.Lock()
        inside: list[int] = []
        most: list[int] = []
        full = place.mark()

        async def one() -> None:
            with lock:
                inside.append(1)
                most.append(len(inside))
                if len(inside) == IN_FLIGHT:
                    full.set()
            await full.wait()
            with lock:
                inside.pop()

        await runtime.side_by_side([one] * 10)
        return max(most)

    assert place.run(main) == IN_FLIGHT


@pytest.mark.parametrize("count", [0, 1, 7])
def test_each_that_ended_is_told(place: Place, count: int) -> None:
    told: list[None] = []

    async def one() -> int:
        raise NotFound("gone")

    async def main(runtime: Runtime) -> list[int | CrowdhubError]:
        return await runtime.side_by_side([one] * count, lambda: told.append(None))

    assert len(place.run(main)) == len(told) == count


def test_what_is_told_can_stop_the_rest(place: Place) -> None:
    begun: list[int] = []

    def work(number: int) -> Callable[[], Awaitable[int]]:
        async def one() -> int:
            begun.append(number)
            return number

        return one

    def enough() -> None:
        raise KeyError("enough for today")

    async def main(runtime: Runtime) -> list[int | CrowdhubError]:
        return await runtime.side_by_side([work(number) for number in range(5000)], enough)

    with pytest.raises(KeyError):
        place.run(main)
    assert 0 < len(begun) < 5000


def test_an_interrupt_lets_nothing_more_begin(clock: HandClock) -> None:
    """In ordinary code what was started is left to its threads: they send nothing more."""
    runtime, free, inside = BlockingRuntime(clock, IN_FLIGHT), threading.Event(), threading.Semaphore(0)
    places = runtime.places(100)
    sent: list[str] = []

    async def one() -> int:
        async with places:
            sent.append("first")
        inside.release()
        free.wait(20)
        async with places:
            sent.append("second")
        return 1

    def interrupt() -> None:
        raise KeyboardInterrupt

    async def first() -> int:
        for _ in range(IN_FLIGHT - 1):
            inside.acquire()
        return 0

    with pytest.raises(KeyboardInterrupt):
        drive(runtime.side_by_side([first, *[one] * 40], interrupt))
    free.set()
    drive(runtime.close())
    assert sent.count("second") == 0
    assert sent.count("first") <= IN_FLIGHT


def test_what_is_no_error_of_ours_is_not_taken_for_a_result(place: Place) -> None:
    async def wrong() -> int:
        raise KeyError("a mistake in the program")

    async def right() -> int:
        return 1

    async def main(runtime: Runtime) -> list[int | CrowdhubError]:
        return await runtime.side_by_side([right, wrong])

    with pytest.raises(KeyError):
        place.run(main)


def test_what_runs_side_by_side_may_do_so_itself(place: Place) -> None:
    """More of them than there are places: none may wait for a place that it occupies itself."""

    async def leaf() -> int:
        return 1

    async def main(runtime: Runtime) -> int:
        async def branch() -> int:
            started = runtime.start(leaf)
            inner = await runtime.side_by_side([leaf] * 4)
            return await started.result() + len(inner)

        outer = await runtime.side_by_side([branch] * (2 * IN_FLIGHT))
        return sum(each for each in outer if isinstance(each, int))

    assert place.run(main) == 2 * IN_FLIGHT * 5


def test_a_stream_that_waits_for_a_loop_is_a_mistake_that_is_named() -> None:
    async def batches() -> AsyncGenerator[Sequence[int], None]:
        yield [1]
        await Suspends()

    items = iterate(batches())
    assert next(items) == 1
    with pytest.raises(RuntimeError, match="cannot be run by ordinary code"):
        next(items)


# --- in the background ------------------------------------------------------------------------------------------


def test_what_was_started_is_waited_for_and_its_error_waits_too(place: Place) -> None:
    async def good() -> int:
        return 7

    async def bad() -> int:
        raise NotFound("gone")

    async def main(runtime: Runtime) -> int:
        failing = runtime.start(bad)
        result = await runtime.start(good).result()
        with pytest.raises(NotFound, match="gone"):
            await failing.result()
        return result

    assert place.run(main) == 7


def test_sleeping_is_the_clocks(place: Place, clock: HandClock) -> None:
    place.run(lambda runtime: runtime.sleep(3))
    assert clock.slept == [3]


def test_blocking_work_gives_its_result_or_its_error(place: Place) -> None:
    def fails() -> int:
        raise NotFound("gone")

    async def main(runtime: Runtime) -> int:
        with pytest.raises(NotFound):
            await runtime.blocking(fails)
        return await runtime.blocking(lambda: 5)

    assert place.run(main) == 5
