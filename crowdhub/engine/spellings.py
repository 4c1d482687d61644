"""Texts as they were before somebody escaped them, with the place of each character in what was written."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5

DEEPEST = 6  # escapes of escapes; a marketplace, its framework and a proxy make three

_HEX = "[0-9A-Fa-f]"
_ENTITIES = {
    name[:-1]: char for name, char in html5.items() if name.endswith(";") and char.isascii() and len(char) == 1
}
# Only from the first of several backslashes on, or a long row of them would be read once for each. Every alternative
# begins with its character: so the search runs from one such character to the next.
_SLASHES = r"\\(?<!\\\\)\\*+"
_NAMES = "|".join(sorted(_ENTITIES, key=len, reverse=True))
_HTML = rf"&(?:#0*+(?P<decimal>[0-9]{{1,7}})|#[xX]0*+(?P<hex>{_HEX}{{1,6}})|(?P<name>{_NAMES}));"

_ASCII = re.compile(
    rf"{_SLASHES}(?:u00(?P<u>[2-7]{_HEX})|x(?P<x>[2-7]{_HEX})|(?P<char>[^\\0-9A-Za-z]))"
    rf"|%(?P<percent>[2-7]{_HEX})|{_HTML}",
    re.DOTALL,
)
_ANY = re.compile(
    rf"{_SLASHES}(?:(?P<xs>x{_HEX}{{2}}(?:\\++x{_HEX}{{2}})*+)"
    rf"|u(?P<high>[dD][89ABab]{_HEX}{{2}})\\++u(?P<low>[dD][C-Fc-f]{_HEX}{{2}})"
    rf"|u(?P<u>{_HEX}{{4}})|U(?P<long>{_HEX}{{8}})|(?P<char>[^\\]))"
    rf"|%(?P<percents>{_HEX}{{2}}(?:%{_HEX}{{2}})*+)|{_HTML}",
    re.DOTALL,
)
_BYTE = re.compile(rf"(?:%|\\+x)({_HEX}{{2}})")


@dataclass(slots=True)
class _Round:
    """Where pieces begin in the text that was made, and where they began in that from which it was made."""

    made: list[int] = field(default_factory=lambda: [0])
    given: list[int] = field(default_factory=lambda: [0])

    def place(self, index: int) -> int:
        piece = bisect_right(self.made, index) - 1
        return self.given[piece] + index - self.made[piece]


class Unescaped:
    """``text``, with percent signs, JSON's and Python's backslashes and HTML's entities undone as often as they were
    put on each other. ``everything``: also what is not ASCII, and every backslash."""

    def __init__(self, text: str, *, everything: bool) -> None:
        self._rounds: list[_Round] = []
        pattern = _ANY if everything else _ASCII
        for _ in range(DEEPEST):
            parts: list[str] = []
            made = end = 0
            places = _Round()
            for found in pattern.finditer(text):
                parts.append(text[end : found.start()])
                made += found.start() - end
                for char, start, end in _meant(found):
                    parts.append(char)
                    places.made += (made, made + 1)
                    places.given += (start, end)
                    made += 1
            if not parts:
                break
            text = "".join(parts) + text[end:]
            self._rounds.append(places)
        self.text = text

    def span(self, start: int, end: int) -> tuple[int, int]:
        """What became ``text[start:end]``, in the text that was given."""
        for each in reversed(self._rounds):
            start, end = each.place(start), each.place(end)
        return start, end


def _meant(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """The characters that an escape stands for, each with its place."""
    written = found[found.lastgroup or 0]
    match found.lastgroup:
        case "xs" | "percents":
            yield from _of_bytes(found)
            return
        case "name":
            char = _ENTITIES[written]
        case "char":
            char = written
        case "low":
            char = chr(0x10000 + ((int(found["high"], 16) & 0x3FF) << 10) + (int(written, 16) & 0x3FF))
        case kind:
            code = int(written, 10 if kind == "decimal" else 16)
            char = chr(code) if code <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"
    yield char, found.start(), found.end()


def _of_bytes(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Escaped bytes: UTF-8, and Latin-1 where they are not."""
    each = list(_BYTE.finditer(found[0]))
    text = bytes(int(byte[1], 16) for byte in each).decode("utf-8", "surrogateescape")
    first = 0
    for char in text:
        lone = 0xDC80 <= ord(char) <= 0xDCFF
        last = first + (1 if lone else len(char.encode())) - 1
        yield (
            chr(ord(char) - 0xDC00) if lone else char,
            found.start() + each[first].start(),
            found.start() + each[last].end(),
        )
        first = last + 1
