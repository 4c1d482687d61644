"""The second act: the work of all marketplaces in one stream, decided on as it comes."""

from __future__ import annotations

from collections.abc import Sequence

from crowdhub.demo.scene import words_of
from crowdhub.demo.show import Show
from crowdhub.demo.stage import Stage
from crowdhub.demo.tally import UNFINISHED
from crowdhub.hub import Hub
from crowdhub.model import Capability, Submission, SubmissionStatus

EVERY = 1800.0
"""Seconds of the sandbox's clock between two looks."""
ROUNDS = 200
"""Looks, after which the demo gives up; a few are enough."""


def watch(show: Show, hub: Hub, stages: Sequence[Stage]) -> None:
    """Follow all tasks in one stream until every slot holds good work. Poor work is refused as it comes."""
    show.step("Watch", f"the work of all of them in one stream, a look every {EVERY / 60:g} minutes of their clock")
    staged = {stage.name: stage for stage in stages}
    tasks = [task for stage in stages for task in stage.tally.tasks]
    slots = sum(task.slots or 1 for task in tasks)
    with show.progress("good work", slots) as advance:
        for work in hub.watch(tasks, status=None, interval=EVERY, rounds=ROUNDS):
            if work.status in UNFINISHED:
                continue
            if _first_look(show, staged[work.account], work):
                advance(1)
                if sum(len(stage.tally.good) for stage in stages) == slots:
                    break


def _first_look(show: Show, stage: Stage, work: Submission) -> bool:
    """Refuse poor work at once, approve the first good ones, keep the rest for later; whether it is good."""
    tally = stage.tally
    tally.handed_in += 1
    reason = stage.scene.judge(work)
    if work.status is SubmissionStatus.APPROVED:
        tally.good[work.id] = tally.approved[work.id] = work
        show.work("solved", work, words_of(work))
        return True
    if reason is not None:
        _refuse(show, stage, work, reason)
        return False
    tally.good[work.id] = work
    if len(tally.approved) < stage.scene.singly:
        lost = stage.lost
        tally.approved[work.id] = stage.market.approve(work, "Thank you, well read.")
        show.work("approve", work, f'"{words_of(work)}"')
        if stage.lost > lost:
            show.on(stage.name, "  its answer was lost on purpose: looked, it is paid already, and not paid again")
    return True


def _refuse(show: Show, stage: Stage, work: Submission, reason: str) -> None:
    """Back to its worker where the marketplace can do that, else rejected, which opens the slot again."""
    if stage.can(Capability.REQUEST_REDO):
        _ = stage.market.request_redo(work, reason)
        stage.tally.redone += 1
        show.work("redo", work, reason)
        return
    stage.tally.rejected[work.id] = stage.market.reject(work, reason)
    show.work("reject", work, reason)
    # Whoever hands in nothing at all is not asked again; one is enough to show it.
    empty = not (work.text or work.files or work.answers)
    if empty and not stage.tally.blocked and stage.can(Capability.BLOCK):
        _ = stage.market.block(work, "handed in nothing")
        stage.tally.blocked = [worker.id for worker in stage.market.blocked_workers()]
        show.on(stage.name, f"  blocked {work.worker.name or work.worker.id}, who handed in nothing")
