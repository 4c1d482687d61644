"""Paying a bonus under a key: the same key never pays twice."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from crowdhub.errors import Conflict
from crowdhub.model import Capability, Money, Submission
from crowdhub.operations.checks import asking, lookup_of
from crowdhub.operations.port import Port
from crowdhub.operations.spending.once import spend
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.publishing import reference_of
from crowdhub.operations.spending.purchase import Purchase, as_it_is
from crowdhub.protocol import AnyProvider, Flow, Lookup

if TYPE_CHECKING:
    from crowdhub.ledger import Intent


async def pay_bonus(
    port: Port, policy: SpendingPolicy, submission: Submission, amount: Money, reason: str, key: str | None
) -> Submission:
    """Pay a bonus once, with its intent in the ledger.

    It is looked for after a crash or a lost answer only: before that, an equal one that somebody paid by hand would
    be taken for it.
    """
    reference = reference_of(port.provider, "pay_bonus", key)
    return await spend(port, policy, bonus_payment(port.provider, submission, amount, reason, key, reference))


def bonus_payment(
    provider: AnyProvider, submission: Submission, amount: Money, reason: str, key: str | None, reference: str
) -> Purchase[Submission]:
    """The paying of a bonus, as something to spend on."""
    with asking(provider, "bonus_cost"):
        cost = provider.bonus_cost(amount)
    operation = provider.pay_bonus(submission, amount, reason, reference).taken()
    after_crash = bonus_lookup(provider, submission, amount, reason, reference)
    return Purchase(
        operation=operation,
        content={"task": submission.task_id, "submission": submission.id, "amount": amount, "reason": reason},
        restore=_restored,
        keep=as_it_is,
        lookup=lookup_of(provider, operation) or after_crash,
        after_crash=after_crash,
        key=key,
        amount=cost,
        reference=reference,
        task_id=submission.task_id,
        is_never_absent=True,
    )


def bonus_lookup(
    provider: AnyProvider, submission: Submission, amount: Money, reason: str, reference: str | None
) -> Lookup[Submission]:
    """How the marketplace is asked for a bonus. A statement can lag behind, so one that is not found is a `Conflict`:
    it stays unknown, and is never paid again by itself."""
    look_for = f"a bonus of {amount} for submission {submission.id} of task {submission.task_id}"
    if Capability.FIND_BONUS not in provider.capabilities:
        return Lookup(look_for)

    def find(since: datetime | None, _: object) -> Flow[Submission | None]:
        found = yield from provider.find_bonus(submission, amount, reason, reference, since)
        if found is None:
            raise Conflict("The bonus is not listed, which does not prove that it was not paid.")
        return found.copy_with(replayed=True)

    return Lookup(look_for, find)


def _restored(intent: Intent) -> Submission:
    return intent.read(Submission)
