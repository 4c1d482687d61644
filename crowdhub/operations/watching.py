"""New submissions as they come, for weeks, in the fewest calls.

Level-triggered: what is listed is compared with what is counted. A task is listed again until its list shows as many as
its counters tell, whatever was missed in between, and only what was handed out is remembered. An outage is a missed
round.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from crowdhub.clock import Clock
from crowdhub.engine.runtime import Pending
from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    LedgerError,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.model import Capability, Submission, SubmissionStatus, Task, TaskStatus
from crowdhub.operations.checks import checked_rounds
from crowdhub.operations.listing import all_items
from crowdhub.operations.port import Port
from crowdhub.operations.watched import Watched, counters, handing_in, one_handing_in

if TYPE_CHECKING:  # the database is loaded where there is a ledger
    from crowdhub.ledger import Bookmarks

log = logging.getLogger("crowdhub")

Batches = AsyncGenerator[Sequence[Submission], None]

PATIENCE = 3600.0
"""Seconds for which a marketplace may fail in every round before the watch raises its error."""
PROBLEMS = 100
"""Of so many the latest are kept."""
PASSING = (
    AuthenticationFailed,
    LedgerError,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
"""What may be over by the next round. (A key can be changed at the marketplace before it is here.)"""


@dataclass(frozen=True)
class WatchProblem:
    """What kept a round from showing everything: ``at`` that moment, on this account, with this error. ``task_id``:
    the one task that it is about (None: all of the account)."""

    at: datetime
    account: str
    error: CrowdhubError
    task_id: str | None = None


class MarketWatch:
    """Tasks of one market under watch, round by round."""

    def __init__(
        self,
        port: Port,
        task_ids: Iterable[str],
        *,
        status: SubmissionStatus | None,
        settled: Callable[[], int],
        bookmarks: Callable[[], Bookmarks] | None = None,
    ) -> None:
        """``bookmarks``: gives those of the ledger; it may wait for the disk."""
        self._port = port
        self._open_bookmarks = bookmarks
        self._bookmarks: Bookmarks | None = None
        self._unread: set[str] = set()
        self._unnoted: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._status = status
        self._settled = settled
        self._watched: dict[str, Watched] = {}
        self._pages = 0
        self.failing_since: datetime | None = None
        for task_id in task_ids:
            self.add(task_id)

    @property
    def ended(self) -> bool:
        """Every task has ended and was shown to its end."""
        return not self._watched

    @property
    def account(self) -> str:
        return self._port.provider.account

    def add(self, task_id: str) -> None:
        if task_id not in self._watched:
            self._watched[task_id] = Watched(self._status)
            self._unread.add(task_id)

    def drop(self, task_id: str) -> None:
        _ = self._watched.pop(task_id, None)

    async def round(self, problem: Callable[[WatchProblem], None]) -> Batches:
        """What is new. Asks for the tasks, and then only for the submissions of those whose lists may show more.

        Raises what concerns the whole account; ``problem`` is told what concerns one task.
        """
        await self._find_bookmarks()
        for task_id, task in (await self._states(problem)).items():
            each = self._watched.get(task_id)
            if each is None:
                continue
            if each.is_due(task):
                begins = each.is_new and self._bookmarks is not None
                listed = self._begun(each, task, problem) if begins else self._listed(each, task, problem)
                async with aclosing(listed) as news:
                    async for batch in news:
                        yield batch
            if self._has_ended(task) and self._is_told_to_its_end(each, task, problem):
                self.drop(task_id)

    async def _find_bookmarks(self) -> None:
        """Go on from where an earlier program of this name has come to."""
        opened, unread = self._open_bookmarks, [each for each in self._unread if each in self._watched]
        if opened is None or not unread:
            return
        if self._bookmarks is None:
            self._bookmarks = await self._port.blocking(opened)
        read = self._bookmarks.read
        for task_id, mark in (await self._port.blocking(lambda: read(unread))).items():
            self._watched[task_id].goes_on_from(mark)
        self._unread.difference_update(unread)

    async def _begun(self, each: Watched, task: Task, problem: Callable[[WatchProblem], None]) -> Batches:
        """The first list of a task, read to its end and noted before anything of it is handed out: only so does a
        program that is started again know what was settled by then."""
        bookmarks = self._bookmarks
        assert bookmarks is not None
        news: list[Submission] = []
        try:
            async with aclosing(self._listed(each, task, problem)) as listed:
                async for batch in listed:
                    news += batch
            await self._port.blocking(lambda: bookmarks.begin(task.id, each.begins_after))
        except BaseException:
            if self._watched.get(task.id) is each:
                self._watched[task.id] = Watched(self._status)  # nothing of it was handed out
            raise
        each.begins_after.clear()
        if news:
            yield news

    async def note(self, submission: Submission | None) -> None:
        """It was handed out, and more is asked for: a program that is started again need not see it. What cannot be
        noted is noted with the next. Raises `LedgerError`."""
        if submission is not None and self._open_bookmarks is not None:
            self._unnoted[submission.task_id].append(handing_in(submission))
        bookmarks, works = self._bookmarks, dict(self._unnoted)
        if bookmarks is not None and works:
            await self._port.blocking(lambda: bookmarks.handed_out(works))
            self._unnoted.clear()

    def start(self, news: Batches) -> Pending[Sequence[Submission] | None]:
        """Ask for the next batch of a round in the background; None at its end."""
        return self._port.start_work(lambda: _next_of(news))

    async def first_of(self, pending: Sequence[Pending[Sequence[Submission] | None]]) -> int:
        return await self._port.first_of(pending)

    async def _listed(self, each: Watched, task: Task, problem: Callable[[WatchProblem], None]) -> Batches:
        unreadable: list[UnreadableResponse] = []
        rows = 0
        pending_only = self._status is SubmissionStatus.PENDING
        # Which were settled when the watch began has to be known, though they are not news: more may be settled unseen.
        whole = pending_only and (task.approved is None or (each.is_new and bool(task.approved + (task.rejected or 0))))
        async with aclosing(self._all(task, None if whole else self._status, unreadable)) as listed:
            async for batch in listed:
                shown = [row for row in batch if row.status is SubmissionStatus.PENDING] if whole else batch
                rows += len(shown)
                news = each.news(shown)
                if whole:
                    news += each.settled_unseen(batch)
                if news:
                    yield news
        if pending_only and not whole and each.may_be_settled_unseen(task, rows):
            async with aclosing(self._all(task, None, unreadable)) as listed:
                async for batch in listed:
                    if news := each.settled_unseen(batch):
                        yield news
        for error in unreadable:
            self._tell(problem, error, task.id)
        each.shown(task, rows, unreadable=bool(unreadable), now=self._port.clock.now())

    def _all(self, task: Task, status: SubmissionStatus | None, unreadable: list[UnreadableResponse]) -> Batches:
        listing = self._port.provider.submissions(task.id, status)
        return all_items(self._port, listing, key=one_handing_in, settled=self._settled, unreadable=unreadable.append)

    def _has_ended(self, task: Task) -> bool:
        """An overdue task that can be given more time is not at its end."""
        overdue = task.status is TaskStatus.EXPIRED and Capability.EXTEND in self._port.provider.capabilities
        return task.status.ended and not overdue

    def _is_told_to_its_end(self, each: Watched, task: Task, problem: Callable[[WatchProblem], None]) -> bool:
        since = each.short_since
        if since is None:
            return each.is_shown(task) or None in counters(task)[:2]
        if self._port.clock.now() - since <= self._port.provider.settles_within:
            return False
        told = UnreadableResponse(f"Task {task.id} has ended, and its list never showed as many as are counted.")
        self._tell(problem, told, task.id)
        return True

    async def _states(self, problem: Callable[[WatchProblem], None]) -> dict[str, Task]:
        """The present state of each task, in the fewest requests: from the list of all, or one by one."""
        provider, wanted = self._port.provider, list(self._watched)
        found: dict[str, Task] = {}
        if Capability.TASKS in provider.capabilities and len(wanted) > max(1, self._pages):
            listing = provider.tasks()
            page = await self._port.run(listing)
            self._pages = 1
            while True:
                found.update((task.id, task) for task in page.items if task.id in self._watched)
                if page.more is None or len(found) == len(wanted):
                    break
                page = await self._port.run(listing.then(page.more))
                self._pages += 1
        for task_id in wanted:
            if task_id not in found and task_id in self._watched:
                try:
                    found[task_id] = await self._port.run(provider.task(task_id))
                except NotFound as error:
                    if self._watched[task_id].is_new:
                        raise
                    self._tell(problem, error, task_id)  # it was there: somebody deleted it
                    self.drop(task_id)
        return found

    def _tell(self, problem: Callable[[WatchProblem], None], error: CrowdhubError, task_id: str | None) -> None:
        problem(WatchProblem(self._port.clock.now(), self.account, error, task_id))


class Watching:
    """One stream of the new submissions of tasks on any number of markets, round after round.

    ``problems``: the latest of what was missed. It goes on after whatever it raised.
    """

    def __init__(
        self,
        watches: Mapping[str, MarketWatch],
        sleep: Callable[[float], Awaitable[None]],
        clock: Clock,
        *,
        interval: float,
        rounds: int | None,
        patience: float,
    ) -> None:
        checked_rounds(interval, rounds, patience)
        self.watches = dict(watches)
        self.problems: deque[WatchProblem] = deque(maxlen=PROBLEMS)
        self._sleep = sleep
        self._clock = clock
        self._interval = interval
        self._rounds = rounds
        self._patience = patience
        self._round = 0
        self._rounds_under_way: list[_MarketRound] = []
        self._ready: deque[tuple[MarketWatch, Submission]] = deque()
        self._handed_out: tuple[MarketWatch, Submission] | None = None
        """What whoever asks for the next one has dealt with."""
        self._failed: CrowdhubError | None = None
        """Of the present or the last round: raised where no other follows, or patience is at its end."""
        self._is_over = False

    async def next(self) -> Submission | None:
        """The next one; None where every task has ended, or after so many rounds."""
        await self._note_handed_out()
        while not self._ready:
            if not self._rounds_under_way:
                if self._is_over:
                    if self._failed is not None and not self._ended:
                        raise self._failed.with_()
                    return None
                await self._begin_round()
            await self._fetch()
        self._handed_out = self._ready.popleft()
        return self._handed_out[1]

    async def close(self) -> None:
        """Give up what is under way. What was handed out last is not noted as dealt with."""
        self._is_over, self._failed, self._handed_out = True, None, None
        for each in self._rounds_under_way:
            await each.close()
        self._rounds_under_way = []

    @property
    def _ended(self) -> bool:
        return all(each.ended for each in self.watches.values())

    async def _note_handed_out(self) -> None:
        given, self._handed_out = self._handed_out, None
        if given is None:
            return
        watch, submission = given
        try:
            await watch.note(submission)
        except LedgerError as error:  # what is asked for next is not kept back by it
            self._note(WatchProblem(self._clock.now(), watch.account, error, submission.task_id))

    async def _begin_round(self) -> None:
        if self._round:
            await self._sleep(self._interval)
        self._round += 1
        self._failed = None
        self._rounds_under_way = [_MarketRound(each, each.round(self._note)) for each in self.watches.values()]

    async def _fetch(self) -> None:
        """One batch more of the round that is under way; the markets are asked side by side."""
        if not self._rounds_under_way:  # nothing is watched
            self._end_round()
            return
        one = self._rounds_under_way[0]
        if len(self._rounds_under_way) > 1:
            asked = [each.ask() for each in self._rounds_under_way]
            one = self._rounds_under_way[await one.watch.first_of(asked)]
        try:
            news = await one.next()
        except PASSING as error:
            one.watch.failing_since = one.watch.failing_since or self._clock.now()
            self._failed = self._failed or error
            self._note(WatchProblem(self._clock.now(), one.watch.account, error))
            self._ended_for(one)
        except CrowdhubError:
            await one.close()  # nothing that waiting mends: whoever asks again goes on with the others
            self._rounds_under_way.remove(one)
            raise
        else:
            if news is None:
                one.watch.failing_since = None
                self._ended_for(one)
            else:
                self._ready.extend((one.watch, each) for each in news)

    def _ended_for(self, one: _MarketRound) -> None:
        self._rounds_under_way.remove(one)
        if not self._rounds_under_way:
            self._end_round()

    def _end_round(self) -> None:
        self._is_over = self._ended or (self._rounds is not None and self._round >= self._rounds)
        failed = self._failed
        if failed is None:
            return
        if self._is_over and not self._ended:
            raise failed from None
        for each in self.watches.values():
            if self._has_lost_patience(each):
                each.failing_since = None  # whoever asks again has new patience
                raise failed from None

    def _has_lost_patience(self, each: MarketWatch) -> bool:
        since = each.failing_since
        return since is not None and (self._clock.now() - since).total_seconds() >= self._patience

    def _note(self, problem: WatchProblem) -> None:
        about = f"task {problem.task_id}" if problem.task_id is not None else "a round was missed"
        log.warning("watch of %s: %s: %s", problem.account, about, problem.error.message)
        self.problems.append(problem)


async def _next_of(news: Batches) -> Sequence[Submission] | None:
    return await anext(news, None)


@dataclass
class _MarketRound:
    """One round of one market: ``news``, batch by batch."""

    watch: MarketWatch
    news: Batches
    asked: Pending[Sequence[Submission] | None] | None = field(default=None, init=False)

    def ask(self) -> Pending[Sequence[Submission] | None]:
        """Have the next batch fetched in the background."""
        self.asked = self.asked or self.watch.start(self.news)
        return self.asked

    async def next(self) -> Sequence[Submission] | None:
        """The next batch; None at its end."""
        if self.asked is None:
            return await _next_of(self.news)
        asked = self.asked
        found = await asked.result()
        self.asked = None
        return found

    async def close(self) -> None:
        asked, self.asked = self.asked, None
        if asked is not None:
            asked.cancel()
            with suppress(CrowdhubError):
                _ = await asked.result()
        await self.news.aclose()
