"""CrowdSDOM's answers, and what they are in the neutral model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from crowdhub.model import Money, SubmissionStatus, TaskStatus
from crowdhub.model.base import Answer
from crowdhub.protocol import (
    LenientInt,
    WireModel,
    decimal_or_none,
    int_or_none,
    mark,
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


def members(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one for what is none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A JSON array, or an empty one for what is none."""
    return list(cast("Iterable[Any]", value)) if isinstance(value, list) else []


def moment(value: Any) -> datetime | None:
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


def price(reward: Any) -> Money | None:
    """A job's reward. Answers name no currency, and only sometimes an amount beside its text (``0.10元``)."""
    told = members(reward)
    amount = decimal_or_none(told.get("amount"))
    if amount is None:
        text = told.get("formattedPrice")
        amount = decimal_or_none(text.strip().strip("元¥￥")) if isinstance(text, str) else None
    if amount is None or told.get("currencyCode", CURRENCY) != CURRENCY:
        return None
    return Money(amount, CURRENCY)


class AccessToken(WireModel):
    """The token within the answer of ``POST /oauth/token``."""

    id: str
    ttl: LenientInt = None

    @property
    def created(self) -> datetime | None:
        return moment(self.raw.get("created"))


class TokenAnswer(WireModel):
    """``POST /oauth/token``."""

    access_token: AccessToken


def reference_keyword(reference: str) -> str:
    """The keyword that carries a draft's reference: of what a job takes, it troubles its readers least."""
    return mark("", reference).strip()


def keywords_of(row: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """A job's keywords (an array, or one text with commas) without the reference, and the reference."""
    given = row.get("keywords")
    kept: list[str] = []
    reference: str | None = None
    for word in given.split(",") if isinstance(given, str) else items(given):
        if not isinstance(word, str):
            continue
        rest, found = unmark(word)
        if found is not None:
            reference = found
        if rest and rest.strip():
            kept.append(rest.strip())
    return kept, reference


def job_fields(row: dict[str, Any], identity: Mapping[str, object]) -> dict[str, Any]:
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


def job_status(row: Mapping[str, Any]) -> TaskStatus:
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


def task_fields(row: dict[str, Any], identity: Mapping[str, object], job_id: str | None = None) -> dict[str, Any]:
    """One worker's assignment as the fields of a `Submission`."""
    answers = answers_of(row.get("answers"))
    told = items(members(answers).get(PROOF))
    return {
        **identity,
        "id": text_or_none(row["id"]),
        "task_id": job_id or text_or_none(row["jobId"]),
        "worker": {"id": text_or_none(row.get("contributorId")) or ""},
        "status": SUBMISSION_STATUS.get(str(row.get("status")), SubmissionStatus.UNKNOWN),
        "submitted_at": moment(row.get("submitTime")),
        "text": "\n".join(map(str, told)) if told else None,
        "answers": answers,
        "feedback": text_or_none(row.get("requesterFeedback")),
        "raw": row,
    }


def answers_of(answers: Any) -> Any:
    """``[{questionId, answer[]}]`` as a mapping from question to its answers. Anything else is kept as it comes
    (an external form hands in what it likes, ``[{"status": "success"}]`` in the documented example)."""
    told: dict[str, list[Any]] = {}
    for each in items(answers):
        row = members(each)
        question = row.get("questionId")
        if not isinstance(question, str) or "answer" not in row:
            return answers
        given = row["answer"]
        told.setdefault(question, []).extend(items(given) if isinstance(given, list) else [given])
    return told or answers or None


class JobType(Answer):
    """A job type: what the jobs that name it have in common. ``raw`` is the marketplace's own answer."""

    id: str
    title: str | None = None
    description: str | None = None
    reward: Money | None = None
    keywords: tuple[str, ...] = ()
    lifetime: int | None = None
    task_duration: int | None = None
    max_tasks: int | None = None
    auto_approval_delay: int | None = None


def job_type_fields(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": text_or_none(row["id"]),
        "title": text_or_none(row.get("title")),
        "description": text_or_none(row.get("description")),
        "reward": price(row.get("reward")),
        "keywords": keywords_of(row)[0],
        "lifetime": int_or_none(row.get("lifetime")),
        "task_duration": int_or_none(row.get("taskDuration")),
        "max_tasks": int_or_none(row.get("maxTasks")),
        "auto_approval_delay": int_or_none(row.get("autoApprovalDelay")),
        "raw": row,
    }
