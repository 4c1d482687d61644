# pyright: basic
"""Every capability that a provider has works, in each world; every one that it lacks is refused before a request."""

from __future__ import annotations

from typing import Any

import pytest

from crowdhub import registry
from crowdhub.errors import NotSupported
from crowdhub.model import Application, Capability, Money, Submission, Worker
from crowdhub.protocol import Effect
from crowdhub.testing import walk
from crowdhub.testing.bench import Bench
from crowdhub.testing.operations import OPERATIONS
from crowdhub.testing.subject import Subject


def test_works(bench: Bench, present: Capability, world: str) -> None:
    operation = OPERATIONS[present](bench)
    result = bench.do(world, operation.market)
    operation.check(result)
    if present is not Capability.BULK_REVIEW:  # a report holds the application's own submissions
        faults = walk.faults(result, {**bench.provider.identity}, bench.provider.currency)
        assert not faults, "\n".join(faults)
    assert bench.sandbox.books().agree(), bench.sandbox.books().problems()


def test_says_what_each_call_does(bench: Bench, present: Capability, taped: Any) -> None:
    """What only reads sends READ calls only, and what changes something a call that is not READ."""
    operation = OPERATIONS[present](bench)
    charges = bench.charges()
    _, tape = taped(operation.flow(bench.provider))
    effects = {call.effect for call in tape.calls}
    if operation.reads:
        assert effects <= {Effect.READ}, f"{present} only reads, but is declared to do {effects}"
    else:
        assert effects - {Effect.READ}, f"{present} changes something, but all its calls are declared READ"
    if bench.charges() > charges and present is Capability.PUBLISH:
        assert Effect.SPEND in effects, "publishing charges, but no call is declared SPEND"


def test_making_a_flow_sends_nothing(bench: Bench, present: Capability) -> None:
    operation = OPERATIONS[present](bench)
    before = bench.requests()
    operation.flow(bench.provider).close()
    assert bench.requests() == before


def test_a_flow_can_be_given_up_at_any_call(bench: Bench, present: Capability) -> None:
    """Closing must not make it send more, which a bare `except` around a `yield` can do."""
    flow = OPERATIONS[present](bench).flow(bench.provider)
    try:
        next(flow)
    except StopIteration:
        return
    flow.close()


def test_absent(bench: Bench, absent: Capability, world: str) -> None:
    arguments = _arguments(bench, absent)
    before = bench.requests()
    with pytest.raises(NotSupported) as caught:
        bench.do(world, lambda market: getattr(market, absent.value)(*arguments))
    assert bench.requests() == before, "a request was made for what the provider cannot do"
    assert caught.value.capability == absent
    reason = bench.provider.absent.get(absent.value)
    assert reason is None or reason in str(caught.value)


def _arguments(bench: Bench, capability: Capability) -> tuple[Any, ...]:
    identity = bench.provider.identity
    somebody = Worker(id="1")
    work = Submission(**identity, id="1", task_id="1", worker=somebody)
    application = Application(**identity, id="1", task_id="1", worker=somebody)
    table: dict[Capability, tuple[Any, ...]] = {
        Capability.PUBLISH: (bench.draft(),),
        Capability.ESTIMATE: (bench.draft(),),
        Capability.TASKS: (),
        Capability.APPROVE: (work, None),
        Capability.REJECT: (work, "a reason"),
        Capability.REQUEST_REDO: (work, "a reason"),
        Capability.PAY_BONUS: (work, Money("1", bench.provider.currency), "a reason"),
        Capability.WORKER: (somebody,),
        Capability.BLOCK: (somebody,),
        Capability.UNBLOCK: (somebody,),
        Capability.BLOCKED_WORKERS: (),
        Capability.BALANCE: (),
        Capability.ACCEPT: (application,),
        Capability.DECLINE: (application,),
    }
    return table.get(capability, ("1",))


def test_reasons_and_limits_name_what_there_is(subject: Subject) -> None:
    """A misspelt name in `absent`, `limits` or `draft_fields` would say nothing to anybody."""
    kind = registry.load(subject.provider)
    able = kind.capabilities()
    known = {each.value for each in Capability} | set(able.fields)
    assert not set(kind.draft_fields) - set(able.fields), "draft_fields names fields that no draft has"
    assert not set(kind.absent) - known, "absent names what does not exist"
    assert not set(kind.limits) - known, "limits names what does not exist"
    present = {each.value for each in able} | {name for name, support in able.fields.items() if support}
    assert not set(kind.absent) & present, "absent gives reasons for what is there"


def test_its_names_fit(subject: Subject, bench: Bench) -> None:
    kind = registry.load(subject.provider)
    assert kind.name == subject.provider, "the class has another name than its entry point"
    assert bench.market.environment == "sandbox"
    live = kind.settings_type.model_fields["base_url"].default
    assert isinstance(live, str), "base_url has no default: the marketplace's own address"
    assert live.startswith("https://")
    assert Money("1", kind.currency).currency == kind.currency
