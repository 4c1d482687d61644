"""Arguments that nobody means: one error that says what is wrong, with the caller's exit code."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from crowdhub.sandbox import Fault

from .conftest import Cli

posix = pytest.mark.skipif(os.name != "posix", reason="devices and pipes are POSIX's")
DRAFT = ["--title=T", "--instructions=I", "--proof=P", "--category=Survey", "--reward=0.10"]


@posix
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["publish", *DRAFT, "--image", "x" * 5000], "image: "),
        (["plugin", "new", "x" * 300], "NAME: "),
        (["plugin", "new", "bee", "--folder", "/dev/null/x"], "--folder: /dev/null/x"),
        (["record", "etxt", "--only", "users.getBW", "--folder", "/dev/null/x"], "--folder: /dev/null/x"),
        (["providers", "--matrix", "--into", "/dev/zero"], "/dev/zero cannot be read"),
        (["providers", "--matrix", "--into", "nowhere"], "nowhere cannot be read: No such file"),
        (["sandbox", "rapidworkers", "--host", ""], "--host: is empty"),
        (["sandbox", "rapidworkers", "--set", "rapidworkers.balance=" + "9" * 5000], "rapidworkers"),
        (["sandbox", "rapidworkers", "--set", "rapidworkers.balance=NaN"], "balance"),
        (["sandbox", "capsolver", "--set", "capsolver.balance=Infinity"], "balance"),
        (["sandbox", "etxt", "--set", "etxt.balance=much"], "balance=much"),
        (["sandbox", "etxt", "--set", 'etxt.people={"a": 1, "a": 2}'], "--set etxt.people: names 'a' twice"),
        (["chaos", "--provider", "etxt", "--ledger", "postgres", "--postgres-url", ""], "--postgres-url: is empty"),
    ],
)
def test_an_argument_that_cannot_be_taken(cli: Cli, arguments: list[str], said: str) -> None:
    told = cli(*arguments)
    assert told.code == 2
    assert said in told.err
    assert "output" not in told.err
    assert len(told.err) < 1000


@posix
@pytest.mark.parametrize("command", [["plugin", "new", "bee"], ["record", "etxt", "--only", "users.getBW"]])
def test_a_folder_that_was_deleted(cli: Cli, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    gone = cli.folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    told = cli(*command)
    assert (told.code, "cannot be written: No such file or directory" in told.err) == (2, True)


@posix
@pytest.mark.parametrize("file", ["/dev/zero", "/dev/full", "/", "nowhere", "n" * 5000])
@pytest.mark.parametrize("command", [["publish"], ["review", "1"]])
def test_a_file_that_is_none(cli: Cli, command: list[str], file: str) -> None:
    told = cli(*command, file)
    assert (told.code, "cannot be read: " in told.err) == (2, True)
    assert len(told.err) < 1000


def test_a_file_without_an_end_to_speak_of(cli: Cli) -> None:
    with (cli.folder / "big.toml").open("wb") as file:
        _ = file.truncate((64 << 20) + 1)  # takes no room on the disk
    told = cli("publish", "big.toml")
    assert (told.code, "it is longer than 64 MiB" in told.err) == (2, True)


@posix
def test_a_pipe_that_ends_is_read(cli: Cli) -> None:
    pipe = cli.folder / "pipe"
    os.mkfifo(pipe)
    text = 'title = "T"\ninstructions = "I"\nproof = "P"\ncategory = "Survey"\nreward = "0.10"\n'
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    assert cli.ok("publish", "pipe", "--json").rows[0]["title"] == "T"
    writer.join()


@pytest.mark.parametrize("text", ["", "0h", "-", "10000-01-01", "9999-12-31T23:59:59-23:59", "9" * 400 + "d", "soon"])
def test_a_deadline_that_is_none_is_one_sentence(cli: Cli, text: str) -> None:
    told = cli("publish", *DRAFT, "--deadline", text, "--json")
    error = json.loads(told.err)["error"]
    assert (told.code, [each["where"] for each in error["issues"]]) == (2, ["deadline"])
    assert "2026-01-31T12:00Z" in told.err
    assert "function" not in told.err


@pytest.mark.parametrize("more", [[], ["--json"]])
@pytest.mark.parametrize("long", ["x" * 100_000, "x " * 50_000])
def test_what_is_echoed_is_cut(cli: Cli, long: str, more: list[str]) -> None:
    for command in (["submissions", long], ["due", "--within", long], ["ledger", "settle", long, "--done"]):
        told = cli(*command, *([] if command[0] == "ledger" else more))
        assert told.code == 2
        assert len(told.err) < 1500
        assert "Correct what is named above" in told.err


def test_a_place_that_takes_no_file_is_named_in_full(cli: Cli) -> None:
    (cli.folder / "taken").write_text("")
    told = cli("plugin", "new", "bee", "--folder", Path("taken") / "deeper")
    assert told.code == 2
    assert str(Path("taken") / "deeper") in told.err


def test_a_file_that_cannot_be_fetched_is_told_as_json_too(cli: Cli) -> None:
    task = cli.publish(slots=1)
    _ = cli.side.hand_in(task, 1)
    cli.side.faults.add(Fault.status(404), path="/media/", times=None)
    said = cli("submissions", task, "--download", "there", "--json")
    error = json.loads(said.err.splitlines()[0])["error"]
    assert (said.code, error["message"].startswith("submission ")) == (1, True)
