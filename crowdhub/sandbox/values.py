"""Looking into what clients send: JSON of which nothing is known yet."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import TypeGuard

JsonObject = dict[str, object]


def parsed(content: bytes | str, *, number: Callable[[str], object] = float) -> object:
    """What a JSON text holds; `number` reads fractions, such as `Decimal`. Raises `ValueError`."""
    return json.loads(content, parse_float=number)


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Whether a parsed value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a parsed value is a JSON array."""
    return isinstance(value, list)


def object_of(value: object) -> JsonObject:
    """The value where it is a JSON object; an empty one for anything else."""
    return value if is_object(value) else {}


def list_of(value: object) -> list[object]:
    """The value where it is a JSON array; an empty one for anything else."""
    return value if is_list(value) else []


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a parsed value is a whole number: `true` is not one."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[int | Decimal]:
    """Whether a value that was parsed with `number=Decimal` is a number."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
