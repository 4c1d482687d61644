"""Reading and changing single intents inside a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from sqlalchemy import BindParameter, Update, bindparam, func, insert, literal_column, select, update
from sqlalchemy.engine import Connection

from crowdhub.ledger import totals
from crowdhub.store.schema import HAS_KEY, IS_OPEN, IS_UNDONE, IntentRow, intents, reviews

# Made once, as far as that goes: to make a statement costs more than to carry it out.
_BY_ID = select(intents).where(intents.c.id == bindparam("intent"))
_INSERT = insert(intents)
_ASKED = [intents.c[name] == bindparam(f"of_{name}") for name in ("provider", "environment", "operation", "key")]
_NAMED = [*_ASKED, intents.c.account == bindparam("of_account")]
_BY_NAME = select(intents).where(*_NAMED, HAS_KEY)
_BY_OWNER = select(intents).where(*_ASKED, intents.c.owner == bindparam("of_owner"), HAS_KEY)
_UNDONE = (
    select(intents)
    .where(*_NAMED, intents.c.fingerprint == bindparam("of_fingerprint"), IS_UNDONE)
    .order_by(intents.c.attempts.desc())
    .limit(1)
)


_LAST_NUMBER = select(func.max(intents.c.number))
_INTENDED = select(intents).where(IS_OPEN, intents.c.state == literal_column("'intended'"))


@lru_cache(maxsize=256)
def _update(names: tuple[str, ...]) -> Update:
    changed: dict[str, BindParameter[object]] = {name: bindparam(f"new_{name}") for name in names}
    return update(intents).where(intents.c.id == bindparam("intent")).values(changed)


def by_id(connection: Connection, intent_id: str) -> IntentRow | None:
    found = connection.execute(_BY_ID, {"intent": intent_id}).one_or_none()
    return None if found is None else IntentRow(*found)


def by_key(
    connection: Connection, identity: Mapping[str, str], operation: str, key: str, owner: str | None = None
) -> IntentRow | None:
    """The intent that has the key: one that is not known to be undone, of this account by its name, or of whatever its
    key opens (``owner``) by any name."""
    asked = _asked(identity, operation, key)
    found = connection.execute(_BY_NAME, asked).one_or_none()
    if found is None and owner is not None:
        found = connection.execute(_BY_OWNER, asked | {"of_owner": owner}).one_or_none()
    return None if found is None else IntentRow(*found)


def intended(connection: Connection) -> list[IntentRow]:
    """The intents of which no request that takes money has left yet."""
    return [IntentRow(*row) for row in connection.execute(_INTENDED)]


def last_number(connection: Connection) -> int:
    """The number of the intent that was written last; 0 without any."""
    return connection.execute(_LAST_NUMBER).scalar() or 0


def renew(connection: Connection, before: IntentRow, after: IntentRow, fits: Callable[[], None]) -> None:
    """What the row reserves is counted as ``after`` has it, if that ``fits`` without what it reserved before."""
    free = before._replace(currency=None)
    totals.move(connection, before, free)
    fits()
    _write(connection, before, after)
    totals.move(connection, free, after)


def hand_over(connection: Connection, identity: Mapping[str, str], owner: str) -> int:
    """What was written under this name belongs to ``owner``. Returns how many intents that were.

    What was seen through the other key proves nothing through this one.
    """
    changed = 0
    for table in (reviews, intents):
        named = [table.c[name] == identity[name] for name in ("provider", "account", "environment")]
        other = table.c.owner.is_not(None) & (table.c.owner != owner)
        new = {"owner": owner} if table is reviews else {"owner": owner, "witness": None}
        changed = connection.execute(update(table).where(*named, other).values(new)).rowcount
    return changed


def last_undone(connection: Connection, row: IntentRow) -> IntentRow | None:
    """The last intent that asked for the same under the same key and was not carried out.

    Told by the number of attempts, which goes on from one to the next: a clock can stand still or be set back.
    """
    if row.key is None:
        return None
    asked = _asked(identity_of(row), row.operation, row.key)
    found = connection.execute(_UNDONE, asked | {"of_fingerprint": row.fingerprint}).one_or_none()
    return None if found is None else IntentRow(*found)


def identity_of(row: IntentRow) -> dict[str, str]:
    return {"provider": row.provider, "account": row.account, "environment": row.environment}


def _asked(identity: Mapping[str, str], operation: str, key: str) -> dict[str, object]:
    """What the prepared statements compare with."""
    named: dict[str, object] = {f"of_{name}": identity[name] for name in ("provider", "account", "environment")}
    return named | {"of_operation": operation, "of_key": key}


def add(connection: Connection, row: IntentRow) -> None:
    """Write a new row and put what it reserves into the sums."""
    row = row._replace(number=last_number(connection) + 1)
    connection.execute(_INSERT, row._asdict())
    totals.move(connection, None, row)


def change(connection: Connection, before: IntentRow, after: IntentRow) -> None:
    """Write what differs, and move what the row adds to the sums with it."""
    if _write(connection, before, after):
        totals.move(connection, before, after)


def _write(connection: Connection, before: IntentRow, after: IntentRow) -> bool:
    """Write what differs; whether anything does."""
    pairs = zip(IntentRow._fields, before, after, strict=True)
    changes = {name: new for name, old, new in pairs if new != old}
    if changes:
        values: dict[str, object] = {f"new_{name}": new for name, new in changes.items()}
        connection.execute(_update(tuple(changes)), values | {"intent": before.id})
    return bool(changes)
