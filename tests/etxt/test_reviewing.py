"""Submissions, decisions, bonuses, applications and performers, driven by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProviderUnavailable,
    UnreadableResponse,
)
from crowdhub.model import Application, Capability, Decision, Money, Result, Submission, SubmissionStatus, Worker
from crowdhub.protocol import Effect
from crowdhub_etxt import Etxt, ResultStatus

DONE_70 = {"status": 1, "ids": ["70"]}


def order(number: int = 70, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "status": 3,
        "public": 1,
        "price": "300",
        "id_user": "5",
        "title": "T",
        "id_category": 1,
        **more,
    }


def result(order_id: int = 70, **more: Any) -> dict[str, Any]:
    plain = {
        "id": "901",
        "id_task": str(order_id),
        "id_user": "5",
        "date": "1772000000",
        "status": "0",
        "comment": "Hi",
    }
    return {**plain, **more}


def test_a_submission_in_full(provider: Etxt, drive: Any, sent: Any) -> None:
    figures = {"per_antiplagiat": "97.5", "per_mistakes": "0", "per_diff": "", "per_keywords": None}
    files = {"text": {"name": "text", "size": "2048", "path": "/files/1.txt"}}
    page, calls = drive(provider.submissions("70"), [order()], [result(files=files, **figures)])
    (found,) = page.items
    assert (found.id, found.task_id, found.worker.id) == ("70", "70", "5")
    assert (found.status, found.text) == (SubmissionStatus.PENDING, "Hi")
    assert found.quality == {"per_antiplagiat": Decimal("97.5"), "per_mistakes": Decimal(0)}
    assert found.files[0].url == "https://www.etxt.ru/files/1.txt"
    assert found.files[0].expires_at == provider.now() + timedelta(days=1)
    assert found.raw["results"][-1]["id"] == "901"
    assert sent(calls[1]) == {"method": "tasks.getResults", "id[0]": "70"}


def test_files_listed_beside_the_result(provider: Etxt, drive: Any) -> None:
    row = result(name="doc", size="5", path="https://files.example/1")
    page, _ = drive(provider.submissions("70"), [order()], [row])
    assert [(file.name, file.url) for file in page.items[0].files] == [("doc", "https://files.example/1")]


def test_the_latest_result_counts_and_the_others_are_kept(provider: Etxt, drive: Any) -> None:
    rows = [
        result(id="3", date="1772000500"),
        result(id="1", status="1"),
        result(id="2", date="1772000100", status="1"),
    ]
    page, _ = drive(provider.submissions("70"), [order()], {"70": rows})
    (found,) = page.items
    assert found.status is SubmissionStatus.PENDING
    assert [each["id"] for each in found.raw["results"]] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("order_status", "result_status", "expected"),
    [
        (3, 0, SubmissionStatus.PENDING),
        (2, 1, SubmissionStatus.REDO),
        (4, 2, SubmissionStatus.APPROVED),
        (3, 9, SubmissionStatus.UNKNOWN),
    ],
)
def test_submission_statuses(
    provider: Etxt, drive: Any, order_status: int, result_status: int, expected: SubmissionStatus
) -> None:
    answers = ([order(status=order_status)], [result(status=result_status)])
    page, _ = drive(provider.submissions("70"), *answers)
    assert page.items[0].status is expected
    assert page.items[0].amount_paid == (Money(300, "RUB") if expected is SubmissionStatus.APPROVED else None)
    page, _ = drive(provider.submissions("70", expected), *answers)
    assert len(page.items) == 1
    page, _ = drive(provider.submissions("70", SubmissionStatus.RETURNED), *answers)
    assert not page.items


def test_nobody_works_on_it_yet(provider: Etxt, drive: Any) -> None:
    page, calls = drive(provider.submissions("70"), [order(status=1, id_user=0)])
    assert (list(page.items), len(calls)) == ([], 1)


def test_work_in_progress_shows_when_asked_for(provider: Etxt, drive: Any) -> None:
    page, _ = drive(provider.submissions("70", SubmissionStatus.IN_PROGRESS), [order(status=2)], {"error": "no_object"})
    assert [(each.status, each.worker.id) for each in page.items] == [(SubmissionStatus.IN_PROGRESS, "5")]
    page, _ = drive(provider.submissions("70"), [order(status=2)], {"error": "no_object"})
    assert not page.items


def test_a_multiple_order_gathers_what_it_gave_out(provider: Etxt, drive: Any, sent: Any) -> None:
    parent = order(70, status=1, multitask=1, multicount=2, id_user=0)
    others = [order(1000 + n, title="other") for n in range(97)]
    rows = [parent, order(80), order(81, id_user="6"), *others]
    page, calls = drive(provider.submissions("70"), [parent], rows, [result(80), result(81, id="902", id_user="6")])
    assert [(each.id, each.task_id, each.worker.id) for each in page.items] == [("80", "70", "5"), ("81", "70", "6")]
    assert {sent(calls[2])["id[0]"], sent(calls[2])["id[1]"]} == {"80", "81"}
    assert page.more is not None
    last, _ = drive(page.more(), [order(82)], [result(82)])
    assert [each.id for each in last.items] == ["82"]
    assert last.more is None


def test_archived_work_has_its_text(provider: Etxt, drive: Any) -> None:
    page, _ = drive(provider.submissions("70"), [], [order()], [{"id_user": 5, "content": "The text", "date": 1}])
    assert (page.items[0].status, page.items[0].text) == (SubmissionStatus.APPROVED, "The text")


# --- decisions -----------------------------------------------------------------------------------------


def test_approving(provider: Etxt, drive: Any, sent: Any, submission: Submission) -> None:
    done, (call,) = drive(provider.approve(submission, "Thanks"), DONE_70)
    assert sent(call) == {"method": "tasks.paidTask", "id[0]": "70", "text": "Thanks"}
    assert call.effect is Effect.SETTLE
    assert (done.status, done.feedback, done.replayed) == (SubmissionStatus.APPROVED, "Thanks", False)


def test_asking_for_a_redo(provider: Etxt, drive: Any, sent: Any, submission: Submission) -> None:
    done, (call,) = drive(provider.request_redo(submission, "Longer"), DONE_70)
    assert sent(call) == {"method": "tasks.cancelTask", "id[0]": "70", "text": "Longer"}
    assert (done.status, done.feedback) == (SubmissionStatus.REDO, "Longer")
    with pytest.raises(InvalidRequest):
        drive(provider.request_redo(submission, " "))


@pytest.mark.parametrize(
    "answer", [{"error": "no_access"}, {"error": "no_object"}, {"ids": []}, OutcomeUnknown("lost")]
)
def test_accepted_before_is_a_success(provider: Etxt, drive: Any, submission: Submission, answer: Any) -> None:
    done, calls = drive(provider.approve(submission), answer, [result(status="2")])
    assert (done.status, done.replayed) == (SubmissionStatus.APPROVED, True)
    assert calls[1].effect is Effect.READ


@pytest.mark.parametrize("answer", [{"error": "no_access"}, {"ids": []}])
def test_settled_the_other_way_is_a_conflict(provider: Etxt, drive: Any, submission: Submission, answer: Any) -> None:
    with pytest.raises(Conflict) as caught:
        drive(provider.approve(submission), answer, [result(status="1")])
    assert caught.value.actual is ResultStatus.REJECTED
    with pytest.raises(Conflict) as caught:
        drive(provider.request_redo(submission, "x"), answer, [result(status="2")])
    assert caught.value.actual is ResultStatus.ACCEPTED


def test_a_refusal_that_stands_is_told(provider: Etxt, drive: Any, submission: Submission) -> None:
    with pytest.raises(PermissionDenied):
        drive(provider.approve(submission), {"error": "no_access"}, [result()])
    with pytest.raises(OutcomeUnknown, match="order 70"):
        drive(provider.approve(submission), OutcomeUnknown("lost"), [result()])
    with pytest.raises(AuthenticationFailed):
        drive(provider.approve(submission), AuthenticationFailed("no"))
    with pytest.raises(InvalidRequest):
        drive(provider.approve(submission, "x" * 5001))


def many(submission: Submission, count: int) -> list[Submission]:
    return [submission.copy_with(id=str(100 + n), task_id=str(100 + n)) for n in range(count)]


def test_a_hundred_approvals_in_one_call(provider: Etxt, drive: Any, submission: Submission) -> None:
    decisions = [Decision.approve(each, "Good") for each in many(submission, 100)]
    assert provider.batch_size == 100
    assert len({provider.batch_key(each) for each in decisions}) == 1
    report, (call,) = drive(provider.review_batch(decisions), {"ids": [100 + n for n in range(100)]})
    assert [outcome.result for outcome in report.outcomes] == [Result.APPROVED] * 100
    assert [outcome.decision for outcome in report.outcomes] == decisions
    assert dict(call.form)["text"] == "Good"
    assert report.left == ()


def test_a_hundred_redos_in_one_call_without_words(provider: Etxt, drive: Any, submission: Submission) -> None:
    decisions = [Decision.redo(each, f"reason {each.id}") for each in many(submission, 100)]
    assert len({provider.batch_key(each) for each in decisions}) == 1
    report, (call,) = drive(provider.review_batch(decisions), {"ids": [100 + n for n in range(100)]})
    assert {outcome.result for outcome in report.outcomes} == {Result.REDO}
    assert "text" not in dict(call.form)
    assert {outcome.submission.feedback for outcome in report.outcomes} == {None}
    alone = [decisions[0], decisions[0]]
    report, (call,) = drive(provider.review_batch(alone), {"ids": [100]})
    assert dict(call.form)["text"] == "reason 100"


def test_what_goes_together(provider: Etxt, submission: Submission) -> None:
    key = provider.batch_key
    assert key(Decision.reject(submission, "no")) is None
    assert key(Decision.approve(submission, "a")) != key(Decision.approve(submission, "b"))
    assert key(Decision.approve(submission)) != key(Decision.redo(submission, "x"))
    assert key(Decision.approve(submission, "x" * 5001)) is None
    assert key(Decision.approve(submission.copy_with(id="strange"))) is None


def test_a_batch_that_is_done_in_part(provider: Etxt, drive: Any, submission: Submission) -> None:
    decisions = [Decision.approve(each) for each in many(submission, 4)]
    states = [result(101, status="2"), result(102, status="1")]
    report, calls = drive(provider.review_batch(decisions), {"ids": ["100"]}, states)
    assert [(o.decision.submission.id, o.result) for o in report.outcomes] == [
        ("100", Result.APPROVED),
        ("101", Result.ALREADY),
    ]
    assert [each.submission.id for each in report.left] == ["102", "103"]
    assert len(calls) == 2


@pytest.mark.parametrize("answer", [OutcomeUnknown("lost"), {"error": "no_access"}, {"strange": True}])
def test_a_batch_whose_answer_says_nothing_is_looked_up(
    provider: Etxt, drive: Any, submission: Submission, answer: Any
) -> None:
    decisions = [Decision.approve(each) for each in many(submission, 2)]
    report, _ = drive(provider.review_batch(decisions), answer, [result(100, status="2")])
    assert [o.result for o in report.outcomes] == [Result.ALREADY]
    assert [each.submission.id for each in report.left] == ["101"]
    report, _ = drive(provider.review_batch(decisions), answer, ProviderUnavailable("down"))
    assert (report.outcomes, len(report.left)) == ((), 2)


def test_rejecting_depends_on_the_state(provider: Etxt, drive: Any, sent: Any, submission: Submission) -> None:
    done, calls = drive(provider.reject(submission, "late"), [order(status=5)], {"id": 70})
    assert done.status is SubmissionStatus.REJECTED
    assert sent(calls[1])["method"] == "tasks.failTask"
    asked, calls = drive(provider.reject(submission, "bad"), [order()], {"status": 1, "ticket": "https://t.example/1"})
    assert (asked.status, asked.raw["ticket"]) == (SubmissionStatus.PENDING, "https://t.example/1")
    assert sent(calls[1]) == {"method": "tasks.sendNoteFail", "id": "70", "text": "bad"}
    with pytest.raises(Conflict, match="done"):
        drive(provider.reject(submission, "x"), [order(status=4)])
    with pytest.raises(InvalidRequest):
        drive(provider.reject(submission, ""))


# --- bonuses -------------------------------------------------------------------------------------------


def entry(number: int, count: str = "50", worker: str = "5") -> dict[str, Any]:
    return {"id": number, "count": count, "id_user_to": worker, "date": "1772000000"}


def test_a_bonus(provider: Etxt, drive: Any, sent: Any, submission: Submission) -> None:
    done, calls = drive(provider.pay_bonus(submission, Money(50, "RUB"), "nice"), [order()], [entry(1)], {"status": 1})
    assert sent(calls[2]) == {"method": "tasks.extraPaid", "id": "70", "count": "50"}
    assert calls[2].effect is Effect.SPEND
    assert done.amount_paid == Money(50, "RUB")


def test_a_bonus_is_at_most_three_times_the_price(provider: Etxt, drive: Any, submission: Submission) -> None:
    drive(provider.pay_bonus(submission, Money(900, "RUB"), "x"), [order()], [], {"status": 1})
    with pytest.raises(InvalidRequest, match="900 RUB"):
        drive(provider.pay_bonus(submission, Money(901, "RUB"), "x"), [order()])
    for wrong in (Money("1.50", "RUB"), Money(0, "RUB"), Money(1, "USD")):
        with pytest.raises(InvalidRequest):
            drive(provider.pay_bonus(submission, wrong, "x"))


def test_a_bonus_that_the_balance_does_not_cover(provider: Etxt, drive: Any, submission: Submission) -> None:
    with pytest.raises(InsufficientFunds):
        drive(
            provider.pay_bonus(submission, Money(50, "RUB"), "x"),
            [order()],
            [],
            {"error": "no_access"},
            {"balance": 49},
        )


def test_a_lost_bonus_is_found_in_the_statement(provider: Etxt, drive: Any, submission: Submission) -> None:
    lost = OutcomeUnknown("lost")
    after = [entry(2, "-50"), entry(1)]
    done, calls = drive(provider.pay_bonus(submission, Money(50, "RUB"), "x"), [order()], [entry(1)], lost, after)
    assert done.replayed
    assert [call.effect for call in calls].count(Effect.SPEND) == 1


@pytest.mark.parametrize("after", [[entry(1)], [entry(2, "-49")], [entry(2, "-50", "6")], {"error": "no_access"}])
def test_a_lost_bonus_that_is_not_there_is_never_sent_again(
    provider: Etxt, drive: Any, submission: Submission, after: Any
) -> None:
    lost = OutcomeUnknown("lost", lost=Lost.ANSWERED)
    with pytest.raises(OutcomeUnknown, match="statement"):
        drive(provider.pay_bonus(submission, Money(50, "RUB"), "x"), [order()], [entry(1)], lost, after)


def test_a_lost_bonus_that_looks_like_the_price_cannot_be_told(
    provider: Etxt, drive: Any, submission: Submission
) -> None:
    with pytest.raises(OutcomeUnknown):
        drive(provider.pay_bonus(submission, Money(300, "RUB"), "x"), [order()], [], OutcomeUnknown("lost"))


# --- applications --------------------------------------------------------------------------------------


@pytest.fixture
def application(provider: Etxt) -> Application:
    return Application(id="31", task_id="70", **provider.identity, worker=Worker(id="5"))


def note(number: int = 31, **more: Any) -> dict[str, Any]:
    return {"id": "8", "id_note": str(number), "id_task": "70", "id_user": "5", "login": "ann", "text": "Me", **more}


def test_applications_without_comments(provider: Etxt, drive: Any) -> None:
    page, _ = drive(provider.applications("70"), [note(), note(0, id="9"), note(32, id_user="6")])
    assert [(each.id, each.worker.id, each.worker.name) for each in page.items] == [
        ("31", "5", "ann"),
        ("32", "6", "ann"),
    ]


def test_accepting_names_the_order_that_was_made(
    provider: Etxt, drive: Any, sent: Any, application: Application
) -> None:
    done, (call,) = drive(provider.accept(application), {"id_task": "71", "id_user": "5"})
    assert sent(call) == {"method": "tasks.setNote", "id": "31"}
    assert (done.task_id, done.status, done.replayed) == ("71", "accepted", False)


def test_a_lost_acceptance_is_found(provider: Etxt, drive: Any, application: Application) -> None:
    done, calls = drive(provider.accept(application), OutcomeUnknown("lost"), [order(70)])
    assert (done.task_id, done.replayed) == ("70", True)
    assert [call.effect for call in calls].count(Effect.SPEND) == 1


def test_a_lost_acceptance_on_a_multiple_order_is_found(provider: Etxt, drive: Any, application: Application) -> None:
    lost = OutcomeUnknown("lost", sent_at=provider.now())
    fresh = order(71, date=int(provider.now().timestamp()))
    stale = order(60, date=int(provider.now().timestamp()) - 9999)
    done, _ = drive(provider.accept(application), lost, [stale, fresh], [order(70, multitask=1)])
    assert done.task_id == "71"


def test_a_lost_acceptance_is_sent_again_only_while_he_still_applies(
    provider: Etxt, drive: Any, application: Application
) -> None:
    lost = OutcomeUnknown("lost", lost=Lost.ANSWERED)
    look = ([], [order(70, status=1, id_user=0)], [note()])
    done, calls = drive(provider.accept(application), lost, *look, *look, {"id_task": 70})
    assert (done.status, len(calls)) == ("accepted", 8)
    gone = ([], [order(70, status=1, id_user=0)], [])
    with pytest.raises(OutcomeUnknown):
        drive(provider.accept(application), OutcomeUnknown("lost", lost=Lost.ANSWERED), *gone)


def test_accepting_twice(provider: Etxt, drive: Any, application: Application) -> None:
    done, _ = drive(provider.accept(application), {"error": "no_access"}, [order()])
    assert done.replayed
    with pytest.raises(PermissionDenied):
        drive(provider.accept(application), {"error": "no_access"}, [order(id_user="6")])


def test_declining(provider: Etxt, drive: Any, application: Application) -> None:
    done, _ = drive(provider.decline(application), {"id_task": 70, "id_user": 5})
    assert (done.status, done.replayed) == ("declined", False)
    done, _ = drive(provider.decline(application), {"error": "no_object"}, [], [order(id_user=0)])
    assert done.replayed
    with pytest.raises(Conflict):
        drive(provider.decline(application), {"error": "no_object"}, [], [order()])
    with pytest.raises(PermissionDenied):
        drive(provider.decline(application), {"error": "no_access"}, [note()])


# --- performers and money ------------------------------------------------------------------------------


def test_a_performer(provider: Etxt, drive: Any) -> None:
    born = int((provider.now() - timedelta(days=400)).timestamp())
    row = {"id_user": "5", "login": "ann", "country": "Germany", "regdate": str(born), "photo": "https://p.example/5"}
    worker, _ = drive(provider.worker("5"), row)
    assert (worker.id, worker.name, worker.country, worker.account_age_days) == ("5", "ann", "DE", 400)
    assert worker.raw["regdate"] == str(born)
    with pytest.raises(NotFound):
        drive(provider.worker("5"), {"error": "no_object"})


def test_lists(provider: Etxt, drive: Any, sent: Any) -> None:
    blocked, (call,) = drive(provider.block("5"), {"id": 5, "type": "blackList"})
    assert (blocked.blocked, sent(call)["type"]) == (True, "blackList")
    free, (call,) = drive(provider.unblock("5"), {"id": 5, "type": "delete"})
    assert (free.blocked, sent(call)["type"]) == (False, "delete")
    _, (call,) = drive(provider.allow("5"), {"id": 5, "type": "whiteList"})
    assert sent(call)["type"] == "whiteList"
    rows = [{"id_user": n, "login": f"u{n}", "type": "blackList"} for n in range(1, 101)]
    page, (call,) = drive(provider.blocked_workers(), rows)
    assert sent(call)["type"] == "blackList"
    assert all(worker.blocked for worker in page.items)
    assert page.more is not None
    last, (call,) = drive(page.more(), [])
    assert (sent(call)["from"], last.more) == ("100", None)
    allowed, _ = drive(provider.allowed_workers(), [{"id_user": 1, "type": "whiteList"}])
    assert allowed.items[0].blocked is False


def test_the_balance(provider: Etxt, drive: Any) -> None:
    money, _ = drive(provider.balance(), {"id": 1, "balance": "1234.50", "date": "1772000000"})
    assert money == Money(Decimal("1234.50"), "RUB")
    with pytest.raises(UnreadableResponse):
        drive(provider.balance(), {"id": 1})


def test_every_neutral_operation_is_there(provider: Etxt) -> None:
    assert set(provider.capabilities()) == set(Capability)
    refused = {name for name, support in provider.capabilities().fields.items() if not support}
    assert refused == set(provider.absent)
