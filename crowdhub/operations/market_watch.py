"""The tasks of one market under watch, round by round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from crowdhub.engine.runtime import Pending
from crowdhub.errors import CrowdhubError, NotFound, UnreadableResponse
from crowdhub.model import Capability, Submission, SubmissionStatus, Task, TaskStatus
from crowdhub.operations.listing import all_items, counters, counters_of
from crowdhub.operations.port import Port
from crowdhub.operations.watched import Watched, handing_in, one_handing_in

if TYPE_CHECKING:  # the database is loaded where there is a ledger
    from crowdhub.ledger import Bookmarks

Batches = AsyncGenerator[Sequence[Submission], None]


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
        saw: Callable[[Task], object],
        bookmarks: Callable[[], Bookmarks] | None = None,
    ) -> None:
        """``saw`` is shown each task as it is looked at; ``bookmarks`` gives those of the ledger, and may wait for the
        disk."""
        self._port = port
        self._saw = saw
        self._open_bookmarks = bookmarks
        self._bookmarks: Bookmarks | None = None
        self._first_works: list[Submission] = []
        """Of tasks that were begun, and not handed out yet."""
        self._unnoted: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._status = status
        self._settled = settled
        self._watched: dict[str, Watched] = {}
        self._pages = 0
        self.failing_since: datetime | None = None
        self._missed: NotFound | None = None
        """Of the present round: what was in place of a task, and no answer of the marketplace's own."""
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
            self._watched[task_id] = self._new()

    def _new(self) -> Watched:
        can = self._port.provider.capabilities
        return Watched(self._status, comes_back=Capability.REQUEST_REDO in can, is_decided=Capability.APPROVE in can)

    def drop(self, task_id: str) -> None:
        _ = self._watched.pop(task_id, None)

    def _is_watched(self, task_id: str, each: Watched) -> bool:
        """Whether it was not dropped since a round began, nor dropped and added anew."""
        return self._watched.get(task_id) is each

    async def round(self, problem: Callable[[WatchProblem], None]) -> Batches:
        """What is new. Asks for the tasks, and then only for the submissions of those whose lists may show more.

        Raises what concerns the whole account; ``problem`` is told what concerns one task. Where a page that is not the
        marketplace's own was in a task's place, that is raised when the others have been shown.
        """
        self._missed = None
        watched = dict(self._watched)  # as they are now: what is added meanwhile is for the next round
        await self._find_bookmarks(watched)
        states = await self._states(watched, problem)
        async with aclosing(self._begun(watched, states, problem)) as begun:
            async for batch in begun:
                yield batch
        for task_id, task in states.items():
            each = watched[task_id]
            if not self._is_watched(task_id, each):
                continue
            if each.is_due(task):
                try:
                    async with aclosing(self._listed(each, task, problem)) as news:
                        async for batch in news:
                            yield batch
                except NotFound as error:
                    self._not_found(task_id, error, problem)
                    continue
            if self._has_ended(task) and self._is_told_to_its_end(each, task, problem):
                self.drop(task_id)
        if self._missed is not None:
            raise self._missed

    def _not_found(self, task_id: str, error: NotFound, problem: Callable[[WatchProblem], None]) -> None:
        """A task that was there. It was deleted, where its marketplace says so itself; else its round is missed."""
        self._tell(problem, error, task_id)
        if error.foreign:
            self._missed = error
        else:
            self.drop(task_id)

    async def _find_bookmarks(self, watched: Mapping[str, Watched]) -> None:
        """Go on from where an earlier program of this name has come to."""
        opened, unread = self._open_bookmarks, [task_id for task_id, each in watched.items() if not each.knows_bookmark]
        if opened is None or not unread:
            return
        if self._bookmarks is None:
            self._bookmarks = await self._port.blocking(opened)
        read = self._bookmarks.read
        marks = await self._port.blocking(lambda: read(unread))
        for task_id in unread:
            watched[task_id].goes_on_from(marks.get(task_id))

    async def _begun(
        self, watched: Mapping[str, Watched], states: Mapping[str, Task], problem: Callable[[WatchProblem], None]
    ) -> Batches:
        """The first lists of tasks, read to their ends and noted before anything is handed out: only so does a program
        that is started again know what was settled by then."""
        failed: CrowdhubError | None = None
        try:
            for task_id, task in states.items():
                each = watched[task_id]
                if self._bookmarks is not None and each.is_new and self._is_watched(task_id, each):
                    try:
                        self._first_works += await self._first_list(self._bookmarks, each, task, problem)
                    except NotFound as error:
                        self._not_found(task_id, error, problem)
        except CrowdhubError as error:
            failed = error
        if self._first_works:
            works, self._first_works = self._first_works, []
            yield works
        if failed is not None:
            raise failed

    async def _first_list(
        self, bookmarks: Bookmarks, each: Watched, task: Task, problem: Callable[[WatchProblem], None]
    ) -> list[Submission]:
        news: list[Submission] = []
        try:
            async with aclosing(self._listed(each, task, problem)) as listed:
                async for batch in listed:
                    news += batch
            await self._port.blocking(lambda: bookmarks.begin(task.id, each.begins_after))
        except BaseException:
            if self._is_watched(task.id, each):
                self._watched[task.id] = self._new()  # nothing of it was handed out
            raise
        each.begins_after.clear()
        return news

    async def note(self, submission: Submission) -> None:
        """It was handed out, and more is asked for: a program that is started again need not see it. What cannot be
        noted is noted with the next. Raises `LedgerError`."""
        bookmarks, works = self._bookmarks, self._unnoted
        if bookmarks is not None:
            works[submission.task_id].append(handing_in(submission))
            await self._port.blocking(lambda: bookmarks.handed_out(works))
            works.clear()

    def start(self, news: Batches) -> Pending[Sequence[Submission] | None]:
        """Ask for the next batch of a round in the background; None at its end."""
        return self._port.start_work(lambda: next_of(news))

    async def first_of(self, pending: Sequence[Pending[Sequence[Submission] | None]]) -> int:
        return await self._port.first_of(pending)

    async def _listed(self, each: Watched, task: Task, problem: Callable[[WatchProblem], None]) -> Batches:
        unreadable: list[UnreadableResponse] = []
        rows = 0
        pending_only = self._status is SubmissionStatus.PENDING
        whole = pending_only and each.needs_all(task)
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
        """``task``: as it was a moment ago, so that its counters are the look before the list."""
        return all_items(
            self._port,
            self._port.provider.submissions(task.id, status),
            key=one_handing_in,
            settled=self._settled,
            counted=counters_of(self._port, task.id, self._saw),
            before=counters(task),
            unreadable=unreadable.append,
        )

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

    async def _states(self, watched: Mapping[str, Watched], problem: Callable[[WatchProblem], None]) -> dict[str, Task]:
        """The present state of each task, in the fewest requests: from the list of all, or one by one."""
        provider, wanted = self._port.provider, list(watched)
        found: dict[str, Task] = {}
        if Capability.TASKS in provider.capabilities and len(wanted) > max(1, self._pages):
            listing = provider.tasks()
            page = await self._port.run(listing)
            self._pages = 1
            while True:
                found.update((task.id, task) for task in page.items if task.id in watched)
                if page.more is None or len(found) == len(wanted):
                    break
                page = await self._port.run(listing.then(page.more))
                self._pages += 1
        for task_id in wanted:
            each = watched[task_id]
            if task_id not in found and self._is_watched(task_id, each):
                try:
                    found[task_id] = await self._port.run(provider.task(task_id))
                except NotFound as error:
                    if not self._is_watched(task_id, each):
                        continue
                    if each.is_new and not error.foreign:
                        raise  # a wrong id
                    self._not_found(task_id, error, problem)
        for task in found.values():
            _ = self._saw(task)
        return found

    def _tell(self, problem: Callable[[WatchProblem], None], error: CrowdhubError, task_id: str | None) -> None:
        problem(WatchProblem(self._port.clock.now(), self.account, error, task_id))


async def next_of(news: Batches) -> Sequence[Submission] | None:
    return await anext(news, None)
