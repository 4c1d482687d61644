from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from crowdhub.sandbox import Books, MarketSandbox, Purse, Sandbox, SandboxClock


class Counter(MarketSandbox):
    """The smallest market: every POST is a piece of work done; time brings ticks."""

    name: ClassVar[str] = "counter"

    def __init__(self, clock: SandboxClock | None = None, seed: int = 0, *, step: int = 1) -> None:
        super().__init__(clock, seed)
        self.done = 0
        self.step = step
        self.ticks: list[object] = []
        self.purse = Purse("USD", Decimal(10), self.now)

    def app(self) -> ASGIApp:
        async def wire(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            body = await request.body()
            if scope["path"] == "/broken":
                raise RuntimeError("a defect")
            if scope["method"] == "POST":
                with self.lock:
                    self.done += self.step
            if scope["path"] == "/silent":
                await Response(status_code=204)(scope, receive, send)
                return
            await JSONResponse({"done": self.done, "got": body.decode()})(scope, receive, send)

        return wire

    def account(self, base_url: str) -> dict[str, Any]:
        return {"api_key": self.fake_key(), "base_url": base_url}

    def tick(self) -> None:
        self.ticks.append(self.clock.now())

    def books(self) -> Books:
        return self.purse.books()

    def is_api(self, path: str) -> bool:
        return not path.startswith("/media/")


class Second(Counter):
    name: ClassVar[str] = "second"


@pytest.fixture
def counter_class() -> type[Counter]:
    return Counter


@pytest.fixture
def second_class() -> type[Counter]:
    return Second


@pytest.fixture
def box(counter_class: type[Counter]) -> Iterator[Sandbox]:
    with Sandbox(counter_class) as box:
        yield box


@pytest.fixture
def counter(box: Sandbox) -> MarketSandbox:
    return box["counter"]


@pytest.fixture
def client(box: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=box.accounts["counter"]["base_url"], timeout=5) as client:
        yield client
