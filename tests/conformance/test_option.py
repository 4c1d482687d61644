"""`pytest --crowdhub-provider NAME`: what it collects, and what it says where it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.packages


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in a folder of its own, as in somebody else's project."""
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\npython_files = check_*.py\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_it_runs_the_kit_in_somebody_elses_project(tmp_path: Path) -> None:
    """Whatever the project calls its test files; and what could not be checked is said with its reason."""
    done = run(tmp_path, "--crowdhub-provider", "capsolver", "-q", "-k", "test_absent or test_new_statuses")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "capsolver has no status word to be tried" in done.stdout
    assert " passed" in done.stdout


def test_it_runs_beside_tests_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "check_own.py").write_text("def test_own():\n    pass\n")
    done = run(tmp_path, "--crowdhub-provider", "capsolver", "--collect-only", "-q", "check_own.py")
    assert "check_own.py::test_own" in done.stdout
    assert "test_works[capsolver-publish-sync]" in done.stdout
    alone = run(tmp_path, "--crowdhub-provider", "capsolver", "--collect-only", "-q")
    assert "check_own.py" not in alone.stdout
    assert "test_works[capsolver-publish-sync]" in alone.stdout


@pytest.mark.parametrize(("name", "said"), [("nobody", "'nobody'")])
def test_a_provider_that_is_not_described(tmp_path: Path, name: str, said: str) -> None:
    done = run(tmp_path, "--crowdhub-provider", name, "-q")
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "rapidworkers" in done.stdout + done.stderr, "it does not say which there are"


def test_without_the_option_nothing_of_it_is_collected(tmp_path: Path) -> None:
    done = run(tmp_path, "--collect-only", "-q")
    assert "test_works" not in done.stdout
