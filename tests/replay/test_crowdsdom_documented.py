"""CrowdSDOM's documented answers, through the hub, in every world, with the network off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from crowdhub import Money, Submission, TaskDraft, Worker
from crowdhub.model import ExternalForm
from crowdhub.protocol import Flow, Operation
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMOptions
from tests.replay.conftest import Documented

Case: TypeAlias = "tuple[Callable[[CrowdSDOM], Operation[object] | Flow[object]], object]"

JOB = "5639c1dc831c7b22009b71ef"
TASK = "5639ce2f831c7b22009b7253"
WORK = Submission(
    id=TASK,
    task_id=JOB,
    provider="crowdsdom",
    account="crowdsdom",
    environment="live",
    worker=Worker(id="563172bc9b7dbf2b00612c31"),
)
DRAFT = TaskDraft(
    title="A title",
    instructions="A description",
    reward=Money("0.1", "CNY"),
    deadline=timedelta(days=1),
    auto_approve=timedelta(hours=1),
    questions=ExternalForm(url="http://wb_region/survey", height=500),
    options=[CrowdSDOMOptions(task_duration=300)],
)
COMPLETED = {
    "id": JOB,
    "title": "A title",
    "instructions": "A description",
    "reward": {"amount": "0.1", "currency": "CNY"},
    "status": "completed",
    "slots": 1,
    "remaining": 0,
    "approved": 1,
    "created_at": "2015-11-04T08:29:16.744000Z",
    "expires_at": "2015-11-05T08:29:16.744000Z",
}
CASES: dict[str, Case] = {
    "jobs-create": (
        lambda provider: provider.publish(DRAFT),
        {"id": JOB, "status": "open", "slots": 1, "remaining": 1},
    ),
    "jobs-list": (lambda provider: provider.tasks(), {"items": [COMPLETED], "total": 1, "more": False}),
    "job": (lambda provider: provider.task(JOB), COMPLETED),
    "job-tasks": (
        lambda provider: provider.submissions(JOB),
        {
            "items": [
                {
                    "id": TASK,
                    "task_id": JOB,
                    "status": "pending",
                    "worker": {"id": "563172bc9b7dbf2b00612c31"},
                    "submitted_at": "2015-10-26T07:17:24+08:00",
                    "answers": {"q1": ["an answer"]},
                }
            ]
        },
    ),
    "job-cancel": (lambda provider: provider.cancel(JOB), COMPLETED),
    "task-approve": (
        lambda provider: provider.approve(WORK, "Good"),
        {"id": TASK, "status": "approved", "amount_paid": {"amount": "0.1", "currency": "CNY"}},
    ),
    "task-reject": (
        lambda provider: provider.reject(WORK, "Not what was asked"),
        {"id": TASK, "status": "rejected", "task_id": JOB, "answers": [{"status": "success"}]},
    ),
    "job-types-create": (
        lambda provider: provider.create_job_type(
            title="A title",
            description="A description",
            reward=Money("0.1", "CNY"),
            lifetime=86400,
            task_duration=300,
            max_tasks=1,
            auto_approval_delay=3600,
        ),
        {"id": "56385ed9831c7b22009b712d", "reward": {"amount": "0.1", "currency": "CNY"}, "task_duration": 300},
    ),
}
ACCOUNT = {"api_key": "not-a-key", "api_secret": "not-a-secret"}


@pytest.mark.parametrize("name", CASES)
def test_a_documented_exchange_reads_as_documented(name: str, documented: Documented) -> None:
    documented("crowdsdom", ACCOUNT, name, *CASES[name])


def test_the_documented_token_is_read(documented: Documented) -> None:
    """By the flow itself: it asks for the token, and is not asked for one."""

    def play(provider: CrowdSDOM) -> Flow[dict[str, str]]:
        provider.now = lambda: datetime(2015, 11, 4, 8, 30, tzinfo=UTC)
        token = yield from provider.authenticate()
        assert token.expires_at is not None
        return {"value": token.value.get_secret_value(), "expires_at": token.expires_at.isoformat()}

    expected = {"value": "SCRUBBED", "expires_at": "2015-11-04T10:30:00+00:00"}
    documented("crowdsdom", ACCOUNT, "oauth-token", play, expected)


def test_every_documented_exchange_is_played(cassettes: Path) -> None:
    assert {path.stem for path in (cassettes / "crowdsdom" / "documented").glob("*.yaml")} == {*CASES, "oauth-token"}
