"""The ledger: an intent is on disk before its request leaves, its outcome after it."""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from crowdhub.clock import Clock
from crowdhub.errors import CrowdhubError, InvalidRequest, Issue, LedgerError, OutcomeUnknown
from crowdhub.ledger import content as contents
from crowdhub.ledger import owner, rows, totals
from crowdhub.ledger.budget import Budget
from crowdhub.ledger.errors import NotHeld, UnderWay
from crowdhub.ledger.heartbeat import Heartbeat
from crowdhub.ledger.intent import Begun, Intent, State, Status, micros, row_of
from crowdhub.ledger.journal import Journal
from crowdhub.ledger.report import Report
from crowdhub.model import Money, Task
from crowdhub.store.database import Database
from crowdhub.store.schema import IS_OPEN, intents, meta, reviews

LEASE = 90.0
LONGEST_KEY = 200
LARGEST_AMOUNT = 15  # digits before the point
MOST_DECIMALS = 9


class Ledger:
    """What was asked and paid, for any number of threads and processes. Synchronous: an async caller uses a thread.

    Everything here raises `LedgerError` where the database fails.
    """

    def __init__(self, database: Database, *, lease: float = LEASE) -> None:
        self.database = database
        self.clock = database.clock
        self.lease = lease
        """Seconds after which another machine may take an intent for abandoned; renewed while it is under way."""
        self.redact: Callable[[str], str] = str
        """Takes the secrets out of every text before it is written; the hub sets it."""
        self.journal = Journal(self)
        self.report = Report(self)
        self._heartbeat = Heartbeat(self._renew, lease / 3)

    @classmethod
    def open(
        cls,
        target: str | os.PathLike[str] | None = None,
        *,
        clock: Clock | None = None,
        patience: float = 30.0,
        lease: float = LEASE,
    ) -> Self:
        """The ledger in a file, at a database URL, or (None) in the user's data folder; made where it is not there.

        ``patience``: seconds to wait while another program has it locked. Raises `ConfigurationError`, `LedgerError`.
        """
        return cls(Database(target, clock=clock, patience=patience), lease=lease)

    def __repr__(self) -> str:
        return f"<Ledger {self.database.name}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._heartbeat.close()
        self.database.close()

    def salt(self) -> bytes:
        """A random value of this ledger's own, for hashes that nobody can look up elsewhere."""
        query = select(meta.c.value).where(meta.c.name == "salt")
        return bytes.fromhex(self.database.read(lambda connection: connection.execute(query).scalar_one()))

    # --- before the request ------------------------------------------------------------------------------

    def begin(
        self,
        identity: Mapping[str, str],
        operation: str,
        content: Any,
        *,
        key: str | None = None,
        amount: Money | None = None,
        reference: str | None = None,
        task_id: str | None = None,
        budget: Budget | None = None,
        look_for: str | None = None,
    ) -> Begun:
        """Look for the key, check the budget, reserve the amount and write the intent, in one transaction.

        ``identity`` is the provider's (provider, account, environment), ``content`` everything that was asked,
        ``amount`` the most that it will take, ``task_id`` the task that a bonus belongs to. `Begun.status` says what
        to do. Raises `InvalidRequest` where the key was used for something else (the difference field by field) and
        `BudgetExceeded`; nothing is written then.
        """
        _check(key, amount)
        plain = contents.canonical(content, self.redact)
        now = self.clock.now()
        row: rows.Row = {
            **{name: identity[name] for name in ("provider", "account", "environment")},
            "id": str(uuid.uuid4()),
            "operation": operation,
            "key": key,
            "fingerprint": contents.fingerprint(plain),
            "content": contents.as_json(plain),
            "reference": reference,
            "amount": None if amount is None else f"{amount.amount:f}",
            "charged": None,
            "currency": None if amount is None else amount.currency,
            "task_id": task_id,
            "state": State.OPEN.value,
            "holder": owner.new_holder(),
            "lease_until": self.lease_end(now),
            "attempts": 1,
            "result": None,
            "error": None,
            "look_for": contents.safe_text(look_for, self.redact),
            "created_at": micros(now),
            "settled_at": None,
        }

        def work(connection: Connection) -> Begun:
            if rows.by_id(connection, row["id"]) is not None:  # written before the database went away
                return Begun(status=Status.NEW, intent=row_of(row))
            if key is not None and (earlier := rows.by_key(connection, identity, operation, key)) is not None:
                return self._again(connection, earlier, row)
            if budget is not None:
                budget.check(connection, identity, amount, task_id=task_id, now=now, operation=operation)
            connection.execute(insert(intents).values(**row))
            totals.move(connection, None, row)
            return Begun(status=Status.NEW, intent=row_of(row))

        begun = self.database.write(work)
        self._hold(begun)
        return begun

    def _again(self, connection: Connection, earlier: rows.Row, row: rows.Row) -> Begun:
        """A key that was used before."""
        if earlier["fingerprint"] != row["fingerprint"]:
            raise _other_content(earlier, row)
        if earlier["state"] == State.DONE:
            return Begun(status=Status.REPLAYED, intent=row_of(earlier))
        return self._take(connection, earlier)

    def _take(self, connection: Connection, row: rows.Row) -> Begun:
        """Take over an intent without outcome, unless somebody is at it."""
        now = self.clock.now()
        if owner.is_alive(row["holder"], row["lease_until"], micros(now)):
            return Begun(status=Status.UNDER_WAY, intent=row_of(row))
        changes = {"holder": owner.new_holder(), "lease_until": self.lease_end(now), "attempts": row["attempts"] + 1}
        return Begun(status=Status.RECOVER, intent=row_of(rows.change(connection, row, **changes)))

    def claim(self, intent_id: str) -> Begun:
        """Take over an open or unknown intent to settle it: RECOVER when it is yours, UNDER_WAY when somebody is at
        it, REPLAYED when it was settled. Raises `InvalidRequest` for an id that is not there."""

        def work(connection: Connection) -> Begun:
            row = rows.by_id(connection, intent_id)
            if row is None:
                raise InvalidRequest(issues=[Issue("intent", f"{intent_id!r} is not in the ledger")])
            if row["state"] in (State.DONE, State.NOT_DONE):
                return Begun(status=Status.REPLAYED, intent=row_of(row))
            return self._take(connection, row)

        begun = self.database.write(work)
        self._hold(begun)
        return begun

    def _hold(self, begun: Begun) -> None:
        if begun.status in (Status.NEW, Status.RECOVER) and begun.intent.holder is not None:
            self.keep(begun.intent.holder)

    def keep(self, holder: str) -> None:
        """Renew the lease of ``holder`` until `let_go`."""
        owner.hold(holder)
        self._heartbeat.add(holder)

    def let_go(self, holder: str | None) -> None:
        if holder is not None:
            owner.release(holder)
            self._heartbeat.remove(holder)

    # --- after the request -----------------------------------------------------------------------------------

    def finish(
        self, intent: Intent, result: Any = None, *, charged: Money | None = None, task_id: str | None = None
    ) -> Intent:
        """It was carried out: keep the result. ``charged``: what it really took (default: what a `Task` says, else
        what was reserved). Calling it again changes nothing."""
        if charged is None and isinstance(result, Task):
            charged = result.charged
        if task_id is None:
            task_id = result.id if isinstance(result, Task) else getattr(result, "task_id", None)
        changes: dict[str, Any] = {"state": State.DONE.value, "error": None, "look_for": None}
        changes |= {"holder": None, "lease_until": 0, "settled_at": micros(self.clock.now())}
        if result is not None:
            changes["result"] = contents.result_text(result, self.redact)

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            if row["state"] == State.DONE:
                return row_of(row)
            more: dict[str, Any] = {"task_id": row["task_id"] or contents.safe_text(task_id)}
            if charged is not None and _is_sane(charged):
                more["charged"] = f"{charged.amount:f}"
                if row["currency"] != charged.currency:  # reserved in another currency, or not at all
                    more |= {"currency": charged.currency, "amount": None}
            if row["state"] == State.NOT_DONE:
                more |= _done_after_all(connection, row)
            return row_of(rows.change(connection, row, **{**changes, **more}))

        return self._settle(intent, work)

    def fail(self, intent: Intent, error: CrowdhubError | str) -> Intent:
        """It was certainly not carried out: release what was reserved; the key is free again.

        Raises `NotHeld` where somebody else took the intent over meanwhile."""
        changes = {"state": State.NOT_DONE.value, "settled_at": micros(self.clock.now()), "look_for": None}
        return self._settle(intent, lambda connection: self._end(connection, intent, error, changes))

    def unknown(self, intent: Intent, error: CrowdhubError | str) -> Intent:
        """It cannot be told: keep the amount reserved and the key taken, and note what has to be looked for.

        Raises `NotHeld` where somebody else took the intent over meanwhile."""
        look_for = error.look_for if isinstance(error, OutcomeUnknown) else None
        changes: dict[str, Any] = {"state": State.UNKNOWN.value}
        if look_for is not None:
            changes["look_for"] = contents.safe_text(look_for, self.redact)
        return self._settle(intent, lambda connection: self._end(connection, intent, error, changes))

    def _end(
        self, connection: Connection, intent: Intent, error: CrowdhubError | str, changes: dict[str, Any]
    ) -> Intent:
        row = _present(connection, intent)
        if row["holder"] != intent.holder:
            if row["holder"] is None and row["state"] == changes["state"]:
                return row_of(row)  # this very change, written before the database went away
            raise NotHeld(row_of(row))
        words = contents.safe_text(str(error), self.redact)
        return row_of(rows.change(connection, row, **changes, error=words, holder=None, lease_until=0))

    def _settle(self, intent: Intent, work: Callable[[Connection], Intent]) -> Intent:
        try:
            return self.database.write(work)
        except NotHeld:
            raise
        except LedgerError as error:
            raise error.after_sending() from None
        finally:
            self.let_go(intent.holder)

    @contextmanager
    def holding(self, intent: Intent) -> Generator[None]:
        """Around the request: whatever leaves it without an outcome (an interrupt, a defect) leaves the intent
        unknown rather than open, so that it can be recovered at once."""
        try:
            yield
        finally:
            if intent.holder is not None and owner.is_held(intent.holder):
                try:
                    self.unknown(intent, "The call ended without an outcome.")
                except LedgerError as error:  # what ended the call must not be hidden
                    log.warning("the ledger could not note that %s is unknown: %s", intent.id, error)

    # --- leases ----------------------------------------------------------------------------------------------

    def renew(self, intent: Intent) -> None:
        """Say that it is still under way (done by itself while this process holds it)."""
        self._renew([intent.holder] if intent.holder is not None else [])

    def _renew(self, holders: Collection[str]) -> None:
        ends = self.lease_end(self.clock.now())

        def work(connection: Connection) -> None:
            mine = IS_OPEN & intents.c.holder.in_(holders)
            connection.execute(update(intents).where(mine).values(lease_until=ends))
            connection.execute(update(reviews).where(reviews.c.holder.in_(holders)).values(lease_until=ends))

        self.database.write(work)

    def lease_end(self, now: datetime) -> int:
        """When a lease taken now ends, in microseconds since 1970."""
        return micros(now + timedelta(seconds=self.lease))

    # --- waiting and looking ----------------------------------------------------------------------------------

    def get(self, intent_id: str) -> Intent | None:
        """One intent by its id."""
        row = self.database.read(lambda connection: rows.by_id(connection, intent_id))
        return None if row is None else row_of(row)

    def wait(self, intent: Intent, max_wait: float) -> Intent:
        """Wait up to ``max_wait`` seconds until somebody else's intent is no longer under way; then begin again.

        Raises `UnderWay`.
        """
        for pause in poll_delays(max_wait):
            now = self.get(intent.id)
            if now is None or not self.is_under_way(now):
                return now or intent
            self.clock.sleep(pause)
        raise UnderWay(intent)

    def is_under_way(self, intent: Intent) -> bool:
        """Whether somebody is carrying it out, or settling it, at this moment."""
        now = micros(self.clock.now())
        return intent.state in OPEN and owner.is_alive(intent.holder, micros(intent.lease_until), now)

    def open_intents(self, account: str | None = None, *, under_way: bool = False) -> list[Intent]:
        """The intents without an outcome whose call has ended, oldest first: what `recover` has to settle.

        ``under_way=True``: also those that somebody is at.
        """
        query = select(intents).where(IS_OPEN).order_by(intents.c.created_at, intents.c.id)
        if account is not None:
            query = query.where(intents.c.account == account)
        found = self.database.read(
            lambda connection: [row_of(dict(row)) for row in connection.execute(query).mappings()]
        )
        return [each for each in found if under_way or not self.is_under_way(each)]


log = logging.getLogger("crowdhub")
OPEN = (State.OPEN.value, State.UNKNOWN.value)


def poll_delays(max_wait: float) -> Iterator[float]:
    """The pauses in which to ask whether another call has ended: growing from 20 ms to 1 s, ``max_wait`` in all."""
    pause, left = 0.02, max_wait
    while left > 0:
        yield min(pause, left)
        left -= pause
        pause = min(1.0, pause * 1.6)


def _present(connection: Connection, intent: Intent) -> rows.Row:
    row = rows.by_id(connection, intent.id)
    if row is None:
        raise LedgerError(f"The intent {intent.id} is no longer in the ledger.")
    return row


def _done_after_all(connection: Connection, row: rows.Row) -> dict[str, Any]:
    """It was believed undone: whoever used the freed key since then has it."""
    other = rows.by_key(connection, row, row["operation"], row["key"]) if row["key"] is not None else None
    if other is None:
        return {}
    return {"key": None, "error": f"Carried out as well as {other['id']}, which has the same key."}


def _other_content(earlier: rows.Row, row: rows.Row) -> InvalidRequest:
    first = json.loads(earlier["content"]) if earlier["content"] is not None else None
    if first is None:
        issues = [Issue("content", "differs; the first one's was compacted away")]
    else:
        issues = contents.difference(first, json.loads(row["content"]))
    error = InvalidRequest(
        f"The key {row['key']!r} was used for another {row['operation']}: {'; '.join(map(str, issues))}.",
        next_step="Use a new key for a new request, or ask for the same as before; nothing was sent.",
        **{name: row[name] for name in ("provider", "account", "environment", "operation")},
    )
    error.issues = tuple(issues)
    return error


def _is_sane(money: Money) -> bool:
    """Whether sums of it stay exact."""
    exponent = money.amount.as_tuple().exponent
    return money.amount >= 0 and money.amount.adjusted() < LARGEST_AMOUNT and int(exponent) >= -MOST_DECIMALS


def _check(key: str | None, amount: Money | None) -> None:
    issues: list[Issue] = []
    if key is not None and (not key.strip() or len(key) > LONGEST_KEY or not key.isprintable()):
        issues.append(Issue("key", f"is 1 to {LONGEST_KEY} printable characters"))
    if amount is not None and not _is_sane(amount):
        issues.append(Issue("amount", f"{str(amount.amount)[:40]} is no amount to spend"))
    if issues:
        raise InvalidRequest(issues=issues)
