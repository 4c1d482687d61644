"""One thing to spend on, and its result as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from crowdhub.errors import Conflict
from crowdhub.model import Money, Submission, Task
from crowdhub.operations.spending.witnesses import Before
from crowdhub.protocol import AnyProvider, Lookup, Operation

if TYPE_CHECKING:
    from crowdhub.ledger import Intent

T = TypeVar("T")
NEUTRAL_RESULTS: Mapping[str, type[Task | Submission]] = {"publish": Task, "pay_bonus": Submission}


@dataclass(frozen=True)
class Purchase(Generic[T]):
    """``operation`` is what is sent, ``content`` what was asked, for the ledger: the same key with other content is
    refused. ``lookup`` finds what a lost answer paid for, ``after_crash`` what an earlier process's request did."""

    operation: Operation[T]
    content: object
    restore: Callable[[Intent], T]
    """The earlier result, from the ledger."""
    keep: Callable[[T], object]
    """The result, as the ledger keeps it."""
    lookup: Lookup[T]
    after_crash: Lookup[T]
    key: str | None = None
    amount: Money | None = None
    reference: str | None = None
    task_id: str | None = None
    title: str | None = None
    looked: tuple[T | None, Before] | None = None
    """What a look for a whole batch found of it shortly before, and what was listed then."""
    settles: bool = False
    """Whether it is a decision: no key of its own keeps it from being sent again, so its calls have to leave one result
    however often they are sent."""
    is_never_absent: bool = False
    """Whether the marketplace's listing lags so far behind that what is not there proves nothing, ever."""


def as_it_is(result: object) -> object:
    """A result that the ledger keeps as it is."""
    return result


def kept(result: object) -> object:
    """Any result as the ledger keeps it, with the model that it is."""
    if isinstance(result, BaseModel):
        kind = type(result)
        return {"model": f"{kind.__module__}:{kind.__qualname__}", "value": result.model_dump(mode="json")}
    if result is None or isinstance(result, (str, int, bool)):
        return {"value": result}
    return {"text": str(result)}


def restored(provider: AnyProvider, intent: Intent) -> Any:
    """What `kept` kept. Only models of crowdhub and of the provider's own package are made. Raises `Conflict`."""
    found = cast("dict[str, object]", intent.result or {})
    if "model" not in found:
        if "value" in found:
            return found["value"]
        if "id" in found and intent.operation in NEUTRAL_RESULTS:  # what `recover` found of it
            return intent.read(NEUTRAL_RESULTS[intent.operation])
        raise Conflict(
            f"{intent.operation} was already done under the key {intent.key!r}, with a result that was not kept"
            f" ({found.get('text', 'nothing')}).",
            next_step="Use what the first call returned; nothing was sent.",
        ).with_(was_done=True)
    module, _, name = str(found["model"]).partition(":")
    if module.partition(".")[0] not in ("crowdhub", type(provider).__module__.partition(".")[0]):
        raise Conflict(
            f"{intent.operation} was already done; its result is a {found['model']}, which is not read here."
        ).with_(was_done=True)
    kind: Any = import_module(module)
    for part in name.split("."):
        kind = getattr(kind, part)
    try:
        model = cast("type[BaseModel]", kind).model_validate(found["value"])
    except ValidationError:  # another version wrote it, or it was edited by hand
        raise Conflict(f"{intent.operation} was already done; its result, a {found['model']}, cannot be read.").with_(
            was_done=True
        ) from None
    return model.model_copy(update={"replayed": True}) if "replayed" in type(model).model_fields else model
