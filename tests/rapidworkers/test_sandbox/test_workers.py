from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from crowdhub.sandbox import Sandbox, SandboxError, png
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from crowdhub_rapidworkers.sandbox.people import Population
from crowdhub_rapidworkers.sandbox.state import JobRequest

if TYPE_CHECKING:
    from tests.rapidworkers.test_sandbox.conftest import Publish, Refused


Row = dict[str, Any]


def rows(api: httpx.Client, job_id: str) -> list[Row]:
    found: list[Row] = api.get(f"/api/campaigns/{job_id}/submissions/").json()["results"]["submissions"]
    return found


@pytest.fixture
def job_id(publish: Publish) -> str:
    return publish()


@pytest.fixture
def user_id(api: httpx.Client, market: RapidWorkersSandbox, job_id: str) -> str:
    market.hand_in(job_id)
    return str(rows(api, job_id)[0]["userId"])


def test_block_list_and_unblock_by_the_documented_integer(
    api: httpx.Client, market: RapidWorkersSandbox, job_id: str
) -> None:
    market.hand_in(job_id)
    market.quirks.integer_user_ids = True
    row = rows(api, job_id)[0]
    worker_id = row["userId"]
    assert isinstance(worker_id, int)
    answer = api.post("/api/workers/block/", json={"worker_id": worker_id})
    assert answer.status_code == 201
    assert answer.json() == {
        "success": True,
        "message": "Worker blocked successfully",
        "worker_id": worker_id,
    }
    assert api.get("/api/workers/blocked/").json() == [
        {"worker_id": worker_id, "worker_name": row["userName"], "blocked_at": "2026-01-15T09:00:00Z"}
    ]
    answer = api.post("/api/workers/unblock/", json={"worker_id": worker_id})
    assert answer.status_code == 200
    assert answer.json()["message"] == "Worker unblocked successfully"
    assert api.get("/api/workers/blocked/").json() == []


def test_the_text_of_a_submission_is_an_id_too(
    api: httpx.Client, market: RapidWorkersSandbox, user_id: str, refused: Refused
) -> None:
    assert api.post("/api/workers/block/", json={"worker_id": user_id}).json()["worker_id"] == user_id
    assert api.get("/api/workers/blocked/").json()[0]["worker_id"] == user_id
    market.quirks.blocked_public_ids = True
    number = api.get("/api/workers/blocked/").json()[0]["worker_id"]
    assert isinstance(number, int)
    again = api.post("/api/workers/block/", json={"worker_id": str(number)})
    assert refused(again) == (400, "Worker is already blocked")
    assert api.post("/api/workers/unblock/", json={"worker_id": number}).status_code == 200


@pytest.mark.parametrize("verb", ["block", "unblock"])
def test_refusals(api: httpx.Client, market: RapidWorkersSandbox, user_id: str, refused: Refused, verb: str) -> None:
    def ask(**body: object) -> tuple[int, str]:
        return refused(api.post(f"/api/workers/{verb}/", json=body))

    assert ask() == (400, "worker_id is required")
    assert ask(worker_id=None) == (400, "worker_id is required")
    assert ask(worker_id="") == (400, "worker_id is required")
    assert ask(worker_id=[1])[0] == 400
    assert ask(worker_id=True)[0] == 400
    for nobody in (1, 99_999_999, "zzz", "abc-def-1x3", "ABC-def-123", "abc-def-123"):
        assert ask(worker_id=nobody) == (404, "Worker not found")


def test_blocking_oneself_and_unblocking_the_free_are_400(
    api: httpx.Client, market: RapidWorkersSandbox, user_id: str, refused: Refused
) -> None:
    oneself = api.post("/api/workers/block/", json={"worker_id": market.own_worker_id})
    assert refused(oneself) == (400, "You cannot block yourself")
    free = api.post("/api/workers/unblock/", json={"worker_id": user_id})
    assert refused(free) == (400, "Worker is not blocked")


def test_the_blocked_hand_in_no_more(
    api: httpx.Client, market: RapidWorkersSandbox, box: Sandbox, publish: Publish, user_id: str
) -> None:
    api.post("/api/workers/block/", json={"worker_id": user_id})
    job_id = publish(total_availabilities="300", pay_rate="0.01")
    with pytest.raises(SandboxError, match="blocked"):
        market.hand_in(job_id, worker=user_id)
    market.hand_in(job_id, 100)
    box.advance(days=30)
    assert len(market.submissions(job_id)) == 300
    assert user_id not in {row["userId"] for row in rows(api, job_id)}
    other = {"X-API-Key": market.other_key}
    assert api.get("/api/workers/blocked/", headers=other).json() == []


def test_a_chosen_worker_hands_in_once(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish, job_id: str, user_id: str
) -> None:
    second = publish()
    market.hand_in(second, worker=user_id, text="me", images=0)
    assert [(row["userId"], row["proof_text"], row["images"]) for row in rows(api, second)] == [(user_id, "me", [])]
    with pytest.raises(SandboxError, match="already worked"):
        market.hand_in(second, worker=user_id)
    with pytest.raises(SandboxError, match="once"):
        market.hand_in(publish(), 2, worker=user_id)
    with pytest.raises(SandboxError, match="no worker"):
        market.hand_in(second, worker=5)


def test_ids_are_unique_and_lead_back() -> None:
    people = Population(seed=5)
    persons = [people.person(index) for index in range(900)]
    assert len({person.user_id for person in persons}) == 900
    for index, person in enumerate(persons):
        assert people.find(person.user_id) == people.find(person.public_id) == index
        assert people.find(str(person.public_id)) == index


def test_work_is_of_the_countries_asked_for(api: httpx.Client, market: RapidWorkersSandbox, publish: Publish) -> None:
    job_id = publish(countries='["KE", "DE"]')
    market.hand_in(job_id, 10)
    assert {row["country_name"] for row in rows(api, job_id)} == {"Kenya", "Germany"}
    nowhere = publish(countries='["AQ"]')
    assert len(market.hand_in(nowhere, 2)) == 2


def test_workers_come_as_time_passes_and_some_do_poor_work(
    api: httpx.Client, market: RapidWorkersSandbox, box: Sandbox, publish: Publish
) -> None:
    job_id = publish(total_availabilities="200", pay_rate="0.10")
    box.advance(hours=2)
    some = len(market.submissions(job_id))
    assert 30 < some < 90
    times = [submission.submitted_at for submission in market.submissions(job_id)]
    assert times == sorted(times)
    assert times[0] < times[-1] <= box.clock.now()
    box.advance(hours=20)
    work = market.submissions(job_id)
    assert len(work) == 200
    poor = [each for each in work if not each.text or not each.images]
    assert 10 < len(poor) < 60
    box.tick()
    assert len(market.submissions(job_id)) == 200


def test_a_slot_that_reopens_is_taken_again(
    api: httpx.Client, market: RapidWorkersSandbox, box: Sandbox, publish: Publish
) -> None:
    job_id = publish(total_availabilities="2")
    first, _ = market.hand_in(job_id, 2)
    box.advance(hours=10)
    api.post(f"/api/campaigns/{job_id}/submissions/{first}/reject/", json={"notes": "no"})
    box.tick()
    assert len(market.submissions(job_id)) == 2
    box.advance(hours=2)
    third = market.submissions(job_id)[2]
    assert third.submitted_at > market.submissions(job_id)[0].submitted_at
    assert market.job(job_id).open_slots == 0


def test_the_script_follows_from_the_seed(box: Sandbox, market: RapidWorkersSandbox) -> None:
    def run(seed: int) -> object:
        sandbox = RapidWorkersSandbox(seed=seed)
        (owner,) = (o for o in sandbox.marketplace.owners.values() if o.key == sandbox.account("")["api_key"])
        job = JobRequest("t", "d", sandbox.books().balance / 100, 20, "p", "c")
        campaign = sandbox.open_campaign(owner, job)
        sandbox.clock.advance(hours=1)
        sandbox.tick()
        return campaign.id, [(s.worker, s.submitted_at, s.text, s.images) for s in campaign.submissions.values()]

    assert run(1) == run(1) != run(2)


def test_work_can_come_at_once(publish: Publish, market: RapidWorkersSandbox) -> None:
    market.instant_work = True
    job_id = publish()
    assert len(market.submissions(job_id)) == 10
    market.quirks.moderation = True
    waiting = publish()
    assert market.submissions(waiting) == []
    market.activate(waiting)
    assert len(market.submissions(waiting)) == 10


def test_pictures_can_be_given_and_unknown_ones_are_404(
    api: httpx.Client, market: RapidWorkersSandbox, publish: Publish
) -> None:
    job_id = publish()
    (sid,) = market.hand_in(job_id, images=[png("mine"), b"\x00" * 100_000])
    mine, big = rows(api, job_id)[0]["images"]
    assert httpx.get(mine["url"]).content == png("mine")
    assert len(httpx.get(big["url"]).content) == 100_000
    assert httpx.get(big["thumbnailUrl"]).content.startswith(b"\x89PNG")
    base = f"{api.base_url}/media"
    for path in (f"proofs/{sid}/3.png", "proofs/1/1.png", "avatars/1.png", f"campaigns/{job_id}", "x"):
        assert httpx.get(f"{base}/{path}").status_code == 404
    assert httpx.post(mine["url"]).status_code == 404
    assert market.request_count == 2


def test_there_must_be_room(market: RapidWorkersSandbox, publish: Publish) -> None:
    job_id = publish()
    with pytest.raises(SandboxError, match="10 slots are open, 11"):
        market.hand_in(job_id, 11)
    with pytest.raises(SandboxError, match="no campaign"):
        market.hand_in("nothing")
