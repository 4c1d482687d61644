"""Everything that can be found wrong before a request, named at once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from crowdhub.errors import InvalidRequest, Issue, NotSupported
from crowdhub.model import (
    Application,
    Capability,
    Decision,
    Money,
    Status,
    Submission,
    Task,
    TaskDraft,
    Verdict,
    Worker,
)
from crowdhub.protocol import Provider

OnUnsupported = Literal["error", "warn"]
S = TypeVar("S", bound=Status)


class UnsupportedFieldWarning(UserWarning):
    """A draft asks for something that this marketplace has no place for; it is published without it."""


def checked_draft(provider: Provider[Any], draft: TaskDraft, on_unsupported: OnUnsupported) -> TaskDraft:
    """The draft as it can be sent. Raises `NotSupported` or `InvalidRequest`, each naming everything it found."""
    issues = provider.draft_issues(draft)
    if isinstance(draft.image, Path) and not draft.image.is_file():
        issues.append(Issue("image", f"there is no file {str(draft.image)!r}"))
    missing = provider.unsupported_fields(draft)
    if missing and on_unsupported == "error":
        error = NotSupported(Capability.PUBLISH, provider.name, fields=missing)
        if issues:
            error.message += " Also wrong: " + "; ".join(map(str, issues)) + "."
        raise error
    if issues:
        raise InvalidRequest(issues=issues)
    if missing:
        listed = "; ".join(f"{field}: {why}" for field, why in missing.items())
        warnings.warn(
            f"{provider.name} cannot honour what the draft asks for, and it is left out: {listed}",
            UnsupportedFieldWarning,
            stacklevel=4,
        )
        return draft.copy_with(**{field: TaskDraft.model_fields[field].default for field in missing})
    return draft


def checked_decisions(provider: Provider[Any], decisions: Sequence[Decision]) -> None:
    """Raises `InvalidRequest` naming every decision that cannot be carried out as it stands."""
    issues: list[Issue] = []
    able = provider.capabilities()
    needed = {
        Verdict.APPROVE: Capability.APPROVE,
        Verdict.REJECT: Capability.REJECT,
        Verdict.REDO: Capability.REQUEST_REDO,
    }
    decided: set[tuple[str, str]] = set()
    for number, decision in enumerate(decisions):
        where = f"decisions[{number}]"
        submission = decision.submission
        issues.extend(_foreign(provider, submission, where))
        if needed[decision.verdict] not in able:
            issues.append(Issue(where, f"{provider.name} has no {decision.verdict}"))
        elif decision.verdict is not Verdict.APPROVE and not (decision.words or "").strip():
            issues.append(Issue(where, f"a {decision.verdict} needs a reason for the worker"))
        if (submission.task_id, submission.id) in decided:
            issues.append(Issue(where, f"submission {submission.id} was decided before in this list"))
        decided.add((submission.task_id, submission.id))
    if issues:
        raise InvalidRequest(issues=issues)


def checked_words(provider: Provider[Any], submission: Submission, reason: str | None, *, needed: bool) -> None:
    issues = _foreign(provider, submission, "submission")
    if needed and not (reason or "").strip():
        issues.append(Issue("reason", "is empty; the worker must be told why"))
    if issues:
        raise InvalidRequest(issues=issues)


def checked_bonus(provider: Provider[Any], submission: Submission, amount: Money, reason: str) -> None:
    issues = _foreign(provider, submission, "submission")
    if amount.amount <= 0:
        issues.append(Issue("amount", f"{amount} is not more than 0"))
    if amount.currency != provider.currency:
        issues.append(Issue("amount", f"{amount} is not in {provider.currency}, which {provider.title} pays in"))
    if not reason.strip():
        issues.append(Issue("reason", "is empty; the worker must be told why"))
    if issues:
        raise InvalidRequest(issues=issues)


def _foreign(provider: Provider[Any], thing: Submission | Application, where: str) -> list[Issue]:
    """A submission of another account must not be settled here: ids of two accounts can be equal."""
    theirs = (thing.provider, thing.account, thing.environment)
    ours = (provider.name, provider.account, provider.environment)
    if theirs == ours:
        return []
    return [Issue(where, f"belongs to {'/'.join(theirs)}, not to {'/'.join(ours)}")]


def checked_application(provider: Provider[Any], application: Application) -> Application:
    if issues := _foreign(provider, application, "application"):
        raise InvalidRequest(issues=issues)
    return application


def task_id_of(provider: Provider[Any], task: Task | str) -> str:
    """The id of a task given as itself or as its id."""
    if isinstance(task, str):
        if not task.strip():
            raise InvalidRequest(issues=[Issue("task", "is an empty id")])
        return task
    if (task.provider, task.account, task.environment) != (provider.name, provider.account, provider.environment):
        raise InvalidRequest(
            issues=[Issue("task", f"belongs to {task.provider}/{task.account}/{task.environment}, not to this market")]
        )
    return task.id


def worker_id_of(worker: Worker | Submission | str) -> str:
    """The id of a worker given as itself, as its id, or by work of theirs."""
    found = worker.worker.id if isinstance(worker, Submission) else worker.id if isinstance(worker, Worker) else worker
    if not found.strip():
        raise InvalidRequest(issues=[Issue("worker", "has no id")])
    return found


def checked_status(status: S | str | None, kind: type[S]) -> S | None:
    """A status given as text. Raises `InvalidRequest` with the words there are."""
    if status is None or isinstance(status, kind):
        return status
    found = kind(status)
    if found.value != status or found.name == "UNKNOWN":
        words = ", ".join(each.value for each in kind if each.name != "UNKNOWN")
        raise InvalidRequest(issues=[Issue("status", f"{status!r} is none of {words}")])
    return found
