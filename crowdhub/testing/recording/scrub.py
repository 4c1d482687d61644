"""Taking out of an exchange what must not be kept: credentials by the places that the provider names, cookies, and
every header that could identify an account or only says how the bytes travelled.

Each change is made once: scrubbing what was scrubbed changes nothing, for it happens when an exchange is recorded,
when its file is read, and when a request is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote_plus

from crowdhub.protocol import CredentialPlaces
from crowdhub.testing.recording import jsontext, multipart
from crowdhub.testing.recording.hosts import Hosts
from crowdhub.testing.recording.jsontext import Json

PLACEHOLDER = "SCRUBBED"  # the same in a header, a URL and JSON: nothing in it needs escaping
SHORTEST = 8  # characters of a value from which it is looked for in the rest of the file

_ALWAYS = ("authorization", "proxy-authorization")
_TRAVEL = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)
_ANSWER = re.compile(r"content-type|retry-after|location|allow|(x-)?ratelimit.*")
"""The headers of an answer that any client could act upon; others are kept where the provider names them."""


class Scrubber:
    """Scrubs the exchanges of one provider. ``kept``: headers of its answers that stay besides. ``seen`` holds the
    secrets that it took out."""

    def __init__(self, places: CredentialPlaces, hosts: Hosts, kept: Iterable[str] = ()) -> None:
        self._headers = frozenset(name.lower() for name in (*places.headers, *_ALWAYS))
        self._query = frozenset(places.query)
        self._json = tuple(places.json)
        self._fields = frozenset({*places.form, *places.query, *places.json})  # a form or multipart body carries any
        self._answers = tuple(places.answers)
        self._kept = frozenset(name.lower() for name in kept)
        self._hosts = hosts
        self.seen: set[str] = set()

    def request(
        self, uri: str, headers: Iterable[tuple[str, str]], body: bytes | None
    ) -> tuple[str, dict[str, str], bytes | None]:
        """Address, headers and body of a request, without what must not be kept."""
        kept: dict[str, str] = {}
        for name, value in headers:
            if name.lower() in self._headers:
                kept[name.lower()] = self._put(value)
            elif name.lower() not in _TRAVEL:
                kept[name.lower()] = self._hosts(value)
        kind = kept.get("content-type", "")
        base, mark, query = self._hosts(uri).partition("?")
        if mark:
            base = f"{base}?{self._pairs(query, self._query)}"
        if not body:
            return base, kept, None
        if "multipart/form-data" in kind:
            text = multipart.readable(kind, body, self._fields, self._put)
            if text is not None:
                kept["content-type"] = multipart.CONTENT_TYPE
                return base, kept, self._texts(text)
        elif "x-www-form-urlencoded" in kind:
            return base, kept, self._pairs(self._hosts(body.decode("latin-1")), self._fields).encode("latin-1")
        return base, kept, self._json_body(body, self._json)

    def answer(self, headers: dict[str, list[str]], body: bytes) -> tuple[dict[str, list[str]], bytes]:
        """Headers and body of an answer, without what must not be kept."""
        kept = {
            name.lower(): [self._hosts(value) for value in values]
            for name, values in headers.items()
            if name.lower() in self._kept or _ANSWER.fullmatch(name.lower())
        }
        return kept, self._json_body(body, self._answers)

    def _json_body(self, body: bytes, names: Sequence[str]) -> bytes:
        try:
            text = self._hosts(body.decode())
        except UnicodeDecodeError:
            return body
        if names and jsontext.canonical(text) is not None:
            value = jsontext.loads(text)
            if jsontext.replaced(value, names, self._put):
                text = jsontext.dumps(value)
        return jsontext.laid_out(text).encode()

    def _texts(self, body: bytes) -> bytes:
        return self._hosts(body.decode()).encode()

    def _pairs(self, encoded: str, names: frozenset[str]) -> str:
        """An encoded query or form with the secret values replaced, and the rest exactly as it was."""

        def one(pair: str) -> str:
            name, mark, value = pair.partition("=")
            if mark and unquote_plus(name) in names:
                return f"{name}={self._put(unquote_plus(value))}"
            return pair

        return "&".join(one(pair) for pair in encoded.split("&"))

    def _put(self, value: Json) -> str:
        text = str(value)
        if text != PLACEHOLDER and len(text) >= SHORTEST:
            self.seen.add(text)
        return PLACEHOLDER
