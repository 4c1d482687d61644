"""Ctrl-C at each moment in the store and the ledger, one after another: no lock is held, and no key is stuck."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread

from crowdhub.ledger import Ledger
from crowdhub.store import Database
from tests.ledger.conftest import IDENTITY
from tests.support.interrupts import Interrupt
from tests.support.own_process import in_own_process

FREE = {"new", "recover", "resume", "replayed"}


def each_interrupted(work: Callable[[str], object], within: tuple[str, ...], check: Callable[[str, str], None]) -> int:
    """Do the work once for each moment of it, interrupted there; the ``check`` is told what for, and where."""
    whole = Interrupt(within=within)
    whole.around(lambda: work("whole"))
    for at in range(1, whole.count):
        interrupt = Interrupt(at, within)
        with suppress(KeyboardInterrupt):
            interrupt.around(partial(work, f"k{at}"))
        check(f"k{at}", interrupt.place)
    return whole.count


def test_no_lock_is_held(tmp_path: Path) -> None:
    in_own_process(write_and_interrupt, tmp_path / "ledger.sqlite3")


def write_and_interrupt(path: str) -> None:
    database = Database(path, patience=0.3)

    def write(_: object = None) -> None:
        database.write(lambda _: None)

    def check(_: str, place: str) -> None:
        written: list[object] = []
        thread = Thread(target=lambda: written.append(database.write(lambda _: "written")), daemon=True)
        thread.start()
        thread.join()
        assert written == ["written"], place

    assert each_interrupted(write, ("crowdhub.store.database",), check) > 15


def test_no_key_is_stuck(tmp_path: Path) -> None:
    in_own_process(spend_and_interrupt, tmp_path / "ledger.sqlite3")


def spend_and_interrupt(path: str) -> None:
    """Some of the interrupts are in a finalizer, where Python tells of them and goes on."""
    ledger = Ledger.open(path, patience=0.5)

    def spend(key: str) -> None:
        with ledger.holding() as held:
            begun = ledger.begin(IDENTITY, "publish", "work", key=key, held=held)
            ledger.sending(begun.intent)
            ledger.finish(begun.intent, {"id": 1})

    def check(key: str, place: str) -> None:
        assert str(ledger.begin(IDENTITY, "publish", "work", key=key).status) in FREE, place

    assert each_interrupted(spend, ("crowdhub.ledger", "crowdhub.store"), check) > 200
