"""Answers on their way in: one place that knows the marketplace's spellings.

Numbers and flags may be text, an empty map may be ``[]``, a list may be a map keyed by id, dates are unixtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator

from crowdhub.model import Money
from crowdhub.protocol import decimal_or_none, int_or_none, mapping, sequence, time_or_none
from crowdhub_etxt.encoding import MOSCOW

TEXT_DATES = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")


def rows_of(data: object, depth: int = 3) -> list[object]:
    """The records of a listing: a list, a map keyed by id, or a map of lists; nothing for nothing. Beside records that
    are keyed by id other members are something else, and may be new."""
    if data in (None, False, "", 0):
        return []
    members = mapping(data)
    if members is None:
        listed = sequence(data)
        if listed is None:
            return [data]
    else:
        numbered = [value for name, value in members.items() if name.isdecimal()]
        if not numbered and any(not isinstance(value, (dict, list)) for value in members.values()):
            return [members]  # a single record that stands for itself
        listed = numbered or list(members.values())
    flat: list[object] = []
    for each in listed:
        inner, nested = mapping(each), sequence(each)
        if inner and all(isinstance(value, dict) for value in inner.values()):
            flat.extend(inner.values())
        elif nested is not None and depth > 0:
            flat.extend(rows_of(nested, depth - 1))
        else:
            flat.append(each)
    return flat


def record_of(data: object) -> object:
    """A single record, unwrapped where it came as a list of one or a map with its id as the only key."""
    listed = sequence(data)
    if listed is not None and len(listed) == 1:
        return listed[0]
    members = mapping(data)
    if members is not None and len(members) == 1:
        ((key, value),) = members.items()
        inner = mapping(value)
        if inner is not None and key.isdecimal():
            return inner
    return data


def ids_of(value: object) -> list[int]:
    """A list of ids in any of PHP's shapes: a list, a map, one number, or nothing."""
    return [number for each in _values(value) if (number := int_or_none(each)) is not None]


def _values(value: object) -> list[object]:
    members = mapping(value)
    listed = sequence(value)
    if members is not None:
        return list(members.values())
    return listed if listed is not None else [value]


def flag(value: object) -> bool | None:
    """1 and "1" alike; None for what is not a flag."""
    if isinstance(value, bool):
        return value
    number = int_or_none(value)
    return None if number is None else number != 0


def moment(value: object) -> datetime | None:
    """Unixtime as an aware datetime, 0 and nothing as None; a date written out is read as Moscow time."""
    seconds = int_or_none(value)
    if seconds is not None:
        try:
            return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
        except (OverflowError, OSError, ValueError):
            return None
    if not isinstance(value, str):
        return None
    for pattern in TEXT_DATES:
        try:
            return datetime.strptime(value.strip(), pattern).replace(tzinfo=MOSCOW)
        except ValueError:
            continue
    return time_or_none(value)


def roubles(value: object) -> Money | None:
    """An amount of rubles, also one that was kept as a Money in the ledger; None for what is not one."""
    members = mapping(value)
    amount = decimal_or_none(value if members is None else members.get("amount"))
    return None if amount is None else Money(amount, "RUB")


def empty_map(value: object) -> object:
    """PHP's empty list as the empty map that it stands for."""
    return {} if value in ([], None, "") else value


def names(value: object) -> tuple[str, ...]:
    """A list of words, also where it came as a map or as one text with commas."""
    parts: list[object] = [part.strip() for part in value.split(",")] if isinstance(value, str) else _values(value)
    return tuple(str(part) for part in parts if isinstance(part, (str, int)) and str(part))


def file_rows(value: object) -> list[object]:
    """The files of a result: records, or bare links; in a map by their kind, which is then their name."""
    members = mapping(value) or {}
    by_kind = {kind: file for kind, each in members.items() if (file := mapping(each)) is not None}
    if members and len(by_kind) == len(members):
        return [file if kind.isdecimal() else {"name": kind, **file} for kind, file in by_kind.items()]
    return [{"path": each} if isinstance(each, str) else each for each in rows_of(value)]


Flag = Annotated[bool | None, BeforeValidator(flag)]
When = Annotated[datetime | None, BeforeValidator(moment)]
Rub = Annotated[Money | None, BeforeValidator(roubles)]
Ids = Annotated[tuple[int, ...], BeforeValidator(ids_of)]
Names = Annotated[tuple[str, ...], BeforeValidator(names)]
Data = Annotated[Mapping[str, object], BeforeValidator(empty_map)]
