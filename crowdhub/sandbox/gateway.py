"""The layer between the server and a market's application: it keeps the request log and injects faults.

ASGI has no way to cut a connection, so the server puts the connection's transport into the scope's state.
"""

import asyncio
import ipaddress
import json
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from typing import cast
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crowdhub.sandbox.faults import Fault, Hold
from crowdhub.sandbox.market import MarketSandbox, RequestRecord
from crowdhub.sandbox.values import is_list, is_object, object_of, parsed

LOGGER = logging.getLogger("crowdhub.sandbox")
TRANSPORT = "crowdhub.sandbox.transport"


def _is_meant(scope: Scope) -> bool:
    """Whether a request is for this address. A name of somebody else's that leads to this machine's loopback address
    is how a page in a browser here gets at what listens there."""
    server: tuple[str, int] | None = scope.get("server")
    if server is None or not _is_loopback(server[0]):
        return True
    with suppress(ValueError):
        name = urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
        return name == "localhost" or _is_loopback(name)
    return False


@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Gateway:
    """One market's application behind its faults and its request log."""

    def __init__(self, market: MarketSandbox) -> None:
        self.market = market
        self.app: ASGIApp = market.app()
        self.closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox speaks HTTP only, not {scope['type']}")
        if not _is_meant(scope):
            await PlainTextResponse("This is a sandbox; it answers to its address alone.", 421)(scope, receive, send)
            return
        record = self.market.record(Request(scope))
        fault = self.market.faults.take(record.method, record.path, record.at, record.operation)
        if fault is None:
            await self._run(scope, receive, _noting(record, send))
            return
        record.fault = str(fault)
        # The whole request is read first: closing a socket with unread bytes would reset the connection.
        body = await _read(receive)
        if body is None:
            return
        request, noting = _replay(body, receive), _noting(record, send)
        if fault.kind == "twice":
            await self._twice(fault, scope, body, receive, noting)
        elif fault.when == "before":
            await self._before(fault, scope, request, receive, noting)
        else:
            await self._after(fault, scope, request, receive, noting)

    async def _before(self, fault: Fault, scope: Scope, request: Receive, gone: Receive, send: Send) -> None:
        """Something goes wrong and nothing is done, or is done late."""
        if fault.kind == "hang":
            await self._slow(scope, request, send)
            return
        if fault.kind == "delay":
            await self._pause(fault.seconds)
        elif await self._cut_or_answer(fault, scope, gone, send):
            return
        await self._run(scope, request, send)

    async def _after(self, fault: Fault, scope: Scope, request: Receive, gone: Receive, send: Send) -> None:
        """The work is done, then the answer is spoiled."""
        answer: list[Message] = []

        async def collect(message: Message) -> None:
            answer.append(message)

        await self._run(scope, request, collect)
        if fault.kind == "truncate":
            await _half(answer, _transport(scope), send)
            _transport(scope).close()
            await _until_gone(gone)
            return
        if fault.kind == "repeat rows":
            answer = _with_rows_repeated(answer)
        elif fault.kind == "delay":
            await self._pause(fault.seconds)
        elif fault.kind == "hang":
            if not await self._held_until_gone(gone):
                return
        elif await self._cut_or_answer(fault, scope, gone, send):
            return
        for message in answer:
            await send(message)

    async def _twice(self, fault: Fault, scope: Scope, body: bytes, gone: Receive, send: Send) -> None:
        """The same request arrives again; one of the two answers is seen."""
        answers: list[list[Message]] = []
        for _ in range(2):
            answer: list[Message] = []

            async def collect(message: Message, answer: list[Message] = answer) -> None:
                answer.append(message)

            await self._run(scope, _replay(body, gone), collect)
            answers.append(answer)
        for message in answers[0 if fault.when == "after" else 1]:
            await send(message)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The market's application; a defect in it is a 500 in the marketplace's own words."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:  # before its request was whole: nobody is there to answer
            return
        except Exception:
            LOGGER.exception("The %s sandbox failed on %s", self.market.name, scope["path"])
            if started:
                raise
            await _answer(500, self.market.error_body(500, "Internal server error"), (), send)

    async def _cut_or_answer(self, fault: Fault, scope: Scope, gone: Receive, send: Send) -> bool:
        """Do what needs no application; false when the fault is of another kind."""
        if fault.kind in ("drop", "reset"):
            transport = _transport(scope)
            if fault.kind == "reset":
                # Linger of zero: closing discards what is unsent and sends RST instead of FIN.
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                transport.abort()
            else:
                transport.close()
            await _until_gone(gone)
        elif fault.kind == "status":
            body = fault.body
            if body is None:
                body = self.market.error_body(fault.code, f"Injected fault: status {fault.code}")
            await _answer(fault.code, body, fault.headers, send)
        elif fault.kind == "html":
            html = (("content-type", "text/html; charset=utf-8"),)
            await _answer(fault.code, fault.body, html, send)
        else:
            return False
        return True

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.closing.wait()

    async def _slow(self, scope: Scope, request: Receive, send: Send) -> None:
        """Do the work on release, whether or not the client is still there."""
        hold, released = self._new_hold()
        try:
            if await self._first(released.wait()):
                await self._run(scope, request, send)
        finally:
            self.market.faults.let_go(hold)

    async def _held_until_gone(self, gone: Receive) -> bool:
        """Wait for release (true) or for the client to go away (false)."""
        hold, released = self._new_hold()
        try:
            await self._first(released.wait(), _until_gone(gone))
            return released.is_set() and not self.closing.is_set()
        finally:
            self.market.faults.let_go(hold)

    def _new_hold(self) -> tuple[Hold, asyncio.Event]:
        loop, released, hold = asyncio.get_running_loop(), asyncio.Event(), Hold()
        hold.wake.append(_threadsafe(loop, released.set))
        self.market.faults.hold(hold)
        return hold, released

    async def _first(self, *waits: Awaitable[object]) -> bool:
        """Wait for the first of these, or for the server's end (false)."""
        tasks = [asyncio.ensure_future(wait) for wait in (*waits, self.closing.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return not self.closing.is_set()


def _transport(scope: Scope) -> asyncio.Transport:
    return cast("asyncio.Transport", scope["state"][TRANSPORT])


def _threadsafe(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> Callable[[], None]:
    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(call)

    return wake


def _noting(record: RequestRecord, send: Send) -> Send:
    """Write the status into the log before the client can see the answer."""

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            record.status = message["status"]
        await send(message)

    return noting


async def _read(receive: Receive) -> bytes | None:
    """The request's body, or `None` when the client went away meanwhile."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += cast("bytes", message.get("body", b""))
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _until_gone(receive: Receive) -> None:
    """The server would call an unanswered request a bug unless it knows that the connection is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _half(answer: list[Message], transport: asyncio.Transport, send: Send) -> None:
    body = b"".join(message.get("body", b"") for message in answer[1:])
    if not body:  # its head is the whole answer
        transport.write(f"HTTP/1.1 {answer[0]['status']} ".encode())
        return
    await send(answer[0])
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


MOST_REPEATED = 3


def _with_rows_repeated(answer: list[Message]) -> list[Message]:
    """The answer with the first rows of its listing once more at the end; unchanged where it is not a listing."""
    try:
        data = parsed(b"".join(message.get("body", b"") for message in answer[1:]))
    except ValueError:
        return answer
    rows = _rows(data)
    if not rows:
        return answer
    rows.extend(rows[:MOST_REPEATED])
    body = json.dumps(data, ensure_ascii=False).encode()
    headers = [(name, value) for name, value in answer[0].get("headers", []) if name.lower() != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    return [{**answer[0], "headers": headers}, {"type": "http.response.body", "body": body, "more_body": False}]


def _rows(data: object) -> list[object] | None:
    """The first list of records in an answer: itself, or a member of it or of its members."""
    if is_list(data):
        return data if data and is_object(data[0]) else None
    for value in object_of(data).values():
        if rows := _rows(value):
            return rows
    return None


async def _answer(status: int, body: object, headers: tuple[tuple[str, str], ...], send: Send) -> None:
    given = {name.lower(): value for name, value in headers}
    content: bytes
    if isinstance(body, bytes):
        content = body
    elif isinstance(body, str):
        content = body.encode()
        given.setdefault("content-type", "text/plain; charset=utf-8")
    else:
        content = json.dumps(body).encode()
        given.setdefault("content-type", "application/json")
    given["content-length"] = str(len(content))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content, "more_body": False})
