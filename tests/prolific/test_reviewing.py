"""Decisions: what a rejection needs, what is ignored and refused, and bulk approvals that are carried out later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crowdhub import Decision, Submission, Task
from crowdhub.errors import Conflict, InvalidRequest
from crowdhub.model import Result, SubmissionStatus
from crowdhub.sandbox import Fault
from crowdhub_prolific import ProlificReject, ProlificRejectionCategory
from tests.prolific.conftest import DRAFT, REASON, Open, Place

WHY = (ProlificReject(category=ProlificRejectionCategory.LOW_EFFORT),)
BULK = "POST /submissions/bulk-approve/"


def handed_in(place: Place, count: int, slots: int | None = None) -> tuple[Task, list[Submission]]:
    task = place.market.publish(DRAFT.copy_with(slots=slots or count))
    place.side.hand_in(task.id, count)
    return task, list(place.market.submissions(task, status="pending"))


def approvals(works: list[Submission]) -> list[Decision]:
    return [Decision.approve(each) for each in works]


def test_a_rejection_has_a_category_and_at_least_100_characters(place: Place) -> None:
    task, (one, two, three) = handed_in(place, 3)
    before = place.paths()
    with pytest.raises(InvalidRequest) as caught:
        place.market.review(
            [Decision.approve(one), Decision.reject(two, "Too short"), Decision.reject(three, REASON[:99], options=WHY)]
        )
    assert [each.where for each in caught.value.issues] == [
        "decisions[1].reason",
        "decisions[1].options",
        "decisions[2].reason",
    ]
    assert place.paths() == before
    report = place.market.review([Decision.reject(two, REASON, options=WHY)])
    assert report.count(Result.REJECTED) == 1
    here = place.side.submission(two.id)
    assert (here.status, here.message, here.category) == ("REJECTED", REASON, "LOW_EFFORT")
    assert place.market.task(task).remaining == 1


def test_the_verb_alone_cannot_say_a_category(place: Place) -> None:
    _, (one,) = handed_in(place, 1)
    with pytest.raises(InvalidRequest, match="ProlificReject"):
        place.market.reject(one, REASON)


def test_twice_is_a_success_and_the_opposite_a_conflict(place: Place) -> None:
    _, (one, two) = handed_in(place, 2)
    for _ in range(2):
        assert place.market.approve(one).status is SubmissionStatus.APPROVED
        (outcome,) = place.market.review([Decision.reject(two, REASON, options=WHY)]).outcomes
        assert outcome.result in (Result.REJECTED, Result.ALREADY)
    with pytest.raises(Conflict):
        place.market.approve(two)
    (crossed,) = place.market.review([Decision.reject(one, REASON, options=WHY)]).outcomes
    assert isinstance(crossed.error, Conflict)
    assert len(place.side.books().payouts) == 1


def test_what_was_returned_cannot_be_approved(place: Place) -> None:
    _, (one,) = handed_in(place, 1)
    place.side.give_back(place.side.submission(one.id))
    with pytest.raises(Conflict):
        place.market.approve(one)


def test_a_thousand_in_one_request_told_after_a_look(open_place: Open) -> None:
    place = open_place(balance="10000.00")
    _, works = handed_in(place, 250)
    place.side.clear_requests()
    report = place.market.review(approvals(works))
    assert report.count(Result.APPROVED) == 250
    assert place.paths().count(BULK) == 1
    assert not any("/transition/" in each for each in place.paths())
    assert report.requests < 20
    assert len(place.side.books().payouts) == 250


def test_what_is_not_carried_out_in_time_is_approved_one_by_one(open_place: Open) -> None:
    place = open_place(bulk_delay=3600)
    _, works = handed_in(place, 6)
    assert place.market.review(approvals(works)).count(Result.APPROVED) == 6
    place.box.advance(hours=2)
    assert len(place.side.books().payouts) == 6


def test_one_that_was_returned_meanwhile_is_told_and_the_others_are_approved(place: Place) -> None:
    _, works = handed_in(place, 6)
    place.side.give_back(place.side.submission(works[2].id))
    report = place.market.review(approvals(works))
    assert report.count(Result.APPROVED) == 5
    assert isinstance(report.outcomes[2].error, Conflict)


@pytest.mark.parametrize("fault", [Fault.drop("after"), Fault.drop("before"), Fault.status(400), Fault.status(500)])
def test_a_bulk_approval_gone_wrong_approves_each_once(place: Place, fault: Fault) -> None:
    _, works = handed_in(place, 6)
    place.side.faults.add(fault, path="/bulk-approve/$")
    assert place.market.review(approvals(works)).count(Result.APPROVED) == 6
    assert len(place.side.books().payouts) == 6
    assert place.side.books().agree()


def test_few_are_approved_one_by_one(place: Place) -> None:
    _, works = handed_in(place, 3)
    place.market.review(approvals(works))
    assert BULK not in place.paths()


def test_what_nobody_reviews_is_approved_after_21_days_and_said_before(place: Place) -> None:
    task, (one,) = handed_in(place, 1)
    assert one.auto_approves_at == place.box.clock.now() + timedelta(days=21)
    (due,) = place.hub.due(within=timedelta(days=22)).submissions
    assert due.id == one.id
    place.box.advance(days=21)
    (now,) = place.market.submissions(task)
    assert (now.status, now.auto_approves_at) == (SubmissionStatus.APPROVED, None)


def test_a_completion_code_may_approve_at_once(place: Place) -> None:
    task = place.market.publish(DRAFT.copy_with(auto_approve=True))
    place.side.hand_in(task.id)
    place.side.hand_in(task.id, poor=True)
    assert [each.status for each in place.market.submissions(task)] == [
        SubmissionStatus.APPROVED,
        SubmissionStatus.PENDING,
    ]
