"""`demo`: it ends with what the marketplaces' own books say, and notices when they say something else."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias, cast

import pytest

from crowdhub.demo import names, options_for, run
from crowdhub.demo.counts import DemoRow
from crowdhub.demo.show import LABELS, Silent
from crowdhub.model import Submission
from crowdhub.sandbox import Books, MarketSandbox, Purse, Sandbox
from crowdhub.sandbox.values import JsonObject
from crowdhub_capsolver.sandbox import CapSolverSandbox
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox
from crowdhub_etxt.sandbox import EtxtSandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from crowdhub_rapidworkers.sandbox.state import Campaign, JobRequest, Owner

from .conftest import Cli
from .test_process import on_terminal

AGREE = "agree with the marketplace's own books"
CURRENCY = {
    "capsolver": "USD",
    "crowdsdom": "CNY",
    "etxt": "RUB",
    "mturk": "USD",
    "prolific": "GBP",
    "rapidworkers": "USD",
}
NAMES = list(CURRENCY)


class Heard(Silent):
    """What the demo tells, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.verdicts: list[tuple[str, str]] = []

    def on(self, account: str, what: str) -> None:
        self.told.append((account, what))

    def work(self, verdict: str, work: Submission, words: str) -> None:
        del words
        self.verdicts.append((work.account, verdict))

    def of(self, account: str) -> str:
        return "\n".join(what for name, what in self.told if name == account)


Played: TypeAlias = tuple[Heard, dict[str, DemoRow], Sandbox]


def number(money: str | None) -> Decimal:
    assert money is not None
    return Decimal(money.split()[0])


@pytest.fixture(scope="module")
def played() -> Played:
    """All of them, once, in a sandbox whose state can still be looked at."""
    heard = Heard()
    with Sandbox(*NAMES, options=options_for(NAMES)) as box:
        report = run(heard, NAMES, box=box)
    assert report.problems == ()
    return heard, {row["marketplace"]: row for row in report.rows}, box


def test_all_four_play_and_agree_with_their_own_books(played: Played) -> None:
    _, rows, box = played
    assert list(rows) == NAMES == names()
    for name, row in rows.items():
        books = box[name].books()
        assert books.problems() == []
        assert (row["currency"], books.currency) == (CURRENCY[name],) * 2
        assert row["environment"] == "sandbox"
        assert row["books_agree"] is True
        assert row["requests"] == box[name].request_count
        assert number(row["paid"]) == books.paid_out
        assert len(books.payouts) == row["approved"] + row["bonuses"] + row["unknown"]
        assert row["approved"] + row["rejected"] + row["sent_back"] == row["handed_in"]
        if row["balance_after"] is not None:
            assert number(row["balance_after"]) == books.balance


def test_the_one_draft_is_refused_with_reasons_where_it_does_not_fit(played: Played) -> None:
    heard, rows, box = played
    assert "image: show images in an ExternalForm or HtmlForm" in heard.of("crowdsdom")
    assert "reward: the marketplace sets the price" in heard.of("capsolver")
    for name in ("crowdsdom", "capsolver"):
        assert "refused before any request" in heard.of(name)
    for name in ("rapidworkers", "etxt"):
        assert "refused" not in heard.of(name)
    assert {name: row["published"] for name, row in rows.items()} == {**dict.fromkeys(NAMES, 1), "capsolver": 3}
    (job,) = box.market(CrowdSDOMSandbox).board.jobs.values()
    assert "data:image/png;base64," in str(job.form.content["content"])


def test_the_work_of_all_comes_in_one_stream_and_poor_work_is_refused_as_each_can(played: Played) -> None:
    heard, rows, _ = played
    verdicts = {name: {verdict for account, verdict in heard.verdicts if account == name} for name in NAMES}
    assert verdicts == {
        "rapidworkers": {"approve", "reject"},
        "crowdsdom": {"approve", "reject"},
        "etxt": {"redo"},  # approved together in the end
        "capsolver": {"solved"},
        "mturk": {"approve"},
        "prolific": {"approve"},
    }
    assert rows["rapidworkers"]["workers_blocked"] == 1
    assert rows["etxt"]["applications"] == 8
    assert rows["etxt"]["sent_back"] > 0


def test_answers_lost_on_purpose_are_found_and_nothing_is_paid_twice(played: Played) -> None:
    heard, rows, box = played
    assert {name: row["answers_lost"] for name, row in rows.items()} == {
        "rapidworkers": 2,
        "crowdsdom": 2,
        "etxt": 3,
        "capsolver": 1,
        "mturk": 2,
        "prolific": 1,
    }
    for name in set(NAMES) - {"capsolver"}:
        assert heard.of(name).count("lost on purpose") == rows[name]["answers_lost"]
        assert rows[name]["unknown"] == 0
        assert [each.kind for each in box[name].books().charges].count("publish") == 1
    assert [each.kind for each in box["etxt"].books().charges].count("bonus") == 1
    assert "OutcomeUnknown" in heard.of("capsolver")
    assert "nothing was sent" in heard.of("capsolver")
    assert rows["capsolver"]["unknown"] == 1
    assert len(box.market(CapSolverSandbox).tasks) == 4  # one a picture, the one that nobody can find again included


@pytest.mark.parametrize("name", NAMES)
def test_each_plays_alone(name: str) -> None:
    report = run(Silent(), [name])
    assert report.problems == ()
    assert [row["marketplace"] for row in report.rows] == [name]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_agrees_with_other_people_too(seed: int) -> None:
    with Sandbox(*NAMES, options=options_for(NAMES), seed=seed) as box:
        assert run(Silent(), NAMES, box=box).problems == ()


def test_in_a_pipe(cli: Cli) -> None:
    said = cli.ok("demo")
    for name in NAMES:
        assert f"{name} (sandbox)" in said.out
    for label in LABELS.values():
        assert label in said.out
    assert AGREE in said.out
    assert "1 outcome cannot be told" in said.out
    assert "\x1b" not in said.out


def test_as_json(cli: Cli) -> None:
    said = cli.ok("demo", "--json")
    rows = {row["marketplace"]: row for row in said.rows}
    assert list(rows) == NAMES
    assert all(row["agrees"] is True for row in rows.values())
    first = rows["rapidworkers"]
    assert (first["published"], first["approved"], first["paid"]) == (1, 60, "15.00 USD")
    assert rows["crowdsdom"]["balance_after"] is None
    assert rows["etxt"]["commission"] is None


def test_a_wide_terminal_has_one_table_and_a_narrow_one_cuts_nothing_off(cli: Cli) -> None:
    wide = on_terminal(cli, "demo", columns=110)
    (heads,) = [line.split() for line in wide.splitlines() if line.split() == NAMES]
    assert heads
    (paid,) = [line.split() for line in wide.splitlines() if line.startswith("Paid")]
    assert paid == ["Paid", "0.0016", "24.00", "335.00", "8.00", "18.00", "15.00"]
    narrow = on_terminal(cli, "demo", columns=34)
    assert max(map(len, narrow.splitlines())) <= 34
    told = [line.split() for line in narrow.splitlines()]
    assert [["Paid", amount] in told for amount in paid[1:]] == [True] * 6


def test_an_unknown_marketplace_is_named(cli: Cli) -> None:
    said = cli("demo", "rapidworker")
    assert said.code == 2
    assert "rapidworkers" in said.err


class Thief(RapidWorkersSandbox):
    """Takes a cent that nobody owes it."""

    taken = False

    def books(self) -> Books:
        if not self.taken:
            self.taken = True
            with self.lock:
                purse = self._owner.purse
                purse.balance -= Decimal("0.01")
                purse.commission += Decimal("0.01")
        return super().books()


class ChargesTwice(RapidWorkersSandbox):
    """Charges for every job twice."""

    def open_campaign(self, owner: Owner, job: JobRequest) -> Campaign:
        _ = super().open_campaign(owner, job)
        return super().open_campaign(owner, job)


def pays_more(purse: Purse) -> None:
    """Somebody is paid a second time."""
    last = purse.payouts[-1]
    purse.held += last.amount
    _ = purse.pay_out(last.task_id, last.amount, reference=last.reference + " again")


class GenerousCrowdSDOM(CrowdSDOMSandbox):
    done = False

    def books(self) -> Books:
        if not self.done:
            self.done = True
            pays_more(self._purse)
        return super().books()


class GenerousEtxt(EtxtSandbox):
    done = False

    def books(self) -> Books:
        if not self.done:
            self.done = True
            pays_more(self._customer.purse)
        return super().books()


class TwiceCapSolver(CapSolverSandbox):
    """Makes, and charges for, two tasks each time."""

    def _create(self, body: JsonObject) -> JsonObject:
        _ = super()._create(body)
        return super()._create(body)


@pytest.mark.parametrize("kind", [Thief, ChargesTwice, GenerousCrowdSDOM, GenerousEtxt, TwiceCapSolver])
def test_books_that_do_not_agree_are_noticed(kind: type[MarketSandbox]) -> None:
    make = cast("Callable[..., MarketSandbox]", kind)
    made = make(**options_for([kind.name])[kind.name])
    with Sandbox(made) as box:
        report = run(Silent(), [made.name], box=box)
    assert not report.agrees
    assert report.rows[0]["books_agree"] is False


def test_one_marketplace_whose_books_do_not_agree_fails_the_command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: dict[str, type[MarketSandbox]] = {"rapidworkers": Thief, "capsolver": CapSolverSandbox}
    monkeypatch.setattr("crowdhub.sandbox.box.load_sandbox", kinds.__getitem__)
    said = cli("demo", *kinds)
    assert said.code == 1
    assert "do NOT agree" in said.out
    assert "does not agree: rapidworkers:" in said.out
    assert "does not agree: capsolver:" not in said.out
    (line,) = [line.split() for line in said.out.splitlines() if line.startswith("Books agree")]
    assert line[2:] == ["NO", "yes"]
