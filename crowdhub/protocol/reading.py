"""Reading what marketplaces answer: tolerant of spelling and of unknown fields, exact with numbers, keeping it all.

A plugin describes each answer as a `WireModel` with snake_case fields; every field is accepted in camelCase too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, NoReturn, Self, TypeGuard, TypeVar, cast, overload

from pydantic import (
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from crowdhub.errors import CrowdhubError, UnreadableResponse
from crowdhub.model.base import aware
from crowdhub.protocol.response import Response

EVIDENCE = 10_000
"""Characters of an answer that its error takes along. The engine takes the keys out of them and then cuts them to what
is shown: a cut through a key would leave its beginning."""
LONGEST_SENTENCE = 300
LONGEST_NUMBER = 200  # characters of a text that may be a number, spaces included
MAX_DIGITS = 40  # of a number: more is not an amount of money and only costs time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS = (10**9, 10**10)  # since 1970, from 2001 to 2286: more is in smaller units, less may be a date's digits

BATCH = 50  # records
MOST_BAD = 1000  # unreadable records that are reported one by one; with more of them it is not a listing

_HALF = re.compile("[\ud800-\udfff]")
_HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")

_TWO_READINGS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""A thousand to some, one to others: no number is better than a wrong one."""
_SPACES = "[ \u00a0\u2009\u202f]"
_GROUPED = {
    ",": re.compile(r"[+-]?[1-9]\d{0,2}((,\d{3})+\.\d+|(,\d{3}){2,})"),
    ".": re.compile(r"[+-]?[1-9]\d{0,2}((\.\d{3})+,\d+|(\.\d{3}){2,})"),
    " ": re.compile(rf"[+-]?[1-9]\d{{0,2}}({_SPACES}\d{{3}})+([.,]\d+)?"),
}
"""Thousands in groups that can be nothing else, by what stands between them: two kinds of separators, several groups,
or a space."""

M = TypeVar("M", bound=BaseModel)
R = TypeVar("R")


class WireModel(BaseModel):
    """One answer, or one record of it, as the marketplace sends it. ``raw`` is the record itself."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(to_camel(name), name)),
    )

    raw: Mapping[str, object] = Field(default_factory=dict[str, object], repr=False, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _keep_raw(cls, value: object) -> object:
        given = mapping(value)
        return {**given, "raw": given} if given is not None else value

    @classmethod
    def read(cls, response: Response) -> Self:
        """The answer's JSON object. Raises `UnreadableResponse`."""
        return cls.parse(load_json(response), response)

    @classmethod
    def parse(cls, data: object, response: Response | None = None) -> Self:
        """A part of an answer that is already decoded. Raises `UnreadableResponse`."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise unreadable(f"its {cls.__name__} has {_what(error)}", data, response) from None
        except ValueError:
            raise unreadable(f"its {cls.__name__} has a number that cannot be read", data, response) from None


def mapping(value: object) -> dict[str, object] | None:
    """A JSON object as it is; None for anything else."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def sequence(value: object) -> list[object] | None:
    """A JSON list as it is; None for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else None


def load_json(response: Response) -> object:
    """The decoded body, with every fractional number as an exact Decimal. Raises `UnreadableResponse`."""
    try:
        data = json.loads(response.content, parse_float=_number, parse_constant=_refuse)
        return _whole(data) if _HALF_ESCAPED.search(response.content) else data
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError:
        reason = "it is not JSON"
    # Raised out here, for the decoder's error holds the whole body, which can repeat a key.
    kind = response.headers.get("content-type", "no content type")
    raise unreadable(f"{reason} (content type {kind})", response.text, response)


def _whole(data: object) -> object:
    """The data without half characters: no file, database or terminal takes them."""
    if isinstance(data, str):
        return _HALF.sub("\N{REPLACEMENT CHARACTER}", data)
    if isinstance(data, list):
        return [_whole(each) for each in cast("list[object]", data)]
    if isinstance(data, dict):
        return {_whole(name): _whole(each) for name, each in cast("dict[str, object]", data).items()}
    return data


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal:
    """Prices repeat, and one object for each of a long list would take thirty times the answer's memory."""
    if len(text) > MAX_DIGITS:
        raise ValueError("a number with too many digits")
    return Decimal(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def unreadable(what: str, data: object, response: Response | None = None) -> UnreadableResponse:
    """The error for an answer that cannot be read; holds the beginning of ``data`` as evidence, and where that is a
    short text, no page, its words."""
    return UnreadableResponse(
        f"The answer cannot be read: {what[:EVIDENCE]}.",
        excerpt=_excerpt(data),
        http_status=response.status_code if response is not None else None,
        provider_message=words_of(data) if isinstance(data, str) else None,
    )


def words_of(text: str) -> str | None:
    """A short text that a person can read as it is; None for a page, for data, and for what is not text."""
    words = text.strip()
    readable = words.isprintable() or "\n" in words
    return words if 0 < len(words) <= LONGEST_SENTENCE and words[0] not in "<{[" and readable else None


def beginning_of(response: Response) -> str | None:
    """The beginning of an answer, its JSON without escapes; None for an empty one."""
    body = response.content
    if body.lstrip()[:1] in (b"{", b"[", b'"') and len(body) <= 10 * EVIDENCE:
        try:
            data: object = json.loads(body)
        except (ValueError, RecursionError):
            pass
        else:
            return _excerpt(data) if data else None
    return response.text[:EVIDENCE] or None


def _excerpt(data: object) -> str:
    try:
        text = data if isinstance(data, str) else json.dumps(data, default=str, ensure_ascii=False)
    except (ValueError, RecursionError):  # a number of thousands of digits, a thousand lists in each other
        text = f"({type(data).__name__})"
    return text[:EVIDENCE]


def read_records(
    rows: object, prepare: Callable[[dict[str, object]], dict[str, object]], model: type[M]
) -> tuple[list[M], tuple[UnreadableResponse, ...]]:
    """Read a listing: the models of all records that can be read, and one error for each that cannot.

    ``prepare`` maps a record to the model's fields. Where a field that is not required has a wrong value,
    the field is left out and the record kept (``raw`` still holds it).
    """
    listed = sequence(rows)
    if listed is None:
        raise unreadable("a list was expected", rows)
    many: TypeAdapter[list[M]] = _many(model)
    made: list[M] = []
    try:  # many in one pass are several times faster than one by one
        for start in range(0, len(listed), BATCH):
            batch = cast("list[dict[str, object]]", listed[start : start + BATCH])
            made += many.validate_python([prepare(row) for row in batch])
        return made, ()
    except Exception:  # noqa: BLE001 - whatever a plugin stumbles over: one by one, it costs no other record
        return read_each(listed, lambda row: read_record(row, prepare, model))


class Lazy(Sequence[R]):
    """A sequence that is made when it is first looked at."""

    def __init__(self, make: Callable[[], Sequence[R]]) -> None:
        self._make = make
        self._made: Sequence[R] | None = None

    def _all(self) -> Sequence[R]:
        if self._made is None:
            self._made = self._make()
        return self._made

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[R]: ...
    def __getitem__(self, place: int | slice) -> R | Sequence[R]:
        return self._all()[place]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[R]:
        return iter(self._all())


class Records(Sequence[M]):
    """A listing's records, each read when it is reached: what a reader lets go of is gone before the next are made.
    ``unreadable`` holds one error for each that cannot be read; it is known when all have been gone through.

    Going through them can raise `UnreadableResponse` where nearly all are unreadable.
    """

    def __init__(
        self, rows: list[object], prepare: Callable[[dict[str, object]], dict[str, object]], model: type[M]
    ) -> None:
        self._rows, self._prepare, self._model = rows, prepare, model
        self._bad: tuple[UnreadableResponse, ...] | None = None

    @property
    def unreadable(self) -> tuple[UnreadableResponse, ...]:
        if self._bad is None:
            for _ in self:
                pass
        return self._bad or ()

    @overload
    def __getitem__(self, place: int) -> M: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[M]: ...
    def __getitem__(self, place: int | slice) -> M | Sequence[M]:
        return list(self)[place]

    def __len__(self) -> int:
        return len(self._rows) - len(self.unreadable)

    def __iter__(self) -> Iterator[M]:
        bad: list[UnreadableResponse] = []
        for start in range(0, len(self._rows), BATCH):
            good, unread = read_records(self._rows[start : start + BATCH], self._prepare, self._model)
            bad += unread
            if len(bad) > MOST_BAD:
                raise _mostly_bad(bad[-1], self._rows[0])
            yield from good
        self._bad = tuple(bad)


def lazy_records(
    rows: object, prepare: Callable[[dict[str, object]], dict[str, object]], model: type[M]
) -> tuple[Sequence[M], Sequence[UnreadableResponse]]:
    """As `read_records`, each record when it is reached: a large page is then read while the next one is on its way.

    Raises `UnreadableResponse` at once where ``rows`` is not a list; a look can raise it as well.
    """
    listed = sequence(rows)
    if listed is None:
        raise unreadable("a list was expected", rows)
    records = Records(listed, prepare, model)
    return records, Lazy(lambda: records.unreadable)


def read_each(rows: object, read: Callable[[object], R]) -> tuple[list[R], tuple[UnreadableResponse, ...]]:
    """Read a listing record by record with ``read``: what can be read, and one error for each that cannot."""
    listed = sequence(rows)
    if listed is None:
        raise unreadable("a list was expected", rows)
    good: list[R] = []
    bad: list[UnreadableResponse] = []
    for row in listed:
        try:
            good.append(read(row))
        except Exception as failed:  # noqa: BLE001 - whatever a plugin stumbles over in a record
            error = failed if isinstance(failed, UnreadableResponse) else _unread(failed, row)
            bad.append(error.with_(records=(row,)))
            if len(bad) > MOST_BAD:
                raise _mostly_bad(error, listed[0]) from None
    return good, tuple(bad)


def _unread(failed: Exception, row: object) -> UnreadableResponse:
    words = failed.message if isinstance(failed, CrowdhubError) else f"{type(failed).__name__}: {failed}"
    return unreadable(f"a record cannot be read ({words})", row)


def _mostly_bad(error: UnreadableResponse, row: object) -> UnreadableResponse:
    return unreadable(f"more than {MOST_BAD:,} of its records cannot be read ({error.message})", row)


def read_record(row: object, prepare: Callable[[dict[str, object]], dict[str, object]], model: type[M]) -> M:
    """Read one record, leaving out fields that are not required and have a wrong value."""
    record = mapping(row)
    if record is None:
        raise unreadable("a record is not a JSON object", row)
    try:
        fields = prepare(record)
    except UnreadableResponse:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a plugin stumbles over
        raise unreadable(f"a record lacks or distorts {str(error) or type(error).__name__}", row) from None
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            _leave_out(fields, model, each["loc"])
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise unreadable(f"a record has {_what(error)}", row) from None


def _leave_out(fields: dict[str, object], model: type[BaseModel], where: tuple[int | str, ...]) -> None:
    name = str(where[0])
    inner = mapping(fields.get(name))
    field = model.model_fields.get(name)
    if len(where) > 1 and inner is not None and field is not None and _is_model(field.annotation):
        _leave_out(inner, field.annotation, where[1:])
    elif field is not None and not field.is_required():
        fields.pop(name, None)


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


@lru_cache(maxsize=64)
def _many(model: type[M]) -> TypeAdapter[list[M]]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def _what(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"a wrong {'.'.join(map(str, first['loc'])) or 'shape'} ({first['msg']})"


def decimal_or_none(value: object) -> Decimal | None:
    """Text or a number as an exact Decimal; None for anything else. A percentage loses its sign, and thousands may be
    grouped where that can be nothing else: ``1,234.50``, ``1 234.50``, ``1.234,50``; ``1,234`` alone is no number."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip().rstrip("%").strip() if len(value) < LONGEST_NUMBER else ""
        if _TWO_READINGS.fullmatch(value):
            return None
        value = _ungrouped(value).replace(",", ".")
    elif isinstance(value, float):
        value = repr(value)
    elif not isinstance(value, (int, Decimal)):
        return None
    try:
        exact = Decimal(value) if not isinstance(value, str) or len(value) <= MAX_DIGITS else None
    except (InvalidOperation, ValueError):
        return None
    if exact is None or not exact.is_finite() or abs(exact.adjusted()) > MAX_DIGITS:
        return None
    return exact


def _ungrouped(text: str) -> str:
    for separator, groups in _GROUPED.items():
        if groups.fullmatch(text):
            return re.sub(_SPACES if separator == " " else re.escape(separator), "", text)
    return text


def why_no_amount(value: object) -> str:
    """In words, why `decimal_or_none` makes no amount of money of a value."""
    if value is None:
        return "it is not there"
    text = value.strip() if isinstance(value, str) else ""
    if _TWO_READINGS.fullmatch(text):
        plain = text.replace(",", "")
        return f"{text!r} can be {plain} or {text.replace(',', '.')}, so it is not guessed"
    return "it is no amount of money"


def int_or_none(value: object) -> int | None:
    """A whole number in any spelling; None for anything else."""
    if type(value) is int:
        return value
    exact = decimal_or_none(value)
    return int(exact) if exact is not None and exact == exact.to_integral_value() and abs(exact) < 10**18 else None


def time_or_none(value: object) -> datetime | None:
    """An ISO 8601 time, or a number that can only be seconds since 1970, as an aware datetime (UTC where it names no
    zone); None for anything else, milliseconds included."""
    if not isinstance(value, str):
        seconds = decimal_or_none(value)
        if seconds is None or not SECONDS[0] <= seconds < SECONDS[1]:
            return None
        return EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    try:
        return aware(datetime.fromisoformat(value))
    except ValueError:
        return None


def text_or_none(value: object) -> str | None:
    """Text as it is, a number as text; None for anything else (a flag, a list) and for nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    try:
        return str(value)
    except ValueError:  # Python writes out no number of thousands of digits
        return None


def texts(values: object) -> Sequence[str]:
    """The texts of a list; nothing for what is not a list."""
    return [value for value in sequence(values) or () if isinstance(value, str)]


def _amount(value: object) -> Decimal:
    exact = decimal_or_none(value)
    if exact is None:
        raise ValueError(why_no_amount(value))
    return exact


Amount = Annotated[Decimal, BeforeValidator(_amount)]
"""An amount that must be there: any spelling of a number that money can be."""

LenientDecimal = Annotated[Decimal | None, BeforeValidator(decimal_or_none)]
LenientInt = Annotated[int | None, BeforeValidator(int_or_none)]
LenientTime = Annotated[datetime | None, BeforeValidator(time_or_none)]
LenientText = Annotated[str | None, BeforeValidator(text_or_none)]
"""Fields that nothing depends on: a wrong value there becomes None instead of failing the record; raw keeps it."""
