"""Taking secrets out of texts, in every form in which they can travel."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

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
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        for secret in secrets:
            if len(secret) >= SHORTEST:
                self._forms |= {secret, quote(secret, safe=""), quote_plus(secret)}
                self._forms.add(base64.b64encode(secret.encode()).decode().rstrip("="))
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern is not None else text
