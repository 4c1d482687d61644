"""CrowdSDOM's protocol as flows: jobs are our tasks, its tasks (one worker's assignment) our submissions.

Source: the marketplace's page on ``PUT /tasks/:id/reject``, its developer guide and its SDK (2015). Written from
those alone; never tried against the live service, which may be gone.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import SecretStr

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Issue,
    NotSupported,
    OutcomeUnknown,
    PermissionDenied,
    UnreadableResponse,
)
from crowdhub.model import Capability, Money, Quote, Submission, SubmissionStatus, Task, TaskDraft, TaskStatus
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Effect,
    Flow,
    Page,
    Provider,
    Token,
    load_json,
    nothing,
    path_segment,
    read_record,
    read_records,
    spend_once,
    unreadable,
)
from crowdhub_crowdsdom import drafts, wire
from crowdhub_crowdsdom.options import SANDBOX_HOSTS, CrowdSDOMSettings

if TYPE_CHECKING:
    from crowdhub import Response

COMMISSION = Decimal("0.20")  # on top of what a worker is paid
_FUNDS = re.compile(r"balance|insufficient|not enough|余额", re.IGNORECASE)
REFUSED = (Conflict, InvalidRequest, PermissionDenied)  # no code is documented for "already settled"
NO_PLACE = "the API has no call for it"


class CrowdSDOM(Provider[CrowdSDOMSettings]):
    """One CrowdSDOM account (a requester)."""

    name = "crowdsdom"
    title = "CrowdSDOM"
    currency = wire.CURRENCY
    settings_type = CrowdSDOMSettings
    sandbox_hosts = SANDBOX_HOSTS
    credential_places = CredentialPlaces(
        headers=("Authorization",), json=("client_id", "client_secret"), answers=("access_token.id", "clientId")
    )
    draft_fields = frozenset(
        {"title", "instructions", "reward", "slots", "proof", "deadline", "auto_approve", "questions"}
    )
    absent: ClassVar[Mapping[str, str]] = {
        "request_redo": "the marketplace can only approve or reject; a rejected slot opens again",
        "bulk_review": "the API settles one piece of work a call",
        "pay_bonus": "the marketplace pays a job's reward and nothing else",
        "find_bonus": "the marketplace pays a job's reward and nothing else",
        "worker": "the API tells a worker's id and nothing more",
        "block": NO_PLACE,
        "unblock": NO_PLACE,
        "blocked_workers": NO_PLACE,
        "applications": "workers take a job without applying",
        "accept": "workers take a job without applying",
        "decline": "workers take a job without applying",
        "balance": "the API has no call for it; it is on the website",
        "category": "jobs have keywords instead: CrowdSDOMOptions(keywords=…)",
        "subcategory": "jobs have keywords instead: CrowdSDOMOptions(keywords=…)",
        "countries": "a job cannot be limited to countries",
        "language": "a job has no language of its own",
        "image": "show images in an ExternalForm or HtmlForm",
    }
    limits: ClassVar[Mapping[str, str]] = {
        "slots": "1 to 10,000",
        "proof": "becomes a form with this one question; with `questions`, the form says it",
        "deadline": "10 minutes to 30 days ahead; until then workers may begin, and may finish what they began",
        "auto_approve": "after a delay of 0 to 30 days (a day by default); cannot be switched off",
        "estimate": "reward × slots + 20 %, which the marketplace takes as work is approved",
        "cancel": "workers already at it may finish",
        "tasks": "all in one answer",
        "submissions": "all in one answer",
        "find_published": "by a keyword that carries the draft's reference (for a job type's jobs: by their form)",
    }

    def sign(self, call: Call, token: Token | None = None) -> Call:
        if token is not None:
            return call.with_headers(Authorization=token.value.get_secret_value())  # no "Bearer" before it
        key, secret = self.settings.api_key, self.settings.api_secret
        if call.authenticated or key is None or secret is None:
            return call
        # The guide has HTTP Basic, the SDK the body: both are sent.
        plain = (key.get_secret_value(), secret.get_secret_value())
        basic = b64encode(":".join(plain).encode()).decode()
        return call.with_headers(Authorization=f"Basic {basic}").with_json(client_id=plain[0], client_secret=plain[1])

    def authenticate(self) -> Flow[Token]:
        """``POST /oauth/token`` at ``account_url``, unless the settings hold a token. Raises `AuthenticationFailed`."""
        if self.settings.access_token is not None:
            return Token(self.settings.access_token)
        reply = yield Call.post(
            "/oauth/token",
            effect=Effect.READ,
            base="account_url",
            authenticated=False,
            json={"grant_type": "client_credentials"},
        )
        token = wire.TokenAnswer.read(reply).access_token
        if not token.id:
            raise unreadable("its access token is empty", "", reply)
        return Token(SecretStr(token.id), self._end_of(token, reply))

    def _end_of(self, token: wire.AccessToken, reply: Response) -> datetime | None:
        """When the token ends. Its age is reckoned by the marketplace's own clock (the ``Date`` header), so that a
        wrong clock on either side makes no difference."""
        if token.ttl is None:
            return None
        try:
            lifetime = timedelta(seconds=token.ttl)
        except OverflowError:  # longer than the calendar
            return None
        age = timedelta()
        try:
            sent = parsedate_to_datetime(reply.headers["date"])
        except (KeyError, ValueError):
            sent = None
        if token.created is not None and sent is not None and sent.tzinfo is not None:
            told = sent - token.created
            age = told if timedelta() <= told <= lifetime else age
        try:
            return self.now() + lifetime - age
        except OverflowError:
            return None

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        """The shape of errors is not documented: the status decides, and in one case the words."""
        error = super().error(call, response)
        if not call.authenticated and isinstance(error, (InvalidRequest, PermissionDenied)):
            return AuthenticationFailed(error.message, **_evidence(error))
        if isinstance(error, InvalidRequest) and error.provider_message and _FUNDS.search(error.provider_message):
            return InsufficientFunds(error.message, **_evidence(error))
        return error

    # --- publishing -----------------------------------------------------------------------------------------

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        found = super().draft_issues(draft)
        if drafts.options_of(draft).job_type_id is not None:  # the job type has title and reward
            found = [each for each in found if each.where != "title" and (each.where != "reward" or draft.reward)]
        return found + drafts.issues(draft, self.now())

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
        return nothing(
            Quote.of(
                work,
                work * COMMISSION,
                "the commission is taken as work is approved; the marketplace withholds money when a job is "
                "published, and does not say whether its commission is in that",
            )
        )

    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """``POST /jobs``. The marketplace withholds the money at once.

        The draft's reference travels as a keyword (for a job of a job type, which takes none of its own, in the
        form), and a lost publish is found by it in ``GET /jobs``. Raises `InsufficientFunds`, `InvalidRequest`.
        """
        reference = wire.reference_keyword(draft.reference or "")
        call = Call.post("/jobs", effect=Effect.SPEND, json=drafts.job_members(draft, self.now()))
        return (
            yield from spend_once(
                call,
                lambda reply: self._task(load_json(reply)),
                lambda _, delay: self._look(draft, delay),
                look_for=f'a job titled "{draft.title}" whose keywords (or whose form, at its end) hold {reference}',
            )
        )

    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        """Looks for the draft's reference in ``GET /jobs``. Times are not compared: clocks differ.

        Raises `OutcomeUnknown` where a job like it is listed and nothing proves which publish made it.
        """
        return (yield from self._look(draft, 0))

    def _look(self, draft: TaskDraft, delay: float) -> Flow[Task | None]:
        page = yield from self._jobs(delay=delay)
        body = drafts.job_members(draft, self.now())
        doubtful: list[str] = []
        for task in page.items:
            if draft.reference is not None and task.reference == draft.reference:
                return task.copy_with(replayed=True)
            if (draft.reference is None or not _would_show(task, body)) and _alike(task, body):
                doubtful.append(task.id)
        if doubtful:
            raise OutcomeUnknown(f"Jobs like it are listed, without a mark that proves it: {', '.join(doubtful)}.")
        if page.unreadable:
            raise page.unreadable[0]  # it could be the one
        return None

    def create_job_type(
        self,
        *,
        title: str,
        description: str,
        reward: Money,
        keywords: Sequence[str] = (),
        lifetime: int | None = None,
        task_duration: int | None = None,
        max_tasks: int | None = None,
        auto_approval_delay: int | None = None,
    ) -> Flow[wire.JobType]:
        """``POST /jobTypes``: what several jobs have in common, so that workers go from one to the next.

        Durations in seconds, limits as for a job. Costs nothing, but is never sent twice on a guess: job types
        cannot be listed. Raises `InvalidRequest` before the request, `OutcomeUnknown` where the answer was lost.
        """
        rules = {
            "lifetime": lifetime,
            "task_duration": task_duration,
            "max_tasks": max_tasks,
            "auto_approval_delay": auto_approval_delay,
        }
        found = super().draft_issues(TaskDraft(title=title, reward=reward))
        found += drafts.keyword_issues(keywords)
        for name, value in rules.items():
            found += drafts.range_issue(name, value)
        if not description.strip():
            found.append(Issue("description", "is empty; the marketplace requires one"))
        if found:
            raise InvalidRequest(issues=found)
        body = drafts.given(
            title=title,
            description=description,
            reward=drafts.reward_member(reward),
            keywords=list(keywords) or None,
            lifetime=lifetime,
            taskDuration=task_duration,
            maxTasks=max_tasks,
            autoApprovalDelay=auto_approval_delay,
        )
        try:
            reply = yield Call.post("/jobTypes", effect=Effect.SPEND, json=body)
        except OutcomeUnknown as lost:
            raise lost.looking_for(f'a job type titled "{title}" on the website') from None
        return read_record(load_json(reply), wire.job_type_fields, wire.JobType)

    # --- reading --------------------------------------------------------------------------------------------

    def task(self, task_id: str) -> Flow[Task]:
        """``GET /jobs/:id``."""
        reply = yield Call.get(f"/jobs/{path_segment(task_id)}")
        return self._task(load_json(reply))

    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        """``GET /jobs``: all of them in one array."""
        return (yield from self._jobs(status))

    def _jobs(self, status: TaskStatus | None = None, *, delay: float = 0) -> Flow[Page[Task]]:
        reply = yield Call.get("/jobs", delay=delay)
        identity = self.identity
        items, bad = read_records(load_json(reply), lambda row: wire.job_fields(row, identity), Task)
        kept = [each for each in items if status is None or each.status is status]
        return Page(kept, total=len(kept), unreadable=bad)

    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """``GET /jobs/:id/tasks``: all of them in one array, also those still at work or given back."""
        reply = yield Call.get(f"/jobs/{path_segment(task_id)}/tasks")
        identity = self.identity
        items, bad = read_records(load_json(reply), lambda row: wire.task_fields(row, identity, task_id), Submission)
        kept = [each for each in items if status is None or each.status is status]
        return Page(kept, total=len(kept), unreadable=bad)

    def _task(self, data: Any) -> Task:
        identity = self.identity
        return read_record(data, lambda row: wire.job_fields(row, identity), Task)

    # --- settling -------------------------------------------------------------------------------------------

    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        """``PUT /tasks/:id/approve``. Pays the worker; the marketplace takes 20 % on top. ``note``: its feedback.

        Raises `Conflict` where it was rejected before; approved before is a success with ``replayed=True``.
        """
        return (yield from self._settle(submission, "approve", note, SubmissionStatus.APPROVED))

    def reject(self, submission: Submission, reason: str) -> Flow[Submission]:
        """``PUT /tasks/:id/reject``. Nothing is paid and the slot opens again. ``reason``: its feedback.

        Raises `Conflict` where it was approved before (by the marketplace itself, perhaps: its delay ran out).
        """
        return (yield from self._settle(submission, "reject", reason, SubmissionStatus.REJECTED))

    def _settle(
        self, submission: Submission, verb: str, words: str | None, wanted: SubmissionStatus
    ) -> Flow[Submission]:
        body = {"feedback": words} if words and words.strip() else {}
        path = f"/tasks/{path_segment(submission.id)}/{verb}"
        try:
            reply = yield Call.put(path, json=body, effect=Effect.SETTLE)
            return self._settled(load_json(reply), submission, wanted)
        except (*REFUSED, OutcomeUnknown, UnreadableResponse) as error:
            try:
                actual = yield from self._actual(submission)
            except CrowdhubError as blind:
                raise error from blind
            if actual is None or actual.status in (SubmissionStatus.PENDING, SubmissionStatus.UNKNOWN):
                raise
            if actual.status is not wanted:
                raise Conflict(
                    f"Submission {submission.id} is already {actual.status}, not {wanted}.",
                    actual=actual,
                    **_evidence(error),
                ) from error
            return actual.copy_with(replayed=isinstance(error, REFUSED))

    def _settled(self, data: Any, submission: Submission, wanted: SubmissionStatus) -> Submission:
        identity, job_id = self.identity, submission.task_id
        answer = wire.members(data)
        done = read_record(answer.get("task"), lambda row: wire.task_fields(row, identity, job_id), Submission)
        if done.id != submission.id or done.status is not wanted:
            raise unreadable(f"the task in it is {done.id} {done.status}, not {submission.id} {wanted}", data)
        approved = wanted is SubmissionStatus.APPROVED
        paid = wire.price(wire.members(answer.get("job")).get("reward")) if approved else None
        return done.copy_with(amount_paid=paid, raw=answer)

    def _actual(self, submission: Submission) -> Flow[Submission | None]:
        page = yield from self.submissions(submission.task_id)
        return next((each for each in page.items if each.id == submission.id), None)

    def cancel(self, task_id: str) -> Flow[Task]:
        """``POST /jobs/:id/cancel``, and a look at the job. Workers already at it may finish and are to be paid.

        The marketplace makes no difference between a cancelled job and one whose lifetime is over: later reads
        show it as expired. Raises `Conflict` where it is completed.
        """
        refused: CrowdhubError | None = None
        try:
            reply = yield Call.post(f"/jobs/{path_segment(task_id)}/cancel", json={}, effect=Effect.SETTLE)
            answer = load_json(reply)
            if wire.members(answer).get("result") is not True:
                raise unreadable("its result is not true", answer, reply)
        except (*REFUSED, OutcomeUnknown, UnreadableResponse) as error:
            refused = error
        try:
            task = yield from self.task(task_id)
        except CrowdhubError as blind:
            raise refused or blind from blind
        if refused is None:
            return task if task.status is TaskStatus.COMPLETED else task.copy_with(status=TaskStatus.CANCELLED)
        closed = task.raw.get("assignable") is False and (task.remaining or 0) > 0  # places left, and nobody may begin
        if closed or task.status is TaskStatus.CANCELLED:
            return task.copy_with(replayed=isinstance(refused, REFUSED))
        if task.status is TaskStatus.COMPLETED:
            raise Conflict(f"Task {task_id} is completed.", actual=task, **_evidence(refused)) from refused
        raise refused


def _alike(task: Task, body: dict[str, Any]) -> bool:
    """Whether a listed job has the size, kind of form and job type (or title) of this request."""
    names = ("questionsType", "maxTasks", "jobTypeId" if "jobTypeId" in body else "title")
    return all(task.raw.get(name) in (None, body[name]) for name in names)


def _would_show(task: Task, body: dict[str, Any]) -> bool:
    """Whether a listed job has the place where this request puts its mark, so that its absence means something."""
    return (str(body.get("questionsType")) if "jobTypeId" in body else "keywords") in task.raw


def _evidence(error: CrowdhubError) -> dict[str, Any]:
    return {
        "http_status": error.http_status,
        "provider_code": error.provider_code,
        "provider_message": error.provider_message,
    }
