"""The play: publish, watch, look, review, pay, compare."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crowdhub.demo.clock import SandboxTime
from crowdhub.demo.scenes import SCENES, Scene
from crowdhub.demo.show import Show
from crowdhub.demo.tally import Tally
from crowdhub.hub import Hub
from crowdhub.market import Market
from crowdhub.model import Capability, Decision, Submission, Task

if TYPE_CHECKING:
    from crowdhub.sandbox import MarketSandbox, Sandbox

SINGLY = 5  # approvals made one by one, before the bulk
PICTURES = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: one row a marketplace, and everything that does not agree."""

    rows: tuple[dict[str, Any], ...]
    problems: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class Stage:
    """One marketplace while the play runs."""

    scene: Scene
    market: Market[Any]
    side: MarketSandbox
    tally: Tally

    @property
    def task(self) -> Task:
        if self.tally.task is None:
            raise RuntimeError("nothing is published yet")
        return self.tally.task


def run(show: Show, names: Sequence[str] = (), *, box: Sandbox | None = None) -> Outcome:
    """Play it on ``names`` (all scenes by default), in a sandbox of its own or in a running ``box``.

    Raises the errors of `crowdhub.errors` where something fails outright.
    """
    from crowdhub.sandbox import Sandbox  # an extra, and slow to import

    chosen = [SCENES[name] for name in names or SCENES]
    with ExitStack() as stack:
        if box is None:
            options = {scene.name: scene.options for scene in chosen}
            box = stack.enter_context(Sandbox(*options, options=options))
        hub = stack.enter_context(Hub(box.accounts, clock=SandboxTime(box)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crowdhub-demo-")))
        stages: list[Stage] = []
        for scene in chosen:
            market = hub[scene.name]
            tally = Tally(scene.name, market.environment, before=market.balance())
            stages.append(Stage(scene, market, box[scene.name], tally))
        show.accounts([stage.market for stage in stages])
        for stage in stages:
            _publish(show, stage)
        _watch(show, hub, stages)
        for stage in stages:
            _look(show, stage, folder)
            _review(show, stage)
            _close(stage)
        return _compare(show, stages)


def _publish(show: Show, stage: Stage) -> None:
    from crowdhub.sandbox import Fault, png

    market, tally, scene = stage.market, stage.tally, stage.scene
    draft = scene.draft(png("RECEIPT\ntotal 17.40", (320, 200)))
    show.step("Publish", f"{draft.slots} × {draft.reward}, with a picture; it will take {market.estimate(draft)}")
    stage.side.faults.add(Fault.drop("after"), path=scene.lost_publish)
    tally.task = task = market.publish(draft, key="demo")
    if task.replayed:
        show.note("the marketplace took the request and its answer was lost on purpose: looked for it, found it")
    show.note(f"task {task.id} is {task.status}")
    again = market.publish(draft, key="demo")
    if again.id == task.id:
        show.note("published once more under the same key: it is the same task, and nothing is charged")


def _watch(show: Show, hub: Hub, stages: Sequence[Stage]) -> None:
    """Follow the work on all marketplaces in one stream until every slot holds good work.

    Poor work is refused as it comes, which opens its slot again.
    """
    from crowdhub.sandbox import Fault

    every = min(stage.scene.look_every for stage in stages)
    show.step("Watch", f"people hand in; a look every {every / 60:g} minutes of the sandbox's clock")
    staged = {stage.market.name: stage for stage in stages}
    for stage in stages:
        stage.side.faults.add(Fault.drop("after"), path=stage.scene.lost_approval)
    open_slots = {name: stage.task.slots or 1 for name, stage in staged.items()}
    with show.progress("good work", sum(open_slots.values())) as advance:
        for work in hub.watch([stage.task for stage in stages], interval=every):
            if _first_look(show, staged[work.account], work):
                open_slots[work.account] -= 1
                advance(1)
                if not any(open_slots.values()):
                    break


def _first_look(show: Show, stage: Stage, work: Submission) -> bool:
    """Refuse poor work at once and pay for the first good ones; whether it is good."""
    market, tally, scene = stage.market, stage.tally, stage.scene
    tally.handed_in.append(work)
    reason = scene.judge(work)
    if reason is not None:
        tally.rejected[work.id] = market.reject(work, reason)
        show.work("reject", work, reason)
        _perhaps_block(show, stage, work)
        return False
    if len(tally.approved) < SINGLY:
        tally.approved[work.id] = paid = market.approve(work, scene.thanks)
        show.work("approve", work, None)
        if paid.replayed:
            show.note("its answer was lost on purpose: looked, it was paid already, and is not paid again")
    return True


def _perhaps_block(show: Show, stage: Stage, work: Submission) -> None:
    """Whoever hands in nothing at all is not asked again; one is enough to show it."""
    if stage.tally.blocked or work.text or work.files or Capability.BLOCK not in stage.market.capabilities:
        return
    _ = stage.market.block(work, "handed in nothing")
    stage.tally.blocked = [worker.id for worker in stage.market.blocked_workers()]
    show.note(f"blocked {work.worker.name or work.worker.id}, who handed in nothing")


def _look(show: Show, stage: Stage, folder: Path) -> None:
    with_files = [work for work in stage.tally.handed_in if work.files and work.id not in stage.tally.rejected]
    show.step("Look", f"download the proofs of {min(PICTURES, len(with_files))} of them")
    for work in with_files[:PICTURES]:
        for path in stage.market.download(work, folder):
            stage.tally.files += 1
            show.note(f'{path.name}, {path.stat().st_size:,} bytes, "{work.text}"')


def _review(show: Show, stage: Stage) -> None:
    """What is left is all good, and no slot is open: safe to approve in bulk."""
    tally = stage.tally
    left = [
        Decision.approve(work, stage.scene.thanks)
        for work in tally.handed_in
        if work.id not in tally.approved and work.id not in tally.rejected
    ]
    show.step("Review", f"{len(left)} more to approve; every slot holds good work, so nothing unseen can be approved")
    with show.progress("approve", len(left)) as advance:
        report = stage.market.review(left, progress=advance)
    for outcome in report.outcomes:
        if outcome.submission is not None and outcome.error is None:
            tally.approved[outcome.submission.id] = outcome.submission
        elif outcome.error is not None:
            show.note(f"{outcome.decision.submission.id}: {outcome.error}")
    tally.bulk, tally.bulk_requests = len(left), report.requests
    show.note(
        f"{len(left)} approved in {report.requests} requests; settled without a decision: {len(report.unintended)}"
    )


def _close(stage: Stage) -> None:
    """What the marketplace says at the end."""
    market, tally = stage.market, stage.tally
    tally.listed = Counter(str(work.status) for work in market.submissions(stage.task))
    tally.after = market.balance()
    tally.lost = len(stage.side.faults.fired)
    tally.task = stage.task.copy_with(status=market.task(stage.task).status)
    tally.requests = market.requests


def _compare(show: Show, stages: Sequence[Stage]) -> Outcome:
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for stage in stages:
        books = stage.side.books()
        rows.append(stage.tally.row(books))
        found = stage.tally.problems(books, stage.side.request_count)
        problems += [f"{stage.tally.name}: {each}" for each in found]
    outcome = Outcome(tuple(rows), tuple(problems))
    show.end(outcome.rows, outcome.problems)
    return outcome
