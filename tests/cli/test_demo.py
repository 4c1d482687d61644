"""`demo`: it ends with what the marketplaces' own books say, and notices when they say something else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crowdhub.demo import SCENES, run
from crowdhub.demo.show import LABELS, Silent
from crowdhub.model import Submission
from crowdhub.sandbox import Sandbox
from crowdhub_capsolver.sandbox import CapSolverSandbox
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox
from crowdhub_etxt.sandbox import EtxtSandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

from .conftest import Cli
from .test_process import on_terminal

AGREE = "agree with the marketplace's own books"
CURRENCY = {"rapidworkers": "USD", "crowdsdom": "CNY", "etxt": "RUB", "capsolver": "USD"}


class Heard(Silent):
    """What the play tells, in order."""

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


@pytest.fixture(scope="module")
def played() -> tuple[Heard, dict[str, dict[str, Any]], Sandbox]:
    """All four, once, in a sandbox whose state can still be looked at."""
    heard = Heard()
    options = {name: scene.sandbox for name, scene in SCENES.items()}
    with Sandbox(*SCENES, options=options) as box:
        outcome = run(heard, box=box)
    assert outcome.problems == ()
    return heard, {row["marketplace"]: row for row in outcome.rows}, box


Played = tuple[Heard, dict[str, dict[str, Any]], Sandbox]


def test_all_four_play_and_agree_with_their_own_books(played: Played) -> None:
    _, rows, box = played
    assert list(rows) == ["rapidworkers", "crowdsdom", "etxt", "capsolver"]
    for name, row in rows.items():
        books = box[name].books()
        assert books.problems() == []
        assert (row["currency"], books.currency) == (CURRENCY[name],) * 2
        assert row["environment"] == "sandbox"
        assert row["books_agree"] is True
        assert row["requests"] == box[name].request_count
        assert Decimal(row["paid"].split()[0]) == books.paid_out
        assert len(books.payouts) == row["approved"] + row["bonuses"] + row["unknown"]
        assert row["approved"] + row["rejected"] + row["sent_back"] == row["handed_in"]
        if row["balance_after"] is not None:
            assert Decimal(row["balance_after"].split()[0]) == books.balance


def test_the_one_draft_is_refused_with_reasons_where_it_does_not_fit(played: Played) -> None:
    heard, rows, box = played
    assert "image: show images in an ExternalForm or HtmlForm" in heard.of("crowdsdom")
    assert "reward: the marketplace sets the price" in heard.of("capsolver")
    for name in ("crowdsdom", "capsolver"):
        assert "refused before any request" in heard.of(name)
    for name in ("rapidworkers", "etxt"):
        assert "refused" not in heard.of(name)
    assert {name: row["published"] for name, row in rows.items()} == {**dict.fromkeys(SCENES, 1), "capsolver": 3}
    (job,) = box.market(CrowdSDOMSandbox).place.jobs.values()
    assert "data:image/png;base64," in job.settings["htmlQuestionsForm"]["content"]


def test_the_work_of_all_comes_in_one_stream_and_poor_work_is_refused_as_each_can(played: Played) -> None:
    heard, rows, _ = played
    verdicts = {name: {verdict for account, verdict in heard.verdicts if account == name} for name in SCENES}
    assert verdicts == {
        "rapidworkers": {"approve", "reject"},
        "crowdsdom": {"approve", "reject"},
        "etxt": {"redo"},  # approved together in the end
        "capsolver": {"solved"},
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
    }
    for name in ("rapidworkers", "crowdsdom", "etxt"):
        assert heard.of(name).count("lost on purpose") == rows[name]["answers_lost"]
        assert rows[name]["unknown"] == 0
        assert [each.kind for each in box[name].books().charges].count("publish") == 1
    assert [each.kind for each in box["etxt"].books().charges].count("bonus") == 1
    assert "OutcomeUnknown" in heard.of("capsolver")
    assert "nothing was sent" in heard.of("capsolver")
    assert rows["capsolver"]["unknown"] == 1
    assert len(box.market(CapSolverSandbox).tasks) == 4  # one a picture, the one that nobody can find again included


@pytest.mark.parametrize("name", SCENES)
def test_each_plays_alone(name: str) -> None:
    outcome = run(Silent(), [name])
    assert outcome.problems == ()
    assert [row["marketplace"] for row in outcome.rows] == [name]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_agrees_with_other_people_too(seed: int) -> None:
    options = {name: scene.sandbox for name, scene in SCENES.items()}
    with Sandbox(*SCENES, options=options, seed=seed) as box:
        assert run(Silent(), box=box).problems == ()


def test_in_a_pipe(cli: Cli) -> None:
    said = cli.ok("demo")
    for name in SCENES:
        assert f"{name} (sandbox)" in said.out
    for label in LABELS.values():
        assert label in said.out
    assert AGREE in said.out
    assert "1 outcome cannot be told" in said.out
    assert "\x1b" not in said.out


def test_as_json(cli: Cli) -> None:
    said = cli.ok("demo", "--json")
    rows = {row["marketplace"]: row for row in said.rows}
    assert list(rows) == list(SCENES)
    assert all(row["agrees"] is True for row in rows.values())
    first = rows["rapidworkers"]
    assert (first["published"], first["approved"], first["paid"]) == (1, 60, "15.00 USD")
    assert rows["crowdsdom"]["balance_after"] is None
    assert rows["etxt"]["commission"] is None


def test_a_wide_terminal_has_one_table_and_a_narrow_one_cuts_nothing_off(cli: Cli) -> None:
    wide = on_terminal(cli, "demo", columns=80)
    (heads,) = [line.split() for line in wide.splitlines() if line.split() == list(SCENES)]
    assert heads
    (paid,) = [line.split() for line in wide.splitlines() if line.startswith("Paid")]
    assert paid == ["Paid", "15.00", "24.00", "335.00", "0.0016"]
    narrow = on_terminal(cli, "demo", columns=34)
    assert max(map(len, narrow.splitlines())) <= 34
    told = [line.split() for line in narrow.splitlines()]
    assert [["Paid", amount] in told for amount in paid[1:]] == [True] * 4


def test_an_unknown_marketplace_is_named(cli: Cli) -> None:
    said = cli("demo", "rapidworker")
    assert said.code == 2
    assert "rapidworkers" in said.err


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


def pays_more(purse: Any) -> None:
    """Somebody is paid a second time."""
    last = purse.payouts[-1]
    purse.held += last.amount
    _ = purse.pay_out(last.task_id, last.amount, reference=last.reference + " again")


class GenerousCrowdSDOM(CrowdSDOMSandbox):
    done = False

    def books(self):  # type: ignore[no-untyped-def]
        if not self.done:
            self.done = True
            pays_more(self._purse)
        return super().books()


class GenerousEtxt(EtxtSandbox):
    done = False

    def books(self):  # type: ignore[no-untyped-def]
        if not self.done:
            self.done = True
            pays_more(self._customer.purse)
        return super().books()


class TwiceCapSolver(CapSolverSandbox):
    """Makes, and charges for, two tasks each time."""

    def _create(self, body):  # type: ignore[no-untyped-def]
        _ = super()._create(body)
        return super()._create(body)


@pytest.mark.parametrize("kind", [Thief, ChargesTwice, GenerousCrowdSDOM, GenerousEtxt, TwiceCapSolver])
def test_books_that_do_not_agree_are_noticed(kind: Any) -> None:
    made = kind(**SCENES[kind.name].sandbox)
    with Sandbox(made) as box:
        outcome = run(Silent(), [kind.name], box=box)
    assert not outcome.agrees
    assert outcome.rows[0]["books_agree"] is False


def test_one_marketplace_whose_books_do_not_agree_fails_the_command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: dict[str, Any] = {"rapidworkers": Thief, "capsolver": CapSolverSandbox}
    monkeypatch.setattr("crowdhub.sandbox.box.load_sandbox", lambda name: kinds[name])
    said = cli("demo", *kinds)
    assert said.code == 1
    assert "do NOT agree" in said.out
    assert "does not agree: rapidworkers:" in said.out
    assert "does not agree: capsolver:" not in said.out
    (line,) = [line.split() for line in said.out.splitlines() if line.startswith("Books agree")]
    assert line[2:] == ["NO", "yes"]
