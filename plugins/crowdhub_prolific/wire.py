"""Prolific's answers as they come, and what they are in the neutral model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field

from crowdhub.model import Money, Submission, SubmissionStatus, Task, TaskStatus, Worker
from crowdhub.protocol import (
    Identity,
    LenientInt,
    LenientText,
    LenientTime,
    Response,
    WireModel,
    int_or_none,
    load_json,
    mapping,
    read_record,
    sequence,
    text_or_none,
    time_or_none,
    unmark,
)

APPROVED_AFTER = timedelta(days=21)
"""When the marketplace approves by itself what nobody reviewed: its help centre says so, the API does not."""

STUDY_STATUS = {
    "UNPUBLISHED": TaskStatus.DRAFT,
    "SCHEDULED": TaskStatus.DRAFT,
    "PUBLISHING": TaskStatus.OPEN,
    "ACTIVE": TaskStatus.OPEN,
    "PAUSED": TaskStatus.PAUSED,
    "AWAITING REVIEW": TaskStatus.FULL,
    "COMPLETED": TaskStatus.COMPLETED,
}
WORK_STATUS = {
    "RESERVED": SubmissionStatus.IN_PROGRESS,
    "ACTIVE": SubmissionStatus.IN_PROGRESS,
    "AWAITING REVIEW": SubmissionStatus.PENDING,
    "APPROVED": SubmissionStatus.APPROVED,
    "PARTIALLY APPROVED": SubmissionStatus.APPROVED,
    "REJECTED": SubmissionStatus.REJECTED,
    "RETURNED": SubmissionStatus.RETURNED,
    "TIMED OUT": SubmissionStatus.TIMED_OUT,
    "SCREENED OUT": SubmissionStatus.SCREENED_OUT,
}
ASK_WORK = {
    SubmissionStatus.PENDING: "AWAITING_REVIEW",
    SubmissionStatus.REJECTED: "REJECTED",
    SubmissionStatus.RETURNED: "RETURNED",
    SubmissionStatus.TIMED_OUT: "TIMED-OUT",
    SubmissionStatus.SCREENED_OUT: "SCREENED_OUT",
}
"""The statuses that one word of the query stands for; the others are picked out of the whole list."""


def folded(word: object) -> str:
    """A status in one spelling: answers have spaces, queries underscores, and TIMED-OUT a hyphen."""
    return word.upper().replace("_", " ").replace("-", " ").strip() if isinstance(word, str) else ""


def acknowledged(reply: Response) -> None:
    """Nothing is read from an answer that is a text or empty; what is neither is none. Raises `UnreadableResponse`."""
    if reply.content.strip():
        _ = load_json(reply)


def money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money.from_minor(minor, currency)


class StudyRow(WireModel):
    """A study, in a list or by itself. Only its id is needed."""

    id: str
    name: LenientText = None
    internal_name: LenientText = None
    description: LenientText = None
    status: LenientText = None
    total_available_places: LenientInt = None
    places_taken: LenientInt = None
    reward: LenientInt = None
    total_cost: LenientInt = None
    date_created: LenientTime = None
    presentment_currency_code: LenientText = None

    def to_task(self, identity: Identity, currency: str) -> Task:
        places, taken = self.total_available_places, self.places_taken
        remaining = max(0, places - taken) if places is not None and taken is not None else None
        status = STUDY_STATUS.get(folded(self.status), TaskStatus.UNKNOWN)
        _, reference = unmark(self.internal_name)
        return Task(
            **identity,
            id=self.id,
            title=self.name,
            instructions=self.description,
            reward=money(self.reward, currency),
            status=TaskStatus.FULL if status is TaskStatus.OPEN and remaining == 0 else status,
            slots=places,
            remaining=remaining,
            created_at=self.date_created,
            reference=reference,
            raw=self.raw,
        )


def counted(task: Task, counts: object) -> Task:
    """The task with the counters of its submissions."""
    told = {folded(name): int_or_none(count) or 0 for name, count in (mapping(counts) or {}).items()}
    sums = dict.fromkeys(SubmissionStatus, 0)
    for word, status in WORK_STATUS.items():
        sums[status] += told.get(word, 0)
    return task.copy_with(
        in_progress=sums[SubmissionStatus.IN_PROGRESS],
        pending=sums[SubmissionStatus.PENDING],
        approved=sums[SubmissionStatus.APPROVED],
        rejected=sums[SubmissionStatus.REJECTED],
        raw={**task.raw, "counts": counts},
    )


def submission_fields(row: dict[str, object], identity: Identity, task_id: str | None = None) -> dict[str, object]:
    """A submission as the fields of ours: a row of a list has other names for two members than the detail, and does not
    tell its study."""
    status = WORK_STATUS.get(folded(row.get("status")), SubmissionStatus.UNKNOWN)
    completed = time_or_none(row.get("completed_at"))
    code = row["study_code"] if "study_code" in row else row.get("entered_code")
    person = row["participant_id"] if "participant_id" in row else row.get("participant")
    return {
        **identity,
        "id": text_or_none(row["id"]),
        "task_id": text_or_none(row.get("study_id")) or task_id,
        "worker": {"id": text_or_none(person) or ""},
        "status": status,
        "submitted_at": completed,
        "auto_approves_at": _approved_at(completed) if status is SubmissionStatus.PENDING else None,
        "text": text_or_none(code),
        "raw": row,
    }


def _approved_at(completed: datetime | None) -> datetime | None:
    try:
        return None if completed is None else completed + APPROVED_AFTER
    except OverflowError:  # in the last days of the year 9999
        return None


def bonuses(detail: object) -> list[int | None] | None:
    """What was paid on a submission beside its reward, in the smallest units; None where that is not told."""
    listed = sequence((mapping(detail) or {}).get("bonus_payments"))
    return None if listed is None else [int_or_none(each) for each in listed]


class BonusSetup(WireModel):
    """Bonuses that are set up and not paid."""

    id: str
    amount: LenientInt = None
    total_amount: LenientInt = None


class CostOfNew(WireModel):
    """What a study will cost, fee and tax included."""

    total_cost: LenientInt = None


class WorkspaceBalance(WireModel):
    currency_code: LenientText = None
    total_balance: LenientInt = None
    available_balance: LenientInt = None


class Named(WireModel):
    """A project."""

    id: str


class GroupRow(WireModel):
    """A participant group."""

    id: str
    name: LenientText = None
    is_deleted: bool | None = None


class Member(WireModel):
    participant_id: str
    datetime_created: LenientTime = None

    def to_worker(self) -> Worker:
        return Worker(id=self.participant_id, blocked=True, blocked_at=self.datetime_created, raw=self.raw)


class Listing(WireModel):
    """A page of a list. ``_links`` and ``meta`` may be missing: of a list that is asked for by pages, only the next one
    tells then whether it is there."""

    results: list[object]
    links: Mapping[str, object] | None = Field(default=None, validation_alias="_links")
    meta: Mapping[str, object] | None = None

    @property
    def total(self) -> int | None:
        return int_or_none((self.meta or {}).get("count"))

    def following(self, query: Mapping[str, str | int]) -> Mapping[str, str | int] | None:
        """The query of the next page; None after the last. Of a link only the query is taken: keys go to our host."""
        number = int_or_none(query.get("page")) or 1
        onward = {**query, "page": number + 1}
        if self.links is None:
            return onward if self.results and "page" in query else None
        href = (mapping(self.links.get("next")) or {}).get("href")
        if not isinstance(href, str):
            return None
        return {**onward, **dict(parse_qsl(urlsplit(href).query))}


def work(row: object, identity: Identity) -> Submission:
    """A submission by itself."""
    return read_record(row, lambda each: submission_fields(each, identity), Submission)
