from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import postgres

from crowdhub.testing.campaign import Place
from crowdhub.testing.campaign.processes import Processes


@pytest.fixture
def place() -> Iterator[Place]:
    with Place("sqlite") as place:
        yield place


@pytest.fixture
def postgres_place() -> Iterator[Place]:
    with Place("postgres", server=postgres.server()) as place:
        yield place


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as processes:
        yield processes
