import socket
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import pytest

from crowdhub import AsyncHub, Hub
from crowdhub.errors import ConfigurationError
from crowdhub.hub import config
from crowdhub.store.address import url_of
from crowdhub_rapidworkers import RapidWorkers

Project: TypeAlias = Callable[[str], Path]

SECRET = "sk-secret-0123456789"


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Writes ``crowdhub.toml`` into a project folder and works in a folder below it."""
    folder = tmp_path / "project"
    (folder / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(folder / "a" / "b")

    def write(text: str) -> Path:
        path = folder / "crowdhub.toml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


def open_all(**options: Any) -> dict[str, Any]:
    with Hub.from_config(**options) as hub:
        return {name: hub[name].provider.settings for name in hub}


def refused(**options: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        open_all(**options)
    text = str(caught.value) + repr(caught.value) + repr(vars(caught.value))
    assert SECRET not in text
    return str(caught.value)


GOOD = f"""
    [hub]
    max_wait = 5

    [accounts.rapidworkers]
    api_key = "{SECRET}"

    [accounts.rw-eu]
    provider = "rapidworkers"
    api_key_env = "MY_KEY"
    allow_engagement_jobs = true
    """


def test_a_file_is_found_upwards(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project(GOOD)
    monkeypatch.setenv("MY_KEY", "sk-from-the-environment")
    found = open_all()
    assert list(found) == ["rapidworkers", "rw-eu"]
    assert found["rapidworkers"].api_key.get_secret_value() == SECRET
    assert found["rapidworkers"].base_url == "https://api.rapidworkers.io"
    assert found["rw-eu"].api_key.get_secret_value() == "sk-from-the-environment"
    assert found["rw-eu"].allow_engagement_jobs
    assert SECRET not in repr(found)


def test_the_nearest_file_wins(project: Project, tmp_path: Path) -> None:
    project(GOOD)
    (tmp_path / "project" / "a" / "crowdhub.toml").write_text(f'[accounts.rapidworkers]\napi_key = "{SECRET}"\n')
    assert list(open_all()) == ["rapidworkers"]


def test_then_the_users_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs import user_config_path

    monkeypatch.chdir(tmp_path)
    own = user_config_path("crowdhub")
    assert str(own).startswith(str(tmp_path))
    own.mkdir(parents=True)
    (own / "crowdhub.toml").write_text(f'[accounts.rapidworkers]\napi_key = "{SECRET}"\n')
    assert list(open_all()) == ["rapidworkers"]


def test_a_file_given_by_name(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "other.toml"
    path.write_text(f'[accounts.rapidworkers]\napi_key = "{SECRET}"\n')
    with Hub.from_config(path) as hub:
        assert hub.accounts == ["rapidworkers"]
    monkeypatch.setenv("CROWDHUB_CONFIG", str(path))
    assert list(open_all()) == ["rapidworkers"]
    assert AsyncHub.from_config(str(path)).accounts == ["rapidworkers"]
    with pytest.raises(ConfigurationError, match=r"no settings file .*missing\.toml"):
        Hub.from_config(tmp_path / "missing.toml")


def test_without_any_file_there_are_no_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Hub.from_config() as hub:
        assert hub.accounts == []
        with pytest.raises(ConfigurationError, match=r"no account 'rapidworkers'") as caught:
            hub["rapidworkers"]
        assert "crowdhub.toml" in caught.value.next_step


def test_variables_set_and_override(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project(GOOD)
    monkeypatch.setenv("MY_KEY", "sk-my-key")
    monkeypatch.setenv("CROWDHUB_RAPIDWORKERS_API_KEY", "sk-variable")
    monkeypatch.setenv("CROWDHUB_RW_EU_BASE_URL", "http://localhost:9")
    monkeypatch.setenv("CROWDHUB_MAX_WAIT", "7")
    found = open_all()
    assert found["rapidworkers"].api_key.get_secret_value() == "sk-variable"
    assert found["rw-eu"].base_url == "http://localhost:9"


def test_variables_alone_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROWDHUB_RAPIDWORKERS_API_KEY", SECRET)
    monkeypatch.setenv("CROWDHUB_RAPIDWORKERS_ALLOW_ENGAGEMENT_JOBS", "true")
    found = open_all()["rapidworkers"]
    assert found.api_key.get_secret_value() == SECRET
    assert found.allow_engagement_jobs


def test_of_two_names_the_longer_one_gets_its_variable(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project(
        f"""
        [accounts.rw]
        provider = "rapidworkers"
        api_key = "{SECRET}"
        [accounts.rw-eu]
        provider = "rapidworkers"
        """
    )
    monkeypatch.setenv("CROWDHUB_RW_EU_API_KEY", "sk-for-eu")
    found = open_all()
    assert found["rw-eu"].api_key.get_secret_value() == "sk-for-eu"
    assert found["rw"].api_key.get_secret_value() == SECRET


def test_options_of_the_call_win_over_the_file(project: Project) -> None:
    project("[hub]\non_unsupported = 'warn'\nmax_wait = 5\n")
    hub = Hub.from_config(on_unsupported="error")
    assert hub._on_unsupported == "error"
    assert hub._max_wait == 5


WRONG = {
    "a setting misspelt": (
        f'[accounts.rapidworkers]\n# key\napi_kye = "{SECRET}"\n',
        ("api_kye", "did you mean 'api_key'", "line 3", "crowdhub.toml"),
    ),
    "a setting missing": ("\n[accounts.rapidworkers]\nbase_url = 'https://x'\n", ("api_key", "missing", "line 2")),
    "both at once": (
        "[accounts.rapidworkers]\nbaseurl = 'https://x'\n",
        ("baseurl", "did you mean 'base_url'", "api_key", "missing"),
    ),
    "a wrong type": (f'[accounts.rapidworkers]\napi_key = ["{SECRET}"]\n', ("api_key", "line 2")),
    "no boolean": (
        f'[accounts.rapidworkers]\napi_key = "{SECRET}"\nallow_engagement_jobs = "perhaps"\n',
        ("allow_engagement_jobs", "line 3"),
    ),
    "an unset variable": (
        "[accounts.rapidworkers]\napi_key_env = 'NO_SUCH_VARIABLE'\n",
        ("api_key_env", "not set", "line 2"),
    ),
    "a section misspelt": (f'[acounts.rapidworkers]\napi_key = "{SECRET}"\n', ("acounts", "'accounts'", "line 1")),
    "a hub setting misspelt": ("[hub]\n\nmaxwait = 3\n", ("maxwait", "did you mean 'max_wait'", "line 3")),
    "an unknown provider": (
        f'[accounts.rw]\nprovider = "rapidworker"\napi_key = "{SECRET}"\n',
        ("rapidworker", "rapidworkers"),
    ),
    "no TOML": (f'[accounts.rapidworkers]\napi_key = "{SECRET}\n', ("crowdhub.toml", "line 2")),
    "no TOML at all": ("{json: 1}\n", ("crowdhub.toml", "line 1")),
    "twice the same": (
        f'[accounts.rapidworkers]\napi_key = "{SECRET}"\napi_key = "x"\n',
        ("crowdhub.toml", "line 3"),
    ),
    "an account that is no section": ("[accounts]\nrapidworkers = 5\n", ("rapidworkers", "line 2")),
    "accounts that are no section": ("accounts = 5\n", ("accounts", "line 1")),
    "http": (
        f'[accounts.rapidworkers]\napi_key = "{SECRET}"\nbase_url = "http://api.example.com"\n',
        ("base_url", "https"),
    ),
    "an environment that is none": (
        f'[accounts.rapidworkers]\napi_key = "{SECRET}"\nenvironment = "test"\n',
        ("environment", "live", "sandbox", "line 3"),
    ),
    "no number": ("[hub]\nmax_wait = 'long'\n", ("max_wait", "number of seconds")),
    "another word": ("[hub]\non_unsupported = 'eror'\n", ("on_unsupported", "'error'")),
    "a dotted key": (f'accounts.rapidworkers.api_kye = "{SECRET}"\n', ("api_kye", "'api_key'", "line 1")),
    "a key for a name": (f"[accounts.rapidworkers]\n{SECRET} = 'api_key'\n", ("not shown", "api_key", "line 2")),
    "a key for a hub setting": (f"[hub]\n{SECRET} = 3\n", ("not shown", "max_wait", "line 2")),
    "a key for a section": (f"{SECRET} = 3\n", ("not shown", "accounts", "line 1")),
    "an inline table": (f'[accounts]\nrapidworkers = {{ api_kye = "{SECRET}" }}\n', ("api_kye", "'api_key'")),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_file_says_the_line_the_setting_and_the_right_spelling(project: Project, name: str) -> None:
    text, said = WRONG[name]
    project(text)
    message = refused()
    for word in said:
        assert word in message, message


def test_a_file_that_is_no_text(project: Project, tmp_path: Path) -> None:
    project("")
    (tmp_path / "project" / "crowdhub.toml").write_bytes(b"\xff\xfe\x00[")
    assert "crowdhub.toml" in refused()


def test_a_misspelt_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROWDHUB_RAPIDWORKERS_API_KYE", SECRET)
    message = refused()
    assert "api_kye" in message
    assert "'api_key'" in message


def test_settings_are_checked_one_by_one_and_without_values() -> None:
    with pytest.raises(ConfigurationError) as caught:
        config.settings_of(
            RapidWorkers, "rapidworkers", {"api_key": 5, "allow_engagement_jobs": SECRET, "basse_url": SECRET}
        )
    text = str(caught.value)
    assert SECRET not in text
    for word in ("api_key", "allow_engagement_jobs", "basse_url"):
        assert word in text


@pytest.mark.parametrize("key", ["", "   "])
def test_an_empty_key_is_no_key(key: str) -> None:
    """A variable that is set but empty is the commonest mistake in CI."""
    with pytest.raises(ConfigurationError, match="api_key"):
        config.settings_of(RapidWorkers, "rapidworkers", {"api_key": key})


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("money.db", "{folder}/money.db"),
        ("sqlite:///money.db", "sqlite:///{folder}/money.db"),
        ("sqlite:////srv/money.db", "sqlite:////srv/money.db"),
        ("/srv/money.db", "/srv/money.db"),
        ("postgresql://host/money", "postgresql://host/money"),
        ("default", "default"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///", "sqlite:///"),
        ("none", "none"),
        (":memory:", ":memory:"),
        ("postgresql:/u:p@h/db", "postgresql:/u:p@h/db"),
    ],
)
def test_a_ledger_goes_from_the_files_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    """Whichever folder the program is run in: two ledgers would pay twice for one key."""
    (tmp_path / "crowdhub.toml").write_text(f'[hub]\nledger = "{given}"\n')
    (tmp_path / "below").mkdir()
    for folder in (tmp_path, tmp_path / "below"):
        monkeypatch.chdir(folder)
        assert config.load().hub["ledger"] == meant.format(folder=tmp_path.resolve())


@pytest.mark.parametrize("port", ["99999", "65536", "0", "70000000"])
@pytest.mark.parametrize("setting", ["base_url", "account_url"])
def test_a_port_that_does_not_exist(setting: str, port: str) -> None:
    """It would be taken for another one."""
    accounts = {
        "crowdsdom": {
            "api_key": SECRET,
            "api_secret": SECRET,
            "account_url": "http://127.0.0.1:8",
            "base_url": "http://127.0.0.1:9",
        }
    }
    accounts["crowdsdom"][setting] = f"http://127.0.0.1:{port}"
    with (
        Hub(accounts) as hub,
        pytest.raises(ConfigurationError, match=f"{setting}: is not an address.*1 to 65535") as caught,
    ):
        hub["crowdsdom"].balance()
    assert f":{port}" not in str(caught.value)


@pytest.mark.parametrize("key", ["", " ", "a", "127"])
def test_of_a_key_that_is_none_nothing_else_is_said(key: str) -> None:
    accounts = {"rapidworkers": {"api_key": key, "base_url": "http://127.0.0.1:9"}}
    with Hub(accounts) as hub:
        try:
            said = str(hub["rapidworkers"].provider.settings.base_url)
        except ConfigurationError as error:
            said = str(error)
            assert "api_key: is empty" in said
    assert "holds a key" not in said


def test_a_file_may_begin_with_a_byte_order_mark(project: Project) -> None:
    file = project(f'[accounts.rapidworkers]\napi_key = "{SECRET}"\n')
    file.write_text(file.read_text("utf-8"), "utf-8-sig")
    assert list(open_all()) == ["rapidworkers"]
    file.write_text('[accounts.rapidworkers]\napi_kez = "x"\n', "utf-8-sig")
    assert "line 2" in refused()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"postgres://u:{SECRET}@127.0.0.1/x", r"is postgresql\+psycopg://, not postgres://"),
        ("sqlite+aiosqlite:///x", "another driver for SQLite; give sqlite:///FILE"),
    ],
)
def test_a_ledger_by_another_scheme(address: str, said: str) -> None:
    with (
        Hub({"rapidworkers": {"api_key": "abcdefgh"}}, ledger=address) as hub,
        pytest.raises(ConfigurationError, match=said) as caught,
    ):
        _ = hub["rapidworkers"].ledger
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql+psycopg://u:PG@{SECRET}@127.0.0.1:1/x",
        f"postgresql://u:PG@{SECRET}:99@127.0.0.1:1/x",
        f"postgresql://u:PG@b/{SECRET}@127.0.0.1:1/x",
        f"postgresql://u:PG@b?{SECRET}@127.0.0.1:1/x",
        f"postgresql://u@corp:PG@{SECRET}@127.0.0.1:1/x",
    ],
)
def test_an_unescaped_at_in_the_ledgers_password(
    project: Project, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a host was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr("psycopg.connect", look_up)
    _ = project(f'[accounts.rapidworkers]\napi_key = "k-123456"\n[hub]\nledger = "{address}"\n')
    with Hub.from_config() as hub, pytest.raises(ConfigurationError, match="Write %40 for an @") as caught:
        hub.unresolved()
    assert SECRET not in repr(caught.value) + str(caught.value)
    assert "PG" not in str(caught.value)


@pytest.mark.parametrize("address", ["postgresql://u:a%40b@h/x", "postgresql://u@corp:pw@h:1/x", "postgresql://h/x@y"])
def test_an_at_that_is_no_doubt(address: str) -> None:
    assert url_of(address).host == "h"


@pytest.mark.parametrize("way", ["argument", "variable"])
def test_a_settings_file_whose_name_is_too_long(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "variable":
        monkeypatch.setenv("CROWDHUB_CONFIG", "x" * 300)
    with pytest.raises(ConfigurationError, match=r"'x{300}' cannot be looked at: .*too long"):
        Hub.from_config("x" * 300 if way == "argument" else None)


@pytest.mark.parametrize("asked", ["is_file", "stat", "read_text"])
def test_a_settings_file_that_cannot_be_looked_at(
    project: Project, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project('[accounts.rapidworkers]\napi_key = "k-123456"\n')
    look: Callable[..., object] = getattr(Path, asked)

    def refused(self: Path, *more: object, **named: object) -> object:
        if self.name == "crowdhub.toml":
            raise PermissionError(13, "Permission denied", str(self))
        return look(self, *more, **named)

    monkeypatch.setattr(Path, asked, refused)
    with pytest.raises(ConfigurationError, match=r"crowdhub\.toml.*ermission denied") as caught:
        Hub.from_config()
    assert str(file.parent.parent) in str(caught.value)


def test_a_users_own_folder_whose_name_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ("x" * 300)))
    with pytest.raises(ConfigurationError, match="cannot be looked at"):
        Hub.from_config()


def test_a_settings_file_that_is_gone_when_its_line_is_looked_up(project: Project) -> None:
    file = project('[accounts.rapidworkers]\napi_kez = "k-123456"\n')
    with Hub.from_config() as hub:
        file.unlink()
        with pytest.raises(ConfigurationError, match="did you mean 'api_key'"):
            _ = hub["rapidworkers"]


@pytest.mark.parametrize("setting", ["timeout", "max_wait"])
@pytest.mark.parametrize("flag", ["true", "false"])
def test_a_flag_is_not_a_number_of_seconds(project: Project, setting: str, flag: str) -> None:
    _ = project(f'[accounts.rapidworkers]\napi_key = "k-123456"\n[hub]\n{setting} = {flag}\n')
    with pytest.raises(ConfigurationError, match=f"{setting} is not a number of seconds"):
        Hub.from_config()
