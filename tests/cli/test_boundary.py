"""The program as a process: whatever its output, its settings and its arguments are, a person gets a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import START, Cli

posix = pytest.mark.skipif(os.name != "posix", reason="the shell is POSIX's")
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")


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


@full
@pytest.mark.parametrize("command", ["providers", "--version"])
def test_an_output_that_is_full(cli: Cli, command: str) -> None:
    done = shell(cli, f"{command} > /dev/full")
    assert done.returncode == 4
    assert done.stderr.startswith("The output cannot be written (No space left on device). What was done stays done.")
    assert done.stderr.count("\n") == 1


@posix
@pytest.mark.parametrize("command", ["ledger export csv", "providers", "balance", "--version", "--help"])
def test_an_output_that_is_closed_cannot_be_written_either(cli: Cli, command: str) -> None:
    done = shell(cli, f"{command} >&-")
    assert done.returncode == 4
    assert done.stderr.startswith("The output cannot be written (it is closed). What was done stays done.")
    assert done.stderr.count("\n") == 1


@posix
def test_what_was_done_with_a_closed_output_stays_done(cli: Cli) -> None:
    options = "--title T --instructions I --proof P --category Survey --reward 0.10 --key one --json"
    done = shell(cli, f"publish {options} >&-")
    assert done.returncode == 4
    assert "What was done stays done." in json.loads(done.stderr.splitlines()[-1])["error"]["message"]
    assert len(cli.side.jobs()) == 1
    assert cli.ok("publish", *options.split()).rows[0]["replayed"] is True


@posix
def test_no_file_takes_the_place_of_a_closed_output() -> None:
    code = (
        "import os, sys; from crowdhub.cli.boundary import guarded\n"
        "def program():\n"
        "    sys.stderr.write(str(min(os.open(os.devnull, os.O_RDONLY) for _ in range(3)) > 1))\n"
        "guarded(program)"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -c "$0" <&- >&-', code], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "True")


@posix
def test_errors_that_are_closed_are_swallowed(cli: Cli) -> None:
    assert shell(cli, "balance -a nope 2>&-").returncode == 2
    assert shell(cli, "balance -a nope 2>&- >&-").returncode == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_output_is_as_python_made_it(unbuffered: str) -> None:
    code = (
        "import os, sys; from crowdhub.cli.boundary import guarded\n"
        "def program():\n"
        "    print('first'); os.write(1, b'second\\n')\n"
        "guarded(program)"
    )
    environ = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == (["first", "second"] if unbuffered else ["second", "first"])


@pytest.mark.parametrize(
    ("line", "code", "kind", "said"),
    [
        ("publish --json --slots x", 2, "UsageError", "'--slots'"),
        ("providers --json --nope", 2, "UsageError", "--nope"),
        ("nothing --json", 2, "UsageError", "nothing"),
        ("sandbox rapidworkers --json --host 256.1.1.1", 2, "ConfigurationError", "cannot listen on 256.1.1.1"),
        ("sandbox rapidworkers --json --set rapidworkers.nope=1", 2, "ConfigurationError", "no option 'nope'"),
        pytest.param("providers --json > /dev/full", 4, "OutputUnwritable", "No space left", marks=full),
    ],
)
def test_every_error_is_a_line_of_json_where_the_output_is(
    cli: Cli, line: str, code: int, kind: str, said: str
) -> None:
    done = shell(cli, line)
    told = json.loads(done.stderr.splitlines()[-1])["error"]
    assert (done.returncode, told["kind"], said in told["message"]) == (code, kind, True)
    assert {"next_step", "issues", "sent", "account"} <= told.keys()


def test_what_nobody_foresaw_is_json_too() -> None:
    code = (
        "import crowdhub.cli.app as place; from crowdhub.cli import main\n"
        "def broken(**_): raise {error}\n"
        "place.app = broken; main()"
    )
    for error, said in (("KeyError('x')", "KeyError"), ("OSError(5, 'broken', 'my.file')", "my.file: broken")):
        done = subprocess.run(
            [sys.executable, "-c", code.format(error=error), "--json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        told = json.loads(done.stderr)["error"]
        assert (done.returncode, told["kind"]) == (4, "Unforeseen")
        assert said in told["message"]
        assert "output cannot be written" not in told["message"]


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
        (("submissions", "TASK", "--download", "/dev/null/x"), "Nothing can be saved"),
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
