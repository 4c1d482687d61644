"""Each capability as the kit exercises it: what has to be there first, the call, and what must then be true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from crowdhub.errors import NotFound
from crowdhub.model import Capability, Decision, Money, Quote, ReviewReport, Submission, SubmissionStatus, Task
from crowdhub.operations.publishing import with_reference
from crowdhub.protocol import Flow, Provider
from crowdhub.testing.bench import Bench

Market: TypeAlias = Any  # either kind
WORDS = "Please look at the second step again."


@dataclass(frozen=True)
class Operation:
    """``market`` calls it on either kind of market, ``flow`` makes the provider's flow, ``check`` looks at the
    market's result and at what the sandbox knows. ``reads``: it must not change anything."""

    market: Callable[[Market], Any]
    flow: Callable[[Provider[Any]], Flow[Any]]
    check: Callable[[Any], None]
    reads: bool = False


def publish(bench: Bench) -> Operation:
    draft = with_reference(bench.provider, bench.draft(), None)

    def check(task: Task) -> None:
        assert bench.charges() == 1, f"one publish, but the sandbox charged {bench.charges()} times"
        fields = bench.provider.draft_fields
        for name in ("title", "instructions", "reward", "slots"):
            if name in fields and getattr(task, name) is not None:
                assert getattr(task, name) == getattr(draft, name), f"the published task's {name} is not the draft's"
        assert not task.replayed
        if task.charged is not None:
            assert task.charged.amount == bench.taken(), "the task's `charged` is not what the sandbox took"

    return Operation(lambda m: m.publish(draft), lambda p: p.publish(draft), check)


def estimate(bench: Bench) -> Operation:
    draft = bench.draft()

    def check(quote: Quote) -> None:
        before = bench.taken()
        _ = bench.market.publish(draft)
        took = bench.taken() - before
        assert took > 0, "publishing took nothing from the sandbox's balance"
        parts = [each for each in (quote.work, quote.commission) if each is not None]
        assert took == quote.amount or (quote.assumption and took in {each.amount for each in parts}), (
            f"the estimate was {quote}, publishing took {took}"
        )

    return Operation(lambda m: m.estimate(draft), lambda p: p.estimate(draft), check, reads=True)


def find_published(bench: Bench) -> Operation:
    draft = with_reference(bench.provider, bench.draft(), "this one")
    alike = with_reference(bench.provider, bench.draft(), "another one")
    published = [bench.market.run(bench.provider.publish(each)) for each in (alike, draft)]

    def check(task: Task | None) -> None:
        assert task is not None, "the published task was not found by its reference"
        assert task.id == published[1].id, "a task like it was found, not the one with the reference"
        never = with_reference(bench.provider, bench.draft(), "never published")
        found = bench.market.run(bench.provider.find_published(never))
        assert found is None, "a draft that was never published was found"

    return Operation(
        lambda m: m.run(m.provider.find_published(draft)), lambda p: p.find_published(draft), check, reads=True
    )


def task(bench: Bench) -> Operation:
    made = bench.publish()

    def check(now: Task) -> None:
        assert now.id == made.id
        for name in ("title", "instructions", "reward", "slots"):
            if getattr(now, name) is not None and getattr(made, name) is not None:
                assert getattr(now, name) == getattr(made, name), f"{name} reads differently than it was published"

    return Operation(lambda m: m.task(made), lambda p: p.task(made.id), check, reads=True)


def tasks(bench: Bench) -> Operation:
    made = [bench.publish().id for _ in range(3)]

    def check(found: list[Task]) -> None:
        ids = [each.id for each in found]
        assert sorted(ids) == sorted(made), "the list of tasks is not what was published"

    return Operation(lambda m: m.tasks(), lambda p: p.tasks(), check, reads=True)


def submissions(bench: Bench) -> Operation:
    made = bench.publish()
    bench.subject.hand_in(bench.sandbox, made.id, 1)

    def check(found: list[Submission]) -> None:
        (one,) = found
        assert one.task_id == made.id
        assert one.worker.id is not None
        if bench.has(Capability.APPROVE):
            assert one.status is SubmissionStatus.PENDING, f"work that waits for review is {one.status}"

    return Operation(lambda m: m.submissions(made), lambda p: p.submissions(made.id), check, reads=True)


def _settled(bench: Bench, submission: Submission, status: SubmissionStatus, paid: int) -> Callable[[Any], None]:
    def check(result: Submission) -> None:
        assert result.id == submission.id
        assert result.status is status, f"the result is {result.status}"
        assert not result.replayed, "it was not settled before, but the result says so"
        assert bench.again(submission).status is status, "the list does not show what was done"
        assert bench.payouts() == paid, f"workers were paid {bench.payouts()} times, not {paid}"

    return check


def approve(bench: Bench) -> Operation:
    (one,) = bench.pending()
    check = _settled(bench, one, SubmissionStatus.APPROVED, paid=1)
    return Operation(lambda m: m.approve(one, "Thank you."), lambda p: p.approve(one, "Thank you."), check)


def reject(bench: Bench) -> Operation:
    (one,) = bench.pending()
    final = bench.subject.rejection_is_final
    check = _settled(bench, one, SubmissionStatus.REJECTED if final else SubmissionStatus.PENDING, paid=0)
    return Operation(lambda m: m.reject(one, WORDS), lambda p: p.reject(one, WORDS), check)


def request_redo(bench: Bench) -> Operation:
    (one,) = bench.pending()

    def check(result: Submission) -> None:
        assert result.id == one.id
        assert result.status in (SubmissionStatus.REDO, SubmissionStatus.IN_PROGRESS)
        assert bench.payouts() == 0

    return Operation(lambda m: m.request_redo(one, WORDS), lambda p: p.request_redo(one, WORDS), check)


def bulk_review(bench: Bench) -> Operation:
    waiting = bench.pending(3)
    decisions = [Decision.approve(each) for each in reversed(waiting)]

    def check(report: ReviewReport) -> None:
        assert report.summary() == {"approved": 3}, f"three approvals: {report}"
        assert [each.decision.submission.id for each in report.outcomes] == [d.submission.id for d in decisions]
        assert not report.unintended
        assert bench.payouts() == 3

    return Operation(lambda m: m.review(decisions), lambda p: p.review_batch(decisions), check)


def pay_bonus(bench: Bench) -> Operation:
    (one,) = bench.pending()
    if bench.has(Capability.APPROVE):
        one = bench.market.approve(one)
    amount: Money = bench.subject.bonus(one, bench.provider.currency)
    charges, payouts = bench.charges(), bench.payouts()

    def check(result: Submission) -> None:
        assert result.id == one.id
        moved = (bench.charges() - charges, bench.payouts() - payouts)
        assert max(moved) == 1, f"one bonus: {moved[0]} charges and {moved[1]} payments"

    return Operation(lambda m: m.pay_bonus(one, amount, WORDS), lambda p: p.pay_bonus(one, amount, WORDS), check)


def find_bonus(bench: Bench) -> Operation:
    (one,) = bench.pending()
    if bench.has(Capability.APPROVE):
        one = bench.market.approve(one)
    amount: Money = bench.subject.bonus(one, bench.provider.currency)
    since = bench.clock.now()
    _ = bench.market.run(bench.provider.pay_bonus(one, amount, WORDS))

    def check(found: Submission | None) -> None:
        assert found is not None, "the bonus that was paid was not found"
        assert found.id == one.id
        never = bench.market.run(bench.provider.find_bonus(one, amount + amount, WORDS, since))
        assert never is None, "a bonus of another amount, which was never paid, was found"

    return Operation(
        lambda m: m.run(m.provider.find_bonus(one, amount, WORDS, since)),
        lambda p: p.find_bonus(one, amount, WORDS, since),
        check,
        reads=True,
    )


def cancel(bench: Bench) -> Operation:
    made = bench.publish()

    def check(result: Task) -> None:
        assert result.id == made.id
        if bench.has(Capability.TASK):
            try:
                now = bench.market.task(made)
            except NotFound:
                return  # some marketplaces forget what was cancelled
            assert now.status.ended, f"cancelled, but still {now.status}"

    return Operation(lambda m: m.cancel(made), lambda p: p.cancel(made.id), check)


def worker(bench: Bench) -> Operation:
    who = bench.pending()[0].worker

    def check(result: Any) -> None:
        assert result.id == who.id

    return Operation(lambda m: m.worker(who), lambda p: p.worker(who.id), check, reads=True)


def _blocked(bench: Bench) -> list[str]:
    return [each.id for each in bench.market.blocked_workers()]


def block(bench: Bench) -> Operation:
    who = bench.pending()[0].worker

    def check(result: Any) -> None:
        assert result.id == who.id
        if bench.has(Capability.BLOCKED_WORKERS):
            assert len(_blocked(bench)) == 1, "blocked, but not in the list of blocked workers"
        assert bench.market.block(who).id == who.id, "to block twice is a success"

    return Operation(lambda m: m.block(who), lambda p: p.block(who.id), check)


def unblock(bench: Bench) -> Operation:
    who = bench.pending()[0].worker
    _ = bench.market.block(who)

    def check(result: Any) -> None:
        assert result.id == who.id
        if bench.has(Capability.BLOCKED_WORKERS):
            assert not _blocked(bench), "unblocked, but still in the list of blocked workers"
        assert bench.market.unblock(who).id == who.id, "to unblock whoever is not blocked is a success"

    return Operation(lambda m: m.unblock(who), lambda p: p.unblock(who.id), check)


def blocked_workers(bench: Bench) -> Operation:
    people = [each.worker for each in bench.pending(2)]
    for each in people:
        _ = bench.market.block(each)

    def check(found: list[Any]) -> None:
        assert len({each.id for each in found}) == 2

    return Operation(lambda m: m.blocked_workers(), lambda p: p.blocked_workers(), check, reads=True)


def applications(bench: Bench) -> Operation:
    made = bench.publish()
    bench.subject.apply(bench.sandbox, made.id, 2)

    def check(found: list[Any]) -> None:
        assert len({each.id for each in found}) == 2
        assert {each.task_id for each in found} == {made.id}

    return Operation(lambda m: m.applications(made), lambda p: p.applications(made.id), check, reads=True)


def accept(bench: Bench) -> Operation:
    (one,) = bench.applications()

    def check(result: Any) -> None:
        assert result.id == one.id

    return Operation(lambda m: m.accept(one), lambda p: p.accept(one), check)


def decline(bench: Bench) -> Operation:
    (one,) = bench.applications()

    def check(result: Any) -> None:
        assert result.id == one.id
        left = [each for each in bench.market.applications(one.task_id) if each.id == one.id]
        assert all(each.status != one.status for each in left), "declined, but it is listed as before"

    return Operation(lambda m: m.decline(one), lambda p: p.decline(one), check)


def balance(bench: Bench) -> Operation:
    def check(found: Money) -> None:
        assert found == Money(bench.sandbox.books().balance, bench.provider.currency)

    return Operation(lambda m: m.balance(), lambda p: p.balance(), check, reads=True)


OPERATIONS: dict[Capability, Callable[[Bench], Operation]] = {
    Capability.PUBLISH: publish,
    Capability.ESTIMATE: estimate,
    Capability.TASK: task,
    Capability.TASKS: tasks,
    Capability.SUBMISSIONS: submissions,
    Capability.APPROVE: approve,
    Capability.REJECT: reject,
    Capability.REQUEST_REDO: request_redo,
    Capability.BULK_REVIEW: bulk_review,
    Capability.PAY_BONUS: pay_bonus,
    Capability.CANCEL: cancel,
    Capability.WORKER: worker,
    Capability.BLOCK: block,
    Capability.UNBLOCK: unblock,
    Capability.BLOCKED_WORKERS: blocked_workers,
    Capability.APPLICATIONS: applications,
    Capability.ACCEPT: accept,
    Capability.DECLINE: decline,
    Capability.BALANCE: balance,
    Capability.FIND_PUBLISHED: find_published,
    Capability.FIND_BONUS: find_bonus,
}
