"""Extending a task: more places, which takes money, or more time, which does not."""

from __future__ import annotations

from datetime import datetime

from crowdhub.model import Money, Task
from crowdhub.operations.checks import lookup_of
from crowdhub.operations.port import Port
from crowdhub.operations.spending.once import spend, spend_if_it_costs
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.publishing import referenced
from crowdhub.operations.spending.purchase import Purchase, as_it_is
from crowdhub.protocol import Lookup


async def extend(
    port: Port,
    policy: SpendingPolicy,
    task_id: str,
    *,
    slots: int | None,
    until: datetime | None,
    amount: Money | None,
    key: str | None,
) -> Task:
    """Extend a task; ``amount``: the most that its new places may cost.

    More time alone is a moment, which leaves one result however often it is asked for: it needs no ``key``.
    """
    if slots is None:
        key = None
    operation, reference = referenced(port.provider, port.provider.extend(task_id, slots, until), key)
    asked = " and ".join([*([f"{slots} places more"] if slots else []), *([f"until {until}"] if until else [])])
    lookup = lookup_of(port.provider, operation) or Lookup[Task](f"whether task {task_id} was extended ({asked})")
    purchase = Purchase(
        operation=operation.taken(),
        content={"task": task_id, "slots": slots, "until": until},
        restore=lambda intent: intent.read(Task),
        keep=as_it_is,
        lookup=lookup,
        after_crash=lookup,
        key=key,
        amount=amount,
        reference=reference,
        task_id=task_id,
    )
    if amount is None and key is None:
        return await spend_if_it_costs(port, policy, purchase)
    return await spend(port, policy, purchase)
