"""What all neutral models share: frozen, strict about unknown fields, the provider's own answer kept beside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation

from crowdhub.model.frozen import FrozenDict


class Model(BaseModel):
    """A frozen value. ``copy_with`` makes a changed copy."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    def copy_with(self, **changes: object) -> Self:
        return self.model_copy(update=changes)


class Answer(Model):
    """A model read from a marketplace; ``raw`` is the provider's own answer, with nothing dropped."""

    raw: Annotated[Mapping[str, Any], SkipValidation] = Field(default=FrozenDict(), repr=False)


class OpenEnum(StrEnum):
    """An enum of states in which a new word from a provider breaks nothing: it becomes ``UNKNOWN``."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:  # noqa: ARG003 - any word
        return cls.__members__.get("UNKNOWN")


@lru_cache(maxsize=1024)
def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country given by code or English name; None for anything else."""
    import pycountry  # loads its tables on first use

    try:
        return str(pycountry.countries.lookup(text.strip()).alpha_2)
    except LookupError:
        return None


def _country(text: object) -> object:
    return (country_code(text) or text) if isinstance(text, str) else text


CountryText = Annotated[str, BeforeValidator(_country)]
"""A country as its alpha-2 code; text that names no country stays as it is, for the draft's check to name."""


def aware(moment: datetime) -> datetime:
    """The moment in UTC where it names no zone: marketplaces that leave it out mean UTC, as far as is known."""
    found = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if found.year in (1, 9999):  # at the ends of the calendar a time zone can lead out of it
        try:
            found.astimezone(UTC)
        except OverflowError:
            raise ValueError("is not a moment within the calendar") from None
    return found


Moment = Annotated[datetime, AfterValidator(aware)]
"""An aware datetime."""


def _fixed(moment: datetime) -> datetime:
    """With its offset in place of its zone: JSON keeps no more, and no more than minutes of it."""
    offset = moment.utcoffset() or timedelta(0)
    if offset % timedelta(minutes=1):
        return moment.astimezone(UTC)
    return moment.replace(tzinfo=timezone(offset), fold=0)


FixedMoment = Annotated[AwareDatetime, AfterValidator(aware), AfterValidator(_fixed)]
"""An aware datetime of the application's own, where a naive one is refused rather than guessed."""
