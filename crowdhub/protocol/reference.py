"""The short mark by which a lost publish is found again: put into a published text, taken out on reading."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

_MARK = re.compile(r"\[ref ([0-9A-Za-z-]{6,64})\]")
_OURS = re.compile(r"\bch-[a-z2-7]{16}\b")
_ANY = re.compile(rf"{_OURS.pattern}|\[ref [0-9a-z-]{{6,64}}\]")
_TAG = re.compile(r"<[^<>]*>")
_NO_CHARACTER = re.compile("&#[0-9]{100,}")  # Python reads no number of thousands of digits
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
DEEPEST = 50
ESCAPES = 3  # how often a site may have escaped a text that was escaped already


def mark(text: str, reference: str | None) -> str:
    """``text`` with the mark at its end; workers see it, and it means nothing to them."""
    return f"{text}\n\n[ref {reference}]" if reference else text


def unmark(text: str | None) -> tuple[str | None, str | None]:
    """The text without its mark, and the reference (None where there is none)."""
    if not text:
        return text, None
    kept = text.rstrip()
    found = _MARK.fullmatch(kept, max(0, kept.rfind("[ref ")))
    return (kept[: found.start()].rstrip(), found[1]) if found else (text, None)


def unescaped(text: str) -> str:
    """``text`` with HTML's entities resolved, whatever numbers they hold."""
    return html.unescape(_NO_CHARACTER.sub("&#0", text))


def carries(answer: object, reference: str) -> bool:
    """Whether a reference stands anywhere in an answer: in any text of it, in any case, through HTML."""
    return reference.casefold() in plain_text(answer)


def plain_text(answer: object) -> str:
    """Every text of an answer, as it is and as a reader sees it: without tags, entities and unseen characters; in lower
    case, line by line."""
    return "\n".join(_plain(answer))


def is_marked(text: str) -> bool:
    """Whether a `plain_text` carries any mark, of whatever key."""
    return _ANY.search(text) is not None


def mark_in(text: str) -> str | None:
    """The first mark of a key that stands in a text of an application's own: copied from what was published before."""
    found = _OURS.search(plain_text(text))
    return found and found[0]


def _plain(answer: object, depth: int = 0) -> Iterator[str]:
    """Every text in it as a reader sees it: without tags, entities and unseen characters, in lower case."""
    if isinstance(answer, str):
        yield answer.casefold()
        text = answer
        for _ in range(ESCAPES):
            text, before = _TAG.sub("", unescaped(text)), text
            if text == before:
                break
        if (seen := _UNSEEN.sub("", text)) != answer:
            yield seen.casefold()
    elif depth < DEEPEST and isinstance(answer, Mapping):
        for each in cast("Mapping[object, object]", answer).values():
            yield from _plain(each, depth + 1)
    elif depth < DEEPEST and isinstance(answer, Sequence):
        for each in cast("Sequence[object]", answer):
            yield from _plain(each, depth + 1)
