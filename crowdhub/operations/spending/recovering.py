"""After a crash: settle every open intent and every unfinished review by asking the marketplace."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, cast

from pydantic import Field

from crowdhub.errors import Conflict, CrowdhubError, NotFound, OutcomeUnknown
from crowdhub.model import (
    Capability,
    Decision,
    Model,
    Money,
    Outcome,
    Result,
    Submission,
    SubmissionStatus,
    Task,
    TaskDraft,
    Verdict,
    Worker,
)
from crowdhub.operations.listing import all_items
from crowdhub.operations.port import Port, identity_of
from crowdhub.operations.reviewing import review
from crowdhub.operations.settling import WANTED
from crowdhub.operations.spending.bonuses import bonus_lookup, bonus_payment
from crowdhub.operations.spending.charges import task_id_of
from crowdhub.operations.spending.deciding import DecisionTill, decided_on, decision_lookup
from crowdhub.operations.spending.looking import keep_told, look_back
from crowdhub.operations.spending.once import send_again
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.publishing import publication, publish_lookup, reference_of
from crowdhub.operations.spending.purchase import Purchase
from crowdhub.operations.spending.reservation import NotRecognised
from crowdhub.protocol import AnyProvider, Lookup

if TYPE_CHECKING:
    from crowdhub.ledger import Intent, JournalEntry, Ledger, OpenReview


class Settled(StrEnum):
    DONE = "done"
    """It had been carried out; its result is in the ledger now."""
    NOT_DONE = "not_done"
    """It certainly had not; what was reserved is free again, and so is its key."""
    PAID = "paid"
    """It was paid for, and its operation did not come to its end: the same key goes on from there. With a
    ``look_for``, a later payment of it is in doubt: a person must look."""
    TWICE = "twice"
    """It was carried out beside another request under the same key: a person must look at both."""
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
    doubt: str | None = None
    """Why looking did not tell, in a sentence (None: nobody looked, or it told)."""

    @property
    def must_look(self) -> bool:
        """Whether a person must look at the marketplace."""
        if self.settled is Settled.PAID:
            return self.look_for is not None
        return self.settled in (Settled.LOOK, Settled.TWICE)


class RecoverReport(Model):
    """What ``recover`` settled, and the outcomes of reviews that it carried on with. ``failed``: the error of each
    account, by its name, of which something could not be asked; it hides none of the others."""

    intents: tuple[Recovered, ...] = ()
    reviews: tuple[Outcome, ...] = ()
    failed: Mapping[str, CrowdhubError] = Field(default_factory=dict[str, CrowdhubError])

    def __add__(self, other: RecoverReport) -> RecoverReport:
        return RecoverReport(
            intents=self.intents + other.intents,
            reviews=self.reviews + other.reviews,
            failed={**self.failed, **other.failed},
        )

    @property
    def to_look_at(self) -> tuple[Recovered, ...]:
        return tuple(each for each in self.intents if each.must_look)


async def recover(port: Port, policy: SpendingPolicy) -> RecoverReport:
    """Settle what this account left open. Only what the marketplace knows for the same request is sent again, for that
    long; all else is looked for, and what was not done is only said to be so."""
    ledger = policy.ledger
    if ledger is None:
        return RecoverReport()
    provider = port.provider
    intents: list[Recovered] = []
    doubtful: set[tuple[str, str]] = set()
    owner = await port.blocking(lambda: ledger.owner_of(provider.settings.secrets()))
    for intent in await port.blocking(lambda: ledger.open_intents(provider.account, owner=owner)):
        if _is_of(intent, provider):
            settled = await _settle(port, policy, ledger, intent)
            if settled is not None:
                intents.append(settled)
                if settled.settled is Settled.LOOK:
                    doubtful |= decided_on(intent)
    paid = await port.blocking(lambda: ledger.unfinished(provider.account, owner=owner))
    intents += [_left(each) for each in paid if _is_of(each, provider)]
    twins = await port.blocking(lambda: ledger.twins(provider.account, owner=owner))
    intents += [_twice(each) for each in twins if _is_of(each, provider)]
    outcomes: list[Outcome] = []
    failed: CrowdhubError | None = None
    for unfinished in await port.blocking(lambda: ledger.journal.take_over(identity_of(provider), owner)):
        try:
            outcomes.extend(await _carry_on(port, policy, ledger, unfinished, doubtful))
        except CrowdhubError as error:  # it stays open; the others are carried on with
            failed = failed or error
        finally:
            await port.blocking(partial(ledger.journal.close, unfinished.id))
    told = {} if failed is None else {provider.account: port.described(failed)}
    return RecoverReport(intents=tuple(intents), reviews=tuple(outcomes), failed=told)


async def unresolved(port: Port, ledger: Ledger) -> list[Recovered]:
    """What is unknown, or was carried out twice, of all accounts that the ledger knows, oldest first."""
    found = [_left(each) for each in await port.blocking(ledger.doubtful)]
    found += map(_twice, await port.blocking(ledger.twins))
    return sorted(found, key=lambda each: each.created_at)


def _is_of(intent: Intent, provider: AnyProvider) -> bool:
    """Whether it is of this marketplace; of which account there was told by its name, or by what its key opens."""
    return (intent.provider, intent.environment) == (provider.name, provider.environment)


def _left(intent: Intent) -> Recovered:
    """What nobody has asked the marketplace about."""
    settled = Settled.PAID if intent.state == "done" else Settled.LOOK
    return _recovered(intent, settled, task_id=intent.task_id, look_for=intent.look_for)


def _twice(twin: Intent) -> Recovered:
    """What was carried out beside another request under the same key."""
    return _recovered(twin, Settled.TWICE, task_id=twin.task_id, look_for=twin.error)


async def _settle(port: Port, policy: SpendingPolicy, ledger: Ledger, intent: Intent) -> Recovered | None:
    with ledger.holding() as held:
        begun = await port.blocking(lambda: ledger.claim(intent.id, held))
        mine = begun.intent
        if begun.status == "new":
            await port.blocking(lambda: ledger.fail(mine, "Its call ended before any request that takes money left."))
            return _recovered(mine, Settled.NOT_DONE)
        if begun.status != "recover":
            return None  # settled meanwhile, or somebody is at it
        purchase = await port.blocking(lambda: _purchase(port.provider, ledger, mine))
        stopped: BaseException | None = None
        if purchase is not None:
            try:
                again = await send_again(port, policy, cast("Purchase[object]", purchase), mine)
            except NotRecognised as stop:
                stopped = stop.__cause__
            except CrowdhubError as error:
                return await _failed(port, ledger, mine, error)
            else:
                return _recovered(mine, Settled.DONE, task_id=task_id_of(again))
        try:
            found, _ = await look_back(port, ledger, mine, _lookup(port.provider, mine), stopped)
        except OutcomeUnknown as error:
            return _recovered(mine, Settled.LOOK, look_for=error.look_for, doubt=error.doubt)
        if found is None:
            await port.blocking(
                lambda: ledger.fail(mine, "Looked for after its call had ended: it was not carried out.")
            )
            return _recovered(mine, Settled.NOT_DONE)
        await port.blocking(lambda: ledger.finish(mine, found))
        if await port.blocking(lambda: keep_told(ledger, mine, found)):
            return None  # it is told with the other twins
        return _recovered(mine, Settled.DONE, task_id=found.id if isinstance(found, Task) else found.task_id)


async def _failed(port: Port, ledger: Ledger, intent: Intent, error: CrowdhubError) -> Recovered:
    """What the same request, sent again, came to."""
    now = await port.blocking(lambda: ledger.get(intent.id)) or intent
    if now.state == "not_done":
        return _recovered(now, Settled.NOT_DONE)
    if now.state == "done":
        return _recovered(now, Settled.PAID, task_id=now.task_id, look_for=now.look_for)
    return _recovered(now, Settled.LOOK, look_for=now.look_for, doubt=error.message)


def _purchase(provider: AnyProvider, ledger: Ledger, intent: Intent) -> Purchase[Task] | Purchase[Submission] | None:
    """What was asked for, as it was; None where the ledger does not have all of it (a picture, a plugin's own
    operation). Sends nothing."""
    made: Purchase[Task] | Purchase[Submission]
    try:
        match intent.operation, intent.content:
            case "publish", {"title": str()}:
                draft = TaskDraft.model_validate(intent.content)
                made = publication(provider, draft, intent.key, intent.amount)
            case "pay_bonus", {"task": str(task), "submission": str(number), "reason": str(reason)} if (
                amount := _paid(intent)
            ) is not None and intent.reference is not None:
                work = Submission(**provider.identity, id=number, task_id=task, worker=Worker(id=""))
                made = bonus_payment(provider, work, amount, reason, intent.key, intent.reference)
            case _:
                return None
    except (CrowdhubError, ValueError):  # a row that was edited by hand
        return None
    return made if ledger.has_asked_for(intent, made.content) else None


def _lookup(provider: AnyProvider, intent: Intent) -> Lookup[Task | Submission]:
    """How the marketplace is asked for what an intent made."""
    found: Lookup[Task] | Lookup[Submission] | None = None
    if intent.operation == "pay_bonus":
        found = _bonus(provider, intent)
    elif intent.operation == "publish":
        found = _published(provider, intent)
    else:
        found = decision_lookup(provider, intent)
    return cast("Lookup[Task | Submission]", found or Lookup(intent.look_for or f"what {intent.operation} paid for"))


def _published(provider: AnyProvider, intent: Intent) -> Lookup[Task] | None:
    asked = cast("dict[str, object]", intent.content or {})
    if isinstance(asked.get("draft"), dict):  # run as the plugin's own operation
        asked = cast("dict[str, object]", asked["draft"])
    reference = intent.reference or asked.get("reference")
    if "title" not in asked and reference is None:
        return None
    kept: dict[str, object] = {name: asked[name] for name in ("title", "reward", "slots") if name in asked}
    try:
        draft = TaskDraft.model_validate({**kept, "reference": reference})
    except (CrowdhubError, ValueError):  # a row that was edited by hand
        return None
    return publish_lookup(provider, draft)


def _bonus(provider: AnyProvider, intent: Intent) -> Lookup[Submission] | None:
    match intent.content:
        case {"task": str(task), "submission": str(number), "reason": str(reason)} if (
            amount := _paid(intent)
        ) is not None:
            submission = Submission(**provider.identity, id=number, task_id=task, worker=Worker(id=""))
            reference = intent.reference or (reference_of(provider, "pay_bonus", intent.key) if intent.key else None)
            return bonus_lookup(provider, submission, amount, reason, reference)
        case _:  # a row that was edited by hand, or compacted
            return None


def _paid(intent: Intent) -> Money | None:
    """What the worker was to be paid: the intent's own amount has the marketplace's commission in it."""
    asked = cast("dict[str, object]", intent.content or {})
    try:
        return Money.model_validate(asked.get("amount"))
    except (CrowdhubError, ValueError):  # a row that was edited by hand
        return None


def _recovered(
    intent: Intent,
    settled: Settled,
    *,
    task_id: str | None = None,
    look_for: str | None = None,
    doubt: str | None = None,
) -> Recovered:
    return Recovered(
        intent=intent.id,
        **intent.identity,
        operation=intent.operation,
        key=intent.key,
        amount=intent.amount,
        created_at=intent.created_at,
        settled=settled,
        task_id=task_id,
        look_for=look_for,
        doubt=doubt,
    )


async def _carry_on(
    port: Port,
    policy: SpendingPolicy,
    ledger: Ledger,
    unfinished: OpenReview,
    doubtful: Collection[tuple[str, str]],
) -> tuple[Outcome, ...]:
    """Carry out the decisions that have no outcome yet. One that was carried out already is told apart.

    One about work that was handed in anew since is not carried out: nobody has looked at that. Nor is one that may have
    been paid for already (``doubtful``); it stays open until somebody has looked.
    """
    from crowdhub.ledger import Noted  # the database is loaded where there is a ledger

    now, gone = await _present(port, {entry.task_id for entry in unfinished.entries})
    fresh: list[JournalEntry] = []
    stale: list[Outcome] = []
    for entry in unfinished.entries:
        about = (entry.task_id, entry.submission_id)
        found = now.get(about)
        error: CrowdhubError | None
        if entry.task_id in gone:
            # At its end, though it cannot be told: nothing of such a task can be decided any more.
            result, error, noted_as = Result.UNKNOWN, _untold(entry, unfinished, gone[entry.task_id]), Result.FAILED
        elif found is not None and found.status in WANTED[entry.verdict]:
            result, error, noted_as = Result.ALREADY, None, Result.ALREADY
        elif about in doubtful:
            result, error, noted_as = Result.UNKNOWN, _in_doubt(entry, unfinished), Result.UNKNOWN
        elif found is not None and _is_stale(entry, found):
            error = Conflict(f"Submission {found.id} is not the work that was decided on any more.", actual=found)
            result = noted_as = Result.FAILED
            if entry.verdict is Verdict.REDO:  # it was sent back, or nobody could have handed in anew
                result, error, noted_as = Result.ALREADY, None, Result.ALREADY
        else:
            fresh.append(entry)
            continue
        stale.append(Outcome(decision=_decision(port.provider, entry), result=result, error=error))
        noted = Noted(entry.position, noted_as.value, None if error is None else str(error))
        await port.blocking(partial(ledger.journal.outcome, unfinished.id, [noted]))
    decisions = [_decision(port.provider, entry) for entry in fresh]
    positions = [entry.position for entry in fresh]
    till, rest = DecisionTill(policy), (unfinished.id, positions)
    report = await review(port, decisions, till=till, ledger=ledger, unfinished=rest)
    return (*report.outcomes, *stale)


def _untold(entry: JournalEntry, unfinished: OpenReview, gone: NotFound) -> OutcomeUnknown:
    """The decision may have been carried out before the review ended; nothing shows it any more."""
    error = OutcomeUnknown(
        f"Whether the decision {entry.verdict} on submission {entry.submission_id} was carried out cannot be told: task"
        f" {entry.task_id} is not there any more.",
        sent_at=unfinished.created_at,
    ).looking_for(f"submission {entry.submission_id} of task {entry.task_id}, and what was paid for it")
    error.__cause__ = gone
    return error


def _in_doubt(entry: JournalEntry, unfinished: OpenReview) -> OutcomeUnknown:
    """An earlier request for the decision may have been carried out, or may be yet."""
    return OutcomeUnknown(
        f"The decision {entry.verdict} on submission {entry.submission_id} takes money, and an earlier request for it"
        " is in doubt.",
        sent_at=unfinished.created_at,
    ).looking_for(f"the state of submission {entry.submission_id} of task {entry.task_id}")


async def _present(port: Port, tasks: Collection[str]) -> tuple[dict[tuple[str, str], Submission], dict[str, NotFound]]:
    """The submissions of these tasks as they stand now, and the tasks that are gone."""
    found: dict[tuple[str, str], Submission] = {}
    gone: dict[str, NotFound] = {}
    if Capability.SUBMISSIONS not in port.provider.capabilities:
        return found, gone
    for task_id in sorted(tasks):
        try:
            async for batch in all_items(port, port.provider.submissions(task_id)):
                found.update(((task_id, each.id), each) for each in batch)
        except NotFound as error:
            gone[task_id] = error
    return found, gone


def _is_stale(entry: JournalEntry, now: Submission) -> bool:
    if now.status in (SubmissionStatus.REDO, SubmissionStatus.IN_PROGRESS) and entry.verdict is not Verdict.REDO:
        return True
    known = entry.submitted_at is not None and now.submitted_at is not None
    return known and now.status is SubmissionStatus.PENDING and now.submitted_at != entry.submitted_at


def _decision(provider: AnyProvider, entry: JournalEntry) -> Decision:
    submission = Submission(
        **provider.identity,
        id=entry.submission_id,
        task_id=entry.task_id,
        worker=Worker(id=""),
        submitted_at=entry.submitted_at,
    )
    kept = {"verdict": entry.verdict, "comment": entry.comment, "options": entry.options}
    return Decision.model_validate({"submission": submission, **kept})
