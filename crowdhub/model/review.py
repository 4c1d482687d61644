"""Decisions about submissions, and the report of what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import cast

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue
from crowdhub.model.base import Model
from crowdhub.model.input import InputModel
from crowdhub.model.options import Options, ProviderOptions, options_for
from crowdhub.model.submission import Submission
from crowdhub.model.taking import taken


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    REDO = "redo"


class Decision(InputModel):
    """What to do with one submission, with a comment for the worker.

    ``options`` hold what a single marketplace wants to know of it (the category of a rejection, say).
    """

    submission: Submission
    verdict: Verdict
    comment: str | None = None
    options: Options = ()

    @field_validator("submission", mode="before")
    @classmethod
    def _not_an_id(cls, given: object) -> object:
        if isinstance(given, str):
            raise PydanticCustomError("id_alone", "is an id, which does not tell its task; give the submission itself")
        return given

    @classmethod
    def approve(
        cls, submission: Submission, note: str | None = None, *, options: Iterable[ProviderOptions] = ()
    ) -> Decision:
        return cls(submission=submission, verdict=Verdict.APPROVE, comment=note, options=_listed(options))

    @classmethod
    def reject(cls, submission: Submission, reason: str, *, options: Iterable[ProviderOptions] = ()) -> Decision:
        return cls(submission=submission, verdict=Verdict.REJECT, comment=reason, options=_listed(options))

    @classmethod
    def redo(cls, submission: Submission, reason: str, *, options: Iterable[ProviderOptions] = ()) -> Decision:
        return cls(submission=submission, verdict=Verdict.REDO, comment=reason, options=_listed(options))

    request_redo = redo

    def options_for(self, provider: str) -> ProviderOptions | None:
        """The options meant for ``provider``, if the decision carries any."""
        return options_for(self.options, provider)


def _listed(options: Iterable[ProviderOptions]) -> Options:
    given = cast("object", options)
    if isinstance(given, Iterable) and not isinstance(given, (ProviderOptions, str, bytes)):  # a model is iterable, too
        return cast("Options", taken("options", iter(options)))
    what = f"is of type {type(given).__name__}; give a list of ProviderOptions"
    raise InvalidRequest(issues=[Issue("options", what)])


class Result(StrEnum):
    """What became of a decision."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REDO = "redo"
    ALREADY = "already"
    """It had been settled that way before."""
    FAILED = "failed"
    """Nothing was done; ``error`` says why."""
    UNKNOWN = "unknown"
    """The answer was lost and its state could not be read, or does not tell; ``error`` says what to look at. Safe to
    run again: a decision leaves one result."""


class Outcome(Model):
    """One decision and its result. ``submission`` is its new state where it is known."""

    decision: Decision
    result: Result
    submission: Submission | None = None
    error: CrowdhubError | None = None


class ReviewReport(Model):
    """One outcome for each decision, in their order; never an exception midway.

    ``unintended``: submissions that the marketplace settled in the same stroke without a decision of yours.
    ``requests``: how many requests it took.
    """

    outcomes: tuple[Outcome, ...]
    unintended: tuple[Submission, ...] = ()
    requests: int = 0

    def count(self, result: Result | str) -> int:
        return sum(each.result == result for each in self.outcomes)

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that need another look: failed or unknown."""
        return tuple(each for each in self.outcomes if each.result in (Result.FAILED, Result.UNKNOWN))

    def summary(self) -> dict[str, int]:
        return {str(r): n for r in Result if (n := self.count(r))}


class BatchReport(Model):
    """What a provider's batch flow settled; ``left`` is handed back to be reviewed one by one."""

    outcomes: tuple[Outcome, ...] = ()
    left: tuple[Decision, ...] = ()
    unintended: tuple[Submission, ...] = ()


def settled(decision: Decision, submission: Submission) -> Outcome:
    """The outcome of a decision that was carried out, now or (``replayed``) before."""
    done = {Verdict.APPROVE: Result.APPROVED, Verdict.REJECT: Result.REJECTED, Verdict.REDO: Result.REDO}
    result = Result.ALREADY if submission.replayed else done[decision.verdict]
    return Outcome(decision=decision, result=result, submission=submission)


__all__ = ["BatchReport", "Decision", "Outcome", "Result", "ReviewReport", "Verdict", "settled"]
