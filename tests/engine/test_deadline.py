"""A request and its answer are bounded in time as a whole, whatever comes bit by bit; and what can have left counts."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crowdhub import Effect
from crowdhub.engine import download
from crowdhub.engine.download import fetch
from crowdhub.engine.policy import RetryPolicy
from crowdhub.errors import Lost, OutcomeUnknown, ProviderUnavailable
from tests.conftest import World
from tests.engine.conftest import MakeSession
from tests.hostile.conftest import Hostile, Web, answer

# httpx leaves generators of its own half way when a body is given up; trio warns of that.
given_up = pytest.mark.filterwarnings(
    "ignore:Async generator:ResourceWarning", "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
)

TIMEOUT = 0.08  # four times that is the whole time
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"
Drip = Iterator[bytes]


def headers() -> Drip:
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    while True:
        yield b"x"


def hints() -> Drip:
    return itertools.repeat(EARLY)


def body() -> Drip:
    yield CHUNKED
    while True:
        yield b"1\r\n \r\n"


def slowly(pieces: Callable[[], Drip]) -> Callable[[socket.socket, int], None]:
    def script(connection: socket.socket, _: int) -> None:
        for piece in pieces():
            connection.sendall(piece)
            time.sleep(0.01)

    return script


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    server = Hostile()
    yield server
    server.close()


@given_up
@pytest.mark.parametrize("pieces", [headers, hints, body])
@pytest.mark.parametrize("effect", [Effect.READ, Effect.SETTLE])
def test_what_drips_is_given_up_and_not_waited_for_again(
    world: World, session: MakeSession, hostile: Hostile, effect: Effect, pieces: Callable[[], Drip]
) -> None:
    hostile.script = slowly(pieces)
    with pytest.raises(ProviderUnavailable if effect is Effect.READ else OutcomeUnknown, match="in time") as caught:
        world.market(
            session(base_url=hostile.url, timeout=TIMEOUT), lambda market: market.run(market.provider.ask(effect))
        )
    assert len(hostile.requests) == 1
    assert caught.value.sent is not False


@given_up
@pytest.mark.parametrize("pieces", [headers, hints, body])
def test_a_spend_whose_answer_drips_is_sent_once(
    world: World, session: MakeSession, hostile: Hostile, pieces: Callable[[], Drip]
) -> None:
    hostile.script = slowly(pieces)
    with pytest.raises(OutcomeUnknown, match="in time") as caught:
        world.market(
            session(base_url=hostile.url, timeout=TIMEOUT), lambda market: market.run(market.provider.ask(Effect.SPEND))
        )
    assert caught.value.lost is (Lost.ACCEPTED if pieces is body else Lost.TIMED_OUT)
    assert len(hostile.requests) == 1


@pytest.mark.parametrize("pieces", [headers, hints, body])
def test_a_download_that_drips_is_given_up(
    hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: Callable[[], Drip]
) -> None:
    monkeypatch.setattr(download, "MAX_SECONDS", 0.3)
    hostile.script = slowly(pieces)
    with pytest.raises(ProviderUnavailable, match="in time"):
        fetch(f"{hostile.url}/x", tmp_path, "x", allowed_hosts=("127.0.0.1",), timeout=5)
    assert list(tmp_path.iterdir()) == []


def test_a_flood_of_early_answers_is_bounded_in_bytes(world: World, session: MakeSession, hostile: Hostile) -> None:
    def flood(connection: socket.socket, _: int) -> None:
        while True:
            connection.sendall(EARLY * 100)

    hostile.script = flood
    with pytest.raises(OutcomeUnknown, match="bytes came before the answer"):
        world.market(session(base_url=hostile.url), lambda market: market.run(market.provider.ask(Effect.SPEND)))
    assert len(hostile.requests) == 1


def test_a_few_early_answers_are_fine(world: World, session: MakeSession, hostile: Hostile) -> None:
    hostile.says(EARLY * 50 + answer(b'{"ok": true}'))
    made = session(base_url=hostile.url)
    assert world.market(made, lambda market: market.run(market.provider.ask(Effect.SPEND))) == {"ok": True}


@given_up
def test_a_server_that_reads_nothing_is_given_up(world: World, session: MakeSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the system accepts for it
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        made = session(base_url=url, timeout=TIMEOUT)
        with pytest.raises(OutcomeUnknown, match="in time"):
            world.market(
                made,
                lambda market: market.run(
                    market.provider.ask(Effect.SPEND, method="PUT", content=b"x" * 30_000_000),
                ),
            )


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", b"", None], ids=["refused", "broken", "silent"]
)
def test_a_spend_that_a_proxy_did_not_connect_never_left(
    world: World, session: MakeSession, hostile: Hostile, monkeypatch: pytest.MonkeyPatch, said: bytes | None
) -> None:
    """The tunnel was asked for in clear; nothing of the request was."""

    def script(connection: socket.socket, number: int) -> None:
        if said is None:
            connection.recv(1)
        connection.sendall(said or b"")
        connection.close()

    hostile.script = script
    monkeypatch.setenv("HTTPS_PROXY", hostile.url)
    made = session(base_url="https://market.example", timeout=TIMEOUT, policy=RetryPolicy(attempts=3))
    with pytest.raises(ProviderUnavailable) as caught:
        world.market(made, lambda market: market.run(market.provider.ask(Effect.SPEND)))
    assert caught.value.sent is False
    assert len(hostile.requests) == 3
    assert all(each.startswith(b"CONNECT market.example:443 ") for each in hostile.requests)


def test_every_address_of_a_host_is_tried_and_none_reached_is_never_sent(
    ordinary: World, session: MakeSession, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under an event loop, anyio does that."""
    web = Web()
    web.names["localhost"] = ["127.0.0.2", "127.0.0.1"]  # nobody listens at the first
    monkeypatch.setattr(socket, "getaddrinfo", web.resolve)
    hostile.says(answer(b'{"ok": true}'))
    made = session(base_url=f"http://localhost:{hostile.port}", policy=RetryPolicy(attempts=1))
    assert ordinary.market(made, lambda market: market.run(market.provider.ask(Effect.SPEND))) == {"ok": True}
    for names in ([], ["127.0.0.2", "127.0.0.3"], ["not an address"]):
        web.names["localhost"] = names
        with pytest.raises(ProviderUnavailable, match="not reached") as caught:
            ordinary.market(made, lambda market: market.run(market.provider.ask(Effect.SPEND)))
        assert caught.value.sent is False
    assert len(hostile.requests) == 1
