"""The review journal: decisions are on disk before they are carried out, so that a crash loses none of them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypedDict

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from crowdhub.errors import LedgerError
from crowdhub.ledger.content import Redact, as_json, safe_text
from crowdhub.ledger.leases import Leases
from crowdhub.model import Model, Verdict
from crowdhub.store import Database, micros, moment_of
from crowdhub.store.schema import decisions, reviews

STILL_OPEN = frozenset({"unknown"})
"""Results after which a decision has to be looked at again."""
SUPERSEDED = "superseded"
LONGEST_COMMENT = 20_000

# Made once: to make a statement costs more than to carry it out.
_ADD_REVIEW = insert(reviews)
_ADD_DECISIONS = insert(decisions)
_IS_THERE = select(reviews.c.id).where(reviews.c.id == bindparam("review"))
_UNFINISHED = (
    select(reviews)
    .where(reviews.c.id.in_(select(decisions.c.review_id).where(decisions.c.result.is_(None))))
    .order_by(reviews.c.created_at, reviews.c.id)
)
_ENTRIES = (
    select(
        decisions.c.position,
        decisions.c.task_id,
        decisions.c.submission_id,
        decisions.c.verdict,
        decisions.c.words.label("comment"),
        decisions.c.error,
        decisions.c.options,
        decisions.c.submitted_at,
    )
    .where(decisions.c.review_id == bindparam("review"), decisions.c.result.is_(None))
    .order_by(decisions.c.position)
)
_NOTE = (
    update(decisions)
    .where(
        decisions.c.review_id == bindparam("review"),
        decisions.c.position == bindparam("at"),
        decisions.c.result.is_(None),
    )
    .values(result=bindparam("new_result"), error=bindparam("new_error"), settled_at=bindparam("now"))
)
_TAKE = (
    update(reviews)
    .where(reviews.c.id == bindparam("review"))
    .values(holder=bindparam("new_holder"), lease_until=bindparam("until"))
)
_LET_GO = (
    update(reviews)
    .where(reviews.c.id == bindparam("review"), reviews.c.holder == bindparam("old_holder"))
    .values(holder=None, lease_until=0)
)


class Decided(NamedTuple):
    """A decision to be kept: ``options`` are those of its marketplace, as plain JSON values, ``submitted_at`` is when
    the work that was looked at was handed in."""

    task_id: str
    submission_id: str
    verdict: str
    comment: str | None = None
    options: Sequence[object] = ()
    submitted_at: datetime | None = None


class JournalEntry(Model):
    """A decision without an outcome. ``position`` is its place in its review."""

    position: int
    task_id: str
    submission_id: str
    verdict: Verdict
    comment: str | None = None
    error: str | None = None
    options: tuple[object, ...] = ()
    submitted_at: datetime | None = None


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


class _Change(TypedDict):
    """The parameters of the statement that notes an outcome."""

    review: str
    at: int
    new_result: str | None
    new_error: str | None
    now: int | None


class Journal:
    """The decisions of `Market.review`. Reach it as ``ledger.journal``. ``redact`` takes the secrets out of texts."""

    def __init__(self, database: Database, leases: Leases, redact: Redact) -> None:
        self._database = database
        self._leases = leases
        self._redact = redact
        self._holders: dict[str, str] = {}

    def write(
        self,
        identity: Mapping[str, str],
        given: Iterable[Decided | tuple[str, str, str, str | None]],
        owner: str | None = None,
    ) -> str:
        """Write decisions before any is carried out; return the review's id. ``owner``: what the account's key opens.

        Open decisions of crashed reviews about the same submissions give way to these. Raises `LedgerError`.
        """
        review_id, lease = str(uuid.uuid4()), self._leases.new()
        now = micros(self._database.now())
        pairs = [each if isinstance(each, Decided) else Decided(*each) for each in given]
        about = {(each.task_id, each.submission_id) for each in pairs}
        entries = [
            {
                "review_id": review_id,
                "position": position,
                "task_id": each.task_id,
                "submission_id": each.submission_id,
                "verdict": str(each.verdict),
                "words": safe_text(each.comment, self._redact, LONGEST_COMMENT),
                "options": as_json(list(each.options)) if each.options else None,
                "submitted_at": None if each.submitted_at is None else micros(each.submitted_at),
            }
            for position, each in enumerate(pairs)
        ]
        review = {name: identity[name] for name in ("provider", "account", "environment")}

        def work(connection: Connection) -> None:
            if connection.execute(_IS_THERE, {"review": review_id}).first() is not None:
                return  # written before the database went away
            self._supersede(connection, identity, about, owner)
            connection.execute(_ADD_REVIEW, {"id": review_id, **review, **lease, "created_at": now, "owner": owner})
            if entries:
                connection.execute(_ADD_DECISIONS, entries)

        self._database.write(work)
        self._hold(review_id, lease["holder"])
        return review_id

    def give_way(self, identity: Mapping[str, str], task_id: str, submission_id: str, owner: str | None = None) -> None:
        """A newer decision on this work is about to be carried out: what crashed reviews had decided of it is not."""
        about = {(task_id, submission_id)}
        if self._database.read(self._unfinished):
            self._database.write(lambda connection: self._supersede(connection, identity, about, owner))

    def _hold(self, review_id: str, holder: str) -> None:
        self._holders[review_id] = holder
        self._leases.keep(holder)

    def _supersede(
        self, connection: Connection, identity: Mapping[str, str], about: set[tuple[str, str]], owner: str | None
    ) -> None:
        for row in self._unfinished(connection):
            if not _is_of(row, identity, owner) or self._is_alive(row):
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
            self._database.write(lambda connection: self._note(connection, review_id, rows))
        except LedgerError as error:
            raise error.after_sending() from None

    def _note(self, connection: Connection, review_id: str, noted: Sequence[Noted]) -> None:
        now = micros(self._database.now())
        values: list[_Change] = []
        for each in noted:
            is_open = each.result in STILL_OPEN
            outcome, when = (None, None) if is_open else (str(each.result), now)
            words = safe_text(each.error, self._redact)
            values.append(
                {"review": review_id, "at": each.position, "new_result": outcome, "new_error": words, "now": when}
            )
        connection.execute(_NOTE, values)

    def close(self, review_id: str) -> None:
        """The review has ended: what is still open may be recovered by anybody."""
        holder = self._holders.pop(review_id, None)
        if holder is None:
            return
        try:
            mine = {"review": review_id, "old_holder": holder}
            self._database.write(lambda connection: connection.execute(_LET_GO, mine))
        finally:
            self._leases.let_go(holder)

    def open(self, account: str | None = None) -> list[OpenReview]:
        """The reviews that crashed or left outcomes open, oldest first; those that are under way are left out."""

        def work(connection: Connection) -> list[OpenReview]:
            return [
                self._read(connection, row, None)
                for row in self._unfinished(connection)
                if (account is None or row["account"] == account) and not self._is_alive(row)
            ]

        return self._database.read(work)

    def take_over(self, identity: Mapping[str, str] | None = None, owner: str | None = None) -> list[OpenReview]:
        """The same, and they are yours: nobody else gets them while you settle them. `close` each one at the end.

        ``identity``: those of this account alone, under whatever name it was used; ``owner``: what its key opens.
        """

        def work(connection: Connection) -> list[OpenReview]:
            found: list[OpenReview] = []
            for row in self._unfinished(connection):
                if (identity is not None and not _is_of(row, identity, owner)) or self._is_alive(row):
                    continue
                lease = self._leases.new()
                mine = {"review": row["id"], "new_holder": lease["holder"], "until": lease["lease_until"]}
                connection.execute(_TAKE, mine)
                found.append(self._read(connection, row, lease["holder"]))
            return found

        found = self._database.write(work)
        for each in found:
            assert each.holder is not None
            self._hold(each.id, each.holder)
        return found

    def _unfinished(self, connection: Connection) -> Sequence[RowMapping]:
        return connection.execute(_UNFINISHED).mappings().all()

    def _is_alive(self, row: RowMapping) -> bool:
        return self._leases.is_alive(row["holder"], row["lease_until"])

    def _entries(self, connection: Connection, review_id: str) -> list[JournalEntry]:
        return [_entry(row) for row in connection.execute(_ENTRIES, {"review": review_id}).mappings()]

    def _read(self, connection: Connection, row: RowMapping, holder: str | None) -> OpenReview:
        return OpenReview(
            id=row["id"],
            provider=row["provider"],
            account=row["account"],
            environment=row["environment"],
            created_at=moment_of(row["created_at"]),
            entries=tuple(self._entries(connection, row["id"])),
            holder=holder,
        )


def _is_of(row: RowMapping, identity: Mapping[str, str], owner: str | None) -> bool:
    """Whether a review is of this account: by what its key opens, and only where that is not known by its name."""
    if (row["provider"], row["environment"]) != (identity["provider"], identity["environment"]):
        return False
    if row["owner"] is not None and owner is not None:
        return bool(row["owner"] == owner)
    return bool(row["account"] == identity["account"])


def _entry(row: RowMapping) -> JournalEntry:
    handed_in = row["submitted_at"]
    return JournalEntry.model_validate(
        {
            **row,
            "options": json.loads(row["options"]) if row["options"] else (),
            "submitted_at": None if handed_in is None else moment_of(handed_in),
        }
    )
