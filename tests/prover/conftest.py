"""One prover for a test's file: its ledgers are emptied before each path."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from crowdhub.testing.prover import Prover


@pytest.fixture(scope="module")
def prover() -> Iterator[Prover]:
    with Prover() as made:
        yield made


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of crashes are logged."""
    log = logging.getLogger("crowdhub")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    yield
    log.setLevel(before)
