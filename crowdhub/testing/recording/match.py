"""When a request is the recorded one: method, address, query, body and the credentials it carries (by name).

A body is compared by what it says, and each only once: vcrpy's own comparison takes minutes on long recordings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from crowdhub.testing.recording import jsontext
from crowdhub.testing.recording.scrub import PLACEHOLDER


class Asked(Protocol):
    """What is read of a vcrpy request."""

    method: str
    uri: str
    body: bytes | None
    headers: dict[str, str]


def same_method(one: Asked, other: Asked) -> bool:
    return one.method == other.method


def same_address(one: Asked, other: Asked) -> bool:
    return _address(one.uri) == _address(other.uri)


def same_query(one: Asked, other: Asked) -> bool:
    return _query(one.uri) == _query(other.uri)


def same_credentials(one: Asked, other: Asked) -> bool:
    """The same headers are credentials in both; a request that lost its key is another request."""
    return _credentials(one) == _credentials(other)


def same_body(one: Asked, other: Asked) -> bool:
    return _body(_kind(one), one.body or b"") == _body(_kind(other), other.body or b"")


MATCHERS = (same_method, same_address, same_query, same_credentials, same_body)


@lru_cache(maxsize=4096)
def _address(uri: str) -> tuple[str, str | None, int | None, str]:
    parts = urlsplit(uri)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, port, parts.path or "/"


@lru_cache(maxsize=4096)
def _query(uri: str) -> list[tuple[str, str]]:
    return _sorted(urlsplit(uri).query)


def _sorted(encoded: str) -> list[tuple[str, str]]:
    """Pairs by name; those of one name in their order, which can mean something."""
    return sorted(parse_qsl(encoded, keep_blank_values=True), key=lambda pair: pair[0])


def _credentials(asked: Asked) -> set[str]:
    return {name.lower() for name, value in asked.headers.items() if value == PLACEHOLDER}


def _kind(asked: Asked) -> str:
    return next((value for name, value in asked.headers.items() if name.lower() == "content-type"), "")


@lru_cache(maxsize=4096)
def _body(kind: str, body: bytes) -> tuple[str, object]:
    media = kind.partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        return media, _sorted(body.decode("latin-1"))
    if media == "application/json" or media.endswith("+json"):
        return media, jsontext.canonical(body.decode("utf-8", "replace")) or body
    return media, body
