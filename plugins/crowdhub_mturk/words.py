"""The words of the API that are one of a few. One that the model does not know breaks nothing: it is ``UNKNOWN``."""

from __future__ import annotations

from pydantic import AfterValidator

from crowdhub.model import OpenEnum


def _known(word: OpenEnum) -> OpenEnum:
    if word.name == "UNKNOWN":
        raise ValueError("is none of the words")
    return word


Known = AfterValidator(_known)
"""A word that is asked with, not one that was answered."""


class HITStatus(OpenEnum):
    ASSIGNABLE = "Assignable"
    UNASSIGNABLE = "Unassignable"
    REVIEWABLE = "Reviewable"
    REVIEWING = "Reviewing"
    DISPOSED = "Disposed"
    UNKNOWN = "UNKNOWN"


class HITReviewStatus(OpenEnum):
    NOT_REVIEWED = "NotReviewed"
    MARKED_FOR_REVIEW = "MarkedForReview"
    REVIEWED_APPROPRIATE = "ReviewedAppropriate"
    REVIEWED_INAPPROPRIATE = "ReviewedInappropriate"
    UNKNOWN = "UNKNOWN"


class ReviewableHITStatus(OpenEnum):
    REVIEWABLE = "Reviewable"
    REVIEWING = "Reviewing"


class AssignmentStatus(OpenEnum):
    SUBMITTED = "Submitted"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    UNKNOWN = "UNKNOWN"


class Comparator(OpenEnum):
    LESS_THAN = "LessThan"
    LESS_THAN_OR_EQUAL_TO = "LessThanOrEqualTo"
    GREATER_THAN = "GreaterThan"
    GREATER_THAN_OR_EQUAL_TO = "GreaterThanOrEqualTo"
    EQUAL_TO = "EqualTo"
    NOT_EQUAL_TO = "NotEqualTo"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    IN = "In"
    NOT_IN = "NotIn"


class HITAccessActions(OpenEnum):
    """From what a requirement keeps those who do not meet it."""

    ACCEPT = "Accept"
    PREVIEW_AND_ACCEPT = "PreviewAndAccept"
    DISCOVER_PREVIEW_AND_ACCEPT = "DiscoverPreviewAndAccept"


class QualificationTypeStatus(OpenEnum):
    ACTIVE = "Active"
    INACTIVE = "Inactive"
    UNKNOWN = "UNKNOWN"


class QualificationStatus(OpenEnum):
    GRANTED = "Granted"
    REVOKED = "Revoked"
    UNKNOWN = "UNKNOWN"


class ReviewPolicyLevel(OpenEnum):
    ASSIGNMENT = "Assignment"
    HIT = "HIT"


class ReviewActionStatus(OpenEnum):
    INTENDED = "Intended"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "UNKNOWN"


class NotificationTransport(OpenEnum):
    EMAIL = "Email"
    SQS = "SQS"
    SNS = "SNS"


class EventType(OpenEnum):
    ASSIGNMENT_ACCEPTED = "AssignmentAccepted"
    ASSIGNMENT_ABANDONED = "AssignmentAbandoned"
    ASSIGNMENT_RETURNED = "AssignmentReturned"
    ASSIGNMENT_SUBMITTED = "AssignmentSubmitted"
    ASSIGNMENT_REJECTED = "AssignmentRejected"
    ASSIGNMENT_APPROVED = "AssignmentApproved"
    HIT_CREATED = "HITCreated"
    HIT_EXPIRED = "HITExpired"
    HIT_REVIEWABLE = "HITReviewable"
    HIT_EXTENDED = "HITExtended"
    HIT_DISPOSED = "HITDisposed"
    PING = "Ping"


class NotifyWorkersFailureCode(OpenEnum):
    SOFT_FAILURE = "SoftFailure"
    HARD_FAILURE = "HardFailure"
    UNKNOWN = "UNKNOWN"
