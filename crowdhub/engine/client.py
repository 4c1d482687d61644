"""Sending one request over the network and reading its whole answer: the I/O that sync and async each do their way."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Protocol

from crowdhub.engine import http
from crowdhub.engine.classify import AnswerTooLarge
from crowdhub.engine.environment import proxy_for, ssl_context
from crowdhub.engine.network import AsyncTransport, Transport
from crowdhub.engine.runtime import hub_closed
from crowdhub.engine.transport import AsyncSigningTransport, Signer, SigningTransport
from crowdhub.protocol import Response

LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; a page of 1,000 submissions is about half a million

Began = Callable[[int], None]
"""Told the status of an answer that has begun, whatever becomes of the rest."""


class HttpClient(Protocol):
    """Sends a request and reads the answer. Raises the HTTP library's errors."""

    async def send(self, request: http.Request, began: Began) -> Response: ...

    async def close(self) -> None: ...


class LazyClient:
    """Made for its first request: what needs none does not depend on what the environment says of the network."""

    def __init__(self, make: Callable[[], HttpClient]) -> None:
        self._make = make
        self._client: HttpClient | None = None
        self._is_closed = False
        self._lock = threading.Lock()

    async def send(self, request: http.Request, began: Began) -> Response:
        return await self._made().send(request, began)

    def _made(self) -> HttpClient:
        with self._lock:
            _refuse_closed(self._is_closed)
            if self._client is None:
                self._client = self._make()
            return self._client

    async def close(self) -> None:
        with self._lock:
            self._is_closed = True
        if self._client is not None:
            await self._client.close()


class BlockingClient:
    """For ordinary code. ``urls``: the account's addresses, each of which can have a proxy of its own."""

    def __init__(self, signer: Signer, urls: Sequence[str]) -> None:
        first, *rest = (SigningTransport(Transport(ssl_context(), proxy_for(url)), signer) for url in urls)
        mounts = dict(zip(map(_host, urls[1:]), rest, strict=True))
        self._client = http.Client(transport=first, mounts=mounts, cookies=_no_cookies())

    async def send(self, request: http.Request, began: Began) -> Response:
        _refuse_closed(self._client.is_closed)
        answer = self._client.send(request, stream=True)
        try:
            began(answer.status_code)
            return await _whole(answer, _as_async(answer.iter_bytes()))
        finally:
            answer.close()

    async def close(self) -> None:
        self._client.close()


class LoopClient:
    """For asyncio and trio."""

    def __init__(self, signer: Signer, urls: Sequence[str]) -> None:
        first, *rest = (AsyncSigningTransport(AsyncTransport(ssl_context(), proxy_for(url)), signer) for url in urls)
        mounts = dict(zip(map(_host, urls[1:]), rest, strict=True))
        self._client = http.AsyncClient(transport=first, mounts=mounts, cookies=_no_cookies())

    async def send(self, request: http.Request, began: Began) -> Response:
        _refuse_closed(self._client.is_closed)
        answer = await self._client.send(request, stream=True)
        try:
            began(answer.status_code)
            return await _whole(answer, answer.aiter_bytes())
        finally:
            await answer.aclose()

    async def close(self) -> None:
        await self._client.aclose()


def _host(url: str) -> str:
    target = http.URL(url)
    return f"{target.scheme}://{target.netloc.decode('ascii')}"


def _no_cookies() -> CookieJar:
    """Keeps none: the HTTP library gathers them for as long as it lives, and no call sends one back."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _refuse_closed(closed: bool) -> None:
    if closed:
        raise hub_closed()


async def _as_async(chunks: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


async def _whole(answer: http.Response, chunks: AsyncIterator[bytes]) -> Response:
    """The answer with its whole body, unpacked: a small packed body can unpack to gigabytes."""
    _refuse_packing(answer.headers.get("content-encoding", ""))
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise AnswerTooLarge(f"unpacked, it passed {LARGEST_ANSWER:,} bytes")
        parts.append(chunk)
    return Response(answer.status_code, headers=answer.headers.multi_items(), content=b"".join(parts))


def _refuse_packing(encoding: str) -> None:
    """Refuse what is packed twice: a few bytes of it unpack to gigabytes in one step. Nobody packs so in earnest."""
    if "," in encoding:
        raise AnswerTooLarge("it is packed more than once")
    if encoding.strip().lower() in ("br", "zstd"):  # with the packages for them installed, as bad, and not asked for
        raise AnswerTooLarge("it is packed in a way that was not asked for")
