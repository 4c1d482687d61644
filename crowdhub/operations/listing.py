"""Going through a listing that changes while it is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from itertools import islice
from typing import Protocol, TypeVar

from crowdhub.engine.runtime import Pending
from crowdhub.errors import UnreadableResponse
from crowdhub.operations.port import Port
from crowdhub.operations.seen import Seen
from crowdhub.protocol import Operation, Page

PATIENCE = 10  # pages in a row that bring nothing new, beyond what an earlier pass explains
SOME = 50  # items that are handed on together: few, so that a page's objects are gone before they grow old
MOST_LEFT_OUT = 1_000_000  # records in a row that the plugin reads and keeps none of


class Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)
P = TypeVar("P")


def _id(item: Identified) -> str:
    return item.id


async def all_items(
    port: Port,
    listing: Operation[Page[T]],
    *,
    settled: Callable[[], int] = lambda: 0,
    seen: Seen | None = None,
    key: Callable[[T], str] = _id,
    unreadable: Callable[[UnreadableResponse], None] | None = None,
) -> AsyncGenerator[Sequence[T], None]:
    """Every item of a listing once, some at a time, fetching the next page while the present one is used.

    A numbered list of pending work moves up under its reader when he settles some of it: the second page then
    starts further down. So a listing of several pages is gone through again, until a pass brings nothing new,
    unless its pages are stable or it demonstrably stood still: the same length told on every page, as many records
    as that, and nothing settled from here (``settled`` counts that).

    ``key`` tells items apart.

    Records that cannot be read are reported when all others have been handed out: to ``unreadable`` if given,
    else as one `UnreadableResponse` that holds them.
    """
    listing.taken()
    seen = seen if seen is not None else Seen()
    bad: dict[str, UnreadableResponse] = {}
    longest = 0
    while True:
        before = settled()
        reading = _Pass(longest)
        async with aclosing(pages(port, listing)) as listed:
            async for page in listed:
                fresh = -len(bad)
                items = iter(page.items)
                while some := list(islice(items, SOME)):
                    new = [item for item in some if seen.add(key(item))]
                    if new:
                        fresh += len(new)
                        yield new
                bad.update((repr(error.records), error) for error in page.unreadable)
                reading.add(page, fresh + len(bad))
        longest = max(longest, reading.pages)
        if reading.is_complete or (settled() == before and reading.stood_still) or not reading.fresh:
            break
    if unreadable is not None:
        for error in bad.values():
            unreadable(error)
    elif bad:
        first_bad = next(iter(bad.values()))
        raise UnreadableResponse(
            f"{len(bad)} of the listing's records cannot be read (all others were handed out): {first_bad.message}",
            excerpt=first_bad.excerpt,
            records=[record for error in bad.values() for record in error.records],
        )


async def pages(port: Port, listing: Operation[Page[P]]) -> AsyncGenerator[Page[P], None]:
    """The pages of a listing, once each; the next one is fetched while the present one is used."""
    ahead: Pending[Page[P]] | None = None
    page = await port.run(listing)
    try:
        while True:
            ahead = port.start(listing.then(page.more)) if page.more is not None else None
            yield page
            if ahead is None:
                return
            page = await ahead.result()
    finally:
        if ahead is not None:
            ahead.cancel()


class _Pass:
    """What one pass through a listing showed. ``longest``: the pages of the longest pass before."""

    def __init__(self, longest: int) -> None:
        self.pages = self.fresh = 0
        self._records = self._idle = self._left_out = 0
        self._longest = longest
        self._stable = True
        self._totals: set[int | None] = set()

    def add(self, page: Page[object], fresh: int) -> None:
        """Raises `UnreadableResponse` where the listing seems never to end."""
        self.pages += 1
        self.fresh += fresh
        self._records += page.records
        self._stable = self._stable and page.stable
        self._totals.add(page.total)
        if page.items or page.unreadable or not page.records:
            self._idle, self._left_out = 0 if fresh else self._idle + 1, 0
        else:  # the plugin kept none of the page's records: whether they were new is not known
            self._left_out += page.records
        if self._idle > self._longest + PATIENCE:
            raise UnreadableResponse(f"The listing never ends: {self._idle} pages in a row brought nothing new.")
        if self._left_out > MOST_LEFT_OUT:
            raise UnreadableResponse(
                f"The listing never ends: of {self._left_out:,} records in a row none was asked for."
            )

    @property
    def is_complete(self) -> bool:
        """Whether one pass is enough, whatever happened meanwhile."""
        return self.pages == 1 or self._stable

    @property
    def stood_still(self) -> bool:
        """The same length was told on every page, and as many records were listed."""
        return self._totals == {self._records}
