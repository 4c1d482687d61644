"""Looking into the ledger: single entries, sums, exports, and keeping it small."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import IO, TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import Select, and_, delete, or_, select, tuple_, update
from sqlalchemy.engine import Connection

from crowdhub.ledger import totals
from crowdhub.ledger.content import as_json
from crowdhub.ledger.intent import Intent, State, micros, row_of
from crowdhub.ledger.totals import Total
from crowdhub.store.schema import decisions, intents, reviews

if TYPE_CHECKING:
    from crowdhub.ledger.ledger import Ledger

PAGE = 500
SETTLED = (State.DONE.value, State.NOT_DONE.value)
COLUMNS = (
    "id",
    "created_at",
    "settled_at",
    "provider",
    "account",
    "environment",
    "operation",
    "state",
    "key",
    "task_id",
    "amount",
    "charged",
    "currency",
    "reference",
    "attempts",
    "error",
    "look_for",
)


class Report:
    """What was spent where. Reach it as ``ledger.report``. Everything raises `LedgerError`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def entries(
        self,
        *,
        provider: str | None = None,
        account: str | None = None,
        environment: str | None = None,
        currency: str | None = None,
        operation: str | None = None,
        state: State | str | None = None,
        key: str | None = None,
        task_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
    ) -> Iterator[Intent]:
        """The intents that fit, by the moment they were written (from ``since`` to before ``until``), page by page in
        constant memory. What is written while you read may or may not be seen; nothing is seen twice."""
        c = intents.c
        query = select(intents)
        wanted = {
            c.provider: provider,
            c.account: account,
            c.environment: environment,
            c.currency: currency,
            c.operation: operation,
            c.state: None if state is None else State(state).value,
            c.key: key,
            c.task_id: task_id,
        }
        for column, value in wanted.items():
            if value is not None:
                query = query.where(column == value)
        if since is not None:
            query = query.where(c.created_at >= micros(since))
        if until is not None:
            query = query.where(c.created_at < micros(until))
        return self._pages(query, newest_first)

    def _pages(self, query: Select[Any], newest_first: bool) -> Iterator[Intent]:
        c = intents.c
        place = tuple_(c.created_at, c.id)
        order = (c.created_at.desc(), c.id.desc()) if newest_first else (c.created_at, c.id)
        query = query.order_by(*order).limit(PAGE)
        last: tuple[int, str] | None = None
        while True:
            page = query if last is None else query.where(place < last if newest_first else place > last)
            rows = self._ledger.database.read(_fetch(page))
            yield from map(row_of, rows)
            if len(rows) < PAGE:
                return
            last = rows[-1]["created_at"], rows[-1]["id"]

    def totals(
        self,
        *,
        by_day: bool = False,
        provider: str | None = None,
        account: str | None = None,
        environment: str | None = None,
        currency: str | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> list[Total]:
        """What was spent and what is reserved, by account and currency, and ``by_day`` (UTC) where asked or where
        ``since``/``until`` are given. There is no sum over currencies."""

        def work(connection: Connection) -> list[Total]:
            return totals.read(
                connection,
                by_day=by_day or since is not None or until is not None,
                provider=provider,
                account=account,
                environment=environment,
                currency=currency,
                since=since,
                until=until,
            )

        return self._ledger.database.read(work)

    def export(self, to: IO[str], kind: Literal["csv", "json"] = "csv", **filters: Any) -> int:
        """Write the entries that fit (the filters of `entries`) as CSV or as one JSON list; return how many."""
        entries = self.entries(**filters)
        return _as_csv(to, entries) if kind == "csv" else _as_json(to, entries)

    def compact(self, before: datetime, *, forget_keys: bool = False, batch: int = 2000) -> int:
        """Drop what was settled and written before ``before``; return how many entries were dropped or shortened.

        The sums, and so the budgets, stay as they are. An entry with a key is kept in short (without its content and
        the provider's answer): its key must not publish again. ``forget_keys=True`` drops it as well.
        Open and unknown intents always stay.
        """
        count = 0
        while True:
            done = self._ledger.database.write(lambda connection: _compact(connection, before, forget_keys, batch))
            count += done
            if done < batch:
                break
        self._ledger.database.write(lambda connection: _drop_reviews(connection, before))
        self._ledger.database.shrink()
        return count


def _fetch(query: Select[Any]) -> Callable[[Connection], list[dict[str, Any]]]:
    return lambda connection: [dict(row) for row in connection.execute(query).mappings()]


def _compact(connection: Connection, before: datetime, forget_keys: bool, batch: int) -> int:
    c = intents.c
    old = and_(c.created_at < micros(before), c.state.in_(SETTLED))
    keyed = and_(c.key.is_not(None), c.state == State.DONE.value)
    wanted = old if forget_keys else and_(old, or_(~keyed, c.content.is_not(None)))
    found = connection.execute(
        select(c.id, c.key, c.state, c.result).where(wanted).order_by(c.created_at, c.id).limit(batch)
    ).all()
    shorten = [row for row in found if not forget_keys and row.key is not None and row.state == State.DONE]
    kept = {row.id for row in shorten}
    for row in shorten:
        connection.execute(update(intents).where(c.id == row.id).values(content=None, result=_short(row.result)))
    dropped = [row.id for row in found if row.id not in kept]
    for start in range(0, len(dropped), 500):
        connection.execute(delete(intents).where(c.id.in_(dropped[start : start + 500])))
    return len(found)


def _short(result: str | None) -> str | None:
    """A result without the provider's own answer, which is most of it."""
    if result is None:
        return None
    data = json.loads(result)
    return as_json(
        {k: v for k, v in cast("dict[str, Any]", data).items() if k != "raw"} if isinstance(data, dict) else data
    )


def _drop_reviews(connection: Connection, before: datetime) -> None:
    old = select(reviews.c.id).where(
        reviews.c.created_at < micros(before),
        ~select(decisions.c.review_id)
        .where(decisions.c.review_id == reviews.c.id, decisions.c.result.is_(None))
        .exists(),
    )
    gone = list(connection.execute(old).scalars())
    for start in range(0, len(gone), 500):
        some = gone[start : start + 500]
        connection.execute(delete(decisions).where(decisions.c.review_id.in_(some)))
        connection.execute(delete(reviews).where(reviews.c.id.in_(some)))


def _plain(entry: Intent) -> dict[str, Any]:
    currency = next((m.currency for m in (entry.charged, entry.amount) if m is not None), None)
    values: dict[str, Any] = {name: getattr(entry, name, None) for name in COLUMNS}
    values["currency"] = currency
    for name in ("amount", "charged"):
        money = getattr(entry, name)
        values[name] = None if money is None else f"{money.amount:f}"
    for name in ("created_at", "settled_at"):
        values[name] = None if values[name] is None else values[name].isoformat()
    values["state"] = str(entry.state)
    return values


def _as_csv(to: IO[str], entries: Iterator[Intent]) -> int:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, entry in enumerate(entries, start=1):  # noqa: B007
        writer.writerow(["" if value is None else _cell(value) for value in _plain(entry).values()])
    return count


def _cell(value: Any) -> Any:
    # A spreadsheet would run a text that starts like a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _as_json(to: IO[str], entries: Iterator[Intent]) -> int:
    count = 0
    to.write("[")
    for count, entry in enumerate(entries, start=1):
        to.write("\n" if count == 1 else ",\n")
        to.write(json.dumps({**_plain(entry), "content": entry.content, "result": entry.result}))
    to.write("\n]\n" if count else "]\n")
    return count
