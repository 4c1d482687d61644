"""A market whose operations share one path: the name is in a header, as Amazon's APIs have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from crowdhub.sandbox import Books, Fault, MarketSandbox, Purse, Sandbox, SandboxClock

TARGET = "X-Target"
CREATE, LIST = "Service.CreateHIT", "Service.ListHITs"


class OnePath(MarketSandbox):
    """Counts what was done of each operation."""

    name: ClassVar[str] = "onepath"
    done: Counter[str]

    def app(self) -> ASGIApp:
        self.done = Counter()

        async def wire(scope: Scope, receive: Receive, send: Send) -> None:
            name = self.operation_of(Request(scope)) or "nothing"
            with self.lock:
                self.done[name] += 1
            await JSONResponse({"done": name})(scope, receive, send)

        return wire

    def account(self, base_url: str) -> dict[str, str]:
        return {"base_url": base_url}

    def tick(self) -> None:
        """Nobody works here."""

    def books(self) -> Books:
        return Purse("USD", Decimal(0), self.now).books()

    def operation_of(self, request: Request) -> str | None:
        target = request.headers.get(TARGET)
        return target.removeprefix("Service.") if target else None


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(OnePath) as box:
        yield box


@pytest.fixture
def market(box: Sandbox) -> OnePath:
    return box.market(OnePath)


@pytest.fixture
def client(box: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=box.accounts["onepath"]["base_url"], timeout=5) as client:
        yield client


def ask(client: httpx.Client, *targets: str) -> list[int]:
    return [client.post("/", headers={TARGET: target}).status_code for target in targets]


def test_a_fault_meets_the_operation_it_is_aimed_at(client: httpx.Client, market: OnePath) -> None:
    market.faults.add(Fault.status(503), operation="CreateHIT", skip=1)
    assert ask(client, CREATE, LIST, CREATE, LIST, CREATE) == [200, 200, 503, 200, 200]
    assert market.done == {"CreateHIT": 2, "ListHITs": 2}
    (fired,) = market.faults.fired
    assert (fired.method, fired.path, fired.operation) == ("POST", "/", "CreateHIT")


def test_its_whole_name_counts(client: httpx.Client, market: OnePath) -> None:
    market.faults.add(Fault.status(503), operation="HIT", times=None)
    assert ask(client, CREATE, LIST) == [200, 200]
    assert client.post("/").status_code == 200
    market.faults.add(Fault.status(503), operation="CreateHIT", method="get", times=None)
    assert ask(client, CREATE) == [200]


def test_a_path_is_searched_in_the_name_too(client: httpx.Client, market: OnePath) -> None:
    market.faults.add(Fault.status(503), path="/.*HITs?$")
    assert ask(client, "Service.GetBalance", LIST, LIST) == [200, 503, 200]


def test_chaos_can_be_kept_to_one(client: httpx.Client, market: OnePath) -> None:
    market.faults.chaos(1, [Fault.status(500)], operation="ListHITs")
    assert ask(client, CREATE, LIST, CREATE, LIST) == [200, 500, 200, 500]


def test_the_log_carries_it(client: httpx.Client, market: OnePath) -> None:
    ask(client, CREATE, LIST)
    client.post("/?x=1")
    seen = [(each.path, each.query, each.operation) for each in market.requests]
    assert seen == [("/", "", "CreateHIT"), ("/", "", "ListHITs"), ("/", "x=1", None)]


def test_without_such_names_a_path_is_all_there_is() -> None:
    faults = Sandbox("rapidworkers")["rapidworkers"].faults
    faults.add(Fault.status(500), operation="publish")
    assert faults.take("POST", "/jobs/add", SandboxClock().now()) is None
