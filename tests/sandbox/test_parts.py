from __future__ import annotations

import dataclasses
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from crowdhub.sandbox import Purse, RequestWindow, png
from crowdhub.sandbox.images import is_image
from crowdhub.testing import sandboxes

if TYPE_CHECKING:
    from tests.sandbox.conftest import Counter

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def purse() -> Purse:
    return Purse("USD", Decimal("100.00"), lambda: NOW)


def test_books_are_double_entry(purse: Purse) -> None:
    charge = purse.charge("publish", "t1", held=Decimal(50), commission=Decimal(5), reference="A job")
    purse.pay_out("t1", Decimal(20), reference="s1")
    purse.refund("t1", held=Decimal(10), commission=Decimal(1))
    purse.deposit(Decimal(7))
    books = purse.books()
    assert books.problems() == []
    assert books.agree()
    assert (books.balance, books.held, books.commission) == (Decimal(63), Decimal(20), Decimal(4))
    assert books.opening == books.balance + sum(c.amount for c in books.charges)
    assert books.charges_for("t1")[0] == charge
    assert [c.kind for c in books.charges] == ["publish", "refund", "deposit"]


def test_books_that_do_not_agree_say_where(purse: Purse) -> None:
    purse.charge("publish", "t1", held=Decimal(50), reference="A job")
    purse.pay_out("t1", Decimal(1), reference="s1")
    purse.pay_out("t1", Decimal(1), reference="s1")
    assert purse.books().problems() == ["s1 was paid 2 times"]
    wrong = dataclasses.replace(
        purse.books(), balance=Decimal(-1), paid_out=Decimal(3), charged=Decimal(51), payouts=()
    )
    assert len(wrong.problems()) == 4
    assert not wrong.agree()


def test_a_task_published_twice_is_visible(purse: Purse) -> None:
    for task in ("t1", "t2", "t3"):
        title = "Other" if task == "t3" else "A job"
        purse.charge("publish", task, held=Decimal(1), reference=title)
    assert [c.task_id for c in purse.books().duplicates()["A job"]] == ["t1", "t2"]
    assert list(purse.books().duplicates()) == ["A job"]


def test_a_window_slides() -> None:
    window = RequestWindow(2, 60)
    assert [window.enter(NOW), window.enter(NOW + timedelta(seconds=30))] == [None, None]
    assert window.enter(NOW + timedelta(seconds=31)) == 29
    assert window.enter(NOW + timedelta(seconds=60)) is None
    assert window.used(NOW + timedelta(seconds=60)) == 2
    assert RequestWindow(None, 60).enter(NOW) is None
    assert RequestWindow(0, 60).enter(NOW) == 60


def test_pictures_are_small_real_and_repeatable() -> None:
    picture = png("Proof 1")
    assert is_image(picture)
    assert len(picture) < 5000
    assert picture == png.__wrapped__("Proof 1") != png("Proof 2")
    assert not is_image(b"no picture")
    assert not is_image(picture[:20])


def test_the_factory_for_tests_stops_its_boxes(counter_class: type[Counter]) -> None:
    with sandboxes() as make:
        box = make(counter_class, seed=3)
        assert box.accounts
    assert "stopped" in repr(box)


def test_the_pytest_plugin_loads_nothing_heavy() -> None:
    code = (
        "import sys, crowdhub.testing.plugin\n"
        "print([name for name in ('starlette', 'uvicorn', 'PIL', 'httpx') if name in sys.modules])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
