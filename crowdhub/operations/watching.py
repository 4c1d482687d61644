"""New submissions as they come, for weeks, in the fewest calls.

Level-triggered: what is listed is compared with what is counted. A task is listed again until its list shows as many as
its counters tell, whatever was missed in between, and only what was handed out is remembered. An outage is a missed
round.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from crowdhub.clock import Clock
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
from crowdhub.operations.seen import Seen

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
SETTLED = (SubmissionStatus.APPROVED, SubmissionStatus.REJECTED)

Counters = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class WatchProblem:
    """What kept a round from showing everything: ``at`` that moment, on this account, with this error. ``task_id``:
    the one task that it is about (None: all of the account)."""

    at: datetime
    account: str
    error: CrowdhubError
    task_id: str | None = None


class Watched:
    """One task under watch. ``status``: what is handed out; with ``pending`` also what the marketplace, or somebody
    else, settled before it could be shown."""

    def __init__(self, status: SubmissionStatus | None) -> None:
        self._status = status
        self._handed_out, self._ids = Seen(), Seen()
        self._settled_before = Seen()
        self._handed_out_again = 0
        self._shown_at: Counters | None = None
        self.is_new = True
        self.short_since: datetime | None = None
        """Since when the list shows less than is counted."""

    def is_due(self, task: Task) -> bool:
        """Whether the list may show something that was not handed out."""
        counters = _counters(task)
        if self._shown_at is not None and self._was_only_settled(self._shown_at, counters):
            self._shown_at = counters
        return None in counters[:2] or counters != self._shown_at

    def _was_only_settled(self, before: Counters, now: Counters) -> bool:
        """Whether the counters moved by nothing but decisions on what was shown."""
        if self._status not in (SubmissionStatus.PENDING, None) or None in before[:2] or None in now[:2]:
            return False
        earlier, later = [each or 0 for each in before], [each or 0 for each in now]
        return sum(earlier) == sum(later) and later[1] >= earlier[1] and later[2] >= earlier[2]

    def is_shown(self, task: Task) -> bool:
        """Whether everything that is counted was listed."""
        return self._shown_at == _counters(task)

    def shown(self, task: Task, rows: int, *, unreadable: bool, now: datetime) -> None:
        """Its list was read, with so many rows of the status that is watched."""
        expected = self._expected(task)
        self.is_new = False
        if unreadable or (expected is not None and rows < expected):
            self._shown_at, self.short_since = None, self.short_since or now
        else:
            self._shown_at, self.short_since = _counters(task), None

    def news(self, rows: Iterable[Submission]) -> list[Submission]:
        """Those that are to be handed out, which they are from now on."""
        found: list[Submission] = []
        for row in rows:
            if self._handed_out.add(_handing_in(row)):
                self._handed_out_again += not self._ids.add(row.id)
                found.append(row)
        return found

    def settled_unseen(self, rows: Iterable[Submission]) -> list[Submission]:
        """Those that the marketplace settled by itself, or somebody else did, before they were handed out. What was
        settled when the watch began is not news."""
        settled = [row for row in rows if row.status in SETTLED]
        if self.is_new:
            for row in settled:
                _ = self._settled_before.add(_handing_in(row))
            return []
        news = self.news(row for row in settled if _handing_in(row) not in self._settled_before)
        return [row.copy_with(settled_unseen=True) for row in news]

    def may_be_settled_unseen(self, task: Task, pending: int) -> bool:
        """Whether more are settled than were handed out, or were settled before. ``pending``: how many are listed as
        pending, which are all handed out by now."""
        gone = len(self._handed_out) - self._handed_out_again - pending
        return (task.approved or 0) + (task.rejected or 0) > len(self._settled_before) + gone

    def _expected(self, task: Task) -> int | None:
        match self._status:
            case SubmissionStatus.PENDING:
                return task.pending
            case SubmissionStatus.APPROVED:
                return task.approved
            case SubmissionStatus.REJECTED:
                return task.rejected
            case None if task.pending is not None and task.approved is not None:
                return task.pending + task.approved + (task.rejected or 0)
            case _:
                return None


class MarketWatch:
    """Tasks of one market under watch, round by round."""

    def __init__(
        self, port: Port, task_ids: Iterable[str], *, status: SubmissionStatus | None, settled: Callable[[], int]
    ) -> None:
        self._port = port
        self._status = status
        self._settled = settled
        self._watched = {task_id: Watched(status) for task_id in dict.fromkeys(task_ids)}
        self._pages = 0
        self.failing_since: datetime | None = None

    @property
    def ended(self) -> bool:
        """Every task has ended and was shown to its end."""
        return not self._watched

    @property
    def account(self) -> str:
        return self._port.provider.account

    def add(self, task_id: str) -> None:
        self._watched.setdefault(task_id, Watched(self._status))

    def drop(self, task_id: str) -> None:
        _ = self._watched.pop(task_id, None)

    async def round(self, problem: Callable[[WatchProblem], None]) -> Batches:
        """What is new. Asks for the tasks, and then only for the submissions of those whose lists may show more.

        Raises what concerns the whole account; ``problem`` is told what concerns one task.
        """
        for task_id, task in (await self._states(problem)).items():
            each = self._watched.get(task_id)
            if each is None:
                continue
            if each.is_due(task):
                async with aclosing(self._listed(each, task, problem)) as news:
                    async for batch in news:
                        yield batch
            if self._has_ended(task) and self._is_told_to_its_end(each, task, problem):
                self.drop(task_id)

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
        return all_items(self._port, listing, key=_handing_in, settled=self._settled, unreadable=unreadable.append)

    def _has_ended(self, task: Task) -> bool:
        """An overdue task that can be given more time is not at its end."""
        overdue = task.status is TaskStatus.EXPIRED and Capability.EXTEND in self._port.provider.capabilities
        return task.status.ended and not overdue

    def _is_told_to_its_end(self, each: Watched, task: Task, problem: Callable[[WatchProblem], None]) -> bool:
        since = each.short_since
        if since is None:
            return each.is_shown(task) or None in _counters(task)[:2]
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
        self._news: Batches | None = None
        self._ready: deque[Submission] = deque()
        self._failed: CrowdhubError | None = None
        """Of the present or the last round: raised where no other follows, or patience is at its end."""
        self._is_over = False

    async def next(self) -> Submission | None:
        """The next one; None where every task has ended, or after so many rounds."""
        while not self._ready:
            if self._news is None:
                if self._is_over:
                    if self._failed is not None and not self._ended:
                        raise self._failed.with_()
                    return None
                await self._begin_round()
            await self._fetch()
        return self._ready.popleft()

    async def close(self) -> None:
        """Give up what is under way."""
        self._is_over, self._failed = True, None
        if self._news is not None:
            await self._news.aclose()
            self._news = None

    @property
    def _ended(self) -> bool:
        return all(each.ended for each in self.watches.values())

    async def _begin_round(self) -> None:
        if self._round:
            await self._sleep(self._interval)
        self._round += 1
        self._failed = None
        self._news = self._one_round()

    async def _fetch(self) -> None:
        news = self._news
        assert news is not None
        try:
            self._ready.extend(await anext(news))
        except StopAsyncIteration:
            self._news = None
            self._is_over = self._ended or self._round == self._rounds
            failed = self._failed
            if failed is not None and self._is_over and not self._ended:
                raise failed from None
            for each in self.watches.values():
                if failed is not None and self._has_lost_patience(each):
                    each.failing_since = None  # whoever asks again has new patience
                    raise failed from None
        except CrowdhubError:
            self._news = None  # nothing that waiting mends: whoever asks again begins another round
            raise

    def _has_lost_patience(self, each: MarketWatch) -> bool:
        since = each.failing_since
        return since is not None and (self._clock.now() - since).total_seconds() >= self._patience

    async def _one_round(self) -> Batches:
        for each in list(self.watches.values()):
            try:
                async with aclosing(each.round(self._note)) as news:
                    async for batch in news:
                        yield batch
            except PASSING as error:
                each.failing_since = each.failing_since or self._clock.now()
                self._failed = self._failed or error
                self._note(WatchProblem(self._clock.now(), each.account, error))
            else:
                each.failing_since = None

    def _note(self, problem: WatchProblem) -> None:
        about = f"task {problem.task_id}" if problem.task_id is not None else "a round was missed"
        log.warning("watch of %s: %s: %s", problem.account, about, problem.error.message)
        self.problems.append(problem)


def _handing_in(submission: Submission) -> str:
    """Work that is handed in again, after a redo, is news though its id is the same."""
    return f"{submission.id} {submission.submitted_at}"


def _counters(task: Task) -> Counters:
    return task.pending, task.approved, task.rejected
