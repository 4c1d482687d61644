"""Texts as they were before somebody escaped them, with the place of each character in what was written."""

from __future__ import annotations

import re
import unicodedata
from binascii import a2b_base64
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5
from itertools import chain

DEEPEST = 6  # escapes of escapes; a marketplace, its framework and a proxy make three

_HEX = "[0-9A-Fa-f]"
_ENTITIES = {name.removesuffix(";"): char for name, char in html5.items() if char.isascii() and len(char) == 1}
# Only from the first of several backslashes on, or a long row of them would be read once for each. Every alternative
# begins with its character: so the search runs from one such character to the next.
_SLASHES = r"\\(?<!\\\\)\\*+"


def _one_of(names: Iterator[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_CLOSED = _one_of(name[:-1] for name in html5 if name.endswith(";") and name[:-1] in _ENTITIES)
_OPEN = _one_of(name for name in html5 if not name.endswith(";") and name in _ENTITIES)
_HTML = (
    rf"&(?:#0*+(?P<decimal>[0-9]{{1,7}});?|#[xX]0*+(?P<hex>{_HEX}{{1,6}});?"
    rf"|(?P<closed>{_CLOSED});|(?P<open>{_OPEN}))"
)
_CALLED = r"N\{(?P<called>[A-Za-z0-9 -]{2,90}+)\}"
_BRACED = rf"\{{0*+(?P<braced>{_HEX}{{1,6}})\}}"
_PRINTED = rf"(?:[2-7]{_HEX}|0[9aAdD])"  # and what breaks lines

_ASCII = re.compile(
    rf"{_SLASHES}(?:u00(?P<u>{_PRINTED})|x(?P<x>{_PRINTED})|U000000(?P<long>{_PRINTED})"
    rf"|(?P<octal>1[0-7]{{2}}|0?[4-7][0-7]|0?1[125])|[ux]{_BRACED}|{_CALLED}|(?P<char>[^\\0-9A-Za-z]))"
    rf"|%(?:(?P<percent>{_PRINTED})|u00(?P<percent_u>{_PRINTED}))|{_HTML}",
    re.DOTALL,
)
_ANY = re.compile(
    rf"{_SLASHES}(?:(?P<xs>x{_HEX}{{2}}(?:\\++x{_HEX}{{2}})*+)|(?P<octals>[0-3][0-7]{{2}}(?:\\++[0-3][0-7]{{2}})*+)"
    rf"|u(?P<high>[dD][89ABab]{_HEX}{{2}})\\++u(?P<low>[dD][C-Fc-f]{_HEX}{{2}})"
    rf"|u(?P<u>{_HEX}{{4}})|U(?P<long>{_HEX}{{8}})|(?P<octal>[0-7]{{1,2}})|[ux]{_BRACED}|{_CALLED}"
    rf"|(?P<char>[^\\]))"
    rf"|%(?:(?P<percents>{_HEX}{{2}}(?:%{_HEX}{{2}})*+)|u(?P<percent_u>{_HEX}{{4}}))|{_HTML}",
    re.DOTALL,
)
_BYTE = re.compile(rf"(?:%|\\+x)(?P<hex>{_HEX}{{2}})|\\+(?P<octal>[0-7]{{3}})")
_BREAKS = {"n": "\n", "r": "\r", "t": "\t"}
_BASES = {"decimal": 10, "octal": 8}
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"

_LETTERS = "[A-Za-z0-9+/_-]"
# Of base64, with what breaks it into lines; too short to hold a secret where there are fewer than six letters.
_RUN = re.compile(rf"{_LETTERS}{{6,}}+(?:(?:\\++[rn]|[\r\n])++[ \t]*+{_LETTERS}++)*+")
_BREAK = re.compile(r"(?:\\+[rn]|[\r\n])+[ \t]*")


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
            escapes = pattern.finditer(text)
            first = next(escapes, None)
            if first is None:
                break
            parts: list[str] = []
            made = end = 0
            places = _Round()
            for found in chain((first,), escapes):
                parts.append(text[end : found.start()])
                made += found.start() - end
                for char, start, end in _meant(found):
                    parts.append(char)
                    places.made += (made, made + 1)
                    places.given += (start, end)
                    made += 1
            text = "".join(parts) + text[end:]
            self._rounds.append(places)
        self.text = text

    def span(self, start: int, end: int) -> tuple[int, int]:
        """What became ``text[start:end]``, in the text that was given."""
        for each in reversed(self._rounds):
            start, end = each.place(start), each.place(end)
        return start, end


class Unpacked:
    """What is written in base64 in ``text``, in one line or several; left out where it has no place for ``shortest``
    bytes."""

    def __init__(self, text: str, shortest: int) -> None:
        self._places = _Round([], [])
        parts: list[str] = []
        count = 0
        for run in _RUN.finditer(text):
            start = run.start()
            breaks = [found.span() for found in _BREAK.finditer(run[0])]
            if (len(run[0]) - sum(end - begin for begin, end in breaks)) * 6 < shortest * 8:
                continue
            for end, after in [*breaks, (len(run[0]), 0)]:
                self._places.made.append(count)
                self._places.given.append(start)
                parts.append(text[start : run.start() + end])
                count += run.start() + end - start
                start = run.start() + after
            gap = 4 + -count % 4  # each run begins a group of four
            parts.append("A" * gap)
            count += gap
        self._letters = "".join(parts).replace("-", "+").replace("_", "/").encode()

    def readings(self) -> Iterator[tuple[int, str]]:
        """The bytes, as Latin-1, with the number of letters that are put before them: other letters can stand before
        those that were written."""
        for before in range(4) if self._letters else ():
            packed = b"A" * before + self._letters + b"A" * (-before % 4)
            yield before, a2b_base64(packed).decode("latin-1")

    def span(self, start: int, end: int, before: int) -> tuple[int, int]:
        """The letters that hold some of the bytes from ``start`` to ``end``."""
        first, last = start * 8 // 6 - before, (end * 8 - 1) // 6 - before
        return self._places.place(max(first, 0)), self._places.place(max(last, 0)) + 1


def _meant(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """The characters that an escape stands for, each with its place."""
    written = found[found.lastgroup or 0]
    match found.lastgroup:
        case "xs" | "octals" | "percents":
            yield from _of_bytes(found)
            return
        case "closed" | "open":
            char = _ENTITIES[written]
        case "called":
            char = _called(written)
        case "char":
            char = _BREAKS.get(written, written)
        case "low":
            char = chr(0x10000 + ((int(found["high"], 16) & 0x3FF) << 10) + (int(written, 16) & 0x3FF))
        case kind:
            code = int(written, _BASES.get(kind or "", 16))
            char = chr(code) if code <= 0x10FFFF else _UNKNOWN
    yield char, found.start(), found.end()


def _called(name: str) -> str:
    try:
        char = unicodedata.lookup(name)
    except KeyError:
        return _UNKNOWN
    return char if len(char) == 1 else _UNKNOWN


def _of_bytes(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Escaped bytes: UTF-8, and Latin-1 where they are not."""
    each = list(_BYTE.finditer(found[0]))
    text = bytes(int(byte["hex"], 16) if byte["hex"] else int(byte["octal"], 8) for byte in each).decode(
        "utf-8", "surrogateescape"
    )
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
