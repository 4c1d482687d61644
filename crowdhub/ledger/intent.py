"""An intent: one request that spends, as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel

from crowdhub.ledger import owner
from crowdhub.model import Model, Money

M = TypeVar("M", bound=BaseModel)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(number: int | None) -> datetime | None:
    return None if number is None else EPOCH + timedelta(microseconds=number)


class State(StrEnum):
    """What is known of an intent."""

    OPEN = "open"
    """Written, and no outcome yet: under way, or its process is gone."""
    DONE = "done"
    NOT_DONE = "not_done"
    """Certainly not carried out: nothing is reserved for it any more, and its key is free again."""
    UNKNOWN = "unknown"
    """The answer was lost and looking did not tell: still reserved, until somebody settles it."""


class Intent(Model):
    """One row of the ledger. ``amount`` is what was reserved for it, ``charged`` what it really took, if told.

    ``content`` is what was asked (None once compacted), ``reference`` the mark that it carries at the marketplace,
    ``look_for`` what a person has to look for, ``attempts`` how often it was begun or taken over.
    """

    id: str
    provider: str
    account: str
    environment: str
    operation: str
    key: str | None = None
    fingerprint: str
    content: Any = None
    reference: str | None = None
    amount: Money | None = None
    charged: Money | None = None
    task_id: str | None = None
    state: State
    holder: str | None = None
    lease_until: datetime
    attempts: int = 1
    result: Any = None
    error: str | None = None
    look_for: str | None = None
    created_at: datetime
    settled_at: datetime | None = None

    @property
    def spent(self) -> Money | None:
        """What it took, or may yet take; None where that is nothing or not known."""
        return None if self.state is State.NOT_DONE else self.charged or self.amount

    @property
    def owner_words(self) -> str:
        """The process that carries it out, for a person."""
        return owner.words(self.holder)

    @property
    def identity(self) -> dict[str, str]:
        return {"provider": self.provider, "account": self.account, "environment": self.environment}

    def read(self, kind: type[M]) -> M:
        """The result, as the model that it was: ``intent.read(Task)``. With ``replayed=True`` where it has that."""
        found = kind.model_validate(self.result)
        return found.model_copy(update={"replayed": True}) if "replayed" in kind.model_fields else found


class Status(StrEnum):
    """What the caller of `Ledger.begin` has to do now."""

    NEW = "new"
    """Written and reserved: send it."""
    REPLAYED = "replayed"
    """Done by an earlier call: take its result; send nothing."""
    UNDER_WAY = "under way"
    """Another call carries it out at this moment: wait and begin again; send nothing."""
    RECOVER = "recover"
    """An earlier call ended without an outcome. It is yours now: ask the marketplace before anything is sent."""


class Begun(Model):
    """The intent, and what to do with it."""

    status: Status
    intent: Intent


def row_of(intent: Mapping[str, Any]) -> Intent:
    """An intent from its database row, whose texts `loads` has not read yet."""
    import json

    row = dict(intent)
    currency = row.pop("currency")
    for name in ("amount", "charged"):
        row[name] = Money(Decimal(row[name]), currency) if row[name] is not None and currency else None
    for name in ("content", "result"):
        row[name] = json.loads(row[name]) if row[name] is not None else None
    row["state"] = State(row["state"])
    for name in ("lease_until", "created_at", "settled_at"):
        row[name] = moment_of(row[name])
    return Intent.model_construct(**row)
