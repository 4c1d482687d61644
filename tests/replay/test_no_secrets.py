"""No cassette holds a credential, whoever's: not by value, not by name, not by shape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from crowdhub.engine.redact import Redactor
from crowdhub.registry import load
from crowdhub.sandbox import Sandbox, sandbox_names

SHAPES = {
    "a sandbox's key": r"not-a-real",
    "a key that the documentation shows": r"(?i)your[_-](api|access|client|token)",
    "a header with its value": r"(?im)^\s*(x-api-key|(?:proxy-)?authorization):(?:\s*-)?\s*(?![\s-]|SCRUBBED\s*$)\S",
    "a cookie": r"(?im)^\s*(set-)?cookie",
    "HTTP credentials": r"(?i)\b(basic|bearer) [a-z0-9+/_=.-]{8,}",
    "eTXT's signature": r"\bsign=(?!SCRUBBED)",
    "eTXT's token": r"[?&]token=(?!SCRUBBED)",
    "CapSolver's key": r"(?i)\"client_?key\"\s*:\s*\"(?!SCRUBBED)",
    "an OAuth secret": r"(?i)\"client_?(id|secret)\"\s*:\s*\"(?!SCRUBBED)",
    "an access token": r"(?i)\"access_token\"\s*:\s*\"(?!SCRUBBED)",
    "a JSON web token": r"eyJ[A-Za-z0-9_-]{10,}\.",
    "a key by its usual form": r"\b(sk|pk|rw|cap|key)[-_](live|test)?[-_]?[A-Za-z0-9]{16,}",
    "credentials in an address": r"https?://[^/\s\"]+@",
    "the machine it was recorded on": r"127\.0\.0\.1|localhost|\[::1\]|(?<![\w.])/(root|home|tmp|work)/",
}


@pytest.fixture(scope="module")
def keys_of_sandboxes() -> list[str]:
    """Every secret setting of every sandbox's account."""
    with Sandbox(*sandbox_names()) as box:
        accounts = box.accounts
        return [
            str(value)
            for name, account in accounts.items()
            for setting, value in account.items()
            if SecretStr.__name__ in str(load(name).settings_type.model_fields[setting].annotation)
        ]


def _texts(cassettes: Path) -> dict[str, str]:
    found = {
        path.relative_to(cassettes).as_posix(): path.read_text(encoding="utf-8")
        for path in cassettes.rglob("*")
        if path.is_file() and path.name not in ("README.md", "documented.yaml")  # the lists that they are made from
    }
    assert found
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_no_cassette_holds(shape: str, cassettes: Path) -> None:
    found = {name: match[0] for name, text in _texts(cassettes).items() if (match := re.search(SHAPES[shape], text))}
    assert found == {}


def test_no_cassette_holds_a_key_of_a_sandbox(keys_of_sandboxes: list[str], cassettes: Path) -> None:
    assert len(keys_of_sandboxes) >= len(sandbox_names())
    redact = Redactor(keys_of_sandboxes)
    assert [name for name, text in _texts(cassettes).items() if redact(text) != text] == []


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("a header with its value", "      x-api-key:\n      - abcdefgh\n"),
        ("a header with its value", "X-Api-Key: abcdefgh\n"),
        ("eTXT's signature", "uri: https://x.example/?method=a&sign=0123456789abcdef0123456789abcdef"),
        ("eTXT's token", "uri: https://x.example/?method=a&token=abc"),
        ("CapSolver's key", '"clientKey": "CAP-1"'),
        ("an access token", '"access_token": "abc"'),
        ("the machine it was recorded on", "uri: http://127.0.0.1:4000/"),
        ("a cookie", "      set-cookie:\n      - a=b\n"),
    ],
)
def test_the_shapes_find_what_they_are_for(shape: str, text: str) -> None:
    assert re.search(SHAPES[shape], text)


def test_the_shapes_let_scrubbed_headers_pass() -> None:
    assert not re.search(SHAPES["a header with its value"], "      x-api-key:\n      - SCRUBBED\n    body: null\n")
