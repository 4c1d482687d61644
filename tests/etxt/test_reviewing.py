"""Submissions and decisions, on scripted answers."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProviderUnavailable,
)
from crowdhub.model import Decision, Money, Result, Submission, SubmissionStatus, Verdict
from crowdhub.operations.account import Account
from crowdhub.protocol import Effect
from crowdhub_etxt import Etxt
from tests.etxt.conftest import NOW, Ask, Drive, Sent
from tests.etxt.rows import order_under_review as order
from tests.etxt.rows import result

DONE_70 = {"status": 1, "ids": ["70"]}


def test_a_submission_in_full(provider: Etxt, drive: Drive, sent: Sent) -> None:
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


def test_files_listed_beside_the_result(provider: Etxt, drive: Drive) -> None:
    row = result(name="doc", size="5", path="https://files.example/1")
    page, _ = drive(provider.submissions("70"), [order()], [row])
    assert [(file.name, file.url) for file in page.items[0].files] == [("doc", "https://files.example/1")]


def test_the_latest_result_counts_and_the_others_are_kept(provider: Etxt, drive: Drive) -> None:
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
    provider: Etxt, drive: Drive, order_status: int, result_status: int, expected: SubmissionStatus
) -> None:
    answers = ([order(status=order_status)], [result(status=result_status)])
    page, _ = drive(provider.submissions("70"), *answers)
    assert page.items[0].status is expected
    assert page.items[0].amount_paid == (Money(300, "RUB") if expected is SubmissionStatus.APPROVED else None)
    page, _ = drive(provider.submissions("70", expected), *answers)
    assert len(page.items) == 1
    page, _ = drive(provider.submissions("70", SubmissionStatus.RETURNED), *answers)
    assert not page.items


def test_nobody_works_on_it_yet(provider: Etxt, drive: Drive) -> None:
    page, calls = drive(provider.submissions("70"), [order(status=1, id_user=0)])
    assert (list(page.items), len(calls)) == ([], 1)


def test_work_in_progress_shows_when_asked_for(provider: Etxt, drive: Drive) -> None:
    page, _ = drive(provider.submissions("70", SubmissionStatus.IN_PROGRESS), [order(status=2)], {"error": "no_object"})
    assert [(each.status, each.worker.id) for each in page.items] == [(SubmissionStatus.IN_PROGRESS, "5")]
    page, _ = drive(provider.submissions("70"), [order(status=2)], {"error": "no_object"})
    assert not page.items


def test_a_multiple_order_gathers_what_it_gave_out(provider: Etxt, drive: Drive, sent: Sent) -> None:
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


def test_archived_work_has_its_text(provider: Etxt, drive: Drive) -> None:
    page, _ = drive(provider.submissions("70"), [], [order()], [{"id_user": 5, "content": "The text", "date": 1}])
    assert (page.items[0].status, page.items[0].text) == (SubmissionStatus.APPROVED, "The text")


def test_a_file_whose_link_has_ended_gets_a_new_one(provider: Etxt, drive: Drive) -> None:
    def listed(path: str) -> dict[str, object]:
        return result(files={"text": {"name": "text", "path": path}})

    page, _ = drive(provider.submissions("70"), [order()], [listed("/files/1.txt")])
    (work,) = page.items
    (file,) = work.files
    assert drive(provider.locate_file(work, file)) == (file, [])
    provider.now = lambda: NOW + timedelta(days=1, minutes=1)
    fresh, calls = drive(provider.locate_file(work, file), [order()], [listed("/files/2.txt")])
    assert (fresh.url, len(calls)) == ("https://www.etxt.ru/files/2.txt", 2)
    assert fresh.expires_at == provider.now() + timedelta(days=1)
    with pytest.raises(NotFound, match="not listed any more"):
        drive(provider.locate_file(work, file), [order()], [result()])


# --- decisions -----------------------------------------------------------------------------------------


def test_approving(provider: Etxt, drive: Drive, sent: Sent, submission: Submission) -> None:
    done, (call,) = drive(provider.approve(submission, "Thanks"), DONE_70)
    assert sent(call) == {"method": "tasks.paidTask", "id[0]": "70", "text": "Thanks"}
    assert call.effect is Effect.SETTLE
    assert (done.status, done.feedback, done.replayed) == (SubmissionStatus.APPROVED, "Thanks", False)


def test_asking_for_a_redo(provider: Etxt, drive: Drive, sent: Sent, submission: Submission) -> None:
    done, (call,) = drive(provider.request_redo(submission, "Longer"), DONE_70)
    assert sent(call) == {"method": "tasks.cancelTask", "id[0]": "70", "text": "Longer"}
    assert (done.status, done.feedback) == (SubmissionStatus.REDO, "Longer")
    with pytest.raises(InvalidRequest):
        drive(provider.request_redo(submission, " "))


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "no_access"},
        {"error": "no_object"},
        {"error": "already_paid"},
        {"ids": []},
        {"strange": True},
        OutcomeUnknown("lost"),
    ],
)
def test_accepted_before_is_a_success(ask: Ask, submission: Submission, answer: object) -> None:
    decision = Decision.approve(submission)
    done, calls = ask(lambda account: account.settle(decision), answer, [order(status=4)], [result(status="2")])
    assert (done.status, done.replayed) == (SubmissionStatus.APPROVED, True)
    assert [call.effect for call in calls] == [Effect.SETTLE, Effect.READ, Effect.READ]


def test_work_that_is_archived_by_now_was_accepted(ask: Ask, submission: Submission) -> None:
    done, _ = ask(
        lambda account: account.settle(Decision.approve(submission)),
        {"error": "no_object"},
        [],
        [order()],
        [{"id_user": 5, "content": "The text", "date": 1}],
    )
    assert (done.status, done.replayed, done.text) == (SubmissionStatus.APPROVED, True, "The text")


@pytest.mark.parametrize("answer", [{"error": "no_access"}, {"ids": []}])
def test_settled_the_other_way_is_a_conflict(ask: Ask, submission: Submission, answer: object) -> None:
    sent_back, accepted = [[order(status=2)], [result(status="1")]], [[order(status=4)], [result(status="2")]]
    with pytest.raises(Conflict) as caught:
        ask(lambda account: account.settle(Decision.approve(submission)), answer, *sent_back)
    assert cast("Submission", caught.value.actual).status is SubmissionStatus.REDO
    with pytest.raises(Conflict) as caught:
        ask(lambda account: account.settle(Decision.redo(submission, "x")), answer, *accepted)
    assert cast("Submission", caught.value.actual).status is SubmissionStatus.APPROVED


def test_a_refusal_that_stands_is_told(ask: Ask, submission: Submission) -> None:
    def approve(account: Account) -> Coroutine[Any, Any, Submission]:
        return account.settle(Decision.approve(submission))

    with pytest.raises(PermissionDenied):
        ask(approve, {"error": "no_access"}, [order()], [result()])
    with pytest.raises(Conflict, match="left the order 70 as it was"):
        ask(approve, {"ids": []}, [order()], [result()])
    with pytest.raises(OutcomeUnknown, match="order 70"):
        ask(approve, OutcomeUnknown("lost"), [order()], [result()])
    with pytest.raises(AuthenticationFailed):
        ask(approve, AuthenticationFailed("no"))


@pytest.mark.parametrize("verdict", ["approve", "redo"])
def test_words_that_are_too_long_are_refused_before_any_request(ask: Ask, submission: Submission, verdict: str) -> None:
    long = Decision(submission=submission, verdict=Verdict(verdict), comment="x" * 5001)
    with pytest.raises(InvalidRequest, match="comment: has 5001 characters") as caught:
        ask(lambda account: account.settle(long))
    assert not caught.value.sent
    with pytest.raises(InvalidRequest) as caught:
        ask(lambda account: account.review([long, Decision.approve(submission.copy_with(id="71x"))], None))
    assert [issue.where for issue in caught.value.issues] == ["decisions[0].comment", "decisions[1].submission"]


def many(submission: Submission, count: int) -> list[Submission]:
    return [submission.copy_with(id=str(100 + n), task_id=str(100 + n)) for n in range(count)]


def test_a_hundred_approvals_in_one_call(provider: Etxt, drive: Drive, submission: Submission) -> None:
    decisions = [Decision.approve(each, "Good") for each in many(submission, 100)]
    assert provider.batch_size == 100
    assert len({provider.batch_key(each) for each in decisions}) == 1
    report, (call,) = drive(provider.review_batch(decisions), {"ids": [100 + n for n in range(100)]})
    assert [outcome.result for outcome in report.outcomes] == [Result.APPROVED] * 100
    assert [outcome.decision for outcome in report.outcomes] == decisions
    assert dict(call.form or {})["text"] == "Good"
    assert report.left == ()


def test_a_hundred_redos_in_one_call_without_words(provider: Etxt, drive: Drive, submission: Submission) -> None:
    decisions = [Decision.redo(each, f"reason {each.id}") for each in many(submission, 100)]
    assert len({provider.batch_key(each) for each in decisions}) == 1
    report, (call,) = drive(provider.review_batch(decisions), {"ids": [100 + n for n in range(100)]})
    assert {outcome.result for outcome in report.outcomes} == {Result.REDO}
    assert call.form
    assert "text" not in dict(call.form)
    assert all(outcome.submission for outcome in report.outcomes)
    assert {outcome.submission.feedback for outcome in report.outcomes if outcome.submission} == {None}
    alone = [decisions[0], decisions[0]]
    report, (call,) = drive(provider.review_batch(alone), {"ids": [100]})
    assert dict(call.form or {})["text"] == "reason 100"


def test_what_goes_together(provider: Etxt, submission: Submission) -> None:
    key = provider.batch_key
    assert key(Decision.reject(submission, "no")) is None
    assert key(Decision.approve(submission, "a")) != key(Decision.approve(submission, "b"))
    assert key(Decision.approve(submission)) != key(Decision.redo(submission, "x"))
    assert key(Decision.approve(submission, "x" * 5001)) is None
    assert key(Decision.approve(submission.copy_with(id="strange"))) is None


def test_a_batch_that_is_done_in_part(provider: Etxt, drive: Drive, submission: Submission) -> None:
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
    provider: Etxt, drive: Drive, submission: Submission, answer: object
) -> None:
    decisions = [Decision.approve(each) for each in many(submission, 2)]
    report, _ = drive(provider.review_batch(decisions), answer, [result(100, status="2")])
    assert [o.result for o in report.outcomes] == [Result.ALREADY]
    assert [each.submission.id for each in report.left] == ["101"]
    report, _ = drive(provider.review_batch(decisions), answer, ProviderUnavailable("down"))
    assert (report.outcomes, len(report.left)) == ((), 2)


def test_rejecting_depends_on_the_state(provider: Etxt, drive: Drive, sent: Sent, submission: Submission) -> None:
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


def test_taken_back_before_is_a_success(ask: Ask, submission: Submission) -> None:
    overdue, refused = [order(status=5)], {"error": "no_access"}

    def reject(account: Account) -> Coroutine[Any, Any, Submission]:
        return account.settle(Decision.reject(submission, "late"))

    done, _ = ask(reject, overdue, refused, overdue, {"error": "no_object"}, [{"id_task": "70"}])
    assert (done.status, done.replayed) == (SubmissionStatus.REJECTED, True)
    with pytest.raises(PermissionDenied):
        ask(reject, overdue, refused, overdue, {"error": "no_object"}, [])


def test_a_lost_ticket_is_unknown_and_free(ask: Ask, submission: Submission) -> None:
    with pytest.raises(OutcomeUnknown, match="a ticket about the order 70") as caught:
        ask(
            lambda account: account.settle(Decision.reject(submission, "bad")),
            [order()],
            OutcomeUnknown("lost"),
            [order()],
            [result()],
        )
    assert "Nothing was spent" in str(caught.value)
