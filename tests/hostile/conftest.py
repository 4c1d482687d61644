"""A marketplace that means harm: it sends whatever bytes a test says, over a real socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from crowdhub.engine import download

Script = Callable[[socket.socket, int], None]


class Hostile:
    """Listens on loopback; each request is read whole and answered by ``script(connection, number)``."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self.script: Script = lambda connection, number: connection.sendall(answer(b"{}"))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def says(self, *answers: bytes) -> None:
        """One answer for each request; the last is repeated."""
        self.script = lambda connection, number: connection.sendall(answers[min(number, len(answers)) - 1])

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                while request := _read(connection):
                    self.requests.append(request)
                    self.script(connection, len(self.requests))

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)  # close alone leaves accept waiting
        self.listener.close()
        self._thread.join(5)


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    given = "".join(f"{header}\r\n" for header in headers)
    if not any(header.lower().startswith("content-type") for header in headers):
        given += "Content-Type: application/json\r\n"
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\n{given}Content-Length: {size}\r\n\r\n".encode() + body


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


Address = tuple[str, int]
Reply = Callable[[httpx.Request], httpx.Response]


class Web:
    """The internet: which name leads to which addresses, and what every host answers. Nothing is really sent."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.reply: Reply = lambda request: httpx.Response(200, content=b"file")
        self.requests: list[httpx.Request] = []

    def resolve(
        self, host: str, port: int, *_: object, **__: object
    ) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        addresses = self.names.get(host, [host])
        try:
            for address in addresses:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                socket.inet_pton(family, address.partition("%")[0])
        except OSError:
            raise socket.gaierror(socket.EAI_NONAME, "unknown") from None
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.reply(request)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    made = Web()

    def transport(_: object) -> httpx.MockTransport:
        return httpx.MockTransport(made.handle)

    monkeypatch.setattr(socket, "getaddrinfo", made.resolve)
    monkeypatch.setattr(download, "Transport", transport)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where files go. Nothing may appear beside it, and no unfinished part be left in it."""
    inside = tmp_path / "files"
    yield inside
    assert [each.name for each in tmp_path.iterdir()] in (["files"], [])
    assert not list(inside.glob(".crowdhub*")) if inside.exists() else True


TLS = Path(__file__).parents[1] / "support" / "tls"
CA = TLS / "ca.pem"
"""Signed the certificate of `tls`, and nothing else: its key is not kept."""


def tls() -> ssl.SSLContext:
    """A server's, for 127.0.0.1 and localhost."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(TLS / "localhost.pem")
    return made


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    server = Hostile()
    yield server
    server.close()


@pytest.fixture
def accounts(hostile: Hostile) -> dict[str, dict[str, object]]:
    return {"rapidworkers": {"api_key": "key-that-nobody-may-see", "base_url": hostile.url}}
