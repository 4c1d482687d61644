"""When a call that may be repeated is repeated: one tenacity policy for both engines."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tenacity import RetryCallState

from crowdhub.engine.classify import Failure


@dataclass(slots=True)
class Waited:
    """Seconds that one call has waited in all: for its place in the request budget, and between its attempts."""

    seconds: float = 0.0


@dataclass(frozen=True)
class RetryPolicy:
    """Full jitter between 0 and ``first * 2**n`` seconds, at most ``longest``; ``Retry-After`` wins where given.

    Gives up after ``attempts`` requests, or where waiting would pass ``max_wait`` seconds in all.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 30.0
    max_wait: float = 60.0
    random: Random | None = None

    def arguments(self, waited: Waited) -> dict[str, Any]:
        """What `tenacity.Retrying` and `AsyncRetrying` take; only ``sleep`` differs."""
        jitter = self.random or Random()  # noqa: S311 - spreads load, guards nothing

        def wait(state: RetryCallState) -> float:
            failure = _failure(state)
            if failure is not None and failure.retry_after is not None:
                return failure.retry_after
            return jitter.uniform(0, min(self.longest, self.first * 2 ** (state.attempt_number - 1)))

        def stop(state: RetryCallState) -> bool:
            return state.attempt_number >= self.attempts or waited.seconds + state.upcoming_sleep > self.max_wait

        def retry(state: RetryCallState) -> bool:
            failure = _failure(state)
            return failure is not None and failure.again

        return {"wait": wait, "stop": stop, "retry": retry, "reraise": True}


def _failure(state: RetryCallState) -> Failure | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, Failure) else None
