"""The sandbox's own marketplace, called in this thread: the application behind its HTTP, without the sockets."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar
from urllib.parse import unquote

from starlette.types import Message, Scope

from crowdhub.engine import http
from crowdhub.protocol import Response
from crowdhub.sandbox import MarketSandbox, SandboxClock
from crowdhub.sandbox.gateway import Gateway
from crowdhub.testing.prover.snapshot import Snapshot
from crowdhub.testing.prover.waiting import Book, Send, Sleep

T = TypeVar("T")


class Marketplace:
    """One marketplace on a clock. ``before``: what it was before the last change that it carried out."""

    def __init__(self, sandbox: MarketSandbox, clock: SandboxClock) -> None:
        self.sandbox = sandbox
        self._clock = clock
        self._gateway = Gateway(sandbox)
        self._before: Snapshot | None = None

    def remember(self) -> None:
        """Keep what it is now, for answers that are behind."""
        self._before = Snapshot(self.sandbox)

    def answer(self, request: http.Request) -> Response:
        """Carry out a request."""
        return _answer(self._gateway, request)

    def old_answer(self, request: http.Request) -> Response:
        """The answer of a copy that is behind by one change."""
        if self._before is None:
            return self.answer(request)
        return _answer(Gateway(self._before.copy(self._clock)), request)


def run_well(work: Coroutine[Any, Any, T], marketplace: Marketplace, clock: SandboxClock) -> T:
    """Run a coroutine with a marketplace that answers at once, and nothing out of the ordinary."""
    answer: object = None
    while True:
        try:
            step = work.send(answer)
        except StopIteration as stop:
            found: T = stop.value
            return found
        answer = None
        match step:
            case Sleep():
                _ = clock.advance(seconds=step.seconds)
            case Book():
                answer = step.work()
            case Send():
                answer = marketplace.answer(step.request)
            case _:
                raise RuntimeError(f"{step!r} is nothing that the core waits for")


def _answer(gateway: Gateway, request: http.Request) -> Response:
    status, body = 0, b""
    headers: list[tuple[str, str]] = []
    content = request.read()

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.extend((name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"])
        else:
            body += message.get("body", b"")

    _loop().run_until_complete(gateway(_scope(request), receive, send))
    return Response(status, headers=headers, content=body)


def _scope(request: http.Request) -> Scope:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": (url.host, url.port),
        "state": {},
    }


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Where applications run: most wait for nothing, and some do their work in threads."""
    loop = asyncio.new_event_loop()
    _ = atexit.register(loop.close)
    return loop
