"""The same by two clients: with one key, with keys or ledgers of their own, and under one budget."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from crowdhub.testing.prover import VARIANTS, Prover, scenarios
from crowdhub.testing.prover.faults import FAULTS
from crowdhub.testing.prover.paths import Choices, read
from crowdhub.testing.prover.scenarios import scenario_of
from tests.prover.played import TOGETHER, happens_often_enough


@pytest.mark.proof
@pytest.mark.parametrize(("provider", "operation"), TOGETHER)
def test_nothing_is_paid_twice_or_lost_on_any_path_with_one_departure(
    prover: Prover, provider: str, operation: str
) -> None:
    found = [each for each in scenarios(provider, [operation]) if each.variant != "one"]
    assert {each.variant for each in found} <= set(VARIANTS)
    assert "two" in {each.variant for each in found}
    for scenario in found:
        proof = prover.prove(scenario, 1)
        assert not proof.violations
        assert proof.paths[1] > 40
        assert happens_often_enough(proof)


def test_a_live_process_is_taken_for_gone_once_their_clock_is_set(prover: Prover) -> None:
    """On one machine: then only the compare-and-set keeps it from sending what the other took over."""
    scenario, path = scenario_of("rapidworkers/publish/two"), read("0=2.3=2.6=1")
    lines: list[str] = []
    assert not prover.replay(scenario, path, lines.append).violations
    assert "set ahead by an hour" in lines[0]
    fault = next(each for each in FAULTS if each.name.startswith("no compare-and-set"))
    ((place, changed),) = fault.patches()
    with patch(place, changed):
        assert "key-1 was charged 2 times" in prover.run(scenario, Choices(path)).violations
