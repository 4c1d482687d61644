"""`crowdhub recover` after a crash: what is settled, and what is left for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crowdhub import Hub, TaskDraft
from crowdhub.clock import Clock
from crowdhub.errors import Lost, OutcomeUnknown
from crowdhub.ledger import Ledger
from crowdhub.model import Money, Task
from crowdhub.operations.port import identity_of
from crowdhub.operations.spending import with_reference

from .conftest import Cli

DRAFT = TaskDraft(
    title="Read a receipt", instructions="Read it", reward=Money("0.25", "USD"), proof="The total", category="Other"
)


class Past(Clock):
    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(minutes=20)


def _no_sleep(_clock: Clock, _seconds: float) -> None: ...


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clock, "sleep", _no_sleep)


@pytest.fixture
def file(cli: Cli, tmp_path: Path) -> Path:
    file = tmp_path / "ledger.sqlite3"
    cli.write(f'max_wait = 5\nledger = "{file.as_posix()}"', **cli.box.accounts)
    return file


def left_open(
    cli: Cli, file: Path, key: str, *, published: bool = False, clock: Clock | None = None
) -> tuple[str, Task | None]:
    """An intent whose answer was lost; ``published``: the marketplace did carry it out."""
    with Hub(cli.box.accounts, ledger=None) as hub, Ledger.open(file, clock=clock) as ledger:
        provider = hub["rapidworkers"].provider
        draft = with_reference(provider, DRAFT, key)
        task = hub["rapidworkers"].publish(DRAFT, key=key) if published else None
        begun = ledger.begin(
            identity_of(provider), "publish", draft, key=key, amount=Money("0.28", "USD"), reference=draft.reference
        )
        money = hub["rapidworkers"].balance()
        told = [f"{money.amount}", money.currency, f"{ledger.clock.now().isoformat()}"]
        ledger.sending(begun.intent, {"balance": told, "count": 0, "unmarked": []})
        lost = OutcomeUnknown("No answer in time.", lost=Lost.TIMED_OUT).looking_for(f"[ref {draft.reference}]")
        ledger.unknown(begun.intent, lost)
        return begun.intent.id, task


def test_nothing_to_recover_is_said(cli: Cli, file: Path) -> None:
    assert "Nothing was left open" in cli.ok("recover").out


def test_what_was_done_and_what_was_not_is_told_apart(cli: Cli, file: Path) -> None:
    _, task = left_open(cli, file, "done", published=True)
    assert task is not None
    left_open(cli, file, "gone", clock=Past())
    said = cli.ok("recover")
    assert "publish with the key 'done' for 0.28 USD" in said.out
    assert f"was carried out (task {task.id})" in said.out
    assert "'gone'" in said.out
    assert "was not carried out" in said.out
    assert "rapidworkers (sandbox)" in said.out
    assert "2 settled, 0 left for a person" in said.out
    assert "Nothing was left open" in cli.ok("recover").out
    rows = cli.ok("ledger", "list", "--json").rows
    assert {(row["key"], row["state"]) for row in rows} == {("done", "done"), ("gone", "not_done")}
    assert len(cli.side.jobs()) == 1


def test_what_cannot_be_told_yet_ends_with_3_and_says_what_to_look_for(cli: Cli, file: Path) -> None:
    intent, _ = left_open(cli, file, "who-knows")
    said = cli("recover")
    assert said.code == 3
    assert "cannot be told" in said.out
    assert "Look for [ref ch-" in said.out
    assert f"crowdhub ledger settle {intent} --done --task ID" in said.out
    assert cli("ledger", "settle", intent, "--done", "--task", " ").code == 2
    assert "0 settled, 1 left for a person" in said.out
    assert "that can be proof: ask again then" in said.out


def test_a_key_that_is_refused_is_said(cli: Cli, file: Path) -> None:
    left_open(cli, file, "who-knows", clock=Past())
    settings = {**cli.box.accounts["rapidworkers"], "api_key": "another"}
    cli.write(f'ledger = "{file.as_posix()}"', rapidworkers=settings)
    said = cli("recover")
    assert said.code == 3
    assert "Looking for it failed: The marketplace refused it: Invalid API key" in said.out
    with Hub({"rapidworkers": settings}, ledger=file) as hub:
        (left,) = hub.recover().to_look_at
        assert "Invalid API key" in (left.doubt or "")
        with pytest.raises(OutcomeUnknown, match="Invalid API key"):
            hub["rapidworkers"].publish(DRAFT, key="who-knows")


def test_the_totals_say_how_old_the_oldest_unresolved_one_is(cli: Cli, file: Path) -> None:
    assert "unresolved" not in cli.ok("ledger", "totals").out
    left_open(cli, file, "young")
    left_open(cli, file, "old", clock=Past())
    totals = cli.ok("ledger", "totals").out
    assert "2 unresolved; the oldest is 20 minutes old." in totals
    assert "0.56 USD" in totals
    assert "unresolved" in cli.ok("ledger", "totals", "--environment", "sandbox").out
    assert all("spent" in row for row in cli.ok("ledger", "totals", "--json").rows)
    assert "2 unresolved; the oldest is 20 minutes old." in cli("unresolved").out


def test_json_has_one_object_for_each(cli: Cli, file: Path) -> None:
    left_open(cli, file, "who-knows")
    said = cli("recover", "--account", "rapidworkers", "--json")
    assert said.code == 3
    (row,) = said.rows
    assert (row["kind"], row["settled"], row["environment"]) == ("intent", "look", "sandbox")
    assert "[ref ch-" in row["look_for"]


def test_an_unfinished_review_is_carried_on_and_a_conflict_shown(cli: Cli, file: Path) -> None:
    task = cli.publish(slots=3)
    works = [str(each) for each in cli.side.hand_in(task, 3)]
    with Hub(cli.box.accounts, ledger=None) as hub, Ledger.open(file) as ledger:
        market = hub["rapidworkers"]
        ledger.journal.close(
            ledger.journal.write(identity_of(market.provider), [(task, each, "approve", None) for each in works])
        )
        listed = {each.id: each for each in market.submissions(task)}
        market.approve(listed[works[0]])
        market.reject(listed[works[1]], "No total.")
    said = cli("recover")
    assert said.code == 3
    assert f"approve {works[0]} of task {task}: already" in said.out
    assert f"approve {works[2]} of task {task}: approved" in said.out
    assert f"approve {works[1]} of task {task}: failed" in said.err
    assert "already rejected" in said.err
    assert cli.side.books().problems() == []
    assert cli.ok("recover").out.startswith("Nothing")


def test_what_is_unresolved_is_listed_oldest_first_without_asking_anybody(cli: Cli, file: Path) -> None:
    assert cli.ok("unresolved").out.startswith("Nothing is unresolved")
    left_open(cli, file, "older", clock=Past())
    left_open(cli, file, "newer")
    cli.side.clear_requests()
    said = cli("unresolved")
    assert said.code == 3
    assert said.out.index("'older'") < said.out.index("'newer'")
    assert "Look for [ref ch-" in said.out
    assert "2 unresolved; the oldest is 20 minutes old" in said.out
    assert cli.side.requests == []
    assert [row["key"] for row in cli("unresolved", "--json").rows] == ["older", "newer"]
    assert cli("unresolved", "--account", "rapidworkers").code == 3
    assert cli("unresolved", "--account", "nobody").code == 2
