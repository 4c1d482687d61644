"""Faults of the core, planted on purpose: each takes the place of one or two functions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from crowdhub.engine import classify
from crowdhub.errors import CrowdhubError, Lost, OutcomeUnknown
from crowdhub.ledger import Decided, Intent, Ledger, transitions
from crowdhub.ledger.intent import BeginStatus
from crowdhub.operations.spending import looking, outcomes, witnesses

Patches = Sequence[tuple[str, object]]
"""What is replaced, by its full name, and what takes its place."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One fault, and where it must be found: the scenario's name, and the most departures that it takes.

    ``known``: a path that found it before, which is tried first; all others are gone through where it does not.
    """

    name: str
    scenario: str
    depth: int
    patches: Callable[[], Patches]
    known: str = ""
    quick: bool = False


def _age_from_created_at() -> Patches:
    def age(self: Ledger, intent: Intent) -> timedelta:
        return self.clock.now() - intent.created_at

    return [("crowdhub.ledger.Ledger.age", age)]


def _always(value: object) -> Callable[..., object]:
    def same(*_: object) -> object:
        return value

    return same


def _any_age_is_enough() -> Patches:
    return [("crowdhub.ledger.Ledger.age", _always(timedelta(days=1)))]


def _no_compare_and_set() -> Patches:
    def sending(row: Any, intent: Intent, lease_until: int, now: int, tick: str | None) -> Any:
        del intent, lease_until
        return row._replace(state="sent", sent_at=now, sent_tick=tick)

    return [("crowdhub.ledger.transitions.sending", sending)]


def _finish_swallows() -> Patches:
    return [("crowdhub.ledger.transitions.is_second", _always(False))]


def _resent_on_time_out() -> Patches:
    judged = classify.of_transport

    def of_transport(*given: Any) -> classify.Failure:
        found = judged(*given)
        found.again = True
        return found

    def may_be_repeated(_: object) -> bool:
        return True

    return [
        ("crowdhub.engine.classify.of_transport", of_transport),
        ("crowdhub.protocol.Call.may_be_repeated", property(may_be_repeated)),
    ]


def _seconds_prove_absence(which: Lost) -> Callable[[], Patches]:
    look = looking.look_for_lost

    async def look_for_lost(port: Any, ledger: Any, lookup: Any, lost: OutcomeUnknown, trace: Any) -> Any:
        try:
            return await look(port, ledger, lookup, lost, trace)
        except OutcomeUnknown as unknown:
            if lost.lost is not which or unknown.__cause__ is not lost.__cause__:
                raise
            return None

    return lambda: [("crowdhub.operations.spending.once.look_for_lost", look_for_lost)]


def _absent_without_a_doubt() -> Patches:
    async def look_for_lost(port: Any, _: object, lookup: Any, lost: OutcomeUnknown, trace: Any) -> Any:
        try:
            found, _sight = await looking.look_once(port, lookup, trace.reference, lost.sent_at, trace.evidence)
        except CrowdhubError as error:
            raise looking.looking_for(lost, lookup) from error
        return found

    return [("crowdhub.operations.spending.once.look_for_lost", look_for_lost)]


def _money_is_not_asked() -> Patches:
    return [("crowdhub.operations.spending.witnesses._money_moved", _always(None))]


def _cut_list_proves_absence() -> Patches:
    """As if there were one witness, a list, and nobody asked whether it shows all."""
    sight = witnesses.Listed.sight

    def whole(self: witnesses.Listed, reference: str | None) -> witnesses.Sight:
        return replace(sight(self, reference), doubt=None, unreadable=None)

    return [("crowdhub.operations.spending.witnesses.Listed.sight", whole), *_money_is_not_asked()]


def _list_before_is_not_read() -> Patches:
    """What carries no mark is taken for new, though nobody knows what was there before."""
    new_since = witnesses.Listed.new_since

    def all_are_new(self: witnesses.Listed, _: object, moment: Any) -> Any:
        return new_since(self, witnesses.Listed((), None, None), moment)

    return [("crowdhub.operations.spending.witnesses.Listed.new_since", all_are_new), *_never_anothers()]


def _budget_is_not_asked() -> Patches:
    return [("crowdhub.ledger.Budget.check", _always(None))]


def _first_row_is_it() -> Patches:
    sight = witnesses.Listed.sight

    def any_row(self: witnesses.Listed, reference: str | None) -> witnesses.Sight:
        seen = sight(self, reference)
        return replace(seen, mine=seen.mine or tuple(each for each, _ in self.texts)) if reference else seen

    return [("crowdhub.operations.spending.witnesses.Listed.sight", any_row)]


def _bonus_by_its_amount() -> Patches:
    def is_alike(entry: Any, performer: int, amount: Any) -> bool:
        del performer
        return entry.count is not None and abs(entry.count.amount) >= amount.amount

    return [("crowdhub_etxt.bonuses._is_alike", is_alike), *_never_anothers()]


def _never_anothers() -> Patches:
    return [("crowdhub.operations.spending.reservation.could_be_anothers", _always(False))]


def _status(change: Callable[[BeginStatus, Any], BeginStatus]) -> Patches:
    name = "_status"
    true: Callable[..., BeginStatus] = getattr(transitions, name)

    def status(connection: Any, row: Any, *given: Any) -> BeginStatus:
        return change(true(connection, row, *given), row)

    return [("crowdhub.ledger.transitions._status", status)]


def _never_sent_is_sent() -> Patches:
    def change(status: BeginStatus, row: Any) -> BeginStatus:
        return BeginStatus.RECOVER if status is BeginStatus.NEW and row.state == "intended" else status

    return _status(change)


def _sent_is_never_sent() -> Patches:
    return _status(lambda status, _: BeginStatus.NEW if status is BeginStatus.RECOVER else status)


def _no_replay() -> Patches:
    return _status(lambda status, _: BeginStatus.NEW if status is BeginStatus.REPLAYED else status)


def _random_reference() -> Patches:
    numbers = iter(range(1_000_000))

    def reference_of(*_: object) -> str:
        return f"ch-random{next(numbers):07d}"

    return [("crowdhub.operations.spending.publishing.reference_of", reference_of)]


def _paid_is_forgotten() -> Patches:
    true = outcomes.note

    def note(ledger: Ledger, intent: Intent, error: CrowdhubError, **_: object) -> CrowdhubError:
        return true(ledger, intent, error, paid=False)

    return [
        ("crowdhub.operations.spending.outcomes.note", note),
        ("crowdhub.operations.spending.steps.Steps.write", _always(None)),
    ]


def _not_looked_for_first() -> Patches:
    async def found_before(*_: object) -> tuple[None, witnesses.Before]:
        return None, witnesses.NOTHING

    return [("crowdhub.operations.spending.once._found_before", found_before)]


def _unknown_is_undone() -> Patches:
    return [("crowdhub.ledger.Ledger.unknown", Ledger.fail)]


def _journal_without_submitted_at() -> Patches:
    def decided(*given: Any) -> Any:
        return Decided(*given)._replace(submitted_at=None)

    return [("crowdhub.ledger.Decided", decided)]


def _ages_by_the_clock_that_is_set() -> Patches:
    return [("crowdhub.store.ticks.since", _always(None))]


def _budget_of_the_first_attempt() -> Patches:
    return [("crowdhub.ledger.Ledger._count_anew", _always(None))]


def _older_decisions_settle() -> Patches:
    def nothing_new(*_: object) -> Generator[object, object, dict[str, CrowdhubError]]:
        yield from ()
        return {}

    return [("crowdhub_etxt.reviewing.Reviewing._looked", nothing_new)]


PUBLISH, PURCHASE = "rapidworkers/publish", "rapidworkers/purchase"
FAULTS: Sequence[Planted] = (
    Planted("an age counts from when the key was first used", f"{PUBLISH}/one", 2, _age_from_created_at, "2=4.13=3"),
    Planted("an absence is believed at once", f"{PUBLISH}/one", 1, _any_age_is_enough),
    Planted("no compare-and-set before a request leaves", f"{PUBLISH}/two", 1, _no_compare_and_set, quick=True),
    Planted("a second outcome is swallowed", f"{PUBLISH}/two", 1, _finish_swallows, quick=True),
    Planted("a spend is sent again when it times out", f"{PUBLISH}/one", 1, _resent_on_time_out, quick=True),
    Planted("a broken connection proves absence", f"{PUBLISH}/one", 2, _seconds_prove_absence(Lost.BROKEN)),
    Planted("a time-out proves absence", f"{PUBLISH}/one", 1, _seconds_prove_absence(Lost.TIMED_OUT), quick=True),
    Planted("a 500 proves absence", f"{PUBLISH}/one", 1, _seconds_prove_absence(Lost.ANSWERED)),
    Planted("one look at one listing proves absence", f"{PUBLISH}/one", 1, _absent_without_a_doubt),
    Planted("the account's money is not asked again", f"{PUBLISH}/one", 2, _money_is_not_asked, "12=3.34=3"),
    Planted("absence from a cut list", f"{PUBLISH}/one", 2, _cut_list_proves_absence, "12=3.34=3"),
    Planted("what was listed before is not compared", f"{PURCHASE}/keys", 1, _list_before_is_not_read),
    Planted("the first row of a listing is the one", f"{PUBLISH}/keys", 1, _first_row_is_it),
    Planted("the budget is not asked", f"{PUBLISH}/budget", 0, _budget_is_not_asked, quick=True),
    Planted("a bonus is matched by its amount", "etxt/bonus/keys", 2, _bonus_by_its_amount, "8=2.12=1"),
    Planted("another's purchase is taken", f"{PURCHASE}/keys", 1, _never_anothers),
    Planted("an intent that was never sent is taken for sent", f"{PUBLISH}/one", 1, _never_sent_is_sent),
    Planted("an intent that was sent is taken for never sent", f"{PURCHASE}/one", 1, _sent_is_never_sent, quick=True),
    Planted("a replay ignores the ledger", f"{PURCHASE}/one", 0, _no_replay, quick=True),
    Planted("a reference is random for each attempt", f"{PUBLISH}/ledgers", 0, _random_reference),
    Planted("what was paid is forgotten when a later call fails", "capsolver/purchase/one", 1, _paid_is_forgotten),
    Planted("another ledger's task is not looked for", f"{PUBLISH}/ledgers", 0, _not_looked_for_first, quick=True),
    Planted("an unknown outcome frees the key", f"{PUBLISH}/one", 1, _unknown_is_undone, quick=True),
    Planted(
        "the journal forgets which work was decided on",
        "etxt/review/one",
        2,
        _journal_without_submitted_at,
        "1=1.2=1.3=1",
    ),
    Planted("an age goes by a clock that is set", f"{PUBLISH}/one", 2, _ages_by_the_clock_that_is_set),
    Planted("the budget of the first attempt holds", f"{PUBLISH}/budget", 2, _budget_of_the_first_attempt),
    Planted("an older decision settles other work", "etxt/review/one", 1, _older_decisions_settle, quick=True),
)
