"""Onedoor's answers as they come, and what they are in the neutral model."""

from __future__ import annotations

from crowdhub.model import File, Money, Submission, SubmissionStatus, Task, TaskStatus, Worker
from crowdhub.protocol import Identity, LenientInt, LenientText, LenientTime, WireModel, texts

TASK_STATUS = {
    "draft": TaskStatus.DRAFT,
    "open": TaskStatus.OPEN,
    "paused": TaskStatus.PAUSED,
    "full": TaskStatus.FULL,
    "done": TaskStatus.COMPLETED,
}
WORK_STATUS = {
    "waiting": SubmissionStatus.PENDING,
    "approved": SubmissionStatus.APPROVED,
    "rejected": SubmissionStatus.REJECTED,
}


def money(cents: int | None, currency: str) -> Money | None:
    return None if cents is None else Money.from_minor(cents, currency)


class Row(WireModel):
    """A task. Only its id is needed."""

    id: str
    title: LenientText = None
    text: LenientText = None
    cents: LenientInt = None
    places: LenientInt = None
    free: LenientInt = None
    waiting: LenientInt = None
    approved: LenientInt = None
    rejected: LenientInt = None
    state: LenientText = None
    token: LenientText = None
    made: LenientTime = None

    def to_task(self, identity: Identity, currency: str) -> Task:
        return Task(
            **identity,
            id=self.id,
            title=self.title,
            instructions=self.text,
            reward=money(self.cents, currency),
            status=TASK_STATUS.get(self.state or "", TaskStatus.UNKNOWN),
            slots=self.places,
            remaining=self.free,
            pending=self.waiting,
            approved=self.approved,
            rejected=self.rejected,
            created_at=self.made,
            reference=self.token,
            raw=self.raw,
        )


class WorkRow(WireModel):
    """A submission. ``files`` are ids: a link is asked for when a file is wanted."""

    id: str
    task: str
    worker: str
    state: LenientText = None
    answer: LenientText = None
    comment: LenientText = None
    at: LenientTime = None

    def to_submission(self, identity: Identity, base_url: str) -> Submission:
        return Submission(
            **identity,
            id=self.id,
            task_id=self.task,
            worker=Worker(id=self.worker),
            status=WORK_STATUS.get(self.state or "", SubmissionStatus.UNKNOWN),
            submitted_at=self.at,
            text=self.answer,
            files=tuple(File(id=each, url=f"{base_url}/files/{each}") for each in texts(self.raw.get("files"))),
            feedback=self.comment,
            raw=self.raw,
        )


class Grant(WireModel):
    """A payment beside the reward."""

    id: str
    cents: LenientInt = None
    token: LenientText = None
    paid: bool | None = None
