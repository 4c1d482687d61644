"""What an operation is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox.members import Members


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked; `origin` is the address at which it arrived."""

    given: Members
    now: datetime
    origin: str


Handler = Callable[[Call], JsonObject]
Handlers = Mapping[str, Handler]
