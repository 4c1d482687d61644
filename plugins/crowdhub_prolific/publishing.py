"""Studies: what one costs, publishing it in two steps, finding it again, changing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from crowdhub.errors import (
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Issue,
    Lost,
    OutcomeUnknown,
    PermissionDenied,
)
from crowdhub.model import Money, Quote, Task, TaskDraft, TaskStatus
from crowdhub.protocol import Call, Effect, Flow, Response, first_match, load_json, operation, path_segment, unreadable
from crowdhub_prolific import wire
from crowdhub_prolific.drafts import issues_of, study_of
from crowdhub_prolific.people import People

MAY_BE_DONE = (InvalidRequest, Conflict, InsufficientFunds, PermissionDenied)
"""The refusals of a PUBLISH, or of more places, that may mean that it was done before: money that was taken the first
time may be missing the second."""


class Publishing(People):
    """`estimate`, `publish` and what finds it, `extend`, `pause`, `resume`, `cancel`."""

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        return [*super().draft_issues(draft), *issues_of(draft)]

    @operation
    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        """``POST /study-cost-calculator/``: fee and tax included, as they are for this account."""
        work = (draft.reward or Money(0, self.currency)) * draft.slots
        total = yield from self._cost(draft.reward.minor if draft.reward else 0, draft.slots)
        return Quote.of(work, total - work)

    def _cost(self, reward: int, places: int) -> Flow[Money]:
        body = {"reward": reward, "total_available_places": places}
        reply = yield Call.post("/study-cost-calculator/", json=body, effect=Effect.READ)
        total = wire.CostOfNew.read(reply).total_cost
        if total is None:
            raise unreadable("it tells no total_cost", reply.text, reply)
        return Money.from_minor(total, self.currency)

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """``POST /studies/`` makes a draft, which is free; its transition PUBLISH takes the money. A draft that was
        seen under the reference is published, not made again."""
        study_id = self._drafts.pop(draft.reference, None) or (yield from self._make(draft))
        path = f"/studies/{path_segment(study_id)}/transition/"
        try:
            reply = yield Call.post(path, json={"action": "PUBLISH"}, effect=Effect.SETTLE, costs=True)
        except MAY_BE_DONE as refusal:
            now = yield from self._after(refusal, study_id)
            if now.status is TaskStatus.DRAFT:
                raise
            return now  # an earlier PUBLISH of this very study was carried out
        return self._changed(reply, study_id, draft)

    def _make(self, draft: TaskDraft) -> Flow[str]:
        """The draft study's id; where the answer is lost, by its mark."""
        project = yield from self._project()
        study = study_of(draft, project, (yield from self._kept_out()))
        try:
            reply = yield Call.post("/studies/", json=study, effect=Effect.SPEND, costs=False)
        except OutcomeUnknown:
            made = yield from first_match(self.tasks(), lambda task: _is_draft_of(task, draft))
            if made is None:
                raise
            return made.id
        row = wire.StudyRow.read(reply)
        if row.presentment_currency_code not in (None, self.currency):
            yield from self.balance()  # the workspace itself says what it pays in
        return row.id

    def _after(self, refusal: CrowdhubError, study_id: str) -> Flow[Task]:
        """The study after a refusal of what takes money: sent twice, what was done the first time is refused then.
        Raises `OutcomeUnknown` where that cannot be told."""
        unknown = refusal
        if not isinstance(refusal, OutcomeUnknown):
            unknown = OutcomeUnknown(refusal.message, lost=Lost.BROKEN, **refusal.evidence)
        try:
            now = yield from self._study(study_id)
        except CrowdhubError as blind:
            raise unknown from blind
        if now.status is TaskStatus.UNKNOWN:
            raise unknown from refusal
        return now

    def _changed(self, reply: Response, study_id: str, draft: TaskDraft) -> Task:
        """The published study, whatever of it the answer leaves out."""
        told = self.to_task(load_json(reply))
        missing = {"reward": draft.reward, "slots": draft.slots, "title": draft.title, "reference": draft.reference}
        return told.copy_with(**{name: value for name, value in missing.items() if getattr(told, name) is None})

    def published_among(self, marked: Sequence[Task], draft: TaskDraft) -> Task | None:
        """A draft among them that is as asked for will be published in place of a new one."""
        found = super().published_among(marked, draft)
        made = next((each for each in marked if _is_draft_of(each, draft)), None)
        if found is None and made is not None:
            self._drafts[made.reference] = made.id
        return found

    def describe_published(self, draft: TaskDraft) -> str:
        return f'a study "{draft.title}" whose internal name ends with [ref {draft.reference}]'

    @operation
    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        """Among the project's studies, by the reference in the internal name; drafts are not it."""
        del since  # the reference alone decides

        def is_it(task: Task) -> bool:
            mine = draft.reference is not None and task.reference == draft.reference
            return mine and task.status is not TaskStatus.DRAFT

        return (yield from first_match(self.tasks(), is_it, whole=True))

    # --- changing

    def extension_issues(self, slots: int | None, until: datetime | None) -> list[Issue]:
        found = super().extension_issues(slots, until)
        if until is not None:
            found.append(Issue("until", "a study has no end of its own"))
        return found

    def extension_cost(self, task: Task, slots: int) -> Money | None:
        """What the study costs now, for each place; `extend` asks for the price itself."""
        cost, places = wire.StudyRow.parse({**task.raw, "id": task.id}).total_cost, task.slots
        if cost is None or not places:
            return None
        return Money.from_minor(-(-cost * slots // places), self.currency)

    @operation
    def extend(self, task_id: str, slots: int | None = None, until: datetime | None = None) -> Flow[Task]:
        """``PATCH /studies/ID/`` with the total of places: said again, it changes nothing. Takes what they cost."""
        del until
        now = yield from self._study(task_id)
        if now.slots is None or now.reward is None:
            raise unreadable("the study does not tell its places and its reward", dict(now.raw))
        places = now.slots + (slots or 0)
        if now.status is TaskStatus.DRAFT:
            raise Conflict(
                f"The study {task_id} is a draft: publish it with the places that it is to have.", sent=False
            )
        before = yield from self._cost(now.reward.minor, now.slots)
        price = (yield from self._cost(now.reward.minor, places)) - before
        body = {"total_available_places": places}
        try:
            reply = yield Call.patch(f"/studies/{path_segment(task_id)}/", json=body, effect=Effect.SETTLE, price=price)
        except (*MAY_BE_DONE, OutcomeUnknown) as refusal:
            now = yield from self._after(refusal, task_id)
            if now.slots != places:
                raise
            return now.copy_with(charged=price)
        return self.to_task(load_json(reply)).copy_with(charged=price)

    @operation
    def pause(self, task_id: str) -> Flow[Task]:
        """The transition PAUSE. Paused already: a success."""
        return (yield from self._transition(task_id, "PAUSE", lambda task: task.status is TaskStatus.PAUSED))

    @operation
    def resume(self, task_id: str) -> Flow[Task]:
        """The transition START. At work already: a success."""
        at_work = (TaskStatus.OPEN, TaskStatus.FULL)
        return (yield from self._transition(task_id, "START", lambda task: task.status in at_work))

    @operation
    def cancel(self, task_id: str) -> Flow[Task]:
        """The transition STOP. Not active any more: a success. Work that waits can still be reviewed."""
        ended = (TaskStatus.FULL, TaskStatus.COMPLETED)
        return (yield from self._transition(task_id, "STOP", lambda task: task.status in ended))

    def _transition(self, task_id: str, action: str, is_done: Callable[[Task], bool]) -> Flow[Task]:
        path = f"/studies/{path_segment(task_id)}/transition/"
        try:
            wire.acknowledged((yield Call.post(path, json={"action": action}, effect=Effect.SETTLE, costs=False)))
        except CrowdhubError as refusal:
            now = yield from self._after_refusal(refusal, task_id)
            if not is_done(now):
                raise
            return now
        return (yield from self.task(task_id))


def _is_draft_of(task: Task, draft: TaskDraft) -> bool:
    """Whether it is a study that was made for this draft, and not published."""
    wanted = (TaskStatus.DRAFT, draft.reference, draft.title, draft.reward, draft.slots)
    found = (task.status, task.reference, task.title, task.reward, task.slots)
    return draft.reference is not None and found == wanted
