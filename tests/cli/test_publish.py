"""`publish`: from options and files, once, and never on a live account by accident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crowdhub.sandbox import Fault, png

from .conftest import Cli

DRAFT = """
title = "Read a receipt"
instructions = "Write down the total"
reward = 0.25
slots = 4
proof = "The total"
category = "Data entry"
countries = ["Germany", "US"]
image = "receipt.png"

[options.rapidworkers]
sub_category = "Receipts"
"""


def published(cli: Cli) -> list[str]:
    return [each.job.title for each in cli.side.jobs()]


def test_from_a_file_with_an_option_over_it(cli: Cli) -> None:
    folder = cli.folder / "drafts"
    folder.mkdir()
    (folder / "receipt.png").write_bytes(png("r", (8, 8)))
    (folder / "draft.toml").write_text(DRAFT, encoding="utf-8")
    said = cli.ok("publish", "drafts/draft.toml", "--slots", "6")
    (campaign,) = cli.side.jobs()
    assert campaign.id in said.out
    assert "rapidworkers (sandbox)" in said.out
    assert (campaign.job.slots, str(campaign.job.reward), campaign.job.sub_category) == (6, "0.25", "Receipts")
    assert campaign.job.countries == ("DE", "US")
    assert campaign.job.image == png("r", (8, 8))


def test_what_differs_from_what_was_asked_is_said(cli: Cli) -> None:
    """Under the same key by another ledger, which knows nothing of the first."""
    options = ["--title=T", "--instructions=I", "--proof=P", "--category=C", "--reward=0.10", "--key=k"]
    _ = cli.ok("publish", *options)
    cli.write('max_wait = 5\nledger = "another.sqlite3"', **cli.accounts)
    said = cli.ok("publish", *options, "--title=U")
    assert "(published before)" in said.out
    assert "Note: title: the marketplace has T, U was asked for" in said.err
    assert published(cli) == ["T"]


def test_from_json(cli: Cli) -> None:
    fields = {"title": "J", "instructions": "I", "reward": "0.30 USD", "proof": "P", "category": "C", "slots": 2}
    (cli.folder / "d.json").write_text(json.dumps(fields), encoding="utf-8")
    _ = cli.ok("publish", "d.json")
    assert published(cli) == ["J"]


def test_a_dry_run_says_it_all_and_sends_nothing(cli: Cli) -> None:
    (cli.folder / "receipt.png").write_bytes(png("r", (8, 8)))
    (cli.folder / "draft.toml").write_text(DRAFT, encoding="utf-8")
    said = cli.ok("publish", "draft.toml", "--dry-run").out
    assert "rapidworkers (sandbox): POST /jobs/add" in said
    assert "1.10 USD" in said
    assert "<file receipt.png>" in said
    assert "Nothing was published" in said
    assert cli.side.request_count == 1  # the balance
    assert published(cli) == []


def test_a_dry_run_that_would_not_go_through_has_an_exit_code_of_its_own(cli: Cli) -> None:
    options = ["--title=T", "--instructions=I", "--proof=P", "--category=C", "--slots=10", "--reward=0.10"]
    assert cli("publish", *options, "--key=k", "--dry-run").code == 0
    cli.write('max_wait = 5\nbudget = { USD = "1" }', **cli.accounts)
    said = cli("publish", *options, "--key=k", "--dry-run")
    assert said.code == 5
    assert "It would not go through now: " in said.out
    (row,) = cli("publish", *options, "--key=k", "--dry-run", "--json").rows
    assert len(row["obstacles"]) == 1
    assert published(cli) == []


def test_the_same_key_publishes_once_also_when_the_answer_is_lost(cli: Cli) -> None:
    cli.side.faults.add(Fault.drop("after"), path="/jobs/add")
    options = ["--title=T", "--instructions=I", "--proof=P", "--category=C", "--reward=0.10", "--key=order-1", "--json"]
    ids = {cli.ok("publish", *options).rows[0]["id"] for _ in range(3)}
    assert len(ids) == 1
    assert published(cli) == ["T"]


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_sent(cli: Cli) -> None:
    said = cli(
        "publish", "--title", " ", "--reward", "0 EUR", "--slots", "0", "--country", "Atlantis", "--image", "no.png"
    )
    assert said.code == 2
    for words in (
        "title",
        "0 EUR is not more than 0",
        "not in USD",
        "slots",
        "Atlantis",
        "no.png",
        "proof",
        "category",
    ):
        assert words in said.err
    assert cli.side.request_count == 0


def test_a_field_that_the_marketplace_has_no_place_for_is_refused(cli: Cli) -> None:
    said = cli("publish", "--title=T", "--reward=1", "--deadline=P3D", "--language=en")
    assert said.code == 2
    assert "deadline" in said.err
    assert "language" in said.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('titel = "x"', "did you mean 'title'"),
        ("title = ", "cannot be read"),
        ('title = "x"\n[options.rapidworkers]\nsub_categorie = "y"', "sub_categorie"),
        ('title = "x"\n[options.nowhere]\na = 1', "There is no provider 'nowhere'"),
    ],
)
def test_a_wrong_file_is_the_callers_error(cli: Cli, content: str, words: str) -> None:
    (cli.folder / "draft.toml").write_text(content, encoding="utf-8")
    said = cli("publish", "draft.toml", "--reward=1")
    assert said.code == 2
    assert words in said.err


def test_a_draft_that_names_a_field_twice(cli: Cli) -> None:
    text = '{"title": "A", "instructions": "I", "reward": "0.1 USD", "slots": 1, "slots": 100}'
    (cli.folder / "draft.json").write_text(text, encoding="utf-8")
    cli.side.clear_requests()
    said = cli("publish", "draft.json")
    assert said.code == 2
    assert "draft.json cannot be read: it names 'slots' twice" in said.err
    assert cli.side.request_count == 0


def test_too_little_money_is_the_marketplaces_error(cli: Cli) -> None:
    cli.side.set_balance("0.10")
    said = cli("publish", "--title=T", "--instructions=I", "--proof=P", "--category=C", "--reward=5")
    assert said.code == 1
    assert "(sandbox)" in said.err
    assert "Nothing was spent" in said.err


@pytest.fixture
def live(cli: Cli) -> Cli:
    """The sandbox's account, called live."""
    cli.write(rw={**cli.box.accounts["rapidworkers"], "provider": "rapidworkers", "environment": "live"})
    return cli


OPTIONS = ["--title=T", "--instructions=I", "--proof=P", "--category=C", "--reward=0.10"]


def test_a_live_account_must_be_named(live: Cli) -> None:
    said = live("tasks")
    assert said.code == 2
    assert "rw (live)" in said.err
    assert live.side.request_count == 0
    assert live("tasks", "--account", "rw").code == 0


def test_a_live_account_is_not_charged_unasked(live: Cli) -> None:
    said = live("publish", "--account=rw", *OPTIONS)
    assert said.code == 2
    assert "--yes" in said.err
    assert published(live) == []
    assert "rw (live)" in live.ok("publish", "--account=rw", "--yes", *OPTIONS).out
    assert published(live) == ["T"]


def test_a_live_account_is_asked_about_with_the_price(live: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdhub.cli.common.sys", Terminal)
    said = live("publish", "--account=rw", *OPTIONS, typed="n\n")
    assert said.code == 2
    assert "Publish 'T' on rw (live)? It takes 0.11 USD." in said.err
    assert published(live) == []
    assert live("publish", "--account=rw", *OPTIONS, typed="y\n").code == 0
    assert published(live) == ["T"]


class Terminal:
    """Stands for `sys` where somebody sits before the terminal."""

    class stdin:  # noqa: N801
        @staticmethod
        def isatty() -> bool:
            return True

    class stdout:  # noqa: N801
        @staticmethod
        def flush() -> None: ...


def test_the_folder_of_the_tests_stays_clean(live: Cli) -> None:
    _ = live.ok("publish", "--account=rw", "--yes", *OPTIONS)
    assert all(path.is_relative_to(live.folder) for path in Path.cwd().rglob("*"))


def test_the_command_takes_no_empty_key(cli: Cli) -> None:
    given = ("--title=T", "--instructions=I", "--proof=P", "--category=Survey", "--reward=0.25", "--key=")
    said = cli("publish", *given)
    assert (said.code, "printable" in said.err) == (2, True)
    assert "under the key" not in said.err
