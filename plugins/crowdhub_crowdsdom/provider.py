"""CrowdSDOM's protocol as operations: jobs are our tasks, its tasks (one worker's assignment) our submissions.

Source: the marketplace's page on ``PUT /tasks/:id/reject``, its developer guide and its SDK (2015). Written from
those alone; never tried against the live service, which may be gone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Unpack

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Issue,
    MarketplaceError,
    NotSupported,
    OutcomeUnknown,
    PermissionDenied,
    UnreadableResponse,
)
from crowdhub.model import Capability, Money, Quote, Submission, SubmissionStatus, Task, TaskDraft, TaskStatus
from crowdhub.protocol import (
    Call,
    Declaration,
    Effect,
    Flow,
    Lookup,
    Page,
    Provider,
    Response,
    Token,
    carries,
    first_match,
    load_json,
    mapping,
    no_call,
    operation,
    path_segment,
    read_record,
    read_records,
    unreadable,
)
from crowdhub_crowdsdom import access, drafts, finding, job_types, spelling, wire
from crowdhub_crowdsdom.job_types import JobType, JobTypeSettings
from crowdhub_crowdsdom.options import SANDBOX_HOSTS, CrowdSDOMSettings

COMMISSION = Decimal("0.20")  # on top of what a worker is paid
_FUNDS = re.compile(r"\bbalance\b|\b(?:insufficient|not enough) (?:money|funds|credits?)\b|余额", re.IGNORECASE)
NO_CALL = "the API has no call for it"
NO_BONUS = "the marketplace pays a job's reward and nothing else"
NO_APPLICATIONS = "workers take a job without applying"
KEYWORDS = "jobs have keywords instead: CrowdSDOMOptions(keywords=…)"


class CrowdSDOM(Provider[CrowdSDOMSettings]):
    """One CrowdSDOM account (a requester)."""

    name = "crowdsdom"
    title = "CrowdSDOM"
    currency = wire.CURRENCY
    settings_type = CrowdSDOMSettings
    sandbox_hosts = SANDBOX_HOSTS
    credential_places = access.PLACES
    auto_approval_untold = None
    reward_decimals = 2  # `formattedPrice` has as many
    unclear_refusals = (Conflict, InvalidRequest, PermissionDenied)  # no code is documented for "already settled"
    declares = Declaration(
        draft_fields={"title", "instructions", "reward", "slots", "proof", "deadline", "auto_approve", "questions"},
        absent={
            "request_redo": "the marketplace can only approve or reject; a rejected slot opens again",
            "bulk_review": "the API settles one piece of work a call",
            "pay_bonus": NO_BONUS,
            "find_bonus": NO_BONUS,
            "extend": "a job cannot be changed once it is published; publish another one",
            "pause": "a job can only be cancelled, for good",
            "resume": "a job can only be cancelled, for good",
            "message": "the API has no call for it; feedback goes with an approval or a rejection",
            "worker": "the API tells a worker's id and nothing more",
            "block": NO_CALL,
            "unblock": NO_CALL,
            "blocked_workers": NO_CALL,
            "applications": NO_APPLICATIONS,
            "accept": NO_APPLICATIONS,
            "decline": NO_APPLICATIONS,
            "balance": "the API has no call for it; it is on the website",
            "category": KEYWORDS,
            "subcategory": KEYWORDS,
            "countries": "a job cannot be limited to countries",
            "language": "a job has no language of its own",
            "image": "show images in an ExternalForm or HtmlForm",
        },
        limits={
            "slots": "1 to 10,000",
            "proof": "becomes a form with this one question; with `questions`, the form says it",
            "deadline": "10 minutes to 30 days ahead; until then workers may begin, and may finish what they began",
            "auto_approve": "after a delay of 0 to 30 days (a day by default); cannot be switched off",
            "estimate": "reward × slots + 20 %, which the marketplace takes as work is approved",
            "cancel": "workers already at it may finish",
            "tasks": "all in one answer",
            "submissions": "all in one answer",
            "find_published": "by a keyword that carries the draft's reference (for a job type's jobs: by their form)",
        },
    )

    def sign(self, call: Call, token: Token | None = None) -> Call:
        return access.signed(call, self.settings, token)

    @operation
    def authenticate(self) -> Flow[Token]:
        """``POST /oauth/token`` at ``account_url``, unless the settings hold a token. Raises `AuthenticationFailed`."""
        if self.settings.access_token is not None:
            return Token(self.settings.access_token)
        reply = yield access.ASK
        return access.token_of(reply, self.now())

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        """The shape of errors is not documented: the status decides, and in one case the words."""
        error = spelling.told(super().error(call, response), response)
        if not call.authenticated and isinstance(error, (InvalidRequest, PermissionDenied)):
            return _as(AuthenticationFailed, error)
        if isinstance(error, InvalidRequest) and error.provider_message and _FUNDS.search(error.provider_message):
            return _as(InsufficientFunds, error)
        return error

    def _ask(self, call: Call, **verbs: Sequence[str]) -> Flow[Response]:
        """Send a call as this marketplace takes it: its pages contradict one another on verbs and on paths."""
        paths = spelling.PATHS[self.settings.paths]
        refuses = spelling.is_unknown if verbs else spelling.is_unknown_path
        return self.spellings.ask(partial(spelling.written, call), refuses, paths=paths, **verbs)

    # --- publishing -----------------------------------------------------------------------------------------

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        found = super().draft_issues(draft)
        if drafts.options_of(draft).job_type_id is not None:  # the job type has title and reward
            found = [each for each in found if each.where != "title" and (each.where != "reward" or draft.reward)]
        return found + drafts.issues(draft, self.now())

    @operation
    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        """Reward × slots and 20 % on top. No request is made.

        Raises `NotSupported` for a draft that leaves the reward to its job type, which cannot be read back.
        """
        if draft.reward is None:
            raise NotSupported(
                Capability.ESTIMATE,
                self.name,
                reason="the job type has the reward and cannot be read back; say its reward in the draft as well",
            )
        work = draft.reward * draft.slots
        return no_call(
            Quote.of(
                work,
                work * COMMISSION,
                "the commission is taken as work is approved; the marketplace withholds money when a job is "
                "published, and does not say whether its commission is in that",
            )
        )

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """``POST /jobs``. The marketplace withholds the money at once.

        The draft's reference travels as a keyword (for a job of a job type, which takes none of its own, in the
        form). Raises `InsufficientFunds`, `InvalidRequest`.
        """
        body = drafts.job_members(draft, self.now())
        reply = yield from self._ask(Call.post("/jobs", effect=Effect.SPEND, json=body))
        return self._task(load_json(reply))

    def describe_published(self, draft: TaskDraft) -> str:
        return finding.describe(draft)

    @operation
    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        """Looks for the draft's reference in ``GET /jobs``, anywhere in a job."""
        del since  # the reference alone decides
        elsewhere: list[Task] = []

        def is_it(task: Task) -> bool:
            if draft.reference is not None and carries(task.raw, draft.reference):
                elsewhere.append(task)
            return draft.reference is not None and task.reference == draft.reference

        try:
            found = yield from first_match(self.tasks(), is_it, whole=True)
        except UnreadableResponse:
            if not elsewhere:
                raise
            found = None
        found = found or next(iter(elsewhere), None)
        return found.copy_with(replayed=True, reference=draft.reference) if found is not None else None

    def _lost_job_type(
        self, *, title: str, description: str, reward: Money, **settings: Unpack[JobTypeSettings]
    ) -> Lookup[JobType]:
        del description, reward, settings
        return Lookup(f'a job type titled "{title}" on the website')

    @operation(lookup=_lost_job_type)
    def create_job_type(
        self, *, title: str, description: str, reward: Money, **settings: Unpack[JobTypeSettings]
    ) -> Flow[JobType]:
        """``POST /jobTypes``: what several jobs have in common, so that workers go from one to the next.

        Costs nothing, but is never sent twice on a guess: job types cannot be listed. Raises `InvalidRequest` before
        the request, `OutcomeUnknown` where the answer was lost.
        """
        found = super().draft_issues(TaskDraft(title=title, reward=reward)) + job_types.issues(description, settings)
        if found:
            raise InvalidRequest(issues=found)
        body = job_types.members(title, description, reward, settings)
        reply = yield from self._ask(Call.post("/jobTypes", effect=Effect.SPEND, costs=False, json=body))
        return read_record(load_json(reply), job_types.fields, JobType)

    # --- reading --------------------------------------------------------------------------------------------

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        """``GET /jobs/:id``."""
        reply = yield from self._ask(Call.get(f"/jobs/{path_segment(task_id)}"))
        return self._task(load_json(reply))

    @operation
    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        """``GET /jobs``: all of them in one array."""
        reply = yield from self._ask(Call.get("/jobs"))
        identity = self.identity
        items, bad = read_records(load_json(reply), lambda row: wire.job_fields(row, identity), Task)
        kept = [each for each in items if status is None or each.status is status]
        return Page(kept, total=len(kept), unreadable=bad, read=len(items) + len(bad))

    @operation
    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """``GET /jobs/:id/tasks``: all of them in one array, also those still at work or given back."""
        reply = yield from self._ask(Call.get(f"/jobs/{path_segment(task_id)}/tasks"))
        identity = self.identity
        items, bad = read_records(load_json(reply), lambda row: wire.task_fields(row, identity, task_id), Submission)
        kept = [each for each in items if status is None or each.status is status]
        return Page(kept, total=len(kept), unreadable=bad, read=len(items) + len(bad))

    def _task(self, data: object) -> Task:
        identity = self.identity
        return read_record(data, lambda row: wire.job_fields(row, identity), Task)

    # --- settling -------------------------------------------------------------------------------------------

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        """``PUT /tasks/:id/approve`` (or ``POST``). Pays the worker; the marketplace takes 20 % on top. ``note``: its
        feedback."""
        return (yield from self._settle(submission, "approve", note, SubmissionStatus.APPROVED))

    @operation
    def reject(self, submission: Submission, reason: str) -> Flow[Submission]:
        """``PUT /tasks/:id/reject`` (or ``POST``). Nothing is paid, the slot opens again. ``reason``: its feedback."""
        return (yield from self._settle(submission, "reject", reason, SubmissionStatus.REJECTED))

    def _settle(
        self, submission: Submission, verb: str, comment: str | None, wanted: SubmissionStatus
    ) -> Flow[Submission]:
        body = {"feedback": comment} if comment and comment.strip() else {}
        call = Call.put(f"/tasks/{path_segment(submission.id)}/{verb}", json=body, effect=Effect.SETTLE)
        reply = yield from self._ask(call, settle=("PUT", "POST"))
        identity, job_id = self.identity, submission.task_id
        answer = mapping(load_json(reply)) or {}
        done = read_record(answer.get("task"), lambda row: wire.task_fields(row, identity, job_id), Submission)
        if done.id != submission.id or done.status is not wanted:
            raise unreadable(f"the task in it is {done.id} {done.status}, not {submission.id} {wanted}", answer, reply)
        approved = wanted is SubmissionStatus.APPROVED
        paid = wire.price((mapping(answer.get("job")) or {}).get("reward")) if approved else None
        return done.copy_with(amount_paid=paid, raw=answer)

    def approval_cost(self, task: Task) -> Money | None:
        return None if task.reward is None else (task.reward * (1 + COMMISSION)).rounded_up()

    @operation
    def cancel(self, task_id: str) -> Flow[Task]:
        """``POST /jobs/:id/cancel`` (or ``PUT``), and a look at the job. Workers already at it may finish and are to be
        paid.

        The marketplace makes no difference between a cancelled job and one whose lifetime is over: later reads
        show it as expired. Raises `Conflict` where it is completed.
        """
        doubt: CrowdhubError | None = None
        try:
            call = Call.post(f"/jobs/{path_segment(task_id)}/cancel", json={}, effect=Effect.SETTLE)
            reply = yield from self._ask(call, cancel=("POST", "PUT"))
            answer = load_json(reply)
            if (mapping(answer) or {}).get("result") is not True:
                raise unreadable("its result is not true", answer, reply)
        except (*self.unclear_refusals, OutcomeUnknown, UnreadableResponse) as error:
            doubt = error
        try:
            task = yield from self.task(task_id)
        except CrowdhubError as blind:
            raise doubt or blind from blind
        if doubt is None:
            return task if task.status is TaskStatus.COMPLETED else task.copy_with(status=TaskStatus.CANCELLED)
        closed = task.raw.get("assignable") is False and (task.remaining or 0) > 0  # places left, and nobody may begin
        if closed or task.status is TaskStatus.CANCELLED:
            return task.copy_with(replayed=isinstance(doubt, self.unclear_refusals))
        if task.status is TaskStatus.COMPLETED:
            raise _as(Conflict, doubt).with_(message=f"Task {task_id} is completed.", actual=task) from doubt
        raise doubt


def _as(kind: type[MarketplaceError], error: CrowdhubError) -> MarketplaceError:
    """Another kind of error with the same message and evidence."""
    return kind(error.message, **error.evidence)
