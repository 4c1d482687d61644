"""What a database's own errors mean, in words that say what to do."""

from __future__ import annotations

from sqlalchemy import exc

from crowdhub.errors import LedgerError

AGAIN = frozenset({"40001", "40P01", "57P01", "57P02", "57P03", "08000", "08001", "08003", "08006"})
"""PostgreSQL's codes for a transaction that may simply be run again: a clash, a shutdown, a lost connection."""


def is_transient(error: Exception) -> bool:
    """Whether the same work may succeed in a moment on a new connection."""
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated or _code(error) in AGAIN or _is_unreachable(error)
    return False


def as_ledger_error(error: Exception, name: str, patience: float) -> LedgerError:
    """The `LedgerError` that a failure of the database stands for."""
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    text, code = said.lower(), _code(error)
    if "locked" in text or "busy" in text or code == "55P03":
        return LedgerError(
            f"The ledger {name} was locked by another program for more than {patience:g} seconds.", transient=True
        )
    if "full" in text or code == "53100" or "no space" in text:
        return LedgerError(f"The disk of the ledger {name} is full, or the ledger has reached its size limit.")
    if "not a database" in text or "malformed" in text or code in ("XX001", "XX002"):
        return LedgerError(
            f"The ledger {name} is damaged ({said}). Restore it from a backup, or move it aside and look at the "
            "marketplaces before anything is published again: without it, nothing tells what was already paid."
        )
    if "readonly" in text or "unable to open" in text or "permission" in text or code == "42501":
        return LedgerError(f"The ledger {name} cannot be opened for writing ({said}).")
    if isinstance(error, exc.TimeoutError):
        return LedgerError(f"The ledger {name} is busy: no free connection.", transient=True)
    if is_transient(error):
        return LedgerError(f"The ledger {name} cannot be reached ({said}).", transient=True)
    return LedgerError(f"The ledger {name} failed ({type(error).__name__}: {said}).")


def _code(error: Exception) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _is_unreachable(error: exc.DBAPIError) -> bool:
    driver = getattr(type(error.orig), "__module__", "")
    return driver.startswith("psycopg") and isinstance(error, exc.OperationalError) and _code(error) is None
