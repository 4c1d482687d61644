"""Going through a listing that changes while it is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from itertools import islice
from typing import Protocol, TypeAlias, TypeVar

from crowdhub.engine.runtime import Pending
from crowdhub.errors import CrowdhubError, UnreadableResponse
from crowdhub.model import Capability, Task
from crowdhub.operations.checks import looking_at_answers
from crowdhub.operations.port import Port
from crowdhub.operations.seen import Seen
from crowdhub.protocol import Operation, Page

PATIENCE = 10  # pages in a row that bring nothing new, beyond what an earlier pass explains
IDLE_PASSES = 3  # passes in a row that bring nothing new, though the listing tells of more than it shows
SHORT = 2  # pages that are as cheaply read twice as once between two looks at the counters
SOME = 50  # items that are handed on together: few, so that a page's objects are gone before they grow old
MOST_LEFT_OUT = 1_000_000  # records in a row that the plugin reads and keeps none of


class Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)
P = TypeVar("P")
Counters: TypeAlias = tuple[int | None, int | None, int | None]
"""How many wait, were approved and were rejected."""
Counted: TypeAlias = Callable[[], Awaitable[Sequence[int | None]]]
"""Asks how many records of each kind there are, those among them that the listing leaves out; None: not told."""


def counters(task: Task) -> Counters:
    return task.pending, task.approved, task.rejected


def counters_of(port: Port, task_id: str, saw: Callable[[Task], object]) -> Counted | None:
    """Asks how many submissions of a task wait and were settled, where the marketplace can be asked for one task.
    ``saw`` is shown the task."""
    if Capability.TASK not in port.provider.capabilities:
        return None

    async def counted() -> Counters:
        task = await port.run(port.provider.task(task_id))
        _ = saw(task)
        return counters(task)

    return counted


def _id(item: Identified) -> str:
    return item.id


async def all_items(
    port: Port,
    listing: Operation[Page[T]],
    *,
    settled: Callable[[], int] = lambda: 0,
    seen: Seen | None = None,
    key: Callable[[T], str] = _id,
    counted: Counted | None = None,
    before: Sequence[int | None] | None = None,
    is_long: bool = False,
    unreadable: Callable[[UnreadableResponse], None] | None = None,
) -> AsyncGenerator[Sequence[T], None]:
    """Every item of a listing once, some at a time, fetching the next page while the present one is used.

    A numbered list of pending work moves up under its reader when somebody settles some of it: the second page then
    starts further down. So a listing of several pages is gone through again until a pass brings nothing new, unless
    one pass proves that it saw everything: its pages are stable; or each begins where the one before it ended; or as
    many different records were listed as each page told of, nothing was settled from here (``settled`` counts that)
    and the counters (``counted``) are the same after it as before. The length alone proves nothing: it stays the same
    where as many come as go.

    ``before``: the counters as they were told a moment ago. ``is_long``: there may be several pages, so the counters
    are asked for before the first one. Else they are asked for once that is known, and the first page is read again
    behind the last; where the first of two pages tells that these are all, both are, which costs the same and shows
    more. ``key`` tells items apart.

    A listing that goes on telling of more records than it shows is one that cannot be read whole. Records that cannot
    be read, and that, are reported when all others have been handed out: to ``unreadable`` if given, else as one
    `UnreadableResponse` that holds them.
    """
    listing.taken()
    seen = seen if seen is not None else Seen()
    bad: dict[str, UnreadableResponse] = {}
    longest = idle = 0
    earlier: _Pass | None = None
    while True:
        begun_at = settled()
        reading = _Pass(longest, earlier)
        witness = _Witness(counted, before, first=is_long or longest > SHORT)
        before = None
        async with aclosing(_one_pass(port, listing, witness)) as listed:
            async for page, again in listed:
                fresh = -len(bad)
                with looking_at_answers(port.provider):
                    reading.begin(page)
                    for new in _news(page.items, key, seen, reading):
                        fresh += len(new)
                        yield new
                    bad.update((repr(error.records), error) for error in page.unreadable)
                    reading.end(page, fresh + len(bad), again=again)
        counted = witness.counted
        reading.close((begun_at, settled(), *witness.told))
        longest = max(longest, reading.pages)
        if reading.is_complete or (reading.stood_still and settled() == begun_at and witness.agrees):
            break
        idle = 0 if reading.fresh or earlier is None else idle + 1
        earlier = reading
        if idle and (not reading.lacks or idle == IDLE_PASSES):
            break
    if reading.lacks:
        bad["lacks"] = UnreadableResponse(f"The listing tells of {reading.lacks} records more than it shows.")
    if unreadable is not None:
        for error in bad.values():
            unreadable(error)
    elif bad:
        raise _not_whole(list(bad.values()))


def _news(items: Iterable[T], key: Callable[[T], str], seen: Seen, reading: _Pass) -> Iterator[Sequence[T]]:
    """Those that were not handed out before, some at a time."""
    left = iter(items)
    while some := list(islice(left, SOME)):
        ids = [key(item) for item in some]
        reading.list(ids)
        if new := [item for name, item in zip(ids, some, strict=True) if seen.add(name)]:
            yield new


def _not_whole(bad: Sequence[UnreadableResponse]) -> UnreadableResponse:
    first = bad[0]
    if len(bad) == 1 and not first.records:
        return first
    return UnreadableResponse(
        f"{len(bad)} of the listing's records cannot be read (all others were handed out): {first.message}",
        excerpt=first.excerpt,
        records=[record for error in bad for record in error.records],
    )


async def _one_pass(
    port: Port, listing: Operation[Page[P]], witness: _Witness
) -> AsyncGenerator[tuple[Page[P], bool], None]:
    """The pages of a listing, with its counters before and after where they could prove something; and the first page
    once more (True) where it was read before them."""
    if witness.asks_first:
        await witness.look()
    number = 0
    async with aclosing(pages(port, listing, witness.once_long)) as listed:
        async for page in listed:
            number += 1
            yield page, False
    if number > 1 and witness.is_wanted:
        if not witness.is_first:
            yield await port.run(listing), True
        await witness.look()


async def pages(
    port: Port, listing: Operation[Page[P]], further: Callable[[Page[P]], Awaitable[None]] | None = None
) -> AsyncGenerator[Page[P], None]:
    """The pages of a listing, once each; the next one is fetched while the present one is used. ``further`` is awaited
    with the first page, where there are others, before these are asked for."""
    ahead: Pending[Page[P]] | None = None
    page = await port.run(listing)
    if page.more is not None and further is not None:
        await further(page)
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


class _Witness:
    """A listing's counters before one pass and after it. ``before``: they are told already. ``first``: else they are
    asked for before the first page."""

    def __init__(self, counted: Counted | None, before: Sequence[int | None] | None, *, first: bool) -> None:
        self.counted = counted
        """None as soon as nothing is told."""
        self.told: list[Sequence[int | None]] = []
        if before is not None and counted is not None and any(n is not None for n in before):
            self.told.append(before)
        self.asks_first = first and counted is not None and not self.told
        self.is_first = self.asks_first or bool(self.told)
        """Whether they are known before the first page."""
        self._proves = True

    @property
    def is_wanted(self) -> bool:
        """Whether a look after the pass can prove something."""
        return self._proves and bool(self.told)

    async def once_long(self, page: Page[object]) -> None:
        """Ask, unless it was done, or the pages will prove by themselves that they are all, or are few."""
        self._proves = not page.stable and page.joined is None
        is_short = page.total is not None and page.total <= SHORT * page.records
        if self._proves and not self.is_first and not is_short:
            await self.look()

    async def look(self) -> None:
        if self.counted is None:
            return
        try:
            told = await self.counted()
        except CrowdhubError:
            told = ()
        if all(n is None for n in told):
            self.counted = None  # the listing is gone through again instead
        else:
            self.told.append(told)

    @property
    def agrees(self) -> bool:
        """Whether the same was told before and after."""
        return len(self.told) == 2 and self.told[0] == self.told[1]


class _Pass:
    """What one pass through a listing showed, or it and those before it (``earlier``) where all that is known of the
    listing stayed the same. ``longest``: the pages of the longest pass before."""

    def __init__(self, longest: int, earlier: _Pass | None) -> None:
        self.pages = self.fresh = 0
        self._idle = self._left_out = 0
        self._longest = longest
        self._stable = self._joined = True
        self._totals: set[int | None] = set()
        self._total: int | None = None
        self._earlier = earlier
        self._ids = Seen()
        self._all: Seen = Seen() if earlier is None else earlier._all  # noqa: SLF001
        self._known: Sequence[object] = ()
        self._counted = 0
        self._tells_apart = False

    def begin(self, page: Page[object]) -> None:
        """Before its items are listed. They are told apart where their number has to prove something."""
        self._tells_apart = page.total is not None and (page.more is not None or self.pages > 0)

    def list(self, ids: Sequence[str]) -> None:
        """These are listed on the page."""
        if not self._tells_apart:
            self._counted += len(ids)
            return
        for each in ids:
            _ = self._ids.add(each)
            _ = self._all.add(each)

    def end(self, page: Page[object], fresh: int, *, again: bool = False) -> None:
        """Raises `UnreadableResponse` where the listing seems never to end. ``again``: the page was read before."""
        self.fresh += fresh
        if again:
            return
        self._joined = self._joined and (page.joined is True)
        self._stable = self._stable and page.stable
        self.pages += 1
        self._counted += page.records - len(page.items)  # what cannot be read, and what the plugin left out
        self._totals.add(page.total)
        self._total = page.total
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

    def close(self, known: Sequence[object]) -> None:
        """At its end. ``known``: what was settled and what the counters were, before it and after."""
        self._known = *dict.fromkeys(known), *self._totals
        if self._earlier is None or self._earlier._known != self._known:  # noqa: SLF001
            self._all = self._ids
        self._earlier = None

    @property
    def lacks(self) -> int:
        """How many records more its last page told of than were listed."""
        return max(0, (self._total or 0) - self._counted - len(self._all))

    @property
    def is_complete(self) -> bool:
        """Whether one pass is enough, whatever happened meanwhile."""
        return (self.pages == 1 or self._stable or self._joined) and not self.lacks

    @property
    def stood_still(self) -> bool:
        """The same length was told on every page, and as many different records were listed."""
        return self._totals == {self._counted + len(self._all)}
