"""What others do while the clients are at work: at the marketplace, and to the clock of a machine."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crowdhub.errors import CrowdhubError
from crowdhub.ledger import Budget
from crowdhub.model import Submission, TaskDraft, Verdict
from crowdhub.operations.account import Account
from crowdhub.operations.spending import SpendingPolicy
from crowdhub.testing.campaign.profile import MarketProfile
from crowdhub.testing.prover.marketplace import run_well
from crowdhub.testing.prover.paths import Option
from crowdhub.testing.prover.process import Machine, Program, account_of

if TYPE_CHECKING:
    from crowdhub.testing.prover.world import World

SOON = 1.0
"""Seconds that pass before and after it."""
SET_BY = timedelta(hours=1)
"""By how much a clock is set: past the lease and past every `settles_within`."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that may happen once on a path: before a request of a client, or while its process is down.

    ``before_changes`` is False where it does not come between a look and the request right after it that settles, nor
    between a request that settles and its being carried out late: no client could know of it then. ``while_down``: only
    there. ``cost``: how many departures from the good way it is.
    """

    words: str
    happen: Callable[[World, Machine], None]
    before_changes: bool = True
    while_down: bool = False
    cost: int = 1

    @property
    def option(self) -> Option:
        return Option(self.words, self.cost)


def _set_clock(by: timedelta) -> Callable[[World, Machine], None]:
    def happen(_: World, machine: Machine) -> None:
        machine.clock.set(by)

    return happen


CLOCKS: Sequence[Happening] = (
    Happening("its machine's clock is set back by an hour", _set_clock(-SET_BY)),
    Happening("its machine's clock is set ahead by an hour", _set_clock(SET_BY)),
)


def _budget_taken_away(currency: str) -> Callable[[World, Machine], None]:
    def happen(world: World, _: Machine) -> None:
        world.budget = Budget.of({currency: "0"})

    return happen


def no_budget_left(currency: str) -> Happening:
    """Whoever starts from now on may spend nothing."""
    return Happening("its budget is set to nothing", _budget_taken_away(currency), while_down=True)


class Others:
    """Other customers' programs and other people, on the marketplace of one path."""

    def __init__(self, profile: MarketProfile, application: Program) -> None:
        self._profile = profile
        self._application = application

    def publish(self, draft: TaskDraft) -> Happening:
        """Somebody else publishes what the client publishes, without a mark."""

        def happen(world: World, _: Machine) -> None:
            self._do(world, lambda account: account.publish(draft, None))

        return Happening("somebody else publishes the same, without a key", happen)

    def send_back(self, work: Submission) -> Happening | None:
        """Somebody else sends a piece of work back, and it is handed in anew."""
        if Verdict.REDO not in self._profile.verdicts:
            return None

        def happen(world: World, _: Machine) -> None:
            if self._settle(world, work, Verdict.REDO):
                self._profile.subject.hand_in_again(world.marketplace.sandbox, work)
                world.handed_in_anew.add(work.id)

        return Happening(f"{work.id} is sent back, and handed in anew", happen, before_changes=False)

    def reject(self, work: Submission) -> Happening | None:
        """Somebody else rejects a piece of work, and another person hands in where a place is open again."""
        if Verdict.REJECT not in self._profile.verdicts:
            return None

        def happen(world: World, _: Machine) -> None:
            if self._settle(world, work, Verdict.REJECT):
                self._profile.hand_in(world.marketplace.sandbox, work.task_id, 1)

        return Happening(f"{work.id} is rejected by somebody else, and others hand in", happen, before_changes=False)

    def _settle(self, world: World, work: Submission, verdict: Verdict) -> bool:
        """Whether it could be decided so."""
        decision = self._profile.decision(work, verdict)
        try:
            self._do(world, lambda account: account.settle(decision))
        except CrowdhubError:
            return False  # it is settled by now
        return True

    def _do(self, world: World, call: Callable[[Account], Coroutine[Any, Any, object]]) -> None:
        world.pass_time(SOON)
        account = account_of(self._application, world.clock, SpendingPolicy(), self)
        _ = run_well(call(account), world.marketplace, world.clock)
        _ = world.charges.now("somebody else")
        world.pass_time(SOON)
