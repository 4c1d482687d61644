"""When a call that may be repeated is repeated: tenacity's own waits and stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from crowdhub.engine.classify import Failure, is_told_to_wait
from crowdhub.errors import OutcomeUnknown
from crowdhub.protocol import Call


@dataclass(slots=True)
class Attempts:
    """One call, what it has waited for its place in the request budget (in seconds), when it was first sent, and the
    first of its answers that was lost."""

    call: Call
    waited: float = 0.0
    first_sent: datetime | None = None
    lost: OutcomeUnknown | None = None
    sending: Callable[[Call], Awaitable[None]] | None = None
    """Called right before each attempt; what it raises keeps the request from leaving."""
    told_to_wait: int = 0
    """How often it was answered with a 429, and with which last."""
    refused: Failure | None = None
    since: float | None = None
    """When what was read before it was answered, by the machine's own counter; None: nothing was."""


@dataclass(frozen=True)
class RetryPolicy:
    """Full jitter between 0 and ``first * 2**n`` seconds, at most ``longest``; ``Retry-After`` wins where given.

    Gives up after ``attempts`` requests, or where waiting would pass ``max_wait`` seconds in all.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 30.0
    max_wait: float = 60.0

    def retrying(self, sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
        """Runs a coroutine function whose first argument is its `Attempts`, as often as is allowed."""

        async def waiting(seconds: float) -> None:
            if seconds:
                await sleep(seconds)

        return AsyncRetrying(
            sleep=waiting,
            wait=_retry_after(wait_random_exponential(multiplier=self.first, max=self.longest)),
            stop=_tried_often(self.attempts) | _waited_too_long(self.max_wait),
            retry=_may_be_repeated(),
            reraise=True,
        )


class _retry_after(wait_base):  # noqa: N801 - named as tenacity names its own
    """What the marketplace asked for, else as ``otherwise``."""

    def __init__(self, otherwise: wait_base) -> None:
        self._otherwise = otherwise

    def __call__(self, retry_state: RetryCallState) -> float:
        if _is_told_to_wait(retry_state):
            return 0.0  # all of the key wait together: see `Pause`
        asked = _failure(retry_state).retry_after
        return self._otherwise(retry_state) if asked is None else asked


class _tried_often(stop_base):  # noqa: N801
    """After so many attempts. Where it was only told to wait (429) the time counts, and not they: of all that wait for
    one key, one tries again and again."""

    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(self, retry_state: RetryCallState) -> bool:
        attempts = _attempts(retry_state)
        if _is_told_to_wait(retry_state):
            attempts.told_to_wait += 1
        number = retry_state.attempt_number
        return number - attempts.told_to_wait >= self._most or number >= self._most * 8


class _waited_too_long(stop_base):  # noqa: N801
    """Where the waits of a call, those for its place included, would pass ``most`` seconds."""

    def __init__(self, most: float) -> None:
        self._most = most

    def __call__(self, retry_state: RetryCallState) -> bool:
        # Not `stop_before_delay`: it goes by the machine's clock, and a clock may be moved by hand.
        return _attempts(retry_state).waited + retry_state.idle_for + retry_state.upcoming_sleep > self._most


class _may_be_repeated(retry_if_exception):  # noqa: N801
    def __init__(self) -> None:
        super().__init__(lambda error: isinstance(error, Failure) and error.again)

    def __call__(self, retry_state: RetryCallState) -> bool:
        call = _attempts(retry_state).call
        return not call.once and not call.at_once and super().__call__(retry_state)


def _is_told_to_wait(state: RetryCallState) -> bool:
    return is_told_to_wait(_failure(state).error) and _attempts(state).lost is None


def _attempts(state: RetryCallState) -> Attempts:
    return cast("Attempts", state.args[0])


def _failure(state: RetryCallState) -> Failure:
    assert state.outcome is not None
    return cast("Failure", state.outcome.exception())
