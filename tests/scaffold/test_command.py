"""`crowdhub plugin new`."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from crowdhub.cli.app import app


def test_it_writes_the_project_and_says_what_comes_next(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    done = CliRunner().invoke(app, ["plugin", "new", "Bee.Hive", "--folder", str(folder)])
    assert done.exit_code == 0, done.output
    assert (folder / "src" / "crowdhub_bee_hive" / "provider.py").is_file()
    assert "--crowdhub-provider bee-hive" in " ".join(done.output.split())


def test_a_name_that_is_taken_is_the_callers_fault(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["plugin", "new", "etxt", "--folder", str(tmp_path / "mine")])
    assert done.exit_code == 2
    assert "installed provider" in done.output
    assert not (tmp_path / "mine").exists()
