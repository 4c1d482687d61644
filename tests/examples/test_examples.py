"""Each example runs, on the sandbox inside it and on accounts from a settings file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crowdhub.cli.sandbox import as_toml
from crowdhub.sandbox import Sandbox

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(path.name for path in FOLDER.glob("[a-z]*.py"))
ENDS = {
    "publish_and_review.py": "'approved': 25",
    "span_marketplaces.py": "decided on {",
    "all_marketplaces.py": "paid for {",
    "later_study.py": "7 took part in the pilot, 7 in the main study, 0 in both",
    "follow_work.py": "nothing was decided on, so nothing was paid",
}


def run(name: str, folder: Path, *arguments: str, typed: str = "") -> str:
    home = {"XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(FOLDER / name), *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("CROWDHUB_")} | home,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_all_are_known() -> None:
    assert sorted(ENDS) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_on_the_sandbox_inside_it(name: str, tmp_path: Path) -> None:
    assert ENDS[name] in run(name, tmp_path).splitlines()[-1]


def test_on_an_account_from_a_settings_file_it_asks_first(tmp_path: Path) -> None:
    options = {"rapidworkers": {"instant_work": True, "poor_share": 0}}
    with Sandbox("rapidworkers", options=options) as box:
        live = {"rapidworkers": {**box.accounts["rapidworkers"], "environment": "live"}}
        (tmp_path / "crowdhub.toml").write_text("\n".join(as_toml(live)), encoding="utf-8")
        said = run("publish_and_review.py", tmp_path, "crowdhub.toml", typed="y\n")
        books = box["rapidworkers"].books()
    assert "publish on rapidworkers (live) for 5.50 USD? [y/N]" in said
    assert (len(books.payouts), len(books.charges)) == (25, 1)
