from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crowdhub import Hub
from crowdhub.clock import Clock
from crowdhub.engine.http import Response
from crowdhub.protocol import Call, Flow, FlowRun
from crowdhub.sandbox import Sandbox
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMSettings


class BoxClock(Clock):
    """The sandbox's time, for the client too: a wait moves it."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box

    def now(self):
        return self.box.clock.now()

    def monotonic(self) -> float:
        return self.box.clock.now().timestamp()

    def sleep(self, seconds: float) -> None:
        self.box.advance(seconds=seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.box.advance(seconds=seconds)


@pytest.fixture
def provider() -> CrowdSDOM:
    return CrowdSDOM(CrowdSDOMSettings(api_key="the-key", api_secret="the-secret"))


Play = Callable[..., tuple[list[Call], Any]]


@pytest.fixture
def play(provider: CrowdSDOM) -> Play:
    """Runs a flow against prepared answers (a body, (status, body), or an error to throw) with no network."""

    def run(flow: Flow[Any], *answers: Any) -> tuple[list[Call], Any]:
        calls: list[Call] = []
        with FlowRun(flow) as driven:
            call = driven.start()
            for answer in answers:
                assert call is not None, f"the flow ended after {len(calls)} calls"
                calls.append(call)
                if isinstance(answer, Exception):
                    call = driven.throw(answer)
                    continue
                status, body = answer if isinstance(answer, tuple) else (200, answer)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                response = Response(status, content=content)
                error = provider.error(call, response)
                call = driven.throw(error) if error is not None else driven.send(response)
            assert call is None, f"the flow wants another call: {call}"
            return calls, driven.result

    return run


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("crowdsdom", options={"crowdsdom": {"every": 0}}) as box:
        yield box


@pytest.fixture
def clock(box: Sandbox) -> Clock:
    return BoxClock(box)


@pytest.fixture
def hub(box: Sandbox, clock: Clock) -> Iterator[Hub]:
    with Hub(box.accounts, ledger=None, clock=clock) as hub:
        yield hub
