"""Which limits a call has to keep, and how much of them it may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Protocol

from crowdhub.protocol import Call, Effect, RateLimit
from crowdhub.store.owners import digest, owner_digest

KEPT_BACK = 10
"""One in so many places of an account's limit is kept back: from reading, for what settles and spends; and as many
are kept for reading. A poller then never starves a review, nor the reverse."""


def limits_of(call: Call, limits: Sequence[RateLimit]) -> list[RateLimit]:
    """The limits that hold for a call: the account's, and those that it names itself (``Call.limit``)."""
    return [limit for limit in limits if limit.calls > 0 and limit.what in (None, call.limit)]


class Passed(Protocol):
    """The calls that went through so far. Moments in any unit, the same for all."""

    def newest(self, nth: int) -> float | None:
        """When the ``nth`` newest went through; None if there were not so many."""
        ...

    def reads_since(self, moment: float) -> int:
        """How many of those after ``moment`` were reads."""
        ...


def wait_of(call: Call, limit: RateLimit, passed: Passed, now: float, second: float = 1.0) -> float:
    """How long to wait for a place: 0 where there is one now. ``second`` is a second in the unit of the moments."""
    span = limit.seconds * second

    def until(places: int) -> float:
        moment = passed.newest(places)
        return 0.0 if moment is None else max(0.0, moment + span - now)

    full = until(limit.calls)
    kept_back = limit.calls // KEPT_BACK if limit.what is None else 0
    if full > 0 or call.effect is not Effect.READ or not kept_back:
        return full
    wait = until(limit.calls - kept_back)
    if wait > 0 and passed.reads_since(now - span) < kept_back:
        return 0.0
    return wait


def jittered(seconds: float, random: Random) -> float:
    """A little more than ``seconds``, so that those who wait do not all come back in one moment."""
    return seconds + random.uniform(0.001, min(1.0, 0.01 + seconds / 20))


def bucket_of(identity: Mapping[str, str], secrets: Iterable[str], salt: bytes) -> str:
    """The name under which calls are counted: two names of one key share it.

    Of the key only a salted hash of 48 bits goes in: too short to prove a guess, long enough to tell keys apart.
    """
    owner = owner_digest(secrets, salt) or digest(f"account {identity['account']}", salt)
    return f"{identity['provider']}/{identity['environment']}/{owner}"
