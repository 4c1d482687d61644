"""A misspelt name must not hide money in doubt: what is neither in the settings nor in the ledger is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdhub.errors import OutcomeUnknown
from crowdhub.ledger import Ledger
from crowdhub.model import Money

from .conftest import Cli

GONE = {"provider": "acme", "account": "gone", "environment": "sandbox"}


def in_doubt(file: Path, place: dict[str, str]) -> None:
    with Ledger.open(file) as ledger:
        begun = ledger.begin(place, "publish", key="k", amount=Money("2", "JPY"), content={"title": "T"})
        ledger.sending(begun.intent)
        ledger.unknown(begun.intent, OutcomeUnknown("lost", sent=True))


@pytest.fixture
def file(cli: Cli) -> Path:
    file = cli.folder / "ledger.sqlite3"
    cli.write(f'ledger = "{file.as_posix()}"', **cli.box.accounts)
    return file


LISTINGS = [["unresolved"], ["ledger", "list"], ["ledger", "totals"], ["ledger", "export", "csv"]]


@pytest.mark.parametrize("command", LISTINGS)
@pytest.mark.parametrize("name", ["rapidworker", "nope", ""])
def test_an_account_that_is_nowhere(cli: Cli, file: Path, command: list[str], name: str) -> None:
    in_doubt(file, GONE)
    said = cli(*command, "--account", name)
    assert (said.code, said.out) == (2, "")
    assert f"--account: {name!r} is neither in the settings (rapidworkers) nor in the ledger" in said.err


@pytest.mark.parametrize("command", LISTINGS)
def test_an_account_that_only_the_ledger_knows(cli: Cli, file: Path, command: list[str]) -> None:
    in_doubt(file, GONE)
    said = cli(*command, "--account", "gone")
    assert said.code == (3 if command == ["unresolved"] else 0)
    assert "gone" in said.out


def test_an_account_that_only_the_ledger_of_sandboxes_knows(cli: Cli) -> None:
    live = {"provider": "rapidworkers", "api_key": "0" * 16}
    box = {**live, "base_url": "http://127.0.0.1:9", "environment": "sandbox"}  # of another process
    cli.write("max_wait = 1", live={**live, "environment": "live"}, box=box)
    in_doubt(cli.folder / "data" / "crowdhub" / "sandbox.sqlite3", GONE)
    assert "gone (sandbox)" in cli.ok("ledger", "list", "-a", "gone").out
    assert cli("unresolved", "-a", "gone").code == 3


def test_an_account_of_the_settings_needs_no_entry(cli: Cli, file: Path) -> None:
    assert "Nothing is unresolved." in cli.ok("unresolved", "-a", "rapidworkers").out
    assert "none" in cli.ok("ledger", "totals", "-a", "rapidworkers").out


@pytest.mark.parametrize("command", LISTINGS[1:])
def test_a_currency_and_an_environment_that_are_nowhere(cli: Cli, file: Path, command: list[str]) -> None:
    in_doubt(file, GONE)
    for option, value in (("--currency", "eur"), ("--currency", ""), ("--environment", "live")):
        said = cli(*command, option, value)
        assert (said.code, said.out) == (2, "")
        shown = value.upper() if option == "--currency" else value
        assert f"{option}: {shown!r} is neither that of an account nor in the ledger" in said.err
    for option, value in (("--currency", "usd"), ("--currency", "jpy"), ("--environment", "sandbox")):
        _ = cli.ok(*command, option, value)


def test_a_currency_is_read_in_small_letters_by_all_listings(cli: Cli, file: Path) -> None:
    in_doubt(file, GONE)
    assert "2 JPY" in cli.ok("ledger", "totals", "--currency", "jpy").out
    assert "2 JPY" in cli.ok("ledger", "list", "--currency", "jpy").out


def test_an_account_whose_settings_are_wrong_is_known_by_its_name(cli: Cli, file: Path) -> None:
    cli.write(f'ledger = "{file.as_posix()}"', **cli.box.accounts, broken={"provider": "rapidworkers"})
    _ = cli.ok("ledger", "list", "-a", "broken")
    _ = cli.ok("ledger", "list", "--environment", "live")
