"""Signatures over what is really sent, and credentials of several parts."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from crowdhub import Call, Effect, Upload
from crowdhub.errors import CrowdhubError, InvalidRequest
from crowdhub.protocol import CredentialPlaces, Flow, PreparedRequest, Token, load_json, operation
from tests.conftest import World
from tests.engine.conftest import Http, MakeSession, Plain, RawServer
from tests.engine.test_secrets import texts_of
from tests.support.hand_clock import HandClock


class Sealed(Plain):
    """Signs the bytes of the body, the address and the type."""

    seen: ClassVar[list[PreparedRequest]]

    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call.with_headers(X_Date="today").with_query(("app", "a b"))

    def seal(self, request: PreparedRequest, token: Token | None = None) -> Mapping[str, str]:
        self.seen.append(request)
        signed = f"{request.method} {request.url} {request.headers.get('content-type')} ".encode() + request.body
        return {"X-Signature": hashlib.sha256(signed).hexdigest(), "X-Attempt": str(len(self.seen))}

    @operation
    def tell(self, body: Mapping[str, Any]) -> Flow[Any]:
        reply = yield Call.post("/tell", effect=Effect.SPEND, query={"q": "ü"}, **body)
        return load_json(reply)


@pytest.fixture
def sealed() -> type[Sealed]:
    class Fresh(Sealed):
        seen: ClassVar[list[PreparedRequest]] = []

    return Fresh


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """The target, the headers in lower case, and the body of a request as it came over the network."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return first.split(" ")[1], {name.lower(): value for name, value in pairs}, body


JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BODIES: dict[str, tuple[dict[str, Any], str | None, bytes | None]] = {
    "json": ({"json": {"price": Decimal("0.10"), "name": "Zoë"}}, JSON, '{"price":0.10,"name":"Zoë"}'.encode()),
    "form": ({"form": [("a", "1"), ("a", "Zoë &"), ("b", "")]}, FORM, b"a=1&a=Zo%C3%AB+%26&b="),
    "content": ({"content": b"\x00<xml/>", "content_type": "text/xml"}, "text/xml", b"\x00<xml/>"),
    "multipart": ({"multipart": [("a", "1"), ("f", Upload("x.png", b"\x89PNG"))]}, None, None),
    "none": ({}, "", b""),
}


@pytest.mark.parametrize("kind", list(BODIES))
def test_it_sees_what_is_sent_and_its_headers_are_sent(
    world: World, session: MakeSession, server: RawServer, sealed: type[Sealed], kind: str
) -> None:
    body, content_type, content = BODIES[kind]
    world.market(session(sealed), lambda m: m.run(m.provider.tell(body)))
    (request,) = sealed.seen
    target, headers, sent = parts(server.requests[0])
    assert request.method == "POST"
    assert request.url == server.url + target
    assert target == "/tell?q=%C3%BC&app=a+b"
    assert request.body == sent
    assert request.headers["x-date"] == "today"
    assert {name: headers[name] for name in request.headers} == dict(request.headers)  # each is sent as it was seen
    assert headers.keys() - request.headers.keys() <= {"x-signature", "x-attempt", "connection"}
    signed = f"POST {request.url} {headers.get('content-type')} ".encode() + sent
    assert headers["x-signature"] == hashlib.sha256(signed).hexdigest()
    if content is not None:
        assert sent == content
        assert headers.get("content-type", "") == content_type
    else:
        assert headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="f"; filename="x.png"\r\n' in sent
        assert b"\x89PNG" in sent
    assert headers["content-length"] == str(len(sent))


def test_it_is_made_anew_for_each_attempt(
    world: World, session: MakeSession, server: RawServer, http: Http, sealed: type[Sealed], clock: HandClock
) -> None:
    server.reply = lambda number, request: http(429, {}, retry_after="3") if number < 2 else http()
    world.market(session(sealed), lambda m: m.run(m.provider.tell({"json": {}})))
    assert [parts(request)[1]["x-attempt"] for request in server.requests] == ["1", "2", "3"]
    assert clock.slept == [3, 3]


def raising(kind: type[Exception], words: str) -> Callable[..., Any]:
    def fails(*_: object) -> Any:
        raise kind(words)

    return fails


@pytest.mark.parametrize("where", ["sign", "seal"])
@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize("kind", [KeyError, TypeError, ValueError])
def test_what_fails_while_signing_is_an_error_of_ours_and_nothing_was_sent(
    world: World, session: MakeSession, server: RawServer, where: str, effect: Effect, kind: type[Exception]
) -> None:
    made: type[Plain] = type("Failing", (Plain,), {where: raising(kind, "no such region")})
    with pytest.raises(CrowdhubError) as caught:
        world.market(session(made), lambda m: m.run(m.provider.ask(effect)))
    assert type(caught.value) is InvalidRequest
    assert "no such region" in caught.value.message
    assert not caught.value.sent
    assert not caught.value.money_may_be_spent
    assert server.count == 0


@pytest.mark.parametrize("where", ["sign", "seal"])
def test_a_key_in_such_a_failure_is_not_shown(
    world: World, session: MakeSession, server: RawServer, secret: str, where: str
) -> None:
    made: type[Plain] = type("Failing", (Plain,), {where: raising(LookupError, f"no region for {secret}")})
    with pytest.raises(InvalidRequest, match=r"no region for \[secret\]") as caught:
        world.market(session(made), lambda m: m.run(m.provider.ask()))
    assert all(secret not in text for text in texts_of(caught.value))


# --- a credential of several parts ------------------------------------------------------------------------------

PARTS = {"value": "ASIA-key-id-12345", "secret": "wJalr/secret+key=67890", "session": "FwoGZXIvYXdz-session"}


class Temporary(Plain):
    """Temporary keys: an id, a key and a session."""

    credential_places = CredentialPlaces(headers=("X-Key", "X-Session"))

    @operation
    def authenticate(self) -> Flow[Token]:
        reply = yield Call.post("/token", effect=Effect.READ, json={}, authenticated=False)
        told = reply.json()
        rest = {name: SecretStr(told[name]) for name in ("secret", "session")}
        return Token(SecretStr(told["value"]), parts=rest)

    def sign(self, call: Call, token: Token | None = None) -> Call:
        if token is None:
            return call
        return call.with_headers(X_Key=token.value.get_secret_value())

    def seal(self, request: PreparedRequest, token: Token | None = None) -> Mapping[str, str]:
        return {} if token is None else {f"X-{name}": part.get_secret_value() for name, part in token.parts.items()}


def test_every_part_of_a_token_is_sent_and_shown_nowhere(
    world: World, session: MakeSession, server: RawServer, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    basic = base64.b64encode(f"{PARTS['value']}:{PARTS['secret']}".encode()).decode()
    said = f"not with {' '.join(PARTS.values())} nor {basic}"
    echoed = {"X-Echo": PARTS["session"], "Set-Cookie": PARTS["secret"]}

    def reply(number: int, request: bytes) -> bytes:
        return http(200, PARTS) if b"/token" in request else http(400, {"error": said}, **echoed)

    server.reply = reply
    with pytest.raises(InvalidRequest, match=r"not with \[secret\] \[secret\] \[secret\] nor \[secret\]") as caught:
        world.market(session(Temporary), lambda m: m.run(m.provider.ask(method="GET")))
    _, headers, _ = parts(server.requests[1])
    assert {headers[name] for name in ("x-key", "x-secret", "x-session")} == set(PARTS.values())
    shown = [*texts_of(caught.value), caplog.text, *(repr(record.args) for record in caplog.records)]
    for part in PARTS.values():
        assert all(part not in text for text in shown)


def test_a_token_is_not_shown_in_its_repr() -> None:
    token = Token(SecretStr(PARTS["value"]), parts={"session": SecretStr(PARTS["session"])})
    assert all(part not in repr(token) + str(token) for part in PARTS.values())
    assert token.secrets() == [PARTS["value"], PARTS["session"]]
