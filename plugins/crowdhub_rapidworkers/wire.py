"""RapidWorkers' answers, as documented, and what they are in the neutral model.

The documentation shows camelCase and its sample code reads snake_case: both are accepted everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import cast

from crowdhub.model import Money, SubmissionStatus, Task, TaskDraft, TaskStatus, Worker, country_code
from crowdhub.protocol import (
    Amount,
    Identity,
    LenientDecimal,
    LenientInt,
    LenientText,
    Response,
    WireModel,
    decimal_or_none,
    int_or_none,
    load_json,
    mapping,
    read_record,
    text_or_none,
    unmark,
    unreadable,
)

CURRENCY = "USD"

TASK_STATUS = {
    "active": TaskStatus.OPEN,
    "pending": TaskStatus.PAUSED,  # not yet let through by the marketplace: workers do not see it
    "completed": TaskStatus.COMPLETED,
    "canceled": TaskStatus.CANCELLED,
    "cancelled": TaskStatus.CANCELLED,
}
ASK_TASK_STATUS = {
    TaskStatus.OPEN: "Active",
    TaskStatus.FULL: "Active",  # it has no word of its own; told apart by the slots that are left
    TaskStatus.PAUSED: "Pending",
    TaskStatus.COMPLETED: "Completed",
    TaskStatus.CANCELLED: "Canceled",
}
SUBMISSION_STATUS = {
    "pending": SubmissionStatus.PENDING,
    "approved": SubmissionStatus.APPROVED,
    "rejected": SubmissionStatus.REJECTED,
}
ASK_SUBMISSION_STATUS = {status: word.capitalize() for word, status in SUBMISSION_STATUS.items()}


def money(amount: Decimal | None) -> Money | None:
    return Money(amount, CURRENCY) if amount is not None else None


class Created(WireModel):
    """201 of ``POST /jobs/add``."""

    class Job(WireModel):
        public_id: str
        title: str | None = None
        status: LenientText = None
        pay_rate: LenientDecimal = None
        total_availabilities: LenientInt = None

    class Deduction(WireModel):
        total_deducted: LenientDecimal = None
        new_balance: LenientDecimal = None

    job: Job
    deduction_details: Deduction | None = None

    def to_task(self, draft: TaskDraft, identity: Identity) -> Task:
        paid = self.deduction_details.total_deducted if self.deduction_details else None
        reward = money(self.job.pay_rate) or draft.reward
        return Task(
            **identity,
            id=self.job.public_id,
            title=self.job.title or draft.title,
            instructions=draft.instructions,
            reward=reward,
            status=TASK_STATUS.get((self.job.status or "").lower(), TaskStatus.UNKNOWN),
            slots=self.job.total_availabilities or draft.slots,
            category=draft.category,
            charged=money(paid),
            reference=draft.reference,
            raw=self.raw,
        )


def new_balance(response: Response) -> Money | None:
    """What is left of the account's money after ``POST /jobs/add``, where its answer says so."""
    told = Created.read(response).deduction_details
    return money(told.new_balance) if told is not None else None


class ReadyMadeCreated(WireModel):
    """201 of ``POST /api/jobs/NAME/``."""

    job_id: str
    total_cost: LenientDecimal = None


class Balance(WireModel):
    """200 of ``POST /account/get_balance``."""

    balance: Amount


class Settled(WireModel):
    """200 of approve, reject."""

    class Item(WireModel):
        id: str
        status: LenientText = None
        amount_paid: LenientDecimal = None

    submission: Item


class BulkSettled(WireModel):
    """200 of ``bulk_action``: everything that it approved."""

    submissions: list[Settled.Item]


def said(reply: Response) -> Mapping[str, object]:
    """An answer that is kept and not read, whatever it is."""
    data = load_json(reply)
    found = mapping(data)
    return found if found is not None else {"answer": data}


class BlockedWorker(WireModel):
    """A row of ``GET /api/workers/blocked/``."""

    worker_id: str
    worker_name: LenientText = None
    blocked_at: LenientText = None


def _either(row: Mapping[str, object], camel: str, snake: str) -> object:
    return row[camel] if camel in row else row.get(snake)


def campaign(row: object, identity: Identity) -> Task:
    """A campaign of the list or of ``detail``. Raises `UnreadableResponse` where it has no id."""

    def prepare(row: dict[str, object]) -> dict[str, object]:
        instructions, reference = unmark(text_or_none(row.get("description")))
        remaining = int_or_none(_either(row, "remainingAvailabilities", "remaining_availabilities"))
        status = TASK_STATUS.get(str(_either(row, "jobStatus", "job_status")).lower(), TaskStatus.UNKNOWN)
        if row.get("canceled") is True:
            status = TaskStatus.CANCELLED
        elif status is TaskStatus.OPEN and remaining == 0:
            status = TaskStatus.FULL
        job_id = _either(row, "jobId", "job_id")
        return {
            **identity,
            "id": text_or_none(job_id if job_id is not None else row["public_id"]),
            "title": text_or_none(_either(row, "jobTitle", "job_title")),
            "instructions": instructions,
            "reference": reference,
            "reward": money(decimal_or_none(_either(row, "jobPay", "job_pay"))),
            "status": status,
            "slots": int_or_none(_either(row, "jobTotalAvailabilities", "job_total_availabilities")),
            "remaining": remaining,
            "pending": int_or_none(_either(row, "pendingSubmissions", "pending_submissions")),
            "approved": int_or_none(_either(row, "approvedSubmissions", "approved_submissions")),
            "rejected": int_or_none(_either(row, "rejectedSubmissions", "rejected_submissions")),
            "success_rate": decimal_or_none(_either(row, "jobSuccessRate", "job_success_rate")),
            "category": text_or_none(_either(row, "jobCategory", "job_category")),
            "created_at": _either(row, "jobCreatedAt", "job_created_at"),
            "raw": row,
        }

    return read_record(row, prepare, Task)


@lru_cache(maxsize=4096)
def _share(text: str) -> Decimal | None:
    return decimal_or_none(text)


def submission_fields(row: dict[str, object], identity: Identity, task_id: str) -> dict[str, object]:
    """A row of a submissions page, as the fields of our `Submission`. This runs once for each submission of
    a large listing, so it only moves values; the model's own validation converts them."""
    get = row.get
    rate = _either(row, "workerApprovalRate", "worker_approval_rate")
    country = get("country_name")
    images = cast("list[dict[str, object]] | None", get("images"))  # a wrong one is found when the record is read
    number = row["submissionId"] if "submissionId" in row else row["submission_id"]
    return {
        **identity,
        "id": str(number) if isinstance(number, int) else number,
        "task_id": task_id,
        "worker": {
            "id": text_or_none(_either(row, "userId", "user_id")) or "",  # the work can be settled without
            "name": _either(row, "userName", "user_name"),
            "country": (country_code(country) or country) if isinstance(country, str) else None,
            "account_age_days": _either(row, "workerAccountAgeDays", "worker_account_age_days"),
            "approval_rate": _share(rate) if isinstance(rate, str) else rate,
            "completed": _either(row, "workerTotalCompleted", "worker_total_completed"),
            "avatar": _either(row, "userAvatar", "user_avatar"),
        },
        "status": SUBMISSION_STATUS.get(str(get("status")).lower(), SubmissionStatus.UNKNOWN),
        "submitted_at": _either(row, "submittedAt", "submitted_at"),
        "text": get("proof_text") if "proof_text" in row else get("proofText"),
        "files": [
            {
                "id": text_or_none(image.get("id")),
                "url": image["url"],
                "thumbnail_url": _either(image, "thumbnailUrl", "thumbnail_url"),
            }
            for image in images
        ]
        if images
        else (),
        "feedback": get("notes"),
        "raw": row,
    }


def page_of(data: object, number: int) -> tuple[object, int | None, bool]:
    """The submissions page that was asked for by ``number``, as its rows, the count of the whole listing, and
    whether more follow."""
    page = mapping(data) or {}
    inner = mapping(page.get("results"))
    if inner is None:
        raise unreadable("a page of submissions has no results object", data)
    told = mapping(inner.get("pagination")) or {}
    pages = int_or_none(_either(told, "pageCount", "page_count"))
    total = int_or_none(page.get("count"))
    if total is None:
        total = int_or_none(_either(told, "totalCount", "total_count"))
    more = bool(page.get("next")) or (pages is not None and number < pages)
    return inner.get("submissions"), total, more


def blocked_worker(row: object) -> Worker:
    """A row of the block list."""
    wire = BlockedWorker.parse(row)
    prepared = {"id": wire.worker_id, "name": wire.worker_name, "blocked": True, "blocked_at": wire.blocked_at}
    return read_record({**prepared, "raw": wire.raw}, dict, Worker)


def wire_worker_id(worker_id: str) -> int | str:
    """Workers are text ids in submissions, integers in the block list: send a number where it is one."""
    return int(worker_id) if worker_id.isascii() and worker_id.isdigit() else worker_id
