from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crowdhub.ledger import Ledger
from tests.support import postgres
from tests.support.hand_clock import HandClock

IDENTITY: dict[str, Any] = {"provider": "acme", "account": "acme", "environment": "sandbox"}


@pytest.fixture
def identity() -> dict[str, Any]:
    return dict(IDENTITY)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new ledger's address, in each kind of database."""
    return f"sqlite:///{tmp_path}/ledger.sqlite3" if request.param == "sqlite" else postgres.new_database()


@pytest.fixture
def open_ledger() -> Iterator[Callable[..., Ledger]]:
    """Opens ledgers and closes them at the end."""
    opened: list[Ledger] = []

    def open_one(target: str | Path, **more: Any) -> Ledger:
        opened.append(Ledger.open(target, **more))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def ledger(url: str, clock: HandClock) -> Iterator[Ledger]:
    with closing(Ledger.open(url, clock=clock)) as ledger:
        yield ledger


@pytest.fixture
def file_ledger(tmp_path: Path, clock: HandClock) -> Iterator[Ledger]:
    """One in SQLite, where the kind of database makes no difference."""
    with closing(Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)) as ledger:
        yield ledger
