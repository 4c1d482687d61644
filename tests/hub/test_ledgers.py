"""Which ledger is at work for which accounts, where the application named none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.embedded import running_at
from crowdhub.errors import BudgetExceeded, CrowdhubError, InvalidRequest, OutcomeUnknown
from crowdhub.sandbox import Fault, Sandbox

DRAFT = TaskDraft(title="T", instructions="I", proof="P", category="Survey", reward=Money("0.25", "USD"), slots=1)
ALONE = [sys.executable, "-c", "from crowdhub.cli import main; main()", "sandbox", "rapidworkers", "--json"]
LIVE = {"rapidworkers": {"api_key": "plainly-not-real"}}


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The accounts of a sandbox that runs by itself."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with subprocess.Popen(ALONE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield cast("dict[str, Any]", json.loads(process.stdout.readline()))
        process.terminate()


def test_a_sandbox_that_runs_by_itself_has_a_lasting_one(alone: dict[str, Any], tmp_path: Path) -> None:
    with Hub(alone, budget={"USD": "0.50"}) as hub:
        first = hub["rapidworkers"].publish(DRAFT, key="k")
    with Hub(alone, budget={"USD": "0.50"}) as hub:
        assert hub["rapidworkers"].publish(DRAFT, key="k").id == first.id
        assert hub.ledger is hub["rapidworkers"].ledger
        assert hub.ledger is not None
        assert [each.key for each in hub.ledger.report.entries()] == ["k"]
        with pytest.raises(BudgetExceeded):
            hub["rapidworkers"].publish(DRAFT, key="another")
    assert [each.name for each in (tmp_path / "data" / "crowdhub").glob("*.sqlite3")] == ["sandbox.sqlite3"]


def test_the_keys_of_such_a_sandbox_are_new_each_time(alone: dict[str, Any]) -> None:
    """So that what the ledger knows of an earlier one is not taken for this one's."""
    with Hub(alone) as hub:
        _ = hub["rapidworkers"].publish(DRAFT, key="k")
    with subprocess.Popen(ALONE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        again = cast("dict[str, Any]", json.loads(process.stdout.readline()))
        assert again["rapidworkers"]["api_key"] != alone["rapidworkers"]["api_key"]
        with Hub(again) as hub, pytest.raises(InvalidRequest, match="another API key"):
            hub["rapidworkers"].publish(DRAFT, key="k")
        process.terminate()


def test_hubs_of_one_embedded_sandbox_share_one_that_goes_with_it() -> None:
    with Sandbox("rapidworkers") as box:
        url = str(box.accounts["rapidworkers"]["base_url"])
        with Hub(box.accounts) as hub:
            first = hub["rapidworkers"].publish(DRAFT, key="k")
        with Hub(dict(box.accounts), clock=box.clock) as hub:
            assert hub["rapidworkers"].publish(DRAFT, key="k").id == first.id
        here = running_at(url)
        assert here is not None
        folder = here.folder
        assert (folder / "ledger.sqlite3").is_file()
    assert (running_at(url), folder.exists()) == (None, False)
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        assert not hub["rapidworkers"].publish(DRAFT, key="k").replayed


def test_the_hubs_ledger_is_the_one_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with Sandbox("rapidworkers", "crowdsdom") as box:
        with Hub(box.accounts) as hub:
            assert hub.ledger is hub["rapidworkers"].ledger is hub["crowdsdom"].ledger
        mixed = {**box.accounts, "live": {"provider": "rapidworkers", **LIVE["rapidworkers"]}}
        with Hub(mixed) as hub:
            assert hub.ledger is hub["live"].ledger
            assert hub.ledger is not hub["rapidworkers"].ledger
        broken = {**box.accounts, "etxt": {"token": "alone"}}
        with Hub(broken) as hub:
            assert hub.ledger is hub["rapidworkers"].ledger


def lost(hub: Hub, box: Sandbox) -> None:
    box["rapidworkers"].faults.add(Fault.drop("before"), path="/jobs/add")
    with pytest.raises(OutcomeUnknown):
        hub["rapidworkers"].publish(DRAFT, key="k")


def test_recover_says_what_it_did_not_ask_about(tmp_path: Path) -> None:
    """The account is not among the settings any more, or is one of another environment now."""
    with Sandbox("rapidworkers", "crowdsdom") as box:
        file = tmp_path / "ledger.sqlite3"
        with Hub(box.accounts, ledger=file) as hub:
            lost(hub, box)
        ours, other = box.accounts["rapidworkers"], {"crowdsdom": box.accounts["crowdsdom"]}
        for accounts in (other, {"rapidworkers": {**ours, "environment": "live"}, **other}):
            with Hub(accounts, ledger=file, clock=box.clock) as hub:
                report = hub.recover()
                assert report.intents == ()
                assert "1 of its payments are open" in str(report.failed["rapidworkers"])
        renamed = {"rw": {"provider": "rapidworkers", **ours}, **other}
        with Hub(renamed, ledger=file, clock=box.clock) as hub:
            report = hub.recover()
            assert (len(report.intents), dict(report.failed)) == (1, {})


def test_one_account_with_wrong_settings_hides_nothing(tmp_path: Path) -> None:
    with Sandbox("rapidworkers") as box:
        with Hub(box.accounts, ledger=tmp_path / "l.sqlite3") as hub:
            lost(hub, box)
        accounts = {"etxt": {"token": "alone"}, **box.accounts}
        with Hub(accounts, ledger=tmp_path / "l.sqlite3", clock=box.clock) as hub:
            assert [each.key for each in hub.unresolved()] == ["k"]
            report = hub.recover()
            assert (len(report.intents), list(report.failed)) == (1, ["etxt"])
        with Hub({"etxt": {"token": "alone"}}, ledger=tmp_path / "l.sqlite3") as hub, pytest.raises(CrowdhubError):
            hub.unresolved()


def test_a_split_under_a_new_name_of_the_account_is_the_same_split(tmp_path: Path) -> None:
    with Sandbox("rapidworkers") as box:
        ours = {"provider": "rapidworkers", **box.accounts["rapidworkers"]}
        first: list[str] = []
        for name in ("rw", "rw-eu"):
            with Hub({name: ours}, ledger=tmp_path / "l.sqlite3", clock=box.clock) as hub:
                first += [task.id for task in hub.publish_split(DRAFT, {name: 1}, key="k").tasks]
        assert (len(first), len(set(first)), len(box["rapidworkers"].books().charges)) == (2, 1, 1)
        with Hub({"a": ours, "b": ours}, ledger=tmp_path / "l.sqlite3", clock=box.clock) as hub:
            parts = hub.publish_split(DRAFT, {"a": 1, "b": 1}, key="two").tasks
            assert len({task.id for task in parts}) == 2


@pytest.mark.parametrize("key", ["", " ", "\0", "a\nb", "x" * 201])
@pytest.mark.parametrize("ledger", ["default", None])
def test_a_key_that_says_nothing_is_refused(key: str, ledger: str | None) -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts, ledger=ledger) as hub:
        with pytest.raises(InvalidRequest, match="printable"):
            hub["rapidworkers"].publish(DRAFT, key=key)
        assert not box["rapidworkers"].books().charges
