"""Letting requests go wrong, and judging what an application is told of it and what the marketplace then did."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crowdhub.errors import CrowdhubError, OutcomeUnknown
from crowdhub.ledger import Intent
from crowdhub.protocol import Call, Effect, Flow, Operation, OperationRun, Response
from crowdhub.sandbox import Fault
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises import Exercise
from crowdhub.testing.moved import Moved

LOST: Mapping[str, Fault] = {
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
"""How an answer can be lost: what was asked for is done ("after") or is not ("before")."""
KINDS: Mapping[str, Sequence[str]] = {
    "broken": ("dropped after", "dropped before", "reset after", "reset before", "truncated"),
    "5xx": ("500 after", "504 before", "500 before", "502 after", "503 before", "504 after"),
    "HTML": ("HTML after", "HTML before"),
}
"""All of them, by what the connection does."""
NEVER_CERTAIN = ("500 before", "504 before", "HTML before", "dropped before", "reset before", "503 before")
"""It may still be at work, or said yes: that it is absent proves nothing yet."""


@dataclass(frozen=True)
class Spoiled:
    """One run in which one request went wrong: the money that moved, what the ledger wrote down, and what the
    application was told."""

    how: str
    where: str
    moved: Moved
    entries: Sequence[Intent]
    result: object = None
    unknown: OutcomeUnknown | None = None


def each_request_spoiled(
    bench: Bench, make: Callable[[Bench], Exercise], hows: Sequence[str], world: str = "sync"
) -> Iterator[Spoiled]:
    """Run an exercise once as it is, to learn how many requests it takes and what money it moves; then again and
    again, each time with another one of its requests gone wrong, in each of these ways. Each run must be `honest`,
    and where a result came it must stand up to the exercise's check."""
    good = _later(bench, make)
    since, before = bench.since(), bench.requests()
    result = bench.do(world, good.ask)
    moved, count = since.moved(), bench.requests() - before
    good.check(result)
    for number, how in itertools.product(range(count), hows):
        exercise = _later(bench, make)
        since, before, known = bench.since(), bench.requests(), bench.entries()
        fired = len(bench.sandbox.faults.fired)
        bench.spoil_request(LOST[how], number)
        result, unknown = told(bench, world, exercise)
        bench.sandbox.faults.clear()
        if len(bench.sandbox.faults.fired) == fired:
            return  # it takes fewer requests by now: what it remembers is not asked again
        where = f"request {number + 1} of {count} was {how} (asked: {bench.asked(before)})"
        entries = [each for number, each in bench.entries().items() if number not in known]
        spoiled = Spoiled(how, where, since.moved(), entries, result, unknown)
        honest(spoiled, moved)
        if unknown is None:
            _check(exercise, spoiled)
        yield spoiled


def _later(bench: Bench, make: Callable[[Bench], Exercise]) -> Exercise:
    """An exercise some hours after the one before it: no limit holds for both, and none is taken for the other."""
    _ = bench.box.advance(hours=2)
    return make(bench)


def told(bench: Bench, world: str, exercise: Exercise) -> tuple[object, OutcomeUnknown | None]:
    """What the application is told: a result, or that the outcome is unknown."""
    try:
        return bench.do(world, exercise.ask), None
    except OutcomeUnknown as unknown:
        return None, unknown


def _check(exercise: Exercise, spoiled: Spoiled) -> None:
    try:
        exercise.check(spoiled.result)
    except AssertionError as wrong:
        raise AssertionError(f"{spoiled.where}, and then: {wrong}") from wrong


def honest(spoiled: Spoiled, good: Moved) -> None:
    """Money moved as in the good run, or (where the outcome is said to be unknown) not at all; and what is unknown
    is told so that a person can find out."""
    where, unknown = spoiled.where, spoiled.unknown
    if unknown is None:
        assert spoiled.moved.like(good), (
            f"{where}: it should have moved {good}, as when all goes well; it moved {spoiled.moved}. A call that"
            " takes money each time that it is sent is a SPEND, which is not repeated"
        )
        return
    most = good if unknown.money_may_be_spent else "nothing (`money_may_be_spent` is False)"
    assert spoiled.moved.nothing or (unknown.money_may_be_spent and spoiled.moved.like(good)), (
        f"{where}: the outcome is said to be unknown, and the sandbox moved {spoiled.moved}; at most {most} may move"
    )
    assert unknown.sent, f"{where}: the error says that nothing was sent: {unknown!r}"
    assert unknown.look_for, (
        f"{where}: the error does not say what to look for: `except OutcomeUnknown as lost: raise lost.looking_for(…)`,"
        f" or a `lookup` of the operation: {unknown}"
    )
    if unknown.money_may_be_spent:
        states = [each.state.value for each in spoiled.entries]
        assert states == ["unknown"], f"{where}: the outcome is unknown, the ledger says {states}"


# --- aiming at one call


def first_call(operation: Operation[object]) -> Call:
    """The first call of an operation, which is not sent."""
    with OperationRun(operation) as run:
        call = run.start()
    assert call is not None, f"{operation!r} asks nothing of the marketplace"
    return call


def first_change(bench: Bench, operation: Operation[object]) -> Call | None:
    """The first call of an operation that is more than a reading, with everything before it asked and itself not
    sent; None where it only reads."""
    with OperationRun(operation) as run:
        call = run.start()
        while call is not None and call.effect is Effect.READ:
            call = _answered(bench, run, call)
        return call


def part_of(bench: Bench, operation: Operation[object], changes: int) -> bool:
    """Carry an operation out up to its so many-th change, as a program that then crashed. False where it ended."""
    with OperationRun(operation) as run:
        call = run.start()
        while call is not None:
            changes -= call.effect is not Effect.READ
            call = _answered(bench, run, call)
            if not changes:
                break
        return call is not None


def _answered(bench: Bench, run: OperationRun[object], call: Call) -> Call | None:
    def asked() -> Flow[Response]:
        return (yield call)

    try:
        answer = bench.scene.run(Operation("one call", asked, {}))
    except CrowdhubError as error:
        return run.throw(error)
    return run.send(answer)
