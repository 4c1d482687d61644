"""What a provider says of amounts is what the sandbox's books say: of each price, of each number of places, of each
moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from crowdhub.errors import CrowdhubError
from crowdhub.model import Capability, Money, TaskDraft
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises.exercise import marked, one_paying_call
from crowdhub.testing.exercises.tasks import estimated, published
from crowdhub.testing.tape import Played, Tape
from crowdhub.testing.walk import one

STEPS = (0, 1, 3, 5, 7, 8, 9, 10, 13, 15, 20, 45, 100, 300, 700)
"""By how many of the currency's smallest units a reward differs from the subject's: odd ends, of which a share is no
whole unit and a float no whole number."""


def prices(bench: Bench) -> Iterator[TaskDraft]:
    """Drafts at many prices, for one, two or three workers; without what the provider refuses before any request."""
    plain, most = bench.draft(), bench.subject.most_slots or 3
    for number, step in enumerate(STEPS):
        reward = None if plain.reward is None else plain.reward + Money.from_minor(step, plain.reward.currency)
        draft = marked(bench).copy_with(reward=reward, slots=number % most + 1)
        if not bench.provider.draft_issues(draft):
            yield draft


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_of_what_is_published(bench: Bench) -> None:
    """It is taken at once, by one call, and is the draft's; an estimate that assumes nothing is that amount."""
    for draft in prices(bench):
        what = f"{draft.slots} places at {draft.reward}"
        quote = bench.scene.estimate(draft) if bench.has(Capability.ESTIMATE) else None
        since, tape = bench.since(), Tape()
        task = bench.scene.run(tape.record(bench.provider.publish(draft)))
        moved = since.moved()
        try:
            one_paying_call(tape.calls)
            published(bench, draft, task, moved)
            if quote is not None:
                estimated(quote, moved)
        except AssertionError as wrong:
            raise AssertionError(f"{what}: {wrong}") from wrong


@pytest.mark.crowdhub_needs(Capability.PUBLISH, Capability.BALANCE)
def test_of_a_balance_that_was_asked_before(bench: Bench) -> None:
    """It is the second witness that a lost publish was not done: one that is remembered proves that of all."""
    since, before = bench.since(), one(bench.market.balance(), Money)
    for number in (1, 2):
        _ = bench.market.publish(bench.draft())
        told, taken = one(bench.market.balance(), Money), since.moved().taken
        assert before - told == taken, (
            f"the balance was {before}, {taken} was taken by {number} publishes, and {told} is told: each `balance` has"
            " to ask anew, for absence is proven by it"
        )


def test_of_a_balance_told_by_the_way(played: Played) -> None:
    """`balance_told` stands for `balance` before the next request that takes money."""
    answers = iter(played.tape.answers)
    for number, call in enumerate(played.tape.calls):
        if number in played.tape.errors:
            continue
        told, there = played.provider.balance_told(call, next(answers)), played.tape.left[number]
        assert told in (None, there), f"`balance_told` reads {told} out of the answer to {call!r}; there is {there}"


@pytest.mark.crowdhub_needs(Capability.CANCEL, Capability.SUBMISSIONS)
def test_of_cancelling_a_task_with_work_that_waits(bench: Bench) -> None:
    """It decides on no work: nobody has looked at it, and to approve it would pay for it."""
    task = bench.publish(min(2, bench.subject.most_slots or 2))
    bench.subject.hand_in(bench.sandbox, task.id, 1)
    since = bench.since()
    with suppress(CrowdhubError):  # the marketplace may refuse it as long as work waits
        _ = bench.market.cancel(task)
    moved = since.moved()
    assert not moved.payouts, f"a task was cancelled, and work on it paid for that nobody approved: {moved}"
    assert moved.taken.amount <= 0, f"a task was cancelled, and the sandbox took {moved.taken}"
