from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import httpx
import pytest

from crowdhub.sandbox import SandboxError
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

if TYPE_CHECKING:
    from tests.rapidworkers.test_sandbox.conftest import Publish, Refused


def review(api: httpx.Client, job_id: str, submission_id: int | str, verb: str, **body: object) -> httpx.Response:
    return api.post(f"/api/campaigns/{job_id}/submissions/{submission_id}/{verb}/", json=body)


def test_approving_pays_the_worker_out_of_what_is_held(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish
) -> None:
    job_id = publish()
    (sid,) = market.hand_in(job_id)
    user = api.get(f"/api/campaigns/{job_id}/submissions/").json()["results"]["submissions"][0]["userName"]
    answer = review(api, job_id, sid, "approve", notes="Great work!")
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "Submission approved successfully",
        "submission": {"id": sid, "user": user, "status": "Approved", "amount_paid": "2.50"},
    }
    books = market.books()
    assert books.agree()
    assert (books.paid_out, books.held) == (Decimal("2.50"), Decimal("22.50"))
    assert books.balance == Decimal("972.50")
    assert [payout.reference for payout in books.payouts] == [str(sid)]
    assert market.submissions(job_id)[0].notes == "Great work!"


def test_rejecting_reopens_the_slot_and_keeps_the_money_held(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish
) -> None:
    job_id = publish(total_availabilities="1")
    (sid,) = market.hand_in(job_id)
    assert market.job(job_id).open_slots == 0
    answer = review(api, job_id, sid, "reject", notes="No screenshot")
    assert answer.status_code == 200
    shown = answer.json()["submission"]
    assert (shown["id"], shown["status"], shown["notes"]) == (sid, "Rejected", "No screenshot")
    assert answer.json()["message"] == "Submission rejected"
    assert market.job(job_id).open_slots == 1
    assert (market.books().held, market.books().paid_out) == (Decimal("2.50"), Decimal(0))


@pytest.mark.parametrize("body", [{}, {"notes": ""}, {"notes": "  "}, {"notes": None}])
def test_rejecting_needs_a_reason(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, refused: Refused, body: dict[str, object]
) -> None:
    job_id = publish()
    (sid,) = market.hand_in(job_id)
    assert refused(review(api, job_id, sid, "reject", **body)) == (400, "Rejection reason is required")
    assert refused(review(api, job_id, sid, "reject", notes=1))[0] == 400
    assert len(market.submissions(job_id, "Pending")) == 1


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
def test_a_second_review_is_400_and_changes_nothing(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, refused: Refused, first: str, second: str
) -> None:
    job_id = publish()
    (sid,) = market.hand_in(job_id)
    review(api, job_id, sid, first, notes="first")
    books = market.books()
    answer = review(api, job_id, sid, second, notes="second")
    assert refused(answer) == (400, "Submission already processed")
    assert market.books() == books
    assert market.submissions(job_id)[0].notes == "first"


def test_what_is_not_yours_or_not_there(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, refused: Refused
) -> None:
    job_id = publish()
    market.hand_in(job_id)
    for verb in ("approve", "reject"):
        foreign = review(api, market.foreign_job, market.foreign_submission, verb, notes="x")
        assert refused(foreign) == (403, "You don't own this campaign")
        nobodys = review(api, "00000000-0000-4000-8000-000000000000", 1, verb, notes="x")
        assert refused(nobodys) == (404, "Campaign not found")
        assert refused(review(api, job_id, 999_999, verb, notes="x")) == (404, "Submission not found")
        mixed = review(api, job_id, market.foreign_submission, verb, notes="x")
        assert refused(mixed) == (404, "Submission not found")
        assert refused(review(api, job_id, "abc", verb, notes="x"))[0] == 404
    assert refused(review(api, market.foreign_job, "x", "bulk_action"))[0] == 404
    bulk = api.post(f"/api/campaigns/{market.foreign_job}/submissions/bulk_action/")
    assert refused(bulk)[0] == 403


def test_bulk_action_approves_everything_pending_at_that_moment(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, refused: Refused
) -> None:
    job_id = publish()
    rejected, *others = market.hand_in(job_id, 4)
    review(api, job_id, rejected, "reject", notes="x")
    late = market.hand_in(job_id)
    url = f"/api/campaigns/{job_id}/submissions/bulk_action/"
    answer = api.post(url, json={"notes": "All verified"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["message"] == "All submissions approved successfully."
    assert [(s["id"], s["status"]) for s in body["submissions"]] == [(n, "Approved") for n in others + late]
    assert all(set(s) == {"id", "status", "user"} for s in body["submissions"])
    assert market.books().paid_out == Decimal("10.00")
    assert refused(api.post(url)) == (404, "No pending submissions found")


def test_a_campaign_is_completed_when_every_slot_is_approved(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish
) -> None:
    job_id = publish(total_availabilities="2")
    market.hand_in(job_id, 2)
    assert market.job(job_id).status == "Active"
    api.post(f"/api/campaigns/{job_id}/submissions/bulk_action/")
    assert [c["jobId"] for c in api.get("/api/campaigns/?status=Completed").json()] == [job_id]
    books = market.books()
    assert (books.held, books.paid_out, books.commission) == (Decimal(0), Decimal("5.00"), Decimal("0.50"))


def test_approve_once_full_approves_the_moment_it_is_full(market: RapidWorkersSandbox, publish: Publish) -> None:
    job_id = publish(total_availabilities="3", approve_once_full="true")
    market.hand_in(job_id, 2)
    assert len(market.submissions(job_id, "Pending")) == 2
    market.hand_in(job_id)
    assert len(market.submissions(job_id, "Approved")) == 3
    assert market.job(job_id).status == "Completed"
    assert market.books().agree()


def test_approving_can_lack_funds(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, refused: Refused
) -> None:
    job_id = publish()
    (sid,) = market.hand_in(job_id)
    market.quirks.approval_lacks_funds = True
    assert refused(review(api, job_id, sid, "approve")) == (400, "Insufficient funds")
    assert len(market.submissions(job_id, "Pending")) == 1


def test_a_canceled_campaign_pays_back_what_nobody_took(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish
) -> None:
    job_id = publish(pay_rate="1.00", total_availabilities="3")
    approved, rejected = market.hand_in(job_id, 2)
    market.cancel(job_id)
    assert market.books().balance == Decimal("997.80")
    with pytest.raises(SandboxError, match="Canceled"):
        market.hand_in(job_id)
    with pytest.raises(SandboxError, match="canceled"):
        market.cancel(job_id)
    shown = api.get(f"/api/campaigns/detail/{job_id}/").json()
    assert (shown["jobStatus"], shown["canceled"]) == ("Canceled", True)
    review(api, job_id, approved, "approve")
    review(api, job_id, rejected, "reject", notes="x")
    books = market.books()
    assert books.agree()
    assert (books.held, books.paid_out, books.commission) == (Decimal(0), Decimal("1.00"), Decimal("0.10"))
