"""Connections that keep to their round trip's time, and that are used again only where nothing is left in them.

A server that answers twice would have its second answer read as that to the next request, and so all later ones.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from operator import attrgetter
from typing import Any, cast

import httpcore

from crowdhub.engine import http
from crowdhub.engine.round_trip import RoundTrip, Wait

MOST_CONNECTIONS = 32
MOST_IDLE = 16
LONGEST_IDLE = 5.0  # seconds
PIECE = 16 * 1024  # bytes written at a time, so that a slow reader is noticed

# Where the HTTP library keeps what came after an answer's end. It has no public name.
_after_the_end = attrgetter("_stream._connection._h11_state.trailing_data")


class Transport(http.HTTPTransport):
    """For ordinary code."""

    def __init__(self, context: ssl.SSLContext, proxy: http.Proxy | None = None) -> None:
        # httpx's own has no argument for what opens its connections, and makes nothing but its pool.
        self._pool = _Pool(**_options(context, proxy), network_backend=_Backend())


class AsyncTransport(http.AsyncHTTPTransport):
    """For asyncio and trio."""

    def __init__(self, context: ssl.SSLContext, proxy: http.Proxy | None = None) -> None:
        self._pool = _AsyncPool(**_options(context, proxy), network_backend=_AsyncBackend())


class _Pool(httpcore.ConnectionPool):
    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        answer = super().handle_request(request)
        _trip(request).answered()
        answer.stream = _Body(answer)
        return answer


class _AsyncPool(httpcore.AsyncConnectionPool):
    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        answer = await super().handle_async_request(request)
        _trip(request).answered()
        answer.stream = _AsyncBody(answer)
        return answer


class _AnyBody:
    """An answer's body. Where more came with its end, its connection is not used again."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._stream: Any = answer.stream
        self._connection: _Connection = _extensions(answer)["network_stream"]

    def _ended(self) -> None:
        if _after_the_end(self._stream)[0]:
            self._connection.is_spoilt = True


class _Body(_AnyBody):
    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream
        self._ended()

    def close(self) -> None:
        self._stream.close()


class _AsyncBody(_AnyBody):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk
        self._ended()

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Connection:
    """What is known of a connection, however its bytes are moved."""

    def __init__(
        self, inner: httpcore.NetworkStream | httpcore.AsyncNetworkStream, trip: RoundTrip, *, secure: bool = False
    ) -> None:
        self._line = inner
        self._trip = trip  # whose turn it is
        self._secure = secure
        self._is_full = False
        self.is_spoilt = False

    def get_extra_info(self, info: str) -> Any:
        return self._has_unread() if info == "is_readable" else self._line.get_extra_info(info)

    def _speaks(self, trip: RoundTrip) -> None:
        """``trip`` writes now. Raises `httpcore.ConnectionNotAvailable`, upon which the pool takes another
        connection, where something was left from the one before, or the server has closed it."""
        if trip is not self._trip:
            if self._has_unread():
                raise httpcore.ConnectionNotAvailable
            self._trip = trip
        trip.writing(secure=self._secure)

    def _heard(self, trip: RoundTrip, data: bytes, most: int) -> bytes:
        self._is_full = len(data) >= most
        trip.heard(len(data))
        return data

    def _has_unread(self) -> bool:
        if self.is_spoilt or self._is_full or self._line.get_extra_info("is_readable"):
            return True
        tls = self._line.get_extra_info("ssl_object")
        if not isinstance(tls, ssl.SSLObject):
            return tls is not None and tls.pending() > 0
        try:  # under an event loop whole records can wait inside of it
            _ = tls.read(1)
        except ssl.SSLWantReadError:
            return False
        except OSError:
            return True
        return True


class _Stream(_Connection, httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, trip: RoundTrip, *, secure: bool = False) -> None:
        super().__init__(inner, trip, secure=secure)
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        wait = _of(timeout)
        data = self._inner.read(max_bytes, wait.trip.left(wait, httpcore.ReadTimeout))
        return self._heard(wait.trip, data, max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        wait = _of(timeout)
        self._speaks(wait.trip)
        for piece in _pieces(buffer):
            self._inner.write(piece, wait.trip.left(wait, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        wait = _of(timeout)
        left = wait.trip.left(wait, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), wait.trip, secure=True)


class _AsyncStream(_Connection, httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream, trip: RoundTrip, *, secure: bool = False) -> None:
        super().__init__(inner, trip, secure=secure)
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        wait = _of(timeout)
        data = await self._inner.read(max_bytes, wait.trip.left(wait, httpcore.ReadTimeout))
        return self._heard(wait.trip, data, max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        wait = _of(timeout)
        self._speaks(wait.trip)
        for piece in _pieces(buffer):
            await self._inner.write(piece, wait.trip.left(wait, httpcore.WriteTimeout))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        wait = _of(timeout)
        left = wait.trip.left(wait, httpcore.ConnectTimeout)
        return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, left), wait.trip, secure=True)


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        wait = _of(timeout)
        wait.trip.connecting()
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in _addresses(host, port):  # the base class would give each of them the whole time
            left = wait.trip.left(wait, httpcore.ConnectTimeout)
            try:
                inner = super().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(inner, wait.trip)
        raise failed or httpcore.ConnectError(f"{host} has no address")


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self) -> None:
        self._inner = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        wait = _of(timeout)
        wait.trip.connecting()
        left = wait.trip.left(wait, httpcore.ConnectTimeout)
        inner = await self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _AsyncStream(inner, wait.trip)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def _options(context: ssl.SSLContext, proxy: http.Proxy | None) -> dict[str, Any]:
    """What both pools are made with."""
    through: httpcore.Proxy | None = None
    if proxy is not None:
        through = httpcore.Proxy(str(proxy.url), proxy.raw_auth, proxy.headers.raw, proxy.ssl_context)
    return {
        "ssl_context": context,
        "proxy": through,
        "max_connections": MOST_CONNECTIONS,
        "max_keepalive_connections": MOST_IDLE,
        "keepalive_expiry": LONGEST_IDLE,
    }


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _pieces(buffer: bytes) -> Iterator[bytes]:
    view = memoryview(buffer)
    return (bytes(view[start : start + PIECE]) for start in range(0, len(view), PIECE))


def _of(timeout: float | None) -> Wait:
    return cast("Wait", timeout)


def _trip(request: httpcore.Request) -> RoundTrip:
    return _of(_extensions(request)["timeout"]["read"]).trip


def _extensions(message: httpcore.Request | httpcore.Response) -> dict[str, Any]:
    found: dict[str, Any] = cast("Any", message).extensions
    return found
