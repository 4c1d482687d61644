"""What was carried out is not undone by a ledger that cannot be written: the caller gets its result, and a warning."""

from __future__ import annotations

import logging
import warnings
from contextlib import suppress

from crowdhub.errors import LedgerError

log = logging.getLogger("crowdhub")


class LedgerWarning(UserWarning):
    """Something was carried out that the ledger could not note; ``recover`` settles it."""


def tell_unnoted(what: str, error: LedgerError) -> None:
    """Say that ``what`` was carried out and not noted."""
    log.error("%s was carried out, but the ledger could not note it: %s", what, error)
    said = f"{what} was carried out, but the ledger could not note it ({error.message}); run recover."
    with suppress(LedgerWarning):  # where warnings are errors: one must not take the place of what was paid for
        warnings.warn(said, LedgerWarning, stacklevel=3)
