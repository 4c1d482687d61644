"""Publishing under a key: the same key never publishes twice."""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from crowdhub.errors import InvalidRequest, Issue, NotSupported
from crowdhub.model import Capability, Money, Quote, Task, TaskDraft
from crowdhub.operations.checks import asking
from crowdhub.operations.port import Port
from crowdhub.operations.spending.once import spend
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.purchase import Purchase, as_it_is
from crowdhub.operations.spending.witnesses import Before
from crowdhub.protocol import AnyProvider, Flow, Lookup, Operation, OperationRun

if TYPE_CHECKING:
    from crowdhub.ledger import Intent

T = TypeVar("T")
log = logging.getLogger("crowdhub")


def with_reference(provider: AnyProvider, draft: TaskDraft, key: str | None) -> TaskDraft:
    """The draft with the mark by which it will be found: it follows from the key, so that another process finds
    what this one published; random without a key."""
    return draft.copy_with(reference=reference_of(provider, "publish", key))


def reference_of(provider: AnyProvider, operation: str, key: str | None) -> str:
    """The mark of one spend, the same through resending and recovery; random without a key.

    What the application calls the account is not in it: one account can have two names.
    """
    if key is None:
        text = secrets.token_bytes(10)
    else:
        owner = [provider.name, provider.environment]
        named = "\0".join([*owner, key] if operation == "publish" else [*owner, operation, key])
        try:
            text = hashlib.sha256(named.encode()).digest()[:10]
        except UnicodeEncodeError:
            raise InvalidRequest(issues=[Issue("key", f"{key!r} holds half a character")]) from None
    return "ch-" + base64.b32encode(text).decode().lower()


def referenced(provider: AnyProvider, operation: Operation[T], key: str | None) -> tuple[Operation[T], str | None]:
    """The operation with its mark, where it has a parameter ``reference`` that was not given; and the mark."""
    if not operation.takes("reference") or operation.arguments.get("reference") is not None:
        return operation, None
    reference = reference_of(provider, operation.name, key)
    return operation.given(reference=reference), reference


@dataclass(frozen=True)
class Prepared:
    """What a batch found out about one of its drafts before: what it will take, and how it is found."""

    quote: Quote | None
    lookup: Lookup[Task]
    looked: tuple[Task | None, Before] | None = None


async def publish(
    port: Port,
    policy: SpendingPolicy,
    draft: TaskDraft,
    key: str | None,
    prepared: Prepared | None = None,
    *,
    asked: TaskDraft,
) -> Task:
    """Publish once, with its intent in the ledger. ``draft`` carries its reference; ``asked`` is what the application
    gave, before what the marketplace has no place for was left out."""
    quote = prepared.quote if prepared is not None else await quoted(port, draft)
    task = await spend(port, policy, publication(port.provider, draft, key, quote, prepared))
    warnings = (*task.warnings, *_left_out(port.provider, asked, draft))
    return task.copy_with(metadata=draft.metadata or task.metadata, warnings=warnings)


def _left_out(provider: AnyProvider, asked: TaskDraft, sent: TaskDraft) -> tuple[str, ...]:
    """The fields of a draft that were left out, in words."""
    gone = (name for name in TaskDraft.model_fields if getattr(asked, name) and not getattr(sent, name))
    return tuple(f"{name}: left out of what was sent to {provider.title}" for name in gone)


def publication(
    provider: AnyProvider, draft: TaskDraft, key: str | None, quote: Money | None, prepared: Prepared | None = None
) -> Purchase[Task]:
    """The publishing of a draft, as something to spend on."""
    lookup = prepared.lookup if prepared is not None else publish_lookup(provider, draft)
    return Purchase(
        operation=provider.publish(draft).taken(),
        content=draft,
        restore=_restored,
        keep=as_it_is,
        lookup=lookup,
        after_crash=lookup,
        key=key,
        amount=quote,
        reference=draft.reference,
        title=draft.title,
        looked=prepared.looked if prepared is not None else None,
    )


def publish_lookup(provider: AnyProvider, draft: TaskDraft) -> Lookup[Task]:
    """How a published draft is found again: by its reference, whatever became of its text."""
    with asking(provider, "describe_published"):
        look_for = provider.describe_published(draft)
    if Capability.FIND_PUBLISHED not in provider.capabilities:
        return Lookup(look_for)

    def find(since: datetime | None, _: object) -> Flow[Task | None]:
        found = yield from provider.find_published(draft, since)
        return None if found is None else recognised(found, draft)

    def among(marked: Sequence[Task]) -> Task | None:
        with asking(provider, "published_among"):
            found = provider.published_among(marked, draft)
        return None if found is None else recognised(found, draft)

    if Capability.TASKS not in provider.capabilities:
        return Lookup(look_for, find, marked=True)
    return Lookup(look_for, find, marked=True, listing=provider.published_listing, among=among)


def recognised(found: Task, draft: TaskDraft) -> Task:
    """What was found by the draft's own mark: that proves that it is ours, whatever became of its text."""
    differ = _differences(found, draft)
    if differ:
        log.warning("task %s was found by its mark and is not as asked for: %s", found.id, "; ".join(differ))
    return found.copy_with(replayed=True, reference=draft.reference, warnings=differ)


def _restored(intent: Intent) -> Task:
    return intent.read(Task)


def asks_for_price(provider: AnyProvider, draft: TaskDraft) -> bool:
    """Whether the marketplace has to be asked what publishing will take."""
    if Capability.ESTIMATE not in provider.capabilities:
        return False
    try:
        with OperationRun(provider.estimate(draft)) as run:
            return run.start() is not None
    except Exception:  # noqa: BLE001 - it is told when the price is wanted
        return False


async def quoted(port: Port, draft: TaskDraft) -> Quote | None:
    """What publishing will take; None where the marketplace does not tell of this draft."""
    if Capability.ESTIMATE not in port.provider.capabilities:
        return None
    try:
        return await port.run(port.provider.estimate(draft))
    except NotSupported:
        return None


def _differences(found: Task, draft: TaskDraft) -> tuple[str, ...]:
    """How what was found by its own mark differs from the draft, in words."""
    pairs: dict[str, tuple[object, object]] = {
        "title": (found.title and found.title.strip(), draft.title.strip()),
        "reward": (found.reward, draft.reward),
        "slots": (found.slots, draft.slots),
    }
    # What the draft leaves to the marketplace (a template's title, say) is not compared.
    told = {name: pair for name, pair in pairs.items() if pair[0] is not None and pair[1] not in (None, "")}
    return tuple(f"{name}: the marketplace has {a}, {b} was asked for" for name, (a, b) in told.items() if a != b)
