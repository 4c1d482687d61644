"""CapSolver's protocol as flows: publishing a task of one slot, whose only submission is the solution.

Source: the marketplace's page on ``createTask`` and its public documentation of ``getTaskResult``, ``getBalance``
and its error codes. Written from those alone; never tried against the live service.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from crowdhub.errors import (
    AuthenticationFailed,
    CallerError,
    CrowdhubError,
    InvalidRequest,
    Issue,
    Lost,
    NotSupported,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.model import Capability, Money, Submission, SubmissionStatus, Task, TaskDraft
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Effect,
    Flow,
    Page,
    Provider,
    Token,
    int_or_none,
    load_json,
    text_or_none,
    unreadable,
)
from crowdhub_capsolver import wire
from crowdhub_capsolver.options import CapSolverOptions, CapSolverSettings
from crowdhub_capsolver.tracker import SPACING, Tracker, naming

if TYPE_CHECKING:
    from crowdhub import Response

IMAGE_TASK = "ImageToTextTask"
ATTEMPTS = 4  # asks in a row that may fail before waiting gives up; each counts among the 120
NOBODY = "a solution is paid for as it is; there is nobody to review"
NO_WORKERS = "the marketplace tells of no workers"
FORM = "give CapSolverOptions(task=…), or an image and nothing else"


class CapSolver(Provider[CapSolverSettings]):
    """One CapSolver account. ``tracker`` counts the asks of each task, and keeps its solution."""

    name = "capsolver"
    title = "CapSolver"
    currency = wire.CURRENCY
    settings_type = CapSolverSettings
    credential_places = CredentialPlaces(json=("clientKey",))
    draft_fields = frozenset({"slots", "image"})
    absent: ClassVar[Mapping[str, str]] = {
        "estimate": "a price depends on the type of task, and the API does not tell it",
        "find_published": "tasks cannot be listed and carry no mark",
        "tasks": "tasks cannot be listed",
        "approve": NOBODY,
        "reject": NOBODY,
        "request_redo": NOBODY,
        "bulk_review": NOBODY,
        "pay_bonus": NOBODY,
        "find_bonus": NOBODY,
        "cancel": "a task is solved within seconds; there is no call to stop it",
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
    }
    limits: ClassVar[Mapping[str, str]] = {
        "slots": "1",
        "image": "becomes the body of an ImageToTextTask",
        "task": "120 asks a task, 3 seconds apart, within 5 minutes of its creation",
        "submissions": "120 asks a task, 3 seconds apart, within 5 minutes of its creation",
    }

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
        told = wire.members(data)
        number = int_or_none(told.get("errorId"))
        if number is None:
            return by_status or unreadable("it has no errorId", data, response)
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
        """A draft is an image, or options with a task; title and reward have no place here."""
        options = _options(draft)
        task = options.task
        found: list[Issue] = []
        if draft.slots != 1:
            found.append(Issue("slots", f"{draft.slots} is not 1: a task has one solution"))
        if draft.image is None and task is None:
            found.append(Issue("image", 'is missing; give one, or CapSolverOptions(task={"type": …})'))
        if draft.image == b"":
            found.append(Issue("image", "is empty"))
        if isinstance(draft.image, Path) and not draft.image.is_file():
            found.append(Issue("image", f"there is no file {str(draft.image)!r}"))
        if task is not None and not (isinstance(task.get("type"), str) and task["type"]):
            found.append(Issue("options.task.type", "is missing; the marketplace needs the type of the task"))
        elif task is not None and draft.image is not None and task["type"] != IMAGE_TASK:
            found.append(Issue("image", f"has no place in a task of type {task['type']}"))
        if task is not None and draft.image is not None and "body" in task:
            found.append(Issue("image", "and the task's body say the same; give one of the two"))
        if options.callback_url is not None and not _is_url(options.callback_url):
            found.append(Issue("options.callback_url", f"{options.callback_url!r} is no http(s) URL"))
        return found

    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """``createTask``. Charged by the marketplace. A synchronous task's solution comes in the same answer: it is
        kept here for `submissions`, and ``Task.raw`` holds it for good (`solution_of`).

        Raises `OutcomeUnknown` where the answer was lost: tasks cannot be listed, so nothing can be looked up.
        """
        body: dict[str, Any] = {"task": _task_of(draft)}
        if self.settings.app_id is not None:
            body["appId"] = self.settings.app_id
        if (callback := _options(draft).callback_url) is not None:
            body["callbackUrl"] = callback
        try:
            reply = yield Call.post("/createTask", effect=Effect.SPEND, json=body)
            created = wire.Created.read(reply)
        except OutcomeUnknown as lost:
            raise lost.looking_for(_sought(body["task"])) from None
        except UnreadableResponse as error:
            raise OutcomeUnknown(
                f"The task was taken, but its id cannot be read: {error.message}", lost=Lost.ANSWERED
            ).looking_for(_sought(body["task"])) from error
        self.tracker.created(created.task_id, self.now())
        task = wire.task(
            created.task_id, created.status == wire.READY, created.raw, self.identity, title=body["task"]["type"]
        )
        solution = self.solution_of(task)
        if solution is not None:
            self.tracker.solved(solution)
        return task

    def solution_of(self, task: Task) -> Submission | None:
        """The solution that a task carries within itself (``Task.raw``), if it is one solved at once. No request:
        it works in any process and at any time, while the marketplace forgets."""
        if task.raw.get("status") != wire.READY:
            return None
        return wire.submission(task.id, task.raw.get("solution"), task.raw, self.identity)

    # --- reading --------------------------------------------------------------------------------------------

    def task(self, task_id: str) -> Flow[Task]:
        """``getTaskResult``; no request where the solution is known here. Raises `AsksUsedUp`, `ResultLost`."""
        known = self.tracker.solution(task_id)
        if known is not None:
            return wire.task(task_id, True, known.raw, self.identity)
        result = yield from self._result(task_id)
        return wire.task(task_id, result.status == wire.READY, result.raw, self.identity)

    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """The solution, once it is there: ``getTaskResult``, or no request where it is known here.

        A solution counts as approved: it is paid for as it is. Raises `AsksUsedUp`, `ResultLost`.
        """
        if status is not None and status is not SubmissionStatus.APPROVED:
            return Page((), total=0)
        found = self.tracker.solution(task_id)
        if found is None:
            yield from self._result(task_id)
            found = self.tracker.solution(task_id)
        return Page((found,), total=1) if found is not None else Page((), total=0)

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
            except CrowdhubError as error:
                failures += 1
                passing = isinstance(error, (ProviderUnavailable, RateLimited, UnreadableResponse))
                if not passing or failures >= ATTEMPTS:
                    raise naming(error, task_id) from None
                wait = getattr(error, "retry_after", None) or 0
            else:
                if result.status == wire.READY:
                    self.tracker.solved(wire.submission(task_id, result.solution, result.raw, self.identity))
                return result

    # --- solving --------------------------------------------------------------------------------------------

    def wait_for(self, task_id: str) -> Flow[Submission]:
        """Ask every 3 seconds until the solution is there. Raises `AsksUsedUp` or `ResultLost` when the limits end
        the waiting; every error names the task."""
        while (found := self.tracker.solution(task_id)) is None:
            yield from self._result(task_id, SPACING.total_seconds())
        return found

    def solve(self, draft: TaskDraft) -> Flow[Submission]:
        """Create a task and wait for its solution. Raises what `publish` and `wait_for` raise."""
        if missing := self.unsupported_fields(draft):
            raise NotSupported(Capability.PUBLISH, self.name, fields=missing)
        if issues := self.draft_issues(draft):
            raise InvalidRequest(issues=issues)
        task = yield from self.publish(draft)
        return (yield from self.wait_for(task.id))

    def image_to_text(
        self, image: bytes | Path | str, *, module: str | None = None, website_url: str | None = None
    ) -> Flow[str]:
        """The text in an image (its bytes, or the path of its file), by an ``ImageToTextTask``.

        ``module``: which of the marketplace's recognisers; ``website_url``: where the image is from, for accuracy.
        """
        task = {"type": IMAGE_TASK, "module": module, "websiteURL": website_url}
        options = CapSolverOptions(task={name: value for name, value in task.items() if value is not None})
        source = Path(image) if isinstance(image, str) else image
        solution = yield from self.solve(TaskDraft(image=source, options=[options]))
        if solution.text is None:
            error = unreadable("its solution has no text", dict(solution.raw))
            raise naming(error, solution.task_id)
        return solution.text


def _options(draft: TaskDraft) -> CapSolverOptions:
    found = draft.options_for("capsolver")
    return found if isinstance(found, CapSolverOptions) else CapSolverOptions()


def _task_of(draft: TaskDraft) -> dict[str, Any]:
    """The task as it is sent; an image is read and encoded here, for it travels within the JSON."""
    task: dict[str, Any] = dict(_options(draft).task or {"type": IMAGE_TASK})
    if draft.image is not None:
        content = draft.image.read_bytes() if isinstance(draft.image, Path) else draft.image
        task["body"] = b64encode(content).decode()
    return task


def _sought(task: Mapping[str, Any]) -> str:
    return (
        f"a task of type {task.get('type')} in the usage list of CapSolver's dashboard, and whether the balance went "
        "down (the API can neither list tasks nor find this one)"
    )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
