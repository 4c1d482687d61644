# pyright: basic
"""Settling twice leaves one result, and what was settled the other way is a conflict."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crowdhub.errors import Conflict, OutcomeUnknown, ProviderUnavailable
from crowdhub.model import Capability, Decision, Submission, SubmissionStatus
from crowdhub.sandbox import Fault
from crowdhub.testing.bench import Bench
from crowdhub.testing.tape import Tape

WORDS = "Not what was asked for."
STATUS = {Capability.APPROVE: SubmissionStatus.APPROVED, Capability.REJECT: SubmissionStatus.REJECTED}
LOST = {
    "dropped before": Fault.drop("before"),
    "dropped after": Fault.drop("after"),
    "reset after": Fault.reset("after"),
    "truncated": Fault.truncate(),
    "500 before": Fault.status(500, "before"),
    "500 after": Fault.status(500, "after"),
    "503 before": Fault.status(503, "before"),
    "504 after": Fault.status(504, "after"),
    "HTML after": Fault.html("after"),
}


def settle(market: Any, settling: Capability, submission: Submission) -> Any:
    if settling is Capability.APPROVE:
        return market.approve(submission, "Thank you.")
    return market.reject(submission, WORDS)


def spoil(bench: Bench, tape: Tape, before: Submission, one: Submission, fault: Fault, times: int | None) -> None:
    """Let the call that settles ``one`` go wrong: the same as on the tape, with other ids in its path."""
    call, _ = tape.changing(bench.place_of)[0]
    path = bench.place_of(call)
    for old, new in ((before.id, one.id), (before.task_id, one.task_id)):
        path = path.replace(re.escape(old), re.escape(new))
    bench.sandbox.faults.add(fault, method=call.method, path=path, times=times)


def paid_for(settling: Capability) -> int:
    return 1 if settling is Capability.APPROVE else 0


def test_twice(bench: Bench, settling: Capability, world: str) -> None:
    (one,) = bench.pending()
    first = bench.do(world, lambda market: settle(market, settling, one))
    second = bench.do(world, lambda market: settle(market, settling, one))
    assert (first.status, first.replayed) == (STATUS[settling], False)
    assert second.status is STATUS[settling]
    assert second.replayed, "it was settled so before, and the result does not say it"
    assert bench.payouts() == paid_for(settling)


@pytest.mark.crowdhub_needs(Capability.APPROVE, Capability.REJECT)
def test_the_other_way_is_a_conflict(bench: Bench, settling: Capability) -> None:
    (other,) = set(STATUS) - {settling}
    (one,) = bench.pending()
    _ = settle(bench.market, other, one)
    with pytest.raises(Conflict) as caught:
        settle(bench.market, settling, one)
    assert bench.again(one).status is STATUS[other], "the conflict has changed it"
    assert bench.payouts() == paid_for(other)
    actual = caught.value.actual
    assert getattr(actual, "status", actual) == STATUS[other], "the conflict does not say what it is now (`actual`)"


@pytest.mark.parametrize("how", LOST)
def test_with_a_lost_answer(bench: Bench, settling: Capability, how: str) -> None:
    """It is done once, and the application is told so."""
    first, one = bench.pending(2)
    flow = bench.provider.approve(first) if settling is Capability.APPROVE else bench.provider.reject(first, WORDS)
    tape = Tape()
    _ = bench.market.run(tape.record(flow))
    before = bench.payouts()
    spoil(bench, tape, first, one, LOST[how], times=1)
    result = settle(bench.market, settling, one)
    assert bench.sandbox.faults.fired, "the fault was not met: the flow took other calls than before"
    assert result.status is STATUS[settling]
    assert bench.again(one).status is STATUS[settling]
    assert bench.payouts() - before == paid_for(settling)
    assert bench.sandbox.books().agree(), bench.sandbox.books().problems()


@pytest.mark.parametrize("how", ["dropped after", "500 after", "dropped before"])
def test_when_no_answer_ever_comes(bench: Bench, settling: Capability, how: str) -> None:
    """It is looked at: done is done; what is not is told, and can be tried again."""
    first, one = bench.pending(2)
    flow = bench.provider.approve(first) if settling is Capability.APPROVE else bench.provider.reject(first, WORDS)
    tape = Tape()
    _ = bench.market.run(tape.record(flow))
    before = bench.payouts()
    spoil(bench, tape, first, one, LOST[how], times=None)
    if "after" in how:
        result = settle(bench.market, settling, one)
        assert result.status is STATUS[settling]
    else:
        with pytest.raises((OutcomeUnknown, ProviderUnavailable)):
            settle(bench.market, settling, one)
        bench.sandbox.faults.clear()
        assert settle(bench.market, settling, one).status is STATUS[settling]
    bench.sandbox.faults.clear()
    assert bench.again(one).status is STATUS[settling]
    assert bench.payouts() - before == paid_for(settling)


@pytest.mark.crowdhub_needs(Capability.APPROVE, Capability.REJECT)
def test_a_mixed_review(bench: Bench, world: str) -> None:
    """One outcome for each decision, in their order; a bad one stops no other; running it again changes nothing."""
    one, two, three, four = bench.pending(4)
    _ = bench.market.approve(four)
    decisions = [
        Decision.reject(one, WORDS),
        Decision.approve(two),
        Decision.reject(four, WORDS),
        Decision.approve(three),
    ]
    report = bench.do(world, lambda market: market.review(decisions))
    assert [str(each.result) for each in report.outcomes] == ["rejected", "approved", "failed", "approved"]
    assert isinstance(report.outcomes[2].error, Conflict)
    again = bench.do(world, lambda market: market.review(decisions))
    assert [str(each.result) for each in again.outcomes] == ["already", "already", "failed", "already"]
    assert bench.payouts() == 3
    assert bench.sandbox.books().agree(), bench.sandbox.books().problems()


@pytest.mark.crowdhub_needs(Capability.APPROVE)
def test_a_review_settles_nothing_else(bench: Bench, world: str) -> None:
    """What nobody decided on stays as it is, also where everything pending could be approved in one call."""
    one, two, undecided = bench.pending(3)
    report = bench.do(world, lambda market: market.review([Decision.approve(one), Decision.approve(two)]))
    assert report.summary() == {"approved": 2}
    assert not report.unintended
    assert bench.again(undecided).status is SubmissionStatus.PENDING, "work was approved that nobody had looked at"
    assert bench.payouts() == 2


@pytest.mark.crowdhub_needs(Capability.BULK_REVIEW)
@pytest.mark.parametrize("how", ["dropped before", "dropped after", "truncated", "500 after", "HTML after"])
def test_a_bulk_review_with_a_lost_answer(bench: Bench, how: str) -> None:
    """Everybody is paid once, and the report says so."""
    first, waiting = bench.pending(3), bench.pending(3)
    tape = Tape()
    _ = bench.market.run(tape.record(bench.provider.review_batch([Decision.approve(each) for each in first])))
    before = bench.payouts()
    spoil(bench, tape, first[0], waiting[0], LOST[how], times=1)
    report = bench.market.review([Decision.approve(each) for each in waiting])
    assert bench.sandbox.faults.fired
    assert sum(report.count(each) for each in ("approved", "already")) == 3, report.summary()
    assert all(bench.again(each).status is SubmissionStatus.APPROVED for each in waiting)
    assert bench.payouts() - before == 3
