from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

import httpx
import pytest

from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

if TYPE_CHECKING:
    from tests.rapidworkers.test_sandbox.conftest import Publish, Refused


class Results(TypedDict):
    pagination: dict[str, int]


class Page(TypedDict):
    next: str | None
    previous: str | None
    results: Results


def test_a_campaign_looks_as_documented(
    api: httpx.Client, box: Sandbox, market: RapidWorkersSandbox, publish: Publish
) -> None:
    market.script.rate = 0
    job_id = publish()
    box.clock.advance(hours=1)
    ids = market.hand_in(job_id, 4)
    base = f"/api/campaigns/{job_id}/submissions"
    api.post(f"{base}/{ids[0]}/approve/")
    api.post(f"{base}/{ids[1]}/reject/", json={"notes": "x"})
    (campaign,) = api.get("/api/campaigns/", params={"language": "en"}).json()
    assert campaign == {
        "jobId": job_id,
        "jobTitle": "Complete a Survey",
        "jobCategory": "Survey",
        "jobPay": "2.50",
        "jobLocation": "In",
        "jobCreatedAt": "2026-01-15T09:00:00Z",
        "jobStatus": "Active",
        "jobInstancesCompleted": 2,
        "jobTotalAvailabilities": 10,
        "jobSuccessRate": "10%",
        "description": "Fill out our survey",
        "canceled": False,
        "remainingAvailabilities": 7,
        "pendingSubmissions": 2,
        "approvedSubmissions": 1,
        "rejectedSubmissions": 1,
    }
    assert api.get(f"/api/campaigns/detail/{job_id}/").json() == campaign
    assert api.get(f"/api/campaigns/detail/{job_id.upper()}/").json() == campaign
    market.quirks.remaining_as_documented = True
    assert api.get(f"/api/campaigns/detail/{job_id}/").json()["remainingAvailabilities"] == 8


def test_only_ones_own_campaigns_are_seen(api: httpx.Client, market: RapidWorkersSandbox, refused: Refused) -> None:
    assert api.get("/api/campaigns/").json() == []
    detail = f"/api/campaigns/detail/{market.foreign_job}/"
    assert refused(api.get(detail)) == (403, "You don't own this campaign")
    assert api.get(detail, headers={"X-API-Key": market.other_key}).status_code == 200
    submissions = f"/api/campaigns/{market.foreign_job}/submissions/"
    assert refused(api.get(submissions))[0] == 403
    nobodys = "00000000-0000-4000-8000-000000000000"
    assert refused(api.get(f"/api/campaigns/detail/{nobodys}/")) == (404, "Campaign not found")
    assert refused(api.get(f"/api/campaigns/{nobodys}/submissions/")) == (404, "Campaign not found")
    assert refused(api.get("/api/campaigns/detail/no-uuid/"))[0] == 404


def test_campaigns_are_newest_first_and_filtered_by_status(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, refused: Refused
) -> None:
    first, second = publish(), publish()
    market.cancel(first)

    def listed(**query: str) -> list[str]:
        return [campaign["jobId"] for campaign in api.get("/api/campaigns/", params=query).json()]

    assert listed() == [second, first]
    assert listed(status="Active") == [second]
    assert listed(status="Canceled") == [first]
    assert listed(status="Completed") == []
    assert listed(status="") == [second, first]
    assert refused(api.get("/api/campaigns/?status=active"))[0] == 400


def test_the_campaign_list_can_be_a_page_object(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish
) -> None:
    market.quirks.campaign_page = True
    market.quirks.campaign_page_size = 2
    ids = [publish() for _ in range(3)]
    first = api.get("/api/campaigns/?status=Active").json()
    assert (first["count"], first["previous"]) == (3, None)
    assert first["next"] == f"{api.base_url}/api/campaigns/?status=Active&page=2"
    second = api.get(first["next"]).json()
    assert (second["next"], second["previous"]) == (None, f"{api.base_url}/api/campaigns/?status=Active")
    assert [c["jobId"] for c in first["results"] + second["results"]] == ids[::-1]
    assert api.get("/api/campaigns/?page=3").status_code == 404


def test_a_submission_looks_as_documented(api: httpx.Client, market: RapidWorkersSandbox, publish: Publish) -> None:
    job_id = publish()
    (sid,) = market.hand_in(job_id, text="Completed the survey as requested")
    body = api.get(f"/api/campaigns/{job_id}/submissions/").json()
    (row,) = body["results"].pop("submissions")
    assert body == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": {"pagination": {"totalCount": 1, "pageCount": 1, "currentPage": 1, "rowsPerPage": 1000}},
    }
    assert [len(part) for part in row.pop("userId").split("-")] == [3, 3, 3]
    (image,) = row.pop("images")
    assert image["id"] == f"img_{sid}_1"
    for url in (image["url"], image["thumbnailUrl"], row.pop("userAvatar")):
        picture = httpx.get(url)
        assert picture.content.startswith(b"\x89PNG")
        assert picture.headers["content-type"] == "image/png"
    assert isinstance(row.pop("workerAccountAgeDays"), int)
    assert isinstance(row.pop("workerTotalCompleted"), int)
    assert row.pop("workerApprovalRate").endswith("%")
    assert row.pop("userName")
    assert row.pop("country_name")
    assert row == {
        "submissionId": sid,
        "campaignId": job_id,
        "campaignTitle": "Complete a Survey",
        "status": "Pending",
        "submittedAt": "2026-01-15T09:00:00Z",
        "proof_text": "Completed the survey as requested",
        "notes": None,
    }


def test_pages_of_submissions(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, refused: Refused
) -> None:
    job_id = publish(total_availabilities="25")
    ids = market.hand_in(job_id, 25)
    base = f"/api/campaigns/{job_id}/submissions/"
    url = f"{base}?rowsPerPage=10&status=Pending"
    seen: list[int] = []
    pages: list[Page] = []
    while url:
        body = api.get(url).json()
        seen += [row["submissionId"] for row in body["results"]["submissions"]]
        pages.append(body)
        url = body["next"]
    assert seen == ids
    assert pages[0]["next"] == f"{api.base_url}{base}?rowsPerPage=10&status=Pending&page=2"
    assert pages[1]["previous"] == f"{api.base_url}{base}?rowsPerPage=10&status=Pending"
    assert pages[2]["previous"] == pages[0]["next"]
    assert [page["results"]["pagination"]["currentPage"] for page in pages] == [1, 2, 3]
    assert pages[2]["results"]["pagination"]["pageCount"] == 3
    for page in ("4", "0", "-1", "x", "", "9" * 30):
        answer = api.get(base, params={"rowsPerPage": 10, "page": page})
        assert refused(answer) == (404, "Invalid page.")
    for rows, meant in (("x", 1000), ("0", 1000), ("5000", 1000), ("7", 7)):
        pagination = api.get(base, params={"rowsPerPage": rows}).json()["results"]["pagination"]
        assert pagination["rowsPerPage"] == meant


def test_an_empty_list_has_one_page(api: httpx.Client, publish: Publish) -> None:
    body = api.get(f"/api/campaigns/{publish()}/submissions/").json()
    assert (body["count"], body["results"]["submissions"]) == (0, [])
    assert body["results"]["pagination"]["pageCount"] == 1


def test_submissions_by_status_and_by_worker(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, refused: Refused
) -> None:
    job_id = publish()
    ids = market.hand_in(job_id, 5)
    base = f"/api/campaigns/{job_id}/submissions/"
    api.post(f"{base}{ids[0]}/approve/")
    api.post(f"{base}{ids[1]}/reject/", json={"notes": "no"})

    def listed(**query: str) -> list[int]:
        rows = api.get(base, params=query).json()["results"]["submissions"]
        return [row["submissionId"] for row in rows]

    assert listed(status="Approved") == ids[:1]
    assert listed(status="Rejected") == ids[1:2]
    assert listed(status="Pending") == ids[2:]
    name = api.get(base).json()["results"]["submissions"][3]["userName"]
    assert listed(search=name.lower()) == [ids[3]]
    assert listed(search="nobody at all") == []
    market.quirks.newest_first = True
    assert listed(status="Pending") == ids[:1:-1]
    assert refused(api.get(base, params={"status": "Lost"}))[0] == 400


@pytest.mark.parametrize("names", ["snake", "both"])
def test_fields_can_be_spelt_in_snake_case(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, names: Literal["snake", "both"]
) -> None:
    market.quirks.field_names = names
    job_id = publish()
    market.hand_in(job_id)
    campaign = api.get("/api/campaigns/").json()[0]
    assert campaign["job_id"] == job_id
    assert campaign["remaining_availabilities"] == 9
    results = api.get(f"/api/campaigns/{job_id}/submissions/").json()["results"]
    row = results["submissions"][0]
    assert row["worker_account_age_days"] >= 0
    assert row["images"][0]["thumbnail_url"]
    assert results["pagination"]["total_count"] == 1
    assert ("jobId" in campaign) == ("workerApprovalRate" in row) == (names == "both")


def test_a_hundred_thousand_submissions_are_quickly_made_and_read(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish
) -> None:
    market.set_balance("2000")
    job_id = publish(pay_rate="0.01", total_availabilities="100000")
    ids = market.hand_in(job_id, 100_000)
    last = api.get(f"/api/campaigns/{job_id}/submissions/", params={"page": 100}).json()
    rows = last["results"]["submissions"]
    assert [row["submissionId"] for row in rows] == ids[-1000:]
    assert len({submission.worker for submission in market.submissions(job_id)}) == 100_000
