"""The official client, pointed at the sandbox: over loopback, by the machine's clock."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from crowdhub.sandbox import Fault, Sandbox
from crowdhub_mturk.sandbox import MTurkSandbox
from tests.mturk.signed import FORM, form

HIT: dict[str, Any] = {
    "Title": "Say something",
    "Description": "A word is enough.",
    "Reward": "0.50",
    "AssignmentDurationInSeconds": 600,
    "LifetimeInSeconds": 86_400,
    "MaxAssignments": 3,
    "Question": FORM,
}


@dataclass(frozen=True)
class Official:
    """boto3's client and the sandbox behind it."""

    client: Any
    """Its types say that every member may be missing."""
    market: MTurkSandbox

    def publish(self, **more: object) -> str:
        hit_id: str = self.client.create_hit(**{**HIT, **more})["HIT"]["HITId"]
        return hit_id


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No profile and no configuration of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)


@contextmanager
def official(secret: str | None = None, **options: object) -> Generator[Official]:
    """A sandbox by the machine's clock; the client does not pause before it tries again."""
    options = {"every": 0, **options}
    with (
        Sandbox(MTurkSandbox, realtime=True, starting_at=datetime.now(UTC), options={"mturk": options}) as box,
        patch("botocore.retries.standard.ExponentialBackoff.delay_amount", return_value=0),
    ):
        settings = box.accounts["mturk"]
        client: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType]
            "mturk",
            region_name=settings["region"],
            endpoint_url=settings["base_url"],
            aws_access_key_id=settings["access_key_id"],
            aws_secret_access_key=secret or settings["secret_access_key"],
            aws_session_token=settings.get("session_token"),
            config=Config(proxies={}, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3}),
        )
        try:
            yield Official(client, box.market(MTurkSandbox))
        finally:
            client.close()


@pytest.fixture
def mturk() -> Iterator[Official]:
    with official() as made:
        yield made


def test_a_job_from_publishing_to_the_bonus(mturk: Official) -> None:
    client, market = mturk.client, mturk.market
    hit = mturk.publish(Keywords="word", RequesterAnnotation="mine", AutoApprovalDelayInSeconds=3_600)
    good, bad, other = market.hand_in(hit, 3, {"said": "a word"})
    told = client.get_hit(HITId=hit)["HIT"]
    assert (told["HITStatus"], told["NumberOfAssignmentsAvailable"], told["Reward"]) == ("Reviewable", 0, "0.50")
    assert abs(told["Expiration"] - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=2)
    work = client.list_assignments_for_hit(HITId=hit, AssignmentStatuses=["Submitted"])["Assignments"]
    assert [each["AssignmentId"] for each in work] == [good, bad, other]
    assert work[0]["AutoApprovalTime"] - work[0]["SubmitTime"] == timedelta(hours=1)
    client.approve_assignment(AssignmentId=good, RequesterFeedback="Thank you – gern wieder.")
    client.reject_assignment(AssignmentId=bad, RequesterFeedback="No word.")
    client.approve_assignment(AssignmentId=bad, OverrideRejection=True)
    assert client.get_assignment(AssignmentId=good)["Assignment"]["RequesterFeedback"] == "Thank you – gern wieder."
    worker = work[0]["WorkerId"]
    client.send_bonus(WorkerId=worker, AssignmentId=good, BonusAmount="1.00", Reason="Well said.")
    (bonus,) = client.list_bonus_payments(HITId=hit)["BonusPayments"]
    assert (bonus["BonusAmount"], bonus["WorkerId"], bonus["Reason"]) == ("1.00", worker, "Well said.")
    balance = client.get_account_balance()
    assert (balance["AvailableBalance"], balance["OnHoldBalance"]) == ("9997.00", "0.60")
    letter = client.notify_workers(Subject="Hello", MessageText="Again?", WorkerIds=[worker, "ANOBODY"])
    assert [each["WorkerId"] for each in letter["NotifyWorkersFailureStatuses"]] == ["ANOBODY"]
    assert [each.text for each in market.letters] == ["Again?"]
    client.approve_assignment(AssignmentId=other)
    client.delete_hit(HITId=hit)
    assert client.get_hit(HITId=hit)["HIT"]["HITStatus"] == "Disposed"
    assert market.books().agree()


def test_extending_and_ending(mturk: Official) -> None:
    client, hit = mturk.client, mturk.publish()
    client.create_additional_assignments_for_hit(HITId=hit, NumberOfAdditionalAssignments=2)
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with pytest.raises(client.exceptions.RequestError, match="365 days"):
        client.update_expiration_for_hit(HITId=hit, ExpireAt=later)
    client.update_expiration_for_hit(HITId=hit, ExpireAt=datetime(2015, 1, 1, tzinfo=UTC))
    told = client.get_hit(HITId=hit)["HIT"]
    assert (told["MaxAssignments"], told["HITStatus"]) == (5, "Reviewable")
    client.update_hit_review_status(HITId=hit)
    assert [each["HITId"] for each in client.list_reviewable_hits(Status="Reviewing")["HITs"]] == [hit]
    type_id = client.create_hit_type(
        Title="Other", Description="Words.", Reward="0.20", AssignmentDurationInSeconds=60
    )["HITTypeId"]
    client.update_hit_type_of_hit(HITId=hit, HITTypeId=type_id)
    assert client.get_hit(HITId=hit)["HIT"]["Title"] == "Other"
    made = client.create_hit_with_hit_type(HITTypeId=type_id, LifetimeInSeconds=60, Question=FORM)
    assert made["HIT"]["HITTypeId"] == type_id


def test_qualifications_and_blocks(mturk: Official) -> None:
    client, market = mturk.client, mturk.market
    kind = client.create_qualification_type(
        Name="Spoke well", Description="Has spoken well before.", QualificationTypeStatus="Active"
    )["QualificationType"]["QualificationTypeId"]
    worker = market.worker(7)
    client.associate_qualification_with_worker(QualificationTypeId=kind, WorkerId=worker, IntegerValue=80)
    score = client.get_qualification_score(QualificationTypeId=kind, WorkerId=worker)["Qualification"]
    assert (score["IntegerValue"], score["Status"]) == (80, "Granted")
    requirement = {"QualificationTypeId": kind, "Comparator": "GreaterThan", "IntegerValues": [70]}
    hit = mturk.publish(QualificationRequirements=[requirement])
    assert [each["HITId"] for each in client.list_hits_for_qualification_type(QualificationTypeId=kind)["HITs"]] == [
        hit
    ]
    (work,) = market.hand_in(hit)
    assert market.assignment(work).worker == worker
    client.disassociate_qualification_from_worker(QualificationTypeId=kind, WorkerId=worker)
    assert client.get_qualification_score(QualificationTypeId=kind, WorkerId=worker)["Qualification"]["Status"] == (
        "Revoked"
    )
    client.create_worker_block(WorkerId=worker, Reason="Enough.")
    assert client.list_worker_blocks()["WorkerBlocks"] == [{"WorkerId": worker, "Reason": "Enough."}]
    client.delete_worker_block(WorkerId=worker)
    assert client.list_worker_blocks()["WorkerBlocks"] == []


def test_who_asks_for_a_qualification(mturk: Official) -> None:
    client, market = mturk.client, mturk.market
    kind = client.create_qualification_type(
        Name="Tested", Description="A test.", QualificationTypeStatus="Active", Test=FORM, TestDurationInSeconds=600
    )["QualificationType"]["QualificationTypeId"]
    asked = [market.request_qualification(kind, market.worker(number)) for number in range(2)]
    requests = client.list_qualification_requests(QualificationTypeId=kind)["QualificationRequests"]
    assert [each["QualificationRequestId"] for each in requests] == asked
    client.accept_qualification_request(QualificationRequestId=asked[0], IntegerValue=3)
    client.reject_qualification_request(QualificationRequestId=asked[1], Reason="No.")
    (holder,) = client.list_workers_with_qualification_type(QualificationTypeId=kind)["Qualifications"]
    assert (holder["WorkerId"], holder["IntegerValue"]) == (market.worker(0), 3)
    client.update_qualification_type(QualificationTypeId=kind, Description="Another test.")
    assert client.get_qualification_type(QualificationTypeId=kind)["QualificationType"]["Test"] == FORM
    (listed,) = client.list_qualification_types(MustBeRequestable=True, Query="another")["QualificationTypes"]
    assert listed["QualificationTypeId"] == kind
    client.delete_qualification_type(QualificationTypeId=kind)
    assert client.list_qualification_types(MustBeRequestable=True)["QualificationTypes"] == []


def test_policies_and_notifications(mturk: Official) -> None:
    client = mturk.client
    hit = mturk.publish(HITReviewPolicy={"PolicyName": "SimplePlurality/2011-09-01"})
    told = client.list_review_policy_results_for_hit(HITId=hit)
    assert told["HITReviewReport"] == {"ReviewResults": [], "ReviewActions": []}
    where = {"Destination": "a queue", "Transport": "SQS", "Version": "2006-05-05", "EventTypes": ["HITReviewable"]}
    type_id = client.get_hit(HITId=hit)["HIT"]["HITTypeId"]
    client.update_notification_settings(HITTypeId=type_id, Notification=where, Active=True)
    client.send_test_event_notification(Notification=where, TestEventType="Ping")
    assert len(mturk.market.events.tests) == 1


def test_a_file_is_behind_a_link(mturk: Official) -> None:
    asked = """<Question><QuestionIdentifier>shot</QuestionIdentifier><QuestionContent><Text>A picture</Text>
    </QuestionContent><AnswerSpecification><FileUploadAnswer><MaxFileSizeInBytes>1000</MaxFileSizeInBytes>
    <MinFileSizeInBytes>1</MinFileSizeInBytes></FileUploadAnswer></AnswerSpecification></Question>"""
    hit = mturk.publish(Question=form(asked))
    (work,) = mturk.market.hand_in(hit, files={"shot": b"\x89PNG"})
    link = mturk.client.get_file_upload_url(AssignmentId=work, QuestionIdentifier="shot")["FileUploadURL"]
    with urlopen(link) as file:
        assert file.read() == b"\x89PNG"


@pytest.mark.parametrize("readings", [{}, {"empty_last_page": True}, {"tokens_count_rows": True, "newest_first": True}])
def test_paginators_bring_every_row_once(readings: dict[str, Any]) -> None:
    with official(**readings) as mturk:
        client, market = mturk.client, mturk.market
        hits = [mturk.publish(MaxAssignments=9, Reward="0.01") for _ in range(7)]
        work = market.hand_in(hits[0], 9)
        for each in work:
            worker = market.assignment(each).worker
            client.send_bonus(WorkerId=worker, AssignmentId=each, BonusAmount="0.01", Reason="Thanks.")
            client.create_worker_block(WorkerId=worker, Reason="Enough.")
        small = {"PageSize": 3}
        listed = client.get_paginator("list_hits").paginate(PaginationConfig=small)
        found = [each["HITId"] for page in listed for each in page["HITs"]]
        assert found == (hits[::-1] if "newest_first" in readings else hits)
        assignments = client.get_paginator("list_assignments_for_hit").paginate(HITId=hits[0], PaginationConfig=small)
        assert [each["AssignmentId"] for page in assignments for each in page["Assignments"]] == work
        payments = client.get_paginator("list_bonus_payments").paginate(HITId=hits[0], PaginationConfig=small)
        assert [each["AssignmentId"] for page in payments for each in page["BonusPayments"]] == work
        blocks = client.get_paginator("list_worker_blocks").paginate(PaginationConfig=small)
        assert len({each["WorkerId"] for page in blocks for each in page["WorkerBlocks"]}) == 9


def test_its_error_classes(mturk: Official) -> None:
    client = mturk.client
    with pytest.raises(client.exceptions.RequestError) as refused:
        client.get_hit(HITId="3NONE")
    assert refused.value.response["TurkErrorCode"] == "AWS.MechanicalTurk.HITDoesNotExist"
    assert refused.value.response["Error"]["Code"] == "RequestError"
    mturk.market.faults.add(Fault.status(500), operation="GetHIT", times=None)
    with pytest.raises(client.exceptions.ServiceFault):
        client.get_hit(HITId="3NONE")
    with pytest.raises(ClientError, match="ValidationException"):
        mturk.publish(Reward="$1")


def test_a_wrong_secret() -> None:
    with official("another") as mturk, pytest.raises(ClientError, match="InvalidSignatureException"):
        mturk.client.get_account_balance()


def test_a_skewed_clock(mturk: Official) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=6)
    with (
        patch("botocore.auth.get_current_datetime", return_value=ahead),
        pytest.raises(ClientError, match=r"InvalidSignatureException.*not yet current"),
    ):
        mturk.client.get_account_balance()


def test_temporary_keys() -> None:
    with official(temporary=3_600) as mturk:
        mturk.client.get_account_balance()


@pytest.mark.parametrize("shape", ["ThrottlingException", "503"])
def test_it_tries_again_when_there_are_too_many_requests(shape: str) -> None:
    with official(rate_limit=1, throttled=shape) as mturk:
        mturk.market.set_rate_limit(0)
        with pytest.raises(ClientError, match=shape):
            mturk.publish()
        assert len(mturk.market.requests) == 3
        assert mturk.market.hits() == []


def test_its_own_retry_of_a_lost_answer_makes_two_hits_without_a_token(mturk: Official) -> None:
    mturk.market.faults.add(Fault.drop(), operation="CreateHIT")
    hit = mturk.publish()
    assert [each.id for each in mturk.market.hits()][1:] == [hit]
    assert len(mturk.market.hits()) == 2
    assert mturk.market.books().charged == Decimal("3.60")


def test_with_a_token_it_makes_one_and_is_told_which(mturk: Official) -> None:
    mturk.market.faults.add(Fault.drop(), operation="CreateHIT")
    with pytest.raises(mturk.client.exceptions.RequestError) as refused:
        mturk.publish(UniqueRequestToken="once")
    (hit,) = mturk.market.hits()
    assert refused.value.response["TurkErrorCode"] == "AWS.MechanicalTurk.HitAlreadyExists"
    assert hit.id in refused.value.response["Error"]["Message"]
