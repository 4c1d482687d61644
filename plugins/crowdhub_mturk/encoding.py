"""Arguments as the members of a request's JSON, and what the service's model says of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import cast

from crowdhub.errors import Issue
from crowdhub.model import Money
from crowdhub_mturk.structures import Structure


@dataclass(frozen=True)
class Shape:
    """What the model says of a text, or of a number."""

    pattern: str | None = None
    least: int | None = None
    most: int | None = None

    def complaint(self, value: object) -> str | None:
        size = value if isinstance(value, int) else len(str(value))
        unit = "" if isinstance(value, int) else " characters"
        if self.least is not None and self.most is not None and not self.least <= size <= self.most:
            return f"has {size:,}{unit}; it is {self.least:,} to {self.most:,}"
        if self.pattern is not None and re.fullmatch(self.pattern, str(value)) is None:
            return f"{str(value)[:64]!r} does not fit {self.pattern}"
        return None


ENTITY = Shape(r"[A-Z0-9]+", 1, 64)
WORKER = Shape(r"A[A-Z0-9]+", 1, 64)
AMOUNT = Shape(r"[0-9]+\.?[0-9]{0,2}")
SHAPES: Mapping[str, Shape] = {
    "HITId": ENTITY,
    "HITTypeId": ENTITY,
    "HITLayoutId": ENTITY,
    "AssignmentId": ENTITY,
    "QualificationTypeId": ENTITY,
    "WorkerId": WORKER,
    "WorkerIds": WORKER,
    "Reward": AMOUNT,
    "BonusAmount": AMOUNT,
    "UniqueRequestToken": Shape(None, 1, 64),
    "NextToken": Shape(None, 1, 255),
    "MaxResults": Shape(None, 1, 100),
}
"""By the name of the member, which has the same shape in every operation."""


def members_of(arguments: Mapping[str, object]) -> dict[str, object]:
    """The members of a request; what has no value is left out, never ``null``."""
    return {name: wire_value(value) for name, value in arguments.items() if value is not None}


def wire_value(value: object) -> object:
    if isinstance(value, Structure):
        return members_of(value.given())
    if isinstance(value, Money):
        return f"{value.plain:f}"
    if isinstance(value, datetime):
        return epoch(value)
    if isinstance(value, Enum):
        return cast("object", value.value)
    if isinstance(value, (list, tuple)):
        return [wire_value(each) for each in cast("Sequence[object]", value)]
    return value


def epoch(moment: datetime) -> float:
    """Seconds since 1970, whole where they are."""
    seconds = moment.timestamp()
    return int(seconds) if seconds.is_integer() else round(seconds, 3)


def body_of(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def issues_of(members: Mapping[str, object]) -> Iterator[Issue]:
    """What of a request's members is not as the service's model says."""
    for name, value in members.items():
        shape = SHAPES.get(name)
        if shape is None:
            continue
        for each in cast("list[object]", value) if isinstance(value, list) else [value]:
            if what := shape.complaint(each):
                yield Issue(name, what)


def amount_issues(arguments: Mapping[str, object], currency: str) -> Iterator[Issue]:
    """Amounts travel without their currency."""
    for name, value in arguments.items():
        if isinstance(value, Money) and value.currency != currency:
            yield Issue(name, f"{value} is not in {currency}")
