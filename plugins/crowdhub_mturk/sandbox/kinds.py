"""The types of members: what the front door checks before anything is looked up."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from crowdhub.sandbox.values import is_list, is_number, is_object, is_whole
from crowdhub_mturk.sandbox.refusal import FrontDoorRefusal

_HALVES = re.compile("[\ud800-\udfff]")


class Kind(ABC):
    """A type of values."""

    @abstractmethod
    def read(self, value: object, name: str) -> object:
        """The value, checked. Raises `FrontDoorRefusal`."""


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """A text, with what it has to be like."""

    least: int = 0
    most: int | None = None
    pattern: str | None = None
    one_of: tuple[str, ...] = ()

    def read(self, value: object, name: str) -> object:
        if not isinstance(value, str):
            raise _not_read(name, "a string")
        if _HALVES.search(value):
            raise _not_read(name, "a string of whole characters")
        if len(value) < self.least:
            raise _invalid(name, value, f"have length greater than or equal to {self.least}")
        if self.most is not None and len(value) > self.most:
            raise _invalid(name, value, f"have length less than or equal to {self.most}")
        if self.pattern is not None and not re.search(self.pattern.replace("$", r"\Z"), value):
            raise _invalid(name, value, f"satisfy regular expression pattern: {self.pattern}")
        if self.one_of and value not in self.one_of:
            raise _invalid(name, value, f"satisfy enum value set: [{', '.join(self.one_of)}]")
        return value


@dataclass(frozen=True, slots=True)
class Dollars(Kind):
    """Money: a text without a symbol, at most two decimals."""

    def read(self, value: object, name: str) -> object:
        return Decimal(str(_CURRENCY.read(value, name)))


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number of so many bits."""

    least: int | None = None
    most: int | None = None
    bits: int = 32

    def read(self, value: object, name: str) -> object:
        if not is_whole(value) or not -(1 << self.bits - 1) <= value < 1 << self.bits - 1:
            raise _not_read(name, f"a whole number of {self.bits} bits")
        if self.least is not None and value < self.least:
            raise _invalid(name, value, f"have value greater than or equal to {self.least}")
        if self.most is not None and value > self.most:
            raise _invalid(name, value, f"have value less than or equal to {self.most}")
        return value


@dataclass(frozen=True, slots=True)
class Flag(Kind):
    """True or false."""

    def read(self, value: object, name: str) -> object:
        if not isinstance(value, bool):
            raise _not_read(name, "true or false")
        return value


@dataclass(frozen=True, slots=True)
class Moment(Kind):
    """A time: seconds since 1970, as a number."""

    def read(self, value: object, name: str) -> object:
        if not is_number(value):
            raise _not_read(name, "a number of seconds since 1970")
        try:
            return datetime.fromtimestamp(float(value), UTC)
        except (OverflowError, OSError, ValueError):
            raise _not_read(name, "a time") from None


@dataclass(frozen=True, slots=True)
class Many(Kind):
    """A list."""

    of: Kind

    def read(self, value: object, name: str) -> object:
        if not is_list(value):
            raise _not_read(name, "a list")
        return [self.of.read(each, f"{name}.{number}.member") for number, each in enumerate(value, 1)]


@dataclass(frozen=True, slots=True)
class Record(Kind):
    """An object; a member that it does not have is refused, as is ``null``."""

    members: Mapping[str, Kind]
    required: tuple[str, ...] = ()

    def read(self, value: object, name: str) -> dict[str, object]:
        if not is_object(value):
            raise _not_read(name or "The body", "an object")
        lead = f"{name}." if name else ""
        for each in value:
            if each not in self.members:
                raise FrontDoorRefusal("SerializationException", f"There is no member {lead}{each}.")
        for each in self.required:
            if each not in value:
                raise _invalid(lead + each, None, "not be null")
        return {each: self.members[each].read(given, lead + each) for each, given in value.items()}


_CURRENCY = Text(pattern=r"^[0-9]+(\.)?[0-9]{0,2}$")


def _not_read(name: str, wanted: str) -> FrontDoorRefusal:
    return FrontDoorRefusal("SerializationException", f"{name} must be {wanted}.")


def _invalid(name: str, value: object, must: str) -> FrontDoorRefusal:
    shown = "null" if value is None else f"'{str(value)[:100]}'"
    words = f"1 validation error detected: Value {shown} at '{name}' failed to satisfy constraint: Member must {must}"
    return FrontDoorRefusal("ValidationException", words)
