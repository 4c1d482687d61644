"""What answers look like. Members that are not set are left out."""

from datetime import datetime

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox.qualifications import QualificationRequest, QualificationType, Score
from crowdhub_mturk.sandbox.state import Assignment, Bonus, Hit, Requirement
from crowdhub_mturk.sandbox.workforce import Block


def epoch(moment: datetime | None) -> float | None:
    """Seconds since 1970, with a fraction."""
    return None if moment is None else moment.timestamp()


def set_members(**members: object) -> JsonObject:
    """Without those that are not set."""
    return {name: value for name, value in members.items() if value is not None}


def hit(it: Hit, *, available_after_end: bool) -> JsonObject:
    terms = it.type
    return set_members(
        HITId=it.id,
        HITTypeId=it.type_id,
        HITGroupId=f"{it.type_id[:-1]}G",
        CreationTime=epoch(it.created),
        Title=terms.title,
        Description=terms.description,
        Question=it.question,
        Keywords=terms.keywords,
        HITStatus=it.status,
        MaxAssignments=it.slots,
        Reward=f"{terms.reward:.2f}",
        AutoApprovalDelayInSeconds=terms.auto_approval,
        Expiration=epoch(it.expires),
        AssignmentDurationInSeconds=terms.duration,
        RequesterAnnotation=it.annotation,
        QualificationRequirements=[requirement(each) for each in terms.requirements],
        HITReviewStatus="NotReviewed",
        NumberOfAssignmentsPending=it.in_hands,
        NumberOfAssignmentsAvailable=0 if it.ended and not available_after_end else it.available,
        NumberOfAssignmentsCompleted=it.completed,
    )


def requirement(it: Requirement) -> JsonObject:
    locales = [set_members(Country=country, Subdivision=part) for country, part in it.locales]
    return set_members(
        QualificationTypeId=it.type_id,
        Comparator=it.comparator,
        IntegerValues=list(it.integers) or None,
        LocaleValues=locales or None,
        RequiredToPreview=it.preview,
        ActionsGuarded=it.guarded,
    )


def assignment(it: Assignment) -> JsonObject:
    return set_members(
        AssignmentId=it.id,
        WorkerId=it.worker,
        HITId=it.hit.id,
        AssignmentStatus=it.status,
        AutoApprovalTime=epoch(it.auto_approval),
        AcceptTime=epoch(it.accepted),
        SubmitTime=epoch(it.submitted),
        ApprovalTime=epoch(it.approved),
        RejectionTime=epoch(it.rejected),
        Deadline=epoch(it.deadline),
        Answer=it.answer,
        RequesterFeedback=it.feedback,
    )


def bonus(it: Bonus) -> JsonObject:
    return set_members(
        WorkerId=it.assignment.worker,
        BonusAmount=f"{it.amount:.2f}",
        AssignmentId=it.assignment.id,
        Reason=it.reason,
        GrantTime=epoch(it.at),
    )


def block(it: Block) -> JsonObject:
    return {"WorkerId": it.worker, "Reason": it.reason}


def qualification_type(it: QualificationType) -> JsonObject:
    return set_members(
        QualificationTypeId=it.id,
        CreationTime=epoch(it.created),
        Name=it.name,
        Description=it.description,
        Keywords=it.keywords,
        QualificationTypeStatus=it.status,
        Test=it.test,
        TestDurationInSeconds=it.test_duration,
        AnswerKey=it.answer_key,
        RetryDelayInSeconds=it.retry_delay,
        IsRequestable=not it.system,
        AutoGranted=it.auto_granted,
        AutoGrantedValue=it.auto_value if it.auto_granted else None,
    )


def qualification(type_id: str, it: Score) -> JsonObject:
    return set_members(
        QualificationTypeId=type_id,
        WorkerId=it.worker,
        GrantTime=epoch(it.granted),
        IntegerValue=it.value,
        Status=it.status,
    )


def request(it: QualificationRequest, test: str | None) -> JsonObject:
    return set_members(
        QualificationRequestId=it.id,
        QualificationTypeId=it.type_id,
        WorkerId=it.worker,
        Test=test,
        Answer=it.answer,
        SubmitTime=epoch(it.submitted),
    )
