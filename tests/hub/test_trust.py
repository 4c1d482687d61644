"""A settings file that is found by searching is obeyed less than one that is named."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crowdhub import Hub
from crowdhub.errors import ConfigurationError
from crowdhub.hub import config, trust

SECRET = "sk-secret-0123456789"
PLAIN = f'[accounts.rapidworkers]\napi_key = "{SECRET}"\n'
ELSEWHERE = 'base_url = "https://api.example.com"\n'
posix = pytest.mark.skipif(os.name != "posix", reason="owners and permissions are POSIX's")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a file that is found by searching upwards from the current folder."""
    folder = tmp_path / "project"
    (folder / "below").mkdir(parents=True)
    monkeypatch.chdir(folder / "below")

    def write(text: str) -> Path:
        file = folder / "crowdhub.toml"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return file

    return write


def opened(**options: Any) -> dict[str, Any]:
    with Hub.from_config(**options) as hub:
        return {name: hub[name].provider.settings for name in hub}


@posix
@pytest.mark.parametrize(("of_folder", "mode"), [(False, 0o602), (True, 0o707)])
def test_what_others_can_write_is_not_obeyed(found: Callable[[str], Path], of_folder: bool, mode: int) -> None:
    file = found(PLAIN)
    (file.parent if of_folder else file).chmod(mode)
    with pytest.raises(ConfigurationError, match="other users can write") as caught:
        opened()
    assert str(file) in str(caught.value)
    assert "CROWDHUB_CONFIG" in caught.value.next_step
    assert list(opened(path=file)) == ["rapidworkers"]  # who names it means it


@posix
@pytest.mark.parametrize("of_folder", [False, True])
def test_what_belongs_to_another_is_not_obeyed(
    found: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, of_folder: bool
) -> None:
    file = found(PLAIN)
    real = Path.stat

    def of_another(path: Path, **given: Any) -> Any:
        true = real(path, **given)
        if path != (file.parent if of_folder else file):
            return true
        return SimpleNamespace(st_uid=os.geteuid() + 1, st_gid=true.st_gid, st_mode=true.st_mode)

    monkeypatch.setattr(Path, "stat", of_another)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        trust.check_owner(file)


@posix
def test_a_folder_in_which_nobody_can_replace_anothers_file(found: Callable[[str], Path]) -> None:
    file = found(PLAIN)
    file.parent.chmod(0o1777)  # as /tmp
    assert list(opened()) == ["rapidworkers"]


@posix
def test_a_group_of_ones_own_is_nobody_else(found: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    import grp

    file = found(PLAIN)
    file.chmod(0o660)
    assert list(opened()) == ["rapidworkers"]
    real = grp.getgrgid(os.getgid())
    other = SimpleNamespace(gr_gid=real.gr_gid, gr_mem=["somebody"])
    monkeypatch.setattr(grp, "getgrgid", {real.gr_gid: other}.get)
    with pytest.raises(ConfigurationError, match="other users can write"):
        opened()


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        (f'[accounts.rapidworkers]\napi_key_env = "AWS_SECRET_ACCESS_KEY"\n{ELSEWHERE}', "AWS_SECRET_ACCESS_KEY"),
        (f"[accounts.rapidworkers]\n{ELSEWHERE}", "CROWDHUB_RAPIDWORKERS_API_KEY"),
    ],
)
def test_a_key_of_the_environment_does_not_go_to_a_host_of_a_found_file(
    found: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, text: str, variable: str
) -> None:
    file = found(text)
    monkeypatch.setenv(variable, SECRET)
    with pytest.raises(ConfigurationError, match="found by searching") as caught:
        opened()
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("CROWDHUB_CONFIG", str(file))
    assert opened()["rapidworkers"].base_url == "https://api.example.com"


def test_a_host_of_the_environment_goes_with_its_key(
    found: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = found(f"[accounts.rapidworkers]\n{ELSEWHERE}")
    monkeypatch.setenv("CROWDHUB_RAPIDWORKERS_API_KEY", SECRET)
    monkeypatch.setenv("CROWDHUB_RAPIDWORKERS_BASE_URL", "https://api.example.org")
    assert opened()["rapidworkers"].base_url == "https://api.example.org"


def test_the_users_own_file_is_his_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "config" / "crowdhub" / config.FILE
    own.parent.mkdir(parents=True)
    own.write_text(f'[accounts.rapidworkers]\napi_key_env = "MY_KEY"\n{ELSEWHERE}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_KEY", SECRET)
    assert list(opened()) == ["rapidworkers"]


@posix
def test_a_key_that_others_can_read_is_told(
    found: Callable[[str], Path], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = found(PLAIN)
    with caplog.at_level(logging.WARNING, logger="crowdhub"):
        _ = opened()
        assert not caplog.records
        file.chmod(0o644)
        _ = opened()
    (record,) = caplog.records
    assert "accounts.rapidworkers.api_key" in record.getMessage()
    assert SECRET not in record.getMessage()
    caplog.clear()
    file.write_text('[accounts.rapidworkers]\napi_key_env = "MY_KEY"\n')
    monkeypatch.setenv("MY_KEY", SECRET)
    _ = opened()
    assert not caplog.records


def test_what_a_cluster_sets_is_no_setting(found: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _ = found(PLAIN)
    for name, value in {
        "PORT": "tcp://10.0.0.1:80",
        "SERVICE_HOST": "10.0.0.1",
        "SERVICE_PORT": "80",
        "SERVICE_PORT_HTTP": "80",
        "PORT_80_TCP": "tcp://10.0.0.1:80",
        "PORT_80_TCP_ADDR": "10.0.0.1",
    }.items():
        monkeypatch.setenv(f"CROWDHUB_RAPIDWORKERS_{name}", value)
        monkeypatch.setenv(f"CROWDHUB_ETXT_{name}", value)
    assert list(opened()) == ["rapidworkers"]


@pytest.mark.parametrize(
    "given", [{"provider": SECRET, "api_key": "x"}, {"api_key_env": SECRET}, {"api_key": "x", "environment": SECRET}]
)
def test_a_key_in_the_wrong_place_is_not_shown(given: dict[str, object]) -> None:
    with Hub({"rapidworkers": given}) as hub, pytest.raises(ConfigurationError) as caught:
        _ = hub["rapidworkers"]
    assert SECRET not in str(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        _ = Hub({"rapidworkers": {"api_key": "x"}}, timeout=SECRET)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert SECRET not in str(caught.value)


def test_nor_to_any_other_host_that_such_a_file_names(
    found: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = found('[accounts.crowdsdom]\naccount_url = "https://api.example.com"')
    monkeypatch.setenv("CROWDHUB_CROWDSDOM_API_KEY", SECRET)
    monkeypatch.setenv("CROWDHUB_CROWDSDOM_API_SECRET", SECRET)
    with pytest.raises(ConfigurationError, match="found by searching") as caught:
        opened()
    assert SECRET not in str(caught.value)
