"""The first act: one draft for all, and what fits where it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from crowdhub import registry
from crowdhub.demo.show import Show
from crowdhub.demo.stage import KEY, Stage
from crowdhub.errors import NotSupported, OutcomeUnknown
from crowdhub.hub import Hub
from crowdhub.hub.split import Share
from crowdhub.model import Capability, Task, TaskDraft

if TYPE_CHECKING:
    from crowdhub.sandbox import Sandbox

WAIT = 3.0
"""Hours of the sandbox's clock until the applications are looked at."""


def one_draft(stages: Sequence[Stage], pictures: Sequence[bytes]) -> TaskDraft:
    """The draft that goes to all of them, with each one's own options."""
    options = [kind(**s.scene.settings) for s in stages if (kind := registry.options_type(s.scene.name)) is not None]
    return TaskDraft(
        title="Read a receipt",
        instructions="Read the receipt in the picture. Say what was bought, and for how much.",
        reward=stages[0].scene.reward,
        proof="What the receipt says, and a screenshot or a text",
        image=pictures[0],
        options=options,
    )


def publish(show: Show, hub: Hub, stages: Sequence[Stage], pictures: Sequence[bytes]) -> None:
    """Publish one draft everywhere; where it is refused, say why and publish what fits."""
    show.step("Publish", "one draft, with a picture, on every marketplace")
    draft = one_draft(stages, pictures)
    for stage in stages:
        stage.lose_answers()
    before = {stage.name: stage.lost for stage in stages}
    refused = [stage for stage, share in _split(hub, stages, draft) if _told(show, stage, share, before[stage.name])]
    again = _split(hub, [stage for stage in stages if stage not in refused], draft)
    if again and all(share.task and share.task.id == stage.tally.tasks[0].id for stage, share in again):
        show.note("published once more under the same key: the same tasks, and nothing is charged")
    for stage, _ in again:
        stage.published(_share_of(draft, stage))
    for stage in refused:
        _publish_fitting(show, stage, _share_of(draft, stage), pictures)


def _share_of(draft: TaskDraft, stage: Stage) -> TaskDraft:
    return draft.copy_with(slots=stage.scene.slots, reward=stage.scene.reward)


def _split(hub: Hub, stages: Sequence[Stage], draft: TaskDraft) -> list[tuple[Stage, Share]]:
    if not stages:
        return []
    slots = {stage.name: stage.scene.slots for stage in stages}
    rewards = {stage.name: stage.scene.reward for stage in stages}
    report = hub.publish_split(draft, slots, rewards=rewards, key=KEY)
    return list(zip(stages, report.shares, strict=True))


def _told(show: Show, stage: Stage, share: Share, lost_before: int) -> bool:
    """Tell what became of one share; whether it was refused."""
    if share.task is not None:
        _published(show, stage, share.task, f"{share.slots} × {stage.scene.reward}", lost_before)
        return False
    if not isinstance(share.error, NotSupported):
        raise share.error or RuntimeError(f"{share.account} tells neither a task nor an error")
    show.on(stage.name, "refused before any request:")
    for line in _grouped(share.error.reasons):
        show.on(stage.name, f"  {line}")
    return True


def _grouped(reasons: Mapping[str, str]) -> list[str]:
    """One line for each reason, with all fields that it holds for."""
    fields: dict[str, list[str]] = {}
    for field, reason in reasons.items():
        fields.setdefault(reason, []).append(field)
    return [f"{', '.join(names)}: {reason}" for reason, names in fields.items()]


def _published(show: Show, stage: Stage, task: Task, what: str, lost_before: int) -> None:
    stage.tally.tasks.append(task)
    show.on(stage.name, f"task {task.id}, {what}")
    if stage.lost > lost_before:
        show.on(stage.name, "  its answer was lost on purpose: looked for the task, found it, nothing was sent twice")


def _publish_fitting(show: Show, stage: Stage, draft: TaskDraft, pictures: Sequence[bytes]) -> None:
    if stage.scene.fitting is None:
        raise RuntimeError(f"{stage.name} refused the draft, and its scene has no other")
    drafts = stage.scene.fitting(draft, pictures)
    for number, fitting in enumerate(drafts, 1):
        what = f"{fitting.slots} × {fitting.reward}" if fitting.reward else f"{number} of {len(drafts)}"
        what += f", {stage.scene.fits}"
        lost = stage.lost
        key = f"{KEY}/{stage.name}/{number}"
        try:
            task = stage.market.publish(fitting, key=key)
        except OutcomeUnknown as error:
            _not_to_be_told(show, stage, fitting, key, error)
            continue
        _published(show, stage, task, what, lost)
        stage.published(fitting)


def _not_to_be_told(show: Show, stage: Stage, draft: TaskDraft, key: str, unknown: OutcomeUnknown) -> None:
    """The answer is lost and the marketplace cannot be asked: nothing is sent again, and a person is told."""
    stage.tally.unknown += 1
    show.on(stage.name, "an answer was lost on purpose, and this marketplace cannot list tasks: OutcomeUnknown")
    show.on(stage.name, f"  to be looked at by a person: {unknown.look_for}")
    sent = stage.market.requests
    try:
        _ = stage.market.publish(draft, key=key)
    except OutcomeUnknown:
        if stage.market.requests == sent:
            show.on(stage.name, "  published once more under the same key: refused, and nothing was sent")


def choose_workers(show: Show, box: Sandbox, stages: Sequence[Stage]) -> None:
    """Where people apply for a task: give it to the first, decline the others."""
    asked = [stage for stage in stages if stage.can(Capability.APPLICATIONS)]
    if not asked:
        return
    show.step("Choose", f"who may work, where people apply; {WAIT:g} hours of their clock have passed")
    _ = box.advance(hours=WAIT)
    for stage in asked:
        _choose(show, stage)


def _choose(show: Show, stage: Stage) -> None:
    declined = 0
    for task in stage.tally.tasks:
        for application in list(stage.market.applications(task)):
            if stage.tally.accepted < stage.scene.slots:
                _ = stage.market.accept(application)
                stage.tally.accepted += 1
            else:
                _ = stage.market.decline(application)
                declined += 1
    show.on(stage.name, f"{stage.tally.accepted} applications accepted, {declined} declined")
