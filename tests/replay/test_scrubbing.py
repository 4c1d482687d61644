"""What is taken out of an exchange, what stays, and that a request without its secrets is still found again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdhub.engine import http
from crowdhub.protocol import Call, CredentialPlaces, Effect, Upload
from crowdhub.testing.recording import jsontext
from crowdhub.testing.recording.hosts import Hosts
from crowdhub.testing.recording.match import matchers
from crowdhub.testing.recording.scrub import Scrubber
from crowdhub_crowdsdom import CrowdSDOM

SIGN = "0123456789abcdef0123456789abcdef"
ETXT = CredentialPlaces(query=("token", "sign"))
REAL = Hosts({"http://127.0.0.1:4000/v1": "https://api.example.com/v1"})


class Asked:
    def __init__(self, method: str, uri: str, headers: dict[str, str], body: bytes | None) -> None:
        self.method, self.uri, self.headers, self.body = method, uri, headers, body


def asked(places: CredentialPlaces, call: Call, url: str = "https://www.etxt.ru/api/json/") -> Asked:
    request = http.build_request(call, http.URL(url), "test")
    uri, headers, body = Scrubber(places, REAL).request(str(request.url), request.headers.items(), request.read())
    return Asked(request.method, uri, headers, body)


def matches(one: Asked, other: Asked) -> bool:
    return all(matcher(one, other) for matcher in matchers())


def signed(token: str = "the-token", sign: str = SIGN, method: str = "users.getBalance") -> Call:
    return Call.get("", query=[("method", method), ("token", token), ("sign", sign)])


def test_a_signed_address_is_found_without_token_and_signature() -> None:
    kept = asked(ETXT, signed())
    assert kept.uri == "https://www.etxt.ru/api/json/?method=users.getBalance&token=SCRUBBED&sign=SCRUBBED"
    assert matches(kept, asked(ETXT, signed("another-token", "f" * 32)))
    assert not matches(kept, asked(ETXT, signed(method="users.getStats")))
    assert not matches(kept, asked(ETXT, Call.get("", query=[("method", "users.getBalance")])))  # not signed at all


def test_a_key_in_the_body_is_found_without_it() -> None:
    places = CredentialPlaces(json=("clientKey",))

    def body(key: str, task: str) -> Asked:
        return asked(places, Call.post("", json={"clientKey": key, "taskId": task}, effect=Effect.READ))

    kept = body("CAP-SECRETSECRET", "1")
    assert json.loads(kept.body or b"") == {"clientKey": "SCRUBBED", "taskId": "1"}
    assert matches(kept, body("another", "1"))
    assert not matches(kept, body("another", "2"))


def test_a_form_and_a_multipart_body_lose_their_secret_fields() -> None:
    form = asked(ETXT, Call.post("", form={"token": "t0ken+/=", "text": "a b&c"}, effect=Effect.SPEND))
    assert form.body == b"token=SCRUBBED&text=a+b%26c"
    parts: list[tuple[str, str | Upload]] = [("sign", SIGN), ("file", Upload("a.bin", b"\x89\x00\xff", "image/png"))]
    one = asked(ETXT, Call.post("", multipart=parts, effect=Effect.SPEND))
    assert SIGN.encode() not in (one.body or b"")
    assert b"<3 bytes, sha256 " in (one.body or b"")
    other = asked(ETXT, Call.post("", multipart=[("sign", "f" * 32), *parts[1:]], effect=Effect.SPEND))
    assert matches(one, other)  # also though the boundary followed from the signature
    changed = Upload("a.bin", b"\x89\x00\xfe", "image/png")
    assert not matches(one, asked(ETXT, Call.post("", multipart=[parts[0], ("file", changed)], effect=Effect.SPEND)))


def test_a_request_that_lost_its_key_is_another_request() -> None:
    places = CredentialPlaces(headers=("X-API-Key",))
    with_key = asked(places, Call.get("", headers={"X-API-Key": "secret-one"}))
    assert with_key.headers["x-api-key"] == "SCRUBBED"
    assert matches(with_key, asked(places, Call.get("", headers={"x-api-key": "secret-two"})))
    assert not matches(with_key, asked(places, Call.get("")))


def test_a_token_answer_keeps_everything_but_the_token() -> None:
    scrubber = Scrubber(CrowdSDOM.credential_places, REAL)
    answer = {
        "access_token": {
            "id": "tok-123456789",
            "ttl": 7200,
            "clientId": "client-1234",
            "created": "2026-01-15T09:00:00Z",
        },
        "token_type": "Bearer",
    }
    _, body = scrubber.answer({}, json.dumps(answer).encode())
    kept = json.loads(body)
    assert kept["access_token"]["ttl"] == 7200
    assert kept["access_token"]["created"] == "2026-01-15T09:00:00Z"
    assert b"tok-123456789" not in body
    assert b"client-1234" not in body
    assert {"tok-123456789", "client-1234"} <= scrubber.seen


def test_headers_that_identify_are_dropped() -> None:
    headers = {
        "Content-Type": ["application/json"],
        "Set-Cookie": ["session=abc"],
        "X-Request-Id": ["7"],
        "CF-Ray": ["8"],
        "Date": ["today"],
        "Server": ["a"],
        "Retry-After": ["30"],
        "X-RateLimit-Remaining": ["5"],
        "Location": ["http://127.0.0.1:4000/v1/next"],
    }
    kept, _ = Scrubber(ETXT, REAL).answer(headers, b"{}")
    assert kept == {
        "content-type": ["application/json"],
        "retry-after": ["30"],
        "x-ratelimit-remaining": ["5"],
        "location": ["https://api.example.com/v1/next"],
    }


def test_a_header_of_an_answer_that_the_provider_reads_is_kept() -> None:
    headers = {"X-Next": ["http://127.0.0.1:4000/v1/page/2"], "CF-Ray": ["8"]}
    kept, _ = Scrubber(ETXT, REAL, ("x-NEXT",)).answer(headers, b"{}")
    assert kept == {"x-next": ["https://api.example.com/v1/page/2"]}


def test_a_field_of_a_form_is_taken_out() -> None:
    call = Call.post("/session", effect=Effect.READ, form={"login": "me", "secret": "a-long-secret"})
    places = CredentialPlaces(form=("secret",))
    assert asked(places, call).body == b"login=me&secret=SCRUBBED"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:4000/v1/jobs", "https://api.example.com/v1/jobs"),
        ("http://127.0.0.1:4000/media/1.png", "https://api.example.com/media/1.png"),
        (r"http:\/\/127.0.0.1:4000\/media\/1.png", r"https:\/\/api.example.com\/media\/1.png"),
        ("next=http%3A%2F%2F127.0.0.1%3A4000%2Fv1", "next=https%3A%2F%2Fapi.example.com%2Fv1"),
        ("http://127.0.0.1:40001/v1", "http://127.0.0.1:40001/v1"),
        ("https://api.example.com/v1/jobs", "https://api.example.com/v1/jobs"),
    ],
)
def test_addresses_are_rewritten_wherever_they_stand(text: str, expected: str) -> None:
    assert REAL(text) == expected
    assert REAL(REAL(text)) == expected


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60)
@given(json_values)
def test_laid_out_json_says_the_same(value: object) -> None:
    text = jsontext.dumps(value)
    laid = jsontext.laid_out(text)
    assert jsontext.canonical(laid) == jsontext.canonical(text)
    assert jsontext.laid_out(laid) == laid


@settings(max_examples=60)
@given(st.text(max_size=30))
def test_what_is_no_json_stays(text: str) -> None:
    if jsontext.canonical(text) is None:
        assert jsontext.laid_out(text) == text


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["token", "text", "sign"]), st.text(max_size=20)), min_size=1, max_size=4))
def test_scrubbing_twice_changes_nothing(fields: list[tuple[str, str]]) -> None:
    scrubber = Scrubber(ETXT, REAL)
    for call in (
        Call.post("", multipart=fields, effect=Effect.SPEND),
        Call.post("", form=fields, effect=Effect.SPEND),
        Call.post("", json=dict(fields), query=fields, effect=Effect.SPEND),
    ):
        request = http.build_request(call, http.URL("http://127.0.0.1:4000/v1/"), "test")
        once = scrubber.request(str(request.url), request.headers.items(), request.read())
        assert scrubber.request(once[0], once[1].items(), once[2]) == once


def test_numbers_and_flags_are_told_apart() -> None:
    def body(value: object) -> Asked:
        return asked(ETXT, Call.post("", json={"a": value}, effect=Effect.READ))

    assert not matches(body(1), body(True))
    assert not matches(body(1), body("1"))
    assert matches(body({"x": 1, "y": 2}), body({"y": 2, "x": 1}))
    assert not matches(body([1, 2]), body([2, 1]))
