"""Running a plugin's own operations: what they spend is in the ledger too."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel

from crowdhub.engine.session import operation_of
from crowdhub.errors import Conflict, CrowdhubError, NotConfirmed
from crowdhub.model import Money
from crowdhub.operations.spending import Guard, Spend, Wish, arguments_of, finish, identity_of, note, spend
from crowdhub.operations.steps import Do, Run, Script
from crowdhub.protocol import Flow, Provider

if TYPE_CHECKING:
    from crowdhub.ledger import Intent

T = TypeVar("T")


def run(  # noqa: C901 - each way to end is noted in the ledger
    provider: Provider[Any], guard: Guard, flow: Flow[T], *, key: str | None, amount: Money | None
) -> Script[T]:
    """Run a flow. Its first call that spends is preceded by an intent in the ledger; with a key, it is done once."""
    operation = operation_of(flow)
    content = {name: value for name, value in arguments_of(flow).items() if value is not None}
    if key is not None:
        wish: Wish[T] = Wish(
            operation=operation,
            content=content,
            send=lambda: flow,
            revive=lambda intent: _revived(provider, intent),
            keep=_kept,
            key=key,
            amount=amount,
        )
        return (yield from spend(provider, guard, wish))
    ledger, confirm = guard.ledger, guard.confirm
    if ledger is None and confirm is None:
        plain: T = yield Run(flow)
        return plain
    written: list[Intent] = []

    def before_spending() -> None:
        if written:
            return
        if ledger is not None:
            written.append(
                ledger.begin(identity_of(provider), operation, content, amount=amount, budget=guard.budget).intent
            )
        asked = Spend(**provider.identity, operation=operation, amount=amount)
        if confirm is not None and not confirm(asked):
            raise NotConfirmed(f"{operation} was not confirmed.")

    try:
        result: T = yield Run(flow, before_spending)
    except CrowdhubError as error:
        failed = error
        if ledger is not None and written:
            yield Do(lambda: note(ledger, written[0], failed))
        raise
    except BaseException:
        if ledger is not None and written:  # an interrupt: no step can be taken any more
            ledger.unknown(written[0], "The call ended without an outcome.")
        raise
    if ledger is not None and written:
        yield Do(lambda: finish(ledger, written[0], _kept(result)))
    return result


def _kept(result: Any) -> Any:
    """A result as the ledger keeps it, with the model that it is."""
    if isinstance(result, BaseModel):
        kind = type(result)
        return {"model": f"{kind.__module__}:{kind.__qualname__}", "value": result.model_dump(mode="json")}
    if result is None or isinstance(result, (str, int, bool)):
        return {"value": result}
    return {"text": str(result)[:1000]}


def _revived(provider: Provider[Any], intent: Intent) -> Any:
    """The earlier result again. Only models of crowdhub and of the provider's own package are made."""
    kept = cast("dict[str, Any]", intent.result or {})
    if "model" not in kept:
        if "value" in kept:
            return kept["value"]
        raise Conflict(
            f"{intent.operation} was already done under the key {intent.key!r}, with a result that was not kept"
            f" ({kept.get('text', 'nothing')}).",
            next_step="Use what the first call returned; nothing was sent.",
        )
    module, _, name = str(kept["model"]).partition(":")
    if module.partition(".")[0] not in ("crowdhub", type(provider).__module__.partition(".")[0]):
        raise Conflict(f"{intent.operation} was already done; its result is a {kept['model']}, which is not read here.")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    model = cast("type[BaseModel]", found).model_validate(kept["value"])
    return model.model_copy(update={"replayed": True}) if "replayed" in type(model).model_fields else model
