"""The short mark by which a lost publish is found again: put into a published text, taken out on reading."""

from __future__ import annotations

import re

_MARK = re.compile(r"\s*\[ref ([0-9A-Za-z-]{6,64})\]\s*$")


def mark(text: str, reference: str | None) -> str:
    """``text`` with the mark at its end; workers see it, and it means nothing to them."""
    return f"{text}\n\n[ref {reference}]" if reference else text


def unmark(text: str | None) -> tuple[str | None, str | None]:
    """The text without its mark, and the reference (None where there is none)."""
    found = _MARK.search(text) if text else None
    return (text[: found.start()], found[1]) if text and found else (text, None)
