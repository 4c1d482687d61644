"""From Python values to the JSON of an answer, as PHP would write it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from crowdhub_etxt.sandbox.quirks import EtxtQuirks
from crowdhub_etxt.sandbox.refusal import NO_OBJECT, EtxtRefusal


@dataclass(frozen=True, slots=True)
class Rows:
    """A listing; `key` is the field that names a record where listings are maps."""

    rows: Sequence[Mapping[str, object]]
    key: str = ""


def unixtime(at: datetime | None) -> int:
    """Seconds since 1970; 0 for what did not happen yet."""
    return 0 if at is None else int(at.timestamp())


def encode(value: object, quirks: EtxtQuirks) -> object:
    """The same value in what JSON knows: flags are 0 and 1, times unixtime, an empty listing is refused."""
    if isinstance(value, Rows):
        return _listing(value, quirks)
    if isinstance(value, Mapping):
        given = cast("Mapping[object, object]", value)
        if not given and quirks.empty_maps_as_lists:
            return []
        return {str(name): encode(item, quirks) for name, item in given.items()}
    if isinstance(value, list | tuple):
        return [encode(item, quirks) for item in cast("Sequence[object]", value)]
    if isinstance(value, datetime):
        value = unixtime(value)
    if isinstance(value, int | float | Decimal):
        return _number(value, as_text=quirks.numbers_as_text)
    return value


def _listing(listing: Rows, quirks: EtxtQuirks) -> object:
    if not listing.rows:
        if quirks.empty_lists_refused:
            raise EtxtRefusal(NO_OBJECT)
        return []
    rows = [encode(row, quirks) for row in listing.rows]
    if quirks.records_by_id and listing.key:
        return {str(row[listing.key]): shown for row, shown in zip(listing.rows, rows, strict=True)}
    return rows


def _number(value: int | float | Decimal, *, as_text: bool) -> object:
    exact = Decimal(int(value)) if isinstance(value, int) else Decimal(str(value))
    if as_text:
        return format(exact.normalize(), "f")
    return int(exact) if exact == exact.to_integral_value() else float(exact)
