"""One page of a listing, and going through its pages within an operation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from crowdhub.errors import UnreadableResponse
from crowdhub.protocol.flow import Flow, Operation

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """``items``, and ``more``: makes the flow of the next page (None: this is the last).

    ``total`` is the length of the whole listing as the marketplace tells it at this moment, if it does.
    ``unreadable`` holds one error for each record that could not be read: it is reported, never dropped.
    ``read``: how many records were read, where the plugin kept only some of them (None: the items and the
    unreadable ones). ``stable``: the listing goes on from a mark that stays in its place whatever is added or
    settled meanwhile, so that one pass sees everything and nothing twice.
    """

    items: Sequence[T_co]
    more: Callable[[], Flow[Page[T_co]] | Operation[Page[T_co]]] | None = None
    total: int | None = None
    unreadable: Sequence[UnreadableResponse] = ()
    read: int | None = None
    stable: bool = False

    @property
    def records(self) -> int:
        """How many records the marketplace sent in this page."""
        return len(self.items) + len(self.unreadable) if self.read is None else self.read


def every(first: Operation[Page[T]] | Flow[Page[T]], *, whole: bool = False) -> Flow[list[T]]:
    """All items of a listing, page by page, for an operation that needs them together. ``whole``: to prove that
    something is absent, so a record that cannot be read raises its `UnreadableResponse`."""
    page = yield from first
    items, unreadable = list(page.items), list(page.unreadable)
    while page.more is not None:
        page = yield from page.more()
        items.extend(page.items)
        unreadable.extend(page.unreadable)
    if whole and unreadable:
        raise unreadable[0]
    return items


def first_match(
    first: Operation[Page[T]] | Flow[Page[T]], fits: Callable[[T], bool], *, whole: bool = False
) -> Flow[T | None]:
    """The first item of a listing that fits, read no further than to it; None where there is none. ``whole``: None
    has to prove something, so where nothing fits a record that cannot be read raises its `UnreadableResponse`."""
    page = yield from first
    unreadable = list(page.unreadable) if whole else []
    while True:
        for item in page.items:
            if fits(item):
                return item
        if page.more is None:
            break
        page = yield from page.more()
        if whole:
            unreadable.extend(page.unreadable)
    if unreadable:  # one of them may be it
        raise unreadable[0]
    return None


def marked_in(
    first: Operation[Page[T]] | Flow[Page[T]], references: Collection[str], reference_of: Callable[[T], str | None]
) -> Flow[dict[str, T]]:
    """The first item of a listing for each of these references, read no further than to the last of them.

    Where one is missing, that has to prove something: a record that cannot be read raises its `UnreadableResponse`.
    """
    missing = set(references)
    found: dict[str, T] = {}
    page = yield from first
    unreadable = list(page.unreadable)
    while True:
        for item in page.items:
            reference = reference_of(item)
            if reference in missing:
                missing.discard(reference)
                found[reference] = item
        if not missing or page.more is None:
            break
        page = yield from page.more()
        unreadable.extend(page.unreadable)
    if missing and unreadable:
        raise unreadable[0]
    return found
