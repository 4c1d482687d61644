"""What an application gives: what has no end to speak of, or cannot be read, is an issue by its name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from io import IOBase
from itertools import chain, islice
from pathlib import PurePath
from typing import cast

from pydantic import BaseModel

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.model.base import Model

MOST = 10_000  # items of what makes them as it goes; a list has its own already
DEEPEST = 4  # lists in lists that are looked into
LONGEST_NUMBER = 40  # digits of a Decimal: an integer made of one of more would cost time and memory
MOST_DIGITS = 18  # of an integer: nothing that is counted has more, and more cost time wherever they are written
_HALF = re.compile("[\ud800-\udfff]")


def taken(name: str, given: object) -> object:
    """``given``, with a tuple in place of a range or an iterator in it. Raises `InvalidRequest` for one of too many
    items, which is not gone through, and for a number that must not be written out."""
    try:
        return _taken(given, DEEPEST)
    except _Boundless as what:
        raise InvalidRequest(issues=[Issue(name, str(what))]) from None


def unsendable(value: object) -> str | None:
    """What is wrong with a value, or with anything in it, that pydantic takes and nothing can be sent with; None for
    nothing. A model of ours is checked when it is made."""
    if isinstance(value, str):
        return "holds half a character" if not value.isascii() and _HALF.search(value) else None
    if isinstance(value, int):
        return f"has more than {MOST_DIGITS} digits" if abs(value) >= 10**MOST_DIGITS else None
    if isinstance(value, PurePath):
        return None if _is_name(value) else "holds half a character"
    parts: Iterable[object] = ()
    if isinstance(value, Mapping):
        given = cast("Mapping[object, object]", value)
        parts = chain(given, given.values())
    elif isinstance(value, list | tuple | set | frozenset):
        parts = cast("Iterable[object]", value)
    elif isinstance(value, BaseModel) and not isinstance(value, Model):
        parts = dict(value).values()
    return next(filter(None, map(unsendable, parts)), None)


def stumbled_over(
    values: Mapping[str, object], check: Callable[[dict[str, object]], object], error: Exception
) -> list[Issue]:
    """One issue for each value over which a library stumbles when it is checked alone; ``error`` is what it raised for
    all of them. What that says is not told: it can be as long as the value, or raise when it is written."""
    stumbles = ((name, value, _alone(name, value, check)) for name, value in values.items())
    found = [Issue(name, _cannot(value, failed)) for name, value, failed in stumbles if failed is not None]
    return found or [Issue(", ".join(values), f"cannot be read ({type(error).__name__})")]


def _alone(name: str, value: object, check: Callable[[dict[str, object]], object]) -> Exception | None:
    try:
        check({name: value})
    except ValueError as wrong:  # of the right kind, which is told elsewhere
        return None if type(wrong).__module__.startswith(("pydantic", "crowdhub")) else wrong
    except Exception as failed:  # noqa: BLE001 - the value's own code, or pydantic's
        return failed
    return None


def _cannot(value: object, failed: Exception) -> str:
    return f"is of type {type(value).__name__} and cannot be read ({type(failed).__name__})"


def _is_name(path: PurePath) -> bool:
    """Whether there can be a file of this name; one whose bytes are no UTF-8 is written with halves as well."""
    try:
        return bool(os.fsencode(path))
    except UnicodeEncodeError:
        return False


class _Boundless(Exception):
    """In words, what is wrong."""


def _taken(value: object, depth: int) -> object:
    if isinstance(value, range | Iterator) and not isinstance(value, IOBase):
        found = tuple(islice(cast("Iterator[object]", value), MOST + 1))
        if len(found) > MOST:
            raise _Boundless(f"has more than {MOST:,} items")
        return found
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() > LONGEST_NUMBER:
        raise _Boundless(f"is a number of more than {LONGEST_NUMBER} digits")
    if depth and type(value) is dict:
        given = cast("dict[object, object]", value)
        return {name: _taken(each, depth - 1) for name, each in given.items()}
    if depth and type(value) in (list, tuple):
        items = [_taken(each, depth - 1) for each in cast("list[object]", value)]
        return items if type(value) is list else tuple(items)
    return value
