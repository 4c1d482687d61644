"""When the task of an operation is cancelled: drawn from a seed, operation by operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from crowdhub.sandbox import Fault
from crowdhub.testing.campaign.requests import CostlyRequests

REQUESTS = {
    "task cancelled in a request, nothing done": Fault.hang("before"),
    "task cancelled in a request, work done": Fault.hang("after"),
}
WRITE = "task cancelled at a transaction"
TRANSACTIONS = 12
"""As many as a purchase has, about: one of them is drawn."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """One cancellation: while ``fault`` holds a request that changes something, or at a transaction; ``number`` of
    them come before it."""

    name: str
    fault: Fault | None = None
    number: int = 0


class Cancels:
    """The cancellations of a campaign. Use it in a ``with`` block. ``cancel`` ends what is under way, from any thread.

    Both kinds of moments come about in one order, however quick the machine is: the server holds the request
    meanwhile, and a transaction is ended before its caller is.
    """

    def __init__(self, seed: int, costly: CostlyRequests, counts: Counter[str], cancel: Callable[[], None]) -> None:
        self._seed = seed
        self._requests = [*costly.publish_steps, *filter(None, [costly.bonus])]
        self._most = len(costly.publish_steps)
        self._counts = counts
        self._cancel = cancel
        self._armed: Cancel | None = None
        self._before = 0
        self._is_held = False

    def __enter__(self) -> Self:
        event.listen(Engine, "commit", self._committing)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        event.remove(Engine, "commit", self._committing)

    def draw(self, number: int, rate: float) -> Cancel | None:
        """Whether the operation of that number is cancelled, and when. ``rate``: the share of those that are."""
        dice = Random(f"{self._seed}/{number}/cancel")  # noqa: S311 - repeatable, guards nothing
        if dice.random() >= rate:
            return None
        if dice.random() < 0.5:
            return Cancel(WRITE, number=dice.randrange(TRANSACTIONS))
        name = dice.choice(list(REQUESTS))
        return Cancel(name, REQUESTS[name], dice.randrange(self._most))

    def arm(self, cancel: Cancel | None) -> None:
        """For the operation that begins now; None: at its end, or where it is not to be cancelled."""
        self._before = 0
        self._is_held = False
        self._armed = cancel

    def take(self, method: str, path: str, operation: str | None) -> Fault | None:
        """The fault that holds this request, where its operation is to be cancelled in it; called by the server."""
        armed = self._armed
        if armed is None or armed.fault is None or self._is_held:
            return None
        if not any(each.meets(method, path, operation) for each in self._requests):
            return None
        self._before += 1
        self._is_held = self._before > armed.number
        return armed.fault if self._is_held else None

    def held(self) -> None:
        """A request is held now; called by the server."""
        if self._armed is not None and self._is_held:
            self._fire(self._armed)

    def _committing(self, connection: Connection) -> None:
        del connection
        armed = self._armed
        if armed is not None and armed.fault is None:
            self._before += 1
            if self._before > armed.number:
                self._fire(armed)

    def _fire(self, cancel: Cancel) -> None:
        self._armed = None
        self._counts[cancel.name] += 1
        self._cancel()
