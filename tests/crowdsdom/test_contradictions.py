"""Where the provider's own pages contradict themselves: one test for each row of what was decided."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from crowdhub import Capability, Choice, FreeText, Money, QuestionForm, Selection, Submission, TaskDraft, Worker
from crowdhub.engine.http import URL, build_request
from crowdhub.engine.transport import USER_AGENT
from crowdhub.protocol import Call, Response
from crowdhub_crowdsdom import CrowdSDOM
from crowdhub_crowdsdom.wire import moment
from tests.support.by_hand import Play, body_of, first_call

DOCUMENTED_REJECT: dict[str, dict[str, Any]] = {
    "job": {
        "updatedAt": "2015-11-04T09:44:33.434Z",
        "keywords": [],
        "lifetime": 86400,
        "id": "5639c1dc831c7b22009b71ef",
        "numberOfTasksReturned": 0,
        "taskDuration": 300,
        "title": "a title",
        "numberOfTasksAvailable": 0,
        "jobTypeId": "56385ed9831c7b22009b712d",
        "autoApprovalDelay": 3600,
        "createdAt": "2015-11-04T08:29:16.744Z",
        "maxTasks": 1,
        "expirationTime": "2015-11-05T08:29:16.744Z",
        "status": "completed",
        "description": "a description",
        "reviewStatus": "NotReviewed",
        "numberOfTasksSubmitted": 0,
        "numberOfTasksRejected": 0,
        "externalQuestionsForm": {"url": "http://wb_region/survey", "frameHeight": 500},
        "numberOfTasksApproved": 1,
        "assignable": False,
        "questionsType": "externalQuestionsForm",
        "numberOfTasksPending": 0,
        "ownerId": "56309424f1524a2b002310d5",
        "reward": {"amount": 0.1, "formattedPrice": "0.10元"},
    },
    "task": {
        "status": "rejected",
        "approvalTime": "2015-11-04T09:44:33.420Z",
        "submitTime": None,
        "answers": [{"status": "success"}],
        "jobId": "5639c1dc831c7b22009b71ef",
        "acceptTime": "2015-11-04T09:21:51.274Z",
        "requesterId": "56309424f1524a2b002310d5",
        "updatedAt": "2015-11-04T09:44:33.420Z",
        "contributorId": "563172bc9b7dbf2b00612c31",
        "expirationTime": "2015-11-04T09:26:51.274Z",
        "id": "5639ce2f831c7b22009b7253",
        "createdAt": "2015-11-04T09:21:51.274Z",
        "rejectionTime": None,
    },
}


def submission(provider: CrowdSDOM, **more: Any) -> Submission:
    fields: dict[str, Any] = {
        "id": "5639ce2f831c7b22009b7253",
        "task_id": "5639c1dc831c7b22009b71ef",
        "worker": Worker(id="w"),
    }
    return Submission(**provider.identity, **{**fields, **more})


def test_reject_puts_to_reject_though_the_sample_posts_to_approve(provider: CrowdSDOM, play: Play) -> None:
    (call,), rejected = play(provider.reject(submission(provider), "no"), DOCUMENTED_REJECT)
    assert (call.method, call.path) == ("PUT", "/tasks/5639ce2f831c7b22009b7253/reject")
    assert rejected.status == "rejected"


def test_documented_answer_is_read_whole(provider: CrowdSDOM, play: Play) -> None:
    _, rejected = play(provider.reject(submission(provider), "no"), DOCUMENTED_REJECT)
    assert rejected.worker.id == "563172bc9b7dbf2b00612c31"
    assert rejected.submitted_at is None
    assert rejected.raw == json.loads(json.dumps(DOCUMENTED_REJECT), parse_float=Decimal)  # nothing dropped
    assert rejected.amount_paid is None


@pytest.mark.parametrize(("note", "body"), [(None, {}), ("thanks", {"feedback": "thanks"})])
def test_json_is_sent_always_though_the_sample_sends_no_body(
    provider: CrowdSDOM, play: Play, note: str | None, body: dict[str, str]
) -> None:
    answer = {"job": {"reward": {"amount": 0.1}}, "task": {**DOCUMENTED_REJECT["task"], "status": "approved"}}
    (call,), approved = play(provider.approve(submission(provider), note), answer)
    assert call.json == body
    request = build_request(call, URL("https://api.crowdsdom.com/v1/x"), USER_AGENT)
    assert request.headers["Content-Type"] == "application/json"
    assert approved.amount_paid == Money("0.1", "CNY")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-11-04T09:44:33.434Z", datetime(2015, 11, 4, 9, 44, 33, 434000, tzinfo=UTC)),
        ("Mon Oct 26 2015 07:17:24 GMT+0800 (CST)", datetime(2015, 10, 25, 23, 17, 24, tzinfo=UTC)),
        ("Mon Oct 26 2015 07:17:24 GMT-0330", datetime(2015, 10, 26, 10, 47, 24, tzinfo=UTC)),
        (
            "Mon Oct 26 2015 07:17:24 GMT+0000 (Coordinated Universal Time)",
            datetime(2015, 10, 26, 7, 17, 24, tzinfo=UTC),
        ),
    ],
)
def test_both_spellings_of_dates_are_aware_datetimes(text: str, expected: datetime) -> None:
    read = moment(text)
    assert read == expected
    assert read is not None
    assert read.tzinfo is not None


def test_javascript_date_keeps_its_zone() -> None:
    read = moment("Mon Oct 26 2015 07:17:24 GMT+0800 (CST)")
    assert read is not None
    assert read.tzinfo == timezone(timedelta(hours=8))


FORM = QuestionForm(
    questions=(
        Selection(id="mood", text="How is it?", choices=(Choice(id="good", text="Good"), Choice(id="bad", text="Bad"))),
        FreeText(id="why", text="Why?", required=False, max_length=20),
    )
)


def published(provider: CrowdSDOM, **more: Any) -> Call:
    fields: dict[str, Any] = {"title": "T", "instructions": "D", "reward": Money("0.1", "CNY"), "questions": FORM}
    return first_call(provider.publish(TaskDraft(**{**fields, **more})))


def test_questions_are_sent_in_the_lower_case_spelling_with_their_own_spec(provider: CrowdSDOM) -> None:
    mood, why = body_of(published(provider))["internalQuestionsForm"]["questions"]
    assert mood["answerType"] == "selectionAnswer"
    assert why["answerType"] == "freeTextAnswer"
    assert "selectionAnswerSpec" in mood
    assert why["freeTextAnswerSpec"] == {"maxLength": 20}
    assert not any("answerSpec" in each for each in (mood, why))


def test_options_are_sent_as_option_specs(provider: CrowdSDOM) -> None:
    spec = body_of(published(provider))["internalQuestionsForm"]["questions"][0]["selectionAnswerSpec"]
    assert spec["optionSpecs"] == [{"id": "good", "text": "Good"}, {"id": "bad", "text": "Bad"}]
    assert "options" not in spec


def test_answers_of_an_external_form_are_kept_as_they_come(provider: CrowdSDOM, play: Play) -> None:
    _, page = play(provider.submissions("J"), [DOCUMENTED_REJECT["task"]])
    assert page.items[0].answers == [{"status": "success"}]


def test_what_the_api_lacks_is_absent_with_a_reason() -> None:
    table = CrowdSDOM.capabilities
    for capability in (Capability.BALANCE, Capability.BLOCK, Capability.UNBLOCK, Capability.BLOCKED_WORKERS):
        assert capability not in table
        assert table[capability].reason


def test_lists_come_in_one_page(provider: CrowdSDOM, play: Play) -> None:
    _, page = play(provider.tasks(), [DOCUMENTED_REJECT["job"]])
    assert page.more is None
    assert page.total == 1


@pytest.mark.parametrize("amount", ["0.1", "0.30", "1234567890.123456789012345678", "3"])
def test_reward_is_written_as_the_exact_decimal_number(provider: CrowdSDOM, amount: str) -> None:
    call = published(provider, reward=Money(amount, "CNY"))
    text = build_request(call, URL("https://api.crowdsdom.com/v1/jobs"), USER_AGENT).content.decode()
    assert f'"reward":{{"amount":{amount},"currencyCode":"CNY"}}' in text


def test_reward_is_read_without_float_error(provider: CrowdSDOM, play: Play) -> None:
    job = json.dumps(DOCUMENTED_REJECT["job"]).replace('"amount": 0.1', '"amount": 0.1000000000000000000001')
    _, task = play(provider.task("J"), job.encode())
    assert task.reward is not None
    assert task.reward.amount == Decimal("0.1000000000000000000001")


def test_reward_that_is_only_text_is_read_from_it(provider: CrowdSDOM, play: Play) -> None:
    _, task = play(provider.task("J"), {"id": "J", "reward": {"formattedPrice": "0.10元"}})
    assert task.reward == Money("0.10", "CNY")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error":{"status":422,"message":"bad title"}}', "bad title"),
        (b'{"error":"bad title"}', "bad title"),
        (b'{"error":{"error":{"message":"bad title"}}}', "bad title"),
        (b"bad title", "bad title"),
    ],
)
def test_errors_are_read_in_any_shape(provider: CrowdSDOM, body: bytes, words: str) -> None:
    error = provider.error(Call.get("/jobs"), Response(422, content=body))
    assert error is not None
    assert error.provider_message == words
    assert error.http_status == 422
