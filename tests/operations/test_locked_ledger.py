"""Another program locks the file of the ledger during a review, or right after it: the report comes all the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from crowdhub import Decision, Hub, Money, TaskDraft
from crowdhub.errors import LedgerError
from crowdhub.ledger import Ledger
from crowdhub.operations import reviewing
from crowdhub.operations.spending import LedgerWarning
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

COUNT = 60
DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.01", "USD"), category="Survey")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0, "rate_limit": None}}) as made:
        yield made


@pytest.mark.parametrize("locked_at", [30, COUNT])
def test_all_that_was_approved_is_reported(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked_at: int
) -> None:
    monkeypatch.setattr(reviewing, "CHUNK", 10)
    monkeypatch.setattr(Ledger, "open", partial(Ledger.open, patience=0.5))
    file, workers = tmp_path / "ledger.sqlite3", box.market(RapidWorkersSandbox)
    with Hub(box.accounts, ledger=file, clock=box.clock) as hub, closing(sqlite3.connect(file)) as another:
        market = hub["rapidworkers"]
        assert hub.ledger is not None
        task = market.publish(DRAFT.copy_with(slots=COUNT + 1), key="k")  # a place is left: one by one
        workers.hand_in(task.id, COUNT)
        works = list(market.submissions(task))
        decisions = [Decision.approve(each) for each in works]
        count = 0

        def progress(done: int) -> None:
            nonlocal count
            count += done
            if count == locked_at:
                another.execute("BEGIN EXCLUSIVE")

        with pytest.warns(LedgerWarning, match="run recover"):
            report = market.review(decisions, progress=progress)
        approved = report.count("approved")
        assert (count, len(workers.books().payouts)) == (COUNT, approved)
        # Whether the next request keeps the marketplace's limits is asked of the same file: it does not leave.
        assert {type(each.error) for each in report.failures} <= {LedgerError}
        assert not any(each.error is not None and each.error.sent for each in report.failures)
        assert len({id(each.error) for each in report.failures}) <= reviewing.CHUNK, "each waited for the lock"
        another.rollback()
        # Of the decisions that were at work then, no outcome was noted: that they are settled is found out again.
        assert 0 <= len(hub.recover().reviews) - (COUNT - approved) <= reviewing.CHUNK
    assert len(workers.books().payouts) == COUNT
    assert workers.books().agree()


@pytest.mark.filterwarnings("error")
def test_where_warnings_are_errors_the_result_comes_all_the_same(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise LedgerError("The disk is full.")

    with Hub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as hub:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "finish", full)
            report = hub["rapidworkers"].publish_many([("one", DRAFT), ("two", DRAFT)])
        assert [each.task is not None for each in report.outcomes] == [True, True]
        assert "The disk is full" in caplog.text
        assert [each.settled for each in hub.recover().intents] == ["done", "done"]


def test_a_ledger_that_fails_before_the_request_leaves_claims_nothing_else(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise LedgerError("The ledger cannot be reached.")

    with Hub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as hub:
        for name in ("sending", "fail", "unknown"):
            monkeypatch.setattr(Ledger, name, gone)
        with pytest.raises(LedgerError) as caught:
            hub["rapidworkers"].publish(DRAFT, key="k")
        assert (caught.value.sent, caught.value.money_may_be_spent) == (False, False)
        assert not [each for each in box["rapidworkers"].requests if each.path == "/jobs/add"]
