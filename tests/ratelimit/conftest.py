import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import postgres
from support.hand_clock import HandClock

from crowdhub.ledger import Ledger
from crowdhub.ratelimit import Gates


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new ledger's address, in each kind of database."""
    return f"sqlite:///{tmp_path}/ledger.sqlite3" if request.param == "sqlite" else postgres.new_database()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def gates(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> Iterator[Gates]:
    """Gates of each kind."""
    if request.param == "memory":
        yield Gates(None, clock)
        return
    url = f"sqlite:///{tmp_path}/ledger.sqlite3" if request.param == "sqlite" else postgres.new_database()
    ledger = Ledger.open(url, clock=clock)
    gates = Gates(ledger)
    yield gates
    gates.close()
    ledger.close()
