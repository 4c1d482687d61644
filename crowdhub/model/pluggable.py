"""Models of which plugins make their own kinds, and how such a kind comes back from stored JSON.

A plugin's kind is stored with two names beside its fields: ``provider``, whose plugin has the class, and ``class``,
what the class is called (neither can be a field's name). The plugin is loaded if need be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, TypeGuard, TypeVar, cast

from pydantic import BeforeValidator, PlainSerializer, SerializationInfo
from pydantic_core import to_json

from crowdhub.entrypoints import Group
from crowdhub.model.input import InputModel


class Pluggable(InputModel):
    """A plugin's own kind of it names its ``provider``: so it is found again in whatever was stored."""

    provider: ClassVar[str] = ""


def kinds_of(base: type[Pluggable]) -> Iterator[type[Pluggable]]:
    """All classes under ``base`` that are loaded by now."""
    for each in base.__subclasses__():
        yield each
        yield from kinds_of(each)


def _is_neutral(kind: type[Pluggable]) -> bool:
    return Pluggable in kind.__bases__


def _stored(model: Pluggable, info: SerializationInfo) -> dict[str, object]:
    kind = type(model)
    fields = model.model_dump(
        mode=info.mode,
        exclude_unset=info.exclude_unset,
        exclude_defaults=info.exclude_defaults,
        exclude_none=info.exclude_none,
    )
    if info.mode != "json" or _is_neutral(kind):
        return fields
    return {"provider": kind.provider, "class": kind.__name__, **fields}


def _restored(value: object) -> object:
    """The model that a mapping was stored from; anything else as it is, for the field's own type to judge."""
    if not isinstance(value, Mapping):
        return value
    stored = cast("Mapping[object, object]", value)
    if not {"provider", "class"} & stored.keys():
        return stored
    fields = dict(stored)
    provider, name = fields.pop("provider", None), fields.pop("class", None)
    if not isinstance(provider, str) or not isinstance(name, str):
        raise ValueError("needs both texts, `provider` and `class`, to be found again")  # noqa: TRY004 - as pydantic wants
    kind = _find(provider, name)
    # As JSON again, for only there bytes are base64; by their names, for so they were written.
    return kind.model_validate_json(to_json(fields, bytes_mode="base64"), by_alias=True, by_name=True)


def _find(provider: str, name: str) -> type[Pluggable]:
    for looked in (False, True):
        if looked and provider:
            _load(provider)
        found = [each for each in kinds_of(Pluggable) if (each.provider, each.__name__) == (provider, name)]
        if found:
            return found[-1]
    raise ValueError(f"the plugin {provider!r} has no {name}" if provider else f"there is no class {name}")


def _load(provider: str) -> None:
    """Import the plugin, which makes its classes known."""
    if provider not in PROVIDERS.names():
        # No hint how to install it: whoever wrote the draft chose the name.
        raise ValueError(f"belongs to the plugin {provider!r}, which is not installed")
    PROVIDERS.load(provider)


def _is_anything(_: object) -> TypeGuard[object]:
    return True


def _value_error(message: str, *, name: str, next_step: str) -> ValueError:
    del name, next_step
    return ValueError(message)


PROVIDERS = Group("crowdhub.providers", "provider", "a class", _is_anything, _value_error)


P = TypeVar("P")
Stored = Annotated[P, BeforeValidator(_restored), PlainSerializer(_stored)]
"""A field that holds any kind of the `Pluggable` P, and loses nothing of it in JSON."""
