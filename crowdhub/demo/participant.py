"""One marketplace while the demo runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crowdhub.demo.counts import ClientCounts
from crowdhub.market import Market
from crowdhub.model import Capability, Money, TaskDraft
from crowdhub.protocol import AnyProvider
from crowdhub.testing.plans import DemoPlan
from crowdhub.testing.subject import Subject

if TYPE_CHECKING:
    from crowdhub.sandbox import MarketSandbox

KEY = "demo"
SLOTS = 8


@dataclass(slots=True)
class Participant:
    """What its plugin says about it, the account, the marketplace behind it, and what was counted so far."""

    subject: Subject
    market: Market[AnyProvider]
    sandbox: MarketSandbox
    counts: ClientCounts

    @property
    def name(self) -> str:
        return self.market.name

    @property
    def plan(self) -> DemoPlan:
        return self.subject.demo

    @property
    def reward(self) -> Money:
        """What one piece of work earns."""
        found = self.plan.reward or self.subject.draft().reward
        return found if found is not None else Money(1, self.market.currency)

    @property
    def slots(self) -> int:
        if self.plan.slots is not None:
            return self.plan.slots
        return min(SLOTS, self.subject.most_slots or SLOTS) if self.market.capabilities.fields["slots"] else 1

    def can(self, capability: Capability) -> bool:
        return capability in self.market.capabilities

    def prepare(self, pictures: Sequence[bytes]) -> None:
        if self.plan.prepare is not None:
            self.plan.prepare(self.sandbox, pictures)

    def lose_answers(self) -> None:
        """From now on: do the work, and drop the answer, of what the plan names."""
        from crowdhub.sandbox import Fault

        if self.plan.lost is None:
            from crowdhub.testing.campaign.requests import costly_requests

            costly_requests(self.subject.provider).publish.spoil(self.sandbox.faults, Fault.drop("after"))
            return
        for lost in self.plan.lost:
            self.sandbox.faults.add(Fault.drop("after"), method=lost.method, path=lost.path, skip=lost.skip)

    @property
    def lost(self) -> int:
        """How many answers were lost so far."""
        return len(self.sandbox.faults.fired)

    def fitting(self, draft: TaskDraft, pictures: Sequence[bytes]) -> Sequence[TaskDraft]:
        """Drafts that the marketplace has a place for, where it has none for the one draft."""
        if self.plan.fitting is not None:
            return self.plan.fitting(draft, pictures)
        own = self.subject.draft()
        return [own if draft.slots == own.slots else own.copy_with(slots=draft.slots)]

    def priced(self, draft: TaskDraft) -> None:
        """Note what a published draft costs, as far as that is known before."""
        if self.can(Capability.ESTIMATE):
            self.counts.quotes.append(self.market.estimate(draft))

    def people_apply(self) -> None:
        """Let people apply, where the sandbox has none that come by themselves."""
        for task in () if self.plan.scripted else self.counts.tasks:
            self.subject.apply(self.sandbox, task.id, task.slots or 1)

    def people_hand_in(self) -> None:
        """Let people hand in, where the sandbox has none that come by themselves."""
        for task in () if self.plan.scripted else self.counts.tasks:
            self.subject.hand_in(self.sandbox, task.id, task.slots or 1)
