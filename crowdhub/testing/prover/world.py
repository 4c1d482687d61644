"""Everything around the clients on one path: the time, the marketplace, and what becomes of each request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from crowdhub.engine import http
from crowdhub.errors import CrowdhubError
from crowdhub.ledger import Budget
from crowdhub.protocol import Call, Effect, Response
from crowdhub.sandbox import SandboxClock
from crowdhub.testing.campaign.charges import ChargeLog
from crowdhub.testing.prover import fates, listings
from crowdhub.testing.prover.fates import OF_CHANGES, ClientGets, Done
from crowdhub.testing.prover.listings import ALTERED, BEHIND, CUT, Spoiling
from crowdhub.testing.prover.marketplace import Marketplace
from crowdhub.testing.prover.paths import GOES_ON, Choices, Option
from crowdhub.testing.prover.process import TIMEOUT
from crowdhub.testing.prover.snapshot import Snapshot
from crowdhub.testing.prover.waiting import Send

FAILING = 30.0
"""Seconds for which all readings fail, where they do."""
TAKES = 0.01
"""Seconds that a request takes."""
FATE_OPTIONS = tuple(Option(fate.words, 0 if fate is fates.GOOD else 1) for fate in OF_CHANGES)
READINGS_FAIL = Option("readings are answered with status 500 for 30 s")
SIGNING_IN = (Option("answered", 0), Option("the connection breaks"), Option("answered with status 500"))

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Late:
    """A request that the marketplace has yet to carry out. ``at_worst``: before the next one that changes something."""

    step: Send
    key: str
    due: datetime
    at_worst: bool


class World:
    """``now`` is when it begins, ``settles_within`` what the provider promises of late requests."""

    def __init__(
        self, state: Snapshot, now: datetime, settles_within: timedelta, choices: Choices, tell: Tell | None
    ) -> None:
        self.clock = SandboxClock(now, moved=self._moved)
        self.choices = choices
        self.tell = tell
        self.marketplace = Marketplace(state.copy(self.clock), self.clock)
        self.charges = ChargeLog(self.marketplace.sandbox)
        self.late: list[Late] = []
        self.was_spoiled = False
        """Whether a listing ever said something else than what is so."""
        self.handed_in_anew: set[str] = set()
        """The work that nobody has looked at since it was decided on."""
        self.happened: set[str] = set()
        """What others did on this path, in words."""
        self.budget: Budget | None = None
        """Nothing, for whoever starts from now on, where it was taken away."""
        self.spent_without_budget: set[str] = set()
        """The keys for which something that takes money left all the same."""
        self.was_late = False
        """Whether a request was ever carried out after its client had stopped waiting."""
        self.was_held_up = False
        """Whether a request left later than `settles_within` after it was noted: no client can prevent that."""
        self._settles_within = settles_within
        self._has_changed = False
        self._spoiling: Spoiling | None = None
        self._until: datetime | None = None
        self._failing_until = now

    # --- the time

    def _moved(self) -> None:
        self.marketplace.sandbox.tick()

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and what is late be carried out as it falls due."""
        target = self.clock.now() + timedelta(seconds=seconds)
        while due := sorted((each for each in self.late if each.due <= target), key=lambda each: each.due):
            self._move_to(due[0].due)
            self._carry_out_late(due[0])
        self._move_to(target)

    def _move_to(self, moment: datetime) -> None:
        step = (moment - self.clock.now()).total_seconds()
        if step > 0:
            _ = self.clock.advance(seconds=step)

    def _carry_out_late(self, late: Late) -> None:
        self.late.remove(late)
        self._say(lambda: f"the marketplace carries out late: {named(late.step.call)}")
        _ = self._carry_out(late.step, late.key)

    def may_be_charged(self, key: str) -> bool:
        """Whether something that takes money for this key is still on its way."""
        return any(each.key == key and each.step.call.takes_money for each in self.late)

    # --- requests

    def answer(self, step: Send, key: str, noted_at: datetime) -> Response:
        """What becomes of a request. Raises the HTTP library's error where no answer comes. ``noted_at``: when its
        client last wrote into its ledger, or was answered."""
        self.was_held_up |= step.call.takes_money and self.clock.now() - noted_at >= self._settles_within
        call = step.call
        self.pass_time(TAKES)  # two moments that are equal in no world must not be so here
        if not call.authenticated:
            return self._signed_in(step)
        if call.effect is Effect.READ:
            return self._read(step)
        return self._change(step, key)

    def _signed_in(self, step: Send) -> Response:
        """Signing in neither reads nor changes anything that is looked at here."""
        way = self.choices.choose(SIGNING_IN)
        self._say(lambda: f"{named(step.call)}: {SIGNING_IN[way].words}")
        if way == 1:
            raise http.NetworkError("broken", request=step.request)
        return Response(500) if way else self.marketplace.answer(step.request)

    def _change(self, step: Send, key: str) -> Response:
        for late in [each for each in self.late if each.at_worst]:
            self._carry_out_late(late)
        fate = OF_CHANGES[self.choices.choose(FATE_OPTIONS)]
        self._say(lambda: f"{named(step.call)}: {fate.words}")
        good: Response | None = None
        if fate.done is Done.NOW:
            good = self._carry_out(step, key)
        elif fate.done is not Done.NEVER:
            self.was_late = True
            within = timedelta(seconds=TIMEOUT + fates.LATER)
            due = within if fate.done is Done.LATER else self._settles_within - timedelta(seconds=1)
            self.late.append(Late(step, key, self.clock.now() + due, fate.done is Done.AT_WORST))
        if fate.answer is ClientGets.TIMED_OUT:
            self.pass_time(TIMEOUT)
        lost = fates.lost(fate, step.request)
        if lost is not None:
            raise lost
        answer = fates.spoiled(fate) or good
        assert answer is not None
        return answer

    def _carry_out(self, step: Send, key: str) -> Response:
        if self.choices.looks_back:  # whatever is still to be chosen: one path is the same, however it was found
            self.marketplace.remember()
        self._has_changed = True
        answer = self.marketplace.answer(step.request)
        for charge in self.charges.now(key):
            if self.tell is not None:
                self.tell(f"the marketplace takes {charge.amount} ({charge.kind} {charge.task_id})")
        return answer

    def _read(self, step: Send) -> Response:
        now = self.clock.now()
        if self._failing_until > now:
            return Response(500)
        if self._until is not None and self._until <= now:
            self._spoiling = self._until = None
        if self._spoiling is not None:
            return self._spoiled(step, self._spoiling)
        answer = self.marketplace.answer(step.request)
        ways = [*(BEHIND if self._has_changed else ()), *_spoilable(answer.content)]
        chosen = self.choices.choose([GOES_ON, READINGS_FAIL, *map(_option, ways)])
        if chosen == 0:
            self._say(lambda: f"{named(step.call)}: answered")
            return answer
        if chosen == 1:
            self._say(lambda: f"{named(step.call)}: {READINGS_FAIL.words}")
            self._failing_until = now + timedelta(seconds=FAILING)
            return Response(500)
        spoiling = ways[chosen - 2]
        self._say(lambda: f"{named(step.call)}: {spoiling.words}")
        self.was_spoiled = True
        if spoiling.seconds != 0:
            self._spoiling = spoiling
            self._until = None if spoiling.seconds is None else now + timedelta(seconds=spoiling.seconds)
        return self._spoiled(step, spoiling)

    def _spoiled(self, step: Send, spoiling: Spoiling) -> Response:
        answer = self.marketplace.answer(step.request)
        if spoiling.change is not None:
            return listings.changed(answer, spoiling)
        old = self.marketplace.old_answer(step.request)
        if listings.rows_of(listings.read(answer)) or listings.rows_of(listings.read(old)):
            return old
        return answer

    def _say(self, words: Callable[[], str]) -> None:
        if self.tell is not None:
            self.tell(words())


@lru_cache(maxsize=4096)
def _spoilable(content: bytes) -> Sequence[Spoiling]:
    """How a listing can be spoiled so that it shows."""
    answer = Response(200, content=content)
    return [each for each in (*CUT, *ALTERED) if listings.changed(answer, each) is not answer]


@lru_cache(maxsize=64)
def _option(spoiling: Spoiling) -> Option:
    return Option(spoiling.words, looks_back=spoiling.change is None)


def named(call: Call) -> str:
    """A call, for a person."""
    return f"{call.method} {call.operation or call.path}"


def described(result: object) -> str:
    """What a client was told."""
    if isinstance(result, CrowdhubError):
        return f"{type(result).__name__}: {result.message}"
    return f"{type(result).__name__} {getattr(result, 'id', '')}".strip()
