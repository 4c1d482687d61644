"""The command as a process: Ctrl-C, pipes, terminals, a missing extra."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crowdhub import Hub
from crowdhub.sandbox import Fault

from .conftest import START, Cli


@contextmanager
def interruptible() -> Generator[None]:
    """What is started in here can be interrupted, wherever these tests run.

    A shell starts its background jobs with SIGINT ignored, and what is ignored is handed on to children; what is
    handled starts them with the default.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        _ = signal.signal(signal.SIGINT, before)


def test_what_is_started_from_a_background_job_can_be_interrupted() -> None:
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        _ = signal.signal(signal.SIGINT, before)
    assert said.stdout == "True\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
def test_ctrl_c_in_a_review_tells_what_was_done_and_what_was_not(cli: Cli, number: int, code: int) -> None:
    task = cli.publish(slots=200)
    _ = cli.side.hand_in(task, 100)
    cli.side.faults.add(Fault.hang("before"), path="/approve/$", skip=3)
    with interruptible():
        process = subprocess.Popen(
            [*START, "review", task, "--approve-all", "--json"],
            cwd=cli.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.stderr is not None
    cli.side.faults.wait_held(1, timeout=30)
    process.send_signal(number)
    assert "Stopping after the requests under way" in process.stderr.readline()
    _ = cli.side.faults.release()
    out, err = process.communicate(timeout=30)
    approved = {str(each.id) for each in cli.side.submissions(task) if each.status == "Approved"}
    assert process.returncode == code
    assert 0 < len(approved) < 100
    told = [json.loads(line) for line in out.splitlines()]
    assert {row["submission"] for row in told if row["result"] == "done"} == approved
    assert len([row for row in told if row["result"] == "not done"]) == 100 - len(approved)
    assert f"rapidworkers (sandbox): {len(approved)} done, {100 - len(approved)} not done" in err
    assert "Traceback" not in err
    _ = cli.ok("review", task, "--approve-all")
    assert len(cli.side.books().payouts) == 100
    assert cli.side.books().agree()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
def test_ctrl_c_while_publishing_gives_the_key_that_finds_it(cli: Cli, number: int, code: int) -> None:
    cli.side.faults.add(Fault.hang("after"), path="/jobs/add")
    options = ["--title=T", "--instructions=I", "--proof=P", "--category=C", "--reward=0.10"]
    with interruptible():
        process = subprocess.Popen([*START, "publish", *options], cwd=cli.folder, stderr=subprocess.PIPE, text=True)
    cli.side.faults.wait_held(1, timeout=30)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "may have been published and paid for" in err
    key = err.partition("--key ")[2].partition(":")[0]
    assert cli.ok("publish", *options, "--key", key, "--json").rows[0]["replayed"] is True
    assert len(cli.side.jobs()) == 1


def test_a_reader_that_leaves_early_is_no_error(cli: Cli) -> None:
    _ = cli.publish()
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*START, "tasks"], cwd=cli.folder, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=30, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def on_terminal(cli: Cli, *arguments: str, columns: int) -> str:
    """What a terminal of this width shows."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "40", "TERM": "dumb"}
    process = subprocess.Popen(
        [*START, *arguments], cwd=cli.folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert process.wait(30) == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_wide_terminal_shows_a_table_and_a_narrow_one_cuts_nothing_off(cli: Cli) -> None:
    task = cli.publish(title="Read the total on a receipt")
    wide = on_terminal(cli, "tasks", columns=200)
    assert "Tasks on rapidworkers (sandbox)" in wide
    (row,) = [line for line in wide.splitlines() if task in line]
    assert "Read the total on a receipt" in row
    narrow = on_terminal(cli, "tasks", columns=30)
    assert max(map(len, narrow.splitlines())) <= 30
    assert task in "".join(line.strip() for line in narrow.splitlines())
    assert "…" not in narrow


def test_the_sandbox_prints_the_account_to_use(tmp_path: Path) -> None:
    with interruptible():
        process = subprocess.Popen(
            [*START, "sandbox", "rapidworkers", "--set", "rapidworkers.balance=77.00"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.stdout is not None
    lines: list[str] = []
    while "Ctrl-C" not in (line := process.stdout.readline()):
        assert line, process.stderr and process.stderr.read()
        lines.append(line)
    with Hub(tomllib.loads("".join(lines))["accounts"]) as hub:
        assert (hub["rapidworkers"].environment, str(hub["rapidworkers"].balance())) == ("sandbox", "77.00 USD")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_without_its_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['typer'] = None; from crowdhub.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr == "The command needs the package 'typer': pip install \"crowdhub[cli]\"\n"


def test_the_module_is_the_command() -> None:
    words = [sys.executable, "-m", "crowdhub", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.startswith("crowdhub ")
    done = subprocess.run(
        [*words[:3], "publish", "--nonsense"], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
