"""One page of a listing, and going through its pages within an operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from crowdhub.errors import Conflict, UnreadableResponse
from crowdhub.model import Task, TaskDraft
from crowdhub.protocol.flow import Flow, Operation
from crowdhub.protocol.reference import carries

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """``items``, and ``more``: makes the flow of the next page (None: this is the last).

    ``total`` is the length of the whole listing as the marketplace tells it at this moment, if it does.
    ``unreadable`` holds one error for each record that could not be read: it is reported, never dropped.
    ``read``: how many records were read, where the plugin kept only some of them (None: the items and the
    unreadable ones). ``stable``: the listing goes on from a mark that stays in its place whatever is added or
    settled meanwhile, or only grows, so that one pass sees everything. ``joined``: whether the page demonstrably
    begins where the one before it ended (its plugin asked for that one's last record again, and got it first); a
    first page of such a listing is. None: that cannot be told.
    """

    items: Sequence[T_co]
    more: Callable[[], Flow[Page[T_co]] | Operation[Page[T_co]]] | None = None
    total: int | None = None
    unreadable: Sequence[UnreadableResponse] = ()
    read: int | None = None
    stable: bool = False
    joined: bool | None = None

    @property
    def records(self) -> int:
        """How many records the marketplace sent in this page."""
        return len(self.items) + len(self.unreadable) if self.read is None else self.read


def every(first: Operation[Page[T]] | Flow[Page[T]], *, whole: bool = False) -> Flow[list[T]]:
    """All items of a listing, page by page, for an operation that needs them together. ``whole``: to prove that
    something is absent, so a record that cannot be read raises its `UnreadableResponse`, and a listing that is not as
    long as it says, or that moved, a `Conflict`."""
    page = yield from first
    items, reading = list(page.items), _Whole(page)
    while page.more is not None:
        page = yield from page.more()
        items.extend(page.items)
        reading.add(page)
    if whole:
        reading.check()
    return items


def first_match(
    first: Operation[Page[T]] | Flow[Page[T]], fits: Callable[[T], bool], *, whole: bool = False
) -> Flow[T | None]:
    """The first item of a listing that fits, read no further than to it; None where there is none. ``whole``: None
    has to prove something, so where nothing fits a record that cannot be read raises its `UnreadableResponse`, and a
    listing that is not as long as it says a `Conflict`."""
    page = yield from first
    reading = _Whole(page)
    while True:
        for item in page.items:
            if fits(item):
                return item
        if page.more is None:
            break
        page = yield from page.more()
        reading.add(page)
    if whole:
        reading.check()
    return None


def find_marked(listing: Callable[[], Operation[Page[Task]] | Flow[Page[Task]]], draft: TaskDraft) -> Flow[Task | None]:
    """`find_published` where the draft's reference, anywhere in a task of the listing, is all that tells."""
    reference = draft.reference
    if reference is None:
        return None
    found = yield from first_match(listing(), lambda task: carries(task.raw, reference), whole=True)
    return found.copy_with(replayed=True, reference=reference) if found is not None else None


class _Whole:
    """Whether what was read of a listing is all of it."""

    def __init__(self, page: Page[object]) -> None:
        self._records = 0
        self._total: int | None = None
        self._moved = False
        self._unreadable: list[UnreadableResponse] = []
        self.add(page)

    def add(self, page: Page[object]) -> None:
        self._records += page.records
        self._moved = self._moved or page.joined is False
        self._total = self._total if page.total is None else page.total
        self._unreadable.extend(page.unreadable)

    def check(self) -> None:
        if self._unreadable:  # one of them may be what is looked for
            raise self._unreadable[0]
        if self._moved:
            raise Conflict("The listing moved while it was read.")
        if self._total is not None and self._total != self._records:
            raise Conflict(f"The listing tells of {self._total} records and shows {self._records}.")
