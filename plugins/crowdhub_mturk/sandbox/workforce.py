"""The workers: as many as needed, and who of them may do what."""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from crowdhub_mturk.sandbox.ids import POPULATION, Ids
from crowdhub_mturk.sandbox.qualifications import (
    ADULT,
    LOCALE,
    MASTERS,
    NUMBER_APPROVED,
    PERCENT_APPROVED,
    Qualifications,
)
from crowdhub_mturk.sandbox.refusal import missing
from crowdhub_mturk.sandbox.state import Hit, Requirement

COUNTRIES = ("US", "IN", "PH", "GB", "KE", "BR", "CA", "DE", "BD", "ID", "MA", "US")
TRIES = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A blocked worker."""

    number: int
    worker: str
    reason: str


class Workforce:
    """Everybody who works here."""

    def __init__(self, ids: Ids, qualifications: Qualifications) -> None:
        self._ids = ids
        self._qualifications = qualifications
        self._size = POPULATION
        self._named: set[str] = set()
        self._next: dict[str, int] = {}
        self.blocks: dict[str, Block] = {}
        self._blocked = 0

    def meet(self, worker: str) -> None:
        """From now on there is a worker of this id."""
        self._named.add(worker)

    def check(self, worker: str) -> None:
        """Raises `Refusal` where there is no such worker."""
        if worker in self._named:
            return
        number = self._ids.number_of(worker)
        if number is None or number >= self._size:
            raise missing("Worker", worker)

    def block(self, worker: str, reason: str) -> None:
        before = self.blocks.get(worker)
        if before is None:
            self._blocked += 1
        self.blocks[worker] = Block(self._blocked if before is None else before.number, worker, reason)

    def unblock(self, worker: str) -> None:
        _ = self.blocks.pop(worker, None)

    def somebody_for(self, hit: Hit) -> str | None:
        """Somebody who may take this HIT: who has the qualification it wants, or somebody new."""
        return next((worker for worker in self._candidates(hit) if self.obstacle(hit, worker) is None), None)

    def obstacle(self, hit: Hit, worker: str) -> str | None:
        """Why a worker cannot take this HIT."""
        if worker in self.blocks:
            return "is blocked"
        if worker in hit.workers:
            return "has this HIT in hands, or has worked on it"
        if not all(self.meets(each, worker) for each in hit.type.requirements):
            return "lacks a qualification that the HIT wants"
        return None

    def _candidates(self, hit: Hit) -> Iterator[str]:
        for each in hit.type.requirements:
            for score in self._qualifications.scores(each.type_id):
                yield score.worker
        first = self._next.get(hit.id, hit.number * 17 % 100)
        for number in range(first, first + TRIES):
            self._next[hit.id] = number + 1
            self._size = max(self._size, number + 1)
            yield self._ids.worker(number)

    def meets(self, requirement: Requirement, worker: str) -> bool:
        """Whether a worker's qualification is what is required."""
        if requirement.type_id == LOCALE:
            among = any(self.country(worker) == wanted for wanted, _ in requirement.locales)
            return among == _SETS.get(requirement.comparator, True)
        value = self._value(requirement.type_id, worker)
        if requirement.comparator in ("Exists", "DoesNotExist"):
            return (value is not None) == (requirement.comparator == "Exists")
        if requirement.comparator in _SETS:
            return (value in requirement.integers) == _SETS[requirement.comparator]
        return value is not None and _ORDERS[requirement.comparator](value, requirement.integers[0])

    def country(self, worker: str) -> str:
        return COUNTRIES[sum(map(ord, worker)) % len(COUNTRIES)]

    def _value(self, type_id: str, worker: str) -> int | None:
        known = 1 if type_id in (*MASTERS, ADULT) else _EVERYBODY.get(type_id)
        return self._qualifications.holds(type_id, worker) if known is None else known


_EVERYBODY: Mapping[str, int] = {NUMBER_APPROVED: 5_000, PERCENT_APPROVED: 99}
"""Nobody here is new to the trade."""
_SETS: Mapping[str, bool] = {"In": True, "EqualTo": True, "NotIn": False, "NotEqualTo": False}
_ORDERS: Mapping[str, Callable[[int, int], bool]] = {
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
}
