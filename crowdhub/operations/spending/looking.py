"""Looking for what a lost answer may have paid for."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from crowdhub.errors import BudgetExceeded, Conflict, CrowdhubError, Lost, OutcomeUnknown
from crowdhub.model import Application, Submission, Task, TaskStatus
from crowdhub.operations.checks import looking_at_answers
from crowdhub.operations.port import Port
from crowdhub.operations.spending.witnesses import NOTHING, Before, Listed, Sight, judge, read_listing
from crowdhub.protocol import AnyProvider, Lookup, Operation

if TYPE_CHECKING:
    from crowdhub.ledger import Intent, Ledger

T = TypeVar("T")
log = logging.getLogger("crowdhub")

LOOKS: Mapping[Lost, Sequence[float]] = {
    Lost.ANSWERED: (0, 1, 3, 6),
    Lost.BROKEN: (0, 1, 3, 6),
    Lost.ACCEPTED: (0, 1, 3, 6),
    Lost.TIMED_OUT: (0, 2, 5),
}
"""Seconds to wait before each look for what a lost call may have made: a listing can be behind. They can find it. That
it is absent is proven by none of them, for it may still be carried out, whatever was answered."""
LOOK_BACK = (0, 1)
"""The same for what an earlier process's call may have made."""

ENDED = "its process ended"
TWICE = "published more than once:"
DOUBT = "That it is not listed proves nothing:"
BESIDE = timedelta(minutes=6)
"""How long before an intent another one may have ended that could still be shown for it: a plugin that is given the
time of a lost call may take five minutes off it, for clocks that differ."""
NEAR = timedelta(hours=1)
"""How far from an intent another one like it could be taken for it."""


@dataclass(frozen=True)
class Trace:
    """What is known of a request whose answer was lost, by which it may be found. ``evidence``: what the lookup read
    before it; ``before``: what the witnesses said; ``is_free``: it takes no money."""

    reference: str | None = None
    evidence: object = None
    before: Before = NOTHING
    intent: Intent | None = None
    is_free: bool = False


class Unsaid(Lookup[T]):
    """Words of ours for an operation that does not say how what it did is found; its own flow may still say it."""


def looking_for(lost: OutcomeUnknown, lookup: Lookup[T]) -> OutcomeUnknown:
    """The error with what a person has to look for."""
    return lost if isinstance(lookup, Unsaid) and lost.look_for else lost.looking_for(lookup.look_for)


async def look(port: Port, lookup: Lookup[T], since: datetime | None, evidence: object = None) -> T | None:
    """Ask the plugin once. ``lookup.find`` must be there."""
    find = lookup.find
    assert find is not None
    return await port.run(Operation("find", lambda: find(since, evidence), {}))


async def look_once(
    port: Port, lookup: Lookup[T], reference: str | None, since: datetime | None, evidence: object = None
) -> tuple[T | None, Sight | None]:
    """One look: in the listing for the mark, wherever in a task it may have gone; where there is no listing, as the
    plugin finds it. What was found, and what the listing showed.

    Raises `Conflict` where what is listed may be another's.
    """
    if lookup.listing is not None and not lookup.marked:
        return await _look_for_new(port, lookup, since, evidence)
    if lookup.listing is None or reference is None:
        return await look(port, lookup, since, evidence), None
    listed = await read_listing(port, lookup.listing())
    sight = listed.sight(reference)
    return found_in(sight, lookup, port.provider), sight


async def _look_for_new(
    port: Port, lookup: Lookup[T], since: datetime | None, evidence: object
) -> tuple[T | None, Sight | None]:
    """One look for what carries no mark: it can only be what was not listed right before the request."""
    assert lookup.listing is not None
    if not isinstance(evidence, Listed) or evidence.doubt is not None:
        raise Conflict("It is not known for certain what was listed before it.")
    listed = await read_listing(port, lookup.listing())
    among = lookup.among
    new = listed.new_since(evidence, since)
    with looking_at_answers(port.provider):
        found = None if among is None else among(new)
    if found is not None and listed.doubt is not None:
        raise Conflict(f"Another one could be it as well: {listed.doubt}.")
    return found, listed.sight(None)


def found_in(sight: Sight, lookup: Lookup[T], provider: AnyProvider) -> T | None:
    """What a listing shows under the mark that was looked for."""
    if not sight.mine or lookup.among is None:
        return None
    with looking_at_answers(provider):
        found = lookup.among(sight.mine)
    published = [each for each in sight.mine if each.status is not TaskStatus.DRAFT]
    if not isinstance(found, Task) or len(published) < 2 or provider.copies_keep_marks:
        return found
    told = f"{TWICE} {', '.join(sorted(each.id for each in published))} carry its mark"
    log.error("task %s: %s", found.id, told)
    return cast("T", found.copy_with(warnings=(*found.warnings, told)))


def keep_told(ledger: Ledger, intent: Intent, found: object) -> bool:
    """Keep among the ledger's twins that several carry the mark of what was found; whether that was told of it."""
    warnings = found.warnings if isinstance(found, Task) else ()
    told = next((each for each in warnings if each.startswith(TWICE)), None)
    if told is not None:
        ledger.note_twin(intent, told)
    return told is not None


async def look_for_lost(
    port: Port, ledger: Ledger | None, lookup: Lookup[T], lost: OutcomeUnknown, trace: Trace
) -> T | None:
    """What a call made whose answer was lost just now; None where nothing of it is seen and it takes no money, so that
    it may be sent once more.

    Raises `OutcomeUnknown` where it cannot be told.
    """
    unknown = looking_for(lost, lookup)
    if not lookup.can_look:
        raise unknown
    sight: Sight | None = None
    try:
        for delay in LOOKS[lost.lost]:
            if delay:
                await port.sleep(delay)
            found, sight = await look_once(port, lookup, trace.reference, lost.sent_at, trace.evidence)
            if found is not None:
                return found
        if lost.lost is not Lost.ANSWERED:
            raise unknown
        if trace.is_free:
            return None
        doubt, _ = await judge(port, ledger, trace.intent, trace.before, sight)
    except OutcomeUnknown:
        raise
    except CrowdhubError as blind:
        raise unknown from blind
    if doubt is not None:
        raise _doubted(unknown, doubt)
    raise unknown if lookup.compares else unknown.doubting(_not_yet(port.provider.settles_within))


async def look_back(
    port: Port, ledger: Ledger, intent: Intent, lookup: Lookup[T], stopped: BaseException | None = None
) -> tuple[T | None, Before]:
    """What an intent without outcome made; None where it certainly made nothing, and may be sent again, with what the
    witnesses say by now.

    A request that left can be carried out late, also when the process that sent it is gone: until the provider's
    ``settles_within`` is over, its absence proves nothing. ``stopped``: what kept it from being sent again at once, to
    a marketplace that knows it for the same.

    Raises `OutcomeUnknown` where it cannot be told; the intent stays open for a later look.
    """
    sent_at = intent.sent_at or intent.created_at
    unknown = OutcomeUnknown(
        f"An earlier {intent.operation} of {sent_at:%Y-%m-%d %H:%M:%S} UTC ended without an outcome"
        f" ({_first_words(intent.error)}).",
        sent_at=sent_at,
    ).looking_for(intent.look_for or f"{intent.operation} of {intent.amount or 'an unknown amount'} at that time")
    blind: CrowdhubError | None = None
    before = Before.of_json(intent.witness)
    sight: Sight | None = None
    if not lookup.can_look or lookup.compares:
        unknown = unknown.doubting(f"{port.provider.name} cannot be asked for it.")
    elif not lookup.marked and await port.blocking(lambda: has_twin(ledger, intent)):
        unknown = unknown.doubting("It carries no mark, and the ledger knows another that it could be mistaken for.")
    else:
        try:
            for delay in LOOK_BACK:
                if delay:
                    await port.sleep(delay)
                found, sight = await look_once(port, lookup, intent.reference, intent.created_at)
                if found is not None:
                    await _check_whose(port, ledger, intent, lookup, found)
                    return found, before
            left = port.provider.settles_within - await port.blocking(lambda: ledger.age(intent))
            if left <= timedelta():
                doubt, now = await judge(port, ledger, intent, before, sight)
                if doubt is None:
                    return None, now
                unknown = _doubted(unknown, doubt)
            elif before.balance is not None:
                unknown = unknown.doubting(_not_yet(left))
            else:
                unknown = unknown.doubting("It is not there; that proves nothing, and nothing else can be asked.")
        except CrowdhubError as error:
            blind = error
            unknown = unknown.doubting(f"Looking for it failed: {error.message}")
    unknown = _but_for_the_budget(unknown, stopped)
    # What was first said about it stays, so that the words do not grow with each look.
    await port.blocking(lambda: ledger.unknown(intent, intent.error or ENDED))
    raise unknown from blind


async def _check_whose(port: Port, ledger: Ledger, intent: Intent, lookup: Lookup[Any], found: object) -> None:
    """Raises `Conflict` where a bonus that was found may be another intent's."""
    if not lookup.marked and await port.blocking(lambda: is_for_one_paid_beside(ledger, intent, found)):
        raise Conflict("The ledger knows another bonus near it that may have gone to the same worker.")


def _but_for_the_budget(unknown: OutcomeUnknown, stopped: BaseException | None) -> OutcomeUnknown:
    if not isinstance(stopped, BudgetExceeded):
        return unknown
    return unknown.doubting(f"It could be sent again, but for the budget: {stopped.message}")


def _not_yet(left: timedelta) -> str:
    return f"It is not there yet; in {left.total_seconds():.0f} s that can be proof: ask again then."


def _first_words(error: str | None) -> str:
    """What was said first about it, without what to do next."""
    return (error or ENDED).partition(" Money may have been spent.")[0].rstrip(".")


def _doubted(unknown: OutcomeUnknown, doubt: str) -> OutcomeUnknown:
    return unknown.doubting(f"{DOUBT} {doubt}.")


def has_twin(ledger: Ledger, intent: Intent) -> bool:
    """Whether the ledger knows another intent like this one, near it, that was or may have been carried out: what is
    found at the marketplace could then be either's."""
    return any(
        not _is_marked(each)
        and each.amount in (intent.amount, None)
        and each.task_id in (intent.task_id, None)
        and each.created_at < intent.created_at + NEAR
        for each in _sent_since(ledger, intent)
    )


def is_for_one_paid_beside(ledger: Ledger, intent: Intent, found: object) -> bool:
    """Whether a bonus that was found may be the one of another intent, for other work: a marketplace can tell of a
    payment to whom it went and not what for, and its list of the worker's other work can lack some of it. A bonus of
    another amount counts too, as the marketplace may list it with its fee."""
    if not isinstance(found, Submission):
        return False
    return any(
        _could_be_the_bonus_of(each, intent, found) and each.created_at < intent.created_at + NEAR
        for each in _sent_since(ledger, intent)
    )


def _could_be_the_bonus_of(other: Intent, intent: Intent, found: Submission) -> bool:
    return other.operation == intent.operation and _worker_of(other) in (found.worker.id, None)


def _worker_of(intent: Intent) -> str | None:
    """Whom the ledger knows a bonus to have gone to."""
    match intent.result:
        case {"worker": {"id": str(worker)}} if worker:
            return worker
        case _:
            return None


def could_be_anothers(ledger: Ledger, intent: Intent, found: object) -> bool:
    """Whether what was just found for an intent, and carries no mark, may have been paid for by another one: one that
    has it for its result, or that was under way beside it and for all that is known made no other task. What it is
    called, and what amount the application gave it, tell nothing."""
    made = found.id if isinstance(found, Task) else None
    if made is not None and ledger.report.made(intent, made):
        return True
    if isinstance(found, Application):  # its task is the one that was given out, which no other acceptance can have
        made = found.task_id
        if ledger.report.made(intent, made, operation=intent.operation):
            return True
    return any(
        (each.settled_at is None or each.settled_at > intent.created_at - BESIDE)
        and (
            _could_be_the_bonus_of(each, intent, found)
            if isinstance(found, Submission)
            else not _is_marked(each) and (made is None or each.task_id is None or each.state != "done")
        )
        for each in _sent_since(ledger, intent)
    )


def _sent_since(ledger: Ledger, intent: Intent) -> Iterator[Intent]:
    """The account's other intents, since shortly before this one, that were or may have been carried out."""
    near = ledger.report.beside(intent, intent.created_at - NEAR)
    return (each for each in near if each.state not in ("not_done", "intended"))


def _is_marked(intent: Intent) -> bool:
    return intent.operation == "publish" and intent.reference is not None
