"""Looking into the ledger: single entries, sums, exports, and keeping it small."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any, Literal, TypedDict, Unpack, cast

from sqlalchemy import Select, and_, bindparam, delete, or_, select, tuple_, update
from sqlalchemy.engine import Connection

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.ledger import bookmarks, steps, totals
from crowdhub.ledger.content import as_json
from crowdhub.ledger.intent import Intent, State, intent_of
from crowdhub.ledger.rows import last_number
from crowdhub.ledger.totals import Total
from crowdhub.protocol.arguments import checked_arguments
from crowdhub.shown import shown
from crowdhub.store import Database, micros
from crowdhub.store.schema import HAS_STEPS, IS_PAID, IntentRow, decisions, intents, reviews

PAGE = 500
BATCH = 500  # ids in one statement
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


_THIS = intents.alias("this")
_OTHERS = (
    select(intents)
    .join(_THIS, _THIS.c.id == bindparam("of_id"))
    .where(
        intents.c.provider == _THIS.c.provider,
        intents.c.environment == _THIS.c.environment,
        or_(intents.c.account == _THIS.c.account, intents.c.owner == _THIS.c.owner),
        intents.c.id != _THIS.c.id,
    )
)
"""The other intents of its account."""
_BESIDE = _OTHERS.where(intents.c.created_at >= bindparam("of_since")).order_by(intents.c.created_at, intents.c.id)
_AFTER = _OTHERS.where(intents.c.number > bindparam("of_number"))
_MADE = _OTHERS.where(intents.c.task_id == bindparam("of_task")).limit(1)


class EntryFilters(TypedDict, total=False):
    """The filters of `Report.entries`."""

    provider: str | None
    account: str | None
    environment: str | None
    currency: str | None
    operation: str | None
    state: State | str | None
    key: str | None
    task_id: str | None
    since: datetime | None
    until: datetime | None
    newest_first: bool


class Report:
    """What was spent where. Reach it as ``ledger.report``. Everything raises `LedgerError`, and `InvalidRequest` for a
    filter that cannot be meant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @checked_arguments
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
            c.state: None if state is None else _state(state),
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

    def beside(self, intent: Intent, since: datetime) -> list[Intent]:
        """The other intents of its account, under whatever name, that were written from then on, oldest first."""
        asked = {"of_id": intent.id, "of_since": micros(since)}
        rows = self._database.read(lambda connection: connection.execute(_BESIDE, asked).all())
        return [intent_of(IntentRow(*row)) for row in rows]

    def after(self, intent: Intent, number: int) -> list[Intent]:
        """The other intents of its account, under whatever name, that were written after that one."""
        asked = {"of_id": intent.id, "of_number": number}
        rows = self._database.read(lambda connection: connection.execute(_AFTER, asked).all())
        return [intent_of(IntentRow(*row)) for row in rows]

    def last_number(self) -> int:
        """The number of the intent that was written last; 0 without any."""
        return self._database.read(last_number)

    def made(self, intent: Intent, task_id: str, *, operation: str | None = None) -> bool:
        """Whether another intent of its account, under whatever name, made that task; ``operation``: one of these."""
        asked = {"of_id": intent.id, "of_task": task_id}
        query = _MADE if operation is None else _MADE.where(intents.c.operation == operation)
        return bool(self._database.read(lambda connection: connection.execute(query, asked).all()))

    def _pages(self, query: Select[Any], newest_first: bool) -> Iterator[Intent]:
        c = intents.c
        place = tuple_(c.created_at, c.id)
        order = (c.created_at.desc(), c.id.desc()) if newest_first else (c.created_at, c.id)
        query = query.order_by(*order).limit(PAGE)
        last: tuple[int, str] | None = None
        while True:
            page = query if last is None else query.where(place < last if newest_first else place > last)
            rows = self._database.read(_fetch(page))
            yield from map(intent_of, rows)
            if len(rows) < PAGE:
                return
            last = rows[-1].created_at, rows[-1].id

    @checked_arguments
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
        ``since``/``until`` are given. Currencies are never added up."""

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

        return self._database.read(work)

    def export(self, to: IO[str], kind: Literal["csv", "json"] = "csv", **filters: Unpack[EntryFilters]) -> int:
        """Write the entries that fit (the filters of `entries`) as CSV or as one JSON list; return how many."""
        entries = self.entries(**filters)
        if kind not in ("csv", "json"):
            raise InvalidRequest(issues=[Issue("kind", f"{shown(kind)} is neither 'csv' nor 'json'")])
        return _as_csv(to, entries) if kind == "csv" else _as_json(to, entries)

    @checked_arguments
    def compact(self, before: datetime, *, forget_keys: bool = False, batch: int = 2000) -> int:
        """Drop what was settled and written before ``before``; return how many entries were dropped or shortened.

        The sums, and so the budgets, stay as they are. An entry with a key is kept in short (without its content and
        the provider's answer): its key must not publish again. ``forget_keys=True`` drops it as well.
        Open and unknown intents always stay, and so do those that were paid for and have steps to go on from. A watch
        with a name forgets the tasks of which nothing was handed out since.
        """
        count = 0
        while True:
            done = self._database.write(lambda connection: _compact(connection, before, forget_keys, batch))
            count += done
            if done < batch:
                break
        self._database.write(lambda connection: _drop_reviews(connection, before))
        self._database.write(lambda connection: bookmarks.drop(connection, before))
        self._database.shrink()
        return count


def _state(given: State | str) -> str:
    known = [each.value for each in State]
    if given not in known:
        raise InvalidRequest(issues=[Issue("state", f"{shown(given)} is none of {', '.join(known)}")])
    return State(given).value


def _fetch(query: Select[Any]) -> Callable[[Connection], list[IntentRow]]:
    return lambda connection: [IntentRow(*row) for row in connection.execute(query)]


def _compact(connection: Connection, before: datetime, forget_keys: bool, batch: int) -> int:
    c = intents.c
    # A second payment stays until somebody says that he looked.
    settled = and_(c.state.in_(SETTLED), ~(IS_PAID & HAS_STEPS), c.twin_of.is_(None))
    old = and_(c.created_at < micros(before), settled)
    keyed = and_(c.key.is_not(None), c.state == State.DONE.value)
    wanted = old if forget_keys else and_(old, or_(~keyed, c.content.is_not(None)))
    found = connection.execute(
        select(c.id, c.key, c.state, c.result).where(wanted).order_by(c.created_at, c.id).limit(batch)
    ).all()
    shorten = [row for row in found if not forget_keys and row.key is not None and row.state == State.DONE]
    kept = {row.id for row in shorten}
    for row in shorten:
        connection.execute(update(intents).where(c.id == row.id).values(content=None, result=_short(row.result)))
    for some in _batches([row.id for row in found]):
        steps.drop(connection, some)
    for some in _batches([row.id for row in found if row.id not in kept]):
        connection.execute(delete(intents).where(c.id.in_(some)))
    return len(found)


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _short(result: str | None) -> str | None:
    """A result without the provider's own answer, which is most of it."""
    if result is None:
        return None
    data: object = json.loads(result)
    if isinstance(data, dict):
        data = {name: value for name, value in cast("dict[str, object]", data).items() if name != "raw"}
    return as_json(data)


def _drop_reviews(connection: Connection, before: datetime) -> None:
    old = select(reviews.c.id).where(
        reviews.c.created_at < micros(before),
        ~select(decisions.c.review_id)
        .where(decisions.c.review_id == reviews.c.id, decisions.c.result.is_(None))
        .exists(),
    )
    for some in _batches(connection.execute(old).scalars().all()):
        connection.execute(delete(decisions).where(decisions.c.review_id.in_(some)))
        connection.execute(delete(reviews).where(reviews.c.id.in_(some)))


def _plain(entry: Intent) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(entry, name, None) for name in COLUMNS}
    values["currency"] = next((m.currency for m in (entry.charged, entry.amount) if m is not None), None)
    values["amount"] = None if entry.amount is None else f"{entry.amount.amount:f}"
    values["charged"] = None if entry.charged is None else f"{entry.charged.amount:f}"
    values["created_at"] = entry.created_at.isoformat()
    values["settled_at"] = None if entry.settled_at is None else entry.settled_at.isoformat()
    values["state"] = str(entry.state)
    return values


def _as_csv(to: IO[str], entries: Iterator[Intent]) -> int:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, entry in enumerate(entries, start=1):  # noqa: B007
        writer.writerow(["" if value is None else _cell(value) for value in _plain(entry).values()])
    return count


def _cell(value: object) -> object:
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
