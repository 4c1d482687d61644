"""The tables as SQLAlchemy knows them; `migrations` makes them."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, MetaData, Table, Text, literal_column, select

metadata = MetaData()

meta = Table("crowdhub_meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

intents = Table(
    "crowdhub_intent",
    metadata,
    Column("id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("key", Text),
    Column("fingerprint", Text, nullable=False),
    Column("content", Text),
    Column("reference", Text),
    Column("amount", Text),
    Column("charged", Text),
    Column("currency", Text),
    Column("task_id", Text),
    Column("state", Text, nullable=False),
    Column("holder", Text),
    Column("lease_until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("result", Text),
    Column("error", Text),
    Column("look_for", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("sent_at", BigInteger),
    Column("created_tick", Text),
    Column("sent_tick", Text),
    Column("owner", Text),
    Column("done_by", Text),
    Column("twin_of", Text),
    Column("witness", Text),
    Column("number", BigInteger),
    Column("counted_at", BigInteger),
)


class IntentRow(NamedTuple):
    """One row of `intents`, with the columns in their order."""

    id: str
    provider: str
    account: str
    environment: str
    operation: str
    key: str | None
    fingerprint: str
    content: str | None
    reference: str | None
    amount: str | None
    charged: str | None
    currency: str | None
    task_id: str | None
    state: str
    holder: str | None
    lease_until: int
    attempts: int
    result: str | None
    error: str | None
    look_for: str | None
    created_at: int
    settled_at: int | None
    sent_at: int | None = None
    """When a request that takes money last left."""
    created_tick: str | None = None
    sent_tick: str | None = None
    """The same moments by the machine's own counter: see `crowdhub.store.ticks`."""
    owner: str | None = None
    """What the account's key opens, whatever the application calls it."""
    done_by: str | None = None
    """The holder that finished it."""
    twin_of: str | None = None
    """The intent beside which it was paid, under one key."""
    witness: str | None = None
    """What was listed, and the account's money, before its last request that takes money left."""
    number: int | None = None
    """In the order in which intents were written, which no clock that is set can change."""
    counted_at: int | None = None
    """When it was begun anew: the day on which it counts."""


steps = Table(
    "crowdhub_step",
    metadata,
    Column("intent_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("call", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("noted_at", BigInteger, nullable=False),
)

names = Table(
    "crowdhub_name",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
)

watched = Table(
    "crowdhub_watched",
    metadata,
    Column("name", Text, primary_key=True),  # of the watch
    Column("provider", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # begun, handed out, or settled before
    Column("submission_id", Text, primary_key=True),
    Column("submitted", Text, primary_key=True),
    Column("noted_at", BigInteger, nullable=False),
)

totals = Table(
    "crowdhub_total",
    metadata,
    Column("kind", Text, primary_key=True),  # all, day or task
    Column("value", Text, primary_key=True),  # the day or the task's id
    Column("environment", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("spent", Text, nullable=False),
    Column("held", Text, nullable=False),
    Column("done", Integer, nullable=False),
)

reviews = Table(
    "crowdhub_review",
    metadata,
    Column("id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("holder", Text),
    Column("lease_until", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("owner", Text),
)

decisions = Table(
    "crowdhub_decision",
    metadata,
    Column("review_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("task_id", Text, nullable=False),
    Column("submission_id", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("words", Text),
    Column("result", Text),
    Column("error", Text),
    Column("settled_at", BigInteger),
    Column("options", Text),
    Column("submitted_at", BigInteger),
)

requests = Table(
    "crowdhub_request",
    metadata,
    Column("bucket", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("reads", Integer, nullable=False),
)


# Written out, not bound: only so can a database see that its partial indices fit.
IS_OPEN: ColumnElement[bool] = intents.c.state.in_(
    [literal_column("'intended'"), literal_column("'sent'"), literal_column("'unknown'")]
)
IS_UNDONE: ColumnElement[bool] = intents.c.state == literal_column("'not_done'")
HAS_KEY: ColumnElement[bool] = intents.c.state != literal_column("'not_done'")
IS_PAID: ColumnElement[bool] = (intents.c.state == literal_column("'done'")) & intents.c.result.is_(None)
"""Paid for, while its result was not kept yet."""
HAS_STEPS: ColumnElement[bool] = select(steps.c.position).where(steps.c.intent_id == intents.c.id).exists()
