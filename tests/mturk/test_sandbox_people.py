"""Blocks, messages, qualifications, notification settings."""

from __future__ import annotations

from typing import Any

import pytest

from crowdhub.sandbox import SandboxError
from tests.mturk.signed import FORM, HIT, TERMS, Requester, form, mturk

__all__ = ["mturk"]
LOCALE, APPROVED = "00000000000000000071", "00000000000000000040"


@pytest.fixture
def kind(mturk: Requester) -> str:
    return create(mturk)


def create(mturk: Requester, name: str = "Spoke well", **members: object) -> str:
    told = {"Name": name, "Description": "Has spoken well.", "QualificationTypeStatus": "Active", **members}
    type_id: str = mturk.call("CreateQualificationType", **told)["QualificationType"]["QualificationTypeId"]
    return type_id


def test_a_block_is_kept_with_its_reason_until_it_is_lifted(mturk: Requester) -> None:
    worker = mturk.market.worker(5)
    for reason in ("Enough.", "Really."):  # again is no error
        mturk.call("CreateWorkerBlock", WorkerId=worker, Reason=reason)
    assert mturk.call("ListWorkerBlocks")["WorkerBlocks"] == [{"WorkerId": worker, "Reason": "Really."}]
    for _ in range(2):  # nor is lifting what is not there
        mturk.call("DeleteWorkerBlock", WorkerId=worker, Reason="Sorry.")
    assert mturk.call("ListWorkerBlocks") == {"NumResults": 0, "WorkerBlocks": []}
    refused = mturk.refused("CreateWorkerBlock", WorkerId="ANOBODY", Reason="Enough.")
    assert refused.code == "AWS.MechanicalTurk.WorkerDoesNotExist"
    assert mturk.refused("DeleteWorkerBlock", WorkerId="ANOBODY").words.startswith("WorkerId is invalid.")
    assert mturk.refused("CreateWorkerBlock", WorkerId=worker).kind == "ValidationException"
    assert mturk.refused("CreateWorkerBlock", WorkerId="x", Reason="Enough.").kind == "ValidationException"


def test_only_whose_work_was_reviewed_is_written_to(mturk: Requester) -> None:
    work, unreviewed = mturk.market.hand_in(mturk.publish(), 2)
    mturk.call("RejectAssignment", AssignmentId=work, RequesterFeedback="No.")
    workers = [mturk.market.assignment(each).worker for each in (work, unreviewed)]
    letter: dict[str, Any] = {"Subject": "Hello", "MessageText": "Again?", "WorkerIds": workers}
    failed = mturk.call("NotifyWorkers", **letter)["NotifyWorkersFailureStatuses"]
    assert [(each["WorkerId"], each["NotifyWorkersFailureCode"]) for each in failed] == [(workers[1], "HardFailure")]
    assert [(each.worker, each.subject, each.text) for each in mturk.market.letters] == [
        (workers[0], "Hello", "Again?")
    ]
    changes: list[dict[str, Any]] = [
        {"WorkerIds": []},
        {"WorkerIds": ["A1"] * 101},
        {"Subject": "x" * 201},
        {"MessageText": "x" * 4_097},
        {"Subject": ""},
    ]
    for changed in changes:
        assert mturk.refused("NotifyWorkers", **{**letter, **changed}).code is not None


def test_a_type_has_a_name_of_its_own(mturk: Requester, kind: str) -> None:
    told = {"Name": "Spoke well", "Description": "x", "QualificationTypeStatus": "Active"}
    refused = mturk.refused("CreateQualificationType", **told)
    assert refused.code == "AWS.MechanicalTurk.QualificationTypeAlreadyExists"
    mturk.call("DeleteQualificationType", QualificationTypeId=kind)
    assert mturk.refused("GetQualificationType", QualificationTypeId=kind).code == (
        "AWS.MechanicalTurk.QualificationTypeDoesNotExist"
    )
    assert mturk.refused("CreateQualificationType", **told).code is not None
    mturk.box.advance(hours=48)
    create(mturk)


def test_types_are_found_by_words_and_owner(mturk: Requester, kind: str) -> None:
    def names(**members: object) -> list[str]:
        told = mturk.call("ListQualificationTypes", **members, MaxResults=100)
        return [each["Name"] for each in told["QualificationTypes"]]

    assert names(MustBeRequestable=True) == ["Spoke well"]
    assert "Worker_Locale" in names(MustBeRequestable=False)
    assert names(MustBeRequestable=False, MustBeOwnedByCaller=True) == ["Spoke well"]
    assert names(MustBeRequestable=False, Query="locale") == ["Worker_Locale"]


def test_a_type_is_changed_within_what_goes_together(mturk: Requester, kind: str) -> None:
    changed = mturk.call(
        "UpdateQualificationType",
        QualificationTypeId=kind,
        QualificationTypeStatus="Inactive",
        AutoGranted=True,
        AutoGrantedValue=5,
        RetryDelayInSeconds=60,
    )["QualificationType"]
    assert changed == mturk.call("GetQualificationType", QualificationTypeId=kind)["QualificationType"]
    assert {name: changed[name] for name in ("QualificationTypeStatus", "AutoGrantedValue", "IsRequestable")} == {
        "QualificationTypeStatus": "Inactive",
        "AutoGrantedValue": 5,
        "IsRequestable": True,
    }
    for members in (
        {"Test": FORM},
        {"Test": FORM, "TestDurationInSeconds": 60, "AutoGranted": True},
        {"AnswerKey": "x"},
        {"RetryDelayInSeconds": 2**62},
        {"Test": "x", "TestDurationInSeconds": 60},
    ):
        assert mturk.refused("UpdateQualificationType", QualificationTypeId=kind, **members).code is not None
    assert mturk.refused("UpdateQualificationType", QualificationTypeId=LOCALE, Description="x").code == (
        "AWS.MechanicalTurk.PermissionDeniedException"
    )
    refused = mturk.refused("CreateHIT", **{**HIT, "QualificationRequirements": [needs(kind)]})
    assert "Inactive" in refused.words


def test_a_qualification_is_given_revoked_and_given_again(mturk: Requester, kind: str) -> None:
    whose = {"QualificationTypeId": kind, "WorkerId": mturk.market.worker(3)}
    assert mturk.refused("GetQualificationScore", **whose).code == "AWS.MechanicalTurk.QualificationDoesNotExist"
    assert mturk.refused("DisassociateQualificationFromWorker", **whose).code == (
        "AWS.MechanicalTurk.InvalidQualificationState"
    )
    mturk.call("AssociateQualificationWithWorker", **whose, SendNotification=False)
    mturk.call("AssociateQualificationWithWorker", **whose, IntegerValue=7)
    score = mturk.call("GetQualificationScore", **whose)["Qualification"]
    assert score == {
        **whose,
        "IntegerValue": 7,
        "Status": "Granted",
        "GrantTime": mturk.box.clock.now().timestamp(),
    }
    mturk.call("DisassociateQualificationFromWorker", **whose, Reason="No more.")

    def holders(status: str) -> int:
        found: int = mturk.call("ListWorkersWithQualificationType", QualificationTypeId=kind, Status=status)[
            "NumResults"
        ]
        return found

    assert (holders("Granted"), holders("Revoked")) == (0, 1)
    nobody = {**whose, "WorkerId": "ANOBODY"}
    assert mturk.refused("AssociateQualificationWithWorker", **nobody).code == "AWS.MechanicalTurk.WorkerDoesNotExist"


def test_who_asks_is_answered(mturk: Requester, kind: str) -> None:
    one, two = mturk.market.worker(1), mturk.market.worker(2)
    first, second = (mturk.market.request_qualification(kind, each) for each in (one, two))
    listed = mturk.call("ListQualificationRequests", QualificationTypeId=kind)["QualificationRequests"]
    assert [(each["QualificationRequestId"], each["WorkerId"]) for each in listed] == [(first, one), (second, two)]
    with pytest.raises(SandboxError, match="asked before"):
        mturk.market.request_qualification(kind, one)
    mturk.call("AcceptQualificationRequest", QualificationRequestId=first, IntegerValue=9)
    mturk.call("RejectQualificationRequest", QualificationRequestId=second, Reason="No.")
    assert mturk.call("ListQualificationRequests")["NumResults"] == 0
    assert mturk.refused("AcceptQualificationRequest", QualificationRequestId=first).code == (
        "AWS.MechanicalTurk.QualificationRequestDoesNotExist"
    )
    holders = mturk.call("ListWorkersWithQualificationType", QualificationTypeId=kind)["Qualifications"]
    assert [(each["WorkerId"], each["IntegerValue"]) for each in holders] == [(one, 9)]
    mturk.call("UpdateQualificationType", QualificationTypeId=kind, QualificationTypeStatus="Inactive")
    with pytest.raises(SandboxError, match="Inactive"):
        mturk.market.request_qualification(kind, mturk.market.worker(3))
    automatic = create(mturk, "For all", AutoGranted=True, AutoGrantedValue=2)
    assert mturk.market.request_qualification(automatic, one) is None
    tested = create(mturk, "Tested", Test=form(), TestDurationInSeconds=60)
    mturk.market.request_qualification(tested, one, "<QuestionFormAnswers/>")
    (told,) = mturk.call("ListQualificationRequests", QualificationTypeId=tested)["QualificationRequests"]
    assert (told["Test"], told["Answer"]) == (form(), "<QuestionFormAnswers/>")


def needs(type_id: str, comparator: str = "Exists", **values: object) -> dict[str, object]:
    return {"QualificationTypeId": type_id, "Comparator": comparator, **values}


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (needs("own"), True),
        (needs("own", "DoesNotExist"), False),
        (needs("own", "EqualTo", IntegerValues=[80]), True),
        (needs("own", "NotEqualTo", IntegerValues=[80]), False),
        (needs("own", "In", IntegerValues=[1, 80]), True),
        (needs("own", "NotIn", IntegerValues=[1, 80]), False),
        (needs("own", "GreaterThan", IntegerValues=[80]), False),
        (needs("own", "GreaterThanOrEqualTo", IntegerValues=[80]), True),
        (needs("own", "LessThan", IntegerValues=[80]), False),
        (needs("own", "LessThanOrEqualTo", IntegerValues=[80]), True),
        (needs(APPROVED, "GreaterThan", IntegerValues=[100]), True),
    ],
)
def test_who_may_take_a_hit(mturk: Requester, kind: str, rule: dict[str, object], fits: bool) -> None:
    if rule["QualificationTypeId"] == "own":
        rule = {**rule, "QualificationTypeId": kind}
    worker = mturk.market.worker(4)
    mturk.call("AssociateQualificationWithWorker", QualificationTypeId=kind, WorkerId=worker, IntegerValue=80)
    hit = mturk.publish(QualificationRequirements=[{**rule, "ActionsGuarded": "Accept"}])
    assert mturk.hit(hit)["QualificationRequirements"] == [{**rule, "ActionsGuarded": "Accept"}]
    if fits:
        mturk.market.accept(hit, worker)
    else:
        with pytest.raises(SandboxError, match="lacks a qualification"):
            mturk.market.accept(hit, worker)


def test_somebody_comes_who_may(mturk: Requester, kind: str) -> None:
    holder, country = mturk.market.worker(700), {"LocaleValues": [{"Country": "KE"}, {"Country": "BR"}]}
    hit = mturk.publish(QualificationRequirements=[needs(kind)])
    with pytest.raises(SandboxError, match="Nobody"):
        mturk.market.accept(hit)
    mturk.call("AssociateQualificationWithWorker", QualificationTypeId=kind, WorkerId=holder)
    assert mturk.market.assignment(mturk.market.accept(hit)).worker == holder
    assert [each["HITId"] for each in mturk.call("ListHITsForQualificationType", QualificationTypeId=kind)["HITs"]] == [
        hit
    ]
    abroad = mturk.publish(QualificationRequirements=[needs(LOCALE, "In", **country)])
    for each in mturk.market.hand_in(abroad, 3):
        assert mturk.market.workforce.country(mturk.market.assignment(each).worker) in ("KE", "BR")


@pytest.mark.parametrize(
    "rules",
    [
        [needs("3NONE")],
        [needs(APPROVED, "Exists", IntegerValues=[1])],
        [needs(APPROVED, "EqualTo")],
        [needs(APPROVED, "EqualTo", IntegerValues=[1, 2])],
        [needs(APPROVED, "In", IntegerValues=list(range(16)))],
        [needs(LOCALE, "GreaterThan", LocaleValues=[{"Country": "US"}])],
        [needs(LOCALE, "EqualTo", IntegerValues=[1])],
        [needs(APPROVED, "EqualTo", LocaleValues=[{"Country": "US"}])],
        [needs(APPROVED, RequiredToPreview=True, ActionsGuarded="Accept")],
        [needs(APPROVED)] * 11,
    ],
)
def test_requirements_that_do_not_fit(mturk: Requester, rules: list[dict[str, object]]) -> None:
    assert mturk.refused("CreateHITType", **TERMS, QualificationRequirements=rules).kind == "RequestError"


def test_notification_settings_are_kept(mturk: Requester) -> None:
    type_id = mturk.call("CreateHITType", **TERMS)["HITTypeId"]
    told = {
        "Destination": "arn:aws:sqs:us-east-1:1:q",
        "Transport": "SQS",
        "Version": "2006-05-05",
        "EventTypes": ["HITReviewable"],
    }
    assert mturk.refused("UpdateNotificationSettings", HITTypeId=type_id, Active=True).code is not None
    assert mturk.refused("UpdateNotificationSettings", HITTypeId=type_id).code is not None
    mturk.call("UpdateNotificationSettings", HITTypeId=type_id, Notification=told)
    mturk.call("UpdateNotificationSettings", HITTypeId=type_id, Active=False)
    assert mturk.market.events.settings[type_id].events == ("HITReviewable",)
    assert mturk.market.events.active == set()
    ping = {**told, "EventTypes": ["Ping"]}
    assert mturk.refused("UpdateNotificationSettings", HITTypeId=type_id, Notification=ping).code is not None
    mturk.call("SendTestEventNotification", Notification=ping, TestEventType="Ping")
    other = {**told, "Version": "2005"}
    assert mturk.refused("SendTestEventNotification", Notification=other, TestEventType="Ping").code is not None
    assert len(mturk.market.events.tests) == 1


def test_review_policies_are_told_again_and_do_nothing(mturk: Requester) -> None:
    policy = {"PolicyName": "SimplePlurality/2011-09-01", "Parameters": [{"Key": "QuestionIDs", "Values": ["said"]}]}
    hit = mturk.publish(HITReviewPolicy=policy)
    told = mturk.call("ListReviewPolicyResultsForHIT", HITId=hit)
    assert told["HITReviewPolicy"] == {"PolicyName": policy["PolicyName"]}
    assert told["HITReviewReport"] == {"ReviewResults": [], "ReviewActions": []}
    assert "HITReviewPolicy" not in mturk.call("ListReviewPolicyResultsForHIT", HITId=hit, PolicyLevels=["Assignment"])
    assert "HITReviewPolicy" in mturk.call("ListReviewPolicyResultsForHIT", HITId=hit, PolicyLevels=["HIT"])
    other = {"PolicyName": "Mine"}
    assert mturk.refused("CreateHIT", **HIT, HITReviewPolicy=other).code is not None


def test_a_hit_takes_on_another_type_with_its_price(mturk: Requester) -> None:
    hit, short = mturk.publish(), {"AutoApprovalDelayInSeconds": 60, "AssignmentDurationInSeconds": 60}
    dear = mturk.call("CreateHITType", **{**TERMS, "Reward": "1.00", "Title": "Dear", **short})["HITTypeId"]
    taken = mturk.market.accept(hit)
    before = mturk.market.assignment(taken).deadline
    assert mturk.refused("UpdateHITTypeOfHIT", HITId=hit, HITTypeId=dear).code == "AWS.MechanicalTurk.InvalidHITState"
    mturk.market.submit(taken)
    mturk.call("UpdateHITTypeOfHIT", HITId=hit, HITTypeId=dear)
    work = mturk.call("GetAssignment", AssignmentId=taken)["Assignment"]
    assert (work["Deadline"], work["AutoApprovalTime"] - work["SubmitTime"]) == (before.timestamp(), 2_592_000)
    assert mturk.balance() == ("97.00", "3.00")  # one at 0.60, two at 1.20
    mturk.call("ApproveAssignment", AssignmentId=taken)
    assert mturk.balance() == ("97.00", "2.40")
    rich = mturk.call("CreateHITType", **{**TERMS, "Reward": "99.00"})["HITTypeId"]
    assert mturk.refused("UpdateHITTypeOfHIT", HITId=hit, HITTypeId=rich).code == "AWS.MechanicalTurk.InsufficientFunds"
    assert (mturk.hit(hit)["Title"], mturk.balance()) == ("Dear", ("97.00", "2.40"))
    assert mturk.market.books().agree()
