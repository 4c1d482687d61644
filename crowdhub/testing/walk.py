"""Looking through results: of what kind they are, and what every model of every provider has to keep to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar, cast

from pydantic import BaseModel

from crowdhub.model import Application, Money, Submission, Task, Worker
from crowdhub.model.base import Answer
from crowdhub.protocol import Page

T = TypeVar("T")


def one(result: object, kind: type[T]) -> T:
    """A result that must be of a kind."""
    assert isinstance(result, kind), f"the result is {result!r}, not a {kind.__name__}"
    return result


def many(result: object, kind: type[T]) -> list[T]:
    """A listing's items, which must all be of a kind."""
    assert isinstance(result, list), f"the result is {result!r}, not a listing"
    return [one(each, kind) for each in cast("list[object]", result)]


def values(thing: object, where: str = "result") -> Iterator[tuple[str, object]]:
    """Every value inside a result, models and mappings and sequences opened, with its place."""
    yield where, thing
    if isinstance(thing, BaseModel):
        for name in type(thing).model_fields:
            yield from values(getattr(thing, name), f"{where}.{name}")
    elif isinstance(thing, Mapping):
        for key, value in cast("Mapping[object, object]", thing).items():
            yield from values(value, f"{where}[{key!r}]")
    elif isinstance(thing, (list, tuple)):
        for number, value in enumerate(cast("Sequence[object]", thing)):
            yield from values(value, f"{where}[{number}]")


def faults(result: object, identity: Mapping[str, object], currency: str) -> list[str]:
    """What in a result breaks the rules of the models, in words."""
    found: list[str] = []
    for where, value in values(result):
        if isinstance(value, float):
            found.append(f"{where} is the float {value!r}; numbers are exact")
        elif isinstance(value, datetime) and value.tzinfo is None:
            found.append(f"{where} is {value}, without a time zone")
        elif isinstance(value, Money) and value.currency != currency:
            found.append(f"{where} is {value}, not in {currency}")
        elif isinstance(value, (Task, Submission, Application)):
            theirs = {name: getattr(value, name) for name in identity}
            if theirs != dict(identity):
                found.append(f"{where} says it belongs to {theirs}, not to {dict(identity)}")
            if not value.id:
                found.append(f"{where} has no id")
        if isinstance(value, Answer) and not isinstance(value, Worker) and not value.raw:
            found.append(f"{where} has lost `raw`, the marketplace's own answer")
    return found


def shown(thing: object) -> object:
    """A result as what can be compared: without the marketplace's own answers, which may hold more."""
    if isinstance(thing, Page):
        page = cast("Page[object]", thing)
        return [shown(each) for each in page.items], page.more is None, page.total
    if isinstance(thing, BaseModel):
        # `answers`, too, is told as the marketplace tells it.
        names = [name for name in type(thing).model_fields if name not in ("raw", "answers")]
        return {name: shown(getattr(thing, name)) for name in names}
    if isinstance(thing, (list, tuple)):
        return [shown(each) for each in cast("Sequence[object]", thing)]
    return thing
