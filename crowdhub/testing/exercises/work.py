"""Exercises about the work that people hand in: reading it, deciding on it, paying extra for it."""

from __future__ import annotations

from collections.abc import Callable

from crowdhub.model import (
    Capability,
    Decision,
    Money,
    Result,
    ReviewReport,
    Submission,
    SubmissionStatus,
    Verdict,
)
from crowdhub.operations.settling import operation_for
from crowdhub.protocol import AnyProvider, Operation
from crowdhub.testing import walk
from crowdhub.testing.bench import Bench, Either
from crowdhub.testing.exercises.exercise import Exercise, listing_of, paid_once, result_of
from crowdhub.testing.moved import Moved


def submissions(bench: Bench) -> Exercise:
    made = bench.publish()
    bench.subject.hand_in(bench.sandbox, made.id, 1)

    def check(found: list[Submission]) -> None:
        assert len(found) == 1, f"one worker handed in, {len(found)} submissions are listed"
        assert found[0].task_id == made.id
        if bench.has(Capability.APPROVE):
            assert found[0].status is SubmissionStatus.PENDING, f"work that waits for review is {found[0].status}"

    return Exercise(
        lambda m: m.submissions(made), lambda p: p.submissions(made.id), listing_of(Submission, check), reads=True
    )


def settle(market: Either, decision: Decision) -> object:
    """Carry out a decision: with its own verb where that can say all of it."""
    if decision.options:
        return market.review([decision])
    words = decision.comment
    match decision.verdict:
        case Verdict.APPROVE:
            return market.approve(decision.submission, words)
        case Verdict.REJECT:
            return market.reject(decision.submission, words or "")
        case Verdict.REDO:
            return market.request_redo(decision.submission, words or "")


def settled(bench: Bench, decision: Decision, world: str = "sync") -> Submission:
    """What an application gets for a decision. Raises its error."""
    return outcome_of(bench.do(world, lambda market: settle(market, decision)))


def outcome_of(result: object) -> Submission:
    """The submission that a decision brought, also where it was carried out by a review."""
    if isinstance(result, ReviewReport):
        (outcome,) = result.outcomes
        if outcome.error is not None:
            raise outcome.error
        result = outcome.submission
    return walk.one(result, Submission)


def approve(bench: Bench) -> Exercise:
    (one,) = bench.pending()
    since, reward = bench.since(), bench.draft().reward

    def check(result: Submission) -> None:
        _settled(bench, one, result, (SubmissionStatus.APPROVED,))
        moved = since.moved()
        paid_once(moved, reward or moved.paid, "approved")
        assert result.amount_paid in (None, moved.paid), f"`amount_paid` is {result.amount_paid}, paid was {moved.paid}"

    return _deciding(bench.subject.decision(one, Verdict.APPROVE), check)


def reject(bench: Bench) -> Exercise:
    (one,) = bench.pending()
    since = bench.since()
    status = SubmissionStatus.REJECTED if bench.subject.rejection_is_final else one.status

    def check(result: Submission) -> None:
        _settled(bench, one, result, (status,))
        assert not since.moved().payouts, f"rejected, but the sandbox moved {since.moved()}"

    return _deciding(bench.subject.decision(one, Verdict.REJECT), check)


def request_redo(bench: Bench) -> Exercise:
    (one,) = bench.pending()
    since = bench.since()

    def check(result: Submission) -> None:
        _settled(bench, one, result, (SubmissionStatus.REDO, SubmissionStatus.IN_PROGRESS))
        assert since.moved().nothing, f"sent back, but the sandbox moved {since.moved()}"

    return _deciding(bench.subject.decision(one, Verdict.REDO), check)


def _deciding(decision: Decision, check: Callable[[Submission], None]) -> Exercise:
    def operation(provider: AnyProvider) -> Operation[Submission]:
        return operation_for(provider, decision)

    return Exercise(lambda m: settle(m, decision), operation, lambda result: check(outcome_of(result)))


def _settled(bench: Bench, one: Submission, result: Submission, wanted: tuple[SubmissionStatus, ...]) -> None:
    assert result.id == one.id
    assert result.status in wanted, f"the result is {result.status}, not {wanted[0]}"
    listed = [each for each in bench.of(one.task_id) if each.id == one.id]
    assert not listed or listed[0].status in wanted, f"the result is {result.status}, but {listed[0].status} is listed"


def bulk_review(bench: Bench) -> Exercise:
    count = max(3, bench.subject.least_in_bulk)
    waiting = bench.pending(count)
    since, reward = bench.since(), bench.draft().reward
    decisions = [bench.subject.decision(each, Verdict.APPROVE) for each in reversed(waiting)]

    def check(report: ReviewReport) -> None:
        done = report.count(Result.APPROVED) + report.count(Result.ALREADY)
        assert done == count, f"{count} approvals: {report.summary()}"
        assert [each.decision.submission.id for each in report.outcomes] == [d.submission.id for d in decisions]
        assert not report.unintended, "something was settled that nobody had decided on"
        assert all(bench.again(each).status is SubmissionStatus.APPROVED for each in waiting)
        moved = since.moved()
        assert len(moved.payouts) == count, f"{count} were approved, the sandbox paid {len(moved.payouts)} times"
        assert reward is None or moved.paid == reward * count, f"{count} times {reward} is to be paid, {moved.paid} was"
        for each in decisions:
            was_told(bench, each)

    return Exercise(lambda m: m.review(decisions), lambda p: p.review_batch(decisions), result_of(ReviewReport, check))


def was_told(bench: Bench, decision: Decision) -> None:
    """The worker must have been told what the decision says, where the marketplace has a place for it."""
    if decision.verdict in bench.subject.untold:
        return
    words, told = decision.comment or "", bench.subject.told(bench.sandbox, decision.submission)
    assert told is not None, f"the worker was told nothing with {decision.verdict}; {words!r} was to be said"
    assert words in told, f"{words!r} was to be said with {decision.verdict}, the worker was told {told!r}"


def accepted(bench: Bench) -> Submission:
    """Work that was accepted, where that is to be said."""
    (one,) = bench.pending()
    return bench.scene.approve(one) if bench.has(Capability.APPROVE) else one


def pay_bonus(bench: Bench) -> Exercise:
    one, words = accepted(bench), bench.subject.bonus_words
    amount = bench.subject.bonus(one, bench.provider.currency)
    since = bench.since()

    def check(result: Submission) -> None:
        assert result.id == one.id
        bonus_paid(bench, since.moved(), amount)

    return Exercise(
        lambda m: m.pay_bonus(one, amount, words),
        lambda p: p.pay_bonus(one, amount, words, _reference(one)),
        result_of(Submission, check),
    )


def bonus_paid(bench: Bench, moved: Moved, amount: Money) -> None:
    """A bonus is paid out by the sandbox, or at least taken from the balance, in full and once."""
    times, got = (len(moved.payouts), moved.paid) if moved.payouts else (moved.times, moved.for_workers)
    assert (times, got) == (1, amount), f"a bonus of {amount} was asked, {bench.name} paid {got} in {times} payments"


def _reference(work: Submission) -> str:
    """Of the bonus for this work: a marketplace may know a payment by it."""
    return f"kit-{work.id}"


def find_bonus(bench: Bench) -> Exercise:
    one, words = accepted(bench), bench.subject.bonus_words
    amount = bench.subject.bonus(one, bench.provider.currency)
    since = bench.clock.now()
    _ = bench.scene.run(bench.provider.pay_bonus(one, amount, words, _reference(one)))

    def check(found: Submission) -> None:
        assert found.id == one.id
        other = bench.provider.find_bonus(one, amount + amount, words, "kit-other", since)
        assert bench.scene.run(other) is None, "a bonus of another amount, which was never paid, was found"

    return Exercise(
        lambda m: m.run(m.provider.find_bonus(one, amount, words, _reference(one), since)),
        lambda p: p.find_bonus(one, amount, words, _reference(one), since),
        result_of(Submission, check),
        reads=True,
    )
