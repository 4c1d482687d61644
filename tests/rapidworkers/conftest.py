from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar, cast

import pytest
from pydantic import SecretStr

from crowdhub import Money, Submission, TaskDraft, Worker
from crowdhub.model import SubmissionStatus
from crowdhub.protocol import Call, Operation, OperationRun, Response
from crowdhub_rapidworkers import RapidWorkers, RapidWorkersSettings

T = TypeVar("T")

JOB = "0a1b2c3d-0000-4000-8000-000000000001"

CAMPAIGN: dict[str, object] = {
    "jobId": JOB,
    "jobTitle": "Complete a Survey",
    "jobCategory": "Survey",
    "jobPay": "2.50",
    "jobLocation": "US",
    "jobCreatedAt": "2026-01-10T12:00:00Z",
    "jobStatus": "Active",
    "jobInstancesCompleted": 8,
    "jobTotalAvailabilities": 20,
    "jobSuccessRate": "40%",
    "description": "Fill out our survey",
    "canceled": False,
    "remainingAvailabilities": 12,
    "pendingSubmissions": 3,
    "approvedSubmissions": 8,
    "rejectedSubmissions": 1,
}
SUBMISSION: dict[str, object] = {
    "submissionId": 12345,
    "userId": "abc-def-123",
    "userName": "worker1",
    "userAvatar": "https://example.com/a.png",
    "campaignId": JOB,
    "campaignTitle": "Complete a Survey",
    "status": "Pending",
    "country_name": "United States",
    "submittedAt": "2026-01-11T10:30:00Z",
    "proof_text": "Completed as requested",
    "images": [{"id": "img_1", "url": "https://example.com/1.jpg", "thumbnailUrl": "https://example.com/1t.jpg"}],
    "notes": None,
    "workerAccountAgeDays": 120,
    "workerApprovalRate": "85%",
    "workerTotalCompleted": 250,
}


Spelling = Callable[[object], object]


def snake(value: object) -> object:
    """The same answer as the documentation's sample code reads it."""
    if isinstance(value, list):
        return [snake(each) for each in cast("list[object]", value)]
    if isinstance(value, dict):
        fields = cast("Mapping[str, object]", value)
        return {
            "".join("_" + c.lower() if c.isupper() else c for c in name): snake(each) for name, each in fields.items()
        }
    return value


class Hand(Generic[T]):
    """Drives one operation by hand with documented answers."""

    def __init__(self, provider: RapidWorkers, operation: Operation[T]) -> None:
        self.provider = provider
        self.run = OperationRun(operation)
        self.run.start()

    @property
    def call(self) -> Call:
        """What the operation wants sent next."""
        assert self.run.call is not None, "the operation has ended"
        return self.run.call

    def answer(self, body: object, status: int = 200) -> Hand[T]:
        """As the engine does: the provider's own reading of errors first, then into the flow."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = Response(status, content=content, headers={"content-type": "application/json"})
        error = self.provider.error(self.call, reply)
        self.run.send(reply) if error is None else self.run.throw(error)
        return self

    def throw(self, error: Exception) -> Hand[T]:
        self.run.throw(error)
        return self

    @property
    def result(self) -> T:
        return self.run.result


class ByHand(Protocol):
    """Starts an operation that is then driven by hand."""

    def __call__(self, operation: Operation[T]) -> Hand[T]: ...


@pytest.fixture
def provider() -> RapidWorkers:
    return RapidWorkers(RapidWorkersSettings(api_key=SecretStr("sk-test-0123456789"), allow_engagement_jobs=True))


@pytest.fixture
def by_hand(provider: RapidWorkers) -> ByHand:
    def start(operation: Operation[T]) -> Hand[T]:
        return Hand(provider, operation)

    return start


@pytest.fixture
def campaign() -> dict[str, object]:
    return dict(CAMPAIGN)


@pytest.fixture
def row() -> dict[str, object]:
    return dict(SUBMISSION)


@pytest.fixture(params=["camel", "snake"])
def spelled(request: pytest.FixtureRequest) -> Spelling:
    return (lambda value: value) if request.param == "camel" else snake


@pytest.fixture
def draft() -> TaskDraft:
    return TaskDraft(
        title="Complete a Survey",
        instructions="Fill out our survey",
        reward=Money("2.50", "USD"),
        slots=20,
        proof="Screenshot of the last page",
        category="Survey",
        reference="ch-abcdefgh",
    )


@pytest.fixture
def submission(provider: RapidWorkers) -> Submission:
    return Submission(
        **provider.identity,
        id="12345",
        task_id=JOB,
        worker=Worker(id="abc-def-123", name="worker1"),
        status=SubmissionStatus.PENDING,
    )
