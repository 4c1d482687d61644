"""`crowdhub ledger`: what was spent where, without asking a marketplace."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crowdhub import Hub
from crowdhub.clock import Clock
from crowdhub.errors import OutcomeUnknown
from crowdhub.ledger import Ledger
from crowdhub.model import Money, Task
from crowdhub.operations.port import identity_of

from .conftest import Cli, Said

LIVE = {"provider": "acme", "account": "live-acme", "environment": "live"}
BOX = {"provider": "acme", "account": "acme", "environment": "sandbox"}


class At(Clock):
    def __init__(self, day: int) -> None:
        self.day = day

    def now(self) -> datetime:
        return datetime(2026, 3, self.day, 12, tzinfo=UTC)


@pytest.fixture
def ids(cli: Cli, tmp_path: Path) -> list[str]:
    """Three days of spending: done, done in another currency, and an open one."""
    file = tmp_path / "ledger.sqlite3"
    cli.write(f'ledger = "{file.as_posix()}"', **cli.box.accounts)
    made: list[str] = []
    for day, identity, amount, state in (
        (1, LIVE, Money("5", "USD"), "done"),
        (2, BOX, Money("90", "RUB"), "done"),
        (3, LIVE, Money("2", "USD"), "unknown"),
    ):
        with Ledger.open(file, clock=At(day)) as ledger:
            intent = ledger.begin(identity, "publish", f"work {day}", key=f"order-{day}", amount=amount).intent
            if state == "done":
                ledger.finish(intent, Task.model_validate({"id": f"t{day}", **identity}))
            else:
                ledger.unknown(intent, "the answer was lost")
            made.append(intent.id)
    return made


def keys(said: Said) -> list[object]:
    return [row["key"] for row in said.rows]


def test_everything_is_listed_newest_first(cli: Cli, ids: list[str]) -> None:
    assert keys(cli.ok("ledger", "list", "--json")) == ["order-3", "order-2", "order-1"]
    lines = cli.ok("ledger", "list").out.splitlines()
    assert lines[0].split("\t")[:3] == ["when", "account", "operation"]
    assert "live-acme (live)" in lines[1]
    assert "2 USD" in lines[1]
    assert ids[2] in lines[1]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--account", "live-acme"], ["order-3", "order-1"]),
        (["--currency", "rub"], ["order-2"]),
        (["--state", "unknown"], ["order-3"]),
        (["--environment", "sandbox"], ["order-2"]),
        (["--day", "2026-03-02"], ["order-2"]),
        (["--since", "2026-03-02"], ["order-3", "order-2"]),
        (["--until", "2026-03-02"], ["order-1"]),
        (["--account", "rapidworkers"], []),
    ],
)
def test_filters(cli: Cli, ids: list[str], options: list[str], found: list[str]) -> None:
    assert keys(cli.ok("ledger", "list", "--json", *options)) == found


def test_totals_are_by_account_and_currency_and_by_day(cli: Cli, ids: list[str]) -> None:
    rows = cli.ok("ledger", "totals", "--json").rows
    sums = {(row["account"], row["spent"]["currency"]): (row["spent"]["amount"], row["held"]["amount"]) for row in rows}
    assert sums == {("live-acme", "USD"): ("5", "2"), ("acme", "RUB"): ("90", "0")}
    days = cli.ok("ledger", "totals", "--json", "--by-day", "--account", "live-acme").rows
    assert [row["day"] for row in days] == ["2026-03-01", "2026-03-03"]
    assert "5 USD" in cli.ok("ledger", "totals").out


def test_exports_are_whole(cli: Cli, ids: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(cli.ok("ledger", "export", "csv").out)))
    assert [row["key"] for row in rows] == ["order-1", "order-2", "order-3"]
    assert rows[0]["amount"] == "5"
    (only,) = json.loads(cli.ok("ledger", "export", "json", "--state", "unknown").out)
    assert only["key"] == "order-3"


def test_compacting_leaves_the_sums_and_what_is_open(cli: Cli, ids: list[str]) -> None:
    before = cli.ok("ledger", "totals", "--json").out
    assert "entries dropped or shortened" in cli.ok("ledger", "compact", "--older-than", "1", "--forget-keys").out
    assert keys(cli.ok("ledger", "list", "--json")) == ["order-3"]
    assert cli.ok("ledger", "totals", "--json").out == before


def test_a_person_says_that_it_was_done(cli: Cli, ids: list[str]) -> None:
    refused = cli("ledger", "settle", ids[2], "--done")
    assert refused.code == 2
    assert "--task" in refused.err
    assert "is done now" in cli.ok("ledger", "settle", ids[2], "--done", "--task", "t77").out
    assert cli.ok("ledger", "list", "--json", "--state", "done").rows[0]["task_id"] == "t77"


def test_a_key_settled_by_hand_gives_its_task_back(cli: Cli, ids: list[str], tmp_path: Path) -> None:
    cli.ok("ledger", "settle", ids[2], "--done", "--task", "t77")
    with Ledger.open(tmp_path / "ledger.sqlite3") as ledger:
        again = ledger.begin(LIVE, "publish", "work 3", key="order-3")
        assert again.status == "replayed"
        assert again.intent.read(Task).id == "t77"


def test_the_task_that_a_person_names_is_asked_for(cli: Cli) -> None:
    other, mine = cli.publish(key="other"), cli.publish(key="mine", title="Mine")
    (row,) = [row for row in cli.ok("ledger", "list", "--json").rows if row["key"] == "mine"]
    with Hub(cli.box.accounts) as hub:
        ledger, identity = hub["rapidworkers"].ledger, identity_of(hub["rapidworkers"].provider)
        assert ledger is not None
    file = cli.folder / "elsewhere.sqlite3"
    cli.write(f'ledger = "{file.as_posix()}"', **cli.box.accounts)
    with Ledger.open(file) as ledger:
        begun = ledger.begin(identity, "publish", "mine", key="k", reference=str(row["reference"])).intent
        ledger.unknown(begun, "the answer was lost")
    for wrong, words in ((other, "under another key"), ("12345", "is no task of rapidworkers (sandbox)")):
        said = cli("ledger", "settle", begun.id, "--done", f"--task={wrong}")
        assert (said.code, words in said.err) == (2, True), said.err
        assert "the answer was lost" in str(cli("ledger", "list", "--json", "--state=unknown").rows)
    cli.ok("ledger", "settle", begun.id, "--done", f"--task={mine}")
    with Ledger.open(file) as ledger:
        assert ledger.begin(identity, "publish", "mine", key="k").intent.read(Task).title == "Mine"


def test_a_person_says_that_it_was_not_done(cli: Cli, ids: list[str]) -> None:
    assert "is not_done now" in cli.ok("ledger", "settle", ids[2], "--not-done").out
    assert [row["held"]["amount"] for row in cli.ok("ledger", "totals", "--json", "--currency", "USD").rows] == ["0"]
    said = cli("ledger", "settle", ids[2], "--not-done")
    assert said.code == 2
    assert "settled already" in said.err


def test_of_what_pays_in_parts_a_person_says_that_the_rest_was_not_done(
    cli: Cli, ids: list[str], tmp_path: Path
) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite3") as ledger:
        begun = ledger.begin(LIVE, "order", "two parts", key="parts", amount=Money("5", "USD"))
        ledger.note_step(begun.intent, 0, "POST /first", {}, paid=True)
        lost = OutcomeUnknown("lost").looking_for("the second part")
        _ = ledger.unknown(begun.intent, lost)
    listed = cli("unresolved", "--json").rows
    assert [row["look_for"] for row in listed if row["key"] == "parts"] == ["the second part"]
    said = cli("unresolved").out
    assert "was paid for; whether what it pays after that" in said
    assert f"ledger settle {begun.intent.id} --done (or --not-done)" in " ".join(said.split())
    assert "goes on from there" in cli.ok("ledger", "settle", begun.intent.id, "--not-done").out
    assert "parts" not in [row["key"] for row in cli("unresolved", "--json").rows]
    with Ledger.open(tmp_path / "ledger.sqlite3") as ledger:
        assert ledger.begin(LIVE, "order", "two parts", key="parts").status == "resume"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "--day", "yesterday"], "not a day such as"),
        (["list", "--day", "2026-03-01", "--since", "2026-03-01"], "cannot be combined"),
        (["settle", "nonsense"], "--done/--not-done"),
        (["settle", "nonsense", "--done", "--not-done"], "cannot both be"),
        (["settle", "nonsense", "--not-done"], "not in the ledger"),
        (["settle", "nonsense", "--not-done", "--task", "t"], "no meaning"),
    ],
)
def test_what_makes_no_sense_is_named(cli: Cli, ids: list[str], arguments: list[str], words: str) -> None:
    said = cli("ledger", *arguments)
    assert said.code == 2
    assert words in said.err


def test_the_command_shows_the_one_at_work(cli: Cli) -> None:
    task = cli.publish(key="k")
    assert cli.ok("ledger", "list", "--json").rows[0]["task_id"] == task
    cli.write(**cli.box.accounts, live={"provider": "rapidworkers", "api_key": "plainly-not-real"})
    said = cli.ok("ledger", "list")
    assert task not in said.out
    assert "--environment sandbox" in said.err
    for chosen in ("--environment=sandbox", "--account=rapidworkers"):
        assert cli.ok("ledger", "list", chosen, "--json").rows[0]["task_id"] == task
    number = str(cli.ok("ledger", "list", "--environment=sandbox", "--json").rows[0]["id"])
    assert "settled already" in cli("ledger", "settle", number, "--done", "--task=5").err


@pytest.mark.parametrize("days", ["0", "36501", "4000000", "x"])
def test_compacting_takes_days_that_there_are(cli: Cli, days: str) -> None:
    assert cli("ledger", "compact", f"--older-than={days}").code == 2


@pytest.mark.parametrize("words", ["list", "totals", "export csv", "settle x --done", "compact", ""])
def test_reading_makes_no_ledger(cli: Cli, words: str) -> None:
    cli.write('ledger = "none-yet.sqlite3"', **cli.box.accounts)
    said = cli("ledger", *words.split()) if words else cli("unresolved")
    assert "Traceback" not in said.err
    assert said.code == (2 if words.startswith("settle") else 0), said.err
    assert list(cli.folder.glob("none-yet*")) == []
    _ = cli.publish()
    assert (cli.folder / "none-yet.sqlite3").exists()
    assert len(cli.ok("ledger", "list", "--json").rows) == 1
