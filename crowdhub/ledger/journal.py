"""The review journal: decisions are on disk before they are carried out, so that a crash loses none of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from crowdhub.errors import LedgerError
from crowdhub.ledger import owner
from crowdhub.ledger.content import safe_text
from crowdhub.ledger.intent import micros, moment_of
from crowdhub.model import Model, Verdict
from crowdhub.store.schema import decisions, reviews

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crowdhub.ledger.ledger import Ledger

STILL_OPEN = frozenset({"unknown"})
"""Results after which a decision has to be looked at again."""
SUPERSEDED = "superseded"
LONGEST_WORDS = 20_000


class JournalEntry(Model):
    """A decision without an outcome. ``position`` is its place in its review."""

    position: int
    task_id: str
    submission_id: str
    verdict: Verdict
    words: str | None = None
    error: str | None = None


class OpenReview(Model):
    """A review that ended before all its decisions had an outcome. ``holder`` is set where it was taken over."""

    id: str
    provider: str
    account: str
    environment: str
    created_at: datetime
    entries: tuple[JournalEntry, ...]
    holder: str | None = None


class Noted(NamedTuple):
    """What became of the decision at ``position``: a `crowdhub.model.Result` as text; ``unknown`` leaves it open."""

    position: int
    result: str
    error: str | None = None


class Journal:
    """The decisions of `Market.review`. Reach it as ``ledger.journal``."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._holders: dict[str, str] = {}

    def write(self, identity: Mapping[str, str], given: Iterable[tuple[str, str, str, str | None]]) -> str:
        """Write decisions (task id, submission id, verdict, words) before any is carried out; return the review's id.

        Open decisions of crashed reviews about the same submissions give way to these. Raises `LedgerError`.
        """
        ledger = self._ledger
        now = ledger.clock.now()
        review_id, holder = str(uuid.uuid4()), owner.new_holder()
        pairs = list(given)
        about = {(task_id, submission_id) for task_id, submission_id, _, _ in pairs}
        entries = [
            {
                "review_id": review_id,
                "position": position,
                "task_id": task_id,
                "submission_id": submission_id,
                "verdict": str(verdict),
                "words": safe_text(words, ledger.redact, LONGEST_WORDS),
            }
            for position, (task_id, submission_id, verdict, words) in enumerate(pairs)
        ]
        review = {name: identity[name] for name in ("provider", "account", "environment")}

        def work(connection: Connection) -> None:
            if connection.execute(select(reviews.c.id).where(reviews.c.id == review_id)).first() is not None:
                return  # written before the database went away
            self._supersede(connection, review, about)
            lease = {"holder": holder, "lease_until": ledger.lease_end(now), "created_at": micros(now)}
            connection.execute(insert(reviews).values(id=review_id, **review, **lease))
            if entries:
                connection.execute(insert(decisions), entries)

        ledger.database.write(work)
        self._holders[review_id] = holder
        ledger.keep(holder)
        return review_id

    def _supersede(self, connection: Connection, review: Mapping[str, str], about: set[tuple[str, str]]) -> None:
        for row in self._unfinished(connection):
            if any(row[name] != value for name, value in review.items()) or self._is_alive(row):
                continue
            for entry in self._entries(connection, row["id"]):
                if (entry.task_id, entry.submission_id) in about:
                    self._note(connection, row["id"], [Noted(entry.position, SUPERSEDED)])

    def outcome(self, review_id: str, noted: Iterable[Noted]) -> None:
        """Note what became of decisions; any number at a time. Raises `LedgerError`."""
        rows = list(noted)
        if not rows:
            return
        try:
            self._ledger.database.write(lambda connection: self._note(connection, review_id, rows))
        except LedgerError as error:
            raise error.after_sending() from None

    def _note(self, connection: Connection, review_id: str, noted: Sequence[Noted]) -> None:
        now = micros(self._ledger.clock.now())
        c = decisions.c
        change = (
            update(decisions)
            .where(c.review_id == review_id, c.position == bindparam("at"), c.result.is_(None))
            .values(result=bindparam("new_result"), error=bindparam("new_error"), settled_at=bindparam("now"))
        )
        values: list[dict[str, Any]] = []
        for each in noted:
            is_open = each.result in STILL_OPEN
            outcome, when = (None, None) if is_open else (str(each.result), now)
            words = safe_text(each.error, self._ledger.redact)
            values.append({"at": each.position, "new_result": outcome, "new_error": words, "now": when})
        connection.execute(change, values)

    def close(self, review_id: str) -> None:
        """The review has ended: what is still open may be recovered by anybody."""
        holder = self._holders.pop(review_id, None)
        if holder is None:
            return
        change = update(reviews).where(reviews.c.id == review_id, reviews.c.holder == holder)
        try:
            self._ledger.database.write(
                lambda connection: connection.execute(change.values(holder=None, lease_until=0))
            )
        finally:
            self._ledger.let_go(holder)

    def open(self, account: str | None = None) -> list[OpenReview]:
        """The reviews that crashed or left outcomes open, oldest first; those that are under way are left out."""

        def work(connection: Connection) -> list[OpenReview]:
            return [
                self._read(connection, row, None)
                for row in self._unfinished(connection)
                if (account is None or row["account"] == account) and not self._is_alive(row)
            ]

        return self._ledger.database.read(work)

    def take_over(self, account: str | None = None) -> list[OpenReview]:
        """The same, and they are yours: nobody else gets them while you settle them. `close` each one at the end."""
        ledger = self._ledger

        def work(connection: Connection) -> list[OpenReview]:
            now, found = ledger.clock.now(), list[OpenReview]()
            for row in self._unfinished(connection):
                if (account is not None and row["account"] != account) or self._is_alive(row):
                    continue
                holder = owner.new_holder()
                lease = {"holder": holder, "lease_until": ledger.lease_end(now)}
                connection.execute(update(reviews).where(reviews.c.id == row["id"]).values(**lease))
                found.append(self._read(connection, row, holder))
            return found

        found = ledger.database.write(work)
        for each in found:
            assert each.holder is not None
            self._holders[each.id] = each.holder
            ledger.keep(each.holder)
        return found

    def _unfinished(self, connection: Connection) -> Sequence[RowMapping]:
        left = select(decisions.c.review_id).where(decisions.c.result.is_(None))
        query = select(reviews).where(reviews.c.id.in_(left)).order_by(reviews.c.created_at, reviews.c.id)
        return connection.execute(query).mappings().all()

    def _is_alive(self, row: RowMapping) -> bool:
        return owner.is_alive(row["holder"], row["lease_until"], micros(self._ledger.clock.now()))

    def _entries(self, connection: Connection, review_id: str) -> list[JournalEntry]:
        c = decisions.c
        query = select(c.position, c.task_id, c.submission_id, c.verdict, c.words, c.error)
        query = query.where(c.review_id == review_id, c.result.is_(None)).order_by(c.position)
        return [JournalEntry.model_validate(dict(row)) for row in connection.execute(query).mappings()]

    def _read(self, connection: Connection, row: RowMapping, holder: str | None) -> OpenReview:
        created = moment_of(row["created_at"])
        assert created is not None
        return OpenReview(
            id=row["id"],
            provider=row["provider"],
            account=row["account"],
            environment=row["environment"],
            created_at=created,
            entries=tuple(self._entries(connection, row["id"])),
            holder=holder,
        )
