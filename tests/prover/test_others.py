"""What others do, and clocks that are set, is played; and between a look and what settles right after it, it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crowdhub.sandbox import SandboxClock
from crowdhub.store import ticks
from crowdhub.testing.prover import Prover
from crowdhub.testing.prover.paths import Choices, explore
from crowdhub.testing.prover.process import Machine
from crowdhub.testing.prover.scenarios import scenario_of

SENT_BACK = "sent back, and handed in anew"
REJECTED = "rejected by somebody else, and others hand in"


def paths_with(prover: Prover, scenario: str, words: str) -> list[list[str]]:
    """What is told on the paths on which it happens beside what goes well."""
    found: list[list[str]] = []

    def run(choices: Choices) -> list[str]:
        lines: list[str] = []
        findings = prover.run(scenario_of(scenario), choices, lines.append)
        assert not findings.violations
        return lines

    for _, lines in explore(run, 1):
        if any(words in line for line in lines):
            found.append(lines)
    return found


@pytest.mark.parametrize(
    ("scenario", "words", "least"),
    [
        ("rapidworkers/publish/one", "somebody else publishes the same, without a key", 3),
        ("rapidworkers/publish/one", "set back by an hour", 3),
        ("rapidworkers/publish/one", "set ahead by an hour", 3),
        ("rapidworkers/purchase/one", "somebody else publishes", 3),
        ("rapidworkers/review/one", REJECTED, 1),
        ("rapidworkers/bulk/one", REJECTED, 3),
        ("etxt/review/one", SENT_BACK, 1),
        ("crowdsdom/publish/one", "the connection breaks", 2),
        ("rapidworkers/publish/one", "the process is stopped past the lease", 5),
        ("etxt/bonus/one", "1 s passes", 5),
        ("rapidworkers/publish/two", "both clients are on one machine", 8),
    ],
)
def test_it_happens(prover: Prover, scenario: str, words: str, least: int) -> None:
    assert len(paths_with(prover, scenario, words)) >= least


def test_nobody_hands_in_between_a_look_and_what_settles_right_after_it(prover: Prover) -> None:
    for lines in paths_with(prover, "etxt/review/one", SENT_BACK):
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
