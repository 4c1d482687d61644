"""Two accounts that are called the same, in one ledger: neither is taken for the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Decision, Hub, Money, TaskDraft
from crowdhub.errors import InvalidRequest, OutcomeUnknown
from crowdhub.ledger import Intent, Ledger
from crowdhub.operations import reviewing
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NAME = "rapidworkers"
DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.50", "USD"), category="Survey", slots=2)
OPTIONS = {NAME: {"rate_limit": None, "work_rate": 0}}


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME, options=OPTIONS) as made:
        yield made


@pytest.fixture
def other() -> Iterator[Sandbox]:
    with Sandbox(NAME, options=OPTIONS, seed=9) as made:
        yield made


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def test_what_the_other_spends_hides_no_charge(
    box: Sandbox, other: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is behind, and the other's spending is as much as what may have been charged here."""
    with Hub(box.accounts, ledger=ledger, clock=box.clock) as hub, Hub(other.accounts, ledger=ledger) as theirs:
        real = Ledger.sending

        def sending(opened: Ledger, intent: Intent, *witness: Any) -> None:
            real(opened, intent, *witness)
            monkeypatch.setattr(Ledger, "sending", real)
            box.advance(seconds=1)
            theirs[NAME].publish(DRAFT, key="theirs")

        monkeypatch.setattr(Ledger, "sending", sending)
        box[NAME].faults.add(Fault.status(500, "after"), path="/jobs/add")
        box[NAME].faults.add(Fault.status(200, "before", body=[]), path="/api/campaigns/", times=None)
        with pytest.raises(OutcomeUnknown):
            hub[NAME].publish(DRAFT, key="mine")
    assert len(box[NAME].books().charges) == 1


def lost(box: Sandbox, ledger: Path) -> None:
    """Published, and its answer and all looks were lost."""
    with Hub(box.accounts, ledger=ledger, clock=box.clock) as hub:
        box[NAME].faults.add(Fault.drop("after"), path="/jobs/add")
        box[NAME].faults.add(Fault.status(503, "before"), path="/api/campaigns/", skip=1, times=None)
        with pytest.raises(OutcomeUnknown):
            hub[NAME].publish(DRAFT, key="k")
    box[NAME].faults.clear()
    box.advance(minutes=10)


def test_the_other_settles_nothing_by_what_it_does_not_see(box: Sandbox, other: Sandbox, ledger: Path) -> None:
    lost(box, ledger)
    with Hub(other.accounts, ledger=ledger, clock=box.clock) as theirs:
        (left,) = theirs.recover().intents
        assert left.settled == "look"
        assert "another key since" in (left.doubt or "")
    with Hub(box.accounts, ledger=ledger, clock=box.clock) as hub:
        assert [each.settled for each in hub.recover().intents] == ["done"]


def test_the_other_ends_no_review(box: Sandbox, other: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other account has no such task; that says nothing of what was decided here."""
    with Hub(box.accounts, ledger=ledger, clock=box.clock) as hub:
        task = hub[NAME].publish(DRAFT)
        box.market(RapidWorkersSandbox).hand_in(task.id, 1)
        (work,) = hub[NAME].submissions(task)
        with monkeypatch.context() as patch:
            patch.setattr(reviewing, "settle_once", interrupted)
            with pytest.raises(KeyboardInterrupt):
                hub[NAME].review([Decision.approve(work)])
    with Hub(other.accounts, ledger=ledger, clock=box.clock) as theirs:
        assert theirs.recover().reviews == ()
    with Hub(box.accounts, ledger=ledger, clock=box.clock) as hub:
        assert [each.result for each in hub.recover().reviews] == ["approved"]


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_key_gives_nobody_the_others_task(box: Sandbox, other: Sandbox, ledger: Path) -> None:
    with Hub(box.accounts, ledger=ledger, clock=box.clock) as hub:
        task = hub[NAME].publish(DRAFT, key="order-42")
    with Hub(other.accounts, ledger=ledger) as theirs:
        with pytest.raises(InvalidRequest, match="Give two accounts two names") as caught:
            theirs[NAME].publish(DRAFT, key="order-42")
        assert not caught.value.sent
        assert theirs[NAME].publish(DRAFT, key="order-43").id != task.id


def test_one_account_whose_key_was_changed(box: Sandbox, ledger: Path) -> None:
    """A person says that it is one account; then its keys hold again."""
    with Hub(box.accounts, ledger=ledger, clock=box.clock) as hub:
        task = hub[NAME].publish(DRAFT, key="order-42")
        market = hub[NAME]
        assert market.ledger is not None
        owner = market.ledger.owner_of(["another key"])
        assert owner is not None
        identity = {"provider": NAME, "account": NAME, "environment": "sandbox"}
        assert market.ledger.key_changed(identity, owner) == 1
        with pytest.raises(InvalidRequest, match="key-changed"):
            market.publish(DRAFT, key="order-42")
        assert (
            market.ledger.key_changed(identity, market.ledger.owner_of(market.provider.settings.secrets()) or "") == 1
        )
        assert market.publish(DRAFT, key="order-42").id == task.id
