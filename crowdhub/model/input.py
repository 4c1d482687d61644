"""What all models share that an application fills in: whatever is wrong is one `InvalidRequest` naming every issue."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, Self, TypedDict, Unpack, cast

from pydantic import ConfigDict, ValidationError, model_validator

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue
from crowdhub.model.base import Model
from crowdhub.model.taking import stumbled_over, taken, unsendable
from crowdhub.strictjson import name_twice


class _JsonReading(TypedDict, total=False):
    """How pydantic is to read; see `pydantic.BaseModel.model_validate_json`."""

    strict: bool | None
    extra: Literal["allow", "ignore", "forbid"] | None
    context: object
    by_alias: bool | None
    by_name: bool | None


class _Reading(_JsonReading, total=False):
    """See `pydantic.BaseModel.model_validate`."""

    from_attributes: bool | None


class InputModel(Model):
    """A model that the application fills in.

    Making one, and reading one with ``model_validate`` or ``model_validate_json``, raises `InvalidRequest`,
    for integers of more than 18 digits and half characters, too. Bytes are base64 in JSON.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    def __init__(self, /, **data: object) -> None:
        with _one_refusal(type(self), data):
            super().__init__(**{name: taken(name, value) for name, value in data.items()})

    # Without this mark pydantic would hand all JSON and all that is nested to `__init__` as Python values: bytes in
    # base64 would be taken for text, and an issue would not say in which part of the whole it is.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        found = ((name, unsendable(value)) for name, value in self)
        if issues := [Issue(name, what) for name, what in found if what is not None]:
            raise InvalidRequest(issues=issues)
        return self

    @classmethod
    def model_validate(cls, obj: object, **how: Unpack[_Reading]) -> Self:
        with _one_refusal(cls, obj):
            return super().model_validate(taken(cls.__name__, obj), **how)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **how: Unpack[_JsonReading]) -> Self:
        if (twice := name_twice(json_data)) is not None:
            raise InvalidRequest(issues=[Issue(cls.__name__, f"names {twice!r} twice")])
        with _one_refusal(cls, None):
            return super().model_validate_json(json_data, **how)


@contextmanager
def _one_refusal(kind: type[InputModel], given: object) -> Generator[None]:
    """Around the making of a model: whatever is wrong, and whatever pydantic stumbles over, is an `InvalidRequest`."""
    try:
        yield
    except ValidationError as error:
        raise InvalidRequest(issues=_issues(error, kind)) from None
    except (CrowdhubError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - the code of a value, or an enum that compares with it
        values = cast("dict[str, object]", given) if type(given) is dict else {kind.__name__: given}
        check = kind.__pydantic_validator__.validate_python
        raise InvalidRequest(issues=stumbled_over(values, check, error)) from None


def _issues(error: ValidationError, kind: type[InputModel]) -> list[Issue]:
    return issues_of(error, kind.__name__, kind.model_fields)


def issues_of(error: ValidationError, prefix: str = "", known: Iterable[str] = ()) -> list[Issue]:
    """A pydantic error as our issues, one for each field, without the input (it may hold a secret). ``known`` are
    the right names, of which the nearest is proposed for a wrong one."""
    found: dict[str, str] = {}
    for where, what in _each(error, tuple(known)):
        name = where or prefix
        found[name] = f"{found[name]}, or {what}" if name in found else what
    return [Issue(where, what) for where, what in found.items()]


def _each(error: ValidationError, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for each in error.errors(include_url=False, include_input=False):
        where = ".".join(map(str, each["loc"]))
        cause = each.get("ctx", {}).get("error")
        if isinstance(cause, InvalidRequest) and cause.issues:
            yield from ((".".join(filter(None, (where, issue.where))), issue.what) for issue in cause.issues)
        elif each["type"] == "extra_forbidden":
            near = difflib.get_close_matches(where, known, n=1)
            yield where, "there is no such field" + (f"; did you mean {near[0]!r}?" if near else "")
        elif each["type"] == "string_unicode":  # where a text has limits, pydantic looks into it first
            yield where, "holds half a character, or bytes that are not UTF-8"
        else:
            yield where, each["msg"].removeprefix("Value error, ").rstrip(".")
