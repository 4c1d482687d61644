"""Exercises about tasks: publishing them, finding them, changing them."""

from __future__ import annotations

from datetime import datetime, timedelta

from crowdhub.errors import NotFound
from crowdhub.model import Capability, Money, Quote, Task, TaskDraft, TaskStatus
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises.exercise import Exercise, listing_of, marked, result_of
from crowdhub.testing.moved import Moved
from crowdhub.testing.subject import CLOSE
from crowdhub.testing.walk import one

TOLD = ("title", "instructions", "reward", "slots")
"""The fields of a draft that a task tells too."""


def publish(bench: Bench) -> Exercise:
    draft, since = marked(bench), bench.since()

    def check(task: Task) -> None:
        published(bench, draft, task, since.moved())

    return Exercise(lambda m: m.publish(draft), lambda p: p.publish(draft), result_of(Task, check))


def published(bench: Bench, draft: TaskDraft, task: Task, moved: Moved) -> None:
    """The task is what the draft asks for, and was paid for once and in full."""
    assert moved.times == 1, f"one publish, but the sandbox charged {moved.times} times"
    for name in set(TOLD) & bench.provider.declares.draft_fields:
        told = getattr(task, name)
        assert told in (None, getattr(draft, name)), f"the task's {name} is {told!r}, which is not the draft's"
    assert task.charged in (None, moved.taken), f"`charged` is {task.charged}; the sandbox took {moved.taken}"
    cost = bench.subject.cost_of_work(draft)
    assert cost in (None, moved.for_workers), (
        f"{draft.reward} for {draft.slots} workers was asked, which costs {cost}, but the sandbox took"
        f" {moved.for_workers} for the workers (see `Subject.cost_of_work`); a price that the marketplace has not is an"
        " issue (`amount_issues`)"
    )


def estimate(bench: Bench) -> Exercise:
    draft = bench.draft()

    def check(quote: Quote) -> None:
        since = bench.since()
        _ = bench.scene.publish(draft)
        estimated(quote, since.moved())

    return Exercise(lambda m: m.estimate(draft), lambda p: p.estimate(draft), result_of(Quote, check), reads=True)


def estimated(quote: Quote, moved: Moved) -> None:
    """An estimate that assumes nothing is what publishing takes. One that assumes something may be one smallest unit
    more, or tell the commission apart."""
    took = moved.taken
    assert took.amount > 0, "publishing took nothing from the sandbox's balance"
    parts = [each for each in (quote.work, quote.commission) if each is not None]
    unit = Money.from_minor(1, quote.currency)
    right = took == quote or (quote.assumption and (took in parts or took == quote - unit))
    assert right, f"the estimate was {quote}, publishing took {took}"


def find_published(bench: Bench) -> Exercise:
    draft, alike = marked(bench), marked(bench)
    published = [one(bench.scene.run(bench.provider.publish(each)), Task) for each in (alike, draft)]

    def check(task: Task) -> None:
        assert task.id == published[1].id, "a task like it was found, not the one with the reference"
        found = bench.scene.run(bench.provider.find_published(marked(bench)))
        assert found is None, f"a draft that was never published was found: {found!r}"

    return Exercise(
        lambda m: m.run(m.provider.find_published(draft)),
        lambda p: p.find_published(draft),
        result_of(Task, check),
        reads=True,
    )


def task(bench: Bench) -> Exercise:
    made = bench.publish()

    def check(now: Task) -> None:
        assert now.id == made.id
        for name in TOLD:
            then, reads = getattr(made, name), getattr(now, name)
            assert None in (then, reads) or then == reads, f"{name} was published as {then!r} and reads {reads!r}"

    return Exercise(lambda m: m.task(made), lambda p: p.task(made.id), result_of(Task, check), reads=True)


def tasks(bench: Bench) -> Exercise:
    before = {each.id for each in bench.scene.tasks()}
    made = {bench.publish().id for _ in range(3)}

    def check(found: list[Task]) -> None:
        ids = [each.id for each in found]
        assert sorted(ids) == sorted(before | made), f"{sorted(made)} were published now, but {sorted(ids)} are listed"

    return Exercise(lambda m: m.tasks(), lambda p: p.tasks(), listing_of(Task, check), reads=True)


def cancel(bench: Bench) -> Exercise:
    made = bench.publish()

    def check(result: Task) -> None:
        assert result.id == made.id
        if bench.has(Capability.TASK):
            try:
                now = bench.scene.task(made)
            except NotFound:
                return  # some marketplaces forget what was cancelled
            assert now.status.ended, f"cancelled, but still {now.status}"

    return Exercise(lambda m: m.cancel(made), lambda p: p.cancel(made.id), result_of(Task, check))


def extend(bench: Bench) -> Exercise:
    """More places, more time, or both: what the provider's `extension_issues` allow."""
    made = bench.publish()
    later = ((made.expires_at or bench.clock.now()) + timedelta(days=3)).replace(second=0, microsecond=0)
    slots = 2 if not bench.provider.extension_issues(2, None) else None
    until = later if not bench.provider.extension_issues(slots, later) else None
    assert slots or until, "extend is there, but `extension_issues` allows neither more places nor more time"
    wanted = (made.slots or bench.draft().slots) + (slots or 0)
    cost = bench.provider.extension_cost(made, slots) if slots else None
    since = bench.since()

    def check(result: Task) -> None:
        assert result.id == made.id
        moved = since.moved()
        if slots:
            _extension_paid(bench, slots, moved)
            assert cost in (None, moved.taken), f"`extension_cost` said {cost}; the sandbox took {moved.taken}"
        else:
            assert moved.nothing, f"more time is free, but the sandbox moved {moved}"
        for now in (result, bench.scene.task(made) if bench.has(Capability.TASK) else result):
            assert now.slots in (None, wanted), f"{slots} places more make {wanted}, but the task tells {now.slots}"
            _ends(now, until)

    return Exercise(
        lambda m: m.extend(made, slots=slots, until=until),
        lambda p: p.extend(made.id, slots, until),
        result_of(Task, check),
    )


def _extension_paid(bench: Bench, slots: int, moved: Moved) -> None:
    cost = bench.subject.cost_of_work(bench.draft(slots))
    assert cost in (None, moved.for_workers), (
        f"{slots} places more cost {cost}, but the sandbox took {moved.for_workers} for the workers"
    )


def _ends(task: Task, until: datetime | None) -> None:
    told = task.expires_at
    right = until is None or told is None or abs(told - until) <= CLOSE
    assert right, f"extended until {until}, but the task tells {told}"


def pause(bench: Bench) -> Exercise:
    made = bench.publish()

    def check(result: Task) -> None:
        _stands(bench, made, result, TaskStatus.PAUSED)

    return Exercise(lambda m: m.pause(made), lambda p: p.pause(made.id), result_of(Task, check))


def resume(bench: Bench) -> Exercise:
    made = bench.publish()
    _ = bench.scene.pause(made)

    def check(result: Task) -> None:
        _stands(bench, made, result, TaskStatus.OPEN)

    return Exercise(lambda m: m.resume(made), lambda p: p.resume(made.id), result_of(Task, check))


def _stands(bench: Bench, made: Task, result: Task, status: TaskStatus) -> None:
    assert result.id == made.id
    assert result.status is status, f"the result is {result.status}, not {status}"
    if bench.has(Capability.TASK):
        now = bench.scene.task(made)
        assert now.status is status, f"done, but it reads {now.status}, not {status}"
