"""What really happened: the marketplace's own books, charge by charge, told apart by the operation that caused them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

from crowdhub.sandbox import Charge, MarketSandbox

RECOVERING = "recover"
"""Whose charges those are that a recovery causes, until it is looked which key they are of."""


class ChargeLog:
    """Reads a sandbox's books. ``now`` is called after each operation, with what it was about."""

    def __init__(self, sandbox: MarketSandbox) -> None:
        self._sandbox = sandbox
        self._seen = 0
        self._lock = threading.Lock()
        self._charges: dict[str, list[Charge]] = defaultdict(list)
        self.now("")

    def now(self, whose: str) -> list[Charge]:
        """Everything in the books since the last call was caused by ``whose``."""
        with self._lock:
            charges = self._sandbox.books().charges
            fresh = list(charges[self._seen :])
            self._seen = len(charges)
            self._charges[whose].extend(fresh)
            return fresh

    def move(self, source: str, whose: str, caused: Callable[[Charge], bool]) -> None:
        """What ``source`` is said to have caused, and was caused by ``whose``: a recovery sends again what was wanted
        under a key."""
        with self._lock:
            self._charges[whose] += [each for each in self._charges[source] if caused(each)]
            self._charges[source] = [each for each in self._charges[source] if not caused(each)]

    def bought(self, whose: str) -> list[str]:
        """What this operation bought and still has: the ids, one for each time that it was charged."""
        taken: dict[tuple[str, bool], list[Decimal]] = defaultdict(list)
        for charge in self._charges[whose]:
            if charge.kind != "deposit":
                taken[charge.task_id, charge.kind == "bonus"].append(charge.amount)
        found: list[str] = []
        for (task_id, _), amounts in taken.items():
            positive = sum(1 for amount in amounts if amount > 0)
            given_back = sum(1 for amount in amounts if amount < 0)
            found += [task_id] * max(0, positive - given_back)
        return found

    def taken(self) -> Decimal:
        """What left the balance in all, less what came back."""
        books = self._sandbox.books()
        return books.charged - books.refunded

    def payouts(self) -> dict[str, int]:
        """How often each piece of work was paid."""
        counts: dict[str, int] = defaultdict(int)
        for payout in self._sandbox.books().payouts:
            counts[payout.reference] += 1
        return counts

    def problems(self) -> list[str]:
        """What does not add up in the books themselves, work that was paid twice among it."""
        return self._sandbox.books().problems()
