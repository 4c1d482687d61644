"""What others do is not played between a look and what settles right after it; a set clock moves nothing else."""

from __future__ import annotations

from datetime import timedelta

from crowdhub.sandbox import SandboxClock
from crowdhub.store import ticks
from crowdhub.testing.prover import Prover
from crowdhub.testing.prover.paths import Choices, explore
from crowdhub.testing.prover.process import Machine
from crowdhub.testing.prover.scenarios import scenario_of
from tests.prover.played import SENT_BACK


def test_nobody_hands_in_between_a_look_and_what_settles_right_after_it(prover: Prover) -> None:
    scenario = scenario_of("etxt/review/one")

    def run(choices: Choices) -> list[str]:
        lines: list[str] = []
        _ = prover.run(scenario, choices, lines.append)
        return lines

    found = [lines for _, lines in explore(run, 1) if any(SENT_BACK in line for line in lines)]
    assert found
    for lines in found:
        at = next(number for number, line in enumerate(lines) if SENT_BACK in line)
        before = [line for line in lines[:at] if line.startswith(("GET", "POST"))]
        after = [line for line in lines[at + 1 :] if line.startswith(("GET", "POST"))]
        looked = bool(before) and "getResults" in before[-1]
        assert not (looked and after and "paidTask" in after[0])


def test_a_set_clock_moves_nothing_but_itself() -> None:
    true = SandboxClock()
    one, other = Machine("one", true), Machine("other", true)
    before = one.clock.tick()
    one.clock.set(timedelta(hours=-1))
    assert one.clock.now() == true.now() - timedelta(hours=1)
    assert other.clock.now() == true.now()
    assert one.clock.tick() == before != other.clock.tick()
    _ = true.advance(seconds=2)
    assert one.clock.monotonic() == 2
    assert ticks.since(before, one.clock) is None, "outside of a path a clock that is no machine's has no counter"
