"""Pages, and going through them within an operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from crowdhub import Call
from crowdhub.errors import UnreadableResponse
from crowdhub.protocol import Flow, Operation, OperationRun, Page, Response, every, first_match, operation

T = TypeVar("T")

BAD = UnreadableResponse("one of it cannot be read")
WORSE = UnreadableResponse("nor can this")


class Listing:
    """Pages of numbers, one call each."""

    def __init__(self, *pages: Sequence[int], bad: dict[int, UnreadableResponse] | None = None) -> None:
        self.pages = pages
        self.bad = bad or {}

    @operation
    def numbers(self, page: int = 1) -> Flow[Page[int]]:
        yield Call.get(f"/{page}")
        more: Callable[[], Operation[Page[int]]] | None = lambda: self.numbers(page + 1)  # noqa: E731
        if page == len(self.pages):
            more = None
        return Page(self.pages[page - 1], more=more, unreadable=[self.bad[page]] if page in self.bad else [])


def run(flow: Flow[T]) -> tuple[list[str], T]:
    """The paths that are asked, and the result."""
    asked: list[str] = []
    with OperationRun(flow) as under_way:
        call = under_way.start()
        while call is not None:
            asked.append(call.path)
            call = under_way.send(Response(200))
        return asked, under_way.result


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [(1, ["/1"]), (2, ["/1"]), (3, ["/1", "/2"]), (5, ["/1", "/2", "/3"]), (6, ["/1", "/2", "/3"])],
)
def test_it_is_looked_for_no_further_than_to_its_page(wanted: int, asked: list[str]) -> None:
    listing = Listing([1, 2], [3, 4], [5])
    found = wanted if wanted < 6 else None
    assert run(first_match(listing.numbers(), lambda each: each == wanted)) == (asked, found)


def test_the_first_that_fits_is_found() -> None:
    looking = first_match(Listing([1, 4], [6]).numbers(), lambda each: each % 2 == 0)
    assert run(looking) == (["/1"], 4)


def test_an_item_that_is_false_is_found_too() -> None:
    assert run(first_match(Listing([3, 0], [6]).numbers(), lambda each: each == 0)) == (["/1"], 0)


@pytest.mark.parametrize("page", [1, 2, 3])
def test_what_cannot_be_read_may_be_what_is_looked_for(page: int) -> None:
    listing = Listing([1], [2], [3], bad={page: BAD})
    assert run(first_match(listing.numbers(), lambda each: each == 9))[1] is None
    with pytest.raises(UnreadableResponse) as caught:
        run(first_match(listing.numbers(), lambda each: each == 9, whole=True))
    assert caught.value is BAD
    assert run(first_match(listing.numbers(), lambda each: each == 3, whole=True))[1] == 3  # it is another one


def test_a_whole_listing_without_it_proves_that_it_is_absent() -> None:
    assert run(first_match(Listing([1], [2]).numbers(), lambda each: each == 9, whole=True)) == (["/1", "/2"], None)


def test_every_item_in_order() -> None:
    assert run(every(Listing([3, 1], [], [2]).numbers())) == (["/1", "/2", "/3"], [3, 1, 2])
    assert run(every(Listing([]).numbers())) == (["/1"], [])


def test_every_readable_item_unless_all_are_needed() -> None:
    listing = Listing([1], [2], [3], bad={2: BAD, 3: WORSE})
    assert run(every(listing.numbers()))[1] == [1, 2, 3]
    with pytest.raises(UnreadableResponse) as caught:
        run(every(listing.numbers(), whole=True))
    assert caught.value is BAD


def test_the_records_of_a_page_are_counted_as_they_were_sent() -> None:
    assert Page([1, 2]).records == 2
    assert Page([1, 2], unreadable=[BAD]).records == 3
    assert Page([1, 2], unreadable=[BAD], read=50).records == 50
    assert Page[int]([], read=0).records == 0
