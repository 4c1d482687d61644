"""RapidWorkers' own documented requests and answers, through the hub, in every world, with the network off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias, cast

import pytest

from crowdhub import AsyncHub, Decision, Hub, Money, Response, Submission, Task, TaskDraft, Worker
from crowdhub.model import BatchReport
from crowdhub.protocol import Flow, Operation, OperationRun
from crowdhub.testing.recording import recording
from crowdhub_rapidworkers import RapidWorkers, ReadyMade
from tests.conftest import World
from tests.replay.conftest import Documented

JOB = "123e4567-e89b-12d3-a456-426614174000"
WORK = Submission(
    id="123",
    task_id=JOB,
    provider="rapidworkers",
    account="rapidworkers",
    environment="live",
    worker=Worker(id="abc-def-123", name="worker_username"),
)
DRAFT = TaskDraft(
    title="Complete a Survey",
    instructions="Fill out our 5-minute customer satisfaction survey",
    reward=Money("2.50", "USD"),
    slots=100,
    proof="Submit a screenshot of the completion page",
    category="Survey",
    subcategory="Customer Feedback",
    countries=("US", "CA", "GB"),
)
CAMPAIGN = {
    "id": JOB,
    "title": "Complete a Survey",
    "instructions": "Fill out our customer satisfaction survey",
    "category": "Survey",
    "reward": {"amount": "2.50", "currency": "USD"},
    "created_at": "2025-01-15T10:30:00Z",
    "status": "open",
    "slots": 100,
    "remaining": 55,
    "pending": 12,
    "approved": 40,
    "rejected": 5,
    "success_rate": "40",
}
SUBMISSION = {
    "id": "123",
    "task_id": JOB,
    "status": "pending",
    "submitted_at": "2025-01-16T14:30:00Z",
    "text": "Completed the survey as requested",
    "files": [{"id": "img_1", "url": "https://...", "thumbnail_url": "https://..."}],
    "worker": {
        "id": "abc-def-123",
        "name": "WorkerName",
        "country": "US",
        "account_age_days": 120,
        "approval_rate": "85",
        "completed": 47,
        "avatar": "https://...",
    },
}
Case: TypeAlias = "tuple[Callable[[RapidWorkers], Operation[object]], object]"


def _bulk(provider: RapidWorkers) -> Flow[BatchReport]:
    """The plugin's own bulk review. The looks around it, which no documented example has, are answered here."""
    decisions = [Decision.approve(WORK.copy_with(id=each), "Bulk action notes") for each in ("123", "999")]
    full = {"jobId": JOB, "jobStatus": "Active", "jobTotalAvailabilities": 2, "remainingAvailabilities": 0}
    full |= {"pendingSubmissions": 2, "approvedSubmissions": 0, "rejectedSubmissions": 0}
    rows = [{"submissionId": each, "userId": "abc-def-123", "status": "Pending"} for each in (123, 999)]
    with OperationRun(provider.review_batch(decisions)) as run:
        call = run.start()
        while call is not None:
            if call.path.endswith("/bulk_action/"):
                call = run.send((yield call))
            elif call.path.endswith("/submissions/"):
                call = run.send(Response(200, json={"count": 2, "next": None, "results": {"submissions": rows}}))
            else:
                call = run.send(Response(200, json=full))
        return run.result


def _ready_made(job: ReadyMade, link: str, quantity: int, cost: str, second: str) -> Case:
    def play(provider: RapidWorkers) -> Operation[Task]:
        return provider.ready_made(
            job, link=link, quantity=quantity, countries=["US", second], language="en", approve_once_full=True
        )

    return play, {"id": JOB, "slots": quantity, "charged": {"amount": cost, "currency": "USD"}}


CASES: dict[str, Case] = {
    "jobs-add": (
        lambda provider: provider.publish(DRAFT),
        {
            "id": JOB,
            "title": "Test Job",
            "status": "open",
            "slots": 10,
            "reward": {"amount": "5.00", "currency": "USD"},
            "charged": {"amount": "55.00", "currency": "USD"},
        },
    ),
    "get-balance": (lambda provider: provider.balance(), "1000.00 USD"),
    "approve": (
        lambda provider: provider.approve(WORK, "Great work!"),
        {"id": "123", "status": "approved", "amount_paid": {"amount": "5.00", "currency": "USD"}},
    ),
    "reject": (
        lambda provider: provider.reject(WORK, "Does not meet requirements"),
        {"id": "123", "status": "rejected", "feedback": "Does not meet requirements"},
    ),
    "campaigns": (lambda provider: provider.tasks(), {"items": [CAMPAIGN], "more": False}),
    "campaign-detail": (lambda provider: provider.task(JOB), CAMPAIGN),
    "submissions": (
        lambda provider: provider.submissions(JOB),
        {"items": [SUBMISSION], "total": 45, "more": False},
    ),
    "workers-block": (lambda provider: provider.block("12345"), {"id": "12345", "blocked": True}),
    "workers-unblock": (lambda provider: provider.unblock("12345"), {"id": "12345", "blocked": False}),
    "workers-blocked": (
        lambda provider: provider.blocked_workers(),
        {
            "items": [
                {"id": "12345", "name": "WorkerName", "blocked": True, "blocked_at": "2025-01-15T10:30:00Z"},
            ]
        },
    ),
    "facebook-likes": _ready_made(ReadyMade.FACEBOOK_LIKES, "https://facebook.com/post/123", 50, "2.50", "GB"),
    "facebook-shares": _ready_made(ReadyMade.FACEBOOK_SHARES, "https://facebook.com/post/123", 25, "1.25", "CA"),
    "instagram-likes": _ready_made(ReadyMade.INSTAGRAM_LIKES, "https://instagram.com/ABC123", 100, "5.00", "GB"),
    "instagram-followers": _ready_made(
        ReadyMade.INSTAGRAM_FOLLOWERS, "https://instagram.com/username", 50, "2.50", "CA"
    ),
    "twitter-likes": _ready_made(ReadyMade.TWITTER_LIKES, "https://twitter.com/user/status/123", 75, "3.75", "GB"),
    "twitter-followers": _ready_made(ReadyMade.TWITTER_FOLLOWERS, "https://twitter.com/username", 50, "2.50", "CA"),
    "twitter-retweets": _ready_made(
        ReadyMade.TWITTER_RETWEETS, "https://twitter.com/user/status/123", 30, "1.50", "GB"
    ),
    "trustpilot-reviews": _ready_made(
        ReadyMade.TRUSTPILOT_REVIEWS, "https://trustpilot.com/review/example.com", 20, "1.00", "CA"
    ),
    "9gag-upvotes": _ready_made(ReadyMade.NINEGAG_UPVOTES, "https://9gag.com/gag/abc123", 50, "2.50", "GB"),
    "youtube-likes": _ready_made(ReadyMade.YOUTUBE_LIKES, "https://youtube.com/watch?v=abc123", 100, "5.00", "CA"),
}
ACCOUNT = {"api_key": "not-a-key", "allow_engagement_jobs": True}


@pytest.mark.parametrize("name", CASES)
def test_a_documented_exchange_reads_as_documented(name: str, documented: Documented) -> None:
    documented("rapidworkers", ACCOUNT, name, *CASES[name])


@pytest.mark.usefixtures("no_network")
def test_the_documented_bulk_answer_is_compared_with_the_decisions(
    world: World, cassettes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """124 was approved though nobody decided it; 999 was decided and is not in the answer."""
    monkeypatch.setattr("crowdhub_rapidworkers.review.LEAST_IN_BULK", 2)  # the documented answer has two
    with recording("rapidworkers", cassettes / "rapidworkers" / "documented" / "bulk-action.yaml"):

        def run(hub: Hub | AsyncHub) -> object:
            provider = cast("RapidWorkers", hub["rapidworkers"].provider)
            return hub["rapidworkers"].run(Operation("bulk", lambda: _bulk(provider), {}))

        report = cast("BatchReport", world.hub({"rapidworkers": ACCOUNT}, run))
    assert [outcome.submission and outcome.submission.id for outcome in report.outcomes] == ["123"]
    assert [decision.submission.id for decision in report.left] == ["999"]
    assert [each.id for each in report.unintended] == ["124"]


def test_every_documented_exchange_is_played(cassettes: Path) -> None:
    files = {path.stem for path in (cassettes / "rapidworkers" / "documented").glob("*.yaml")}
    assert files == {*CASES, "bulk-action"}
