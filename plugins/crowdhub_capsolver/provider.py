"""CapSolver's protocol as operations: publishing a task of one slot, whose only submission is the solution.

Source: the marketplace's page on ``createTask`` and its public documentation of ``getTaskResult``, ``getBalance``,
``feedbackTask`` and its error codes. Written from those alone; never tried against the live service.
"""

from __future__ import annotations

from pathlib import Path

from crowdhub.errors import (
    AuthenticationFailed,
    CallerError,
    CrowdhubError,
    InvalidRequest,
    Issue,
    NotSupported,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.model import Capability, Money, Submission, SubmissionStatus, Task, TaskDraft
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Declaration,
    Effect,
    Flow,
    Lookup,
    Page,
    Provider,
    Response,
    Token,
    int_or_none,
    load_json,
    mapping,
    operation,
    text_or_none,
    unreadable,
)
from crowdhub_capsolver import drafts, wire
from crowdhub_capsolver.options import CapSolverFeedback, CapSolverSettings
from crowdhub_capsolver.tracker import SPACING, Tracker, naming

ATTEMPTS = 4  # asks in a row that may fail before waiting gives up; each counts among the 120
NOBODY = "a solution is paid for as it is; there is nobody to review"
NO_WORKERS = "the marketplace tells of no workers"
SECONDS = "a task is solved within seconds; there is no call to stop it"
FORM = "give CapSolverOptions(task=…), or an image and nothing else"
ASKS = "120 asks a task, 3 seconds apart, within 5 minutes of its creation"


class CapSolver(Provider[CapSolverSettings]):
    """One CapSolver account. ``tracker`` counts the asks of each task, and keeps its solution."""

    name = "capsolver"
    title = "CapSolver"
    currency = wire.CURRENCY
    settings_type = CapSolverSettings
    credential_places = CredentialPlaces(json=("clientKey",))
    auto_approval_untold = NOBODY
    rejection_leaves = SubmissionStatus.APPROVED
    declares = Declaration(
        draft_fields={"slots", "image"},
        absent={
            "estimate": "a price depends on the type of task, and the API does not tell it",
            "find_published": "tasks cannot be listed and carry no mark",
            "tasks": "tasks cannot be listed",
            "approve": NOBODY,
            "request_redo": NOBODY,
            "bulk_review": NOBODY,
            "pay_bonus": NOBODY,
            "find_bonus": NOBODY,
            "cancel": SECONDS,
            "extend": "a task has one solution, and is solved within seconds or not at all",
            "pause": SECONDS,
            "resume": SECONDS,
            "message": NO_WORKERS,
            "worker": NO_WORKERS,
            "block": NO_WORKERS,
            "unblock": NO_WORKERS,
            "blocked_workers": NO_WORKERS,
            "applications": NO_WORKERS,
            "accept": NO_WORKERS,
            "decline": NO_WORKERS,
            "title": FORM,
            "instructions": FORM,
            "proof": FORM,
            "category": FORM,
            "subcategory": FORM,
            "language": FORM,
            "questions": FORM,
            "reward": "the marketplace sets the price",
            "countries": NO_WORKERS,
            "deadline": "a task is solved within seconds or not at all",
            "auto_approve": NOBODY,
        },
        limits={
            "slots": "1",
            "image": "becomes the body of an ImageToTextTask",
            "task": ASKS,
            "submissions": ASKS,
            "reject": "reports a wrong solution; nothing is promised back, and it stays approved",
        },
    )

    def __init__(self, settings: CapSolverSettings, *, account: str | None = None) -> None:
        super().__init__(settings, account=account)
        self.tracker = Tracker()

    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call.with_json(clientKey=self.settings.client_key.get_secret_value())

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        """The body tells, whatever the HTTP status: ``errorId`` 0 is good. Only an answer without one, or a 5xx that
        claims to be good, is read by its status."""
        status = response.status_code
        by_status = super().error(call, response)
        try:
            data = load_json(response)
        except UnreadableResponse as error:
            return by_status or error
        told = mapping(data) or {}
        number = int_or_none(told.get("errorId"))
        if number is None:
            other = by_status.with_(foreign=True) if by_status is not None else None
            return other or unreadable("it has no errorId", data, response)
        if number == 0:
            return by_status if status >= 500 or 300 <= status < 400 else None
        code, words = text_or_none(told.get("errorCode")), text_or_none(told.get("errorDescription"))
        kind = wire.ERRORS.get(code or "") or {401: AuthenticationFailed, 429: RateLimited}.get(status, ProviderError)
        if status >= 500 and by_status is not None and issubclass(kind, CallerError):
            kind = type(by_status)  # a server's failure is not the caller's, whatever its body says
        return kind(
            f"The marketplace refused it: {words or 'it does not say why'} ({code or f'error {number}'}).",
            http_status=status,
            provider_code=code,
            provider_message=words,
            sent=True,
        )

    # --- publishing -----------------------------------------------------------------------------------------

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        return drafts.issues(draft)  # the rules of other marketplaces (a title, a reward) do not hold here

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """``createTask``. Charged by the marketplace. A synchronous task's solution comes in the same answer: it is
        kept here for `submissions`, and ``Task.raw`` holds it for good (`solution_of`)."""
        reply = yield Call.post("/createTask", effect=Effect.SPEND, json=drafts.body(draft, self.settings.app_id))
        created = wire.Created.read(reply)
        if (failure := created.failure(created.status)) is not None:
            raise naming(wire.of_creation(failure), created.task_id)
        self.tracker.created(created.task_id, self.now())
        ready = created.status == wire.READY
        task = wire.task(created.task_id, ready, created.raw, self.identity, drafts.type_of(draft))
        solution = self.solution_of(task)
        if solution is not None:
            self.tracker.solved(solution)
        return task

    def describe_published(self, draft: TaskDraft) -> str:
        return drafts.describe(draft)

    def solution_of(self, task: Task) -> Submission | None:
        """The solution that a task carries within itself (``Task.raw``), if it is one solved at once. No request:
        it works in any process and at any time, while the marketplace forgets."""
        if task.raw.get("status") != wire.READY:
            return None
        return wire.submission(task.id, task.raw.get("solution"), task.raw, self.identity)

    # --- reading --------------------------------------------------------------------------------------------

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        """``getTaskResult``; no request where the solution is known here. Raises `AsksUsedUp`, `ResultLost`."""
        known = self.tracker.solution(task_id)
        if known is not None:
            return wire.task(task_id, True, known.raw, self.identity)
        result = yield from self._result(task_id)
        return wire.task(task_id, result.status == wire.READY, result.raw, self.identity)

    @operation
    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """The solution, once it is there: ``getTaskResult``, or no request where it is known here.

        A solution counts as approved: it is paid for as it is. Raises `AsksUsedUp`, `ResultLost`.
        """
        if status is not None and status is not SubmissionStatus.APPROVED:
            return Page((), total=0)
        found = self.tracker.solution(task_id)
        if found is None:
            found = self._solution(task_id, (yield from self._result(task_id)))
        return Page((found,), total=1) if found is not None else Page((), total=0)

    @operation
    def balance(self) -> Flow[Money]:
        """``getBalance``, in USD."""
        reply = yield Call.post("/getBalance", json={}, effect=Effect.READ)
        return Money(wire.Balance.read(reply).balance, self.currency)

    def _result(self, task_id: str, wait: float = 0) -> Flow[wire.Result]:
        """One ask that is answered. Each attempt counts among the 120 and keeps its distance, so the engine must not
        repeat it by itself. Errors name the task."""
        failures = 0
        while True:
            delay = self.tracker.ask(task_id, self.now(), wait)
            try:
                reply = yield Call.post(
                    "/getTaskResult", json={"taskId": task_id}, effect=Effect.READ, delay=delay, once=True
                )
                result = wire.Result.read(reply)
                if (failure := result.failure(result.status)) is not None:
                    raise failure
            except (ProviderUnavailable, RateLimited, UnreadableResponse) as passing:
                failures += 1
                if failures >= ATTEMPTS:
                    raise naming(passing, task_id) from None
                wait = (None if isinstance(passing, UnreadableResponse) else passing.retry_after) or 0
            except CrowdhubError as error:
                raise naming(error, task_id) from None
            else:
                if (solution := self._solution(task_id, result)) is not None:
                    self.tracker.solved(solution)
                return result

    def _solution(self, task_id: str, result: wire.Result) -> Submission | None:
        if result.status != wire.READY:
            return None
        return wire.submission(task_id, result.solution, result.raw, self.identity)

    # --- reviewing ------------------------------------------------------------------------------------------

    @operation
    def reject(self, submission: Submission, reason: str, options: CapSolverFeedback | None = None) -> Flow[Submission]:
        """``feedbackTask``: reports that the solution is wrong. It was paid for and stays approved; the marketplace
        promises nothing back. Its answer is in ``raw["feedback"]``."""
        result: dict[str, object] = {"invalid": True, "message": reason}
        if options is not None and options.code is not None:
            result["code"] = options.code
        body: dict[str, object] = {"taskId": submission.id, "result": result}
        if self.settings.app_id is not None:
            body["appId"] = self.settings.app_id
        reply = yield Call.post("/feedbackTask", effect=Effect.SETTLE, costs=False, json=body)
        told = mapping(load_json(reply))
        status, raw = SubmissionStatus.APPROVED, {**submission.raw, "feedback": told}
        return submission.copy_with(status=status, feedback=reason, raw=raw)

    @operation
    def state_of(self, submission: Submission) -> Flow[Submission | None]:
        """None: nothing tells whether a solution was reported as wrong. No request."""
        del submission
        yield from ()
        return None

    # --- solving --------------------------------------------------------------------------------------------

    @operation
    def wait_for(self, task_id: str) -> Flow[Submission]:
        """Ask every 3 seconds until the solution is there. Raises `AsksUsedUp` or `ResultLost` when the limits end
        the waiting; every error names the task."""
        while (found := self.tracker.solution(task_id)) is None:
            found = self._solution(task_id, (yield from self._result(task_id, SPACING.total_seconds())))
            if found is not None:
                break
        return found

    def _lost_solution(self, draft: TaskDraft) -> Lookup[Submission]:
        return Lookup(drafts.describe(draft))

    @operation(lookup=_lost_solution)
    def solve(self, draft: TaskDraft) -> Flow[Submission]:
        """Create a task and wait for its solution. Raises what `publish` and `wait_for` raise."""
        if missing := self.unsupported_fields(draft):
            raise NotSupported(Capability.PUBLISH, self.name, fields=missing)
        if issues := self.draft_issues(draft):
            raise InvalidRequest(issues=issues)
        task = yield from self.publish(draft)
        return self.solution_of(task) or (yield from self.wait_for(task.id))

    def _lost_text(
        self, image: bytes | Path | str, *, module: str | None = None, website_url: str | None = None
    ) -> Lookup[str]:
        return Lookup(drafts.describe(drafts.image_draft(image, module, website_url)))

    @operation(lookup=_lost_text)
    def image_to_text(
        self, image: bytes | Path | str, *, module: str | None = None, website_url: str | None = None
    ) -> Flow[str]:
        """The text in an image (its bytes, or the path of its file), by an ``ImageToTextTask``.

        ``module``: which of the marketplace's recognisers; ``website_url``: where the image is from, for accuracy.
        """
        solution = yield from self.solve(drafts.image_draft(image, module, website_url))
        if solution.text is None:
            raise naming(unreadable("its solution has no text", dict(solution.raw)), solution.task_id)
        return solution.text
