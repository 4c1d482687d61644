"""The work of all marketplaces in one stream, decided on as it comes."""

from __future__ import annotations

from collections.abc import Sequence

from crowdhub.demo.counts import UNFINISHED
from crowdhub.demo.participant import Participant
from crowdhub.demo.show import Show
from crowdhub.hub import Hub
from crowdhub.model import Capability, Submission, SubmissionStatus
from crowdhub.testing.plans import contents_of

EVERY = 1800.0
"""Seconds of the sandbox's clock between two looks."""
ROUNDS = 200
"""Looks, after which the demo gives up; a few are enough."""


def watch(show: Show, hub: Hub, participants: Sequence[Participant]) -> None:
    """Follow all tasks in one stream until every slot holds good work. Poor work is refused as it comes."""
    show.step("Watch", f"the work of all of them in one stream, a look every {EVERY / 60:g} minutes of their clock")
    by_name = {participant.name: participant for participant in participants}
    for participant in participants:
        participant.people_hand_in()
    tasks = [task for participant in participants for task in participant.counts.tasks]
    slots = sum(task.slots or 1 for task in tasks)
    with show.progress("good work", slots) as advance:
        for work in hub.watch(tasks, status=None, interval=EVERY, rounds=ROUNDS):
            if work.status in UNFINISHED:
                continue
            if _first_look(show, by_name[work.account], work):
                advance(1)
                if sum(len(participant.counts.good) for participant in participants) == slots:
                    break


def _first_look(show: Show, participant: Participant, work: Submission) -> bool:
    """Refuse poor work at once, approve the first good ones, keep the rest for later; whether it is good."""
    counts = participant.counts
    counts.handed_in += 1
    reason = participant.plan.judge(work)
    if work.status is SubmissionStatus.APPROVED:
        counts.good[work.id] = counts.approved[work.id] = work
        show.work("solved", work, contents_of(work))
        return True
    if reason is not None:
        _refuse(show, participant, work, reason)
        return False
    counts.good[work.id] = work
    if len(counts.approved) < participant.plan.singly:
        lost = participant.lost
        counts.approved[work.id] = participant.market.approve(work, "Thank you, well read.")
        show.work("approve", work, f'"{contents_of(work)}"')
        if participant.lost > lost:
            show.on(
                participant.name, "  its answer was lost on purpose: looked, it is paid already, and not paid again"
            )
    return True


def _refuse(show: Show, participant: Participant, work: Submission, reason: str) -> None:
    """Back to its worker where the marketplace can do that, else rejected, which opens the slot again."""
    if participant.can(Capability.REQUEST_REDO):
        _ = participant.market.request_redo(work, reason)
        participant.counts.redone += 1
        show.work("redo", work, reason)
        return
    participant.counts.rejected[work.id] = participant.market.reject(work, reason)
    show.work("reject", work, reason)
    # Whoever hands in nothing at all is not asked again; one is enough to show it.
    empty = not (work.text or work.files or work.answers)
    if empty and not participant.counts.blocked and participant.can(Capability.BLOCK):
        _ = participant.market.block(work, "handed in nothing")
        participant.counts.blocked = [worker.id for worker in participant.market.blocked_workers()]
        show.on(participant.name, f"  blocked {work.worker.name or work.worker.id}, who handed in nothing")
