"""A server that answers one request twice: the second answer is never taken for that to another request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest

from crowdhub import Effect
from tests.conftest import World
from tests.engine.conftest import MakeSession
from tests.hostile.conftest import CA, Hostile, answer, tls


class Twice:
    """Answers each request by its number, and the first once more: at once, or when it is told to."""

    def __init__(self, server: Hostile, how: str) -> None:
        self.server = server
        self.how = how
        self.said = threading.Event()
        server.script = self._script

    def _script(self, connection: socket.socket, number: int) -> None:
        own = numbered(number)
        if number > 1:
            connection.sendall(own)
        elif self.how == "together":
            connection.sendall(own + own)
        elif self.how == "half":
            connection.sendall(own + own[:20])
        elif self.how == "two packets":
            connection.sendall(own)
            self._later(connection, own)
        else:
            connection.sendall(own)
            threading.Timer(0.05, self._later, (connection, own)).start()

    def _later(self, connection: socket.socket, own: bytes) -> None:
        connection.sendall(own)
        self.said.set()

    def wait(self) -> None:
        """Until the second answer is on its way."""
        if self.how in ("two packets", "later"):
            assert self.said.wait(5)


def numbered(number: int) -> bytes:
    return answer(b'{"number": %d}' % number)


@pytest.fixture(params=["http", "https"])
def hostile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hostile]:
    monkeypatch.setenv("SSL_CERT_FILE", str(CA))
    server = Hostile(tls() if request.param == "https" else None)
    yield server
    server.close()


@pytest.mark.parametrize("how", ["together", "half", "two packets", "later"])
@pytest.mark.parametrize("first", [("GET", Effect.READ), ("POST", Effect.SPEND)], ids=["get", "paid"])
@pytest.mark.parametrize("second", [("GET", Effect.READ), ("POST", Effect.SPEND)], ids=["get", "paid"])
def test_each_request_gets_its_own_answer(
    world: World,
    session: MakeSession,
    hostile: Hostile,
    how: str,
    first: tuple[str, Effect],
    second: tuple[str, Effect],
) -> None:
    twice = Twice(hostile, how)

    def both(market: Any) -> Any:
        asks = [market.provider.ask(effect, method=method) for method, effect in (first, second)]
        if world.kind == "sync":
            got = [market.run(asks[0])]
            twice.wait()
            return [*got, market.run(asks[1])]

        async def one_after_another() -> list[object]:
            got = [await market.run(asks[0])]
            await anyio.to_thread.run_sync(twice.wait)
            return [*got, await market.run(asks[1])]

        return one_after_another()

    assert world.market(session(base_url=hostile.url), both) == [{"number": 1}, {"number": 2}]
    assert len(hostile.requests) == 2
    assert hostile.connections == 2


def test_connections_over_tls_are_used_again(world: World, session: MakeSession, hostile: Hostile) -> None:
    """What TLS itself sends after its handshake is nothing that is left over."""
    hostile.says(*map(numbered, range(1, 11)))

    def ask_often(market: Any) -> Any:
        if world.kind == "sync":
            return [market.run(market.provider.ask(Effect.SPEND)) for _ in range(10)]

        async def often() -> list[object]:
            return [await market.run(market.provider.ask(Effect.SPEND)) for _ in range(10)]

        return often()

    assert world.market(session(base_url=hostile.url), ask_often) == [{"number": n} for n in range(1, 11)]
    assert hostile.connections == 1
