"""CrowdSDOM's answers, and what they are in the neutral model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from crowdhub.model import Money, SubmissionStatus, TaskStatus
from crowdhub.protocol import (
    Identity,
    decimal_or_none,
    int_or_none,
    mapping,
    mark,
    sequence,
    text_or_none,
    time_or_none,
    unmark,
)
from crowdhub_crowdsdom.forms import PROOF, form_reference

CURRENCY = "CNY"

SUBMISSION_STATUS = {
    "init": SubmissionStatus.IN_PROGRESS,
    "returned": SubmissionStatus.RETURNED,
    "submitted": SubmissionStatus.PENDING,
    "approved": SubmissionStatus.APPROVED,
    "rejected": SubmissionStatus.REJECTED,
}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_JAVASCRIPT = re.compile(
    r"(?:[A-Z][a-z]{2}\s+)?([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d{4})\s+(\d{2}):(\d{2}):(\d{2})"
    r"\s+(?:GMT|UTC)(?:([+-])(\d{2}):?(\d{2}))?(?:\s+\(.*\))?",
    re.ASCII,
)


def moment(value: object) -> datetime | None:
    """A time in either spelling, ISO 8601 or JavaScript's (``Mon Oct 26 2015 07:17:24 GMT+0800 (CST)``), aware."""
    found = _JAVASCRIPT.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 100 else None
    if found is None:
        return time_or_none(value)
    month, day, year, hour, minute, second, sign, hours, minutes = found.groups()
    if month not in _MONTHS:
        return None
    try:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError:
        return None


def price(reward: object) -> Money | None:
    """A job's reward. Answers name no currency, and only sometimes an amount beside its text (``0.10元``)."""
    told = mapping(reward) or {}
    amount = decimal_or_none(told.get("amount"))
    if amount is None:
        text = told.get("formattedPrice")
        amount = decimal_or_none(text.strip().strip("元¥￥")) if isinstance(text, str) else None
    if amount is None or told.get("currencyCode", CURRENCY) != CURRENCY:
        return None
    return Money(amount, CURRENCY)


def reference_keyword(reference: str) -> str:
    """The keyword that carries a draft's reference: of what a job takes, it troubles its readers least."""
    return mark("", reference).strip()


def keywords_of(row: Mapping[str, object]) -> tuple[list[str], str | None]:
    """A job's keywords (an array, or one text with commas) without the reference, and the reference."""
    given = row.get("keywords")
    kept: list[str] = []
    reference: str | None = None
    for word in given.split(",") if isinstance(given, str) else sequence(given) or ():
        if not isinstance(word, str):
            continue
        rest, found = unmark(word)
        if found is not None:
            reference = found
        if rest and rest.strip():
            kept.append(rest.strip())
    return kept, reference


def job_fields(row: dict[str, object], identity: Identity) -> dict[str, object]:
    """A job as the fields of a `Task`."""
    return {
        **identity,
        "id": text_or_none(row["id"]),
        "title": text_or_none(row.get("title")),
        "instructions": text_or_none(row.get("description")),
        "reward": price(row.get("reward")),
        "status": job_status(row),
        "slots": int_or_none(row.get("maxTasks")),
        "remaining": int_or_none(row.get("numberOfTasksAvailable")),
        "pending": int_or_none(row.get("numberOfTasksSubmitted")),
        "approved": int_or_none(row.get("numberOfTasksApproved")),
        "rejected": int_or_none(row.get("numberOfTasksRejected")),
        "created_at": moment(row.get("createdAt")),
        "expires_at": moment(row.get("expirationTime")),
        "reference": keywords_of(row)[1] or form_reference(row),
        "raw": row,
    }


def job_status(row: Mapping[str, object]) -> TaskStatus:
    """A job's state. Its ``status`` speaks of the review; whether it is open is said by ``assignable`` and the
    places left. A cancelled job looks as one that ran out, which is what the marketplace makes of it."""
    word = row.get("status")
    simple = {
        "completed": TaskStatus.COMPLETED,
        "disposed": TaskStatus.CANCELLED,
        "unassignable": TaskStatus.FULL,
    }
    if isinstance(word, str) and word in simple:
        return simple[word]
    if word not in ("assignable", "unreviewable", "reviewable"):
        return TaskStatus.UNKNOWN
    assignable, left = row.get("assignable"), int_or_none(row.get("numberOfTasksAvailable"))
    if assignable is True or (assignable is None and word == "assignable"):
        return TaskStatus.OPEN
    if left == 0:
        return TaskStatus.FULL
    if assignable is not False:
        return TaskStatus.OPEN
    # Over, but who is still at work may hand in: only then has it ended.
    return TaskStatus.FULL if int_or_none(row.get("numberOfTasksPending")) else TaskStatus.EXPIRED


def task_fields(row: dict[str, object], identity: Identity, job_id: str | None = None) -> dict[str, object]:
    """One worker's assignment as the fields of a `Submission`."""
    answers = answers_of(row.get("answers"))
    told = sequence((mapping(answers) or {}).get(PROOF))
    status = SUBMISSION_STATUS.get(str(row.get("status")), SubmissionStatus.UNKNOWN)
    return {
        **identity,
        "id": text_or_none(row["id"]),
        "task_id": job_id or text_or_none(row["jobId"]),
        "worker": {"id": text_or_none(row.get("contributorId")) or ""},
        "status": status,
        "submitted_at": moment(row.get("submitTime")),
        "auto_approves_at": moment(row.get("autoApprovalTime")) if status is SubmissionStatus.PENDING else None,
        "auto_approved": status is SubmissionStatus.APPROVED and _ran_out(row),
        "text": "\n".join(map(str, told)) if told else None,
        "answers": answers,
        "feedback": text_or_none(row.get("requesterFeedback")),
        "raw": row,
    }


def _ran_out(row: Mapping[str, object]) -> bool:
    """Whether work was approved when its time was over: a person's approval comes before that."""
    approved, due = moment(row.get("approvalTime")), moment(row.get("autoApprovalTime"))
    return approved is not None and due is not None and approved >= due


def answers_of(answers: object) -> object:
    """``[{questionId, answer[]}]`` as a mapping from question to its answers. Anything else is kept as it comes
    (an external form hands in what it likes, ``[{"status": "success"}]`` in the documented example)."""
    told: dict[str, list[object]] = {}
    for each in sequence(answers) or ():
        row = mapping(each) or {}
        question = row.get("questionId")
        if not isinstance(question, str) or "answer" not in row:
            return answers
        given = sequence(row["answer"])
        told.setdefault(question, []).extend([row["answer"]] if given is None else given)
    return told or answers or None
