"""What a publish would send and cost, and what would keep it from going through now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, cast

from crowdhub.errors import BudgetExceeded, ConfigurationError, CrowdhubError
from crowdhub.model import Capability, Model, Money, Quote, Task, TaskDraft
from crowdhub.operations.port import Port, identity_of
from crowdhub.operations.spending.batch import published_before
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.publishing import publish_lookup, quoted
from crowdhub.protocol import UNSET, Call, Effect, Flow, Operation, OperationRun, Upload

if TYPE_CHECKING:
    from crowdhub.ledger import Ledger


READ = Call(method="GET", path="", effect=Effect.READ)
"""The look for what was published under the key before: any read, as the request limit sees it."""


class DryRun(Model):
    """What publishing would send and cost. Nothing was published; at most the price, the balance, and what publishing
    reads before it sends were asked for.

    ``method`` and ``path``: of the first request that changes something; ``operation``: the marketplace's name of it,
    where its path does not tell. ``is_done``: the key was published before, and gives its task back without a request.
    ``obstacles``: why it would not go through now, each in a sentence: the key, the budget, the balance, the request
    limit. They are as of this moment.
    """

    quote: Quote | None
    method: str
    path: str
    operation: str | None = None
    content: Mapping[str, object]
    is_done: bool = False
    obstacles: tuple[str, ...] = ()


async def dry_run(port: Port, policy: SpendingPolicy, draft: TaskDraft, key: str | None) -> DryRun:
    """The first request by which publishing would change something, without making it; what it reads before is read."""
    quote = await quoted(port, draft)
    publish = port.provider.publish(draft).taken()
    call = await port.run(Operation(publish.name, lambda: _first_change(publish), {}))
    if call is None:
        raise RuntimeError(f"publishing on {port.provider.name} makes no request")
    plan = DryRun(quote=quote, method=call.method, path=call.path, operation=call.operation, content=_content(call))
    is_done, of_key = await _of_key(port, policy.ledger, draft, key)
    if is_done:
        return plan.copy_with(is_done=True)
    lookup = publish_lookup(port.provider, draft)
    calls = [READ, call] if key is not None and lookup.marked and lookup.can_look else [call]
    found = [
        of_key,
        await _of_budget(port, policy, quote),
        await _of_balance(port, quote),
        await _of_limit(port, calls),
    ]
    return plan.copy_with(obstacles=tuple(each for each in found if each is not None))


def _first_change(operation: Operation[Task]) -> Flow[Call | None]:
    with OperationRun(operation) as run:
        call = run.start()
        while call is not None and call.effect is Effect.READ:
            try:
                answer = yield call
            except CrowdhubError as error:
                call = run.throw(error)
            else:
                call = run.send(answer)
        return call


async def _of_key(port: Port, ledger: Ledger | None, draft: TaskDraft, key: str | None) -> tuple[bool, str | None]:
    """Whether it was published before under this key, and what is in the way of that."""
    if ledger is None or key is None:
        return False, None
    from crowdhub.ledger import KeyState

    (state,) = await published_before(port, ledger, [(key, draft)])
    match state:
        case KeyState.DONE:
            return True, None
        case KeyState.OTHER:
            return False, f"The key {key!r} was used for something else."
        case KeyState.OPEN:
            return False, f"The key {key!r} is under way, or its outcome is not known."
        case KeyState.FREE:
            return False, None


async def _of_budget(port: Port, policy: SpendingPolicy, quote: Quote | None) -> str | None:
    ledger, budget = policy.ledger, policy.budget
    if ledger is None or budget is None:
        return None
    provider = port.provider
    try:
        await port.blocking(
            lambda: ledger.check_budget(identity_of(provider), budget, quote, provider.currency, "publish")
        )
    except (BudgetExceeded, ConfigurationError) as error:
        return error.message
    return None


async def _of_balance(port: Port, quote: Money | None) -> str | None:
    """Asks for it, unless an answer has told it: that is free."""
    if quote is None or Capability.BALANCE not in port.provider.capabilities:
        return None
    told = port.told_balance()
    balance: Money | None = None if told is None else told[0]
    if balance is None:
        with suppress(CrowdhubError):  # whoever publishes is told
            balance = await port.run(port.provider.balance())
    if balance is None or balance.currency != quote.currency or balance.amount >= quote.amount:
        return None
    return f"The balance is {balance}, and it takes {Money(quote.amount, quote.currency)}."


async def _of_limit(port: Port, calls: Sequence[Call]) -> str | None:
    """A place is kept for what spends when there is none for reading, so each call is asked for."""
    for call in calls:
        why = await port.blocking(partial(port.refused_by_limit, call))
        if why is not None:
            return why
    return None


def _content(call: Call) -> dict[str, object]:
    def shown(value: str | Upload) -> str:
        return value if isinstance(value, str) else f"<file {value.filename}>"

    if call.multipart is not None:
        return {name: shown(value) for name, value in call.multipart}
    if call.form is not None:
        return dict(call.form)
    if call.content is not None:
        return {"content": f"<{len(call.content)} bytes of {call.content_type or 'no type'}>"}
    if call.json is not UNSET:
        return dict(cast("Mapping[str, object]", call.json))
    return dict(call.query_pairs())
