"""After a crash: settle every open intent and every unfinished review by asking the marketplace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from crowdhub.errors import CrowdhubError, OutcomeUnknown
from crowdhub.model import (
    Capability,
    Decision,
    Model,
    Money,
    Outcome,
    Submission,
    Task,
    TaskDraft,
    Worker,
)
from crowdhub.operations.bonuses import Look, look_for_bonus
from crowdhub.operations.reviewing import review
from crowdhub.operations.spending import Guard, identity_of, look_back
from crowdhub.operations.steps import Do, Script
from crowdhub.protocol import Flow, Provider

if TYPE_CHECKING:
    from crowdhub.ledger import Begun, Intent, OpenReview


class Settled(StrEnum):
    DONE = "done"
    """It had been carried out; its result is in the ledger now."""
    NOT_DONE = "not_done"
    """It certainly had not; what was reserved is free again, and so is its key."""
    LOOK = "look"
    """A person must look: ``look_for`` says for what."""


class Recovered(Model):
    """One open intent and what became of it."""

    intent: str
    provider: str
    account: str
    environment: str
    operation: str
    key: str | None
    amount: Money | None
    created_at: datetime
    settled: Settled
    task_id: str | None = None
    look_for: str | None = None


class RecoverReport(Model):
    """What ``recover`` settled, and the outcomes of reviews that it carried on with."""

    intents: tuple[Recovered, ...] = ()
    reviews: tuple[Outcome, ...] = ()

    def __add__(self, other: RecoverReport) -> RecoverReport:
        return RecoverReport(intents=self.intents + other.intents, reviews=self.reviews + other.reviews)

    @property
    def to_look_at(self) -> tuple[Recovered, ...]:
        return tuple(each for each in self.intents if each.settled is Settled.LOOK)


def recover(provider: Provider[Any], guard: Guard) -> Script[RecoverReport]:
    """Settle what this account left open. Nothing is ever sent again here: what was not done is only said to be so."""
    ledger = guard.ledger
    if ledger is None:
        return RecoverReport()
    intents: list[Recovered] = []
    for intent in (yield Do(lambda: ledger.open_intents(provider.account))):
        if intent.identity == identity_of(provider):
            settled = yield from _settle(provider, guard, intent)
            if settled is not None:
                intents.append(settled)
    outcomes: list[Outcome] = []
    for unfinished in (yield Do(lambda: ledger.journal.take_over(provider.account))):
        if (unfinished.provider, unfinished.environment) == (provider.name, provider.environment):
            outcomes.extend((yield from _carry_on(provider, guard, unfinished)))
        else:
            yield Do(partial(ledger.journal.close, unfinished.id))
    return RecoverReport(intents=tuple(intents), reviews=tuple(outcomes))


def _settle(provider: Provider[Any], guard: Guard, intent: Intent) -> Script[Recovered | None]:
    ledger = guard.ledger
    assert ledger is not None
    begun: Begun = yield Do(lambda: ledger.claim(intent.id))
    if begun.status != "recover":
        return None  # settled meanwhile, or somebody is at it
    mine = begun.intent
    with ledger.holding(mine):
        try:
            found: Task | Submission | None = yield from look_back(provider, ledger, mine, _look_of(provider, mine))
        except OutcomeUnknown as error:
            return _recovered(mine, Settled.LOOK, look_for=error.look_for)
        if found is None:
            yield Do(lambda: ledger.fail(mine, "Looked for after its call had ended: it was not carried out."))
            return _recovered(mine, Settled.NOT_DONE)
        yield Do(lambda: ledger.finish(mine, found))
        return _recovered(mine, Settled.DONE, task_id=found.id if isinstance(found, Task) else found.task_id)


def _look_of(provider: Provider[Any], intent: Intent) -> Callable[[datetime | None], Flow[Any]] | None:
    """How the marketplace is asked for what an intent made."""
    if intent.operation == "pay_bonus":
        return _look_of_bonus(provider, intent)
    if intent.operation != "publish" or Capability.FIND_PUBLISHED not in provider.capabilities():
        return None
    asked = cast("dict[str, Any]", intent.content or {})
    kept = {name: asked[name] for name in ("title", "reward", "slots") if name in asked}
    try:
        draft = TaskDraft(**kept, reference=intent.reference)
    except CrowdhubError:  # a row that was edited by hand
        return None
    return lambda since: provider.find_published(draft, since)


def _look_of_bonus(provider: Provider[Any], intent: Intent) -> Look | None:
    match intent.content:
        case {"task": str(task), "submission": str(number), "reason": str(reason)} if intent.amount is not None:
            worker = Worker(id="", raw={})
            submission = Submission(**provider.identity, id=number, task_id=task, worker=worker)
            return look_for_bonus(provider, submission, intent.amount, reason)
        case _:  # a row that was edited by hand, or compacted
            return None


def _recovered(intent: Intent, settled: Settled, **more: Any) -> Recovered:
    return Recovered(
        intent=intent.id,
        **intent.identity,
        operation=intent.operation,
        key=intent.key,
        amount=intent.amount,
        created_at=intent.created_at,
        settled=settled,
        **more,
    )


def _carry_on(provider: Provider[Any], guard: Guard, unfinished: OpenReview) -> Script[list[Outcome]]:
    """Carry out the decisions that have no outcome yet. One that was carried out already is told apart."""
    decisions = [
        Decision(
            submission=Submission(
                **provider.identity,
                id=entry.submission_id,
                task_id=entry.task_id,
                worker=Worker(id="", raw={}),
            ),
            verdict=entry.verdict,
            words=entry.words,
        )
        for entry in unfinished.entries
    ]
    positions = [entry.position for entry in unfinished.entries]
    journal = (unfinished.id, positions)
    outcomes, _ = yield from review(provider, decisions, guard=guard, journal=journal)
    return outcomes
