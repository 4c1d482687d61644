"""Plugins as distributions on the path: broken ones, doubled ones, slow ones."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from crowdhub import Hub, registry
from crowdhub.errors import ConfigurationError
from tests.support.distributions import distributions


class Install(Protocol):
    def __call__(
        self,
        name: str,
        code: str | None,
        *,
        module: str | None = None,
        target: str | None = None,
        distribution: str | None = None,
    ) -> str: ...


FINE = """
    from crowdhub import Provider
    from crowdhub.protocol import ProviderSettings
    class Fine(Provider[ProviderSettings]):
        name, title, currency, settings_type = "{name}", "Fine", "USD", ProviderSettings
    """


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution with one entry point on the path, as pip would."""
    with distributions(tmp_path, monkeypatch) as path:

        def install(
            name: str,
            code: str | None,
            *,
            module: str | None = None,
            target: str | None = None,
            distribution: str | None = None,
        ) -> str:
            registry.load.cache_clear()
            return path.install(name, code, module=module, target=target, distribution=distribution)

        yield install
        registry.load.cache_clear()


BROKEN = {
    "missing": (None, "ModuleNotFoundError"),
    "raising": ("raise RuntimeError('no licence file')", "no licence file"),
    "asserting": ("assert False, 'not on this machine'", "not on this machine"),
    "leaving": ("import sys; sys.exit('goodbye')", "goodbye"),
    "garbled": ("def (", "SyntaxError"),
    "importing": ("import a_package_that_is_not_there", "a_package_that_is_not_there"),
    "empty": ("", "Fine"),
    "classless": ("Fine = 7", "not a crowdhub.Provider class"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_plugin_is_listed_with_its_error_and_stops_nobody(install: Install, name: str) -> None:
    code, said = BROKEN[name]
    install(name, code)
    install("works", FINE)
    examined = {plugin.name: (plugin, kind) for plugin, kind in registry.examined()}
    plugin, kind = examined[name]
    assert kind is None
    assert said in (plugin.error or "")
    assert (plugin.distribution, plugin.version) == (f"crowdhub-{name}", "1.2")
    kinds = [examined[each][1] for each in ("works", "rapidworkers")]
    assert [each.__name__ for each in kinds if each is not None] == ["Fine", "RapidWorkers"]
    with pytest.raises(ConfigurationError, match=name) as caught:
        registry.load(name)
    assert said in str(caught.value)
    accounts = {"works": {"base_url": "http://127.0.0.1:1"}, name: {"base_url": "http://127.0.0.1:1"}}
    with Hub(accounts) as hub:
        assert hub["works"].provider.title == "Fine"
        with pytest.raises(ConfigurationError, match=name):
            hub[name]


def test_a_third_party_plugin_needs_only_to_be_installed(install: Install) -> None:
    install("works", FINE)
    with Hub({"mine": {"provider": "works", "base_url": "https://api.example.com"}}) as hub:
        assert (hub["mine"].name, hub["mine"].environment) == ("mine", "live")


def test_listing_imports_nothing(install: Install) -> None:
    module = install("raising", "raise RuntimeError")
    names = [plugin.name for plugin in registry.installed()]
    assert names == sorted(names)
    assert {"raising", "rapidworkers"} <= set(names)
    assert module not in sys.modules
    code = (
        "import sys, crowdhub.registry as r\n"
        "assert 'rapidworkers' in [p.name for p in r.installed()]\n"
        "print([m for m in sys.modules if m.startswith(('crowdhub_', 'httpx', 'stevedore'))])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, crowdhub; print([m for m in ('httpx', 'vcr', 'stevedore', 'sqlalchemy') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_two_distributions_with_one_name_are_told_apart(install: Install) -> None:
    install("twice", FINE, module="plugin_first", distribution="first-dist")
    install("twice", FINE, module="plugin_second", distribution="second-dist")
    with pytest.raises(ConfigurationError, match="several distributions") as caught:
        registry.load("twice")
    assert "first-dist" in str(caught.value)
    assert "second-dist" in str(caught.value)
    listed = [plugin for plugin in registry.installed() if plugin.name == "twice"]
    assert {plugin.distribution for plugin in listed} == {"first-dist", "second-dist"}
    assert all(kind is None for plugin, kind in registry.examined() if plugin.name == "twice")


def test_the_same_plugin_found_twice_is_one(install: Install) -> None:
    """Installed, and as a source folder on the path."""
    install("same", FINE, module="plugin_same", distribution="same-dist")
    install("same", FINE, module="plugin_same", distribution="same-dist-copy")
    assert registry.load("same").__name__ == "Fine"


def test_an_unknown_name_says_which_there_are_and_what_to_install() -> None:
    with pytest.raises(ConfigurationError) as caught:
        registry.load("rapidwrokers")
    text = str(caught.value)
    assert "Did you mean 'rapidworkers'?" in text
    assert "pip install crowdhub-rapidwrokers" in text
    assert "Installed: " in text


def test_a_plugin_installed_a_moment_ago_is_found(install: Install) -> None:
    """stevedore keeps a list on disk that is two minutes behind."""
    registry.load("rapidworkers")
    install("fresh", FINE)
    assert registry.load("fresh").__name__ == "Fine"


def test_a_failure_is_not_remembered(install: Install) -> None:
    module = install("flaky", "raise RuntimeError('at first')")
    with pytest.raises(ConfigurationError):
        registry.load("flaky")
    path = next(p for p in sys.path if p.endswith("site-flaky"))
    with open(f"{path}/{module}.py", "w") as file:  # noqa: PTH123
        file.write(textwrap.dedent(FINE).replace("{name}", "flaky"))
    import importlib

    importlib.invalidate_caches()
    assert registry.load("flaky").__name__ == "Fine"
