# pyright: basic
"""Money is spent once, whatever becomes of the answer. Judged by the sandbox's own books."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from crowdhub import Hub
from crowdhub.errors import OutcomeUnknown, ProviderUnavailable, RateLimited
from crowdhub.model import Capability, TaskDraft
from crowdhub.operations.publishing import with_reference
from crowdhub.protocol import Call
from crowdhub.sandbox import Fault
from crowdhub.testing.bench import Bench
from crowdhub.testing.operations import WORDS
from crowdhub.testing.subject import Subject
from crowdhub.testing.tape import Tape

LOST = {
    "dropped before": Fault.drop("before"),
    "dropped after": Fault.drop("after"),
    "reset before": Fault.reset("before"),
    "reset after": Fault.reset("after"),
    "truncated": Fault.truncate(),
    "500 before": Fault.status(500, "before"),
    "500 after": Fault.status(500, "after"),
    "502 after": Fault.status(502, "after"),
    "503 before": Fault.status(503, "before"),
    "504 before": Fault.status(504, "before"),
    "504 after": Fault.status(504, "after"),
    "HTML before": Fault.html("before"),
    "HTML after": Fault.html("after"),
}
NEVER_CERTAIN = ("504 before", "HTML before")
"""It may still be at work, or said yes: that it is absent proves nothing."""


def spending_calls(bench: Bench) -> list[tuple[Call, int]]:
    """The calls of a publish that change something, learnt from one that goes well; its place among like ones."""
    tape = Tape()
    draft = with_reference(bench.provider, bench.draft(), None)
    _ = bench.market.run(tape.record(bench.provider.publish(draft)))
    return tape.changing(bench.place_of)


def _publish(draft: TaskDraft, market: Any) -> Any:
    return market.publish(draft)


def told(operation: Callable[[], Any]) -> tuple[Any, OutcomeUnknown | None]:
    """What the application is told: a result, or that the outcome is unknown."""
    try:
        return operation(), None
    except OutcomeUnknown as unknown:
        return None, unknown


def spoil(bench: Bench, fault: Fault, place: tuple[Call, int]) -> None:
    call, skip = place
    bench.sandbox.faults.add(fault, method=call.method, path=bench.place_of(call), skip=skip)


@pytest.mark.parametrize("how", LOST)
def test_publish_with_a_lost_answer(bench: Bench, how: str, world: str) -> None:
    """One charge; told to the application where it can be told, and never sent again where it cannot."""
    places = spending_calls(bench)
    assert places, "publishing sends no call that is declared to spend or settle"
    for number, place in enumerate(places):
        before, fired = bench.charges(), len(bench.sandbox.faults.fired)
        spoil(bench, LOST[how], place)
        draft = bench.draft()
        task, unknown = told(partial(bench.do, world, partial(_publish, draft)))
        made = bench.charges() - before
        if unknown is None:
            assert made == 1, f"call {number + 1} was {how}: {made} charges for one task"
            if bench.has(Capability.TASK):
                assert bench.market.task(task.id).id == task.id
        else:
            certain = bench.has(Capability.FIND_PUBLISHED) and how not in NEVER_CERTAIN
            assert not certain, f"the marketplace can be asked, but it was not found out: {unknown}"
            assert made <= 1, "charged more than once"
            assert unknown.sent
            assert unknown.money_may_be_spent
            assert unknown.look_for, "it does not say what to look for"
        assert len(bench.sandbox.faults.fired) == fired + 1, "the fault was not met"
    assert bench.sandbox.books().agree(), bench.sandbox.books().problems()


@pytest.mark.parametrize("when", ["before", "after"])
def test_publish_that_is_not_answered_in_time(new_bench: Callable[..., Bench], when: Any) -> None:
    """The marketplace may do it long after nobody waits any more; it is not sent again meanwhile."""
    bench = new_bench(timeout=0.15)
    place = spending_calls(bench)[-1]
    before = bench.charges()
    spoil(bench, Fault.hang(when), place)
    _, unknown = told(lambda: bench.market.publish(bench.draft()))
    assert (unknown is not None and unknown.look_for) or bench.has(Capability.FIND_PUBLISHED)
    _ = bench.sandbox.faults.release()
    assert bench.charges() - before == 1, "slow, and so charged not exactly once"


def test_publish_that_is_refused_for_now(bench: Bench, world: str) -> None:
    """A 429 says that nothing was done: it is sent again, after the time that was asked for."""
    place = spending_calls(bench)[0]
    before, start = bench.charges(), bench.clock.monotonic()
    spoil(bench, Fault.rate_limit(retry_after=7), place)
    _ = bench.do(world, lambda market: market.publish(bench.draft()))
    assert bench.charges() - before == 1
    assert bench.clock.monotonic() - start >= 7


def test_publish_refused_for_ever(bench: Bench) -> None:
    place = spending_calls(bench)[0]
    before = bench.charges()
    call, _ = place
    bench.sandbox.faults.add(Fault.rate_limit(), method=call.method, path=bench.place_of(call), times=None)
    with pytest.raises(RateLimited):
        _ = bench.market.publish(bench.draft())
    assert bench.charges() == before


def test_publish_that_never_arrives(bench: Bench) -> None:
    """No connection: nothing was sent, and so nothing is unknown."""
    gone = {name: _closed(value) for name, value in bench.accounts[bench.name].items()}
    with Hub({bench.name: gone}, **bench.settings) as hub, pytest.raises(ProviderUnavailable) as caught:
        _ = hub[bench.name].publish(bench.draft())
    assert not caught.value.money_may_be_spent
    assert bench.charges() == 0


def _closed(value: Any) -> Any:
    """The same address on a port on which nobody listens."""
    if not (isinstance(value, str) and value.startswith("http://")):
        return value
    scheme, _, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition(':')[0]}:1{slash}{path}"


@pytest.mark.crowdhub_needs(Capability.PAY_BONUS)
@pytest.mark.parametrize("how", ["dropped after", "truncated", "500 after", "HTML after", "dropped before"])
def test_a_bonus_with_a_lost_answer(bench: Bench, subject: Subject, how: str) -> None:
    works = [bench.market.approve(each) if bench.has(Capability.APPROVE) else each for each in bench.pending(2)]
    amount = subject.bonus(works[0], bench.provider.currency)
    tape = Tape()
    _ = bench.market.run(tape.record(bench.provider.pay_bonus(works[0], amount, WORDS)))
    before = (bench.charges(), bench.payouts())
    spoil(bench, LOST[how], tape.changing(bench.place_of)[0])
    _, unknown = told(lambda: bench.market.pay_bonus(works[1], amount, WORDS))
    assert unknown is None or unknown.look_for, "it does not say what to look for"
    least = 1 if unknown is None else 0
    moved = max(bench.charges() - before[0], bench.payouts() - before[1])
    assert least <= moved <= 1, f"{how}: {moved} payments for one bonus"
