"""Where a ledger is: a file, or the URL of a database."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import URL, make_url

from crowdhub import folders
from crowdhub.errors import ConfigurationError
from crowdhub.shown import shown

NO_FILES = ("none", "null", "off", "no", "false")  # what somebody writes who wants no ledger
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.]+:")  # of two characters and more: C: is a drive
_AT_BEHIND_PASSWORD = re.compile(r"[^/:]*://[^:/]*:[^@]*@[^@]*@", re.DOTALL)
"""As in ``u:one@two@host``: a reader of URLs ends the password at the first, and takes the rest for the host."""


def default_path() -> Path:
    """``ledger.sqlite3`` in the user's data folder."""
    return folders.data() / "ledger.sqlite3"


def sandbox_path() -> Path:
    """``sandbox.sqlite3`` beside it, for the sandboxes on this machine that run by themselves."""
    return default_path().with_name("sandbox.sqlite3")


def is_file(text: str) -> bool:
    """Whether this names a file, and not a database or a word that somebody takes for none."""
    if not text or text == ":memory:" or text.lower() in NO_FILES:
        return False
    return "://" not in text and _SCHEME.match(text) is None


def url_of(target: str | os.PathLike[str] | None) -> URL:
    """The database that is meant; None: the one in the user's data folder.

    Raises `ConfigurationError`, which repeats no part of a URL: a password could stand anywhere in one.
    """
    if target is None:
        target = default_path()
    given: object = os.fspath(target) if isinstance(target, os.PathLike) else target
    text = given if isinstance(given, str) else ""  # pyright: ignore[reportUnnecessaryIsInstance]
    if not text or "\0" in text or not _is_encodable(text):
        raise ConfigurationError(f"ledger = {shown(target)} is neither a file's name nor a database URL.")
    if isinstance(target, os.PathLike) or is_file(text):
        return URL.create("sqlite", database=_absolute(text))
    if text.lower() in NO_FILES:
        raise ConfigurationError(
            f"ledger = {text!r} names no file.",
            next_step=f"Work without a ledger by ledger=None, in a program; a file of that name is './{text}'.",
        )
    if text == ":memory:":
        raise _in_memory()
    return _database_url(text)


def is_missing(target: str | os.PathLike[str] | None) -> bool:
    """Whether that is a file's name, and there is no such file. Raises `ConfigurationError` as `url_of`."""
    url = url_of(target)
    if url.get_backend_name() != "sqlite":
        return False
    path = Path(url.database or "")
    with folders.looking_at(path):
        return not path.exists()


def _absolute(path: str) -> str:
    try:
        return str(folders.expanded(path).absolute())
    except FileNotFoundError:
        raise ConfigurationError(
            f"ledger = {path!r} is meant from the working folder, which was deleted; give a whole path."
        ) from None


def _is_encodable(text: str) -> bool:
    try:
        return bool(os.fsencode(text))
    except UnicodeEncodeError:  # half a character
        return False


def _database_url(text: str) -> URL:
    if _AT_BEHIND_PASSWORD.match(text):
        raise ConfigurationError(
            "The ledger's address has an @ too many, so its password cannot be told from its host.",
            next_step="Write %40 for an @ that belongs to the password, the database or an option; nothing was sent.",
        )
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):
        raise ConfigurationError(
            "The ledger's address is not a database URL; give a file, sqlite:///FILE or postgresql+psycopg://…"
        ) from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        if url.drivername not in ("sqlite", "sqlite+pysqlite"):
            raise ConfigurationError("The ledger's address names another driver for SQLite; give sqlite:///FILE.")
        if url.database in (None, "", ":memory:") or "mode=memory" in text:
            raise _in_memory()
        if url.query:
            raise ConfigurationError("The address of a SQLite file takes no options behind a question mark.")
        return url.set(database=_absolute(url.database or ""))
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url
    if backend == "postgres":
        raise ConfigurationError(
            "The scheme of a PostgreSQL ledger's address is postgresql+psycopg://, not postgres://."
        )
    raise ConfigurationError(f"The ledger keeps to SQLite and PostgreSQL; {backend!r} is neither.")


def _in_memory() -> ConfigurationError:
    return ConfigurationError(
        "A ledger in memory is lost with the program and protects nothing; give a file, or ledger=None."
    )
