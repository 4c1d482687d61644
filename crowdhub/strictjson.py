"""JSON as a person writes it: two values under one name are refused, of which Python's reader takes the second."""

from __future__ import annotations

import json
from collections.abc import Callable


class NameTwice(ValueError):
    """An object of the text has this name twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it names {name!r} twice")
        self.name = name


def loads(text: str | bytes | bytearray, *, parse_float: Callable[[str], object] | None = None) -> object:
    """What the text holds. Raises `NameTwice`, `ValueError` for what is not JSON, `RecursionError`."""
    return json.loads(text, parse_float=parse_float, object_pairs_hook=_only_once)


def _only_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise NameTwice(next(name for name in names if names.count(name) > 1))
    return found


def name_twice(text: str | bytes | bytearray) -> str | None:
    """A name that an object of the text has twice; None where there is none, and for what is not JSON."""
    try:
        _ = loads(text)
    except NameTwice as twice:
        return twice.name
    except (TypeError, ValueError, RecursionError):
        return None
    return None
