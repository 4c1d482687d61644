"""What an application gives: what has no end to speak of, or cannot be read, is an issue by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from io import IOBase
from itertools import islice
from typing import cast

from crowdhub.errors import InvalidRequest, Issue

MOST = 10_000  # items of what makes them as it goes; a list has its own already
DEEPEST = 4  # lists in lists that are looked into


def taken(name: str, given: object) -> object:
    """``given``, with a tuple in place of a range or an iterator in it. Raises `InvalidRequest` for one of too many
    items: it is not gone through."""
    try:
        return _taken(given, DEEPEST)
    except _TooManyError:
        raise InvalidRequest(issues=[Issue(name, f"has more than {MOST:,} items")]) from None


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


class _TooManyError(Exception):
    pass


def _taken(value: object, depth: int) -> object:
    if isinstance(value, range | Iterator) and not isinstance(value, IOBase):
        found = tuple(islice(cast("Iterator[object]", value), MOST + 1))
        if len(found) > MOST:
            raise _TooManyError
        return found
    if depth and type(value) is dict:
        given = cast("dict[object, object]", value)
        return {name: _taken(each, depth - 1) for name, each in given.items()}
    if depth and type(value) in (list, tuple):
        items = [_taken(each, depth - 1) for each in cast("list[object]", value)]
        return items if type(value) is list else tuple(items)
    return value
