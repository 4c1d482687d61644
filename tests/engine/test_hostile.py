"""Answers that want to hurt: endless, huge, packed, slow, elsewhere."""

import gzip
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest

from crowdhub import Call, Effect, Market, Upload
from crowdhub.engine import client, engine
from crowdhub.engine.session import Session
from crowdhub.errors import (
    ConfigurationError,
    CrowdhubError,
    InvalidRequest,
    OutcomeUnknown,
    ProviderError,
    UnreadableResponse,
)
from crowdhub.protocol import Token
from tests.conftest import World
from tests.engine.conftest import Http, MakeSession, Plain, RawServer
from tests.support.bombs import bomb

E = TypeVar("E", bound=CrowdhubError)

# httpx leaves generators of its own half way when a body is given up; trio warns of that.
given_up = pytest.mark.filterwarnings(
    "ignore:Async generator:ResourceWarning", "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
)

READ, SETTLE, SPEND = Effect.READ, Effect.SETTLE, Effect.SPEND
CAP = 200_000


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (client, engine):
        monkeypatch.setattr(module, "LARGEST_ANSWER", CAP)


def fails(
    world: World,
    made: Session,
    effect: Effect,
    kind: type[E] | tuple[type[E], ...],
    match: str | None = None,
    **more: Any,
) -> E:
    with pytest.raises(kind, match=match) as caught:
        world.market(made, lambda market: market.run(market.provider.ask(effect, **more)))
    return caught.value


@given_up
@pytest.mark.parametrize(
    ("effect", "kind"), [(READ, UnreadableResponse), (SETTLE, OutcomeUnknown), (SPEND, OutcomeUnknown)]
)
def test_an_answer_that_is_too_large_is_given_up_and_not_asked_again(
    world: World,
    session: MakeSession,
    server: RawServer,
    http: Http,
    small_cap: None,
    effect: Effect,
    kind: type[CrowdhubError],
) -> None:
    server.reply = lambda number, request: http(200, b'"' + b"x" * (CAP * 3) + b'"')
    fails(world, session(), effect, kind, "too large")
    assert server.count == 1


@given_up
def test_an_endless_answer(world: World, session: MakeSession, server: RawServer, small_cap: None) -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    server.reply = lambda number, request: head + (b"ffff\r\n" + b"[" * 0xFFFF + b"\r\n") * 200
    fails(world, session(), READ, UnreadableResponse, "too large")


def packed(body: bytes, how: str) -> bytes:
    return gzip.compress(body) if how == "gzip" else zlib.compress(body)


@pytest.mark.parametrize("how", ["gzip", "deflate"])
def test_a_packed_answer_is_read(world: World, session: MakeSession, server: RawServer, http: Http, how: str) -> None:
    body = packed(b'{"packed": true}', how)
    server.reply = lambda number, request: http(200, body, content_encoding=how, content_type="application/json")
    assert world.market(session(), lambda m: m.run(m.provider.ask())) == {"packed": True}


@given_up
@pytest.mark.parametrize("how", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_is_not_unpacked(
    world: World, session: MakeSession, server: RawServer, http: Http, how: Literal["gzip", "gzip, gzip", "deflate"]
) -> None:
    server.reply = lambda number, request: http(200, bomb(200, how), content_encoding=how)
    tracemalloc.start()
    try:
        fails(world, session(), READ, UnreadableResponse, r"too large|packed")
        assert tracemalloc.get_traced_memory()[1] < 260_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("effect", list(Effect))
def test_a_redirect_is_never_followed(
    world: World, session: MakeSession, server: RawServer, http: Http, status: int, effect: Effect
) -> None:
    server.reply = lambda number, request: http(status, {}, location=f"{server.url}/elsewhere")
    with pytest.raises((ProviderError, OutcomeUnknown), match="redirect"):
        world.market(session(), lambda m: m.run(m.provider.ask(effect)))
    assert set(server.paths()) == {"/x"}
    assert server.count == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "http://10.0.0.1",
        "ftp://api.example.com",
        "api.example.com",
        "",
        "file:///etc/passwd",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://[::2]",
        "https//api.example.com",
        "http://",
        "http://[",
    ],
)
def test_keys_travel_over_https_or_to_loopback_only(session: MakeSession, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"base_url .*https only"):
        session(base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "HTTPS://api.example.com/v1",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:1",
    ],
)
def test_addresses_that_are_fine(session: MakeSession, url: str) -> None:
    assert session(base_url=url).bases["base_url"] == url


def test_a_second_address_is_checked_like_the_first(session: MakeSession) -> None:
    with pytest.raises(ConfigurationError, match="other_url"):
        session(other_url="http://elsewhere.example")


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/x",
        "http://evil.example",
        "//evil.example/x",
        "@evil.example/x",
        ".evil.example/x",
        ":1@evil.example/x",
        "\\evil.example",
        "https://127.0.0.1:1/x",
        "https://elsewhere.example.evil.example/x",
        "https://user@evil.example/x",
    ],
)
def test_a_call_never_leaves_the_accounts_hosts(session: MakeSession, server: RawServer, http: Http, path: str) -> None:
    made = session()
    call = Call.get(path)
    try:
        reached = f"http://{made.request(call).url.netloc.decode()}"
    except CrowdhubError as error:
        reached = "refused" if not error.sent else "?"
    assert reached in ("refused", server.url)


def test_absolute_addresses_on_the_accounts_own_hosts_are_fine(session: MakeSession, server: RawServer) -> None:
    made = session()
    assert str(made.request(Call.get(f"{server.url}/next?page=2")).url).startswith(server.url)
    assert str(made.request(Call.get("https://elsewhere.example/next")).url) == "https://elsewhere.example/next"
    assert str(made.request(Call.get("/a", base="other_url")).url) == "https://elsewhere.example/base/a"
    assert str(made.request(Call.get("a", base="other_url")).url) == "https://elsewhere.example/base/a"
    assert str(made.request(Call.get("", base="other_url")).url) == "https://elsewhere.example/base/"


@pytest.mark.parametrize("path", ["/a\nb", "/a\x00b", "/\x7f", "/" + "x" * 70_000])
def test_a_path_that_is_none_is_an_error_of_ours(
    world: World, session: MakeSession, server: RawServer, path: str
) -> None:
    fails(world, session(), SPEND, InvalidRequest, path=path)
    assert server.count == 0


@pytest.mark.parametrize(
    "more",
    [
        {"json": {"amount": float("nan")}},
        {"json": {"text": "\ud800"}},
    ],
)
def test_a_body_that_cannot_be_written_was_not_sent(
    world: World, session: MakeSession, server: RawServer, more: dict[str, Any]
) -> None:
    error = fails(world, session(), SPEND, InvalidRequest, **more)
    assert not error.money_may_be_spent
    assert not error.sent
    assert server.count == 0


def test_a_file_that_is_gone_by_now_was_not_sent(
    world: World, session: MakeSession, server: RawServer, tmp_path: Path
) -> None:
    class Sending(Plain):
        def sign(self, call: Call, token: Token | None = None) -> Call:
            return call

    upload = Upload("a.png", tmp_path / "gone.png")
    with pytest.raises(InvalidRequest, match=r"gone\.png"):
        world.market(session(Sending), lambda m: m.run(m.provider.ask(SPEND, multipart=[("file", upload)])))
    assert server.count == 0


def test_a_decimal_goes_out_as_the_exact_number(ordinary: World, session: MakeSession, server: RawServer) -> None:
    from decimal import Decimal

    ordinary.market(session(), lambda m: m.run(m.provider.ask(SPEND, json={"price": Decimal("0.10")})))
    assert b'"price":0.10' in server.requests[0]


def test_a_hostile_message_is_shown_not_obeyed(
    ordinary: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    server.reply = lambda number, request: http(400, {"error": "\x1b[2Jgone \u202ereversed\x00"})
    error = fails(ordinary, session(), READ, InvalidRequest)
    for character in "\x1b\u202e\x00":
        assert character not in str(error)


def test_a_connection_is_used_again(world: World, session: MakeSession, server: RawServer) -> None:
    def ask_often(market: Any) -> Any:
        if world.kind == "sync":
            return [market.run(market.provider.ask()) for _ in range(20)]

        async def often() -> list[object]:
            return [await market.run(market.provider.ask()) for _ in range(20)]

        return often()

    assert len(world.market(session(), ask_often)) == 20
    assert server.count == 20
    assert server.connections == 1


def test_a_kept_connection_that_the_server_closed_is_no_failure(
    ordinary: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    """Servers close idle connections; the next call must not become an unknown outcome by that."""
    server.reply = lambda number, request: http(200, {}, connection="close")

    def two(market: Market[Any]) -> object:
        market.run(market.provider.ask(SPEND))
        time.sleep(0.02)  # let the server's close arrive
        return market.run(market.provider.ask(SPEND))

    assert ordinary.market(session(), two) == {"ok": True}
    assert server.count == 2
