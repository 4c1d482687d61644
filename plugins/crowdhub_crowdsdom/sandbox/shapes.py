"""What answers look like."""

from datetime import UTC, datetime, timedelta, timezone

from crowdhub.sandbox.values import JsonObject
from crowdhub_crowdsdom.sandbox.state import Assignment, Job, JobTerms

CHINA = timezone(timedelta(hours=8))
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def iso(moment: datetime | None) -> str | None:
    """``2015-11-04T09:44:33.434Z``."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def javascript(moment: datetime | None) -> str | None:
    """``Mon Oct 26 2015 07:17:24 GMT+0800 (CST)``."""
    if moment is None:
        return None
    there = moment.astimezone(CHINA)
    day = f"{_DAYS[there.weekday()]} {_MONTHS[there.month - 1]} {there:%d %Y}"
    return f"{day} {there:%H:%M:%S} GMT+0800 (CST)"


def terms(it: JobTerms) -> JsonObject:
    """What jobs and job types share."""
    return {
        "title": it.title,
        "description": it.description,
        "keywords": it.keywords,
        "lifetime": it.lifetime,
        "taskDuration": it.task_duration,
        "maxTasks": it.max_tasks,
        "autoApprovalDelay": it.auto_approval_delay,
        "reward": {"amount": float(it.reward), "formattedPrice": f"{it.reward:.2f}元"},
    }


def job(it: Job, now: datetime, owner: str) -> JsonObject:
    """A job, as every call answers it."""
    reviewed = "completed" if it.completed else "reviewable" if it.count("submitted") else "unreviewable"
    shown: JsonObject = {
        **terms(it.terms),
        "questionsType": it.form.kind,
        it.form.kind: it.form.content,
        "id": it.id,
        "status": reviewed,
        "assignable": it.assignable(now),
        "reviewStatus": "NotReviewed",
        "expirationTime": iso(it.expires),
        "createdAt": iso(it.created),
        "updatedAt": iso(it.updated),
        "ownerId": owner,
        "numberOfTasksPending": it.count("init"),
        "numberOfTasksAvailable": it.available,
    }
    if it.job_type is not None:
        shown["jobTypeId"] = it.job_type
    for status in ("submitted", "approved", "rejected", "returned"):
        shown[f"numberOfTasks{status.capitalize()}"] = it.count(status)
    return shown


def work(it: Assignment, owner: str, *, listed: bool) -> JsonObject:
    """One assignment; in a list its dates are JavaScript's."""
    date = javascript if listed else iso
    delay = timedelta(seconds=it.job.terms.auto_approval_delay)
    return {
        "id": it.id,
        "jobId": it.job.id,
        "contributorId": it.worker,
        "requesterId": owner,
        "status": it.status,
        "acceptTime": date(it.taken),
        "submitTime": date(it.handed_in),
        "approvalTime": date(it.approved),
        "rejectionTime": date(it.rejected),
        "autoApprovalTime": date(it.handed_in + delay) if it.handed_in else None,
        "deadline": date(it.deadline),
        "expirationTime": date(it.deadline),
        "requesterFeedback": it.feedback,
        "answers": it.answers,
        "createdAt": date(it.taken),
        "updatedAt": date(it.updated),
    }
