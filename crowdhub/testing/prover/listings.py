"""What a listing can do to its reader: be behind, be cut short, or show texts otherwise than they were given.

It knows nothing of any provider: a listing is the longest list of records in the JSON of an answer to a reading.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import simplejson

from crowdhub.protocol import Response

LONG = 30
"""Characters that a shortened text keeps."""
FOR_A_WHILE = 30.0
"""Seconds for which a listing stays behind or cut, where it is not for one answer only: all looks of one call."""


@dataclass(frozen=True, slots=True)
class Spoiling:
    """One way in which answers are changed. ``seconds``: how long it goes on (0: one answer; None: from now on)."""

    words: str
    change: Callable[[list[dict[str, Any]]], object] | None
    """Changes the records in place; None: the answer comes from the state before the last change."""
    seconds: float | None = 0


def _cut_last(rows: list[dict[str, Any]]) -> None:
    del rows[-1:]


def _cut_first(rows: list[dict[str, Any]]) -> None:
    del rows[:1]


def _texts(change: Callable[[str], str]) -> Callable[[list[dict[str, Any]]], None]:
    def changed(value: object, *, inside: bool = False) -> object:
        if isinstance(value, dict):
            return {name: changed(each) for name, each in cast("dict[str, object]", value).items()}
        if isinstance(value, list):
            return [changed(each, inside=True) for each in cast("list[object]", value)]
        # What has no blank in it is an id, a status or a date, but for the words of a list.
        return change(value) if isinstance(value, str) and (inside or " " in value) else value

    def work(rows: list[dict[str, Any]]) -> None:
        rows[:] = [cast("dict[str, Any]", changed(row)) for row in rows]

    return work


def _without_lists(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row.update({name: [] for name, value in row.items() if isinstance(value, list)})


def _without_numbers(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row.update({name: None for name, value in row.items() if isinstance(value, (int, Decimal)) and value != 0})


def _unreadable_first(rows: list[dict[str, Any]]) -> None:
    rows[0].update(dict.fromkeys(rows[0]))


def _wrapped(text: str) -> str:
    return f"<p>{text}</p><p>Posted through a partner.</p>"


def _shortened(text: str) -> str:
    return text if len(text) <= LONG else text[:LONG] + "…"


BEHIND = (
    Spoiling("one listing is behind by one change", None),
    Spoiling("listings are behind by one change for 30 s", None, FOR_A_WHILE),
)
CUT = (
    Spoiling("the last row of one listing is missing", _cut_last),
    Spoiling("the last row of listings is missing for 30 s", _cut_last, FOR_A_WHILE),
    Spoiling("the first row of listings is missing for 30 s", _cut_first, FOR_A_WHILE),
    Spoiling("the first row of listings cannot be read for 30 s", _unreadable_first, FOR_A_WHILE),
)
ALTERED = (
    Spoiling("listings show texts with their blanks taken together", _texts(lambda text: " ".join(text.split())), None),
    Spoiling("listings show texts in capitals", _texts(str.upper), None),
    Spoiling("listings show texts escaped as HTML", _texts(html.escape), None),
    Spoiling("listings show the beginnings of texts", _texts(_shortened), None),
    Spoiling("listings show texts as paragraphs, with a footer", _texts(_wrapped), None),
    Spoiling("listings leave out the numbers in their rows", _without_numbers, None),
    Spoiling("listings show the lists in their rows as empty", _without_lists, None),
)


def rows_of(content: object) -> list[dict[str, Any]]:
    """The longest list of records in an answer."""
    longest: list[dict[str, Any]] = []
    waiting: list[object] = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(cast("dict[str, object]", value).values())
        elif isinstance(value, list):
            found = cast("list[object]", value)
            if len(found) > len(longest) and all(isinstance(each, dict) for each in found):
                longest = cast("list[dict[str, Any]]", found)
    return longest


def read(answer: Response) -> object:
    """The JSON of an answer; None where it has none."""
    try:
        return json.loads(answer.content, parse_float=Decimal)
    except ValueError:
        return None


def changed(answer: Response, spoiling: Spoiling) -> Response:
    """The answer with its records changed; the same one where that changes nothing."""
    content = read(answer)
    rows = rows_of(content)
    if spoiling.change is None or not rows:
        return answer
    before = simplejson.dumps(rows, use_decimal=True)
    _ = spoiling.change(rows)
    if simplejson.dumps(rows, use_decimal=True) == before:
        return answer
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    body = simplejson.dumps(content, use_decimal=True, ensure_ascii=False).encode()
    return Response(answer.status_code, headers=headers, content=body)
