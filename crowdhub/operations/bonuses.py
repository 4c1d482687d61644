"""Finding a bonus again, which carries no mark of ours: by what it is, and only where nothing else is like it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from crowdhub.errors import Conflict
from crowdhub.model import Capability, Money, Submission
from crowdhub.protocol import Flow, Provider

if TYPE_CHECKING:
    from crowdhub.ledger import Intent, Ledger

NEAR = timedelta(hours=1)
"""How far from an intent another one like it could be taken for it."""

Look: TypeAlias = "Callable[[datetime | None], Flow[Submission | None]]"


def look_for_bonus(provider: Provider[Any], submission: Submission, amount: Money, reason: str) -> Look | None:
    """How the marketplace is asked for a bonus; None where it cannot be. A statement can lag behind, so one that is
    not found is a `Conflict`: it stays unknown, and is never paid again by itself."""
    if Capability.FIND_BONUS not in provider.capabilities():
        return None

    def look(since: datetime | None) -> Flow[Submission | None]:
        found = yield from provider.find_bonus(submission, amount, reason, since)
        if found is None:
            raise Conflict("The bonus is not listed, which does not prove that it was not paid.")
        return found.copy_with(replayed=True)

    return look


def has_twin(ledger: Ledger, intent: Intent) -> bool:
    """Whether the ledger knows another intent like this one, near it, that was or may have been carried out: what is
    found at the marketplace could then be either's."""
    near = ledger.report.entries(
        provider=intent.provider,
        account=intent.account,
        environment=intent.environment,
        operation=intent.operation,
        since=intent.created_at - NEAR,
        until=intent.created_at + NEAR,
    )
    return any(
        each.id != intent.id
        and each.state != "not_done"
        and each.amount in (intent.amount, None)
        and each.task_id in (intent.task_id, None)
        for each in near
    )
