"""A ledger that the first version wrote is read on, with all that it holds."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from crowdhub.errors import InvalidRequest
from crowdhub.ledger import BeginStatus, Ledger, State, Step
from crowdhub.ledger.content import as_json, fingerprint
from crowdhub.model import Money, Task

# As that version made them, written out: the migrations may not change them any more.
STATEMENTS = [
    "CREATE TABLE crowdhub_schema (version INTEGER NOT NULL)",
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
    "INSERT INTO crowdhub_meta (name, value) VALUES ('salt', '00112233445566778899aabbccddeeff')",
    "INSERT INTO crowdhub_schema (version) VALUES (1)",
    "INSERT INTO crowdhub_review VALUES ('r1', 'acme', 'acme', 'sandbox', NULL, 0, 5)",
    "INSERT INTO crowdhub_decision VALUES ('r1', 0, 't', 's', 'approve', 'thanks', NULL, NULL, NULL)",
    "INSERT INTO crowdhub_total VALUES ('all', '', 'sandbox', 'USD', 'acme', 'acme', '5', '5', 1)",
]
COLUMNS = (
    'id, provider, account, environment, operation, "key", fingerprint, content, amount, currency, task_id, state,'
    " holder, lease_until, attempts, result, created_at"
)


def intent(name: str, state: str, *, key: str | None = None, result: str | None = None) -> dict[str, object]:
    return {
        "id": name,
        "provider": "acme",
        "account": "acme",
        "environment": "sandbox",
        "operation": "publish",
        "key": key,
        "fingerprint": fingerprint(name),
        "content": as_json(name),
        "amount": "5",
        "currency": "USD",
        "task_id": None,
        "state": state,
        "holder": None,
        "lease_until": 0,
        "attempts": 1,
        "result": result,
        "created_at": 10,
    }


def as_version_1(url: str, intents: list[dict[str, object]]) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in STATEMENTS:
            connection.exec_driver_sql(statement)
        names = ", ".join(f":{name}" for name in intents[0])
        connection.execute(sa.text(f"INSERT INTO crowdhub_intent ({COLUMNS}) VALUES ({names})"), intents)


@pytest.fixture
def ledger(url: str, identity: dict[str, Any], open_ledger: Callable[..., Ledger]) -> Ledger:
    task = Task(id="1", **identity).model_dump_json()
    as_version_1(
        url,
        [
            intent("with a result", "done", key="a", result=task),
            intent("without one", "done", key="b"),
            intent("lost", "unknown", key="c"),
            intent("crashed", "open"),
            intent("undone", "not_done", key="d"),
        ],
    )
    open_ledger(url).close()
    return open_ledger(url)


def test_it_is_brought_to_the_present_version(ledger: Ledger) -> None:
    found = ledger.database.read(
        lambda c: c.exec_driver_sql("SELECT version FROM crowdhub_schema ORDER BY 1").scalars().all()
    )
    assert found == [1, 2, 3, 4, 5, 6, 7]
    assert ledger.database.salt().hex() == "00112233445566778899aabbccddeeff"


def test_its_keys_and_what_is_open_are_as_they_were(ledger: Ledger, identity: dict[str, Any]) -> None:
    done = ledger.begin(identity, "publish", "with a result", key="a")
    assert (done.status, done.intent.read(Task).id) == (BeginStatus.REPLAYED, "1")
    empty = ledger.begin(identity, "publish", "without one", key="b")
    assert (empty.status, empty.intent.result) == (BeginStatus.REPLAYED, None)
    with pytest.raises(InvalidRequest, match="was used for another"):
        ledger.begin(identity, "publish", "something else", key="b")
    assert {each.id for each in ledger.open_intents()} == {"lost", "crashed"}
    crashed = ledger.get("crashed")
    assert crashed is not None
    assert (crashed.state, crashed.sent_at) == (State.SENT, crashed.created_at)  # nobody noted whether it had left
    assert ledger.unfinished() == []
    assert ledger.begin(identity, "publish", "lost", key="c").status is BeginStatus.RECOVER
    assert [each.comment for review in ledger.journal.open() for each in review.entries] == ["thanks"]
    assert ledger.report.totals()[0].spent == Money(5, "USD")
    assert len(list(ledger.report.entries())) == 5


def test_its_intents_take_steps(ledger: Ledger, identity: dict[str, Any]) -> None:
    again = ledger.begin(identity, "publish", "undone", key="d")
    assert again.status is BeginStatus.NEW
    assert ledger.steps(again.intent) == []
    mine = ledger.claim("lost").intent
    ledger.note_step(mine, 0, "POST /drafts", {"id": 7})
    assert ledger.paid(mine).state is State.DONE
    ledger.fail(mine, "not fetched")
    assert ledger.begin(identity, "publish", "lost", key="c").status is BeginStatus.RESUME
    assert ledger.steps(mine) == [Step(position=0, call="POST /drafts", answer={"id": 7})]
