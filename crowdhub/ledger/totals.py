"""Running sums of what was spent and what is reserved, kept in the same transactions as the intents.

So budgets and reports never add up rows, and stay right when old rows are compacted away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from crowdhub.ledger.intent import State, moment_of
from crowdhub.model import Model, Money
from crowdhub.store.schema import totals

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


class Share(NamedTuple):
    """What one intent adds to the sums."""

    spent: Decimal = NOTHING
    held: Decimal = NOTHING
    done: int = 0


def day_of(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def share_of(row: Mapping[str, Any]) -> Share:
    state = row["state"]
    priced = row["charged"] if row["charged"] is not None else row["amount"]
    if state == State.NOT_DONE or row["currency"] is None:
        return Share()
    if state == State.DONE:
        return Share(spent=Decimal(priced or 0), done=1)
    return Share(held=Decimal(row["amount"] or 0))


def move(connection: Connection, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    """Take an intent's row out of the sums as it was and put it in as it is."""
    changes: dict[tuple[str, ...], list[Any]] = {}
    for row, sign in ((before, -1), (after, 1)):
        if row is None or row["currency"] is None:
            continue
        share = share_of(row)
        for key in _keys(row):
            sums = changes.setdefault(key, [NOTHING, NOTHING, 0])
            sums[0] += sign * share.spent
            sums[1] += sign * share.held
            sums[2] += sign * share.done
    for key, (spent, held, done) in changes.items():
        if spent or held or done:
            _add(connection, key, spent, held, done)


def _keys(row: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    rest = (row["environment"], row["currency"], row["provider"], row["account"])
    made = moment_of(row["created_at"])
    assert made is not None
    yield ("all", "", *rest)
    yield ("day", day_of(made), *rest)
    if row["task_id"] is not None:
        yield ("task", row["task_id"], *rest)


KEY = (totals.c.kind, totals.c.value, totals.c.environment, totals.c.currency, totals.c.provider, totals.c.account)


def _add(connection: Connection, key: tuple[str, ...], spent: Decimal, held: Decimal, done: int) -> None:
    this = [column == value for column, value in zip(KEY, key, strict=True)]
    old = connection.execute(select(totals.c.spent, totals.c.held, totals.c.done).where(*this)).one_or_none()
    if old is None:
        values = {column.name: value for column, value in zip(KEY, key, strict=True)}
        connection.execute(insert(totals).values(**values, spent=f"{spent:f}", held=f"{held:f}", done=done))
        return
    sums = {"spent": f"{Decimal(old.spent) + spent:f}", "held": f"{Decimal(old.held) + held:f}"}
    connection.execute(update(totals).where(*this).values(**sums, done=old.done + done))


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
