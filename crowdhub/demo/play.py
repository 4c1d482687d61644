"""The play: publish, watch, look, review, pay, compare; on all marketplaces at once."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crowdhub.demo import publishing, reviewing, watching
from crowdhub.demo.clock import SandboxTime
from crowdhub.demo.scenes import SCENES
from crowdhub.demo.show import Show
from crowdhub.demo.stage import Stage
from crowdhub.demo.tally import Tally
from crowdhub.hub import Hub
from crowdhub.model import Capability

if TYPE_CHECKING:
    from crowdhub.sandbox import Sandbox

PICTURES = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: one row a marketplace, and everything that does not agree."""

    rows: tuple[dict[str, Any], ...]
    problems: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.problems


def run(show: Show, names: Sequence[str] = (), *, box: Sandbox | None = None) -> Outcome:
    """Play it on ``names`` (all scenes by default), in a sandbox of its own or in a running ``box``.

    Raises the errors of `crowdhub.errors` where something fails outright.
    """
    from crowdhub.sandbox import Sandbox, png  # an extra, and slow to import

    chosen = [SCENES[name] for name in dict.fromkeys(names or SCENES)]
    pictures = [png(f"RECEIPT {number}\ntotal {17 * number}.40", (320, 200)) for number in range(1, PICTURES + 1)]
    with ExitStack() as stack:
        if box is None:
            options = {scene.name: scene.sandbox for scene in chosen}
            box = stack.enter_context(Sandbox(*options, options=options))
        hub = stack.enter_context(Hub(box.accounts, clock=SandboxTime(box)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crowdhub-demo-")))
        stages: list[Stage] = []
        for scene in chosen:
            market = hub[scene.name]
            before = market.balance() if Capability.BALANCE in market.capabilities else None
            tally = Tally(scene.name, market.environment, market.currency, before)
            stages.append(Stage(scene, market, box[scene.name], tally))
            if scene.prepare is not None:
                scene.prepare(box[scene.name], pictures)
        show.accounts([stage.market for stage in stages])
        publishing.publish(show, hub, stages, pictures)
        publishing.choose_workers(show, box, stages)
        watching.watch(show, hub, stages)
        show.step("Look", "at what was handed in")
        for stage in stages:
            reviewing.look(show, stage, folder)
        show.step("Review", "all that is left is good work")
        for stage in stages:
            reviewing.review(show, stage)
            reviewing.pay_bonus(show, stage)
            reviewing.close(stage)
        return _compare(show, stages)


def _compare(show: Show, stages: Sequence[Stage]) -> Outcome:
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for stage in stages:
        found = stage.tally.problems(stage.side.books(), stage.side.request_count)
        rows.append(stage.tally.row(len(found)))
        problems += [f"{stage.name}: {each}" for each in found]
    outcome = Outcome(tuple(rows), tuple(problems))
    show.end(outcome.rows, outcome.problems)
    return outcome
