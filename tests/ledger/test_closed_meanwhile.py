"""A database that is closed under a call that goes on keeps no connection."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool

from crowdhub.store import Database


class Connections:
    def __init__(self, database: Database) -> None:
        pool = database.engine.pool
        assert isinstance(pool, QueuePool)
        self.open = pool.checkedout() + pool.checkedin()
        event.listen(database.engine.pool, "connect", self._opened)
        event.listen(database.engine.pool, "close", self._closed)

    def _opened(self, *_: object) -> None:
        self.open += 1

    def _closed(self, *_: object) -> None:
        self.open -= 1


@pytest.mark.parametrize("when", ["in its work", "right before its connection comes back"])
def test_no_connection_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    database = Database(tmp_path / "ledger.sqlite3")
    connections = Connections(database)
    assert connections.open == 1

    def work(connection: Connection) -> int:
        if when == "in its work":
            database.close()
        return int(connection.exec_driver_sql("SELECT 1").scalar_one())

    real = Connection.close

    def close(connection: Connection) -> None:
        if when != "in its work":
            database.close()
        real(connection)

    monkeypatch.setattr(Connection, "close", close)
    assert database.read(work) == 1
    assert connections.open == 0
