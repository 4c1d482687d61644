from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar, TypeAlias

import pytest
from pydantic import SecretStr

from crowdhub import Call, Effect, Provider
from crowdhub.engine.policy import RetryPolicy
from crowdhub.engine.session import Options, Session
from crowdhub.protocol import Flow, ProviderSettings, Token, load_json, operation
from tests.support.hand_clock import HandClock

SECRET = "sk-live/+very secret=0123456789"

Http: TypeAlias = Callable[..., bytes]
MakeSession: TypeAlias = Callable[..., Session]


class PlainSettings(ProviderSettings):
    api_key: SecretStr = SecretStr(SECRET)
    other_url: str = "https://elsewhere.example/base/"


class Plain(Provider[PlainSettings]):
    """The smallest marketplace: one operation that makes one call."""

    name: ClassVar[str] = "plain"
    title: ClassVar[str] = "Plain"
    currency = "USD"
    settings_type = PlainSettings

    def sign(self, call: Call, token: Token | None = None) -> Call:
        # In a header, in the query and in the body: the three places where marketplaces want their keys.
        key = self.settings.api_key.get_secret_value()
        call = call.with_headers(X_Key=token.value.get_secret_value() if token else key).with_query(("key", key))
        return call.with_json(key=key) if call.method == "POST" else call

    @operation
    def ask(self, /, effect: Effect = Effect.READ, path: str = "/x", method: str = "POST", **more: Any) -> Flow[Any]:
        reply = yield Call(method=method, path=path, effect=effect, **more)
        return load_json(reply)


class Tokens(Plain):
    """A marketplace whose credential has to be fetched first."""

    lifetime: ClassVar[float] = 3600

    @operation
    def authenticate(self) -> Flow[Token]:
        reply = yield Call.post("/token", effect=Effect.READ, json={}, authenticated=False)
        value = reply.json()["token"]
        return Token(SecretStr(value), expires_at=self.now() + timedelta(seconds=self.lifetime))


class RawServer:
    """A server of a few lines: ``reply(number, request)`` returns the bytes to send, None to hang up."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.reply: Callable[[int, bytes], bytes | None] = lambda number, request: ok()
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        return len(self.requests)

    def paths(self) -> list[str]:
        return [request.split(b" ", 2)[1].decode().partition("?")[0] for request in self.requests]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while (request := _read_request(connection)) is not None:
                with self._lock:
                    number = len(self.requests)
                    self.requests.append(request)
                answer = self.reply(number, request)
                if answer is None:
                    break
                connection.sendall(answer)
                if b"connection: close" in answer.partition(b"\r\n\r\n")[0].lower():
                    break
        except OSError:
            pass
        finally:
            connection.close()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # a close alone leaves its thread waiting for good
        self._socket.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._thread.join(5)


def _read_request(connection: socket.socket) -> bytes | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(status: int = 200, body: bytes | str | dict[str, Any] | None = None, **headers: str) -> bytes:
    if isinstance(body, dict) or body is None:
        body = json.dumps(body or {"ok": True})
        headers.setdefault("content_type", "application/json")
    content = body.encode() if isinstance(body, str) else body
    headers.setdefault("content_length", str(len(content)))
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items() if value)
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1") + content


def ok() -> bytes:
    return http(200)


@pytest.fixture
def server() -> Iterator[RawServer]:
    server = RawServer()
    yield server
    server.close()


@pytest.fixture(name="http")
def _http() -> Http:
    return http


@pytest.fixture(name="secret")
def _secret() -> str:
    return SECRET


@pytest.fixture
def tokens() -> type[Tokens]:
    return Tokens


@pytest.fixture
def session(server: RawServer, clock: HandClock) -> MakeSession:
    """Makes a session of a provider class on the raw server."""

    def make(kind: type[Plain] = Plain, *, policy: RetryPolicy | None = None, **options: Any) -> Session:
        settings: dict[str, Any] = {"base_url": server.url}
        settings |= {name: options.pop(name) for name in ("api_key", "base_url", "other_url") if name in options}
        given = PlainSettings(**settings)
        options.setdefault("timeout", 5)
        made = Options(clock=clock, policy=policy or RetryPolicy(), **options)
        return Session(kind(given), made)

    return make
