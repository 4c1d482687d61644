"""The calls of the provider's own sample code, with `requests`, as published but for host, key and ids.

The samples read the campaign list as a page object and some fields in snake case, where the example answers
show an array and camel case; the sandbox answers in both spellings here.
"""

from __future__ import annotations

import pytest
import requests

from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

READY_MADE = {
    "facebook-likes": ("https://facebook.com/post/123", 50),
    "facebook-shares": ("https://facebook.com/post/123", 25),
    "instagram-likes": ("https://instagram.com/ABC123", 100),
    "instagram-followers": ("https://instagram.com/username", 50),
    "twitter-likes": ("https://twitter.com/user/status/123", 75),
    "twitter-followers": ("https://twitter.com/username", 50),
    "twitter-retweets": ("https://twitter.com/user/status/123", 30),
    "trustpilot-reviews": ("https://trustpilot.com/review/example.com", 20),
    "9gag-upvotes": ("https://9gag.com/gag/abc123", 50),
    "youtube-likes": ("https://youtube.com/watch?v=abc123", 100),
}


@pytest.fixture(autouse=True)
def _as_the_samples_read_it(market: RapidWorkersSandbox) -> None:
    market.quirks.field_names = "both"
    market.quirks.campaign_page = True


@pytest.fixture
def host(box: Sandbox) -> str:
    return str(box.accounts["rapidworkers"]["base_url"])


@pytest.fixture
def key(box: Sandbox) -> str:
    return str(box.accounts["rapidworkers"]["api_key"])


@pytest.fixture
def campaign_id(host: str, key: str) -> str:
    job_data: dict[str, str | tuple[None, str]] = {
        "title": "Complete a Survey",
        "description": "Fill out our 5-minute customer satisfaction survey",
        "pay_rate": "2.50",
        "total_availabilities": "100",
        "proof_required_description": "Submit a screenshot of the completion page",
        "category": "Survey",
        "sub_category": (None, "Customer Feedback"),
        "countries": (None, '["US", "CA", "GB"]'),
    }
    response = requests.post(f"{host}/jobs/add", headers={"X-API-Key": key}, files=job_data)
    job = response.json()
    print(f"Job created: {job['job']['public_id']}")
    return str(job["job"]["public_id"])


def test_the_job_is_as_asked(market: RapidWorkersSandbox, campaign_id: str) -> None:
    job = market.job(campaign_id).job
    assert (job.title, job.sub_category, job.countries) == (
        "Complete a Survey",
        "Customer Feedback",
        ("US", "CA", "GB"),
    )
    assert str(market.books().charged) == "275.00"


def test_get_balance(host: str, key: str) -> None:
    response = requests.post(f"{host}/account/get_balance", headers={"X-API-Key": key})
    assert response.json()["balance"] == "1000.00"


def test_approve(host: str, key: str, market: RapidWorkersSandbox, campaign_id: str) -> None:
    (submission_id,) = market.hand_in(campaign_id)
    response = requests.post(
        f"{host}/api/campaigns/{campaign_id}/submissions/{submission_id}/approve/",
        headers={"X-API-Key": key},
        json={"notes": "Great work!"},
    )
    assert response.json()["submission"]["status"] == "Approved"


def test_reject(host: str, key: str, market: RapidWorkersSandbox, campaign_id: str) -> None:
    (submission_id,) = market.hand_in(campaign_id)
    response = requests.post(
        f"{host}/api/campaigns/{campaign_id}/submissions/{submission_id}/reject/",
        headers={"X-API-Key": key},
        json={"notes": "Screenshot does not show completion page"},
    )
    assert response.json()["submission"]["notes"] == "Screenshot does not show completion page"


def test_bulk_approve_all_pending(host: str, key: str, market: RapidWorkersSandbox, campaign_id: str) -> None:
    ids = market.hand_in(campaign_id, 2)
    response = requests.post(
        f"{host}/api/campaigns/{campaign_id}/submissions/bulk_action/",
        headers={"X-API-Key": key},
        json={"notes": "All submissions verified"},
    )
    assert [submission["id"] for submission in response.json()["submissions"]] == ids


def test_list_all_campaigns(host: str, key: str, campaign_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    response = requests.get(f"{host}/api/campaigns/", headers={"X-API-Key": key})
    campaigns = response.json()
    for campaign in campaigns["results"]:
        print(f"{campaign['jobTitle']} - {campaign['jobStatus']}")
    assert capsys.readouterr().out.endswith("Complete a Survey - Active\n")
    response = requests.get(f"{host}/api/campaigns/?status=Active", headers={"X-API-Key": key})
    assert response.json()["count"] == 1


def test_campaign_detail(host: str, key: str, campaign_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    response = requests.get(f"{host}/api/campaigns/detail/{campaign_id}/", headers={"X-API-Key": key})
    campaign = response.json()
    print(f"Remaining slots: {campaign['remaining_availabilities']}")
    print(f"Pending: {campaign['pending_submissions']}")
    assert capsys.readouterr().out.endswith("Remaining slots: 100\nPending: 0\n")


def test_list_all_submissions(host: str, key: str, market: RapidWorkersSandbox, campaign_id: str) -> None:
    market.hand_in(campaign_id, 3)
    response = requests.get(f"{host}/api/campaigns/{campaign_id}/submissions/", headers={"X-API-Key": key})
    data = response.json()
    for sub in data["results"]["submissions"]:
        print(f"#{sub['submissionId']} - {sub['status']} - Age: {sub['worker_account_age_days']}d")
    response = requests.get(
        f"{host}/api/campaigns/{campaign_id}/submissions/?status=Pending", headers={"X-API-Key": key}
    )
    assert response.json()["count"] == 3


def test_block_list_and_unblock(host: str, key: str, market: RapidWorkersSandbox) -> None:
    worker_id = market.own_worker_id + 7
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    response = requests.post(f"{host}/api/workers/block/", headers=headers, json={"worker_id": worker_id})
    assert (response.status_code, response.json()["worker_id"]) == (201, worker_id)
    response = requests.get(f"{host}/api/workers/blocked/", headers={"X-API-Key": key})
    blocked = response.json()
    for worker in blocked:
        print(f"Blocked: {worker['worker_name']} (ID: {worker['worker_id']})")
    assert [worker["worker_id"] for worker in blocked] == [worker_id]
    response = requests.post(f"{host}/api/workers/unblock/", headers=headers, json={"worker_id": worker_id})
    assert (response.status_code, response.json()["worker_id"]) == (200, worker_id)


@pytest.mark.parametrize("name", READY_MADE)
def test_ready_made_job(host: str, key: str, name: str) -> None:
    link, quantity = READY_MADE[name]
    response = requests.post(
        f"{host}/api/jobs/{name}/",
        headers={"X-API-Key": key, "Content-Type": "application/json"},
        json={"link": link, "quantity": quantity},
    )
    job = response.json()
    print(f"Job created: {job['job_id']}")
    assert job["total_cost"] == f"{quantity * 5 / 100:.2f}"
