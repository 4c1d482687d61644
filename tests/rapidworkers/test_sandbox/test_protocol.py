from __future__ import annotations

import ast
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import crowdhub_rapidworkers.sandbox
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

if TYPE_CHECKING:
    from tests.rapidworkers.test_sandbox.conftest import Refused

JOB = "00000000-0000-4000-8000-000000000000"
ENDPOINTS = [
    ("POST", "/jobs/add"),
    ("POST", "/account/get_balance"),
    ("POST", f"/api/campaigns/{JOB}/submissions/1/approve/"),
    ("POST", f"/api/campaigns/{JOB}/submissions/1/reject/"),
    ("POST", f"/api/campaigns/{JOB}/submissions/bulk_action/"),
    ("GET", "/api/campaigns/"),
    ("GET", f"/api/campaigns/detail/{JOB}/"),
    ("GET", f"/api/campaigns/{JOB}/submissions/"),
    ("POST", "/api/workers/block/"),
    ("POST", "/api/workers/unblock/"),
    ("GET", "/api/workers/blocked/"),
    ("POST", "/api/jobs/facebook-likes/"),
    ("POST", "/api/jobs/9gag-upvotes/"),
]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_each_endpoint_wants_a_key_and_its_own_verb(
    api: httpx.Client, refused: Refused, method: str, path: str
) -> None:
    assert refused(api.request(method, path, headers={"X-API-Key": ""})) == (401, "API key is missing")
    assert refused(api.request(method, path, headers={"X-API-Key": "x"})) == (401, "Invalid API key")
    wrong = api.request("PUT" if method == "POST" else "POST", path)
    assert refused(wrong)[0] == 405
    assert wrong.headers["allow"] == method


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_wrong_slash_is_no_endpoint(api: httpx.Client, refused: Refused, method: str, path: str) -> None:
    other = path[:-1] if path.endswith("/") else path + "/"
    answer = api.request(method, other)
    if method == "GET":
        assert (answer.status_code, answer.headers["location"]) == (301, f"{api.base_url}{path}")
    else:
        assert refused(answer) == (404, "Not found")


JSON_ENDPOINTS = [path for method, path in ENDPOINTS if method == "POST" and path != "/jobs/add"]


@pytest.mark.parametrize("path", JSON_ENDPOINTS)
@pytest.mark.parametrize("body", [b"{", b"[]", b"a=1", b"\xff"])
def test_broken_json_is_400(api: httpx.Client, refused: Refused, path: str, body: bytes) -> None:
    assert refused(api.post(path, content=body))[0] == 400


def test_the_balance_takes_an_empty_body_or_an_empty_object(
    api: httpx.Client, market: RapidWorkersSandbox, refused: Refused
) -> None:
    assert api.post("/account/get_balance").json() == {"balance": "1000.00"}
    assert api.post("/account/get_balance", json={}).json() == {"balance": "1000.00"}
    market.quirks.user_missing = True
    assert refused(api.post("/account/get_balance")) == (404, "User not found")


def test_a_thousand_requests_an_hour_by_the_sandbox_clock(
    api: httpx.Client, box: Sandbox, market: RapidWorkersSandbox, refused: Refused
) -> None:
    market.set_rate_limit(3)
    codes: list[int] = []
    for _ in range(4):
        codes.append(api.post("/account/get_balance").status_code)
        box.advance(minutes=10)
    assert codes == [200, 200, 200, 429]
    answer = api.get("/api/campaigns/")
    assert refused(answer) == (429, "Rate limit exceeded: 3 requests per hour.")
    assert "retry-after" not in answer.headers
    market.quirks.retry_after = "seconds"
    assert api.get("/api/campaigns/").headers["retry-after"] == str(20 * 60)
    market.quirks.retry_after = "date"
    until = parsedate_to_datetime(api.get("/api/campaigns/").headers["retry-after"])
    assert until - box.clock.now() == timedelta(minutes=20)
    assert api.get("/api/campaigns/", headers={"X-API-Key": market.other_key}).status_code == 200
    box.advance(minutes=20)
    assert api.get("/api/campaigns/").status_code == 200


def test_a_fault_after_the_work_leaves_the_money_spent(
    api: httpx.Client, market: RapidWorkersSandbox, form: dict[str, str]
) -> None:
    market.faults.add(Fault.drop("after"), method="POST", path="^/jobs/add$")
    fields = {name: (None, value) for name, value in form.items()}
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("/jobs/add", files=fields)
    assert len(market.jobs()) == 1
    api.post("/jobs/add", files=fields)
    books = market.books()
    assert books.agree()
    assert len(books.duplicates()["Complete a Survey"]) == 2


def test_a_fault_speaks_the_providers_way(api: httpx.Client, market: RapidWorkersSandbox, refused: Refused) -> None:
    market.faults.add(Fault.status(500))
    assert refused(api.post("/account/get_balance"))[0] == 500


def test_the_sandbox_knows_nothing_of_the_client() -> None:
    folder = Path(crowdhub_rapidworkers.sandbox.__file__).parent
    allowed = ("crowdhub.sandbox", "crowdhub_rapidworkers.sandbox")
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            modules = []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                modules = [node.module or ""]
            elif isinstance(node, ast.Import):
                modules = [name.name for name in node.names]
            for module in modules:
                if module.startswith("crowdhub"):
                    assert module.startswith(allowed), f"{file.name} imports {module}"
