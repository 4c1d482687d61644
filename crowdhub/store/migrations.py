"""The ledger's tables, version by version. A version that was released is never changed: add the next one.

The statements are the same for SQLite and PostgreSQL. Moments are microseconds since 1970 in UTC, amounts exact text.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdhub.errors import LedgerError

MIGRATIONS: list[Sequence[str]] = [
    (
        "CREATE TABLE crowdhub_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE crowdhub_intent (
            id TEXT PRIMARY KEY, provider TEXT NOT NULL, account TEXT NOT NULL, environment TEXT NOT NULL,
            operation TEXT NOT NULL, "key" TEXT, fingerprint TEXT NOT NULL, content TEXT, reference TEXT,
            amount TEXT, charged TEXT, currency TEXT, task_id TEXT, state TEXT NOT NULL,
            holder TEXT, lease_until BIGINT NOT NULL, attempts INTEGER NOT NULL,
            result TEXT, error TEXT, look_for TEXT, created_at BIGINT NOT NULL, settled_at BIGINT)""",
        """CREATE UNIQUE INDEX crowdhub_intent_key ON crowdhub_intent
            (provider, account, environment, operation, "key")
            WHERE "key" IS NOT NULL AND state <> 'not_done'""",
        "CREATE INDEX crowdhub_intent_time ON crowdhub_intent (created_at, id)",
        "CREATE INDEX crowdhub_intent_account ON crowdhub_intent (account, created_at, id)",
        "CREATE INDEX crowdhub_intent_task ON crowdhub_intent (task_id, created_at, id)",
        """CREATE INDEX crowdhub_intent_open ON crowdhub_intent (created_at, id)
            WHERE state IN ('open', 'unknown')""",
        """CREATE TABLE crowdhub_total (
            kind TEXT NOT NULL, value TEXT NOT NULL, environment TEXT NOT NULL, currency TEXT NOT NULL,
            provider TEXT NOT NULL, account TEXT NOT NULL,
            spent TEXT NOT NULL, held TEXT NOT NULL, done INTEGER NOT NULL,
            PRIMARY KEY (kind, value, environment, currency, provider, account))""",
        """CREATE TABLE crowdhub_review (
            id TEXT PRIMARY KEY, provider TEXT NOT NULL, account TEXT NOT NULL, environment TEXT NOT NULL,
            holder TEXT, lease_until BIGINT NOT NULL, created_at BIGINT NOT NULL)""",
        "CREATE INDEX crowdhub_review_time ON crowdhub_review (created_at)",
        "CREATE INDEX crowdhub_review_holder ON crowdhub_review (holder) WHERE holder IS NOT NULL",
        """CREATE TABLE crowdhub_decision (
            review_id TEXT NOT NULL, position INTEGER NOT NULL, task_id TEXT NOT NULL, submission_id TEXT NOT NULL,
            verdict TEXT NOT NULL, words TEXT, result TEXT, error TEXT, settled_at BIGINT,
            PRIMARY KEY (review_id, position))""",
        "CREATE INDEX crowdhub_decision_open ON crowdhub_decision (review_id, position) WHERE result IS NULL",
        "CREATE INDEX crowdhub_decision_submission ON crowdhub_decision (submission_id, task_id)",
        """CREATE TABLE crowdhub_request (
            bucket TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, reads INTEGER NOT NULL,
            PRIMARY KEY (bucket, number))""",
    ),
    (
        """CREATE TABLE crowdhub_step (
            intent_id TEXT NOT NULL, position INTEGER NOT NULL, call TEXT NOT NULL, answer TEXT NOT NULL,
            noted_at BIGINT NOT NULL, PRIMARY KEY (intent_id, position))""",
        "CREATE INDEX crowdhub_intent_holder ON crowdhub_intent (holder) WHERE holder IS NOT NULL",
        """CREATE INDEX crowdhub_intent_undone ON crowdhub_intent
            (provider, account, environment, operation, "key", fingerprint, attempts)
            WHERE "key" IS NOT NULL AND state = 'not_done'""",
        "ALTER TABLE crowdhub_decision ADD COLUMN options TEXT",
        """CREATE INDEX crowdhub_intent_paid ON crowdhub_intent (created_at, id)
            WHERE state = 'done' AND result IS NULL""",
    ),
    (
        "ALTER TABLE crowdhub_intent ADD COLUMN sent_at BIGINT",
        "ALTER TABLE crowdhub_intent ADD COLUMN created_tick TEXT",
        "ALTER TABLE crowdhub_intent ADD COLUMN sent_tick TEXT",
        "ALTER TABLE crowdhub_intent ADD COLUMN owner TEXT",
        "ALTER TABLE crowdhub_intent ADD COLUMN done_by TEXT",
        "ALTER TABLE crowdhub_intent ADD COLUMN twin_of TEXT",
        "ALTER TABLE crowdhub_decision ADD COLUMN submitted_at BIGINT",
        # Of what was open nobody noted whether its request had left.
        "UPDATE crowdhub_intent SET state = 'sent', sent_at = created_at WHERE state = 'open'",
        "UPDATE crowdhub_intent SET sent_at = created_at WHERE state = 'unknown'",
        "DROP INDEX crowdhub_intent_open",
        """CREATE INDEX crowdhub_intent_open ON crowdhub_intent (created_at, id)
            WHERE state IN ('intended', 'sent', 'unknown')""",
        """CREATE UNIQUE INDEX crowdhub_intent_owner ON crowdhub_intent
            (provider, owner, environment, operation, "key")
            WHERE "key" IS NOT NULL AND owner IS NOT NULL AND state <> 'not_done'""",
        "CREATE INDEX crowdhub_intent_twin ON crowdhub_intent (created_at, id) WHERE twin_of IS NOT NULL",
    ),
    ("ALTER TABLE crowdhub_intent ADD COLUMN witness TEXT",),
    (
        """CREATE TABLE crowdhub_name (
            provider TEXT NOT NULL, environment TEXT NOT NULL, account TEXT NOT NULL, owner TEXT NOT NULL,
            PRIMARY KEY (provider, environment, account, owner))""",
        """INSERT INTO crowdhub_name (provider, environment, account, owner)
            SELECT DISTINCT provider, environment, account, owner FROM crowdhub_intent WHERE owner IS NOT NULL""",
        "ALTER TABLE crowdhub_review ADD COLUMN owner TEXT",
    ),
    (
        "ALTER TABLE crowdhub_intent ADD COLUMN number BIGINT",
        "ALTER TABLE crowdhub_intent ADD COLUMN counted_at BIGINT",
        "CREATE INDEX crowdhub_intent_number ON crowdhub_intent (number)",
    ),
    (
        """CREATE TABLE crowdhub_watched (
            name TEXT NOT NULL, provider TEXT NOT NULL, environment TEXT NOT NULL, account TEXT NOT NULL,
            task_id TEXT NOT NULL, kind TEXT NOT NULL, submission_id TEXT NOT NULL, submitted TEXT NOT NULL,
            noted_at BIGINT NOT NULL,
            PRIMARY KEY (name, provider, environment, account, task_id, kind, submission_id, submitted))""",
    ),
]


def migrate(connection: Connection) -> None:
    """Bring an older or empty database to the present version; refuse a newer one with a `LedgerError`."""
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS crowdhub_schema (version INTEGER NOT NULL)")
    found = connection.exec_driver_sql("SELECT max(version) FROM crowdhub_schema").scalar()
    version = int(found or 0)
    if version > len(MIGRATIONS):
        raise LedgerError(
            f"The ledger was written by a newer crowdhub (schema {version}; this one knows {len(MIGRATIONS)}).",
            next_step="Upgrade crowdhub, or choose another ledger; nothing was sent.",
        )
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in statements:
            connection.exec_driver_sql(statement)
        if number == 1:
            salt = sa.text("INSERT INTO crowdhub_meta (name, value) VALUES ('salt', :salt)")
            connection.execute(salt, {"salt": secrets.token_hex(16)})
        connection.execute(sa.text("INSERT INTO crowdhub_schema (version) VALUES (:v)"), {"v": number})
