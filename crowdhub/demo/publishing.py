"""One draft for all, and what fits where that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from crowdhub.demo.participant import KEY, Participant
from crowdhub.demo.show import Show
from crowdhub.errors import InvalidRequest, NotSupported, OutcomeUnknown
from crowdhub.hub import Hub
from crowdhub.hub.split import Share
from crowdhub.model import Capability, Task, TaskDraft

if TYPE_CHECKING:
    from crowdhub.sandbox import Sandbox

WAIT = 3.0
"""Hours of the sandbox's clock until the applications are looked at."""


def one_draft(participants: Sequence[Participant], pictures: Sequence[bytes]) -> TaskDraft:
    """The draft that goes to all of them, with each one's own options."""
    options = [option for each in participants for option in each.plan.options]
    return TaskDraft(
        title="Read a receipt",
        instructions="Read the receipt in the picture. Say what was bought, and for how much.",
        reward=participants[0].reward,
        proof="What the receipt says, and a screenshot or a text",
        image=pictures[0],
        options=options,
    )


def publish(show: Show, hub: Hub, participants: Sequence[Participant], pictures: Sequence[bytes]) -> None:
    """Publish one draft everywhere; where it is refused, say why and publish what fits."""
    show.step("Publish", "one draft, with a picture, on every marketplace")
    draft = one_draft(participants, pictures)
    for participant in participants:
        participant.lose_answers()
    before = {each.name: each.lost for each in participants}
    shares = _split(hub, participants, draft)
    refused = [each for each, share in shares if _told(show, each, share, before[each.name])]
    again = _split(hub, [each for each in participants if each not in refused], draft)
    if again and all(share.task and share.task.id == each.counts.tasks[0].id for each, share in again):
        show.note("published once more under the same key: the same tasks, and nothing is charged")
    for participant, share in again:
        if share.task is not None:
            participant.priced(_share_of(draft, participant))
    for participant in refused:
        _publish_fitting(show, participant, _share_of(draft, participant), pictures)


def _share_of(draft: TaskDraft, participant: Participant) -> TaskDraft:
    return draft.copy_with(slots=participant.slots, reward=participant.reward)


def _split(hub: Hub, participants: Sequence[Participant], draft: TaskDraft) -> list[tuple[Participant, Share]]:
    if not participants:
        return []
    slots = {participant.name: participant.slots for participant in participants}
    rewards = {participant.name: participant.reward for participant in participants}
    report = hub.publish_split(draft, slots, rewards=rewards, key=KEY)
    return list(zip(participants, report.shares, strict=True))


def _told(show: Show, participant: Participant, share: Share, lost_before: int) -> bool:
    """Tell what became of one share; whether it was refused."""
    if share.task is not None:
        _published(show, participant, share.task, f"{share.slots} × {participant.reward}", lost_before)
        return False
    if isinstance(share.error, NotSupported):
        reasons: Mapping[str, str] = share.error.reasons
    elif isinstance(share.error, InvalidRequest):
        reasons = {issue.where: issue.what for issue in share.error.issues}
    else:
        raise share.error or RuntimeError(f"{share.account} tells neither a task nor an error")
    show.on(participant.name, "refused before any request:")
    for line in _grouped(reasons):
        show.on(participant.name, f"  {line}")
    return True


def _grouped(reasons: Mapping[str, str]) -> list[str]:
    """One line for each reason, with all fields that it holds for."""
    fields: dict[str, list[str]] = {}
    for field, reason in reasons.items():
        fields.setdefault(reason, []).append(field)
    return [f"{', '.join(names)}: {reason}" for reason, names in fields.items()]


def _published(show: Show, participant: Participant, task: Task, what: str, lost_before: int) -> None:
    participant.counts.tasks.append(task)
    show.on(participant.name, f"task {task.id}, {what}")
    if participant.lost > lost_before:
        show.on(
            participant.name, "  its answer was lost on purpose: looked for the task, found it, nothing was sent twice"
        )


def _publish_fitting(show: Show, participant: Participant, draft: TaskDraft, pictures: Sequence[bytes]) -> None:
    drafts = participant.fitting(draft, pictures)
    for number, fitting in enumerate(drafts, 1):
        what = f"{fitting.slots} × {fitting.reward}" if fitting.reward else f"{number} of {len(drafts)}"
        what += f", {participant.plan.fits}"
        lost = participant.lost
        key = f"{KEY}/{participant.name}/{number}"
        try:
            task = participant.market.publish(fitting, key=key)
        except OutcomeUnknown as error:
            _not_to_be_told(show, participant, fitting, key, error)
            continue
        _published(show, participant, task, what, lost)
        participant.priced(fitting)


def _not_to_be_told(show: Show, participant: Participant, draft: TaskDraft, key: str, unknown: OutcomeUnknown) -> None:
    """The answer is lost and the marketplace cannot be asked: nothing is sent again, and a person is told."""
    participant.counts.unknown += 1
    show.on(participant.name, "an answer was lost on purpose, and nothing here can be looked for: OutcomeUnknown")
    show.on(participant.name, f"  to be looked at by a person: {unknown.look_for}")
    sent = participant.market.requests
    try:
        _ = participant.market.publish(draft, key=key)
    except OutcomeUnknown:
        if participant.market.requests == sent:
            show.on(participant.name, "  published once more under the same key: refused, and nothing was sent")


def choose_workers(show: Show, box: Sandbox, participants: Sequence[Participant]) -> None:
    """Where people apply for a task: give it to the first, decline the others."""
    asked = [participant for participant in participants if participant.can(Capability.APPLICATIONS)]
    if not asked:
        return
    show.step("Choose", f"who may work, where people apply; {WAIT:g} hours of their clock have passed")
    _ = box.advance(hours=WAIT)
    for participant in asked:
        participant.people_apply()
        _choose(show, participant)


def _choose(show: Show, participant: Participant) -> None:
    declined = 0
    for task in participant.counts.tasks:
        for application in list(participant.market.applications(task)):
            if participant.counts.accepted < participant.slots:
                _ = participant.market.accept(application)
                participant.counts.accepted += 1
            else:
                _ = participant.market.decline(application)
                declined += 1
    show.on(participant.name, f"{participant.counts.accepted} applications accepted, {declined} declined")
