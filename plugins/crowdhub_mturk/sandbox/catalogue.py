"""The 39 operations and what may be asked of each."""

from collections.abc import Mapping

from crowdhub_mturk.sandbox.kinds import Dollars, Flag, Kind, Many, Moment, Record, Text, Whole

TEXT, FLAG, NUMBER, LONG, MOMENT, DOLLARS = Text(), Flag(), Whole(), Whole(bits=64), Moment(), Dollars()
ID = Text(1, 64, r"^[A-Z0-9]+$")
WORKER = Text(1, 64, r"^A[A-Z0-9]+$")
TOKEN = Text(1, 64)
COUNTRY = Text(2, 2)
PAGES: Mapping[str, Kind] = {"NextToken": Text(1, 255), "MaxResults": Whole(1, 100)}

REVIEWED = ("Submitted", "Approved", "Rejected")
EVENTS = (
    "AssignmentAccepted",
    "AssignmentAbandoned",
    "AssignmentReturned",
    "AssignmentSubmitted",
    "AssignmentRejected",
    "AssignmentApproved",
    "HITCreated",
    "HITExpired",
    "HITReviewable",
    "HITExtended",
    "HITDisposed",
    "Ping",
)
COMPARATORS = (
    "LessThan",
    "LessThanOrEqualTo",
    "GreaterThan",
    "GreaterThanOrEqualTo",
    "EqualTo",
    "NotEqualTo",
    "Exists",
    "DoesNotExist",
    "In",
    "NotIn",
)
GUARDED = ("Accept", "PreviewAndAccept", "DiscoverPreviewAndAccept")

REQUIREMENT = Record(
    {
        "QualificationTypeId": TEXT,
        "Comparator": Text(one_of=COMPARATORS),
        "IntegerValues": Many(NUMBER),
        "LocaleValues": Many(Record({"Country": COUNTRY, "Subdivision": COUNTRY}, ("Country",))),
        "RequiredToPreview": FLAG,
        "ActionsGuarded": Text(one_of=GUARDED),
    },
    ("QualificationTypeId", "Comparator"),
)
POLICY = Record(
    {
        "PolicyName": TEXT,
        "Parameters": Many(
            Record(
                {
                    "Key": TEXT,
                    "Values": Many(TEXT),
                    "MapEntries": Many(Record({"Key": TEXT, "Values": Many(TEXT)})),
                }
            )
        ),
    },
    ("PolicyName",),
)
NOTIFICATION = Record(
    {
        "Destination": TEXT,
        "Transport": Text(one_of=("Email", "SQS", "SNS")),
        "Version": TEXT,
        "EventTypes": Many(Text(one_of=EVENTS)),
    },
    ("Destination", "Transport", "Version", "EventTypes"),
)
TYPE: Mapping[str, Kind] = {
    "AutoApprovalDelayInSeconds": LONG,
    "AssignmentDurationInSeconds": LONG,
    "Reward": DOLLARS,
    "Title": TEXT,
    "Keywords": TEXT,
    "Description": TEXT,
    "QualificationRequirements": Many(REQUIREMENT),
}
TYPE_REQUIRED = ("AssignmentDurationInSeconds", "Reward", "Title", "Description")
HIT: Mapping[str, Kind] = {
    "MaxAssignments": NUMBER,
    "LifetimeInSeconds": LONG,
    "Question": TEXT,
    "RequesterAnnotation": TEXT,
    "UniqueRequestToken": TOKEN,
    "AssignmentReviewPolicy": POLICY,
    "HITReviewPolicy": POLICY,
    "HITLayoutId": ID,
    "HITLayoutParameters": Many(Record({"Name": TEXT, "Value": TEXT}, ("Name", "Value"))),
}
QUALIFICATION: Mapping[str, Kind] = {
    "Description": TEXT,
    "QualificationTypeStatus": Text(one_of=("Active", "Inactive")),
    "RetryDelayInSeconds": LONG,
    "Test": TEXT,
    "AnswerKey": TEXT,
    "TestDurationInSeconds": LONG,
    "AutoGranted": FLAG,
    "AutoGrantedValue": NUMBER,
}
OF_WORKER: Mapping[str, Kind] = {"QualificationTypeId": ID, "WorkerId": WORKER}

OPERATIONS: Mapping[str, Record] = {
    "AcceptQualificationRequest": Record(
        {"QualificationRequestId": TEXT, "IntegerValue": NUMBER}, ("QualificationRequestId",)
    ),
    "ApproveAssignment": Record(
        {"AssignmentId": ID, "RequesterFeedback": TEXT, "OverrideRejection": FLAG}, ("AssignmentId",)
    ),
    "AssociateQualificationWithWorker": Record(
        {**OF_WORKER, "IntegerValue": NUMBER, "SendNotification": FLAG}, ("QualificationTypeId", "WorkerId")
    ),
    "CreateAdditionalAssignmentsForHIT": Record(
        {"HITId": ID, "NumberOfAdditionalAssignments": NUMBER, "UniqueRequestToken": TOKEN},
        ("HITId", "NumberOfAdditionalAssignments"),
    ),
    "CreateHIT": Record({**TYPE, **HIT}, ("LifetimeInSeconds", *TYPE_REQUIRED)),
    "CreateHITType": Record(TYPE, TYPE_REQUIRED),
    "CreateHITWithHITType": Record({"HITTypeId": ID, **HIT}, ("HITTypeId", "LifetimeInSeconds")),
    "CreateQualificationType": Record(
        {"Name": TEXT, "Keywords": TEXT, **QUALIFICATION}, ("Name", "Description", "QualificationTypeStatus")
    ),
    "CreateWorkerBlock": Record({"WorkerId": WORKER, "Reason": TEXT}, ("WorkerId", "Reason")),
    "DeleteHIT": Record({"HITId": ID}, ("HITId",)),
    "DeleteQualificationType": Record({"QualificationTypeId": ID}, ("QualificationTypeId",)),
    "DeleteWorkerBlock": Record({"WorkerId": WORKER, "Reason": TEXT}, ("WorkerId",)),
    "DisassociateQualificationFromWorker": Record({**OF_WORKER, "Reason": TEXT}, ("WorkerId", "QualificationTypeId")),
    "GetAccountBalance": Record({}),
    "GetAssignment": Record({"AssignmentId": ID}, ("AssignmentId",)),
    "GetFileUploadURL": Record(
        {"AssignmentId": ID, "QuestionIdentifier": TEXT}, ("AssignmentId", "QuestionIdentifier")
    ),
    "GetHIT": Record({"HITId": ID}, ("HITId",)),
    "GetQualificationScore": Record(OF_WORKER, ("QualificationTypeId", "WorkerId")),
    "GetQualificationType": Record({"QualificationTypeId": ID}, ("QualificationTypeId",)),
    "ListAssignmentsForHIT": Record(
        {"HITId": ID, **PAGES, "AssignmentStatuses": Many(Text(one_of=REVIEWED))}, ("HITId",)
    ),
    "ListBonusPayments": Record({"HITId": ID, "AssignmentId": ID, **PAGES}),
    "ListHITs": Record(PAGES),
    "ListHITsForQualificationType": Record({"QualificationTypeId": ID, **PAGES}, ("QualificationTypeId",)),
    "ListQualificationRequests": Record({"QualificationTypeId": ID, **PAGES}),
    "ListQualificationTypes": Record(
        {"Query": TEXT, "MustBeRequestable": FLAG, "MustBeOwnedByCaller": FLAG, **PAGES}, ("MustBeRequestable",)
    ),
    "ListReviewPolicyResultsForHIT": Record(
        {
            "HITId": ID,
            "PolicyLevels": Many(Text(one_of=("Assignment", "HIT"))),
            "RetrieveActions": FLAG,
            "RetrieveResults": FLAG,
            **PAGES,
        },
        ("HITId",),
    ),
    "ListReviewableHITs": Record({"HITTypeId": ID, "Status": Text(one_of=("Reviewable", "Reviewing")), **PAGES}),
    "ListWorkerBlocks": Record(PAGES),
    "ListWorkersWithQualificationType": Record(
        {"QualificationTypeId": ID, "Status": Text(one_of=("Granted", "Revoked")), **PAGES}, ("QualificationTypeId",)
    ),
    "NotifyWorkers": Record(
        {"Subject": TEXT, "MessageText": TEXT, "WorkerIds": Many(WORKER)}, ("Subject", "MessageText", "WorkerIds")
    ),
    "RejectAssignment": Record({"AssignmentId": ID, "RequesterFeedback": TEXT}, ("AssignmentId", "RequesterFeedback")),
    "RejectQualificationRequest": Record({"QualificationRequestId": TEXT, "Reason": TEXT}, ("QualificationRequestId",)),
    "SendBonus": Record(
        {
            "WorkerId": WORKER,
            "BonusAmount": DOLLARS,
            "AssignmentId": ID,
            "Reason": TEXT,
            "UniqueRequestToken": TOKEN,
        },
        ("WorkerId", "BonusAmount", "AssignmentId", "Reason"),
    ),
    "SendTestEventNotification": Record(
        {"Notification": NOTIFICATION, "TestEventType": Text(one_of=EVENTS)}, ("Notification", "TestEventType")
    ),
    "UpdateExpirationForHIT": Record({"HITId": ID, "ExpireAt": MOMENT}, ("HITId", "ExpireAt")),
    "UpdateHITReviewStatus": Record({"HITId": ID, "Revert": FLAG}, ("HITId",)),
    "UpdateHITTypeOfHIT": Record({"HITId": ID, "HITTypeId": ID}, ("HITId", "HITTypeId")),
    "UpdateNotificationSettings": Record(
        {"HITTypeId": ID, "Notification": NOTIFICATION, "Active": FLAG}, ("HITTypeId",)
    ),
    "UpdateQualificationType": Record({"QualificationTypeId": ID, **QUALIFICATION}, ("QualificationTypeId",)),
}
