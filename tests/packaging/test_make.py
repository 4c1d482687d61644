"""`make` on a machine that lacks something says what, and leaves nothing half made."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("make", "sh", "rm", "touch")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with a copy of what `make` reads, and a PATH of nothing but a few tools."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def make(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [machine / "bin" / "make", *arguments],
        cwd=machine, env={"PATH": str(machine / "bin")}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def program(machine: Path, name: str, script: str) -> None:
    """A program on the PATH that behaves as the shell script says."""
    file = machine / "bin" / name
    file.write_text(f"#!{shutil.which('sh')}\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1;; esac'


def test_without_python(machine: Path) -> None:
    done = make(machine, "test")
    assert done.returncode != 0
    assert "crowdhub needs Python 3.11 or later" in done.stderr


def test_with_an_old_python(machine: Path) -> None:
    program(machine, "python3", "exit 1")
    assert "crowdhub needs Python 3.11 or later" in make(machine, "demo").stderr


def test_without_the_venv_package_of_debian(machine: Path) -> None:
    program(machine, "python3", WITHOUT_VENV)
    done = make(machine, "test")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr
    assert not (machine / ".venv").exists()


def test_a_python_without_that_package_is_passed_over(machine: Path) -> None:
    program(machine, "python3", WITHOUT_VENV)
    program(machine, "python3.13", '[ "$1" != --version ] || echo Python 3.13.99')
    assert "Making .venv with Python 3.13.99" in make(machine, "setup").stdout


def test_the_pins_cover_every_dependency_and_name_no_host() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in pins)
    pinned = {_plain(line.partition("==")[0]) for line in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    missing = {name for each in wanted if (name := _name(each)) not in {*pinned, "crowdhub"}}
    assert missing == set(), "make constraints"


def _name(requirement: str) -> str:
    end = next((at for at, c in enumerate(requirement) if c in "[<>=!~ ;"), len(requirement))
    return _plain(requirement[:end])


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _targets() -> set[str]:
    """What the Makefile offers."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith(".PHONY:")]
    return set(line.split()[1:])


def test_help_names_every_target() -> None:
    said = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True, timeout=30, check=True).stdout
    named = {line.split()[1] for line in said.splitlines() if line.startswith("make ")}
    assert named == _targets() - {"help", "setup"}
    assert "make check        lint, test, examples, demo, conformance, packages, campaign, proofs" in said
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\ncheck: lint test examples demo conformance packages campaign proofs\n" in makefile


def test_continuous_integration_runs_everything_and_the_tests_last(tmp_path: Path) -> None:
    """The script itself, with programs in the place of those that take long or change the machine."""
    (tmp_path / "bin").mkdir()
    program(tmp_path, "make", 'echo "$*" >> "$RAN"')
    program(tmp_path, "apt-get", "exit 1")
    ran = tmp_path / "ran"
    done = subprocess.run(
        [ROOT / ".ci" / "run"],
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "RAN": str(ran)},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    steps = ran.read_text(encoding="utf-8").split()
    assert set(steps) <= _targets(), "each is a target of the Makefile"
    assert {"lint", "examples", "demo", "conformance", "mutants", "coverage", "pythons"} <= set(steps)
    assert (steps[0], steps[-1]) == ("setup", "test")
    assert all(f"== {step} took " in done.stdout for step in steps[:-1])
    assert done.stdout.endswith("== test\n"), "what the tests say ends the log"


def test_continuous_integration_ends_at_the_first_step_that_fails(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program(tmp_path, "make", '[ "$1" != lint ]')
    program(tmp_path, "apt-get", "exit 1")
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        [ROOT / ".ci" / "run"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert done.stdout.endswith("== lint\n")


def test_the_tests_run_on_every_python_that_is_promised() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    prefix = "Programming Language :: Python :: 3."
    promised = {
        f"3.{each.removeprefix(prefix)}" for each in settings["project"]["classifiers"] if each.startswith(prefix)
    }
    assert f">={min(promised)}" == settings["project"]["requires-python"]
    assert promised <= set(settings["tool"]["tox"]["env_list"])
