from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

FORM = {
    "title": "Complete a Survey",
    "description": "Fill out our survey",
    "pay_rate": "2.50",
    "total_availabilities": "10",
    "proof_required_description": "A screenshot",
    "category": "Survey",
}


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(RapidWorkersSandbox) as box:
        yield box


@pytest.fixture
def market(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


@pytest.fixture
def api(box: Sandbox) -> Iterator[httpx.Client]:
    """A bare client with the customer's key."""
    account = box.accounts["rapidworkers"]
    headers = {"X-API-Key": account["api_key"]}
    with httpx.Client(base_url=account["base_url"], headers=headers, timeout=10) as client:
        yield client


@pytest.fixture
def form() -> dict[str, str]:
    return dict(FORM)


Publish = Callable[..., str]
Refused = Callable[[httpx.Response], tuple[int, str]]


@pytest.fixture
def publish(api: httpx.Client) -> Publish:
    """Publish over the wire; returns the job's id."""

    def publish(**changes: Any) -> str:
        fields = {name: (None, value) for name, value in {**FORM, **changes}.items()}
        answer = api.post("/jobs/add", files=fields)
        assert answer.status_code == 201, answer.text
        job_id: str = answer.json()["job"]["public_id"]
        return job_id

    return publish


@pytest.fixture
def refused() -> Refused:
    """Status and text of an error, which has nothing else in its body."""

    def refused(answer: httpx.Response) -> tuple[int, str]:
        body = answer.json()
        assert list(body) == ["error"]
        return answer.status_code, body["error"]

    return refused
