"""A user that the system does not know, as in many a container: no home folder, and so no place for a default."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crowdhub import Hub
from crowdhub.cli.app import app
from crowdhub.errors import ConfigurationError

ACCOUNTS = {"rapidworkers": {"api_key": "plainly-not-real"}}


@pytest.fixture(autouse=True)
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> object:
        raise KeyError(uid)

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "CROWDHUB_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)


def test_the_default_ledger_is_one_error_that_says_what_to_do() -> None:
    with (
        Hub(ACCOUNTS) as hub,
        pytest.raises(ConfigurationError, match=r"no home folder.*Set HOME \(or XDG_DATA_HOME\)"),
    ):
        _ = hub["rapidworkers"]


def test_a_ledger_that_is_named_is_used(tmp_path: Path) -> None:
    with Hub(ACCOUNTS, ledger=tmp_path / "ledger.sqlite3") as hub:
        assert hub["rapidworkers"].ledger is not None


def test_no_settings_file_is_found() -> None:
    with Hub.from_config() as hub:
        assert (hub.accounts, hub.settings_file) == ([], None)


@pytest.mark.parametrize("path", ["~/ledger.sqlite3", "~nobody-of-this-name/ledger.sqlite3"])
def test_a_path_from_a_home_that_there_is_not(path: str) -> None:
    with Hub(ACCOUNTS, ledger=path) as hub, pytest.raises(ConfigurationError, match="give a whole path"):
        _ = hub["rapidworkers"]


@pytest.mark.parametrize("command", [["ledger", "list"], ["tasks"], ["recover"], ["review", "5"]])
def test_a_command_says_so_in_a_sentence(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "crowdhub.toml").write_text('[accounts.rapidworkers]\napi_key = "plainly-not-real"\n', encoding="utf-8")
    (tmp_path / "crowdhub.toml").chmod(0o600)
    said = CliRunner().invoke(app, [*command, "--config", str(tmp_path / "crowdhub.toml")])
    assert isinstance(said.exception, SystemExit)
    assert said.exit_code == 2
    assert "no home folder" in said.stderr
