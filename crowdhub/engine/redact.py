"""Taking secrets out of texts, in every form in which they can travel."""

from __future__ import annotations

import base64
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
_OBEYED = [*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_SHOWN = {code: f"\\u{code:04x}" for code in _OBEYED if chr(code) not in "\n\t"}


def shown(text: str) -> str:
    """``text`` with every character that a terminal or a reader would obey written out."""
    return text.translate(_SHOWN)


class Redactor:
    """Replaces every known secret in a text: plain, URL-encoded, or as part of HTTP Basic."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        with _lock:
            _live.add(self)
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        for secret in secrets:
            if len(secret) >= SHORTEST:
                as_bytes = secret.encode("utf-8", "replace")
                forms = {secret.strip(), as_bytes.decode().strip(), repr(as_bytes)[2:-1]}  # messages quote bytes, too
                for form in {secret} | {form for form in forms if len(form) >= SHORTEST}:
                    plain = form.encode("utf-8", "replace")
                    self._forms |= {form, quote(plain, safe=""), quote(plain), quote_plus(plain)}
                    self._forms.add(base64.b64encode(plain).decode().rstrip("="))
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern is not None else text


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
