"""The same by two clients: with one key, with keys or ledgers of their own, and under one budget."""

from __future__ import annotations

import pytest

from crowdhub.testing.prover import VARIANTS, Prover, scenarios
from tests.prover.played import PLAYED


@pytest.mark.parametrize(("provider", "operation"), PLAYED)
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
