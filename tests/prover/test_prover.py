"""Every operation of every provider on all paths with one departure, and what makes that worth something."""

from __future__ import annotations

import pytest

from crowdhub.testing.prover import Prover, paths
from crowdhub.testing.prover.faults import FAULTS, Planted
from crowdhub.testing.prover.paths import Choices, explore
from crowdhub.testing.prover.planted import check
from crowdhub.testing.prover.scenarios import scenario_of
from crowdhub.testing.subject import readings_of
from tests.prover.played import ALONE, HAPPENS, PLAYED, happens_often_enough


@pytest.mark.parametrize("name", ALONE)
def test_nothing_is_paid_twice_or_lost_on_any_path_with_one_departure(prover: Prover, name: str) -> None:
    proof = prover.prove(scenario_of(name), 1)
    assert not proof.violations
    assert proof.paths[0] == 1
    assert proof.paths[1] > 20
    assert happens_often_enough(proof)


@pytest.mark.parametrize("reading", readings_of("crowdsdom")[1:])
def test_publishing_is_the_same_in_each_reading(prover: Prover, reading: str) -> None:
    told: list[list[str]] = []
    for name in ("crowdsdom", reading):
        lines: list[str] = []
        _ = prover.run(scenario_of(f"{name}/publish/one"), Choices({}), lines.append)
        told.append([line.lower() for line in lines])  # one of them spells its paths with a capital letter
    assert told[0] == told[1]


def test_what_is_to_happen_is_played() -> None:
    played = {f"{name}/{operation}" for name, operation in PLAYED}
    assert {name.rpartition("/")[0] for name in HAPPENS} <= played


def test_a_path_brings_the_same_each_time_it_is_gone(prover: Prover) -> None:
    scenario = scenario_of("rapidworkers/publish/two")
    told: dict[str, list[str]] = {}

    def run(choices: Choices) -> list[str]:
        lines: list[str] = []
        _ = prover.run(scenario, choices, lines.append)
        return lines

    for choices, lines in explore(run, 1):
        told[paths.written(choices.wanted)] = lines
    assert len({tuple(lines) for lines in told.values()}) > len(told) // 2
    for path in list(told)[::7]:
        again: list[str] = []
        _ = prover.replay(scenario, paths.read(path), again.append)
        assert again == told[path], path


def test_a_dead_process_writes_nothing(prover: Prover) -> None:
    """A crash right after the request: whatever the core does in a ``finally`` must not reach the ledger."""
    lines: list[str] = []
    _ = prover.replay(scenario_of("rapidworkers/publish/one"), paths.read("14=1"), lines.append)
    at = next(number for number, line in enumerate(lines) if "crashes before a transaction" in line)
    assert "asks again" in lines[at + 1]
    assert lines[at + 3].startswith("GET /api/campaigns/")  # it has to look: nobody noted anything


@pytest.mark.parametrize("fault", [each for each in FAULTS if each.quick], ids=lambda each: each.name)
def test_a_planted_fault_is_caught(fault: Planted) -> None:
    (verdict,) = check([fault])
    assert verdict.caught, f"not on any of {verdict.paths} paths"


def test_the_faults_are_told_apart() -> None:
    assert len({each.name for each in FAULTS}) == len(FAULTS) >= 12
    assert all(each.depth <= 2 for each in FAULTS)
