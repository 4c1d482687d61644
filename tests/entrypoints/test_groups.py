"""One loader for all groups: each finds its own by name, and words what it cannot use in its own error."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest

from crowdhub.entrypoints import Group
from crowdhub.errors import ConfigurationError
from crowdhub.registry import PROVIDERS
from crowdhub.sandbox import SandboxError, sandbox_names
from crowdhub.sandbox.registry import SANDBOXES, load_sandbox
from crowdhub.testing.recording import RecordingError, load_script, script_names
from crowdhub.testing.recording.script import SCRIPTS
from crowdhub.testing.subject import SUBJECTS, load
from tests.support.distributions import Distributions

OURS = ["capsolver", "crowdsdom", "etxt", "rapidworkers"]


@dataclass(frozen=True)
class Case:
    group: Group[Any]
    error: type[Exception]
    fine: str
    wanted: str

    def __str__(self) -> str:
        return self.group.name


CASES = [
    Case(
        PROVIDERS,
        ConfigurationError,
        "from crowdhub import Provider\nclass Fine(Provider): pass",
        "not a crowdhub.Provider class",
    ),
    Case(
        SANDBOXES,
        SandboxError,
        "from crowdhub.sandbox import MarketSandbox\nclass Fine(MarketSandbox): pass",
        "not a MarketSandbox class",
    ),
    Case(
        SCRIPTS,
        RecordingError,
        "from crowdhub.testing.recording import Script\nFine = Script('{name}', [], [], {})",
        "not a crowdhub.testing.recording.Script",
    ),
    Case(
        SUBJECTS,
        ConfigurationError,
        "from crowdhub.testing import Subject\nclass Fine(Subject): provider = '{name}'",
        "not a crowdhub.testing.Subject class",
    ),
]


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_ours_are_listed_and_load(case: Case) -> None:
    assert set(OURS) <= set(case.group.names())
    for name in OURS:
        assert case.group.fits(case.group.load(name))


def test_listing_imports_nothing(case: Case, site: Distributions) -> None:
    module = site.install("raising", "raise RuntimeError", group=case.group.name)
    assert "raising" in case.group.names()
    (listed,) = [each for each in case.group.installed() if each.name == "raising"]
    assert (listed.distribution, listed.version, listed.target) == ("crowdhub-raising", "1.2", f"{module}:Fine")
    assert module not in sys.modules


def test_one_installed_a_moment_ago_is_found(case: Case, site: Distributions) -> None:
    case.group.load("etxt")
    site.install("fresh", case.fine, group=case.group.name)
    assert case.group.fits(case.group.load("fresh"))


def test_the_newer_one_is_loaded_where_a_list_on_disk_is_older(case: Case, site: Distributions) -> None:
    """stevedore keeps such a list; a name that now stands for something else must not be taken from it."""
    from stevedore import NamedExtensionManager

    site.install("moved", "raise RuntimeError('the older one')", group=case.group.name, module="plugin_older")
    NamedExtensionManager[object](
        case.group.name, ["moved"], on_load_failure_callback=lambda _manager, _entry, _error: None
    )
    sys.path.pop(0)
    site.install("moved", case.fine, group=case.group.name, module="plugin_newer", distribution="newer")
    assert case.group.fits(case.group.load("moved"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, "ModuleNotFoundError"),
        ("raise RuntimeError('no licence file')", "RuntimeError: no licence file"),
        ("assert False, 'not on this machine'", "not on this machine"),
        ("import sys; sys.exit('goodbye')", "SystemExit: goodbye"),
        ("def (", "SyntaxError"),
        ("", "AttributeError"),
    ],
)
def test_one_that_cannot_be_loaded_keeps_its_cause(
    case: Case, site: Distributions, code: str | None, said: str
) -> None:
    site.install("broken", code, group=case.group.name)
    with pytest.raises(case.error, match=f"{case.group.noun} 'broken'") as caught:
        case.group.load("broken")
    assert said in str(caught.value)
    assert type(caught.value.__cause__).__name__ in said or said in str(caught.value.__cause__)
    (error,) = [plugin.error for plugin, _ in case.group.examined() if plugin.name == "broken"]
    assert error is not None
    assert said in error


def test_one_of_another_kind_is_refused(case: Case, site: Distributions) -> None:
    site.install("wrong", "Fine = 7", group=case.group.name)
    with pytest.raises(case.error, match=case.wanted):
        case.group.load("wrong")


def test_a_name_that_two_distributions_claim_is_refused(case: Case, site: Distributions) -> None:
    for number in ("first", "second"):
        site.install(
            "twice", case.fine, group=case.group.name, module=f"plugin_{number}", distribution=f"{number}-dist"
        )
    with pytest.raises(case.error, match="several distributions") as caught:
        case.group.load("twice")
    assert "first-dist" in str(caught.value)
    assert "second-dist" in str(caught.value)
    assert case.group.names().count("twice") == 1


def test_the_same_one_found_twice_is_one(case: Case, site: Distributions) -> None:
    for distribution in ("same-dist", "same-dist-copy"):
        site.install("same", case.fine, group=case.group.name, module="plugin_same", distribution=distribution)
    assert case.group.fits(case.group.load("same"))


def test_an_unknown_name_says_which_there_are(case: Case) -> None:
    with pytest.raises(case.error) as caught:
        case.group.load("rapidwrokers")
    said = str(caught.value)
    assert f"There is no {case.group.noun} 'rapidwrokers'" in said
    assert f"Installed: {', '.join(case.group.names())}." in said
    assert "Did you mean 'rapidworkers'?" in said
    assert case.group.name in said
    assert "pip install crowdhub-rapidwrokers" in said


def test_each_group_has_its_words() -> None:
    assert set(OURS) <= set(sandbox_names()) & set(script_names())
    assert load_sandbox("etxt").name == load_script("etxt").provider == load("etxt").provider == "etxt"


def test_a_subject_of_another_provider_is_refused(site: Distributions) -> None:
    code = "from crowdhub.testing import Subject\nclass Fine(Subject): provider = 'etxt'"
    site.install("lost", code, group="crowdhub.conformance")
    with pytest.raises(ConfigurationError, match="describes the provider 'etxt'"):
        load("lost")
