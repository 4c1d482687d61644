"""JSON as text: laid out for reading, compared by meaning, with members taken out by name.

Numbers stay the text they are: an amount never passes through a float.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias, cast

import simplejson

INDENT = "  "

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | Decimal | bool | None"


def loads(text: str) -> Json:
    """Parse, with decimal numbers kept exact. Raises ``ValueError`` for what is not JSON."""
    try:
        return cast("Json", simplejson.loads(text, use_decimal=True, allow_nan=False))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: object) -> str:
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@lru_cache(maxsize=4096)
def canonical(text: str) -> str | None:
    """Equal for two texts with the same members and values, whatever their order and layout; None: it is not JSON."""
    try:
        return simplejson.dumps(loads(text), use_decimal=True, sort_keys=True, allow_nan=False)
    except ValueError:
        return None


def laid_out(text: str) -> str:
    """The same JSON with one member a line; only the white space between tokens changes. Other texts stay."""
    if canonical(text) is None:
        return text
    out: list[str] = []
    depth = 0
    for piece in _tokens(text):
        if piece in "]}":
            depth -= 1
            if out[-1] in ("{", "["):
                out.append(piece)  # empty: stays on one line
                continue
            out.append(_line(depth))
        elif out and out[-1] in ("{", "["):
            out.append(_line(depth))
        out.append(piece)
        if piece in "[{":
            depth += 1
        elif piece == ",":
            out.append(_line(depth))
        elif piece == ":":
            out.append(" ")
    return "".join(out)


def _line(depth: int) -> str:
    return "\n" + INDENT * depth


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        end = at + 1
        if character == '"':
            while text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            end += 1
        elif character not in " \t\r\n[]{},:":
            while end < len(text) and text[end] not in " \t\r\n[]{},:":
                end += 1
        if not character.isspace():
            found.append(text[at:end])
        at = end
    return found


def replaced(value: Json, names: Sequence[str], put: Callable[[Json], Json], path: str = "") -> bool:
    """Put ``put(old)`` in the place of every member with one of the names, in place, at any depth. A dotted name
    (``access_token.id``) holds for that member of that object only. True where anything was found."""
    found = False
    if isinstance(value, dict):
        for name, inner in value.items():
            here = f"{path}.{name}"
            if any(here.endswith(f".{wanted}") for wanted in names):
                value[name] = _leaves(inner, put)
                found = True
            else:
                found |= replaced(inner, names, put, here)
    elif isinstance(value, list):
        for inner in value:
            found |= replaced(inner, names, put, path)
    return found


def _leaves(value: Json, put: Callable[[Json], Json]) -> Json:
    """A secret that is an object or a list: each value in it is one."""
    if isinstance(value, dict):
        return {name: _leaves(inner, put) for name, inner in value.items()}
    if isinstance(value, list):
        return [_leaves(inner, put) for inner in value]
    return value if value is None else put(value)
