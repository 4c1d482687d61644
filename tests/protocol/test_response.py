"""An answer, independent of the HTTP library."""

from __future__ import annotations

import pytest

from crowdhub.protocol import Headers, Response


def test_names_of_headers_are_compared_without_regard_to_case() -> None:
    headers = Headers({"Content-Type": "text/html", "X-Request-ID": "7"})
    for name in ("content-type", "Content-Type", "CONTENT-TYPE"):
        assert headers[name] == headers.get(name) == "text/html"
        assert name in headers
    assert "content" not in headers
    number: object = 7
    assert number not in headers
    assert headers.get("retry-after") is None
    assert list(headers) == ["content-type", "x-request-id"]
    with pytest.raises(KeyError):
        headers["retry-after"]


def test_a_repeated_header_is_all_its_values() -> None:
    headers = Headers([("Link", "</2>"), ("X-One", "1"), ("link", "</3>")])
    assert headers["link"] == "</2>, </3>"
    assert len(headers) == 2


def test_a_repr_shows_no_values() -> None:
    headers = {"Set-Cookie": "s3cret", "X-Token": "s3cret"}
    assert repr(Headers(headers)) == "Headers(set-cookie, x-token)"
    assert repr(Response(401, headers=headers, content=b"s3cret")) == "<Response 401, 6 bytes>"


@pytest.mark.parametrize(
    ("kind", "charset"),
    [
        ("text/html; charset=ISO-8859-1", "iso-8859-1"),
        ('text/html; boundary=x; Charset="windows-1251"', "windows-1251"),
        ("text/html", None),
        ("", None),
    ],
)
def test_the_character_set_that_an_answer_claims(kind: str, charset: str | None) -> None:
    assert Response(200, headers={"Content-Type": kind}).charset == charset


def test_without_a_type_there_is_no_character_set() -> None:
    assert Response(200, content=b"x").charset is None


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("text/plain; charset=latin-1", "Zoë".encode("latin-1"), "Zoë"),
        ("text/plain; charset=windows-1251", "Привет".encode("windows-1251"), "Привет"),
        ("text/plain", "Zoë".encode(), "Zoë"),
        ("text/plain; charset=", "Zoë".encode(), "Zoë"),
        ("text/plain", b"Zo\xeb", "Zo\N{REPLACEMENT CHARACTER}"),
        ("text/plain; charset=nonsense", "Zoë".encode(), "Zoë"),
        ("text/plain; charset=unicode_escape", rb"\x41", r"\x41"),  # knows escapes, and would obey them
        ("text/plain; charset=hex", b"41", "41"),  # Python knows it, and it is not one of text
    ],
)
def test_its_text_is_read_as_it_claims_where_that_makes_sense(kind: str, content: bytes, text: str) -> None:
    assert Response(200, headers={"Content-Type": kind}, content=content).text == text


def test_it_is_made_as_a_test_likes() -> None:
    made = Response(200, json={"name": "Zoë", "parts": [1, None]})
    assert made.content == '{"name":"Zoë","parts":[1,null]}'.encode()
    assert (made.headers["content-type"], made.json()) == ("application/json", {"name": "Zoë", "parts": [1, None]})
    assert Response(200, json=None).content == b"null"
    assert Response(200).content == b""
    assert "content-type" not in Response(200).headers
    assert Response(200, text="Zoë").content == "Zoë".encode()
    own = Response(200, json={}, headers={"Content-Type": "application/problem+json", "X-A": "b"})
    assert dict(own.headers) == {"content-type": "application/problem+json", "x-a": "b"}


def test_a_body_that_is_not_json_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        Response(200, content=b"<html>").json()
