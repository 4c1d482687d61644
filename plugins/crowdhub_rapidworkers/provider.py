"""RapidWorkers' protocol as operations: the 11 standard endpoints. The 10 ready-made jobs are in ``jobs.py``,
review in ``review.py``.

Source: the marketplace's API page. Written from that page alone; never tried against the live service.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from crowdhub.errors import (
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Issue,
    NotFound,
    PermissionDenied,
)
from crowdhub.model import Money, Quote, Submission, SubmissionStatus, Task, TaskDraft, TaskStatus, Worker
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Declaration,
    Effect,
    Flow,
    Page,
    Provider,
    RateLimit,
    Response,
    Token,
    Upload,
    error_of_no_success,
    error_words,
    find_marked,
    first_match,
    int_or_none,
    lazy_records,
    load_json,
    mapping,
    mark,
    no_call,
    operation,
    path_segment,
    read_each,
)
from crowdhub_rapidworkers import wire
from crowdhub_rapidworkers.jobs import ReadyMadeJobs
from crowdhub_rapidworkers.review import Review
from crowdhub_rapidworkers.settings import COMMISSION, RapidWorkersOptions, RapidWorkersSettings

ROWS = 1000  # a page, which is also the marketplace's default; asked for explicitly


class RapidWorkers(Review, ReadyMadeJobs, Provider[RapidWorkersSettings]):
    """One RapidWorkers account."""

    name = "rapidworkers"
    title = "RapidWorkers"
    currency = wire.CURRENCY
    settings_type = RapidWorkersSettings
    credential_places = CredentialPlaces(headers=("X-API-Key",))
    rate_limits = (RateLimit(1000, 3600),)
    auto_approval_untold = "a job that says so is approved by itself once it is full, and when that is, is not told"
    declares = Declaration(
        draft_fields={
            "title",
            "instructions",
            "reward",
            "slots",
            "proof",
            "category",
            "subcategory",
            "countries",
            "image",
            "auto_approve",
        },
        absent={
            "request_redo": "the marketplace can only approve or reject",
            "pay_bonus": "the marketplace pays a job's rate and nothing else",
            "find_bonus": "the marketplace pays a job's rate and nothing else",
            "cancel": "the API has no call for it; cancel on the website",
            "extend": "the API has no call for it",
            "pause": "the API has no call for it",
            "resume": "the API has no call for it",
            "message": "the API has no call for it; a note goes with an approval or a rejection",
            "worker": "profiles come with submissions; there is no call for one",
            "applications": "workers take a job without applying",
            "accept": "workers take a job without applying",
            "decline": "workers take a job without applying",
            "deadline": "a job runs until it is full",
            "language": "a job has no language of its own; limit the countries instead",
            "questions": "workers hand in a text and images; describe them in `proof`",
        },
        limits={
            "submissions": "1,000 a request",
            "bulk_review": "approvals of a full task, after a check that nothing unseen can be approved",
            "estimate": "reward × slots and an assumed commission: the documented example's 10 %, or the account's own",
            "auto_approve": "True approves everything once the job is full; no delay can be set",
            "find_published": "by the mark at the end of the description",
        },
    )

    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call.with_headers(X_API_Key=self.settings.api_key.get_secret_value())

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        error = super().error(call, response) or error_of_no_success(call, response)
        if isinstance(error, InvalidRequest):
            return _refusal(response) or error
        if isinstance(error, PermissionDenied) and call.path == "/jobs/add":
            return error.with_(next_step="The legitimacy check refused the job: change its text; nothing was charged.")
        return error

    def balance_told(self, call: Call, response: Response) -> Money | None:
        return wire.new_balance(response) if call.path == "/jobs/add" else None

    # --- publishing -----------------------------------------------------------------------------------------

    reward_decimals = 2

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        found = super().draft_issues(draft)
        options = _options(draft)
        if not draft.instructions.strip():
            found.append(Issue("instructions", "are empty; the marketplace requires a description"))
        if not (options.proof_required_description or draft.proof or "").strip():
            found.append(Issue("proof", "is empty; the marketplace requires what a worker must hand in"))
        if not (options.category or draft.category or "").strip():
            found.append(Issue("category", 'is missing; the marketplace requires one, such as "Survey"'))
        if isinstance(draft.auto_approve, timedelta):
            found.append(Issue("auto_approve", "RapidWorkers approves once the job is full or not at all; give True"))
        if draft.image == b"":
            found.append(Issue("image", "is empty"))
        return found

    @operation
    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        """Reward × slots, and the commission as the settings assume it. No request is made."""
        reward = draft.reward or Money(0, self.currency)
        rate = self.settings.assumed_commission
        source = "as in the documentation's example" if rate == COMMISSION else "as the account's settings say"
        words = f"a commission of {(rate * 100).normalize():f} % is assumed, {source}; the marketplace promises none"
        return no_call(Quote.of(reward * draft.slots, assumption=words, assumed_commission=rate))

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """``POST /jobs/add`` (multipart). Charges reward × slots + commission at once.

        The draft's reference ends the description, where a lost publish is found by it again.
        """
        reply = yield Call.post("/jobs/add", effect=Effect.SPEND, multipart=_form(draft))
        return wire.Created.read(reply).to_task(draft, self.identity)

    def describe_published(self, draft: TaskDraft) -> str:
        return f'a job titled "{draft.title}" whose description ends with [ref {draft.reference}]'

    @operation
    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        """Looks through ``GET /api/campaigns/`` for the draft's reference, anywhere in a campaign."""
        del since  # the reference alone decides
        return (yield from find_marked(self._campaigns, draft))

    # --- reading --------------------------------------------------------------------------------------------

    submissions_a_page = ROWS

    @operation
    def balance(self) -> Flow[Money]:
        """``POST /account/get_balance``."""
        reply = yield Call.post("/account/get_balance", json={}, effect=Effect.READ)
        return Money(wire.Balance.read(reply).balance, self.currency)

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        """``GET /api/campaigns/detail/ID/``."""
        reply = yield Call.get(f"/api/campaigns/detail/{path_segment(task_id)}/")
        return self._campaign(load_json(reply))

    @operation
    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        """``GET /api/campaigns/``, all of them in one answer (or in pages, should it come so)."""
        if status is not None and status not in wire.ASK_TASK_STATUS:
            return Page(())
        word = None if status is None else wire.ASK_TASK_STATUS[status]
        return (yield from self._campaigns([("status", word)] if word else [], wanted=status))

    def _campaigns(
        self, query: list[tuple[str, str]] | None = None, *, wanted: TaskStatus | None = None
    ) -> Flow[Page[Task]]:
        reply = yield Call.get("/api/campaigns/", query=query or [])
        data = load_json(reply)
        # Documented as a bare array, but read as a page object by the documentation's own sample code.
        page = mapping(data)
        listed, bad = read_each(data if page is None else page.get("results"), self._campaign)
        tasks = [task for task in listed if wanted is None or task.status is wanted]
        following = page.get("next") if page is not None else None
        # Told only where nothing was left out: the reader then knows that the list stood still, and reads it once.
        total = int_or_none(page.get("count")) if page is not None and len(tasks) == len(listed) else None
        grows = wanted is None  # a campaign never leaves the list of all
        if not isinstance(following, str):
            return Page(tasks, total=total, unreadable=bad, read=len(listed) + len(bad), stable=grows)
        # Only its query is taken over: behind a proxy its host can be wrong, and keys go to our host alone.
        onward = parse_qsl(urlsplit(following).query)
        more = partial(self._campaigns, onward, wanted=wanted)
        return Page(tasks, more=more, total=total, unreadable=bad, read=len(listed) + len(bad), stable=grows)

    def _campaign(self, row: object) -> Task:
        return wire.campaign(row, self.identity)

    @operation
    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """``GET /api/campaigns/ID/submissions/``, 1,000 a page."""
        if status is not None and status not in wire.ASK_SUBMISSION_STATUS:
            return Page((), total=0)
        query = [("status", wire.ASK_SUBMISSION_STATUS[status])] if status is not None else []
        return (yield from self._submissions(task_id, query))

    def _submissions(self, task_id: str, query: list[tuple[str, str]], number: int = 1) -> Flow[Page[Submission]]:
        path = f"/api/campaigns/{path_segment(task_id)}/submissions/"
        paged = [*query, ("page", str(number)), ("rowsPerPage", str(ROWS))]
        try:
            reply = yield Call.get(path, query=paged)
        except NotFound:
            if number == 1:
                raise
            return Page(())  # the list became shorter than this page while it was read
        rows, total, follows = wire.page_of(load_json(reply), number)
        identity = self.identity
        items, bad = lazy_records(rows, lambda row: wire.submission_fields(row, identity, task_id), Submission)
        more = (lambda: self._submissions(task_id, query, number + 1)) if follows else None
        return Page(items, more=more, total=total, unreadable=bad)

    # --- workers --------------------------------------------------------------------------------------------

    @operation
    def block(self, worker_id: str, reason: str | None = None) -> Flow[Worker]:
        """``POST /api/workers/block/``. The marketplace keeps no reason. Blocked already: a success."""
        try:
            reply = yield Call.post(
                "/api/workers/block/",
                json={"worker_id": wire.wire_worker_id(worker_id)},
                effect=Effect.SETTLE,
                costs=False,
            )
        except Conflict:
            found = yield from self._blocked(worker_id)
            # The list can name a worker by another id than the one that was given; the refusal's words are plain.
            return found or Worker(id=worker_id, blocked=True)
        return Worker(id=worker_id, blocked=True, raw=wire.said(reply))

    @operation
    def unblock(self, worker_id: str) -> Flow[Worker]:
        """``POST /api/workers/unblock/``. Not blocked: a success."""
        try:
            reply = yield Call.post(
                "/api/workers/unblock/",
                json={"worker_id": wire.wire_worker_id(worker_id)},
                effect=Effect.SETTLE,
                costs=False,
            )
        except Conflict:
            if (yield from self._blocked(worker_id)) is not None:
                raise
            return Worker(id=worker_id, blocked=False)
        return Worker(id=worker_id, blocked=False, raw=wire.said(reply))

    @operation
    def blocked_workers(self) -> Flow[Page[Worker]]:
        """``GET /api/workers/blocked/``."""
        reply = yield Call.get("/api/workers/blocked/")
        workers, bad = read_each(load_json(reply), wire.blocked_worker)
        return Page(workers, unreadable=bad)

    def _blocked(self, worker_id: str) -> Flow[Worker | None]:
        return (yield from first_match(self.blocked_workers(), lambda worker: worker.id == worker_id))


_FUNDS = re.compile(r"\b(?:balance|funds|insufficient (?:money|credits?))\b", re.IGNORECASE)
_DONE = re.compile(r"\balready (?:been )?\w+ed\b|\b(?:was|been) processed\b|\bnot blocked\b", re.IGNORECASE)


def _refusal(response: Response) -> CrowdhubError | None:
    """The marketplace says 400 for bad data, for too little money and for what is already done: its words differ."""
    _, words = error_words(response)
    said = words or ""
    status = response.status_code
    if _FUNDS.search(said):
        return InsufficientFunds(f"The marketplace refused it: {words}", http_status=status, provider_message=words)
    if _DONE.search(said):
        return Conflict(f"The marketplace refused it: {words}", http_status=status, provider_message=words)
    return None


def _options(draft: TaskDraft) -> RapidWorkersOptions:
    found = draft.options_for("rapidworkers")
    return found if isinstance(found, RapidWorkersOptions) else RapidWorkersOptions()


def _form(draft: TaskDraft) -> list[tuple[str, str | Upload]]:
    """The draft as the fields of ``/jobs/add``, in the documented order."""
    options = _options(draft)
    approve = options.approve_once_full if options.approve_once_full is not None else draft.auto_approve
    form: list[tuple[str, str | Upload]] = [
        ("title", draft.title),
        ("description", mark(draft.instructions, draft.reference)),
        ("pay_rate", f"{draft.reward.plain:f}" if draft.reward else ""),
        ("total_availabilities", str(draft.slots)),
        ("proof_required_description", options.proof_required_description or draft.proof or ""),
        ("category", options.category or draft.category or ""),
    ]
    if sub_category := options.sub_category or draft.subcategory:
        form.append(("sub_category", sub_category))
    if draft.image is not None:
        form.append(("campaign_image", _upload(draft.image)))
    if draft.countries:
        form.append(("countries", json.dumps(list(draft.countries))))
    if approve is not None:
        form.append(("approve_once_full", "true" if approve else "false"))
    return form


_KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


def _upload(image: bytes | Path) -> Upload:
    if isinstance(image, Path):
        suffix = image.suffix.lower().lstrip(".")
        kind = {"jpg": "jpeg"}.get(suffix, suffix)
        kind = kind if kind.isascii() and kind.isalnum() else "octet-stream"
        name = image.name
    else:
        kind = next((kind for start, kind in _KINDS.items() if image.startswith(start)), "octet-stream")
        name = f"image.{kind}" if kind != "octet-stream" else "image"
    return Upload(name, image, f"image/{kind}" if kind != "octet-stream" else "application/octet-stream")


__all__ = ["RapidWorkers"]
