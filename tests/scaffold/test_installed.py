"""The project as a stranger has it: installed beside crowdhub in a fresh environment, its tests and the kit run."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from crowdhub import scaffold

pytestmark = pytest.mark.packages


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A fresh virtual environment's Python, and the project that is installed in it."""
    place = tmp_path_factory.mktemp("stranger")
    project = scaffold.create("bee-hive", place / "project")
    home = place / "venv"
    call(sys.executable, "-m", "venv", "--without-pip", str(home))
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    # What is installed here (crowdhub and what it needs) is there as well, without a network.
    folder = call(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    here = sysconfig.get_path("purelib")
    Path(folder, "beside.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    call(sys.executable, "-m", "pip", "--python", str(python), "install", "-q", *options, str(project))
    return python, project


def call(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_own_tests_pass(environment: tuple[Path, Path]) -> None:
    python, project = environment
    assert " passed" in call(str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)


def test_the_kit_passes(environment: tuple[Path, Path]) -> None:
    python, project = environment
    kit = ["--crowdhub-provider", "bee-hive", "-q", "-p", "no:cacheprovider", "-k", "not asyncio and not trio"]
    assert " passed" in call(str(python), "-m", "pytest", *kit, cwd=project)


def test_it_is_listed(environment: tuple[Path, Path]) -> None:
    python, project = environment
    said = call(str(python), "-c", "from crowdhub import registry; print(registry.load('bee-hive'))", cwd=project)
    assert "crowdhub_bee_hive" in said
