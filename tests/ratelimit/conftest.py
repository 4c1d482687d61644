from collections.abc import Iterator
from pathlib import Path

import pytest

from crowdhub.ratelimit import Gates
from crowdhub.store import Database
from tests.support import postgres
from tests.support.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database's address, in each kind of database."""
    return f"sqlite:///{tmp_path}/ledger.sqlite3" if request.param == "sqlite" else postgres.new_database()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def gates(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> Iterator[Gates]:
    """Gates of each kind."""
    if request.param == "memory":
        yield Gates(None, clock)
        return
    url = f"sqlite:///{tmp_path}/ledger.sqlite3" if request.param == "sqlite" else postgres.new_database()
    database = Database(url, clock=clock)
    gates = Gates(database)
    yield gates
    gates.close()
    database.close()
