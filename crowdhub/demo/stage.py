"""One marketplace while the demo plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crowdhub.demo.scene import Scene
from crowdhub.demo.tally import Tally
from crowdhub.market import Market
from crowdhub.model import Capability, TaskDraft

if TYPE_CHECKING:
    from crowdhub.sandbox import MarketSandbox

KEY = "demo"


@dataclass(slots=True)
class Stage:
    """The scene, the account, the marketplace behind it, and what was counted so far."""

    scene: Scene
    market: Market[Any]
    side: MarketSandbox
    tally: Tally

    @property
    def name(self) -> str:
        return self.market.name

    def can(self, capability: Capability) -> bool:
        return capability in self.market.capabilities

    def lose_answers(self) -> None:
        """From now on: do the work, and drop the answer, of what the scene names."""
        from crowdhub.sandbox import Fault

        for lost in self.scene.lost:
            self.side.faults.add(Fault.drop("after"), method=lost.method, path=lost.path, skip=lost.skip)

    @property
    def lost(self) -> int:
        """How many answers were lost so far."""
        return len(self.side.faults.fired)

    def published(self, draft: TaskDraft) -> None:
        """Note what a published draft costs, as far as that is known before."""
        if self.can(Capability.ESTIMATE):
            self.tally.quotes.append(self.market.estimate(draft))
