"""A marketplace of somebody else's, as `crowdhub plugin new` writes it, is proven as ours are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crowdhub import registry, scaffold
from crowdhub.testing.prover import Prover, scenarios
from tests.support.distributions import distributions

NAME = "bee-hive"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with distributions(tmp_path / "others", monkeypatch) as found:
        found.install_project(scaffold.create(NAME, tmp_path / "project"))
        registry.load.cache_clear()
        yield NAME
    registry.load.cache_clear()


def test_what_the_scaffold_writes_is_proven(prover: Prover, installed: str) -> None:
    found = {each.name: each for each in scenarios(installed)}
    assert {f"{NAME}/publish/one", f"{NAME}/review/one"} <= found.keys()
    for name in (f"{NAME}/publish/one", f"{NAME}/review/one"):
        proof = prover.prove(found[name], 1)
        assert not proof.violations
        assert proof.paths[1] > 20
