"""Work that people hand in, the people, and who asks to do it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crowdhub.model.base import Answer, Model, Moment, OpenEnum
from crowdhub.model.money import Money


class Worker(Answer):
    """A person who works. ``approval_rate`` is a share of 100 (85 means 85 %)."""

    id: str
    name: str | None = None
    country: str | None = None
    account_age_days: int | None = None
    approval_rate: Decimal | None = None
    completed: int | None = None
    avatar: str | None = None
    blocked: bool | None = None
    blocked_at: Moment | None = None

    def __hash__(self) -> int:
        return hash(self.id)


class File(Model):
    """A file handed in, at ``url``. ``expires_at``: when the link stops working; download it before."""

    id: str | None = None
    url: str
    name: str | None = None
    thumbnail_url: str | None = None
    expires_at: Moment | None = None


class SubmissionStatus(OpenEnum):
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REDO = "redo"
    RETURNED = "returned"
    """The worker gave the place back."""
    TIMED_OUT = "timed_out"
    """The worker did not hand in in time."""
    SCREENED_OUT = "screened_out"
    """The worker was found not to fit, before or while working."""
    UNKNOWN = "unknown"


class Submission(Answer):
    """One person's work on a task, as it stood when it was read."""

    id: str
    task_id: str
    provider: str
    account: str
    environment: str
    worker: Worker
    status: SubmissionStatus = SubmissionStatus.UNKNOWN
    submitted_at: Moment | None = None
    auto_approves_at: Moment | None = None
    """When the marketplace approves it, and pays for it, if nobody decides before."""
    auto_approved: bool = False
    """Whether the marketplace tells that it approved this by itself, without anybody's decision."""
    settled_unseen: bool = False
    """A watch hands it out though it is settled: by the marketplace itself, or by somebody else, before it could be
    shown as pending."""
    text: str | None = None
    files: tuple[File, ...] = ()
    answers: Any = None
    """What a structured form brought, as the marketplace tells it (a mapping from question id to answers)."""
    feedback: str | None = None
    quality: Mapping[str, Decimal] | None = None
    """The marketplace's own figures on the text, by its own names, in per cent."""
    amount_paid: Money | None = None
    replayed: bool = False
    """True where it had already been settled so before this call."""

    def __hash__(self) -> int:
        return hash((self.provider, self.account, self.task_id, self.id))


class Application(Answer):
    """A worker who asks to be given a task."""

    id: str
    task_id: str
    provider: str
    account: str
    environment: str
    worker: Worker
    text: str | None = None
    price: Money | None = None
    created_at: Moment | None = None
    status: str | None = None
    replayed: bool = False

    def __hash__(self) -> int:
        return hash((self.provider, self.account, self.task_id, self.id))


__all__ = ["Application", "File", "Submission", "SubmissionStatus", "Worker"]
