"""Giving a task more places, which takes money, or more time, which does not."""

from __future__ import annotations

from datetime import datetime

from crowdhub.model import Money, Task
from crowdhub.operations.port import Port
from crowdhub.operations.spending.once import spend, spend_if_it_costs
from crowdhub.operations.spending.policy import SpendingPolicy
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
) -> Task:
    """Extend a task; ``amount``: the most that its new places may cost."""
    operation = port.provider.extend(task_id, slots, until).taken()
    asked = " and ".join([*([f"{slots} places more"] if slots else []), *([f"until {until}"] if until else [])])
    lookup = Lookup[Task](f"whether task {task_id} was extended ({asked})")
    purchase = Purchase(
        operation=operation,
        content={"task": task_id, "slots": slots, "until": until},
        restore=lambda intent: intent.read(Task),
        keep=as_it_is,
        lookup=lookup,
        after_crash=lookup,
        amount=amount,
        task_id=task_id,
    )
    if amount is None:
        return await spend_if_it_costs(port, policy, purchase)
    return await spend(port, policy, purchase)
