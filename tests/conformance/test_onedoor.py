"""The kit finds nothing wrong with a marketplace that does everything in another way than the shipped ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from crowdhub.testing.mutants.bug import ONEDOOR
from crowdhub.testing.mutants.packages import package_of, prepare


@pytest.fixture
def onedoor(tmp_path: Path) -> Path:
    """The package, where it can be imported from and changed."""
    prepare(ONEDOOR, tmp_path)
    return tmp_path / "path"


def kit(path: Path, *arguments: str) -> str:
    """What the kit says of it."""
    (path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--crowdhub-provider", ONEDOOR]
    places = [str(path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    done = subprocess.run(
        [*command, *arguments], cwd=path, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def change(path: Path, old: str, new: str) -> None:
    file = path / package_of(ONEDOOR) / "provider.py"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    _ = file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.packages
def test_it_passes(onedoor: Path) -> None:
    """One path for all operations, the same ids in a second call, two keys for two tasks, long reasons with a
    category, answers without a body, settling that is taken twice, a library of its own."""
    said = kit(onedoor, "-k", "not asyncio and not trio")
    assert " failed" not in said, said[-5000:]
    assert " error" not in said, said[-5000:]
    assert " passed" in said, said[-5000:]


BUGS: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "test_a_lost_answer and pay_bonus and sync-broken": (
        '"PayGrant", Effect.SPEND',
        '"PayGrant", Effect.SETTLE, costs=True',
        ["request 2 of 2 was dropped after", "0.20 EUR taken in 2 charges", "is a SPEND, which is not repeated"],
    ),
    "test_says_what_each_call_does and publish": (
        '"StartTask", Effect.SETTLE, costs=True',
        '"StartTask", Effect.SETTLE',
        ["Call(POST / StartTask SETTLE) is not declared to take money", "took 0.55 EUR", "`costs=True`"],
    ),
    "test_each_field_of_a_draft": (
        "countries=list(draft.countries)",
        'countries=["US"]',
        ["countries = ('FR', 'DE') was asked for, the marketplace has ['US']"],
    ),
    "test_the_words_of_a_decision and reject": (
        "work=submission.id, comment=reason",
        "work=submission.id",
        ["the worker was told nothing with reject"],
    ),
    "test_what_never_went_on_the_market": (
        "                and task.status is not TaskStatus.DRAFT\n",
        "",
        ["publishing stopped after 1 of its changes", "which is not on the market: its key would never publish"],
    ),
}


def test_what_it_says_of_bugs(onedoor: Path) -> None:
    """Which rule, what was sent instead, and what to do."""
    for old, new, _ in BUGS.values():
        change(onedoor, old, new)
    said = kit(onedoor, "-k", " or ".join(f"({test})" for test in BUGS), "--tb=short")
    missing = [each for _, _, words in BUGS.values() for each in words if each not in said]
    assert not missing, f"{missing} is not in: {said[-10000:]}"
