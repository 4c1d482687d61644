"""Whether a name that a listing is narrowed to is anywhere at all: behind a misspelt one, money in doubt would hide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue

if TYPE_CHECKING:  # the command starts without the database's library
    from crowdhub.hub import Hub
    from crowdhub.ledger import Ledger


def check_known(
    hub: Hub, *, account: str | None = None, environment: str | None = None, currency: str | None = None
) -> None:
    """Raises `InvalidRequest` naming each that is neither in the settings nor in a ledger.

    An account may be gone from the settings while its entries are there. One whose settings are wrong counts by its
    name, and may be of any environment and currency.
    """
    markets = [hub[name] for name in readable(hub)]
    may_be_any = len(markets) < len(hub.accounts)
    ledgers = list(_ledgers(hub))
    issues: list[Issue] = []
    if account is not None and account not in hub.accounts and not any(knows(each, account) for each in ledgers):
        names = ", ".join(hub.accounts)
        issues.append(Issue("--account", f"{account!r} is neither in the settings ({names}) nor in the ledger"))
    for option, value, present in (
        ("--environment", environment, [each.environment for each in markets]),
        ("--currency", currency, [each.currency for each in markets]),
    ):
        if value is None or may_be_any or value in present:
            continue
        if not any(knows(each, **{option[2:]: value}) for each in ledgers):
            issues.append(Issue(option, f"{value!r} is neither that of an account nor in the ledger"))
    if issues:
        raise InvalidRequest(issues=issues)


def knows(
    ledger: Ledger, account: str | None = None, environment: str | None = None, currency: str | None = None
) -> bool:
    """Whether anything in the ledger is of these; sums stay where entries were dropped."""
    report = ledger.report
    entries = report.entries(account=account, environment=environment, currency=currency)
    return next(entries, None) is not None or bool(
        report.totals(account=account, environment=environment, currency=currency)
    )


def readable(hub: Hub) -> list[str]:
    """The accounts whose settings are right; a wrong one hides none of the others."""
    found: list[str] = []
    for name in hub.accounts:
        with suppress(CrowdhubError):
            found.append(hub[name].name)
    return found


def _ledgers(hub: Hub) -> Iterator[Ledger]:
    """Each that is at work, once."""
    told: set[int] = set()
    for ledger in (hub.ledger, *(hub[name].ledger for name in readable(hub))):
        if ledger is not None and id(ledger) not in told:
            told.add(id(ledger))
            yield ledger
