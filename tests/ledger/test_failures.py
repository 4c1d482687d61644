"""A ledger that cannot be written stops a request before it leaves, and says why."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from crowdhub.errors import CallerError, ConfigurationError
from crowdhub.ledger import BeginStatus, Ledger, LedgerError, State, default_path
from crowdhub.store import migrations as versions
from tests.support import postgres
from tests.support.hand_clock import HandClock

T = TypeVar("T")


def test_a_locked_file_is_waited_for_and_then_named(
    tmp_path: Path, identity: dict[str, Any], clock: HandClock, open_ledger: Callable[..., Ledger]
) -> None:
    file = tmp_path / "ledger.sqlite3"
    ledger = open_ledger(file, clock=clock, patience=0.05)
    held = ledger.begin(identity, "publish", "work", key="k").intent
    ledger.sending(held)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match=r"locked by another program for more than 0\.05 seconds") as before:
            ledger.begin(identity, "publish", "more")
        assert before.value.transient
        assert not before.value.sent
        assert "nothing was sent" in str(before.value)
        assert isinstance(before.value, CallerError)

        with pytest.raises(LedgerError) as after:
            ledger.finish(held, None)
        assert after.value.sent
        assert "Money may have been spent" in str(after.value)
        assert "recover" in after.value.next_step
        left = ledger.get(held.id)  # reading goes on
        assert left is not None
        assert left.state is State.SENT
        other.execute("ROLLBACK")
    assert [each.id for each in ledger.open_intents()] == [held.id]
    assert ledger.begin(identity, "publish", "work", key="k").status is BeginStatus.RECOVER


def test_a_full_disk_leaves_no_half_intent(file_ledger: Ledger, identity: dict[str, Any]) -> None:
    engine = file_ledger.database.engine
    file_ledger.begin(identity, "publish", "small")
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError, match="full"):
        file_ledger.begin(identity, "publish", "x" * 200_000, key="k")
    assert len(list(file_ledger.report.entries())) == 1

    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute("PRAGMA max_page_count = 100000")
    assert file_ledger.begin(identity, "publish", "x" * 200_000, key="k").status is BeginStatus.NEW


def test_a_file_that_is_not_a_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    file.write_bytes(b"this is not a database" * 500)
    with pytest.raises(LedgerError, match=r"is damaged.*backup"):
        Ledger.open(file)
    assert file.read_bytes() == b"this is not a database" * 500


def test_a_file_damaged_later_is_named(
    tmp_path: Path, identity: dict[str, Any], open_ledger: Callable[..., Ledger]
) -> None:
    file = tmp_path / "ledger.sqlite3"
    with closing(Ledger.open(file)) as ledger:
        for n in range(50):
            ledger.begin(identity, "publish", f"{n}" * 500)
    good = file.read_bytes()
    file.write_bytes(good[:4096] + b"\xff" * (len(good) - 4096))
    with pytest.raises(LedgerError, match="is damaged"):  # noqa: PT012 - wherever it is noticed first
        broken = open_ledger(file)
        broken.begin(identity, "publish", "more")


def test_a_ledger_of_a_newer_version_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Ledger.open(url).close()
    monkeypatch.setattr(versions, "MIGRATIONS", [])
    with pytest.raises(LedgerError, match="written by a newer crowdhub") as caught:
        Ledger.open(url)
    assert "Upgrade crowdhub" in caught.value.next_step


def test_an_older_ledger_is_brought_up_to_date_once(
    url: str, monkeypatch: pytest.MonkeyPatch, identity: dict[str, Any], open_ledger: Callable[..., Ledger]
) -> None:
    with closing(Ledger.open(url)) as old:
        first = old.begin(identity, "publish", "work", key="k").intent
    monkeypatch.setattr(
        versions, "MIGRATIONS", [*versions.MIGRATIONS, ("ALTER TABLE crowdhub_intent ADD COLUMN tag TEXT",)]
    )
    for ledger in (open_ledger(url), open_ledger(url)):
        assert ledger.get(first.id) is not None
    versions_now = open_ledger(url).database.read(
        lambda c: c.exec_driver_sql("SELECT version FROM crowdhub_schema ORDER BY 1").scalars().all()
    )
    assert versions_now == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_the_default_file_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    Ledger.open().close()
    file = default_path()
    assert file.is_relative_to(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://localhost/x", "'mysql' is neither"),
        ("://", "not a database URL"),
        ("postgresql+psycopg://user:hunter22@[::1/x", "not a database URL"),
    ],
)
def test_an_address_that_cannot_be_is_refused(address: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        Ledger.open(address)
    assert "hunter22" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerError, match="cannot be made"):
        Ledger.open(tmp_path / "file" / "ledger.sqlite3")


@pytest.mark.parametrize(
    "address", ["postgresql://user:hunter22@/x?", "postgresql+psycopg://user@/x?password=hunter22&"]
)
def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path, address: str) -> None:
    clock = HandClock()
    with pytest.raises(LedgerError, match="cannot be reached") as caught:
        Ledger.open(f"{address}host={tmp_path}", clock=clock, patience=1)
    assert caught.value.transient
    assert "hunter22" not in str(caught.value)
    assert len(clock.slept) == 3  # it was tried again


def test_a_server_that_went_away_and_came_back_is_found_again(identity: dict[str, Any], clock: HandClock) -> None:
    with closing(Ledger.open(postgres.new_database(), clock=clock)) as ledger:
        first = ledger.begin(identity, "publish", "work", key="k").intent
        ledger.sending(first)
        postgres.stop()
        try:
            with pytest.raises(LedgerError, match="cannot be reached") as before:
                ledger.begin(identity, "publish", "more")
            assert not before.value.sent
            with pytest.raises(LedgerError) as after:
                ledger.finish(first, None)
            assert after.value.sent
        finally:
            postgres.start()
        assert [each.id for each in ledger.open_intents()] == [first.id]
        assert ledger.begin(identity, "publish", "work", key="k").status is BeginStatus.RECOVER
        assert len(list(ledger.report.entries())) == 1


def test_a_server_that_is_back_in_a_moment_is_not_even_noticed(
    identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_seconds: float) -> None:
        postgres.start()

    with closing(Ledger.open(postgres.new_database(), clock=clock)) as ledger:
        ledger.begin(identity, "publish", "work")
        postgres.stop()
        monkeypatch.setattr(clock, "sleep", sleep)
        assert ledger.begin(identity, "publish", "more", key="k").status is BeginStatus.NEW
        assert len(list(ledger.report.entries())) == 2


def test_an_answer_lost_at_the_commit_writes_nothing_twice(
    ledger: Ledger, identity: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away right after a commit: the work is run again and finds its own row."""
    real, fail = ledger.database._write, [True]

    def flaky(work: Callable[[Connection], T], lock: int) -> T:
        found = real(work, lock)
        if fail and fail.pop():
            raise exc.OperationalError("COMMIT", {}, Exception("gone"), connection_invalidated=True)
        return found

    monkeypatch.setattr(ledger.database, "_write", flaky)
    begun = ledger.begin(identity, "publish", "work", key="k")
    assert begun.status is BeginStatus.NEW
    assert len(list(ledger.report.entries())) == 1
    fail.append(True)
    assert ledger.unknown(begun.intent, "lost").state is State.UNKNOWN
    fail.append(True)
    review = ledger.journal.write(identity, [("t", "1", "approve", None)])
    ledger.journal.close(review)
    assert [len(each.entries) for each in ledger.journal.open()] == [1]


def test_a_folder_of_ones_own_choice_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Ledger.open(tmp_path / "ledger.sqlite3").close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
