"""CapSolver's answers, and what they are in the neutral model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from crowdhub.model import Money, Submission, SubmissionStatus, Task, TaskStatus, Worker
from crowdhub.protocol import Amount, Identity, LenientText, WireModel, mapping

CURRENCY = "USD"
READY = "ready"
FAILED = "failed"
UNSOLVABLE = "ERROR_CAPTCHA_UNSOLVABLE"
NOBODY = Worker(id="capsolver", name="CapSolver")
"""Whose work a solution is: the marketplace tells of nobody."""


class Unsolvable(ProviderError):
    """The marketplace could not solve it, and says that it takes nothing for that: ``charged`` is 0."""

    next_step = "Nothing was charged. Ask again, also with the same key: another task may be solved."

    charged: Money

    def __init__(self, message: str, **evidence: Any) -> None:
        super().__init__(message, **evidence)
        self._hold(charged=Money(0, CURRENCY))


ERRORS: Mapping[str, type[CrowdhubError]] = {
    "ERROR_KEY_DENIED_ACCESS": AuthenticationFailed,
    "ERROR_KEY_DOES_NOT_EXIST": AuthenticationFailed,
    "ERROR_ZERO_BALANCE": InsufficientFunds,
    "ERROR_SETTLEMENT_FAILED": InsufficientFunds,
    "ERROR_RATE_LIMIT": RateLimited,
    "ERROR_SERVICE_UNAVALIABLE": ProviderUnavailable,  # spelled so by the marketplace
    "ERROR_SERVICE_UNAVAILABLE": ProviderUnavailable,
    "ERROR_INVALID_TASK_DATA": InvalidRequest,
    "ERROR_BAD_REQUEST": InvalidRequest,
    "ERROR_TASK_NOT_SUPPORTED": InvalidRequest,
    "ERROR_UNKNOWN_QUESTION": InvalidRequest,
    "ERROR_INVALID_IMAGE": InvalidRequest,
    "ERROR_PARSE_IMAGE_FAIL": InvalidRequest,
    "ERROR_TASKID_INVALID": NotFound,
    "ERROR_IP_BANNED": PermissionDenied,
    "ERROR_KEY_TEMP_BLOCKED": PermissionDenied,
    "ERROR_TASK_TIMEOUT": ProviderError,
    UNSOLVABLE: Unsolvable,
    "ERROR_CAPTCHA_SOLVE_FAILED": ProviderError,
    "ERROR_PROXY_BANNED": ProviderError,
}
"""The marketplace's own error codes, from its public list."""


class Told(WireModel):
    """What an answer tells of a task: its solution, or why it failed."""

    solution: object = None
    error_code: LenientText = None
    error_description: LenientText = None

    def failure(self, status: str | None) -> ProviderError | None:
        """The error of a task that is given up; only one code promises that nothing is charged."""
        if (status or "").casefold() != FAILED:
            return None
        kind = Unsolvable if self.error_code == UNSOLVABLE else ProviderError
        return kind(
            "The marketplace could not solve it.",
            provider_code=self.error_code or FAILED,
            provider_message=self.error_description or None,
            http_status=200,
        )


class Created(Told):
    """The answer of ``createTask``; a synchronous task's carries its result."""

    task_id: str
    status: LenientText = None


class Result(Told):
    """The answer of ``getTaskResult``."""

    status: str


class Balance(WireModel):
    """The answer of ``getBalance``."""

    balance: Amount


def of_creation(failure: ProviderError) -> CrowdhubError:
    """The error of a task that had failed when its creation was answered: unless the marketplace promises that it takes
    nothing for that, it may have been charged."""
    if isinstance(failure, Unsolvable):
        return failure
    return OutcomeUnknown(
        f"{failure.message} Whether it is charged is not documented.",
        lost=Lost.ACCEPTED,
        provider_code=failure.provider_code,
        provider_message=failure.provider_message,
        http_status=failure.http_status,
    )


def task(task_id: str, ready: bool, raw: Mapping[str, object], identity: Identity, title: str | None = None) -> Task:
    """A task of one slot: open until its solution is there."""
    return Task(
        **identity,
        id=task_id,
        title=title,
        status=TaskStatus.COMPLETED if ready else TaskStatus.OPEN,
        slots=1,
        remaining=0 if ready else 1,
        pending=0,
        approved=1 if ready else 0,
        rejected=0,
        raw=raw,
    )


def submission(task_id: str, solution: object, raw: Mapping[str, object], identity: Identity) -> Submission:
    """The solution: accepted and paid as it is, for there is nothing to review."""
    found = mapping(solution)
    text = solution if found is None else found.get("text")
    return Submission(
        **identity,
        id=task_id,
        task_id=task_id,
        worker=NOBODY,
        status=SubmissionStatus.APPROVED,
        auto_approved=True,
        text=text if isinstance(text, str) else None,
        answers=solution,
        raw=raw,
    )
