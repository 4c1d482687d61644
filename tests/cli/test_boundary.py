"""The program as a process: whatever its output, its settings and its arguments are, a person gets a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Cli

START = [sys.executable, "-c", "from crowdhub.cli import main; main()"]


def run(cli: Cli, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*START, *arguments],
        cwd=cli.folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        errors="replace",
    )


def shell(cli: Cli, line: str) -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -c "from crowdhub.cli import main; main()" {line}'
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=cli.folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("command", ["providers", "--version"])
def test_an_output_that_is_full(cli: Cli, command: str) -> None:
    done = shell(cli, f"{command} > /dev/full")
    assert done.returncode == 4
    assert done.stderr.startswith("The output cannot be written (No space left on device). What was done stays done.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["tasks", "--version"])
def test_an_output_that_is_closed(cli: Cli, command: str) -> None:
    done = shell(cli, f"{command} >&-")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1251"])
def test_letters_that_the_output_has_no_place_for(cli: Cli, encoding: str) -> None:
    title = "Опишите 图片 🦊 été"
    options = ["--instructions=I", "--proof=P", "--category=Survey", "--reward=0.10", "--yes"]
    done = run(cli, "publish", f"--title={title}", *options, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    done = run(cli, "tasks", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ledger", "list", "--day", "9999-12-31"), "--day"),
        (("ledger", "totals", "--day", "9999-12-31"), "--day"),
        (("ledger", "settle", "\udcff", "--done"), "half a character"),
        (("sandbox", "--port", "99999999"), "--port"),
        (("submissions", "TASK", "--download", "/dev/null/x"), "nothing can be saved"),
    ],
)
def test_nonsense(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    task = cli.publish(slots=1)
    cli.side.hand_in(task, 1)
    cli.ok("ledger", "totals")
    told = cli(*[task if each == "TASK" else each for each in arguments])
    assert told.code in (1, 2)
    assert said in told.err


@pytest.mark.parametrize("url", ["http://[bad", "http://127.0.0.1:1/\udcff", "nowhere"])
def test_an_address_that_is_none(cli: Cli, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROWDHUB_RAPIDWORKERS_BASE_URL", url)
    told = cli("balance")
    assert told.code == 2
    assert "base_url" in told.err


def test_what_nobody_foresaw_is_one_line_and_can_be_shown(cli: Cli) -> None:
    code = (
        "import crowdhub.cli.app as place; from crowdhub.cli import main\n"
        "def broken(**_): raise KeyError('a mistake in the program')\n"
        "place.app = broken; main()"
    )
    for shown in ("", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "CROWDHUB_TRACEBACK": shown},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "a mistake in the program" in done.stderr
        assert ("Traceback" in done.stderr) is bool(shown)
        assert done.returncode == (1 if shown else 4)
