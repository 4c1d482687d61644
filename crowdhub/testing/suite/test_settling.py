"""Settling twice leaves one result, and what was settled the other way is a conflict."""

from __future__ import annotations

import pytest

from crowdhub.errors import Conflict, CrowdhubError, OutcomeUnknown, ProviderUnavailable
from crowdhub.model import Capability, Decision, Result, ReviewReport, Submission, SubmissionStatus, Verdict
from crowdhub.operations.settling import fits, operation_for
from crowdhub.protocol import Call
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises import settled
from crowdhub.testing.spoiling import LOST, first_change
from crowdhub.testing.tape import Tape
from crowdhub.testing.walk import one

VERDICT = {Capability.APPROVE: Verdict.APPROVE, Capability.REJECT: Verdict.REJECT}
STATUS = {Verdict.APPROVE: SubmissionStatus.APPROVED, Verdict.REJECT: SubmissionStatus.REJECTED}


@pytest.fixture
def verdict(settling: Capability) -> Verdict:
    return VERDICT[settling]


def paid_for(verdict: Verdict) -> int:
    return 1 if verdict is Verdict.APPROVE else 0


def test_the_result_is_what_was_decided(bench: Bench, verdict: Verdict) -> None:
    """Read out of the answer alone: any other result costs a look at the state, each time."""
    (work,) = bench.pending()
    decision = bench.subject.decision(work, verdict)
    told = bench.market.run(operation_for(bench.provider, decision))
    assert fits(bench.provider, decision, told), (
        f"the result is submission {told.id}, {told.status}; where the marketplace only takes note of a rejection, say"
        " so with `rejection_leaves`"
    )


def test_twice(bench: Bench, verdict: Verdict, world: str) -> None:
    (work,) = bench.pending()
    decision, since = bench.subject.decision(work, verdict), bench.since()
    first = settled(bench, decision, world)
    second = settled(bench, decision, world)
    assert (first.status, first.replayed) == (STATUS[verdict], False)
    assert second.status is STATUS[verdict]
    if _is_refused(bench, decision):  # an endpoint that takes it again cannot tell
        assert second.replayed, "it was settled so before, as the marketplace says, and the result does not say it"
    assert len(since.moved().payouts) == paid_for(verdict)


def _is_refused(bench: Bench, decision: Decision) -> bool:
    """Whether the marketplace itself refuses what was settled so before."""
    tape = Tape()
    try:
        _ = bench.market.run(tape.record(operation_for(bench.provider, decision)))
    except CrowdhubError:
        return True
    return bool(tape.errors)


@pytest.mark.crowdhub_needs(Capability.APPROVE, Capability.REJECT)
def test_the_other_way_is_a_conflict(bench: Bench, verdict: Verdict) -> None:
    (other,) = set(STATUS) - {verdict}
    (work,) = bench.pending()
    since = bench.since()
    _ = settled(bench, bench.subject.decision(work, other))
    with pytest.raises(Conflict) as caught:
        _ = settled(bench, bench.subject.decision(work, verdict))
    assert bench.again(work).status is STATUS[other], "the conflict has changed it"
    assert len(since.moved().payouts) == paid_for(other)
    actual: object = caught.value.actual
    assert getattr(actual, "status", actual) == STATUS[other], "the conflict does not say what it is now (`actual`)"


@pytest.mark.parametrize("how", ["dropped after", "500 after", "dropped before"])
def test_when_no_answer_ever_comes(bench: Bench, verdict: Verdict, how: str) -> None:
    """It is looked at: done is done; what is not is told, and can be tried again."""
    other, work = bench.pending(2)
    _ = settled(bench, bench.subject.decision(other, verdict))  # how a call is written may have to be learned
    decision, since = bench.subject.decision(work, verdict), bench.since()
    call = first_change(bench, operation_for(bench.provider, decision))
    assert call is not None, "settling makes no call that is declared to change anything"
    _can_be_aimed_at(bench, call, work)
    bench.spoil(LOST[how], call, times=None)
    if how.endswith("after"):
        assert settled(bench, decision).status is STATUS[verdict]
    else:
        with pytest.raises((OutcomeUnknown, ProviderUnavailable)):
            _ = settled(bench, decision)
        bench.sandbox.faults.clear()
        assert settled(bench, decision).status is STATUS[verdict]
    bench.sandbox.faults.clear()
    assert bench.again(work).status is STATUS[verdict]
    assert len(since.moved().payouts) == paid_for(verdict)


def _can_be_aimed_at(bench: Bench, call: Call, work: Submission) -> None:
    tape = Tape()
    _ = bench.market.run(tape.record(bench.provider.state_of(work)))
    if not all(bench.can_tell_apart(call, each) for each in tape.calls):
        pytest.skip(f"{call!r} and {tape.calls[0]!r} cannot be told apart: name them in `MarketSandbox.operation_of`")


def test_its_state_is_told(bench: Bench, verdict: Verdict) -> None:
    """`state_of`, which the market asks after a doubt, reads only and tells what it is now."""
    (work,) = bench.pending()
    for status in (SubmissionStatus.PENDING, STATUS[verdict]):
        before, since = bench.requests(), bench.since()
        found = bench.market.run(bench.provider.state_of(work))
        assert found is not None, "`state_of` does not find a submission that is listed"
        assert (found.id, found.status) == (work.id, status), f"`state_of` says {found.status}, it is {status}"
        assert since.moved().nothing
        assert bench.requests() > before, "`state_of` asked nothing, so it cannot know"
        if status is SubmissionStatus.PENDING:
            _ = settled(bench, bench.subject.decision(work, verdict))


@pytest.mark.crowdhub_needs(Capability.APPROVE, Capability.REJECT)
def test_a_mixed_review(bench: Bench, world: str) -> None:
    """One outcome for each decision, in their order; a bad one stops no other; running it again changes nothing."""
    first, second, third, fourth = bench.pending(4)
    decide, since = bench.subject.decision, bench.since()
    _ = settled(bench, decide(fourth, Verdict.APPROVE))
    decisions = [
        decide(first, Verdict.REJECT),
        decide(second, Verdict.APPROVE),
        decide(fourth, Verdict.REJECT),
        decide(third, Verdict.APPROVE),
    ]
    report = one(bench.do(world, lambda market: market.review(decisions)), ReviewReport)
    assert [str(each.result) for each in report.outcomes] == ["rejected", "approved", "failed", "approved"]
    assert isinstance(report.outcomes[2].error, Conflict)
    again = one(bench.do(world, lambda market: market.review(decisions)), ReviewReport)
    told = ["already" if _is_refused(bench, each) else None for each in decisions]
    for outcome, wanted in zip(again.outcomes, told, strict=True):
        if outcome.decision.submission.id != fourth.id:
            assert wanted is None or outcome.result == wanted, f"settled before, the report says {outcome.result}"
    assert again.outcomes[2].result is Result.FAILED
    assert len(since.moved().payouts) == 3
    bench.agree()


@pytest.mark.crowdhub_needs(Capability.APPROVE)
def test_a_review_settles_nothing_else(bench: Bench, world: str) -> None:
    """What nobody decided on stays as it is, also where everything pending could be approved in one call."""
    count = max(2, bench.subject.least_in_bulk)
    *decided, undecided = bench.pending(count + 1)
    since = bench.since()
    decisions = [bench.subject.decision(each, Verdict.APPROVE) for each in decided]
    report = one(bench.do(world, lambda market: market.review(decisions)), ReviewReport)
    assert report.summary() == {"approved": count}
    assert not report.unintended
    assert bench.again(undecided).status is SubmissionStatus.PENDING, "work was approved that nobody had looked at"
    assert len(since.moved().payouts) == count


@pytest.mark.crowdhub_needs(Capability.APPROVE, Capability.REQUEST_REDO)
@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_an_older_decision_does_not_settle_other_work(bench: Bench, world: str, several: bool) -> None:
    """It was sent back, and other work was handed in since: nobody has looked at that."""
    seen = [bench.pending()[0] for _ in range(2 if several else 1)]
    first, verdict = seen[0], Verdict.APPROVE
    _ = settled(bench, bench.subject.decision(first, Verdict.REDO))
    _ = bench.box.advance(hours=1)
    bench.subject.hand_in_again(bench.sandbox, first)
    since = bench.since()
    with pytest.raises(Conflict):
        _ = settled(bench, bench.subject.decision(first, verdict), world)
    decisions = [bench.subject.decision(each, verdict) for each in seen]
    report = bench.do(world, lambda market: market.review(decisions))
    assert isinstance(report, ReviewReport)
    results = {each.decision.submission.id: each.result for each in report.outcomes}
    assert results.pop(first.id) is Result.FAILED, "the work that was handed in anew is settled by the older decision"
    assert set(results.values()) <= {Result.APPROVED}
    assert bench.again(first).status is SubmissionStatus.PENDING
    assert len(since.moved().payouts) == len(seen) - 1
