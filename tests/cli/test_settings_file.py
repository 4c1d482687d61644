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
