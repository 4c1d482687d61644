"""An account that is called something else now: what was left open under its old name is neither hidden nor lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import BudgetExceeded, OutcomeUnknown
from crowdhub.model import Decision, Result
from crowdhub.operations import reviewing
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NAME = "rapidworkers"
DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME) as made:
        yield made


def named(box: Sandbox, *names: str) -> dict[str, Mapping[str, Any]]:
    return {name: {"provider": NAME, **box.accounts[NAME]} for name in names}


def lost(box: Sandbox, ledger: Path) -> None:
    with Hub(named(box, "old"), ledger=ledger, clock=box.clock) as hub:
        box[NAME].faults.add(Fault.drop("after"), path="/jobs/add", times=1)
        box[NAME].faults.add(Fault.status(503), path="/api/campaigns/", skip=1, times=8)
        with pytest.raises(OutcomeUnknown):
            hub["old"].publish(DRAFT, key="k")
    box[NAME].faults.clear()


def test_it_is_listed_and_settled_under_another_name(box: Sandbox, tmp_path: Path) -> None:
    lost(box, tmp_path / "ledger")
    with Hub(named(box, "new", "newer"), ledger=tmp_path / "ledger", clock=box.clock) as hub:
        (left,) = hub.unresolved()
        assert (left.account, left.key) == ("old", "k")
        (settled,) = hub.recover().intents
        assert settled.settled == "done"
        assert not hub.unresolved()
        assert hub["new"].publish(DRAFT, key="k").id == settled.task_id
    assert len(box[NAME].books().charges) == 1


def test_what_no_account_here_can_settle_is_listed(box: Sandbox, tmp_path: Path) -> None:
    lost(box, tmp_path / "ledger")
    with Sandbox("crowdsdom") as other, Hub(other.accounts, ledger=tmp_path / "ledger") as hub:
        assert [(each.account, each.settled) for each in hub.unresolved()] == [("old", "look")]
        assert not hub.recover().intents


@pytest.mark.parametrize("budget", [{"USD": "0.15"}, {"per_day": {"USD": "0.15"}}], ids=["in all", "a day"])
def test_a_budget_counts_what_was_spent_under_another_name(
    box: Sandbox, tmp_path: Path, budget: dict[str, object]
) -> None:
    with Hub(named(box, "old"), ledger=tmp_path / "ledger", clock=box.clock, budget=budget) as hub:
        hub["old"].publish(DRAFT, key="one")
    for names in (("new",), ("newer", "newest"), ("old", "new")):
        with Hub(named(box, *names), ledger=tmp_path / "ledger", clock=box.clock, budget=budget) as hub:
            for name in names:
                with pytest.raises(BudgetExceeded):
                    hub[name].publish(DRAFT, key=f"two of {name}")
    assert len(box[NAME].books().charges) == 1


def test_an_account_s_own_budget_does_too(box: Sandbox, tmp_path: Path) -> None:
    with Hub(named(box, "old"), ledger=tmp_path / "ledger", clock=box.clock) as hub:
        hub["old"].publish(DRAFT, key="one")
    budget = {"new": {"USD": "0.15"}}
    hub = Hub(named(box, "new"), ledger=tmp_path / "ledger", clock=box.clock, budget=budget)
    with hub, pytest.raises(BudgetExceeded):
        hub["new"].publish(DRAFT, key="two")


class Ended(BaseException):
    """The process ends."""


def test_a_review_that_was_broken_off_is_carried_on_with_under_another_name(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(*_: object) -> None:
        raise Ended

    with Hub(named(box, "old"), ledger=tmp_path / "ledger", clock=box.clock) as hub:
        task = hub["old"].publish(DRAFT.copy_with(slots=2))
        box.market(RapidWorkersSandbox).hand_in(task.id, 1)
        (work,) = hub["old"].submissions(task, status="pending")
        with monkeypatch.context() as patch:
            patch.setattr(reviewing, "settle_once", ends)
            with pytest.raises(Ended):
                hub["old"].review([Decision.approve(work)])
    with Hub(named(box, "new"), ledger=tmp_path / "ledger", clock=box.clock) as hub:
        (outcome,) = hub.recover().reviews
        assert (outcome.result, outcome.decision.submission.account) == (Result.APPROVED, "new")
        assert hub.ledger is not None
        assert not hub.ledger.journal.open()
