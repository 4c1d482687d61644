"""Taking secrets out of texts, in every form in which they can travel."""

from __future__ import annotations

import base64
import html
import itertools
import json
import logging
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus
from weakref import WeakSet

MASK = "[secret]"
SHORTEST = 4  # a shorter secret would mask ordinary words


# Control characters can rewrite a terminal, and characters that turn the direction of text can make a message
# read as another: marketplaces and workers choose these texts, so they are shown, not obeyed.
_LONE = range(0xD800, 0xE000)  # half characters: printing one is an error
_OBEYED = [
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *_LONE,
]
_SHOWN = {code: f"\\u{code:04x}" for code in _OBEYED if chr(code) not in "\n\t"}


def shown(text: str) -> str:
    """``text`` with every character that a terminal or a reader would obey written out."""
    return text.translate(_SHOWN)


class Redactor:
    """Replaces every known secret in a text: plain, URL-encoded, escaped, or as part of HTTP Basic.

    ``names`` are those under which credentials travel. What is made from a secret for one request (a signature, a
    pair for HTTP Basic) is known by its name alone: ``sign=…``, ``"Authorization": "…"``.
    """

    def __init__(self, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._named = _named(names)
        with _lock:
            _live.add(self)
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        pairs = (f"{user}:{password}" for user, password in itertools.permutations(secrets, 2))  # of HTTP Basic
        self._forms |= {base64.b64encode(pair.encode("utf-8", "replace")).decode().rstrip("=") for pair in pairs}
        for secret in secrets:
            if len(secret) >= SHORTEST:
                as_bytes = secret.encode("utf-8", "replace")
                # As messages quote text and bytes, and as JSON and HTML hold it.
                forms = {secret.strip(), as_bytes.decode().strip(), repr(as_bytes)[2:-1], repr(secret)[1:-1]}
                forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
                forms |= {html.escape(secret), html.escape(secret, quote=False)}
                for form in {secret} | {form for form in forms if len(form) >= SHORTEST}:
                    plain = form.encode("utf-8", "replace")
                    for encoded in (quote(plain, safe=""), quote(plain), quote_plus(plain)):
                        self._forms |= {encoded, _ESCAPE.sub(lambda found: found[0].lower(), encoded)}
                    self._forms.add(form)
                    self._forms.add(base64.b64encode(plain).decode().rstrip("="))
                    self._forms.add(base64.urlsafe_b64encode(plain).decode().rstrip("="))
        longest_first = sorted(self._forms, key=len, reverse=True)
        patterns = [*map(re.escape, longest_first), *map(_begun, longest_first)]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def __call__(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return self._named.sub(rf"\1{MASK}", text) if self._named is not None else text


def _begun(form: str) -> str:
    """A pattern for a secret, and for its beginning: texts are cut off, and a cut can go through a key."""
    half = max(8, len(form) // 2)
    step = max(1, -(-(len(form) - half) // 16))
    pattern = ""
    for start in reversed(range(half, len(form), step)):
        pattern = f"(?:{re.escape(form[start : start + step])}{pattern})?"
    return re.escape(form[:half]) + pattern


_ESCAPE = re.compile("%[0-9A-F]{2}")


_LONG = r"[\w.+/=%~-]{16,}"  # no word of a sentence


def _named(names: Iterable[str]) -> re.Pattern[str] | None:
    """A name as queries, headers and JSON have it, and a long value after it (not the words of a sentence)."""
    known = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    if not known:
        return None
    quote = r"(?:\\*[\"']|&quot;)"
    between = rf"(?:{quote}|\])?\s*(?:=>|[=:,]|%3d)\s*(?:[\[(b]{{0,2}}{quote})?(?:(?:Basic|Bearer) )?"
    return re.compile(rf"((?:(?<![A-Za-z])|(?<=\\[nrt]))(?:{known}){between}){_LONG}", re.IGNORECASE)


_live: WeakSet[Redactor] = WeakSet()
_lock = threading.Lock()


class _Scrub(logging.Filter):
    """The HTTP library logs the headers of answers at DEBUG, and an answer can echo a key."""

    def filter(self, record: logging.LogRecord) -> bool:
        with _lock:
            redactors = list(_live)
        said = text = record.getMessage()
        for redact in redactors:
            text = redact(text)
        if text != said:
            record.msg, record.args = text, ()
        return True


for _name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
    logging.getLogger(_name).addFilter(_Scrub())
