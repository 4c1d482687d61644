from __future__ import annotations

from collections.abc import Iterator

import pytest

from crowdhub.testing.campaign import LedgerHost
from crowdhub.testing.campaign.processes import Processes
from tests.support import postgres


@pytest.fixture
def host() -> Iterator[LedgerHost]:
    with LedgerHost("sqlite") as host:
        yield host


@pytest.fixture
def postgres_host() -> Iterator[LedgerHost]:
    with LedgerHost("postgres", server=postgres.server()) as host:
        yield host


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as processes:
        yield processes
