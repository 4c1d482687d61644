"""HITs, assignments and the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crowdhub.sandbox import SandboxError
from tests.mturk.signed import FORM, HIT, TERMS, Requester, mturk, requester

__all__ = ["mturk"]
MONTH = 2_592_000


def test_a_hit_is_told_as_it_was_made_with_the_defaults(mturk: Requester) -> None:
    hit = mturk.call("CreateHIT", **HIT, Keywords="word, say", RequesterAnnotation="mine")["HIT"]
    now = mturk.box.clock.now().timestamp()
    assert mturk.hit(hit["HITId"]) == hit
    assert hit == {
        **TERMS,
        "HITId": hit["HITId"],
        "HITTypeId": hit["HITTypeId"],
        "HITGroupId": hit["HITGroupId"],
        "CreationTime": now,
        "Expiration": now + 86_400,
        "Question": FORM,
        "Keywords": "word, say",
        "RequesterAnnotation": "mine",
        "HITStatus": "Assignable",
        "HITReviewStatus": "NotReviewed",
        "MaxAssignments": 3,
        "AutoApprovalDelayInSeconds": MONTH,
        "QualificationRequirements": [],
        "NumberOfAssignmentsPending": 0,
        "NumberOfAssignmentsAvailable": 3,
        "NumberOfAssignmentsCompleted": 0,
    }


def test_equal_values_share_a_type_whichever_operation_made_it(mturk: Requester) -> None:
    type_id = mturk.call("CreateHITType", **TERMS)["HITTypeId"]
    assert mturk.call("CreateHITType", **TERMS)["HITTypeId"] == type_id
    assert mturk.hit(mturk.publish())["HITTypeId"] == type_id
    assert mturk.call("CreateHITType", **{**TERMS, "Reward": "0.51"})["HITTypeId"] != type_id
    hit = mturk.call("CreateHITWithHITType", HITTypeId=type_id, LifetimeInSeconds=60, Question=FORM)["HIT"]
    assert (hit["Title"], hit["MaxAssignments"], hit["HITTypeId"]) == ("Say something", 1, type_id)
    code = mturk.refused("CreateHITWithHITType", HITTypeId="3NONE", LifetimeInSeconds=60, Question=FORM).code
    assert code == "AWS.MechanicalTurk.HITTypeDoesNotExist"


def test_counters_tell_what_is_in_hands_available_and_reviewed(mturk: Requester) -> None:
    hit, box = mturk.publish(), mturk.market
    first, second, third = (box.accept(hit) for _ in range(3))
    assert mturk.numbers(hit) == ("Unassignable", 3, 0, 0)
    box.give_back(first)
    assert mturk.numbers(hit) == ("Assignable", 2, 1, 0)
    for each in (second, third, box.accept(hit)):
        box.submit(each)
    assert mturk.numbers(hit) == ("Reviewable", 0, 0, 0)
    mturk.call("ApproveAssignment", AssignmentId=second)
    mturk.call("RejectAssignment", AssignmentId=third, RequesterFeedback="No word.")
    assert mturk.numbers(hit) == ("Reviewable", 0, 0, 2)  # a rejected one does not open again


def test_only_what_was_submitted_exists_for_a_requester(mturk: Requester) -> None:
    hit = mturk.publish()
    taken = mturk.market.accept(hit)
    assert mturk.call("ListAssignmentsForHIT", HITId=hit) == {"NumResults": 0, "Assignments": []}
    for operation in ("GetAssignment", "ApproveAssignment"):
        assert mturk.refused(operation, AssignmentId=taken).code == "AWS.MechanicalTurk.AssignmentDoesNotExist"
    mturk.box.advance(minutes=1)
    mturk.market.submit(taken, {"said": "Good & <well>"})
    told = mturk.call("GetAssignment", AssignmentId=taken)
    work, now = told["Assignment"], mturk.box.clock.now().timestamp()
    assert told["HIT"]["HITId"] == hit
    assert "<FreeText>Good &amp; &lt;well&gt;</FreeText>" in work.pop("Answer")
    assert work == {
        "AssignmentId": taken,
        "WorkerId": mturk.market.assignment(taken).worker,
        "HITId": hit,
        "AssignmentStatus": "Submitted",
        "AcceptTime": now - 60,
        "Deadline": now + 540,
        "SubmitTime": now,
        "AutoApprovalTime": now + MONTH,
    }


def test_what_is_not_handed_in_by_its_deadline_is_abandoned(mturk: Requester) -> None:
    hit = mturk.publish()
    taken = mturk.market.accept(hit)
    mturk.box.advance(seconds=600)
    assert mturk.numbers(hit) == ("Assignable", 0, 3, 0)
    with pytest.raises(SandboxError, match="Abandoned"):
        mturk.market.submit(taken)


def test_silence_approves_by_the_clock(mturk: Requester) -> None:
    hit = mturk.publish(AutoApprovalDelayInSeconds=3_600)
    (work,) = mturk.market.hand_in(hit)
    mturk.box.advance(seconds=3_599)
    assert mturk.numbers(hit)[3] == 0
    mturk.box.advance(seconds=1)
    told = mturk.call("GetAssignment", AssignmentId=work)["Assignment"]
    assert (told["AssignmentStatus"], told["ApprovalTime"]) == ("Approved", told["AutoApprovalTime"])
    assert mturk.refused("RejectAssignment", AssignmentId=work, RequesterFeedback="Late.").code == (
        "AWS.MechanicalTurk.InvalidAssignmentState"
    )


def test_what_is_settled_cannot_be_settled_again_but_a_rejection_overridden_for_thirty_days(mturk: Requester) -> None:
    hit = mturk.publish()
    good, bad, late = mturk.market.hand_in(hit, 3)
    mturk.call("ApproveAssignment", AssignmentId=good, RequesterFeedback="Thanks.")
    for each in (bad, late):
        mturk.call("RejectAssignment", AssignmentId=each, RequesterFeedback="No.")
    for operation, more in (("ApproveAssignment", {}), ("RejectAssignment", {"RequesterFeedback": "No."})):
        for each in (good, bad):
            refused = mturk.refused(operation, AssignmentId=each, **more)
            assert refused.code == "AWS.MechanicalTurk.InvalidAssignmentState"
            assert "This operation can be called with a status of: Submitted" in refused.words
    mturk.call("ApproveAssignment", AssignmentId=bad, OverrideRejection=True)
    assert mturk.call("GetAssignment", AssignmentId=bad)["Assignment"]["AssignmentStatus"] == "Approved"
    assert mturk.refused("ApproveAssignment", AssignmentId=good, OverrideRejection=True).code == (
        "AWS.MechanicalTurk.InvalidAssignmentState"
    )
    mturk.box.advance(days=31)
    assert "30 days" in mturk.refused("ApproveAssignment", AssignmentId=late, OverrideRejection=True).words
    assert mturk.market.books().agree()


def test_a_hit_that_is_over_can_be_reviewed_and_opened_again(mturk: Requester) -> None:
    hit = mturk.publish()
    taken = mturk.market.accept(hit)
    mturk.box.advance(seconds=300)
    now = mturk.box.clock.now()
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=now.timestamp() - 1)
    assert mturk.numbers(hit) == ("Unassignable", 1, 2, 0)
    with pytest.raises(SandboxError, match="Unassignable"):
        mturk.market.accept(hit)
    mturk.market.submit(taken)
    assert mturk.numbers(hit) == ("Reviewable", 0, 2, 0)
    later = now + timedelta(days=2)
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=later.timestamp())
    assert mturk.numbers(hit) == ("Assignable", 0, 2, 0)
    mturk.box.advance(days=2)
    assert mturk.numbers(hit)[0] == "Reviewable"


def test_the_same_end_twice_is_refused_for_a_day(mturk: Requester) -> None:
    hit, end = mturk.publish(), (mturk.box.clock.now() + timedelta(days=9)).timestamp()
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=end)
    refused = mturk.refused("UpdateExpirationForHIT", HITId=hit, ExpireAt=end + 0.4)  # the same second
    assert (refused.kind, refused.code) == ("RequestError", None)
    assert refused.words.startswith(f'The idempotency token "{hit}Sat Jan 24 09:00:00 UTC 2026" has already been')
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=end + 1)
    mturk.box.advance(days=1)
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=end)
    with requester(same_expiration_refused=False) as lenient:
        hit = lenient.publish()
        for _ in range(2):
            lenient.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=end)


def test_slots_are_added_within_each_side_of_ten(mturk: Requester) -> None:
    small, big = mturk.publish(MaxAssignments=8), mturk.publish(MaxAssignments=10)
    mturk.call("CreateAdditionalAssignmentsForHIT", HITId=small, NumberOfAdditionalAssignments=1)
    assert mturk.numbers(small) == ("Assignable", 0, 9, 0)
    refused = mturk.refused("CreateAdditionalAssignmentsForHIT", HITId=small, NumberOfAdditionalAssignments=1)
    assert refused.code == "AWS.MechanicalTurk.InvalidMaximumAssignmentsIncrease"
    mturk.call("CreateAdditionalAssignmentsForHIT", HITId=big, NumberOfAdditionalAssignments=5)
    assert mturk.hit(big)["MaxAssignments"] == 15


def test_only_what_is_reviewable_and_settled_can_be_deleted(mturk: Requester) -> None:
    hit = mturk.publish(MaxAssignments=1)
    assert mturk.refused("DeleteHIT", HITId=hit).code == "AWS.MechanicalTurk.InvalidHITState"
    (work,) = mturk.market.hand_in(hit)
    assert "not approved or rejected" in mturk.refused("DeleteHIT", HITId=hit).words
    mturk.call("RejectAssignment", AssignmentId=work, RequesterFeedback="No.")
    mturk.call("DeleteHIT", HITId=hit)
    assert mturk.hit(hit)["HITStatus"] == "Disposed"
    assert mturk.call("ListHITs")["HITs"] == []
    assert mturk.refused("ApproveAssignment", AssignmentId=work, OverrideRejection=True).code == (
        "AWS.MechanicalTurk.InvalidHITState"
    )
    with requester(deleted="missing") as strict:
        hit = strict.publish()
        strict.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=1)
        strict.call("DeleteHIT", HITId=hit)
        assert strict.refused("GetHIT", HITId=hit).code == "AWS.MechanicalTurk.HITDoesNotExist"


def test_a_hit_is_disposed_of_120_days_after_it_became_reviewable(mturk: Requester) -> None:
    hit = mturk.publish()
    mturk.market.hand_in(hit)
    mturk.box.advance(days=1)
    assert mturk.numbers(hit) == ("Reviewable", 0, 2, 0)
    mturk.box.advance(days=119, hours=23)
    assert mturk.numbers(hit) == ("Reviewable", 0, 2, 1)
    mturk.box.advance(hours=1)
    assert mturk.hit(hit)["HITStatus"] == "Disposed"
    assert mturk.market.books().held == 0


def test_reviewing_goes_there_and_back(mturk: Requester) -> None:
    hit, open_one = mturk.publish(MaxAssignments=1), mturk.publish()
    mturk.market.hand_in(hit)
    assert mturk.refused("UpdateHITReviewStatus", HITId=open_one).code == "AWS.MechanicalTurk.InvalidHITState"

    def listed(**members: str) -> list[str]:
        return [each["HITId"] for each in mturk.call("ListReviewableHITs", **members)["HITs"]]

    assert listed() == [hit]
    mturk.call("UpdateHITReviewStatus", HITId=hit)
    assert (listed(), listed(Status="Reviewing"), mturk.numbers(hit)[0]) == ([], [hit], "Reviewing")
    assert mturk.refused("UpdateHITReviewStatus", HITId=hit).code == "AWS.MechanicalTurk.InvalidHITState"
    mturk.call("UpdateHITReviewStatus", HITId=hit, Revert=True)
    assert listed(HITTypeId=mturk.hit(hit)["HITTypeId"]) == [hit]


def test_a_worker_takes_a_hit_once_and_not_when_blocked(mturk: Requester) -> None:
    hit, worker = mturk.publish(), "AWORKER0000001"
    mturk.market.hand_in(hit, worker=worker)
    with pytest.raises(SandboxError, match="worked on it"):
        mturk.market.accept(hit, worker)
    mturk.call("CreateWorkerBlock", WorkerId=worker, Reason="Enough.")
    with pytest.raises(SandboxError, match="is blocked"):
        mturk.market.accept(mturk.publish(), worker)


def test_what_cannot_happen_behind_the_api_is_said(mturk: Requester) -> None:
    market, hit = mturk.market, mturk.publish()
    (work,) = market.hand_in(hit)
    for impossible in (
        lambda: market.accept("3NONE"),
        lambda: market.submit("3NONE"),
        lambda: market.submit(work),
        lambda: market.give_back(work),
        lambda: market.hand_in(hit, 2, worker="AWORKER0000001"),
        lambda: market.hand_in(hit, 3),
    ):
        with pytest.raises(SandboxError):
            impossible()
    assert [each.id for each in market.assignments(hit, "Submitted")] == [work]
    assert mturk.numbers(hit) == ("Assignable", 0, 2, 0)


def test_scripted_workers_give_up_and_the_slot_is_free_again() -> None:
    with requester(every=60, takes=60, returns=1) as mturk:
        hit = mturk.publish(MaxAssignments=2)
        mturk.box.advance(hours=23)
        assert mturk.call("ListAssignmentsForHIT", HITId=hit)["NumResults"] == 0
        assert mturk.market.hit(hit).counts["Returned"] > 2
        mturk.box.advance(hours=2)
        assert mturk.balance() == ("100.00", "0.00")


def test_scripted_workers_hand_in_as_time_passes() -> None:
    with requester(every=60, takes=60, returns=0, poor=0.3) as mturk:
        hit = mturk.publish(MaxAssignments=9)
        mturk.box.advance(hours=2)
        work = mturk.call("ListAssignmentsForHIT", HITId=hit)["Assignments"]
        assert len({each["WorkerId"] for each in work}) == len(work) == 9
        assert 0 < sum("<FreeText>" in each["Answer"] for each in work) < 9
        assert mturk.market.books().agree()
