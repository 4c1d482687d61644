"""Under which names applications have called one account. Everything here runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, insert, select
from sqlalchemy.engine import Connection

from crowdhub.store.schema import names

_IS_KNOWN = select(names.c.owner).where(
    *(names.c[name] == bindparam(f"of_{name}") for name in ("provider", "environment", "account", "owner"))
)
_ADD = insert(names)
_OTHER = names.alias("other")


def keep(connection: Connection, identity: Mapping[str, str], owner: str | None) -> None:
    """Remember that what this key opens is called so. ``owner``: see `Ledger.owner_of`."""
    if owner is None:
        return
    row = {"provider": identity["provider"], "environment": identity["environment"], "account": identity["account"]}
    asked = {f"of_{name}": value for name, value in row.items()} | {"of_owner": owner}
    if connection.execute(_IS_KNOWN, asked).first() is None:
        connection.execute(_ADD, {**row, "owner": owner})


def of_one(connection: Connection, identity: Mapping[str, str], owner: str) -> frozenset[str]:
    """What this account was ever called."""
    query = select(names.c.account).where(
        names.c.provider == identity["provider"],
        names.c.environment == identity["environment"],
        names.c.owner == owner,
    )
    return frozenset(row.account for row in connection.execute(query))


def of_the_same(connection: Connection, environment: str, accounts: Collection[str]) -> frozenset[str]:
    """These accounts under whatever name they were used: with the names of what their keys opened."""
    query = (
        select(names.c.account)
        .join(
            _OTHER,
            (_OTHER.c.provider == names.c.provider)
            & (_OTHER.c.environment == names.c.environment)
            & (_OTHER.c.owner == names.c.owner),
        )
        .where(names.c.environment == environment, _OTHER.c.account.in_(sorted(accounts)))
        .distinct()
    )
    return frozenset(accounts) | {row.account for row in connection.execute(query)}
