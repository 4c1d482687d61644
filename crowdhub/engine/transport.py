"""The wrapper in which credentials are added: to a copy of the request that nothing else ever sees.

The request that the HTTP client, its logs and its errors know holds neither body, query nor credentials.
Answers are bounded here too, in size; in time they are by their `RoundTrip`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import cast

from crowdhub._version import __version__
from crowdhub.engine import http
from crowdhub.engine.classify import AnswerTooLarge, NotSendable
from crowdhub.errors import CrowdhubError
from crowdhub.frames import FramesLeftOut
from crowdhub.protocol import AnyProvider, Call, Token

USER_AGENT = f"crowdhub/{__version__}"
CALL = "crowdhub.call"  # the request extensions that carry what to sign
TOKEN = "crowdhub.token"  # noqa: S105 - a name


class _Watch:
    """Counts an answer's bytes."""

    def __init__(self, largest: int) -> None:
        self._left = largest
        self._largest = largest

    def saw(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise AnswerTooLarge(f"it passed {self._largest:,} bytes")
        return chunk


class _Stream(http.SyncByteStream):
    def __init__(self, inner: http.SyncByteStream, watch: _Watch) -> None:
        self._inner, self._watch = inner, watch

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            yield self._watch.saw(chunk)

    def close(self) -> None:
        self._inner.close()


class _AsyncStream(http.AsyncByteStream):
    def __init__(self, inner: http.AsyncByteStream, watch: _Watch) -> None:
        self._inner, self._watch = inner, watch

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield self._watch.saw(chunk)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Signer:
    """Turns the bare request that the HTTP client knows into the one that is sent."""

    def __init__(self, provider: AnyProvider, largest: int) -> None:
        self._provider = provider
        self._largest = largest

    def signed(self, request: http.Request) -> http.Request:
        """With its body, its query and its credentials. Raises `NotSendable`."""
        timeout = {"timeout": request.extensions["timeout"]}
        token: Token | None = request.extensions.get(TOKEN)
        call: Call = request.extensions[CALL]
        try:
            built = http.build_request(self._provider.sign(call, token), request.url, USER_AGENT, timeout)
            built.headers.update(self._provider.seal(http.prepared(built), token))
        except CrowdhubError as error:
            raise NotSendable(error.message, error=error) from None
        except UnicodeEncodeError as error:
            raise NotSendable("a text holds half a character", credentials=error.encoding == "ascii") from None
        except OSError as error:
            if error.filename is None:
                raise NotSendable(f"{type(error).__name__}: {error}") from None
            raise NotSendable(f"the file {error.filename!r} cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise NotSendable(str(error)) from None
        except Exception as error:  # noqa: BLE001 - whatever a plugin or a library stumbles over in an argument
            raise NotSendable(f"{type(error).__name__}: {error}") from None
        return built

    def watch(self) -> _Watch:
        return _Watch(self._largest)


class SigningTransport(http.BaseTransport):
    def __init__(self, inner: http.BaseTransport, signer: Signer) -> None:
        self._inner, self._signer = inner, signer

    def handle_request(self, request: http.Request) -> http.Response:
        with FramesLeftOut():
            response = self._inner.handle_request(self._signer.signed(request))
        response.stream = _Stream(cast("http.SyncByteStream", response.stream), self._signer.watch())
        return response

    def close(self) -> None:
        self._inner.close()


class AsyncSigningTransport(http.AsyncBaseTransport):
    def __init__(self, inner: http.AsyncBaseTransport, signer: Signer) -> None:
        self._inner, self._signer = inner, signer

    async def handle_async_request(self, request: http.Request) -> http.Response:
        with FramesLeftOut():
            response = await self._inner.handle_async_request(self._signer.signed(request))
        response.stream = _AsyncStream(cast("http.AsyncByteStream", response.stream), self._signer.watch())
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()
