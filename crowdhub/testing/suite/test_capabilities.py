"""Every capability that a provider has works, in each world; every one that it lacks is refused before a request."""

from __future__ import annotations

from functools import partial
from inspect import getmembers, isgeneratorfunction

import pytest

from crowdhub import registry
from crowdhub.errors import NotSupported
from crowdhub.model import Application, Capability, Money, Submission, Worker
from crowdhub.protocol import Effect, OperationRun
from crowdhub.testing import walk
from crowdhub.testing.bench import Bench, Either
from crowdhub.testing.exercises import EXERCISES, marked
from crowdhub.testing.exercises.exercise import one_paying_call
from crowdhub.testing.subject import Subject
from crowdhub.testing.tape import Played, fresh, replay


def test_works(bench: Bench, present: Capability, world: str) -> None:
    exercise = EXERCISES[present](bench)
    before = bench.requests()
    _ = exercise.operation(bench.provider).taken()
    assert bench.requests() == before, f"making the operation {present} sent something: it must wait until it is run"
    result = bench.do(world, exercise.ask)
    exercise.check(result)
    if present is not Capability.BULK_REVIEW:  # a report holds the application's own submissions
        faults = walk.faults(result, {**bench.provider.identity}, bench.provider.currency)
        assert not faults, "\n".join(faults)
    if not exercise.reads:
        assert not getattr(result, "replayed", False), "it was done just now, but the result says `replayed`"
    bench.agree()


def test_says_what_each_call_does(played: Played, present: Capability) -> None:
    """What only reads sends READ calls only; what changes something a call that is not READ; and what takes money is
    declared to, call by call."""
    for number, call in enumerate(played.tape.calls):
        moved = played.tape.moved[number]
        if call.effect is Effect.READ:
            assert moved.nothing, f"{call!r} is declared READ, but the sandbox moved {moved}; declare what it does"
        assert call.takes_money or moved.taken.amount <= 0, (
            f"{call!r} is not declared to take money, but the sandbox took {moved.taken}: declare it SPEND, or"
            " `costs=True` where it may be repeated; else no budget and no ledger knows of it"
        )
    if present is Capability.PUBLISH:
        one_paying_call(played.tape.calls)
    effects = {call.effect for call in played.tape.calls}
    if played.reads:
        assert effects <= {Effect.READ}, f"{present} only reads, but is declared to do {effects}"
    else:
        assert effects - {Effect.READ}, f"{present} changes something, but all its calls are declared READ"


def test_an_operation_can_be_run_again(played: Played) -> None:
    """An operation keeps nothing of its first run: recovery, and a second attempt, run the same object."""
    provider = fresh(played.provider)
    operation = played.make(provider)
    results = [replay(provider, operation, played.tape.answers, played.tape.errors) for _ in range(2)]
    assert walk.shown(results[0]) == walk.shown(results[1]), "the same answers gave another result the second time"


def test_an_operation_can_be_given_up_at_any_call(played: Played) -> None:
    """Closing must not make it send more, which a bare `except` around a `yield` can do."""
    for calls in range(1, len(played.tape.calls) + 1):
        with OperationRun(played.make(fresh(played.provider))) as run:
            call, answers = run.start(), iter(played.tape.answers)
            for number in range(calls - 1):
                error = played.tape.errors.get(number)
                call = run.throw(error) if error is not None else run.send(next(answers))
            assert call is not None


def test_every_flow_is_an_operation(subject: Subject) -> None:
    kind = registry.load(subject.provider)
    bare = [name for name, _ in getmembers(kind, isgeneratorfunction) if not name.startswith("_")]
    assert not bare, f"{', '.join(bare)}: decorate with @operation, or `market.run` cannot tell what is run"


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_what_to_look_for_is_described(bench: Bench) -> None:
    """Where a lost publish cannot be found, a person looks for it: by its title or its mark."""
    draft = marked(bench)
    words = bench.provider.describe_published(draft)
    assert words.strip(), "`describe_published` says nothing"
    if draft.title:
        assert draft.title in words or str(draft.reference) in words, (
            f"`describe_published` says {words!r}: neither the draft's title nor its reference"
        )


def test_absent(bench: Bench, absent: Capability, world: str) -> None:
    before = bench.requests()
    with pytest.raises(NotSupported) as caught:
        _ = bench.do(world, partial(_ask, absent, _arguments(bench, absent)))
    assert bench.requests() == before, "a request was made for what the provider cannot do"
    assert caught.value.capability == absent
    reason = bench.provider.declares.absent.get(absent.value)
    assert reason is None or reason in str(caught.value)


def _ask(capability: Capability, arguments: tuple[object, ...], market: Either) -> object:
    if capability is Capability.EXTEND:
        return market.extend("1", slots=1)
    verb = getattr(market, capability.value)
    return verb(*arguments)


def _arguments(bench: Bench, capability: Capability) -> tuple[object, ...]:
    identity = bench.provider.identity
    somebody = Worker(id="1")
    work = Submission(**identity, id="1", task_id="1", worker=somebody)
    application = Application(**identity, id="1", task_id="1", worker=somebody)
    table: dict[Capability, tuple[object, ...]] = {
        Capability.PUBLISH: (bench.draft(),),
        Capability.ESTIMATE: (bench.draft(),),
        Capability.TASKS: (),
        Capability.APPROVE: (work, None),
        Capability.REJECT: (work, "a reason"),
        Capability.REQUEST_REDO: (work, "a reason"),
        Capability.PAY_BONUS: (work, Money("1", bench.provider.currency), "a reason"),
        Capability.MESSAGE: (somebody, "a text"),
        Capability.WORKER: (somebody,),
        Capability.BLOCK: (somebody,),
        Capability.UNBLOCK: (somebody,),
        Capability.BLOCKED_WORKERS: (),
        Capability.BALANCE: (),
        Capability.ACCEPT: (application,),
        Capability.DECLINE: (application,),
    }
    return table.get(capability, ("1",))


def test_its_names_fit(subject: Subject, bench: Bench) -> None:
    kind = registry.load(subject.provider)
    assert kind.name == subject.provider, "the class has another name than its entry point"
    assert bench.market.environment == "sandbox"
    live = kind.settings_type.model_fields["base_url"].default
    assert isinstance(live, str), "base_url has no default: the marketplace's own address"
    assert live.startswith("https://")
    currency = bench.provider.currency
    assert Money("1", currency).currency == currency
    books = bench.sandbox.books().currency
    assert currency == books, f"the provider pays in {currency}, its sandbox in {books}"
