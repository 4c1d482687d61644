"""A key appears nowhere: logs at DEBUG, errors, their chains, the locals of their frames, reprs."""

import base64
import gc
import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from crowdhub import Call, Effect, Hub, Market
from crowdhub.engine.redact import Redactor
from crowdhub.errors import ConfigurationError, CrowdhubError, OutcomeUnknown, UnreadableResponse
from crowdhub.protocol import Flow, Lookup, operation
from tests.conftest import World
from tests.engine.conftest import Http, MakeSession, Plain, RawServer, Tokens

SECRET = "sk-live/+very secret=0123456789"
FORMS = {SECRET, quote(SECRET, safe=""), quote_plus(SECRET), "very secret", "0123456789"}

ANSWERS: dict[str, Callable[[Http], bytes | None]] = {
    "good": lambda http: http(),
    "echoes the key in words": lambda http: http(400, {"error": f"bad key {SECRET} and {quote(SECRET)}"}),
    "echoes the key in a field": lambda http: http(200, {"ok": SECRET}),
    "echoes the key in a page": lambda http: http(200, f"<html>{SECRET}</html>", content_type="text/html"),
    "echoes the key in a redirect": lambda http: http(302, {}, location=f"https://evil.example/?key={quote(SECRET)}"),
    "401": lambda http: http(401, {"error": {"code": SECRET, "message": f"no {SECRET}"}}),
    "500": lambda http: http(500, SECRET, content_type="text/plain"),
    "429": lambda http: http(429, {"error": SECRET}, retry_after="9999"),
    "broken": lambda http: b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\nconnection: close\r\n\r\n" + SECRET.encode(),
    "hangs up": lambda http: None,
    "no HTTP": lambda http: SECRET.encode() + b"\r\nconnection: close\r\n\r\n",
}


def texts_of(error: BaseException) -> Iterator[str]:
    """All that somebody could print of an error: the chain, every frame's locals, one level of their insides."""
    yield "".join(traceback.format_exception(error))
    chain: list[BaseException | None] = [error]
    seen: set[int] = set()
    while chain:
        each = chain.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield from (str(each), repr(each), repr(each.args), repr(vars(each)))
        frame = each.__traceback__
        while frame is not None:
            if "/tests/" not in frame.tb_frame.f_code.co_filename:
                for name, value in frame.tb_frame.f_locals.items():
                    yield f"{name}={value!r}"
                    yield from insides(value)
            frame = frame.tb_next
        chain += [each.__cause__, each.__context__]


def insides(value: object) -> Iterator[str]:
    """The headers, address and body of a request or response among the locals of a frame."""
    for name in ("headers", "url", "request", "extensions"):
        try:
            inner = getattr(value, name, None)
        except RuntimeError:
            continue
        if inner is None:
            continue
        yield repr(inner)
        if name == "headers" and isinstance(value, httpx.Request):
            yield repr(inner.multi_items())
        if name == "request":
            yield repr(inner.headers.multi_items()) + str(inner.url)


def assert_clean(text: str, where: object) -> None:
    for form in FORMS:
        assert form not in text, where


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize("how", list(ANSWERS))
def test_nowhere(
    world: World,
    session: MakeSession,
    server: RawServer,
    http: Http,
    effect: Effect,
    how: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    server.reply = lambda number, request: ANSWERS[how](http)
    made = session()

    def ask(market: Market[Any]) -> object:
        return market.run(market.provider.ask(effect))

    try:
        world.market(made, ask)
        assert how in ("good", "echoes the key in a field")
    except CrowdhubError as error:
        for text in texts_of(error):
            assert_clean(text, text)
    assert SECRET.encode() in server.requests[0]  # it was sent, in the header
    assert quote_plus(SECRET).encode() in server.requests[0].replace(b"%20", b"+")
    for record in caplog.records:
        assert_clean(record.getMessage() + repr(record.args), record)
    assert_clean(caplog.text, caplog.text)
    for thing in (made, made.provider, made.provider.settings, made.options, made.provider.capabilities):
        assert_clean(repr(thing) + str(thing), thing)


def test_debug_logs_say_what_happened_without_any_header(
    ordinary: World, session: MakeSession, server: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ordinary.market(session(), lambda m: m.run(m.provider.ask(Effect.READ, "/x/y")))
    said = [record.getMessage() for record in caplog.records if record.name == "crowdhub"]
    assert said == ["plain POST /x/y -> 200"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\x00", "\u00e9", "\u20ac", "\nX-Evil: 1"])
def test_a_key_that_no_header_can_hold_is_named_not_shown(
    world: World, session: MakeSession, server: RawServer, ending: str
) -> None:
    """A key read from a file often ends with a line break."""
    key = SECRET + ending
    for effect in Effect:

        def ask(market: Market[Any], effect: Effect = effect) -> object:
            return market.run(market.provider.ask(effect))

        with pytest.raises(ConfigurationError, match="key") as caught:
            world.market(session(api_key=key), ask)
        for text in texts_of(caught.value):
            assert_clean(text, text)
        assert not caught.value.sent
    assert server.count == 0


def test_a_fetched_token_is_a_secret_too(
    world: World,
    session: MakeSession,
    server: RawServer,
    http: Http,
    tokens: type[Tokens],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    token = "fetched-token-987"

    def reply(number: int, request: bytes) -> bytes:
        return http(200, {"token": token}) if b"/token" in request else http(400, {"error": f"not with {token}"})

    server.reply = reply
    with pytest.raises(CrowdhubError, match=r"not with \[secret\]") as caught:
        world.market(session(tokens), lambda m: m.run(m.provider.ask()))
    assert all(token not in text for text in texts_of(caught.value))
    assert token not in caplog.text
    assert token.encode() in server.requests[1]


def test_the_cause_of_an_unknown_outcome_is_clean_as_well(
    world: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    class Spending(Plain):
        def lookup(self) -> Lookup[None]:
            def find(since: datetime | None, evidence: object) -> Flow[None]:
                reply = yield Call.get("/list")
                raise UnreadableResponse(f"cannot read {reply.json()['echo']}", excerpt=reply.text)

            return Lookup("a thing", find)

        @operation(lookup=lookup)
        def buy(self) -> Flow[None]:
            yield Call.post("/buy", effect=Effect.SPEND, json={})

    server.reply = lambda number, request: http(500) if b"/buy" in request else http(200, {"echo": SECRET})
    with pytest.raises(OutcomeUnknown) as caught:
        world.market(session(Spending), lambda m: m.run(m.provider.buy()))
    assert isinstance(caught.value.__cause__, UnreadableResponse)
    assert_clean(str(caught.value.__cause__) + repr(vars(caught.value.__cause__)), "cause")


def test_a_hub_and_its_settings_hide_keys() -> None:
    accounts = {"rapidworkers": {"api_key": SECRET, "base_url": "http://127.0.0.1:1"}}
    with Hub(accounts) as hub:
        market = hub["rapidworkers"]
        for thing in (hub, market, market.provider, market.provider.settings, market.capabilities):
            assert_clean(repr(thing) + str(thing), thing)
        assert_clean(repr(market.provider.settings.model_dump()), "dump")
        assert_clean(market.provider.settings.model_dump_json(), "json")


def test_redaction_covers_the_forms_in_which_a_key_travels() -> None:
    redact = Redactor([SECRET, "k%y&=1", "abc", ""])
    for form in (SECRET, quote(SECRET, safe=""), quote_plus(SECRET), base64.b64encode(SECRET.encode()).decode()):
        assert redact(f"<{form}>").replace("=", "") == "<[secret]>"
    assert redact("abc stays: too short to be a key") == "abc stays: too short to be a key"
    assert Redactor()("nothing to hide") == "nothing to hide"
    longer = Redactor(["secret-1", "secret-1-and-more"])
    assert longer("secret-1-and-more") == "[secret]"


def test_no_signed_request_outlives_its_call(ordinary: World, session: MakeSession, server: RawServer) -> None:
    ordinary.market(session(), lambda m: m.run(m.provider.ask()))
    gc.collect()
    alive = [each for each in gc.get_objects() if isinstance(each, httpx.Request)]
    assert all(SECRET not in repr(each.headers.multi_items()) for each in alive)
