"""Running sums of what was spent and what is reserved, kept in the same transactions as the intents.

So budgets and reports never add up rows, and stay right when old rows are compacted away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from sqlalchemy import BindParameter, bindparam, insert, select, update
from sqlalchemy.engine import Connection

from crowdhub.ledger.intent import State
from crowdhub.model import Model, Money
from crowdhub.store import moment_of
from crowdhub.store.schema import IntentRow, totals

Kind = Literal["all", "day", "task"]
NOTHING = Decimal(0)


class Total(Model):
    """What an account spent in a currency, ``day`` by day (UTC) or in all.

    ``spent`` was paid; ``held`` is reserved for what is under way or whose outcome is unknown; ``done`` counts what
    was carried out.
    """

    provider: str
    account: str
    environment: str
    day: date | None = None
    spent: Money
    held: Money
    done: int


class Amounts(NamedTuple):
    """What one intent adds to the sums."""

    spent: Decimal = NOTHING
    held: Decimal = NOTHING
    done: int = 0

    def plus(self, other: Amounts) -> Amounts:
        return Amounts(self.spent + other.spent, self.held + other.held, self.done + other.done)

    def minus(self, other: Amounts) -> Amounts:
        return Amounts(self.spent - other.spent, self.held - other.held, self.done - other.done)


def day_of(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def amounts_of(row: IntentRow) -> Amounts:
    """What an intent adds to the sums, in its currency."""
    if row.state == State.NOT_DONE or row.currency is None:
        return Amounts()
    if row.state == State.DONE:
        return Amounts(spent=Decimal((row.amount if row.charged is None else row.charged) or 0), done=1)
    return Amounts(held=Decimal(row.amount or 0))


def move(connection: Connection, before: IntentRow | None, after: IntentRow) -> None:
    """Take an intent's row out of the sums as it was and put it in as it is."""
    changes: dict[tuple[str, ...], Amounts] = {}
    if before is not None:
        for key in _keys(before):
            changes[key] = Amounts().minus(amounts_of(before))
    for key in _keys(after):
        changes[key] = changes.get(key, Amounts()).plus(amounts_of(after))
    for key, change in changes.items():
        if change != Amounts():
            _add(connection, key, change)


def _keys(row: IntentRow) -> Iterable[tuple[str, ...]]:
    if row.currency is None:
        return
    rest = (row.environment, row.currency, row.provider, row.account)
    yield ("all", "", *rest)
    yield ("day", day_of(moment_of(row.counted_at or row.created_at)), *rest)
    if row.task_id is not None:
        yield ("task", row.task_id, *rest)


KEY = (totals.c.kind, totals.c.value, totals.c.environment, totals.c.currency, totals.c.provider, totals.c.account)


# Made once: to make a statement costs more than to carry it out.
_THIS = [column == bindparam(f"of_{column.name}") for column in KEY]
_FIND = select(totals.c.spent, totals.c.held, totals.c.done).where(*_THIS)
_INSERT = insert(totals)
_SUMS: dict[str, BindParameter[object]] = {name: bindparam(f"new_{name}") for name in ("spent", "held", "done")}
_UPDATE = update(totals).where(*_THIS).values(_SUMS)


def _add(connection: Connection, key: tuple[str, ...], change: Amounts) -> None:
    this: dict[str, object] = {f"of_{column.name}": value for column, value in zip(KEY, key, strict=True)}
    found = connection.execute(_FIND, this).one_or_none()
    old = Amounts() if found is None else Amounts(Decimal(found.spent), Decimal(found.held), found.done)
    new = old.plus(change)
    sums = {"spent": f"{new.spent:f}", "held": f"{new.held:f}", "done": new.done}
    if found is None:
        values = {column.name: value for column, value in zip(KEY, key, strict=True)}
        connection.execute(_INSERT, {**values, **sums})
    else:
        connection.execute(_UPDATE, this | {f"new_{name}": value for name, value in sums.items()})


def used(
    connection: Connection,
    kind: Kind,
    value: str,
    environment: str,
    currency: str,
    *,
    accounts: Collection[str] | None = None,
    provider: str | None = None,
) -> Decimal:
    """What is spent and held together."""
    query = select(totals.c.account, totals.c.spent, totals.c.held).where(
        totals.c.kind == kind,
        totals.c.value == value,
        totals.c.environment == environment,
        totals.c.currency == currency,
    )
    if provider is not None:
        query = query.where(totals.c.provider == provider)
    rows = connection.execute(query)
    mine = (row for row in rows if accounts is None or row.account in accounts)
    return sum((Decimal(row.spent) + Decimal(row.held) for row in mine), NOTHING)


def read(
    connection: Connection,
    *,
    by_day: bool,
    account: str | None = None,
    provider: str | None = None,
    environment: str | None = None,
    currency: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> list[Total]:
    """The sums, by account and currency and, ``by_day``, by day from ``since`` to before ``until``."""
    c = totals.c
    query = select(totals).where(c.kind == ("day" if by_day else "all"))
    for column, wanted in (
        (c.account, account),
        (c.provider, provider),
        (c.environment, environment),
        (c.currency, currency),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if since is not None:
        query = query.where(c.value >= since.isoformat())
    if until is not None:
        query = query.where(c.value < until.isoformat())
    query = query.order_by(c.environment, c.provider, c.account, c.currency, c.value)
    return [
        Total(
            provider=row.provider,
            account=row.account,
            environment=row.environment,
            day=date.fromisoformat(row.value) if by_day else None,
            spent=Money(row.spent, row.currency),
            held=Money(row.held, row.currency),
            done=row.done,
        )
        for row in connection.execute(query)
    ]
