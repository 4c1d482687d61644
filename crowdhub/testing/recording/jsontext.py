"""JSON as text: laid out for reading, compared by meaning, with members taken out by name.

Numbers stay the text they are: an amount never passes through a float.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, cast

import simplejson

INDENT = "  "


def loads(text: str) -> Any:
    """Parse, with decimal numbers kept exact. Raises ``ValueError`` for what is no JSON."""
    try:
        return simplejson.loads(text, use_decimal=True, allow_nan=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: Any) -> str:
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@lru_cache(maxsize=4096)
def canonical(text: str) -> str | None:
    """Equal for two texts with the same members and values, whatever their order and layout; None: no JSON."""
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


def replaced(value: Any, names: Sequence[str], put: Callable[[Any], Any], path: str = "") -> bool:
    """Put ``put(old)`` in the place of every member with one of the names, in place, at any depth. A dotted name
    (``access_token.id``) holds for that member of that object only. True where anything was found."""
    found = False
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        for name, inner in members.items():
            here = f"{path}.{name}"
            if any(here.endswith(f".{wanted}") for wanted in names):
                members[name] = _leaves(inner, put)
                found = True
            else:
                found |= replaced(inner, names, put, here)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            found |= replaced(inner, names, put, path)
    return found


def _leaves(value: Any, put: Callable[[Any], Any]) -> Any:
    """A secret that is an object or a list: each value in it is one."""
    if isinstance(value, dict):
        return {name: _leaves(inner, put) for name, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_leaves(inner, put) for inner in cast("list[Any]", value)]
    return value if value is None else put(value)
