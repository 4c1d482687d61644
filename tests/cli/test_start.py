"""How the command starts: what it lists, and how little it loads for that."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crowdhub._version import __version__
from crowdhub.cli.app import COMMANDS
from crowdhub.cli.lazy import LazyCommand

from .conftest import Cli

PROGRAM = """
import sys
before = {{*sys.modules}}
from crowdhub.cli import main
try:
    main()
finally:
    print(*sorted((sys.modules.keys() - before) & {names!r}), file=sys.stderr)
"""


def run(*arguments: str, unless: str) -> str:
    """What the command prints, given that it loads none of these modules."""
    code = PROGRAM.format(names=set(unless.split()))
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.split() == []
    return done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_the_first_sentence_of_its_own_help(name: str) -> None:
    listed = LazyCommand(name, COMMANDS[name])
    itself = listed.make_context(name, [], resilient_parsing=True).command
    assert not isinstance(itself, LazyCommand)
    assert listed.help == itself.get_short_help_str(10_000)


def test_the_list_shows_every_summary_whole(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = cli.ok("--help").out
    for name, entry in COMMANDS.items():
        assert f"  {name:<11}  {entry.summary}\n" in shown


def test_a_misspelt_command_is_answered_with_a_near_one(cli: Cli) -> None:
    said = cli("balanc")
    assert said.code == 2
    assert "No such command 'balanc'. Did you mean 'balance'?" in said.err


def test_the_version_needs_no_library() -> None:
    unless = "typing typer rich pydantic httpx sqlalchemy crowdhub.model crowdhub.cli.app"
    assert run("--version", unless=unless) == f"crowdhub {__version__}\n"


def test_the_list_loads_no_command() -> None:
    unless = "pydantic httpx sqlalchemy anyio rich.console crowdhub.model crowdhub.hub crowdhub.cli.common"
    assert "Commands:" in run("--help", unless=unless)


def test_a_command_loads_no_other() -> None:
    unless = "crowdhub.cli.demo crowdhub.cli.chaos crowdhub.cli.review crowdhub.cli.ledger crowdhub.cli.sandbox"
    assert "Usage: crowdhub publish" in run("publish", "--help", unless=unless)
