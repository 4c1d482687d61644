"""When a request is the recorded one: method, address, query, operation, body, and which credentials it carries.

A body is compared by what it says, and each only once: vcrpy's own comparison takes minutes on long recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from crowdhub.testing.recording import jsontext
from crowdhub.testing.recording.scrub import PLACEHOLDER


class RequestOnTape(Protocol):
    """What is read of a vcrpy request."""

    method: str
    uri: str
    body: bytes | None
    headers: dict[str, str]


Matcher = Callable[[RequestOnTape, RequestOnTape], bool]


def same_method(one: RequestOnTape, other: RequestOnTape) -> bool:
    return one.method == other.method


def same_address(one: RequestOnTape, other: RequestOnTape) -> bool:
    return _address(one.uri) == _address(other.uri)


def same_query(one: RequestOnTape, other: RequestOnTape) -> bool:
    return _query(one.uri) == _query(other.uri)


def same_credentials(one: RequestOnTape, other: RequestOnTape) -> bool:
    """The same headers are credentials in both; a request that lost its key is another request."""
    return _credentials(one) == _credentials(other)


def same_body(one: RequestOnTape, other: RequestOnTape) -> bool:
    return _said(one) == _said(other)


def matchers(operation_header: str | None = None) -> Sequence[Matcher]:
    """Everything in which two requests have to agree. ``operation_header``: the header that names the operation where
    all share one path."""

    def same_operation(one: RequestOnTape, other: RequestOnTape) -> bool:
        return header(one, operation_header or "") == header(other, operation_header or "")

    named = [same_operation] if operation_header is not None else []
    return (same_method, same_address, same_query, *named, same_credentials, same_body)


def header(asked: RequestOnTape, name: str) -> str | None:
    """A header of a request, by its name in any case."""
    return next((value for each, value in asked.headers.items() if each.lower() == name.lower()), None)


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


def _credentials(asked: RequestOnTape) -> set[str]:
    return {name.lower() for name, value in asked.headers.items() if value == PLACEHOLDER}


def _said(asked: RequestOnTape) -> tuple[str, object]:
    return _body(header(asked, "content-type") or "", asked.body or b"")


@lru_cache(maxsize=4096)
def _body(kind: str, body: bytes) -> tuple[str, object]:
    media = kind.partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        return media, _sorted(body.decode("latin-1"))
    if media == "application/json" or media.endswith("+json"):
        return media, jsontext.canonical(body.decode("utf-8", "replace")) or body
    return media, body
