"""Running a plugin's own operations: what they spend is in the ledger too."""

from __future__ import annotations

from typing import TypeVar, cast

from crowdhub.model import Application, Money, Submission, Task, TaskDraft
from crowdhub.operations.checks import asking, lookup_of
from crowdhub.operations.port import Port
from crowdhub.operations.spending.looking import Unsaid
from crowdhub.operations.spending.once import spend, spend_if_it_costs
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.publishing import publish_lookup, quoted, referenced, with_reference
from crowdhub.operations.spending.purchase import Purchase, kept, restored
from crowdhub.protocol import AnyProvider, Lookup, Operation

T = TypeVar("T")
LONGEST = 60
"""Characters of an argument that is told to a person."""


async def run(
    port: Port, policy: SpendingPolicy, operation: Operation[T], *, key: str | None, amount: Money | None
) -> T:
    """Run an operation. With a key, or an amount, its intent is in the ledger before anything is sent; otherwise its
    first call that takes money is preceded by one. With a key, it is done once."""
    operation.taken()
    provider = port.provider
    amount = await _price(port, operation, amount)
    content = {name: value for name, value in operation.arguments.items() if value is not None}
    operation, reference = _marked(provider, operation, key)
    lookup = _lookup(provider, operation)
    purchase = Purchase(
        operation=operation.taken(),
        content=content,
        restore=lambda intent: cast("T", restored(provider, intent)),
        keep=kept,
        lookup=lookup,
        after_crash=lookup,
        key=key,
        amount=amount,
        reference=reference,
        task_id=_task_of(operation),
    )
    if key is None and amount is None:
        return await spend_if_it_costs(port, policy, purchase)
    return await spend(port, policy, purchase)


async def _price(port: Port, operation: Operation[T], amount: Money | None) -> Money | None:
    """What a neutral operation is known to take, where that is more than the ``amount`` that was given; else that."""
    asked = operation.arguments
    known: Money | None = None
    if operation.owner is port.provider:
        match operation.name, asked.get("amount"), asked.get("draft"):
            case "pay_bonus", Money() as bonus, _:
                with asking(port.provider, "bonus_cost"):
                    known = port.provider.bonus_cost(bonus)
            case "publish", _, TaskDraft() as draft:
                known = await quoted(port, draft)
            case _:
                pass
    return known if known is not None and (amount is None or amount < known) else amount


def _task_of(operation: Operation[T]) -> str | None:
    """The task that an operation is about, for a task's own budget: as it says itself, or by its arguments."""
    if operation.task_id is not None:
        return operation.task_id
    asked = operation.arguments
    for given in (asked.get("task_id"), asked.get("task"), asked.get("submission")):
        if isinstance(given, Submission):
            return given.task_id
        if isinstance(given, Task):
            return given.id
        if isinstance(given, str):
            return given
    return None


def _about(operation: Operation[object]) -> str:
    """What an operation was asked with, for a person who looks for what it did."""
    told: list[str] = []
    for name, given in operation.arguments.items():
        if isinstance(given, (Submission, Application)):
            told.append(f"{name} {given.id} of worker {given.worker.id} and task {given.task_id}")
        elif isinstance(given, Task):
            told.append(f"{name} {given.id}")
        elif isinstance(given, (str, int, Money)) and len(str(given)) <= LONGEST:
            told.append(f"{name} {given}")
    return f" ({', '.join(told)})" if told else ""


def _marked(provider: AnyProvider, operation: Operation[T], key: str | None) -> tuple[Operation[T], str | None]:
    """The operation with its mark, and the mark; that of a publish is in its draft."""
    draft = operation.arguments.get("draft")
    if operation.name != "publish" or not isinstance(draft, TaskDraft):
        return referenced(provider, operation, key)
    if draft.reference is None and key is not None:
        draft = with_reference(provider, draft, key)
        operation = operation.given(draft=draft)
    return operation, draft.reference


def _lookup(provider: AnyProvider, operation: Operation[T]) -> Lookup[T]:
    """How what the operation pays for is found: as it says itself, or as every publish is."""
    if (said := lookup_of(provider, operation)) is not None:
        return said
    draft = operation.arguments.get("draft")
    if operation.name == "publish" and isinstance(draft, TaskDraft):
        return cast("Lookup[T]", publish_lookup(provider, draft))
    return Unsaid(f"what {operation.name} did, at the marketplace{_about(operation)}")
