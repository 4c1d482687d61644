"""Commands that only ask: what they print, for a person, a pipe and a program."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crowdhub.sandbox import Fault

from .conftest import Cli

COMMANDS = [
    "demo", "providers", "balance", "publish", "tasks", "submissions", "review", "block", "unblock", "blocked",
    "sandbox", "record",
]  # fmt: skip


def test_every_command_of_the_list_is_there_and_explains_itself(cli: Cli) -> None:
    listed = cli.ok("--help").out
    for name in COMMANDS:
        assert f"  {name} " in listed
        assert "Usage: " in cli.ok(name, "--help").out


def test_balance_names_the_environment_and_tells_the_amount(cli: Cli) -> None:
    assert cli.ok("balance").out == "rapidworkers (sandbox)  1000.00 USD\n"
    assert cli.ok("balance", "--json").rows == [
        {
            "account": "rapidworkers",
            "environment": "sandbox",
            "balance": {"amount": "1000.00", "currency": "USD"},
        }
    ]


def test_one_account_that_cannot_be_asked_keeps_no_other_from_being_shown(cli: Cli) -> None:
    settings = cli.box.accounts["rapidworkers"]
    cli.write(bad={**settings, "provider": "rapidworkers", "api_key": "sandbox-not-a-key"}, rapidworkers=settings)
    said = cli("balance")
    assert said.code == 1
    assert said.out == "rapidworkers (sandbox)  1000.00 USD\n"
    assert "bad (sandbox)" in said.err
    assert "Traceback" not in said.err
    assert "sandbox-not-a-key" not in said.err + said.out


def test_lists_are_lines_in_a_pipe_with_the_environment_on_each(cli: Cli) -> None:
    first, second = cli.publish(title="First"), cli.publish(title="Second")
    lines = [line.split("\t") for line in cli.ok("tasks").out.splitlines()]
    assert lines[0][:4] == ["account", "id", "status", "title"]
    assert {tuple(line[:4]) for line in lines[1:]} == {
        ("rapidworkers (sandbox)", first, "open", "First"),
        ("rapidworkers (sandbox)", second, "open", "Second"),
    }
    assert len({len(line) for line in lines}) == 1


def test_lists_are_json_with_money_as_text(cli: Cli) -> None:
    task = cli.publish(slots=7)
    (row,) = cli.ok("tasks", "--status", "open", "--json").rows
    assert (row["id"], row["environment"], row["slots"]) == (task, "sandbox", 7)
    assert row["reward"] == {"amount": "0.10", "currency": "USD"}
    assert "raw" not in row
    assert cli.ok("tasks", "--status", "completed", "--json").out == ""


def test_submissions_and_their_files(cli: Cli) -> None:
    task = cli.publish()
    _ = cli.side.hand_in(task, 2, images=1)
    _ = cli.side.hand_in(task, 1, images=0)
    rows = cli.ok("submissions", task, "--json", "--download", "proofs").rows
    assert len(rows) == 3
    assert {Decimal(row["worker"]["approval_rate"]) >= 0 for row in rows} == {True}
    saved = sorted((cli.folder / "proofs").iterdir())
    assert len(saved) == 2
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in saved)


@pytest.mark.parametrize("folder", ["afile", "/dev/null", "afile/below", "x" * 300])
def test_a_folder_that_can_be_none_is_named_before_anything_is_asked(cli: Cli, folder: str) -> None:
    task = cli.publish()
    (cli.folder / "afile").write_text("a file")
    before = cli.side.request_count
    said = cli("submissions", task, "--download", folder)
    assert (said.code, cli.side.request_count) == (2, before)
    assert "Nothing can be saved in" in said.err


def test_a_worker_cannot_steer_the_terminal(cli: Cli) -> None:
    task = cli.publish()
    _ = cli.side.hand_in(task, text="\x1b[2J\x1b]0;owned\x07gone\u202egnp.exe\n[bold]x[/bold]\tnext")
    said = cli.ok("submissions", task).out
    line = said.splitlines()[1]
    assert len(said.splitlines()) == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    assert "gone" in line
    assert "[bold]x[/bold] next" in line


def test_follow_shows_what_comes_until_the_task_ends(cli: Cli) -> None:
    task = cli.publish(slots=2)
    ids = cli.side.hand_in(task, 2)
    cli.ok("review", task, "--approve-all")
    shown = cli.ok("submissions", task, "--follow", "--interval", "0", "--json").rows
    assert sorted(row["id"] for row in shown) == sorted(map(str, ids))


def test_follow_goes_on_from_where_it_was(cli: Cli) -> None:
    task = cli.publish(slots=2)
    _ = cli.side.hand_in(task, 2)
    cli.ok("review", task, "--approve-all")
    follow = ["submissions", task, "--follow", "--interval", "0", "--json"]
    assert len(cli.ok(*follow, "--resume", "labels").rows) == 2
    assert cli.ok(*follow, "--resume", "labels").rows == []
    assert len(cli.ok(*follow).rows) == 2
    assert "no meaning without --follow" in cli("submissions", task, "--resume", "labels").err


def test_blocking_and_unblocking(cli: Cli) -> None:
    task = cli.publish()
    _ = cli.side.hand_in(task)
    worker = cli.ok("submissions", task, "--json").rows[0]["worker"]["id"]
    assert cli.ok("block", worker, "--reason", "no").out == f"rapidworkers (sandbox): {worker} is blocked\n"
    (row,) = cli.ok("blocked", "--json").rows
    assert (row["id"], row["environment"]) == (worker, "sandbox")
    assert worker in cli.ok("blocked").out
    assert cli.ok("unblock", worker).out == f"rapidworkers (sandbox): {worker} is not blocked\n"
    assert cli.ok("blocked", "--json").out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tasks", "--account", "nobody"], 2, "There is no account 'nobody'"),
        (["tasks", "--status", "opne"], 2, "'opne' is not one of"),
        (["submissions", "00000000-0000-4000-8000-000000000000"], 1, "404"),
        (["providers", "rapidworker"], 2, "Did you mean 'rapidworkers'"),
        (["tasks", "--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["demo", "nowhere"], 2, "nowhere"),
        (["sandbox", "nowhere"], 2, "There is no sandbox 'nowhere'"),
        (["sandbox", "--set", "speed=2"], 2, "MARKET.OPTION=VALUE"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_errors_are_words_and_an_exit_code(cli: Cli, arguments: list[str], code: int, words: str) -> None:
    said = cli(*arguments)
    assert said.code == code
    assert words in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_a_marketplace_that_is_down_is_its_error(cli: Cli) -> None:
    cli.write("max_wait = 0", **cli.box.accounts)
    cli.side.faults.add(Fault.status(503), times=None)
    said = cli("balance", "--account", "rapidworkers")
    assert said.code == 1
    assert said.err.startswith("rapidworkers (sandbox) balance: ")


def test_without_any_account_it_says_how_to_get_one(cli: Cli) -> None:
    (cli.folder / "crowdhub.toml").unlink()
    said = cli("tasks")
    assert said.code == 2
    assert "crowdhub sandbox rapidworkers" in said.err


def test_providers_tell_what_they_can_and_why_not(cli: Cli) -> None:
    rows = {row["name"]: row for row in cli.ok("providers", "--json").rows}
    assert "bulk_review" in rows["rapidworkers"]["capabilities"]
    assert rows["rapidworkers"]["missing"]["pay_bonus"]
    assert "| publish | " in cli.ok("providers", "--matrix").out
    assert "pays in USD" in cli.ok("providers", "rapidworkers").out
