"""The kit catches bugs that were put in on purpose. All of them: `python -m crowdhub.testing.mutants`."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from crowdhub.testing.mutants.bugs import BUGS
from crowdhub.testing.mutants.packages import package_of, prepare
from crowdhub.testing.mutants.run import chosen


@pytest.mark.packages
def test_six_of_the_bugs() -> None:
    command = [sys.executable, "-m", "crowdhub.testing.mutants", "--short"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 of 6 bugs caught" in done.stdout


def test_none_is_stale(tmp_path: Path) -> None:
    """What a bug changes stands in its file, once, and what it makes of it is Python."""
    for provider in {bug.provider for bug in BUGS}:
        prepare(provider, tmp_path / provider)
    for bug in BUGS:
        file = tmp_path / bug.provider / "path" / package_of(bug.provider) / bug.file
        text = file.read_text(encoding="utf-8")
        assert text.count(bug.old) == 1, f"{bug.name}: its place stands {text.count(bug.old)} times in {bug.file}"
        _ = ast.parse(text.replace(bug.old, bug.new.replace("{module}", package_of(bug.provider))))


def test_the_list() -> None:
    assert len(BUGS) >= 70
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert len(chosen(short=True)) == 6
    assert len(chosen(short=False)) == len(BUGS)
