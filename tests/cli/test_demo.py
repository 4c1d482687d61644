"""`demo`: it ends with what the marketplace's own books say, and notices when they say something else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crowdhub.demo import run
from crowdhub.demo.show import Silent
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

from .conftest import Cli


def test_it_runs_and_agrees(cli: Cli) -> None:
    said = cli.ok("demo", "rapidworkers")
    for words in (
        "rapidworkers (sandbox)",
        "answer was lost on purpose",
        "reject",
        "blocked",
        "-1.png",
        "55 approved in 4",
    ):
        assert words in said.out
    assert "agree with the marketplace's own books" in said.out


def test_as_json(cli: Cli) -> None:
    (row,) = cli.ok("demo", "rapidworkers", "--json").rows
    assert row["agrees"] is True
    assert (row["published"], row["approved"], row["paid"]) == (1, 60, "15.00 USD")
    assert row["handed_in"] == row["approved"] + row["rejected"]
    assert row["rejected"] > 0
    assert row["answers_lost"] == 2


class Thief(RapidWorkersSandbox):
    """Takes a cent that nobody owes it."""

    taken = False

    def books(self):  # type: ignore[no-untyped-def]
        if not self.taken:
            self.taken = True
            with self.lock:
                purse = self._owner.purse
                purse.balance -= Decimal("0.01")
                purse.commission += Decimal("0.01")
        return super().books()


class ChargesTwice(RapidWorkersSandbox):
    """Charges for every job twice."""

    def open_campaign(self, owner, job):  # type: ignore[no-untyped-def]
        _ = super().open_campaign(owner, job)
        return super().open_campaign(owner, job)


@pytest.mark.parametrize("kind", [Thief, ChargesTwice])
def test_books_that_do_not_agree_are_noticed(kind: type[RapidWorkersSandbox]) -> None:
    with Sandbox(kind) as box:
        outcome = run(Silent(), ["rapidworkers"], box=box)
    assert not outcome.agrees


def test_books_that_do_not_agree_fail_the_command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdhub.sandbox.box.load_sandbox", lambda _: Thief)
    said = cli("demo", "rapidworkers")
    assert said.code == 1
    assert "do NOT agree" in said.out
