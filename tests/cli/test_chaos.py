"""`crowdhub chaos` as a person sees it."""

from __future__ import annotations

import pytest

from crowdhub.testing.campaign import CampaignReport, Findings, LedgerHost, NaiveFindings

from .conftest import Cli


def test_a_short_campaign_ends_with_0_and_a_table(cli: Cli) -> None:
    said = cli.ok("chaos", "-p", "rapidworkers", "--operations", 15, "--no-kills", "--naive", 20, "--seed", 4)
    assert "rapidworkers (sandbox), ledger in sqlite, seed 4" in said.out
    assert "rapidworkers, naive retries" in said.out
    assert "Nothing was paid twice, nothing was lost." in said.out


def test_the_face_is_chosen(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import crowdhub.testing.campaign

    asked: list[object] = []

    def found(name: str, host: LedgerHost, **options: object) -> CampaignReport:
        asked.append(options["face"])
        return CampaignReport(Findings(name, operations=3, async_operations=2), None, 0, host.kind)

    monkeypatch.setattr(crowdhub.testing.campaign, "run", found)
    assert "2 of 3 operations through AsyncHub" in cli.ok("chaos", "-p", "etxt").out
    assert cli.ok("chaos", "-p", "etxt", "--face", "async", "--json").rows[0]["async_operations"] == 2
    assert asked == ["both", "async"]


@pytest.mark.parametrize("case", ["duplicates", "lost"])
def test_what_was_paid_twice_or_lost_ends_with_1(cli: Cli, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    import crowdhub.testing.campaign

    def found(name: str, host: LedgerHost, **_: object) -> CampaignReport:
        findings = Findings(name, operations=3)
        getattr(findings, case).append("task-1: bought twice")
        return CampaignReport(findings, NaiveFindings(operations=3, duplicates=2), 0, host.kind)

    monkeypatch.setattr(crowdhub.testing.campaign, "run", found)
    said = cli("chaos", "-p", "etxt")
    assert said.code == 1
    assert "WRONG: task-1: bought twice" in said.out
    rows = cli("chaos", "-p", "etxt", "--json")
    assert rows.code == 1
    assert rows.rows[0][case] == 1
    assert rows.rows[0]["good"] is False


def test_an_unknown_marketplace_is_named(cli: Cli) -> None:
    said = cli("chaos", "-p", "nowhere")
    assert said.code == 2
    assert "nowhere" in said.err


@pytest.mark.parametrize(
    ("url", "said"),
    [("x://a", "'x' is neither"), ("postgresql://u:secret@127.0.0.1:9/a", "cannot be reached"), ("nowhere", "names")],
)
def test_a_database_that_is_not_there(cli: Cli, url: str, said: str) -> None:
    found = cli("chaos", "-p", "rapidworkers", "--ledger", "postgres", "--postgres-url", url, "--operations", "1")
    assert found.code in (1, 2)
    assert said in found.err
    assert "secret" not in found.err
