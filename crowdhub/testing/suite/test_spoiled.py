"""Any request of any operation goes wrong once: what was asked for is done all the same, once, and told."""

from __future__ import annotations

from collections.abc import Callable

from crowdhub.model import Capability
from crowdhub.protocol import Effect
from crowdhub.sandbox import Fault
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises import EXERCISES, Exercise
from crowdhub.testing.spoiling import each_request_spoiled
from crowdhub.testing.tape import Played

READS = ("dropped before", "HTML after")
CHANGES = ("dropped before", "dropped after", "500 after", "HTML after")


def test_any_request(bench: Bench, unpaid: Capability, played_unpaid: Played) -> None:
    """Of what spends nothing; `test_money` has the rest."""
    spends = any(call.effect is Effect.SPEND for call in played_unpaid.tape.calls)
    hows = READS if played_unpaid.reads else CHANGES
    for spoiled in each_request_spoiled(bench, EXERCISES[unpaid], hows):
        assert spoiled.unknown is None or spends, (
            f"{spoiled.where}: none of its calls is a SPEND, so it can be sent again or looked at, but the application"
            f" is told that the outcome is unknown: {spoiled.unknown}"
        )
    bench.agree()


def _made_by(
    bench: Bench, make: Callable[[Bench], Exercise], fault: Fault | None, number: int, rule: str
) -> tuple[int | None, int]:
    """How many tasks there are more once an exercise was carried out, with one of its requests gone wrong, and how many
    requests that took."""
    exercise = make(bench)
    before = bench.tasks()
    if fault is not None:
        bench.spoil_request(fault, number)
    asked = bench.requests()
    result = bench.do("sync", exercise.ask)
    asked = bench.requests() - asked
    bench.sandbox.faults.clear()
    made = len((bench.tasks() or set()) - before) if before is not None else None
    try:
        exercise.check(result)
    except AssertionError as wrong:
        raise AssertionError(f"{rule}: {wrong}") from wrong
    return made, asked


def test_delivered_twice(bench: Bench, present: Capability, played: Played) -> None:
    """A call that is declared to be repeatable leaves one result when it arrives twice."""
    for number, call in enumerate(played.tape.calls):
        if call.effect is Effect.READ or not call.may_be_repeated:
            continue
        rule = f"{call!r} is declared to leave one result however often it is sent; delivered twice"
        once, asked = _made_by(bench, EXERCISES[present], None, number, rule)
        first = max(0, asked - len(played.tape.calls))  # an application asks for the price before it publishes
        for seen in (Fault.twice("after"), Fault.twice("before")):
            twice, _ = _made_by(bench, EXERCISES[present], seen, first + number, rule)
            assert twice == once, f"{rule}: {twice} tasks are there and not {once}"
    bench.agree()
