"""Reading a list that moves because it is read: nothing lost, nothing twice."""

import gc
import threading
import tracemalloc
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdhub import AsyncMarket, Decision, Market, Operation, Page, Submission, Worker
from crowdhub.errors import CrowdhubError, InvalidRequest, ProviderUnavailable, UnreadableResponse
from crowdhub.model import SubmissionStatus
from crowdhub.protocol import Flow, Identity
from tests.conftest import World
from tests.operations.conftest import OnShelf, Shelf

WHERE: Identity = {"provider": "shelf", "account": "shelf", "environment": "sandbox"}
calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

HABITS: dict[str, Callable[[int], str | None]] = {
    "nothing": lambda n: None,
    "approves all": lambda n: "approve",
    "approves every second": lambda n: "approve" if n % 2 else None,
    "rejects some": lambda n: "reject" if n % 3 == 0 else "approve",
    "approves the last of each page": lambda n: "approve" if n % 3 == 2 else None,
}


def one_listing(first: Callable[[], Flow[Page[Submission]]], *_: object) -> Operation[Page[Submission]]:
    return Operation("submissions", lambda: first(), {})


@calm
@given(
    count=st.integers(0, 25),
    size=st.integers(1, 6),
    newest_first=st.booleans(),
    tells_total=st.booleans(),
    status=st.sampled_from(["pending", None]),
    habit=st.sampled_from(list(HABITS)),
)
def test_whatever_one_settles_on_the_way(
    shelf_market: Market[Shelf],
    count: int,
    size: int,
    newest_first: bool,
    tells_total: bool,
    status: str | None,
    habit: str,
) -> None:
    provider = shelf_market.provider
    provider.reset(size=size, newest_first=newest_first, tells_total=tells_total)
    provider.fill(count)
    seen: list[str] = []
    for submission in shelf_market.submissions("t", status=status):
        seen.append(submission.id)
        verb = HABITS[habit](len(seen))
        if verb == "approve":
            shelf_market.approve(submission)
        elif verb == "reject":
            shelf_market.reject(submission, "why")
    assert sorted(seen, key=int) == [str(n) for n in range(count)]
    assert len(seen) == len(set(seen))


@calm
@given(count=st.integers(1, 25), size=st.integers(1, 6), newest_first=st.booleans(), arrivals=st.integers(1, 9))
def test_what_was_there_from_the_start_is_never_lost_to_what_arrives(
    shelf_market: Market[Shelf], count: int, size: int, newest_first: bool, arrivals: int
) -> None:
    provider = shelf_market.provider
    provider.reset(size=size, newest_first=newest_first)
    provider.fill(count)
    seen: list[str] = []
    late = 1000
    for submission in shelf_market.submissions("t", status="pending"):
        seen.append(submission.id)
        if len(seen) <= arrivals:
            provider.fill(1, start=late)
            late += 1
        shelf_market.approve(submission)
    assert set(map(str, range(count))) <= set(seen)
    assert len(seen) == len(set(seen))


@calm
@given(count=st.integers(0, 20), size=st.integers(1, 6), batch=st.integers(1, 5))
def test_reviewing_in_batches_while_reading(shelf_market: Market[Shelf], count: int, size: int, batch: int) -> None:
    provider = shelf_market.provider
    provider.reset(size=size)
    provider.fill(count)
    seen: list[str] = []
    held: list[Decision] = []
    for submission in shelf_market.submissions("t", status="pending"):
        seen.append(submission.id)
        held.append(Decision.approve(submission))
        if len(held) == batch:
            assert shelf_market.review(held).count("approved") == batch
            held = []
    assert sorted(seen, key=int) == [str(n) for n in range(count)]


@pytest.mark.parametrize("newest_first", [False, True])
def test_in_all_worlds(world: World, shelf: OnShelf, newest_first: bool) -> None:
    provider, session = shelf
    provider.reset(size=4, newest_first=newest_first)
    provider.fill(31)

    def read(market: Any) -> Any:
        if world.kind == "sync":
            seen: list[str] = []
            for submission in market.submissions("t", status="pending"):
                seen.append(submission.id)
                market.approve(submission)
            return seen

        async def reading() -> Any:
            seen: list[str] = []
            async for submission in market.submissions("t", status="pending"):
                seen.append(submission.id)
                await market.approve(submission)
            return seen

        return reading()

    seen = world.market(session(), read)
    assert sorted(seen, key=int) == [str(n) for n in range(31)]
    assert set(provider.state.values()) == {"approved"}


def test_a_list_that_stands_still_is_read_once(shelf_market: Market[Shelf]) -> None:
    provider = shelf_market.provider
    provider.fill(9)
    assert len(list(shelf_market.submissions("t"))) == 9
    assert (provider.asked, provider.counted) == ([1, 2, 3, 1], 2)  # the counters came after the first page


def test_one_page_is_asked_once_even_when_all_of_it_is_settled(shelf_market: Market[Shelf]) -> None:
    provider = shelf_market.provider
    provider.fill(3)
    for submission in shelf_market.submissions("t", status="pending"):
        shelf_market.approve(submission)
    assert provider.asked == [1]


def test_nothing_is_asked_before_the_first_item_is_wanted(shelf_market: Market[Shelf]) -> None:
    provider = shelf_market.provider
    provider.fill(9)
    pages = cast("Generator[Submission]", shelf_market.submissions("t"))
    assert provider.asked == []
    next(pages)
    pages.close()
    assert len(provider.asked) <= 2


def test_the_next_page_is_fetched_while_the_present_one_is_used(shelf_market: Market[Shelf]) -> None:
    provider = shelf_market.provider
    asked = threading.Event()
    original = provider.submissions

    def submissions(task_id: str, status: SubmissionStatus | None = None, page: int = 1) -> Operation[Page[Submission]]:
        if page == 2:
            asked.set()
        return original(task_id, status, page)

    vars(provider)["submissions"] = submissions
    provider.fill(6)
    reading = shelf_market.submissions("t")
    assert next(reading).id == "0"
    assert asked.wait(5)
    assert len(list(reading)) == 5


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_next_page_is_fetched_while_the_present_one_is_used_async(shelf: OnShelf, backend: str) -> None:
    provider, session = shelf
    provider.fill(6)

    async def main() -> list[Submission]:
        market = AsyncMarket(provider, session())
        reading = market.submissions("t")
        first = await anext(reading)
        with anyio.fail_after(5):
            while provider.asked != [1, 2]:
                await anyio.lowlevel.checkpoint()
        rest = [submission async for submission in reading]
        await market.close()
        return [first, *rest]

    assert len(anyio.run(main, backend=backend)) == 6


class Streaming:
    """Pages made on demand, of which nothing is kept."""

    def __init__(self, provider: Shelf, count: int, size: int) -> None:
        self.provider, self.count, self.size = provider, count, size

    def page(self, number: int = 0) -> Flow[Page[Submission]]:
        start = number * self.size
        stop = min(start + self.size, self.count)
        items = [
            Submission(**WHERE, id=str(n), task_id="t", worker=Worker(id="w"), text="x" * 200)
            for n in range(start, stop)
        ]
        return Page(items, more=(lambda: self.page(number + 1)) if stop < self.count else None, total=self.count)
        yield


def test_memory_does_not_grow_with_the_list(shelf_market: Market[Shelf]) -> None:
    peaks: list[int] = []
    for count in (2_000, 6_000, 18_000):
        streaming = Streaming(shelf_market.provider, count, 500)
        vars(shelf_market.provider)["submissions"] = partial(one_listing, streaming.page)
        gc.collect()
        tracemalloc.start()
        read = sum(1 for _ in shelf_market.submissions("t"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert read == count
    ids = 40 * 18_000  # what is remembered of each, generously
    assert peaks[2] < peaks[0] * 1.5 + ids


def endless(provider: Shelf, fresh: bool) -> dict[str, int]:
    state = {"page": 0}

    def page() -> Flow[Page[Submission]]:
        state["page"] += 1
        number = state["page"] if fresh else 1
        return Page([Submission(**WHERE, id=str(number), task_id="t", worker=Worker(id="w"))], more=page)
        yield

    vars(provider)["submissions"] = partial(one_listing, page)
    return state


def test_a_list_that_repeats_itself_for_ever_ends_in_an_error(shelf_market: Market[Shelf]) -> None:
    state = endless(shelf_market.provider, fresh=False)
    reading = shelf_market.submissions("t")
    assert next(reading).id == "1"
    with pytest.raises(UnreadableResponse, match="never ends"):
        list(reading)
    assert state["page"] < 50


def test_a_list_that_is_really_long_can_be_left(shelf_market: Market[Shelf]) -> None:
    state = endless(shelf_market.provider, fresh=True)
    for number, _ in enumerate(shelf_market.submissions("t")):
        if number == 100:
            break
    assert state["page"] < 110


def test_records_that_cannot_be_read_are_reported_after_all_others(shelf_market: Market[Shelf]) -> None:
    bad = [
        UnreadableResponse("a record has a wrong id", excerpt="{}", records=[{"id": None}]),
        UnreadableResponse("another", records=[{"id": []}]),
    ]

    def page() -> Flow[Page[Submission]]:
        provider = shelf_market.provider
        yield from ()
        return Page([provider.record("0"), provider.record("1")], unreadable=tuple(bad))

    shelf_market.provider.fill(2)
    vars(shelf_market.provider)["submissions"] = partial(one_listing, page)
    seen: list[str] = []
    with pytest.raises(UnreadableResponse, match="2 of the listing's records") as caught:
        seen.extend(submission.id for submission in shelf_market.submissions("t"))
    assert seen == ["0", "1"]
    assert caught.value.records == ({"id": None}, {"id": []})


class Boom(Exception):
    """A defect in a plugin: no error of ours."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ProviderUnavailable("page 2 is down"), ProviderUnavailable), (Boom("a defect"), InvalidRequest)],
)
def test_a_failing_page_fails_the_reader_when_he_gets_there(
    world: World, shelf: OnShelf, error: Exception, kind: type[CrowdhubError]
) -> None:
    provider, session = shelf

    def first() -> Flow[Page[Submission]]:
        yield from ()
        return Page([provider.record("0")], more=second)

    def second() -> Flow[Page[Submission]]:
        yield from ()
        raise error

    provider.fill(1)
    vars(provider)["submissions"] = partial(one_listing, first)
    got: list[str] = []

    def read(market: Any) -> Any:
        if world.kind == "sync":
            got.extend(submission.id for submission in market.submissions("t"))
            return None

        async def reading() -> Any:
            async for submission in market.submissions("t"):
                got.append(submission.id)  # noqa: PERF401

        return reading()

    with pytest.raises(kind):
        world.market(session(), read)
    assert got == ["0"]


def test_many_readers_at_once_do_not_block_each_other(shelf_market: Market[Shelf]) -> None:
    """More readers than threads in the pool, each with a page under way."""
    shelf_market.provider.fill(9)
    readers = [shelf_market.submissions("t") for _ in range(20)]
    for reader in readers:
        assert next(reader).id == "0"
    assert [len(list(reader)) for reader in readers] == [8] * 20


def test_closing_a_market_in_the_middle_of_reading(shelf: OnShelf) -> None:
    provider, session = shelf
    provider.fill(9)
    market = Market(provider, session())
    reading = cast("Generator[Submission]", market.submissions("t"))
    next(reading)
    market.close()
    reading.close()
