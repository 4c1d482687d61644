"""The sandbox on its own terms, with a plain HTTP client, and with crowdhub on both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import anyio
import httpx
import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.clock import Clock
from crowdhub.sandbox import Sandbox
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox

FORM = {
    "questionsType": "internalQuestionsForm",
    "internalQuestionsForm": {
        "questions": [{"id": "why", "title": "Why?", "isRequired": True, "answerType": "freeTextAnswer"}]
    },
}
JOB = {"title": "T", "description": "D", "reward": {"amount": 0.1, "currencyCode": "CNY"}, **FORM}


@pytest.fixture
def api(box: Sandbox) -> Iterator[httpx.Client]:
    account = box.accounts["crowdsdom"]
    reply = httpx.post(
        f"{account['account_url']}/oauth/token",
        json={"grant_type": "client_credentials"},
        auth=(account["api_key"], account["api_secret"]),
    )
    token = reply.json()["access_token"]["id"]
    with httpx.Client(base_url=account["base_url"], headers={"Authorization": token}) as client:
        yield client


def test_the_sdks_way_to_a_token_works_too(box: Sandbox) -> None:
    account = box.accounts["crowdsdom"]
    url = f"{account['account_url']}/oauth/token"
    body = {
        "grant_type": "client_credentials",
        "client_id": account["api_key"],
        "client_secret": account["api_secret"],
    }
    answer = httpx.post(url, json=body).json()
    assert answer["token_type"] == "Bearer"
    assert answer["access_token"]["ttl"] == 7200
    assert httpx.post(url, json={**body, "client_secret": "no"}).status_code == 401
    assert httpx.post(url, json={**body, "grant_type": "password"}).status_code == 400


def test_the_token_is_checked_and_ends(box: Sandbox, api: httpx.Client) -> None:
    assert api.get("/jobs").json() == []
    token = api.headers["Authorization"]
    assert api.get("/jobs", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert api.get("/jobs", headers={"Authorization": ""}).status_code == 401
    box.advance(seconds=7199)
    assert api.get("/jobs").status_code == 200
    box.advance(seconds=1)
    assert api.get("/jobs").status_code == 401


def test_a_job_is_answered_as_documented(api: httpx.Client) -> None:
    job = api.post("/jobs", json={**JOB, "keywords": ["a", "b"]}).json()
    assert (job["lifetime"], job["taskDuration"], job["maxTasks"], job["autoApprovalDelay"]) == (604800, 300, 1, 86400)
    assert job["reward"] == {"amount": 0.1, "formattedPrice": "0.10元"}
    assert (job["status"], job["assignable"], job["numberOfTasksAvailable"]) == ("unreviewable", True, 1)
    assert job["createdAt"] == "2026-01-15T09:00:00.000Z"
    assert job["expirationTime"] == "2026-01-22T09:00:00.000Z"
    assert api.get(f"/jobs/{job['id']}").json() == job
    assert api.get("/jobs").json() == [job]


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"description": None},
        {"reward": {"amount": 0, "currencyCode": "CNY"}},
        {"reward": {"amount": "0.1", "currencyCode": "CNY"}},
        {"reward": {"amount": 0.1, "currencyCode": "USD"}},
        {"lifetime": 599},
        {"taskDuration": 86401},
        {"maxTasks": 0},
        {"autoApprovalDelay": -1},
        {"questionsType": "questionsForm"},
        {"questionsType": "externalQuestionsForm"},
        {"internalQuestionsForm": {"questions": []}},
        {"internalQuestionsForm": {"questions": [{"id": "a", "isRequired": True, "answerType": "SelectionAnswer"}]}},
        {"questionsType": "htmlQuestionsForm", "htmlQuestionsForm": {"content": "<form id='x'></form>"}},
    ],
    ids=str,
)
def test_bad_jobs_are_refused_and_cost_nothing(box: Sandbox, api: httpx.Client, change: dict[str, object]) -> None:
    assert api.post("/jobs", json={**JOB, **change}).status_code == 422
    assert box.market(CrowdSDOMSandbox).books().charges == ()


def test_errors_come_in_three_shapes(box: Sandbox, api: httpx.Client) -> None:
    assert api.get("/jobs/nobody").json()["error"]["status"] == 404
    plain = api.post("/jobs", content=b"{", headers={"Content-Type": "application/json"})
    assert (plain.status_code, plain.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    job = api.post("/jobs", json=JOB).json()
    work = box.market(CrowdSDOMSandbox).take(job["id"])
    assert api.put(f"/tasks/{work.id}/approve").json() == {"error": "The task is init, not submitted"}


def test_money_is_withheld_with_twenty_per_cent_and_paid_on_approval(box: Sandbox, api: httpx.Client) -> None:
    job = api.post("/jobs", json={**JOB, "maxTasks": 10}).json()
    sandbox = box.market(CrowdSDOMSandbox)
    books = sandbox.books()
    assert (books.charged, books.held, books.commission) == (Decimal("1.2"), Decimal("1.0"), Decimal("0.2"))
    work = sandbox.hand_in(sandbox.take(job["id"]))
    answer = api.put(f"/tasks/{work.id}/approve", json={"feedback": "thanks"}).json()
    assert (answer["task"]["status"], answer["task"]["requesterFeedback"]) == ("approved", "thanks")
    assert answer["job"]["numberOfTasksApproved"] == 1
    box.advance(days=8)
    books = sandbox.books()
    assert (books.paid_out, books.held, books.commission, books.refunded) == (
        Decimal("0.1"),
        Decimal(0),
        Decimal("0.02"),
        Decimal("1.08"),
    )
    assert books.problems() == []


def test_unreviewed_work_is_approved_by_itself(box: Sandbox, api: httpx.Client) -> None:
    job = api.post("/jobs", json={**JOB, "autoApprovalDelay": 3600}).json()
    sandbox = box.market(CrowdSDOMSandbox)
    work = sandbox.hand_in(sandbox.take(job["id"]))
    box.advance(seconds=3599)
    assert work.status == "submitted"
    box.advance(seconds=1)
    assert work.status == "approved"
    assert sandbox.books().paid_out == Decimal("0.1")
    assert api.put(f"/tasks/{work.id}/reject").status_code == 400


def test_a_task_tells_when_it_will_be_approved_by_itself(box: Sandbox, api: httpx.Client) -> None:
    job = api.post("/jobs", json={**JOB, "autoApprovalDelay": 3600, "maxTasks": 2}).json()
    sandbox = box.market(CrowdSDOMSandbox)
    begun, handed_in = sandbox.take(job["id"], "a"), sandbox.take(job["id"], "b")
    box.advance(seconds=60)
    sandbox.hand_in(handed_in)
    told = {each["id"]: each["autoApprovalTime"] for each in api.get(f"/jobs/{job['id']}/tasks").json()}
    assert told == {begun.id: None, handed_in.id: "Thu Jan 15 2026 18:01:00 GMT+0800 (CST)"}
    box.advance(seconds=3600)
    assert handed_in.status == "approved"
    assert handed_in.approved == datetime(2026, 1, 15, 10, 1, tzinfo=UTC)
    by_hand = sandbox.hand_in(sandbox.take(job["id"], "c"))
    answer = api.put(f"/tasks/{by_hand.id}/approve").json()["task"]
    assert answer["autoApprovalTime"] == "2026-01-15T11:01:00.000Z"


def test_a_delay_of_nothing_approves_at_once(box: Sandbox, api: httpx.Client) -> None:
    job = api.post("/jobs", json={**JOB, "autoApprovalDelay": 0}).json()
    assert box.market(CrowdSDOMSandbox).hand_in(box.market(CrowdSDOMSandbox).take(job["id"])).status == "approved"


def test_late_work_is_given_back(box: Sandbox, api: httpx.Client) -> None:
    job = api.post("/jobs", json=JOB).json()
    work = box.market(CrowdSDOMSandbox).take(job["id"])
    assert api.get(f"/jobs/{job['id']}").json()["numberOfTasksAvailable"] == 0
    box.advance(seconds=300)
    assert work.status == "returned"
    assert api.get(f"/jobs/{job['id']}").json()["numberOfTasksAvailable"] == 1


def test_lists_have_javascript_dates_and_answers_iso_ones(box: Sandbox, api: httpx.Client) -> None:
    job = api.post("/jobs", json=JOB).json()
    work = box.market(CrowdSDOMSandbox).hand_in(box.market(CrowdSDOMSandbox).take(job["id"]))
    (row,) = api.get(f"/jobs/{job['id']}/tasks").json()
    assert row["submitTime"] == "Thu Jan 15 2026 17:00:00 GMT+0800 (CST)"
    assert api.put(f"/tasks/{work.id}/reject").json()["task"]["submitTime"] == "2026-01-15T09:00:00.000Z"


def test_a_cancelled_job_takes_nobody_new_but_lets_workers_finish(box: Sandbox, api: httpx.Client) -> None:
    job = api.post("/jobs", json={**JOB, "maxTasks": 2}).json()
    sandbox = box.market(CrowdSDOMSandbox)
    work = sandbox.take(job["id"])
    assert api.post(f"/jobs/{job['id']}/cancel").json() == {"result": True}
    assert api.get(f"/jobs/{job['id']}").json()["assignable"] is False
    sandbox.hand_in(work)
    assert api.put(f"/tasks/{work.id}/approve").status_code == 200
    assert sandbox.books().problems() == []
    assert sandbox.books().held == 0


def test_a_job_type_overrules_what_a_job_says(api: httpx.Client) -> None:
    kind = api.post("/jobTypes", json={**{k: v for k, v in JOB.items() if k not in FORM}, "taskDuration": 900}).json()
    job = api.post("/jobs", json={**JOB, "title": "mine", "jobTypeId": kind["id"], "maxTasks": 4}).json()
    assert (job["title"], job["taskDuration"], job["maxTasks"], job["jobTypeId"]) == ("T", 900, 4, kind["id"])
    assert api.post("/jobs", json={**FORM, "jobTypeId": "nobody"}).status_code == 404


def test_scripted_workers_fill_a_job_and_the_books_balance() -> None:
    with Sandbox("crowdsdom", seed=3) as box, Hub(box.accounts) as hub:
        market = hub["crowdsdom"]
        draft = TaskDraft(title="T", instructions="D", reward=Money("0.5", "CNY"), slots=8, proof="What is it?")
        task = market.publish(draft)
        box.advance(hours=1)
        for submission in list(market.submissions(task, status="pending")):
            assert submission.text
            market.approve(submission)
        assert market.task(task.id).status == "completed"
        statuses = {each.status for each in market.submissions(task)}
        assert "approved" in statuses
        assert statuses <= {"approved", "returned"}
        assert str(box.market(CrowdSDOMSandbox).books().paid_out) == "4.0"
        assert box.market(CrowdSDOMSandbox).books().problems() == []


def test_the_same_seed_gives_the_same_work() -> None:
    def run() -> str:
        with Sandbox("crowdsdom", seed=5) as box, Hub(box.accounts) as hub:
            task = hub["crowdsdom"].publish(
                TaskDraft(title="T", instructions="D", reward=Money("1", "CNY"), slots=5, proof="?")
            )
            box.advance(hours=1)
            return json.dumps([each.answers for each in hub["crowdsdom"].submissions(task)])

    assert run() == run()


def test_the_same_by_the_async_hub(box: Sandbox, clock: Clock) -> None:
    async def main() -> None:
        async with AsyncHub(box.accounts, clock=clock) as hub:
            market = hub["crowdsdom"]
            draft = TaskDraft(title="T", instructions="D", reward=Money("1", "CNY"), proof="What is it?")
            task = await market.publish(draft, key="k")
            box.market(CrowdSDOMSandbox).hand_in(box.market(CrowdSDOMSandbox).take(task.id))
            (pending,) = [each async for each in market.submissions(task, status="pending")]
            assert (await market.approve(pending, note="good")).amount_paid == Money("1", "CNY")
            assert (await market.task(task.id)).status == "completed"

    anyio.run(main)
