"""A command that is stopped from outside ends in order, with an exit code that says by what; errors are JSON where a
program reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from crowdhub.sandbox import Fault

from .conftest import START, Cli

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


@contextmanager
def following(cli: Cli, *, ignoring: bool) -> Generator[subprocess.Popen[str]]:
    """A command that waits for new work, after it has shown the first. ``ignoring``: started as shells start what is to
    run in the background."""
    task = cli.publish(slots=9)
    _ = cli.side.hand_in(task)

    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN if ignoring else signal.SIG_DFL)

    with subprocess.Popen(
        [*START, "submissions", task, "--follow", "--json"],
        cwd=cli.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=ignore,
    ) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["task_id"] == task
        yield running
        running.kill()


@posix
@pytest.mark.parametrize(
    ("number", "ignoring", "code", "said"),
    [
        (signal.SIGTERM, False, 143, "Terminated."),
        (signal.SIGTERM, True, 143, "Terminated."),
        (signal.SIGINT, False, 130, "Interrupted."),
        (signal.SIGINT, True, 130, "Interrupted."),
    ],
)
def test_a_signal_ends_it_in_order(cli: Cli, number: int, ignoring: bool, code: int, said: str) -> None:
    with following(cli, ignoring=ignoring) as running:
        running.send_signal(number)
        _, told = running.communicate(timeout=60)
        error = json.loads(told)["error"]
        assert (running.returncode, error["message"], error["kind"] + ".") == (code, said, said)


@posix
def test_that_it_was_stopped_is_json_too(cli: Cli) -> None:
    """Here `--json` is read from the command line itself."""
    drafted = ["publish", "--title=T", "--instructions=I", "--proof=P", "--category=C", "--reward=0.10", "--json"]
    cli.side.faults.add(Fault.hang("after"), path="/jobs/add")
    with subprocess.Popen([*START, *drafted], cwd=cli.folder, stderr=subprocess.PIPE, text=True) as running:
        cli.side.faults.wait_held(1, timeout=30)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    error = json.loads(told.splitlines()[-1])["error"]
    assert (running.returncode, error["kind"], error["money_may_be_spent"]) == (130, "Interrupted", True)
    assert "--key cli-" in error["next_step"]
    assert "may have been published" in error["message"]


@posix
def test_a_path_that_is_left_in_its_middle_says_nothing_of_money(cli: Cli) -> None:
    command = [*START, "prove", "-p", "rapidworkers"]
    with subprocess.Popen(
        command, cwd=cli.folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        while "paths in" not in running.stderr.readline():
            pass
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert (running.returncode, told.splitlines()[-1]) == (130, "Interrupted.")
    assert "Money" not in told
    assert "Warning" not in told


def test_errors_are_json_where_the_output_is(cli: Cli) -> None:
    said = cli("submissions", "nowhere", "--json")
    told = json.loads(said.err)["error"]
    assert (said.code, said.out, told["kind"], told["account"]) == (1, "", "NotFound", "rapidworkers")
    assert told["next_step"]
    cli.side.faults.add(Fault.status(401, "before", body={"detail": "who are you"}), times=None)
    told = json.loads(cli("balance", "-a", "rapidworkers", "--json").err.splitlines()[-1])["error"]
    assert (told["kind"], told["http_status"], told["provider_message"]) == ("AuthenticationFailed", 401, "who are you")
    bad = cli("publish", "--title", " ", "--json")
    assert {each["where"] for each in json.loads(bad.err)["error"]["issues"]} >= {"title"}


def test_a_decision_that_failed_is_json_too(cli: Cli) -> None:
    task = cli.publish(slots=1)
    _ = cli.side.hand_in(task, 1)
    cli.side.faults.add(Fault.status(403, "before", body={"detail": "not you"}), path="/approve/$", times=None)
    said = cli("review", task, "--approve-all", "--json")
    told = [json.loads(line)["error"] for line in said.err.splitlines() if line.startswith("{")]
    assert said.code == 3
    assert [each["provider_message"] for each in told] == ["not you"]
    assert told[0]["message"].startswith("failed: approve ")
