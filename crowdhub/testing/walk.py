"""Looking through results: what every model of every provider has to keep to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import BaseModel

from crowdhub.model import Application, Money, Submission, Task, Worker
from crowdhub.model.base import Answer


def values(thing: Any, where: str = "result") -> Iterator[tuple[str, Any]]:
    """Every value inside a result, models and mappings and sequences opened, with its place."""
    yield where, thing
    if isinstance(thing, BaseModel):
        for name in type(thing).model_fields:
            yield from values(getattr(thing, name), f"{where}.{name}")
    elif isinstance(thing, Mapping):
        for key, value in cast("Mapping[Any, Any]", thing).items():
            yield from values(value, f"{where}[{key!r}]")
    elif isinstance(thing, (list, tuple)):
        for number, value in enumerate(cast("list[Any]", thing)):
            yield from values(value, f"{where}[{number}]")


def faults(result: Any, identity: Mapping[str, Any], currency: str) -> list[str]:
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
