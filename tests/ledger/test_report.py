"""What was spent where, and keeping it small."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.engine import Connection

from crowdhub.errors import BudgetExceeded, InvalidRequest
from crowdhub.ledger import BeginStatus, Budget, Ledger, Noted
from crowdhub.model import Money, Task
from crowdhub.store import micros
from crowdhub.store.schema import intents
from tests.support.hand_clock import HandClock


def usd(amount: str) -> Money:
    return Money(amount, "USD")


@pytest.fixture
def filled(ledger: Ledger, identity: dict[str, Any], clock: HandClock) -> Ledger:
    """Three days of spending on two accounts."""
    for day in range(3):
        for n in range(4):
            begun = ledger.begin(identity, "publish", n, key=f"{day}-{n}", amount=usd("1.10"))
            clock.move(1)
            task = Task(id=f"{day}.{n}", raw={"said": "a lot" * 100}, **identity)
            ledger.finish(begun.intent, task) if n else ledger.fail(begun.intent, "refused")
        second = {**identity, "account": "second"}
        ledger.unknown(ledger.begin(second, "pay_bonus", day, amount=Money(7, "RUB"), task_id="x").intent, "lost")
        clock.move(24 * 3600 - 4)
    return ledger


def test_sums_are_exact_by_account_and_currency(filled: Ledger) -> None:
    acme, second = filled.report.totals()
    assert (acme.account, acme.spent, acme.held, acme.done) == ("acme", usd("9.90"), usd("0"), 9)
    assert (second.account, second.spent, second.held, second.done) == ("second", Money(0, "RUB"), Money(21, "RUB"), 0)


def test_sums_by_day(filled: Ledger) -> None:
    days = filled.report.totals(account="acme", since=date(2026, 3, 2))
    assert [(each.day, each.spent) for each in days] == [
        (date(2026, 3, 2), usd("3.30")),
        (date(2026, 3, 3), usd("3.30")),
    ]
    assert len(filled.report.totals(by_day=True)) == 6
    assert filled.report.totals(by_day=True, until=date(2026, 3, 1)) == []


def test_entries_are_filtered_and_in_order(filled: Ledger, clock: HandClock) -> None:
    report = filled.report
    assert len(list(report.entries())) == 15
    assert [each.task_id for each in report.entries(state="done", account="acme")][:4] == ["0.1", "0.2", "0.3", "1.1"]
    assert {each.state.value for each in report.entries(currency="RUB")} == {"unknown"}
    assert len(list(report.entries(since=clock.now() - timedelta(days=1)))) == 5
    assert len(list(report.entries(until=clock.now() - timedelta(days=1)))) == 10
    assert [each.key for each in report.entries(key="1-2")] == ["1-2"]
    assert len(list(report.entries(operation="pay_bonus", environment="sandbox", provider="acme"))) == 3
    assert [each.key for each in report.entries(task_id="2.3")] == ["2-3"]
    assert list(report.entries(environment="live")) == []


def test_pages_join_without_gap_or_repetition(
    ledger: Ledger, identity: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crowdhub.ledger.report.PAGE", 3)  # all written in one and the same microsecond
    for n in range(7):
        ledger.begin(identity, "publish", n)
    for newest_first in (False, True):
        found = [each.id for each in ledger.report.entries(newest_first=newest_first)]
        assert len(found) == len(set(found)) == 7


def test_writing_while_reading_is_fine(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crowdhub.ledger.report.PAGE", 2)
    for n in range(4):
        ledger.begin(identity, "publish", n)
        clock.move(1)
    seen: list[str] = []
    for each in ledger.report.entries():
        seen.append(each.id)
        ledger.finish(each, None)
    assert len(seen) == 4


def test_the_csv_export_reads_back_and_runs_no_formula(ledger: Ledger, identity: dict[str, Any]) -> None:
    ledger.begin(identity, "publish", "x", key='=HYPERLINK("http://evil")', amount=usd("1.10"))
    ledger.begin(identity, "publish", "y, with a comma", reference="ref")
    out = io.StringIO()
    assert ledger.report.export(out, "csv") == 2
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert {row["key"] for row in rows} == {'\'=HYPERLINK("http://evil")', ""}
    assert {(row["amount"], row["currency"]) for row in rows} == {("1.10", "USD"), ("", "")}
    assert {row["environment"] for row in rows} == {"sandbox"}


def test_the_json_export_reads_back(filled: Ledger) -> None:
    out = io.StringIO()
    assert filled.report.export(out, "json", state="done") == 9
    rows = json.loads(out.getvalue())
    assert rows[0]["amount"] == "1.10"
    assert rows[0]["result"]["id"] == "0.1"
    empty = io.StringIO()
    assert filled.report.export(empty, "json", account="nobody") == 0
    assert json.loads(empty.getvalue()) == []


def test_compaction_keeps_sums_keys_and_what_is_open(
    filled: Ledger, identity: dict[str, Any], clock: HandClock
) -> None:
    before = filled.report.totals(by_day=True)
    clock.move(1)
    # Of the first two days: two failures are dropped, six tasks with keys are kept in short.
    assert filled.report.compact(before=clock.now() - timedelta(days=1, hours=1), batch=3) == 8
    assert filled.report.compact(before=clock.now() - timedelta(days=1, hours=1)) == 0
    assert filled.report.totals(by_day=True) == before
    assert len(list(filled.report.entries(state="unknown"))) == 3
    assert len(list(filled.report.entries(state="not_done"))) == 1

    replayed = filled.begin(identity, "publish", 1, key="0-1", amount=usd("1.10"))
    assert (replayed.status, replayed.intent.read(Task).id) == (BeginStatus.REPLAYED, "0.1")
    assert replayed.intent.read(Task).raw == {}
    with pytest.raises(InvalidRequest, match="compacted"):
        filled.begin(identity, "publish", "other", key="0-1")
    with pytest.raises(BudgetExceeded):
        filled.begin(identity, "publish", "x", amount=usd("0.20"), budget=Budget.of({"USD": "10"}))


def test_keys_can_be_forgotten(filled: Ledger, identity: dict[str, Any], clock: HandClock) -> None:
    clock.move(1)
    filled.report.compact(before=clock.now(), forget_keys=True)
    assert {each.state.value for each in filled.report.entries()} == {"unknown"}
    assert filled.begin(identity, "publish", "other", key="0-1").status is BeginStatus.NEW


def test_compaction_gives_the_space_back(
    file_ledger: Ledger, identity: dict[str, Any], clock: HandClock, tmp_path: Path
) -> None:
    for _ in range(200):
        file_ledger.finish(file_ledger.begin(identity, "publish", "x" * 4000).intent, None)
    clock.move(1)
    file_ledger.database.shrink()
    size = (tmp_path / "ledger.sqlite3").stat().st_size
    file_ledger.report.compact(before=clock.now())
    assert (tmp_path / "ledger.sqlite3").stat().st_size < size / 4


def many(ledger: Ledger, identity: dict[str, Any], count: int) -> None:
    """Rows as they are after long use, written directly."""
    now = micros(ledger.clock.now())
    rows = [
        {
            **identity,
            "id": f"{n:08}",
            "operation": "publish",
            "key": f"key-{n}",
            "fingerprint": "f",
            "state": "done",
            "lease_until": 0,
            "attempts": 1,
            "created_at": now - count + n,
            "task_id": str(n),
            "amount": "1",
            "currency": "USD",
            "result": "null",
        }
        for n in range(count)
    ]
    ledger.database.write(lambda connection: connection.execute(insert(intents), rows))


def plans(ledger: Ledger, work: Callable[[], None]) -> list[str]:
    """How SQLite would answer the statements that ``work`` runs."""
    engine = ledger.database.engine
    statements: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE")) and "crowdhub_" in statement:
            statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    work()
    event.remove(engine, "before_cursor_execute", note)
    found: list[str] = []
    with engine.connect() as connection:
        for statement, parameters in statements:
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [f"{row.detail}  <- {statement}" for row in explained]
    return found


def test_nothing_that_a_call_needs_reads_the_whole_ledger(file_ledger: Ledger, identity: dict[str, Any]) -> None:
    many(file_ledger, identity, 20_000)
    budget = Budget.of({"USD": "100000", "per_day": {"USD": 5000}, "per_task": {"USD": 10}})

    def work() -> None:
        begun = file_ledger.begin(identity, "pay_bonus", "x", key="new", amount=usd("1"), task_id="5", budget=budget)
        file_ledger.renew(begun.intent)
        file_ledger.finish(begun.intent, None)
        file_ledger.open_intents()
        file_ledger.unfinished()
        next(file_ledger.report.entries())
        next(file_ledger.report.entries(account="acme", newest_first=True))
        next(file_ledger.report.entries(task_id="77"))
        file_ledger.report.totals(by_day=True)
        review = file_ledger.journal.write(identity, [("t", "1", "approve", None)])
        file_ledger.journal.outcome(review, [Noted(0, "approved")])
        file_ledger.journal.close(review)

    found = plans(file_ledger, work)
    assert any("crowdhub_intent_key" in plan for plan in found)
    for index, verb in (("open", "SELECT"), ("paid", "SELECT"), ("undone", "SELECT"), ("holder", "UPDATE")):
        assert any(f"crowdhub_intent_{index}" in plan and f"<- {verb}" in plan for plan in found), index
    few = ("LIMIT", "_open", "_paid", "_name")  # what is unsettled is never much, nor are the names of accounts
    whole = [plan for plan in found if plan.startswith("SCAN") and not any(name in plan for name in few)]
    assert whole == []
    sorts = [plan for plan in found if "USE TEMP B-TREE" in plan and "FROM crowdhub_intent" in plan]
    assert sorts == []
