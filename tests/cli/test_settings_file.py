"""The command says which settings it goes by, where that is not plain to see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def test_the_command_says_which_file_it_found(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _ = cli.publish()
    below = Path.cwd() / "below"
    below.mkdir()
    assert "settings:" not in cli.ok("balance").err
    monkeypatch.chdir(below)
    assert f"settings: {below.parent / 'crowdhub.toml'}" in cli.ok("balance").err


def test_a_name_that_is_too_long_is_the_callers(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    said = cli("balance", "--config", "x" * 300)
    assert (said.code, "cannot be looked at" in said.err) == (2, True)
    monkeypatch.setenv("CROWDHUB_LEDGER", "y" * 300)
    said = cli("unresolved")
    assert (said.code, "cannot be looked at" in said.err) == (2, True)
    monkeypatch.setenv("CROWDHUB_CONFIG", "z" * 300)
    assert cli("balance").code == 2
