"""Everything that can be found wrong before a request, named at once."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue, NotSupported, UnreadableResponse
from crowdhub.model import (
    Application,
    Capability,
    Decision,
    Money,
    OpenEnum,
    Submission,
    Task,
    TaskDraft,
    Verdict,
    Worker,
)
from crowdhub.model.content import why_unreadable
from crowdhub.model.keys import key_issues
from crowdhub.operations.settling import operation_for
from crowdhub.protocol import AnyProvider, Lookup, Operation, Provider, mark_in

log = logging.getLogger("crowdhub")

OnUnsupported = Literal["error", "warn"]
S = TypeVar("S", bound=OpenEnum)
T = TypeVar("T")
LONGEST = 366 * 24 * 3600  # seconds of a watch
OURS = Path(__file__).parents[1]
NEEDED = {
    Verdict.APPROVE: Capability.APPROVE,
    Verdict.REJECT: Capability.REJECT,
    Verdict.REDO: Capability.REQUEST_REDO,
}


class UnsupportedFieldWarning(UserWarning):
    """A draft asks for something that this marketplace has no place for; it is published without it."""


@contextmanager
def _told(error_of: Callable[[str], CrowdhubError]) -> Generator[None]:
    """Whatever a plugin's code stumbles over becomes one error of ours, made of its words."""
    try:
        yield
    except CrowdhubError:
        raise
    except Exception as error:
        raise error_of(f"{type(error).__name__}: {error}") from error


def asking(provider: AnyProvider, hook: str) -> AbstractContextManager[None]:
    """Around a question to a plugin that sends nothing. Raises `InvalidRequest` where the plugin stumbles over it."""

    def error_of(words: str) -> InvalidRequest:
        told = f"cannot be checked: {provider.name}'s {hook} failed on it ({words})"
        return InvalidRequest(issues=[Issue("request", told)])

    return _told(error_of)


def looking_at_answers(provider: AnyProvider) -> AbstractContextManager[None]:
    """Around what looks at an answer outside of the operation that asked for it: records that are read when they are
    reached, and a plugin's choice among them. Raises `UnreadableResponse` where it stumbles over them."""
    return _told(
        lambda words: UnreadableResponse(f"The answer cannot be read: reading it for {provider.name} failed ({words}).")
    )


def lookup_of(provider: AnyProvider, operation: Operation[T]) -> Lookup[T] | None:
    """How an operation says that what it made is found; None where it does not say."""
    with asking(provider, f"lookup of {operation.name}"):
        return operation.lookup


def _only_issues(found: Sequence[object]) -> list[Issue]:
    if wrong := [each for each in found if not isinstance(each, Issue)]:
        raise TypeError(f"it returned {wrong[0]!r:.100} among the issues")
    return [each for each in found if isinstance(each, Issue)]


def checked_draft(provider: AnyProvider, draft: TaskDraft, on_unsupported: OnUnsupported) -> TaskDraft:
    """The draft as it can be sent. Raises `NotSupported` or `InvalidRequest`, each naming everything it found."""
    draft = type(draft).model_validate(dict(draft))  # pydantic's own copies are not checked
    draft = _one_form(provider, draft)
    with asking(provider, "draft_issues"):
        issues = _only_issues(provider.draft_issues(draft))
    issues += [
        Issue(field, f"holds the mark of another task, {found}, by which that one is found: take it out")
        for field in ("title", "instructions", "proof")
        if (found := mark_in(getattr(draft, field) or "")) is not None
    ]
    if isinstance(draft.image, Path) and (what := why_unreadable(draft.image)):
        issues.append(Issue("image", what))
    missing = provider.unsupported_fields(draft)
    if missing and on_unsupported == "error":
        error = NotSupported(Capability.PUBLISH, provider.name, fields=missing)
        also = " Also wrong: " + "; ".join(map(str, issues)) + "." if issues else ""
        raise error.with_(message=error.message + also)
    if issues:
        raise InvalidRequest(issues=issues)
    if missing:
        listed = "; ".join(f"{field}: {why}" for field, why in missing.items())
        warnings.warn(
            f"{provider.name} cannot honour what the draft asks for, and it is left out: {listed}",
            UnsupportedFieldWarning,
            stacklevel=_callers_level(),
        )
        return draft.copy_with(**{field: TaskDraft.model_fields[field].default for field in missing})
    return draft


def _one_form(provider: AnyProvider, draft: TaskDraft) -> TaskDraft:
    """``proof`` and ``questions`` are two ways to ask for the same: of a draft with both, a marketplace gets what it
    has a place for, the form before the sentence."""
    if not draft.proof or draft.questions is None:
        return draft
    absent = provider.capabilities.absent_fields
    if "questions" not in absent:
        left_out, taken = "proof", "questions"
    elif "proof" not in absent:
        left_out, taken = "questions", "proof"
    else:
        return draft
    log.info("%s takes the draft's %s, which stands for its %s", provider.name, taken, left_out)
    return draft.copy_with(**{left_out: None})


def checked_batch(
    provider: AnyProvider,
    drafts: Sequence[tuple[int, str, TaskDraft]],
    on_unsupported: OnUnsupported,
    done: Collection[str] = (),
) -> tuple[list[TaskDraft], list[Issue]]:
    """The drafts of a batch (place, key, draft) as they can be sent, and everything that is wrong with any of them.
    ``done``: the keys of those that were, which need not be right any more."""
    ready: list[TaskDraft] = []
    issues: list[Issue] = []
    places: dict[str, int] = {}
    for place, key, draft in drafts:
        where = f"drafts[{place}]"
        if not key.strip():
            issues.append(Issue(where, "has an empty key; without keys a batch could not carry on"))
        elif key in places:
            issues.append(Issue(where, f"has the key {key!r} of drafts[{places[key]}]"))
        places.setdefault(key, place)
        try:
            ready.append(checked_draft(provider, draft, on_unsupported))
        except NotSupported as error:
            issues += [Issue(f"{where}.{field}", why) for field, why in error.reasons.items()]
            issues += [Issue(f"{where}.{each.where}", each.what) for each in provider.draft_issues(draft)]
        except InvalidRequest as error:
            if key in done:
                ready.append(draft)
                continue
            issues += [Issue(f"{where}.{each.where}", each.what) for each in error.issues]
    return ready, issues


def _callers_level() -> int:
    """How far up the stack the application's own line is, for a warning that is to name it."""
    frame, level = sys._getframe(1), 1  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as `warnings` does
    while frame.f_back is not None and Path(frame.f_code.co_filename).is_relative_to(OURS):
        frame, level = frame.f_back, level + 1
    return level


def checked_decisions(provider: AnyProvider, decisions: Sequence[Decision]) -> None:
    """Raises `InvalidRequest` naming every decision that cannot be carried out as it stands."""
    if issues := issues_of_decisions(provider, enumerate(decisions)):
        raise InvalidRequest(issues=issues)


def issues_of_decisions(provider: AnyProvider, decisions: Iterable[tuple[int, Decision]]) -> list[Issue]:
    """What is wrong with decisions, each given with its place in the whole list."""
    issues: list[Issue] = []
    able = provider.capabilities
    decided: set[tuple[str, str]] = set()
    for number, decision in decisions:
        where = f"decisions[{number}]"
        submission = decision.submission
        issues.extend(_foreign(provider, submission, where))
        if NEEDED[decision.verdict] not in able:
            issues.append(Issue(where, f"{provider.name} cannot {decision.verdict}"))
        elif decision.verdict is not Verdict.APPROVE and not (decision.comment or "").strip():
            issues.append(Issue(where, f"a {decision.verdict} needs a reason for the worker"))
        issues.extend(Issue(f"{where}.{each.where}", each.what) for each in _options_and_rules(provider, decision))
        if (submission.task_id, submission.id) in decided:
            issues.append(Issue(where, f"submission {submission.id} was decided before in this list"))
        decided.add((submission.task_id, submission.id))
    return issues


def checked_decision(provider: AnyProvider, decision: Decision) -> Decision:
    """One decision, for a verb of its own. Raises `InvalidRequest`."""
    issues = _foreign(provider, decision.submission, "submission")
    if decision.verdict is not Verdict.APPROVE and not (decision.comment or "").strip():
        issues.append(Issue("reason", "is empty; the worker must be told why"))
    issues += _options_and_rules(provider, decision)
    if issues:
        raise InvalidRequest(issues=issues)
    return decision


def _options_and_rules(provider: AnyProvider, decision: Decision) -> list[Issue]:
    """What the marketplace's own rules say of a decision, and options that its operation has no parameter for."""
    with asking(provider, "decision_issues"):
        issues = _only_issues(provider.decision_issues(decision))
    asked = decision.options_for(provider.name) is not None and NEEDED[decision.verdict] in provider.capabilities
    if asked and not operation_for(provider, decision).taken().takes("options"):
        issues.append(Issue("options", f"have no place in {provider.name}'s {decision.verdict}"))
    return issues


def checked_extension(provider: AnyProvider, slots: int | None, until: datetime | None) -> None:
    """Raises `InvalidRequest` where nothing is asked for, or what the marketplace cannot give."""
    issues: list[Issue] = []
    if slots is None and until is None:
        issues.append(Issue("slots", "and `until` are missing: say how many places more, or how long"))
    if slots is not None and slots < 1:
        issues.append(Issue("slots", f"{slots} is not at least 1 more place"))
    if until is not None and until.tzinfo is None:
        issues.append(Issue("until", f"{until} names no time zone"))
    elif until is not None and until <= provider.now():
        issues.append(Issue("until", f"{until} is in the past"))
    with asking(provider, "extension_issues"):
        issues += _only_issues(provider.extension_issues(slots, until))
    if issues:
        raise InvalidRequest(issues=issues)


def checked_rounds(interval: float, rounds: int | None, patience: float) -> None:
    """Raises `InvalidRequest` for a watch that would never wait, or never end."""
    issues: list[Issue] = []
    if patience != float("inf") and not _is_time(patience):
        issues.append(Issue("patience", f"is not a number of seconds from 0 to {LONGEST:,}, nor infinite"))
    if not _is_time(interval):
        issues.append(Issue("interval", f"is not a number of seconds from 0 to {LONGEST:,}"))
    if rounds is not None and rounds < 1:
        issues.append(Issue("rounds", f"{rounds} is less than 1; leave it out to watch until the tasks have ended"))
    if issues:
        raise InvalidRequest(issues=issues)


def _is_time(seconds: float) -> bool:
    try:
        return bool(0 <= seconds <= LONGEST)
    except ArithmeticError:  # a Decimal that is none
        return False


def checked_within(within: timedelta | None) -> timedelta | None:
    """Raises `InvalidRequest` for a time that is over already."""
    if within is not None and within < timedelta():
        raise InvalidRequest(issues=[Issue("within", f"{within} is less than 0")])
    return within


def checked_text(text: str) -> str:
    if not text.strip():
        raise InvalidRequest(issues=[Issue("text", "is empty")])
    return text


def checked_bonus(provider: AnyProvider, submission: Submission, amount: Money, reason: str) -> None:
    issues = _foreign(provider, submission, "submission")
    if amount.amount <= 0:
        issues.append(Issue("amount", f"{amount} is not more than 0"))
    issues += provider.amount_issues("amount", amount)
    if not reason.strip():
        issues.append(Issue("reason", "is empty; the worker must be told why"))
    if issues:
        raise InvalidRequest(issues=issues)


def checked_operation(provider: AnyProvider, operation: Operation[object]) -> None:
    """Refuse an operation that was made for another account: it would be sent, and paid, by this one."""
    owner = operation.owner
    if isinstance(owner, Provider) and owner.identity != provider.identity:
        operation.taken()
        theirs = f"{owner.name}/{owner.account}/{owner.environment}"
        what = f"{operation.name} was made by the provider of {theirs}; make it with this market's own"
        raise InvalidRequest(issues=[Issue("operation", what)])


def checked_neutral(provider: AnyProvider, operation: Operation[T], on_unsupported: OnUnsupported) -> Operation[T]:
    """A neutral operation that is run as a plugin's own: it is checked as its verb does. Raises as that does."""
    if operation.owner is not provider:
        return operation
    operation.taken()
    asked = operation.arguments
    match operation.name, asked:
        case "publish", {"draft": TaskDraft() as draft}:
            return operation.given(draft=checked_draft(provider, draft, on_unsupported))
        case "pay_bonus", {"submission": Submission() as work, "amount": Money() as amount, "reason": str(reason)}:
            checked_bonus(provider, work, amount, reason)
        case "extend", _:
            slots, until = asked.get("slots"), asked.get("until")
            checked_extension(
                provider,
                slots if isinstance(slots, int) else None,
                until if isinstance(until, datetime) else None,
            )
        case _:
            pass
    return operation


def checked_amount(provider: AnyProvider, amount: Money | None) -> None:
    """Raises `InvalidRequest` for a price in a currency that the account does not pay in: no budget would hold it."""
    if amount is not None and (issues := provider.currency_issues("amount", amount)):
        raise InvalidRequest(issues=issues)


def _foreign(provider: AnyProvider, thing: Submission | Application, where: str) -> list[Issue]:
    """A submission of another account must not be settled here: ids of two accounts can be equal."""
    given: object = thing
    if isinstance(given, str):
        return [Issue(where, f"{given!r} is an id, which does not tell its task; give the {where} itself")]
    theirs = (thing.provider, thing.account, thing.environment)
    ours = (provider.name, provider.account, provider.environment)
    if theirs == ours:
        return []
    return [Issue(where, f"belongs to {'/'.join(theirs)}, not to {'/'.join(ours)}")]


def checked_application(provider: AnyProvider, application: Application) -> Application:
    if issues := _foreign(provider, application, "application"):
        raise InvalidRequest(issues=issues)
    return application


def task_id_of(provider: AnyProvider, task: Task | str) -> str:
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
        raise InvalidRequest(issues=[Issue("status", f"{status!r} is not one of {words}")])
    return found


def check_resume(name: str, *, has_ledger: bool) -> None:
    """The name of a watch that goes on from where it was. Raises `InvalidRequest`."""
    if not has_ledger:
        issue = Issue("resume", "needs a ledger to keep its place in, and this hub was made with ledger=None")
        raise InvalidRequest(issues=[issue])
    if issues := key_issues(name):
        raise InvalidRequest(issues=[Issue("resume", each.what) for each in issues])
