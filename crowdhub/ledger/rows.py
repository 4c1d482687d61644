"""Reading and changing single intents inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from crowdhub.ledger import totals
from crowdhub.store.schema import HAS_KEY, intents

Row = dict[str, Any]


def by_id(connection: Connection, intent_id: str) -> Row | None:
    found = connection.execute(select(intents).where(intents.c.id == intent_id)).mappings().one_or_none()
    return None if found is None else dict(found)


def by_key(connection: Connection, identity: Mapping[str, str], operation: str, key: str) -> Row | None:
    """The intent that has the key: at most one that is not known to be undone."""
    c = intents.c
    found = connection.execute(
        select(intents).where(
            c.provider == identity["provider"],
            c.account == identity["account"],
            c.environment == identity["environment"],
            c.operation == operation,
            c.key == key,
            HAS_KEY,
        )
    )
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)


def change(connection: Connection, row: Row, **changes: Any) -> Row:
    """Change a row and move its share of the totals with it."""
    after = {**row, **changes}
    connection.execute(update(intents).where(intents.c.id == row["id"]).values(**changes))
    totals.move(connection, row, after)
    return after
