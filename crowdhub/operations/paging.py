"""Going through a listing that changes while it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crowdhub.errors import UnreadableResponse
from crowdhub.operations.seen import Seen
from crowdhub.operations.steps import Emit, Run, Script, Start, Wait
from crowdhub.protocol import Flow, Page

PATIENCE = 10  # pages in a row that bring nothing new, beyond what an earlier pass explains


def all_items(
    first: Callable[[], Flow[Page[Any]]],
    *,
    settled: Callable[[], int] = lambda: 0,
    seen: Seen | None = None,
    key: Callable[[Any], str] = lambda item: item.id,
    unreadable: Callable[[UnreadableResponse], None] | None = None,
) -> Script[None]:
    """Emit every item of a listing once, fetching the next page while the present one is used.

    A numbered list of pending work moves up under its reader when he settles some of it: the second page then
    starts further down. So a listing of several pages is gone through again, until a pass brings nothing new,
    unless it demonstrably stood still: the same length told on every page, as many items as that, and nothing
    settled from here (``settled`` counts that).

    ``key`` tells items apart.

    Records that cannot be read are reported when all others have been handed out: to ``unreadable`` if given,
    else as one `UnreadableResponse` that holds them.
    """
    seen = seen if seen is not None else Seen()
    bad: dict[str, UnreadableResponse] = {}
    longest = 0
    while True:
        before = settled()
        fresh = listed = pages = idle = 0
        totals: set[int | None] = set()
        page: Page[Any] = yield Run(first())
        while True:
            ahead = (yield Start(page.more())) if page.more is not None else None
            new = [item for item in page.items if seen.add(key(item))]
            bad.update((repr(error.records), error) for error in page.unreadable)
            pages += 1
            listed += len(page.items)
            fresh += len(new)
            totals.add(page.total)
            idle = 0 if new else idle + 1
            if idle > longest + PATIENCE:
                raise UnreadableResponse(f"The listing never ends: {idle} pages in a row brought nothing new.")
            if new:
                yield Emit(new)
            if ahead is None:
                break
            page = yield Wait(ahead)
        longest = max(longest, pages)
        stood_still = settled() == before and totals == {listed}
        if pages == 1 or stood_still or not fresh:
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
