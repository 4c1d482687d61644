"""Sending one request over the network and reading its whole answer: the I/O that sync and async each do their way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Protocol

from crowdhub.engine import http
from crowdhub.engine.classify import AnswerTooLarge
from crowdhub.engine.runtime import hub_closed
from crowdhub.engine.transport import AsyncSigningTransport, Signer, SigningTransport, proxy_for
from crowdhub.protocol import Response

LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; a page of 1,000 submissions is about half a million
LIMITS = http.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=5)

Began = Callable[[int], None]
"""Told the status of an answer that has begun, whatever becomes of the rest."""


class HttpClient(Protocol):
    """Sends a request and reads the answer. Raises the HTTP library's errors."""

    async def send(self, request: http.Request, began: Began) -> Response: ...

    async def close(self) -> None: ...


class BlockingClient:
    """For ordinary code."""

    def __init__(self, signer: Signer, url: str) -> None:
        inner = http.HTTPTransport(verify=http.ssl_context(), limits=LIMITS, proxy=proxy_for(url))
        self._client = http.Client(transport=SigningTransport(inner, signer), follow_redirects=False)

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

    def __init__(self, signer: Signer, url: str) -> None:
        inner = http.AsyncHTTPTransport(verify=http.ssl_context(), limits=LIMITS, proxy=proxy_for(url))
        self._client = http.AsyncClient(transport=AsyncSigningTransport(inner, signer), follow_redirects=False)

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
