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


def python(machine: Path, script: str) -> None:
    """A `python3` that behaves as the shell script says."""
    file = machine / "bin" / "python3"
    file.write_text(f"#!{shutil.which('sh')}\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def test_without_python(machine: Path) -> None:
    done = make(machine, "test")
    assert done.returncode != 0
    assert "crowdhub needs Python 3.11 or later" in done.stderr


def test_with_an_old_python(machine: Path) -> None:
    python(machine, "exit 1")
    assert "crowdhub needs Python 3.11 or later" in make(machine, "demo").stderr


def test_without_the_venv_package_of_debian(machine: Path) -> None:
    python(machine, 'case "$2" in *ensurepip*) exit 1;; esac')
    done = make(machine, "test")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr
    assert not (machine / ".venv").exists()


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


def test_what_continuous_integration_runs_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    targets = [line.split()[1] for line in script.splitlines() if line.startswith("make ")]
    assert {"test", "lint", "examples"} <= set(targets)
    for target in targets:
        subprocess.run(["make", "-C", ROOT, "-n", target], capture_output=True, timeout=30, check=True)
