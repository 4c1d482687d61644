"""What all neutral models share: frozen, strict about unknown fields, the provider's own answer kept beside."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation, ValidationError

from crowdhub.errors import InvalidRequest, Issue


class Model(BaseModel):
    """A frozen value. ``copy_with`` makes a changed copy."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    def copy_with(self, **changes: Any) -> Self:
        return self.model_copy(update=changes)


class Given(Model):
    """A model that the application fills in: what is wrong with it is an `InvalidRequest` naming every issue."""

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise InvalidRequest(issues=faults_of(error, type(self).__name__, type(self).model_fields)) from None


class Answer(Model):
    """A model read from a marketplace; ``raw`` is the provider's own answer, with nothing dropped."""

    raw: Annotated[Mapping[str, Any], SkipValidation] = Field(default_factory=dict[str, Any], repr=False)


class Status(StrEnum):
    """An enum of states in which a new word from a provider breaks nothing: it becomes ``UNKNOWN``."""

    @classmethod
    def _missing_(cls, value: object) -> Any:  # noqa: ARG003 - any word
        return cls.__members__.get("UNKNOWN")


def faults_of(error: ValidationError, prefix: str = "", known: Iterable[str] = ()) -> list[Issue]:
    """A pydantic error as our issues, one for each field, without the input (it may hold a secret). ``known`` are
    the right names, of which the nearest is proposed for a wrong one."""
    found: dict[str, str] = {}
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(map(str, each["loc"])) or prefix
        if each["type"] == "extra_forbidden":
            near = difflib.get_close_matches(where, list(known), n=1)
            what = "there is no such field" + (f"; did you mean {near[0]!r}?" if near else "")
        else:
            what = each["msg"].removeprefix("Value error, ").rstrip(".")
        found[where] = f"{found[where]}, or {what}" if where in found else what
    return [Issue(where, what) for where, what in found.items()]


@lru_cache(maxsize=1024)
def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country given by code or English name, or None if there is no such one."""
    import pycountry  # loads its tables on first use

    try:
        found: Any = pycountry.countries.lookup(text.strip())
    except LookupError:
        return None
    return str(found.alpha_2)


def _country(text: Any) -> Any:
    return (country_code(text) or text) if isinstance(text, str) else text


CountryText = Annotated[str, BeforeValidator(_country)]
"""A country as its alpha-2 code; text that is no country stays as it is, for the draft's check to name."""


def aware(moment: datetime) -> datetime:
    """The moment in UTC where it names no zone: marketplaces that leave it out mean UTC, as far as is known."""
    found = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if found.year in (1, 9999):  # at the ends of the calendar a time zone can lead out of it
        try:
            found.astimezone(UTC)
        except OverflowError:
            raise ValueError("is no moment within the calendar") from None
    return found


Moment = Annotated[datetime, AfterValidator(aware)]
"""An aware datetime."""
