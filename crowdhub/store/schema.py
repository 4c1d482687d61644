"""The tables as SQLAlchemy knows them; `migrations` makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, MetaData, Table, Text, literal_column

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
IS_OPEN: ColumnElement[bool] = intents.c.state.in_([literal_column("'open'"), literal_column("'unknown'")])
HAS_KEY: ColumnElement[bool] = intents.c.state != literal_column("'not_done'")
