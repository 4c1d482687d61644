"""Spending once: an intent is in the ledger before the request leaves, its outcome after it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from crowdhub.errors import CrowdhubError, LedgerError, Lost, NotConfirmed, OutcomeUnknown
from crowdhub.model import Model, Money
from crowdhub.operations.bonuses import has_twin
from crowdhub.operations.steps import Do, Run, Script, Sleep
from crowdhub.protocol import LOOKS, Flow, Provider

if TYPE_CHECKING:
    from crowdhub.ledger import Begun, Budget, Intent, Ledger

T = TypeVar("T")
log = logging.getLogger("crowdhub")


class Spend(Model):
    """What is about to be spent: what a ``confirm`` hook is asked about. ``amount`` None: not known before."""

    operation: str
    provider: str
    account: str
    environment: str
    amount: Money | None
    title: str | None = None
    key: str | None = None


Confirm = Callable[[Spend], bool]


@dataclass(frozen=True)
class Guard:
    """What stands between a wish to spend and the request."""

    ledger: Ledger | None = None
    budget: Budget | None = None
    confirm: Confirm | None = None
    max_wait: float = 60.0


@dataclass(frozen=True)
class Wish(Generic[T]):
    """One thing to spend on: what it is, how it is sent, how it is found again."""

    operation: str
    content: Any
    send: Callable[[], Flow[T]]
    revive: Callable[[Intent], T]
    """The earlier result, from the ledger."""
    keep: Callable[[T], Any] = lambda result: result
    """The result, as the ledger keeps it."""
    look: Callable[[datetime | None], Flow[T | None]] | None = None
    """Find at the marketplace what an earlier request made; None where it cannot be found."""
    look_first: bool = True
    """Whether a key's first request is looked for too: what ``look`` finds carries the key's own mark."""
    key: str | None = None
    amount: Money | None = None
    reference: str | None = None
    task_id: str | None = None
    title: str | None = None
    look_for: str | None = None


def spend(provider: Provider[Any], guard: Guard, wish: Wish[T]) -> Script[T]:
    """Carry out a wish once: replay it, recover it, or send it."""
    ledger = guard.ledger
    if ledger is None:
        if wish.key is not None and wish.look is not None and wish.look_first:
            earlier: T | None = yield Run(wish.look(None))
            if earlier is not None:
                return earlier
        yield from _confirmed(provider, guard, wish)
        sent: T = yield Run(wish.send())
        return sent
    begun = yield from _begin(provider, guard, wish, ledger)
    if begun.status == "replayed":
        return wish.revive(begun.intent)
    intent = begun.intent
    found: T | None
    result: T
    with ledger.holding(intent):
        if begun.status == "recover":
            found = yield from look_back(provider, ledger, intent, wish.look)
        elif wish.key is not None and wish.look is not None and wish.look_first:
            # Another machine, or a ledger that was lost since: the marketplace itself knows the key's mark.
            found = yield from _before(ledger, intent, wish.look)
        else:
            found = None
        if found is not None:
            yield Do(lambda: finish(ledger, intent, wish.keep(found)))
            return found
        try:
            yield from _confirmed(provider, guard, wish)
            result = yield Run(wish.send())
        except CrowdhubError as error:
            failed = error  # the name `error` ends with this block
            yield Do(lambda: note(ledger, intent, failed))
            raise
        yield Do(lambda: finish(ledger, intent, wish.keep(result)))
        return result


def finish(ledger: Ledger, intent: Intent, result: Any) -> None:
    """Write down that it was carried out. What was done is not undone by a full disk: the caller gets its result,
    and the intent stays open for ``recover``."""
    try:
        ledger.finish(intent, result)
    except LedgerError as error:
        log.error("carried out, but the ledger could not note it: %s", error)
        warnings.warn(
            f"{intent.operation} was carried out, but the ledger could not note it ({error.message}); run recover.",
            LedgerWarning,
            stacklevel=2,
        )


class LedgerWarning(UserWarning):
    """Something was carried out that the ledger could not note; ``recover`` settles it."""


def note(ledger: Ledger, intent: Intent, error: CrowdhubError) -> None:
    """Write down that it failed: not done, or not to be told."""
    if isinstance(error, OutcomeUnknown) or error.money_may_be_spent:
        ledger.unknown(intent, error)
        again = ", and so does the same key" if intent.key is not None else ""
        error.next_step += f" `recover` looks again{again}."
    else:
        ledger.fail(intent, error)


def _begin(provider: Provider[Any], guard: Guard, wish: Wish[Any], ledger: Ledger) -> Script[Begun]:
    def begin() -> Begun:
        return ledger.begin(
            identity_of(provider),
            wish.operation,
            wish.content,
            key=wish.key,
            amount=wish.amount,
            reference=wish.reference,
            task_id=wish.task_id,
            budget=guard.budget,
            look_for=wish.look_for,
        )

    while True:
        begun: Begun = yield Do(begin)
        if begun.status != "under way":
            return begun
        yield Do(partial(ledger.wait, begun.intent, guard.max_wait))


def _confirmed(provider: Provider[Any], guard: Guard, wish: Wish[Any]) -> Script[None]:
    confirm = guard.confirm
    if confirm is None:
        return
    asked = Spend(**provider.identity, operation=wish.operation, amount=wish.amount, title=wish.title, key=wish.key)
    if not (yield Do(lambda: confirm(asked))):
        raise NotConfirmed(f"{wish.operation} for {wish.amount or 'an unknown price'} was not confirmed.")


def _before(ledger: Ledger, intent: Intent, look: Callable[[datetime | None], Flow[T | None]]) -> Script[T | None]:
    try:
        found: T | None = yield Run(look(None))
    except CrowdhubError as error:
        failed = error
        yield Do(lambda: ledger.fail(intent, failed))
        raise
    return found


def look_back(
    provider: Provider[Any], ledger: Ledger, intent: Intent, look: Callable[[datetime | None], Flow[T | None]] | None
) -> Script[T | None]:
    """What an intent without outcome made; None where it certainly made nothing, and may be sent again.

    A request that left can be carried out late, also when the process that sent it is gone: until the provider's
    ``settles_within`` is over, its absence proves nothing.

    Raises `OutcomeUnknown` where it cannot be told; the intent stays open for a later look.
    """
    unknown = OutcomeUnknown(
        f"An earlier {intent.operation} of {intent.created_at:%Y-%m-%d %H:%M:%S} UTC ended without an outcome"
        f" ({intent.error or 'its process ended'}).",
        sent_at=intent.created_at,
    ).looking_for(intent.look_for or f"{intent.operation} of {intent.amount or 'an unknown amount'} at that time")
    if look is None or (intent.reference is None and (yield Do(lambda: has_twin(ledger, intent)))):
        yield Do(lambda: _keep_open(ledger, intent, unknown))
        raise unknown
    try:
        for delay in LOOKS[Lost.ANSWERED]:
            if delay:
                yield Sleep(delay)
            found: T | None = yield Run(look(intent.created_at))
            if found is not None:
                return found
    except CrowdhubError as blind:
        yield Do(lambda: _keep_open(ledger, intent, unknown))
        raise unknown from blind
    age = ledger.clock.now() - intent.created_at
    if age < provider.settles_within:
        wait = (provider.settles_within - age).total_seconds()
        unknown.next_step += f" It is not there yet; in {wait:.0f} s its absence will be proof: ask again then."
        yield Do(lambda: _keep_open(ledger, intent, unknown))
        raise unknown
    return None


def _keep_open(ledger: Ledger, intent: Intent, unknown: OutcomeUnknown) -> None:
    """Still unknown: what was first said about it stays, so that the words do not grow with each look."""
    ledger.unknown(intent, intent.error or unknown)


def identity_of(provider: Provider[Any]) -> dict[str, str]:
    """The account, as the ledger names it."""
    return {"provider": provider.name, "account": provider.account, "environment": provider.environment}


def arguments_of(flow: Flow[Any]) -> Mapping[str, Any]:
    """What a flow that has not started was called with, which is what it asks."""
    frame = getattr(flow, "gi_frame", None)
    return {} if frame is None else {k: v for k, v in frame.f_locals.items() if k not in ("self", "__class__")}
