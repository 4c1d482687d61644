"""Reading what marketplaces answer: tolerant of spelling and of unknown fields, exact with numbers, keeping it all.

A plugin describes each answer as a `WireModel` with snake_case fields; every field is accepted in camelCase too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import (
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from crowdhub.errors import UnreadableResponse

if TYPE_CHECKING:
    from crowdhub.http import Response

EXCERPT = 300  # characters of an unreadable answer that go into the error
MAX_DIGITS = 64  # of a number: more is no amount of money and only costs time

T = TypeVar("T")


class WireModel(BaseModel):
    """One answer, or one record of it, as the marketplace sends it. ``raw`` is the record itself."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(to_camel(name), name)),
    )

    raw: Mapping[str, Any] = Field(default_factory=dict[str, Any], repr=False, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _keep_raw(cls, value: Any) -> Any:
        return {**value, "raw": value} if isinstance(value, dict) else value

    @classmethod
    def read(cls, response: Response) -> Self:
        """The answer's JSON object. Raises `UnreadableResponse`."""
        return cls.parse(load_json(response), response)

    @classmethod
    def parse(cls, data: Any, response: Response | None = None) -> Self:
        """A part of an answer that is already decoded. Raises `UnreadableResponse`."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise unreadable(f"its {cls.__name__} has {_what(error)}", data, response) from None


def load_json(response: Response) -> Any:
    """The decoded body, with every fractional number as an exact Decimal. Raises `UnreadableResponse`."""
    try:
        return json.loads(response.content, parse_float=_number, parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        kind = response.headers.get("content-type", "no content type")
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else "it is not JSON"
        raise unreadable(f"{reason} (content type {kind})", response.text, response) from None


def _number(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number with too many digits")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number with too many digits")
    return int(text)


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def unreadable(what: str, data: Any, response: Response | None = None) -> UnreadableResponse:
    """The error for an answer that cannot be read; holds the beginning of ``data`` as evidence."""
    excerpt = data if isinstance(data, str) else json.dumps(data, default=str, ensure_ascii=False)
    return UnreadableResponse(
        f"The answer cannot be read: {what}.",
        excerpt=excerpt[:EXCERPT],
        http_status=response.status_code if response is not None else None,
    )


def read_records(rows: Any, make: Callable[[dict[str, Any]], T]) -> tuple[list[T], tuple[UnreadableResponse, ...]]:
    """Read a listing record by record: those that can be read, and one error for each that cannot."""
    if not isinstance(rows, list):
        raise unreadable("a list was expected", rows)
    good: list[T] = []
    bad: list[UnreadableResponse] = []
    for row in rows:
        try:
            if not isinstance(row, dict):
                raise unreadable("a record is no JSON object", row)
            good.append(make(row))
        except UnreadableResponse as error:
            error.records = (row,)
            bad.append(error)
        except ValidationError as error:
            bad.append(unreadable(f"a record has {_what(error)}", row))
            bad[-1].records = (row,)
    return good, tuple(bad)


def _what(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"a wrong {'.'.join(map(str, first['loc'])) or 'shape'} ({first['msg']})"


def decimal_or_none(value: Any) -> Decimal | None:
    """Text or a number as an exact Decimal; None for what is none. A percentage loses its sign."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip().rstrip("%").strip().replace(",", ".")
    elif isinstance(value, float):
        value = repr(value)
    elif not isinstance(value, (int, Decimal)):
        return None
    try:
        exact = Decimal(value) if not isinstance(value, str) or len(value) <= MAX_DIGITS else None
    except (InvalidOperation, ValueError):
        return None
    return exact if exact is not None and exact.is_finite() else None


def int_or_none(value: Any) -> int | None:
    """A whole number in any spelling; None for what is none."""
    if type(value) is int:
        return value
    exact = decimal_or_none(value)
    return int(exact) if exact is not None and exact == exact.to_integral_value() and abs(exact) < 10**18 else None


def time_or_none(value: Any) -> datetime | None:
    """An ISO 8601 time, as an aware datetime (UTC where it names no zone); None for what is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def text_or_none(value: Any) -> str | None:
    """Text as it is, a number as text; None for anything else (a flag, a list) and for nothing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None


def texts(values: Any) -> Sequence[str]:
    """The texts of a list; nothing for what is no list."""
    return [v for v in values if isinstance(v, str)] if isinstance(values, list) else []


LenientDecimal = Annotated[Decimal | None, BeforeValidator(decimal_or_none)]
LenientInt = Annotated[int | None, BeforeValidator(int_or_none)]
LenientTime = Annotated[datetime | None, BeforeValidator(time_or_none)]
LenientText = Annotated[str | None, BeforeValidator(text_or_none)]
"""Fields that nothing depends on: a wrong value there becomes None instead of failing the record; raw keeps it."""
