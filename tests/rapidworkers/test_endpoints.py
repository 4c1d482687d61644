"""The 21 endpoints by hand: what is sent, and what the documented answers become."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import SecretStr

from crowdhub import Capability, Effect, Money, Submission, Task, TaskDraft, Upload
from crowdhub.errors import (
    AuthenticationFailed,
    ConfigurationError,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProviderError,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.operations.spending.looking import LOOKS
from crowdhub.protocol import Call, OperationRun, Response
from crowdhub_rapidworkers import RapidWorkers, RapidWorkersOptions, RapidWorkersSettings, ReadyMade
from tests.rapidworkers.conftest import ByHand, Hand, Spelling
from tests.support.suspended import spent

JOB = "0a1b2c3d-0000-4000-8000-000000000001"
CREATED = {
    "success": True,
    "message": "Job created successfully",
    "job": {"public_id": JOB, "title": "Complete a Survey", "status": "Active", "pay_rate": "2.50"}
    | {"total_availabilities": 20},
    "deduction_details": {
        "total_cost": "50.00",
        "commission": "5.00",
        "total_deducted": "55.00",
        "new_balance": "945.00",
    },
}


MONEY = {"balance": "1000.00"}


def page(
    rows: list[dict[str, object]],
    *,
    count: int | None = None,
    number: int = 1,
    pages: int = 1,
    following: str | None = None,
) -> dict[str, object]:
    return {
        "count": len(rows) if count is None else count,
        "next": following,
        "previous": None,
        "results": {
            "submissions": rows,
            "pagination": {
                "totalCount": len(rows) if count is None else count,
                "pageCount": pages,
                "currentPage": number,
                "rowsPerPage": 1000,
            },
        },
    }


def parts(call: Call) -> dict[str, str | Upload]:
    """The multipart fields, by name."""
    assert call.multipart is not None
    named = dict(call.multipart)
    assert len(named) == len(call.multipart)
    return named


def test_1_add(by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft) -> None:
    full = draft.copy_with(
        subcategory="Short", countries=("US", "CA"), auto_approve=True, image=b"\x89PNG\r\n", instructions="Do\nthis"
    )
    hand = by_hand(provider.publish(full))
    call = hand.call
    assert (call.method, call.path, call.effect) == ("POST", "/jobs/add", Effect.SPEND)
    fields = parts(call)
    assert list(fields) == [
        "title",
        "description",
        "pay_rate",
        "total_availabilities",
        "proof_required_description",
        "category",
        "sub_category",
        "campaign_image",
        "countries",
        "approve_once_full",
    ]
    assert fields["description"] == "Do\nthis\n\n[ref ch-abcdefgh]"
    assert (fields["pay_rate"], fields["total_availabilities"]) == ("2.50", "20")
    assert json.loads(str(fields["countries"])) == ["US", "CA"]
    assert fields["approve_once_full"] == "true"
    assert fields["campaign_image"] == Upload("image.png", b"\x89PNG\r\n", "image/png")
    assert call.json is not None
    task = hand.answer(CREATED, 201).result
    assert (task.id, task.status, task.slots, task.reward) == (JOB, "open", 20, Money("2.50", "USD"))
    assert task.charged == Money("55.00", "USD")
    assert task.raw["deduction_details"]["new_balance"] == "945.00"
    assert (task.environment, task.provider) == ("live", "rapidworkers")


def test_1_optional_fields_are_left_out(by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft) -> None:
    assert list(parts(by_hand(provider.publish(draft)).call)) == [
        "title",
        "description",
        "pay_rate",
        "total_availabilities",
        "proof_required_description",
        "category",
    ]


def test_1_plain_fields_are_no_files(by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft) -> None:
    """The sample code sends text as file parts; a text field must not carry a file name."""
    from crowdhub.engine.http import URL, build_request

    call = by_hand(provider.publish(draft.copy_with(image=b"GIF89a"))).call
    request = build_request(call, URL("https://api.rapidworkers.io/jobs/add"), "test")
    body = request.read()
    assert body.count(b"filename=") == 1
    assert b'name="title"\r\n\r\nComplete a Survey' in body
    assert b"Content-Type: image/gif" in body


def test_1_options_override_the_neutral_fields(by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft) -> None:
    options = RapidWorkersOptions(category="Other", sub_category="Sub", approve_once_full=False)
    fields = parts(by_hand(provider.publish(draft.copy_with(options=[options], auto_approve=True))).call)
    assert (fields["category"], fields["sub_category"], fields["approve_once_full"]) == ("Other", "Sub", "false")


@pytest.mark.parametrize("amount", ["2.50", "1E+2", "0.010", "100"])
def test_1_the_rate_is_written_as_plain_digits(
    by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, amount: str
) -> None:
    fields = parts(by_hand(provider.publish(draft.copy_with(reward=Money(amount, "USD")))).call)
    assert "E" not in str(fields["pay_rate"])
    assert Decimal(str(fields["pay_rate"])) == Decimal(amount)


def test_2_balance(by_hand: ByHand, provider: RapidWorkers) -> None:
    hand = by_hand(provider.balance())
    call = hand.call
    assert (call.method, call.path, call.json, call.effect) == ("POST", "/account/get_balance", {}, Effect.READ)
    assert hand.answer({"balance": "1250.75"}).result == Money("1250.75", "USD")


def test_2_a_balance_that_is_a_number_stays_exact(by_hand: ByHand, provider: RapidWorkers) -> None:
    assert str(by_hand(provider.balance()).answer(b'{"balance": 0.10}').result) == "0.10 USD"
    for odd in ({}, {"balance": None}, {"balance": "much"}, {"balance": "1,000"}, {"balance": True}):
        with pytest.raises(UnreadableResponse):
            by_hand(provider.balance()).answer(odd)


@pytest.mark.parametrize("told", ["1,234.50", "1 234.50"])
def test_2_a_balance_with_grouped_thousands(by_hand: ByHand, provider: RapidWorkers, told: str) -> None:
    assert by_hand(provider.balance()).answer({"balance": told}).result == Money("1234.50", "USD")


def test_2_a_balance_that_can_be_two_amounts_is_refused_in_words(by_hand: ByHand, provider: RapidWorkers) -> None:
    with pytest.raises(UnreadableResponse, match=r"'1,234' can be 1234 or 1\.234"):
        by_hand(provider.balance()).answer({"balance": "1,234"})


@pytest.mark.parametrize("worker", [None, [], {}])
def test_a_worker_who_is_not_told_costs_no_submission(by_hand: ByHand, provider: RapidWorkers, worker: object) -> None:
    row = {"submissionId": 12345, "userId": worker, "status": "Pending"}
    page = {"count": 1, "next": None, "results": {"submissions": [row]}}
    found = by_hand(provider.submissions(JOB)).answer(page).result
    assert not found.unreadable
    assert [(each.id, each.worker.id) for each in found.items] == [("12345", "")]


@pytest.mark.parametrize(("note", "body"), [("thanks", {"notes": "thanks"}), (None, {}), ("", {})])
def test_3_approve(
    by_hand: ByHand, provider: RapidWorkers, submission: Submission, note: str | None, body: dict[str, str]
) -> None:
    hand = by_hand(provider.approve(submission, note))
    call = hand.call
    assert (call.method, call.path) == ("POST", f"/api/campaigns/{JOB}/submissions/12345/approve/")
    assert (call.json, call.effect) == (body, Effect.SETTLE)
    answer = {"id": 12345, "user": "worker1", "status": "Approved", "amount_paid": "2.50"}
    done = hand.answer({"success": True, "message": "ok", "submission": answer}).result
    assert (done.status, done.amount_paid, done.feedback) == ("approved", Money("2.50", "USD"), note or None)
    assert done.raw["settled"]["submission"] == answer


def test_4_reject(by_hand: ByHand, provider: RapidWorkers, submission: Submission) -> None:
    hand = by_hand(provider.reject(submission, "no screenshot"))
    assert hand.call.path.endswith("/12345/reject/")
    assert hand.call.json == {"notes": "no screenshot"}
    answer = {"id": 12345, "user": "worker1", "status": "Rejected", "notes": "no screenshot"}
    done = hand.answer({"success": True, "message": "ok", "submission": answer}).result
    assert (done.status, done.feedback, done.amount_paid) == ("rejected", "no screenshot", None)
    for empty in ("", "  "):
        with pytest.raises(InvalidRequest, match="reason"):
            by_hand(provider.reject(submission, empty))


def test_6_campaigns(by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object], spelled: Spelling) -> None:
    for status, word in (("open", "Active"), ("completed", "Completed"), ("cancelled", "Canceled")):
        from crowdhub.model import TaskStatus

        assert by_hand(provider.tasks(TaskStatus(status))).call.query_pairs() == [("status", word)]
    hand = by_hand(provider.tasks())
    assert (hand.call.method, hand.call.path, hand.call.query_pairs()) == ("GET", "/api/campaigns/", [])
    (task,) = hand.answer([spelled(campaign)]).result.items
    assert (task.id, task.title, task.category, task.status) == (JOB, "Complete a Survey", "Survey", "open")
    assert (task.slots, task.remaining, task.pending, task.approved, task.rejected) == (20, 12, 3, 8, 1)
    assert (task.reward, task.success_rate) == (Money("2.50", "USD"), Decimal(40))
    assert task.created_at == datetime(2026, 1, 10, 12, tzinfo=UTC)
    assert task.instructions == "Fill out our survey"


def test_7_detail(by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object], spelled: Spelling) -> None:
    hand = by_hand(provider.task(JOB))
    assert (hand.call.method, hand.call.path) == ("GET", f"/api/campaigns/detail/{JOB}/")
    task = hand.answer(spelled(campaign)).result
    assert (task.id, task.pending) == (JOB, 3)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "open"),
        ({"remainingAvailabilities": 0}, "full"),
        ({"jobStatus": "Completed"}, "completed"),
        ({"jobStatus": "Canceled"}, "cancelled"),
        ({"canceled": True}, "cancelled"),
        ({"jobStatus": "Pending"}, "paused"),
        ({"jobStatus": "Hibernating"}, "unknown"),
        ({"jobStatus": None}, "unknown"),
    ],
)
def test_7_statuses(
    by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object], change: dict[str, object], status: str
) -> None:
    assert by_hand(provider.task(JOB)).answer({**campaign, **change}).result.status == status


def test_8_submissions(by_hand: ByHand, provider: RapidWorkers, row: dict[str, object], spelled: Spelling) -> None:
    from crowdhub.model import SubmissionStatus

    hand = by_hand(provider.submissions(JOB, SubmissionStatus.PENDING))
    assert (hand.call.method, hand.call.path) == ("GET", f"/api/campaigns/{JOB}/submissions/")
    assert hand.call.query_pairs() == [("status", "Pending"), ("page", "1"), ("rowsPerPage", "1000")]
    result = hand.answer(spelled(page([row]))).result
    assert (result.total, result.more, list(result.unreadable)) == (1, None, [])
    (one,) = result.items
    assert (one.id, one.task_id, one.status, one.text) == ("12345", JOB, "pending", "Completed as requested")
    assert one.submitted_at == datetime(2026, 1, 11, 10, 30, tzinfo=UTC)
    worker = one.worker
    assert (worker.id, worker.name, worker.country) == ("abc-def-123", "worker1", "US")
    assert (worker.account_age_days, worker.approval_rate, worker.completed) == (120, Decimal(85), 250)
    (file,) = one.files
    assert (file.id, file.url, file.thumbnail_url) == (
        "img_1",
        "https://example.com/1.jpg",
        "https://example.com/1t.jpg",
    )
    assert one.raw == spelled(row)


def test_8_a_status_that_the_marketplace_does_not_have_takes_no_request(provider: RapidWorkers) -> None:
    from crowdhub.model import SubmissionStatus

    with OperationRun(provider.submissions(JOB, SubmissionStatus.REDO)) as run:
        assert run.start() is None
        assert list(run.result.items) == []


def test_9_and_10_block_and_unblock(by_hand: ByHand, provider: RapidWorkers) -> None:
    for flow, path, status in (
        (provider.block("12345"), "/api/workers/block/", 201),
        (provider.unblock("12345"), "/api/workers/unblock/", 200),
    ):
        hand = by_hand(flow)
        assert (hand.call.method, hand.call.path, hand.call.effect) == ("POST", path, Effect.SETTLE)
        assert hand.call.json == {"worker_id": 12345}
        worker = hand.answer({"success": True, "message": "ok", "worker_id": 12345}, status).result
        assert worker.id == "12345"
        assert worker.blocked is (status == 201)


def test_11_blocked(by_hand: ByHand, provider: RapidWorkers) -> None:
    hand = by_hand(provider.blocked_workers())
    assert (hand.call.method, hand.call.path) == ("GET", "/api/workers/blocked/")
    rows = [{"worker_id": 12345, "worker_name": "worker1", "blocked_at": "2026-01-01T00:00:00Z"}, {"worker_id": None}]
    result = hand.answer(rows).result
    (worker,) = result.items
    assert (worker.id, worker.name, worker.blocked) == ("12345", "worker1", True)
    assert worker.blocked_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert result.unreadable[0].records == ({"worker_id": None},)


NAMES = {
    "facebook-likes": "facebook_likes",
    "facebook-shares": "facebook_shares",
    "instagram-likes": "instagram_likes",
    "instagram-followers": "instagram_followers",
    "twitter-likes": "twitter_likes",
    "twitter-followers": "twitter_followers",
    "twitter-retweets": "twitter_retweets",
    "trustpilot-reviews": "trustpilot_reviews",
    "9gag-upvotes": "ninegag_upvotes",
    "youtube-likes": "youtube_likes",
}


@pytest.mark.parametrize("name", list(NAMES))
def test_the_ten_ready_made_jobs(by_hand: ByHand, provider: RapidWorkers, name: str) -> None:
    purchase = getattr(provider, NAMES[name])("https://example.com/p", 50, countries=["US"], language="en")
    hand = by_hand(spent(provider, purchase))
    assert (hand.call.method, hand.call.path) == ("GET", "/api/campaigns/")
    call = hand.answer([]).call
    assert (call.method, call.path, call.effect) == ("POST", f"/api/jobs/{name}/", Effect.SPEND)
    assert call.json == {
        "link": "https://example.com/p",
        "quantity": 50,
        "approve_once_full": True,
        "countries": ["US"],
        "language": "en",
    }
    task = hand.answer({"success": True, "message": "ok", "job_id": JOB, "total_cost": "2.50"}, 201).result
    assert (task.id, task.slots, task.reward, task.charged) == (JOB, 50, Money("0.05", "USD"), Money("2.50", "USD"))


def test_the_catalog_is_whole() -> None:
    assert {job.value for job in ReadyMade} == set(NAMES)


@pytest.mark.parametrize("name", list(NAMES))
def test_ready_made_jobs_are_closed_until_the_account_opens_them(name: str) -> None:
    closed = RapidWorkers(RapidWorkersSettings(api_key=SecretStr("sk-test-0123456789")))
    with (
        pytest.raises(ConfigurationError, match="off for this account") as caught,
        OperationRun(getattr(closed, NAMES[name])("https://example.com/p", 50)) as run,
    ):
        run.start()
    assert "allow_engagement_jobs" in caught.value.next_step
    assert not caught.value.sent


@pytest.mark.parametrize(
    "link",
    [
        "",
        "example.com/p",
        "ftp://example.com",
        "https://",
        "https://localhost/x",
        "https://[bad",
        "http://a b.com/",
        "x y",
    ],
)
def test_a_link_that_is_no_link_and_all_else_that_is_wrong_at_once(
    by_hand: ByHand, provider: RapidWorkers, link: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        by_hand(provider.youtube_likes(link, 5, countries=["US", "Atlantis"]))
    assert sorted(fault.where for fault in caught.value.issues) == ["countries", "link", "quantity"]
    assert "6" in str(caught.value)


@pytest.mark.parametrize("quantity", [5, 0, -1, True, 6.5, "50"])
def test_a_quantity_that_is_none(by_hand: ByHand, provider: RapidWorkers, quantity: object) -> None:
    with pytest.raises(InvalidRequest, match="quantity"):
        by_hand(provider.youtube_likes("https://example.com/p", quantity))  # type: ignore[arg-type]


ERRORS = [
    (400, "title: This field is required.", InvalidRequest),
    (400, "Insufficient balance. Required: 55.00", InsufficientFunds),
    (400, "Insufficient funds", InsufficientFunds),
    (400, "Submission already processed", Conflict),
    (400, "Worker is already blocked", Conflict),
    (400, "Worker is not blocked", Conflict),
    (400, "You cannot block yourself", InvalidRequest),
    (401, "Invalid API key", AuthenticationFailed),
    (403, "You don't own this campaign", PermissionDenied),
    (404, "Campaign not found", NotFound),
    (429, "Rate limit exceeded", RateLimited),
    (500, "Internal server error", ProviderError),
]


@pytest.mark.parametrize(("status", "words", "kind"), ERRORS)
def test_each_status_is_the_fitting_error(
    provider: RapidWorkers, status: int, words: str, kind: type[CrowdhubError]
) -> None:
    reply = Response(status, json={"error": words})
    error = provider.error(Call.get("/x"), reply)
    assert error is not None
    assert type(error) is kind
    assert error.provider_message == words
    assert error.http_status == status
    assert words in str(error)


def test_the_legitimacy_check_says_what_to_change(by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft) -> None:
    with pytest.raises(PermissionDenied, match="legitimacy") as caught:
        by_hand(provider.publish(draft)).answer({"error": "Job rejected by legitimacy check"}, 403)
    assert "change its text" in caught.value.next_step


def test_a_page_of_html_is_no_answer(by_hand: ByHand, provider: RapidWorkers) -> None:
    for flow in (provider.balance(), provider.task(JOB), provider.tasks(), provider.blocked_workers()):
        with pytest.raises(UnreadableResponse):
            by_hand(flow).answer(b"<html>Please wait</html>")


@pytest.mark.parametrize("odd", [{}, {"job": {}}, {"job": {"public_id": None}}, {"job": [JOB]}, []])
def test_a_yes_in_another_shape_is_looked_for(
    by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, campaign: dict[str, object], odd: object
) -> None:
    hand = by_hand(spent(provider, provider.publish(draft))).answer(odd, 201)
    assert (hand.call.method, hand.call.path) == ("GET", "/api/campaigns/")
    task = hand.answer([{**campaign, "description": "Fill out\n\n[ref ch-abcdefgh]"}]).result
    assert (task.id, task.replayed, task.instructions) == (JOB, True, "Fill out")


def test_key_and_limits_are_declared(provider: RapidWorkers) -> None:
    signed = provider.sign(Call.get("/x"))
    assert signed.headers == {"X-API-Key": "sk-test-0123456789"}
    assert provider.credential_places.headers == ("X-API-Key",)
    assert [(limit.calls, limit.seconds) for limit in provider.rate_limits] == [(1000, 3600)]
    assert provider.settings.base_url == "https://api.rapidworkers.io"
    assert provider.environment == "live"


def test_what_it_can_do_is_what_is_written() -> None:
    able = RapidWorkers.capabilities
    assert set(able.missing()) == {
        Capability.FIND_BONUS,
        Capability.REQUEST_REDO,
        Capability.PAY_BONUS,
        Capability.CANCEL,
        Capability.EXTEND,
        Capability.PAUSE,
        Capability.RESUME,
        Capability.MESSAGE,
        Capability.WORKER,
        Capability.APPLICATIONS,
        Capability.ACCEPT,
        Capability.DECLINE,
    }
    assert not able.fields["deadline"]
    assert able.fields["image"]


def lost(kind: str) -> OutcomeUnknown:
    from crowdhub.errors import Lost

    return OutcomeUnknown("lost", lost=Lost[kind], sent_at=datetime(2026, 1, 10, 12, tzinfo=UTC))


def marked(campaign: dict[str, object], reference: str = "ch-abcdefgh") -> dict[str, object]:
    return {**campaign, "description": f"Fill out our survey\n\n[ref {reference}]"}


class TestLostPublish:
    def test_found_by_its_reference(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, campaign: dict[str, object]
    ) -> None:
        other = {**marked(campaign, "ch-another1"), "jobId": "other"}
        hand = by_hand(spent(provider, provider.publish(draft))).throw(lost("BROKEN"))
        hand.answer([other, marked(campaign)])
        assert (hand.result.id, hand.result.replayed) == (JOB, True)

    def test_found_on_a_later_page(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, campaign: dict[str, object]
    ) -> None:
        other = {**marked(campaign, "ch-another1"), "jobId": "other"}
        hand = by_hand(spent(provider, provider.publish(draft))).throw(lost("BROKEN"))
        hand.answer({"count": 2, "next": "https://evil.example/api/campaigns/?page=2", "results": [other]})
        assert hand.call.path == "/api/campaigns/"
        assert hand.call.query_pairs() == [("page", "2")]
        assert hand.answer({"count": 2, "next": None, "results": [marked(campaign)]}).result.id == JOB

    @pytest.mark.parametrize(
        "change",
        [
            {"description": "FILL OUT OUR SURVEY [REF CH-ABCDEFGH]"},
            {"description": "<p>Fill out</p><p>[ref <b>ch-abc</b>defgh]</p> Our footer."},
            {"description": "Fill out &#91;ref ch&amp;#45;abcdefgh]"},
            {"description": "Fill", "proof": "see ch-abcdefgh"},
        ],
    )
    def test_found_wherever_its_reference_has_gone(
        self,
        by_hand: ByHand,
        provider: RapidWorkers,
        draft: TaskDraft,
        campaign: dict[str, object],
        change: dict[str, object],
    ) -> None:
        hand = by_hand(spent(provider, provider.publish(draft))).throw(lost("BROKEN"))
        hand.answer([{**campaign, **change}])
        assert (hand.result.id, hand.result.replayed, hand.result.reference) == (JOB, True, "ch-abcdefgh")

    @pytest.mark.parametrize(
        ("change", "warning"),
        [
            ({"jobTitle": "Complete a Survey, in 5 minutes "}, None),
            (
                {"jobTitle": "Complete a Survey, &lt;in 5 minutes&gt;"},
                "title: the marketplace has Complete a Survey, &lt;",
            ),
            ({"jobTitle": "COMPLETE A SURVEY, IN 5 MINUTES"}, "title: the marketplace has COMPLETE"),
            ({"jobTitle": "Complete a Su"}, "title: the marketplace has Complete a Su, Complete a Survey, in"),
            ({"jobPay": "0.26"}, "reward: the marketplace has 0.26 USD, 0.255 USD was asked for"),
            ({"jobTotalAvailabilities": None, "jobPay": None}, None),
        ],
    )
    def test_what_the_marketplace_made_of_its_title_and_reward_is_a_warning(
        self,
        by_hand: ByHand,
        provider: RapidWorkers,
        draft: TaskDraft,
        campaign: dict[str, object],
        change: dict[str, object],
        warning: str | None,
    ) -> None:
        """After a lost answer, and by the same key from a ledger that knows nothing of it."""
        asked = draft.copy_with(title=" Complete a Survey, in 5 minutes ", reward=Money("0.255", "USD"))
        listed = {**marked(campaign), "jobTitle": "Complete a Survey, in 5 minutes", "jobPay": "0.255", **change}
        lost_here = by_hand(spent(provider, provider.publish(asked))).throw(lost("BROKEN")).answer([listed])
        elsewhere = by_hand(spent(provider, provider.publish(asked), key="k")).answer([listed])
        for task in (lost_here.result, elsewhere.result):
            assert (task.id, task.replayed, len(task.warnings)) == (JOB, True, int(warning is not None))
            assert task.warnings == () or task.warnings[0].startswith(str(warning))

    @pytest.mark.parametrize("behind", [1, 2, 3])
    def test_a_list_that_is_behind_after_a_500_is_looked_at_again(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, campaign: dict[str, object], behind: int
    ) -> None:
        hand = self.begun(by_hand, provider, draft, [], MONEY)
        for _ in range(behind):
            hand.answer([])
        assert hand.answer([marked(campaign)]).result.id == JOB

    def test_two_with_one_mark_are_told_of(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, campaign: dict[str, object]
    ) -> None:
        """Two ledgers, one key, one moment: nothing prevents it, and every later look says so."""
        hand = by_hand(spent(provider, provider.publish(draft))).throw(lost("BROKEN"))
        task = hand.answer([marked(campaign), {**marked(campaign), "jobId": "second"}]).result
        assert task.warnings[-1] == f"published more than once: {JOB}, second carry its mark"

    def begun(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, listed: Sequence[object], money: object
    ) -> Hand[Task]:
        """Published under a key: the list and the money are asked before; then its answer is lost."""
        hand = by_hand(spent(provider, provider.publish(draft), key="k")).answer(list(listed))
        assert hand.call.path == "/account/get_balance"
        assert hand.answer(money).call.path == "/jobs/add"
        return hand.throw(lost("ANSWERED"))

    def looked(self, hand: Hand[Task], listed: object) -> Hand[Task]:
        for _ in LOOKS[Lost.ANSWERED]:
            hand.answer(listed)
        return hand

    @pytest.mark.parametrize("known", [[], ["its mark"], ["no mark"]])
    def test_absent_now_is_no_proof_yet(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, campaign: dict[str, object], known: list[str]
    ) -> None:
        others = {"its mark": {**marked(campaign, "ch-another1"), "jobId": "other"}, "no mark": campaign}
        listed = [others[each] for each in known]
        hand = self.looked(self.begun(by_hand, provider, draft, listed, MONEY), listed)
        with pytest.raises(OutcomeUnknown, match="in 300 s that can be proof"):
            hand.answer(MONEY)

    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"jobTitle": "x"},
            {"jobPay": "2.51"},
            {"jobPay": None},
            {"jobTotalAvailabilities": 21},
            {"jobTotalAvailabilities": None},
            {"description": "<p>Fill out</p> Our footer."},
        ],
    )
    def test_a_new_one_without_a_mark_is_a_doubt_whatever_it_is_called(
        self,
        by_hand: ByHand,
        provider: RapidWorkers,
        draft: TaskDraft,
        campaign: dict[str, object],
        change: dict[str, object],
    ) -> None:
        hand = self.begun(by_hand, provider, draft, [], MONEY)
        with pytest.raises(OutcomeUnknown, match=r"\[ref ch-abcdefgh\].* without a mark is listed"):
            self.looked(hand, [{**campaign, **change}])

    @pytest.mark.parametrize("listed", [{"count": 121, "next": None, "results": []}, [{"jobId": None}], ["text"]])
    def test_a_list_that_is_not_whole_proves_no_absence(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, listed: object
    ) -> None:
        hand = self.begun(by_hand, provider, draft, [], MONEY)
        with pytest.raises(OutcomeUnknown, match="That it is not listed proves nothing"):
            self.looked(hand, listed)

    def test_a_hundred_rows_of_121_prove_no_absence(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, campaign: dict[str, object]
    ) -> None:
        """The money is not asked any more: nothing it says could make up for the rest."""
        rows = [{**marked(campaign, f"ch-another{number}"), "jobId": f"other {number}"} for number in range(100)]
        hand = self.begun(by_hand, provider, draft, rows, MONEY)
        with pytest.raises(OutcomeUnknown, match="the listing tells of 121 tasks and shows 100"):
            self.looked(hand, {"count": 121, "next": None, "results": rows})

    @pytest.mark.parametrize(
        ("money", "words"), [("945.00", "55.00 USD are gone"), ("1055.00", "55.00 USD came into the account")]
    )
    def test_money_that_moved_proves_no_absence(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, money: str, words: str
    ) -> None:
        hand = self.looked(self.begun(by_hand, provider, draft, [], MONEY), [])
        with pytest.raises(OutcomeUnknown, match=words):
            hand.answer({"balance": money})

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_money_that_cannot_be_asked_proves_no_absence(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft, when: str
    ) -> None:
        odd = {"balance": "much"}
        hand = self.begun(by_hand, provider, draft, [], odd if when == "before" else MONEY)
        with pytest.raises(OutcomeUnknown):
            self.looked(hand, []).answer(odd)

    def test_what_is_not_looked_through_before_proves_no_absence(
        self, by_hand: ByHand, provider: RapidWorkers, draft: TaskDraft
    ) -> None:
        hand = by_hand(spent(provider, provider.publish(draft))).throw(lost("ANSWERED"))
        with pytest.raises(OutcomeUnknown, match="nobody knows what money the account had"):
            self.looked(hand, [])


class TestLostReadyMade:
    def bought(self, by_hand: ByHand, provider: RapidWorkers, known: Sequence[object] = ()) -> Hand[Task]:
        likes = provider.youtube_likes("https://example.com/p", 20)
        hand = by_hand(spent(provider, likes, key="k")).answer(list(known)).answer(MONEY)
        return hand.throw(lost("ANSWERED"))

    def row(self, campaign: dict[str, object], **change: object) -> dict[str, object]:
        return {**campaign, "jobPay": "0.05", **change}

    def test_the_one_new_campaign_of_that_size_and_price_is_it(
        self, by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object]
    ) -> None:
        old = self.row(campaign, jobId="old")
        hand = self.bought(by_hand, provider, [old]).answer([old, self.row(campaign)])
        assert (hand.result.id, hand.result.replayed) == (JOB, True)

    def test_absent_now_is_no_proof(self, by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object]) -> None:
        old = self.row(campaign, jobId="old")
        hand = self.bought(by_hand, provider, [old])
        for _ in LOOKS[Lost.ANSWERED]:
            hand.answer([old])
        with pytest.raises(OutcomeUnknown, match="youtube"):
            hand.answer(MONEY)

    @pytest.mark.parametrize("change", [{"jobPay": None}, {"jobTotalAvailabilities": None}, {"jobPay": "0.06"}])
    def test_one_that_is_not_recognised_is_not_bought_again(
        self, by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object], change: dict[str, object]
    ) -> None:
        hand = self.bought(by_hand, provider)
        for _ in LOOKS[Lost.ANSWERED][1:]:
            hand.answer([self.row(campaign, **change)])
        with pytest.raises(OutcomeUnknown, match="a task without a mark is listed that was not there before"):
            hand.answer([self.row(campaign, **change)])

    def test_one_that_is_there_all_along_is_not_bought_again_while_its_money_is_gone(
        self, by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object]
    ) -> None:
        hand = self.bought(by_hand, provider)
        for _ in LOOKS[Lost.ANSWERED]:
            hand.answer([])
        with pytest.raises(OutcomeUnknown, match=r"1.00 USD are gone"):
            hand.answer({"balance": "999.00"})

    def test_one_that_was_made_long_before_is_not_it(
        self, by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object]
    ) -> None:
        hand = self.bought(by_hand, provider)
        old = self.row(campaign, jobCreatedAt="2020-01-01T00:00:00Z")
        for _ in LOOKS[Lost.ANSWERED][1:]:
            hand.answer([old])
        with pytest.raises(OutcomeUnknown, match="a task without a mark"):
            hand.answer([old])

    @pytest.mark.parametrize("before", [{"count": 1, "results": []}, [{"jobId": None}]], ids=["cut", "unreadable"])
    def test_what_was_not_known_before_is_not_taken_for_it(
        self, by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object], before: object
    ) -> None:
        likes = provider.youtube_likes("https://example.com/p", 20)
        hand = by_hand(spent(provider, likes, key="k")).answer(before)
        with pytest.raises(OutcomeUnknown):
            hand.throw(lost("ANSWERED"))

    def test_two_that_could_be_it_cannot_be_told(
        self, by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object]
    ) -> None:
        with pytest.raises(OutcomeUnknown, match=r"20 at 0.05 USD"):
            self.bought(by_hand, provider).answer([self.row(campaign), self.row(campaign, jobId="2")])

    def test_a_record_that_cannot_be_read_proves_no_absence(self, by_hand: ByHand, provider: RapidWorkers) -> None:
        hand = self.bought(by_hand, provider)
        for _ in LOOKS[Lost.ANSWERED][1:]:
            hand.answer([{"jobId": None}])
        with pytest.raises(OutcomeUnknown, match="cannot be read"):
            hand.answer([{"jobId": None}])


@pytest.mark.parametrize("amount", ["0.9752", "0.005"])
def test_a_reward_of_parts_of_a_cent_is_an_issue_before_any_request(provider: RapidWorkers, amount: str) -> None:
    draft = TaskDraft(title="T", instructions="D", reward=Money(amount, "USD"), proof="P", category="Survey")
    assert [str(each) for each in provider.draft_issues(draft)] == [
        f"reward: {amount} USD has more than 2 decimals, which is what RapidWorkers pays in"
    ]
    assert not provider.draft_issues(draft.copy_with(reward=Money("0.250", "USD")))


def test_a_reward_is_sent_without_zeros_behind_its_cents(by_hand: ByHand, provider: RapidWorkers) -> None:
    draft = TaskDraft(title="T", instructions="D", reward=Money("0.250", "USD"), proof="P", category="Survey")
    assert dict(by_hand(provider.publish(draft)).call.multipart or ())["pay_rate"] == "0.25"
