"""An intent: one request that spends, as the ledger keeps it."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from crowdhub.errors import Conflict
from crowdhub.ledger import owner
from crowdhub.model import Model, Money
from crowdhub.store import moment_of
from crowdhub.store.schema import IntentRow

M = TypeVar("M", bound=BaseModel)


class State(StrEnum):
    """What is known of an intent."""

    INTENDED = "intended"
    """Written, and no request that takes money has left yet."""
    SENT = "sent"
    """Its request left, at ``sent_at``, and there is no outcome yet: under way, or its process is gone."""
    DONE = "done"
    """Carried out and paid for. Its result may still be missing, while its call goes on or after that failed."""
    NOT_DONE = "not_done"
    """Certainly not carried out: nothing is reserved for it any more, and its key is free again."""
    UNKNOWN = "unknown"
    """The answer was lost and looking did not tell: still reserved, until somebody settles it."""


class Intent(Model):
    """One row of the ledger. ``amount`` is what was reserved for it, ``charged`` what it really took, if told.

    ``content`` is what was asked (None once compacted), ``reference`` the mark that it carries at the marketplace,
    ``look_for`` what a person has to look for, ``attempts`` how often it was begun or taken over, with the earlier
    calls that asked for the same under the same key and were not carried out. ``sent_at`` is when a request of it that
    takes money last left (None: never). ``twin_of`` is the intent that this one was paid beside, under one key.
    ``witness`` is what was listed, and the account's money, before the request of ``sent_at``. ``owner`` tells what the
    account's key opens (`Ledger.owner_of`).
    """

    id: str
    provider: str
    account: str
    environment: str
    operation: str
    key: str | None = None
    fingerprint: str
    content: object = None
    reference: str | None = None
    amount: Money | None = None
    charged: Money | None = None
    task_id: str | None = None
    state: State
    holder: str | None = None
    lease_until: datetime
    attempts: int = 1
    result: object = None
    error: str | None = None
    look_for: str | None = None
    created_at: datetime
    settled_at: datetime | None = None
    sent_at: datetime | None = None
    twin_of: str | None = None
    witness: object = None
    owner: str | None = None

    @property
    def spent(self) -> Money | None:
        """What it took, or may yet take; None where that is nothing or not known."""
        if self.state is State.NOT_DONE:
            return None
        return self.amount if self.charged is None else self.charged

    @property
    def owner_words(self) -> str:
        """The process that carries it out, for a person."""
        return owner.words(self.holder)

    @property
    def identity(self) -> dict[str, str]:
        return {"provider": self.provider, "account": self.account, "environment": self.environment}

    def read(self, kind: type[M]) -> M:
        """The result, as the model that it was: ``intent.read(Task)``. With ``replayed=True`` where it has that.

        Raises `Conflict` where it was not kept whole.
        """
        try:
            found = kind.model_validate(self.result)
        except ValidationError:
            raise Conflict(
                f"{self.operation} was already done under the key {self.key!r}, with a result that was not kept.",
                next_step="Use what the first call returned, or look for it at the marketplace; nothing was sent.",
            ).with_(was_done=True) from None
        return found.model_copy(update={"replayed": True}) if "replayed" in kind.model_fields else found


class BeginStatus(StrEnum):
    """What the caller of `Ledger.begin` has to do now."""

    NEW = "new"
    """Written and reserved: send it, going on from its `Ledger.steps` where an undone call left some."""
    REPLAYED = "replayed"
    """Done by an earlier call: take its result; send nothing."""
    UNDER_WAY = "under way"
    """Another call carries it out at this moment: wait and begin again; send nothing."""
    RECOVER = "recover"
    """An earlier call ended without an outcome. It is yours now: ask the marketplace before anything is sent."""
    RESUME = "resume"
    """Paid for by an earlier call, which ended before its result was kept. It is yours now: go on from its
    `Ledger.steps`; what they do not show as paid must not be paid again."""


class Begun(Model):
    """The intent, and what to do with it."""

    status: BeginStatus
    intent: Intent


def intent_of(row: IntentRow) -> Intent:
    """An intent from its database row."""
    values = row._asdict()
    for name in ("currency", "created_tick", "sent_tick", "done_by", "number", "counted_at"):
        del values[name]
    values.update(
        amount=_money(row.amount, row.currency),
        charged=_money(row.charged, row.currency),
        content=_json(row.content),
        result=_json(row.result),
        witness=_json(row.witness),
        state=State(row.state),
        lease_until=moment_of(row.lease_until),
        created_at=moment_of(row.created_at),
        settled_at=None if row.settled_at is None else moment_of(row.settled_at),
        sent_at=None if row.sent_at is None else moment_of(row.sent_at),
    )
    return Intent.model_construct(**values)


def _money(amount: str | None, currency: str | None) -> Money | None:
    return Money(Decimal(amount), currency) if amount is not None and currency else None


def _json(text: str | None) -> object:
    return None if text is None else json.loads(text)
