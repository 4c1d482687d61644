"""The same by two clients: with one key, with keys or ledgers of their own, and under one budget."""

from __future__ import annotations

import pytest

from crowdhub.testing.campaign.profile import names, profile_of
from crowdhub.testing.prover import OPERATIONS, VARIANTS, Prover, left_out, scenarios

BY_OPERATION = [
    (name, operation) for name in names() for operation in OPERATIONS if not left_out(profile_of(name), operation)
]


@pytest.mark.parametrize(("provider", "operation"), BY_OPERATION)
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
