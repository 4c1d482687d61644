"""What answers hold, as the service's model names it. Nothing depends on any member: a wrong value is None."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, AliasGenerator, BeforeValidator, ConfigDict

from crowdhub.errors import CrowdhubError
from crowdhub.model import Money
from crowdhub.protocol import LenientInt, LenientText, WireModel, decimal_or_none, mapping, text_or_none, time_or_none
from crowdhub.protocol import sequence as listed
from crowdhub_mturk.names import wire_name
from crowdhub_mturk.structures import Locale, QualificationRequirement, ReviewPolicy
from crowdhub_mturk.words import (
    AssignmentStatus,
    HITReviewStatus,
    HITStatus,
    NotifyWorkersFailureCode,
    QualificationStatus,
    QualificationTypeStatus,
    ReviewActionStatus,
)

CURRENCY = "USD"


def epoch_or_none(value: object) -> datetime | None:
    """A number of seconds since 1970; a time in ISO 8601 is taken as well."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(float(value), UTC)
        except (OverflowError, ValueError, OSError):
            return None
    return time_or_none(value)


def dollars_or_none(value: object) -> Money | None:
    if isinstance(value, Money):
        return value
    try:
        if (kept := mapping(value)) is not None:  # as the ledger keeps it
            return Money.model_validate(kept)
        amount = decimal_or_none(value)
        return None if amount is None else Money(amount, CURRENCY)
    except CrowdhubError:
        return None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


Moment = Annotated[datetime | None, BeforeValidator(epoch_or_none)]
Dollars = Annotated[Money | None, BeforeValidator(dollars_or_none)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Word = BeforeValidator(text_or_none)


class Record(WireModel):
    model_config = ConfigDict(
        alias_generator=AliasGenerator(
            validation_alias=lambda name: name if name == "raw" else AliasChoices(wire_name(name), name)
        )
    )


class HIT(Record):
    hit_id: str
    hit_type_id: LenientText = None
    hit_group_id: LenientText = None
    hit_layout_id: LenientText = None
    creation_time: Moment = None
    title: LenientText = None
    description: LenientText = None
    question: LenientText = None
    keywords: LenientText = None
    hit_status: Annotated[HITStatus | None, Word] = None
    max_assignments: LenientInt = None
    reward: Dollars = None
    auto_approval_delay_in_seconds: LenientInt = None
    expiration: Moment = None
    assignment_duration_in_seconds: LenientInt = None
    requester_annotation: LenientText = None
    qualification_requirements: Annotated[
        tuple[QualificationRequirement, ...], BeforeValidator(QualificationRequirement.read_all)
    ] = ()
    hit_review_status: Annotated[HITReviewStatus | None, Word] = None
    number_of_assignments_pending: LenientInt = None
    number_of_assignments_available: LenientInt = None
    number_of_assignments_completed: LenientInt = None
    replayed: bool = False
    """True where an earlier request with the same token made it."""


class Assignment(Record):
    assignment_id: str
    worker_id: LenientText = None
    hit_id: LenientText = None
    assignment_status: Annotated[AssignmentStatus | None, Word] = None
    auto_approval_time: Moment = None
    accept_time: Moment = None
    submit_time: Moment = None
    approval_time: Moment = None
    rejection_time: Moment = None
    deadline: Moment = None
    answer: LenientText = None
    requester_feedback: LenientText = None


class AssignmentAndHIT(Record):
    """What ``GetAssignment`` answers."""

    assignment: Assignment
    hit: HIT | None = None


class BonusPayment(Record):
    worker_id: LenientText = None
    bonus_amount: Dollars = None
    assignment_id: LenientText = None
    reason: LenientText = None
    grant_time: Moment = None


class WorkerBlock(Record):
    worker_id: str
    reason: LenientText = None


class NotifyWorkersFailureStatus(Record):
    notify_workers_failure_code: Annotated[NotifyWorkersFailureCode | None, Word] = None
    notify_workers_failure_message: LenientText = None
    worker_id: LenientText = None


class Qualification(Record):
    qualification_type_id: LenientText = None
    worker_id: LenientText = None
    grant_time: Moment = None
    integer_value: LenientInt = None
    locale_value: Annotated[Locale | None, BeforeValidator(Locale.read)] = None
    status: Annotated[QualificationStatus | None, Word] = None


class QualificationType(Record):
    qualification_type_id: str
    creation_time: Moment = None
    name: LenientText = None
    description: LenientText = None
    keywords: LenientText = None
    qualification_type_status: Annotated[QualificationTypeStatus | None, Word] = None
    test: LenientText = None
    test_duration_in_seconds: LenientInt = None
    answer_key: LenientText = None
    retry_delay_in_seconds: LenientInt = None
    is_requestable: Flag = None
    auto_granted: Flag = None
    auto_granted_value: LenientInt = None


class QualificationRequest(Record):
    qualification_request_id: str
    qualification_type_id: LenientText = None
    worker_id: LenientText = None
    test: LenientText = None
    answer: LenientText = None
    submit_time: Moment = None


class ReviewResultDetail(Record):
    action_id: LenientText = None
    subject_id: LenientText = None
    subject_type: LenientText = None
    question_id: LenientText = None
    key: LenientText = None
    value: LenientText = None


class ReviewActionDetail(Record):
    action_id: LenientText = None
    action_name: LenientText = None
    target_id: LenientText = None
    target_type: LenientText = None
    status: Annotated[ReviewActionStatus | None, Word] = None
    complete_time: Moment = None
    result: LenientText = None
    error_code: LenientText = None


def _objects(value: object) -> object:
    """The records of a list, and nothing of what is none."""
    return [each for each in listed(value) or () if mapping(each) is not None]


def _object(value: object) -> object:
    return value if mapping(value) is not None else None


class ReviewPolicyReport(Record):
    review_results: Annotated[tuple[ReviewResultDetail, ...], BeforeValidator(_objects)] = ()
    review_actions: Annotated[tuple[ReviewActionDetail, ...], BeforeValidator(_objects)] = ()


class ReviewPolicyResults(Record):
    """A page of what ``ListReviewPolicyResultsForHIT`` answers; ``next_token`` asks for the next."""

    hit_id: LenientText = None
    assignment_review_policy: Annotated[ReviewPolicy | None, BeforeValidator(ReviewPolicy.read)] = None
    hit_review_policy: Annotated[ReviewPolicy | None, BeforeValidator(ReviewPolicy.read)] = None
    assignment_review_report: Annotated[ReviewPolicyReport | None, BeforeValidator(_object)] = None
    hit_review_report: Annotated[ReviewPolicyReport | None, BeforeValidator(_object)] = None
    next_token: LenientText = None


class AccountBalance(Record):
    available_balance: Dollars = None
    on_hold_balance: Dollars = None
