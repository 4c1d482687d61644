"""The kit catches bugs that were put in on purpose. All of them: `python -m crowdhub.testing.mutants`."""

from __future__ import annotations

import subprocess
import sys

from crowdhub.testing.mutants.bugs import BUGS
from crowdhub.testing.mutants.run import chosen


def test_five_of_the_bugs() -> None:
    command = [sys.executable, "-m", "crowdhub.testing.mutants", "--short"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 of 5 bugs caught" in done.stdout


def test_the_list() -> None:
    assert len(BUGS) >= 15
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert len(chosen(short=True)) == 5
    assert len(chosen(short=False)) == len(BUGS)
