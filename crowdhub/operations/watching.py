"""New submissions as they come, for weeks, in the fewest calls.

Level-triggered: what is listed is compared with what is counted. A task is listed again until its list shows as many as
its counters tell, whatever was missed in between, and only what was handed out is remembered. An outage is a missed
round.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from crowdhub.clock import Clock
from crowdhub.engine.runtime import Pending
from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    LedgerError,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.model import Submission
from crowdhub.operations.checks import checked_rounds
from crowdhub.operations.market_watch import Batches, MarketWatch, WatchProblem, next_of

log = logging.getLogger("crowdhub")

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
"""What may be over by the next round, as may be what answered in the marketplace's place. (A key can be changed at the
marketplace before it is here.)"""


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
        self._has_begun = False
        self._rounds_under_way: list[_MarketRound] = []
        self._ready: deque[tuple[MarketWatch, Submission]] = deque()
        self._handed_out: tuple[MarketWatch, Submission] | None = None
        """What whoever asks for the next one has dealt with."""
        self._failed: CrowdhubError | None = None
        """Of the present round: raised where no other follows, or patience is at its end."""
        self._is_over = False

    async def next(self) -> Submission | None:
        """The next one; None where every task has ended, or after so many rounds."""
        await self._note_handed_out()
        while not self._ready:
            if not self._rounds_under_way:
                if self._is_over:
                    return None
                await self._begin_round()
            await self._fetch()
        self._handed_out = self._ready.popleft()
        return self._handed_out[1]

    async def close(self) -> None:
        """Give up what is under way. What was handed out last is not noted as dealt with."""
        self._is_over, self._handed_out = True, None
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
        if self._has_begun:
            await self._sleep(self._interval)
        self._has_begun = True
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
        except CrowdhubError as error:
            if isinstance(error, PASSING) or error.foreign:
                one.watch.failing_since = one.watch.failing_since or self._clock.now()
                self._failed = self._failed or error
                if all(each.error is not error for each in self.problems):  # else it was told which task it is about
                    self._note(WatchProblem(self._clock.now(), one.watch.account, error))
                self._ended_for(one)
                return
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
            self._is_over, self._round = False, self._round - 1  # whoever asks again has it once more
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
            return await next_of(self.news)
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
