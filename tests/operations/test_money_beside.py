"""A lost request is judged while others spend from the same account: that only makes it more cautious."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.clock import Clock
from crowdhub.errors import OutcomeUnknown
from crowdhub.ledger import Ledger
from crowdhub.model import Task
from crowdhub.operations.port import Port
from crowdhub.operations.spending import witnesses
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.support import postgres

DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.50", "USD"), category="Survey", slots=2)
IDENTITY: dict[str, Any] = {"provider": "acme", "account": "acme", "environment": "sandbox"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_another_pays_as_much_while_the_money_is_asked(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right before the balance is read, or right after it: either hides nothing."""
    asked = witnesses.money_now
    others: list[Task] = []
    with (
        Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0}}) as box,
        Hub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as hub,
        Hub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as other,
    ):
        other["rapidworkers"].publish(DRAFT, key="warm")

        def meanwhile() -> None:
            box.advance(seconds=1)
            others.append(other["rapidworkers"].publish(DRAFT, key="b"))
            box.advance(seconds=1)

        async def money_now(port: Port, *, told: bool = False) -> tuple[Money, datetime] | None:
            judging = not told and not others
            if judging and when == "before":
                meanwhile()
            money = await asked(port, told=told)
            if judging and when == "after":
                meanwhile()
            return money

        monkeypatch.setattr(witnesses, "money_now", money_now)
        # Carried out, answered with a 500, and the list is behind for all looks.
        box["rapidworkers"].faults.add(Fault.status(500, when="after"), path="/jobs/add", times=1)
        box["rapidworkers"].faults.add(Fault.status(200, when="before", body=[]), path="/api/campaigns/", times=5)
        with pytest.raises(OutcomeUnknown):
            hub["rapidworkers"].publish(DRAFT, key="a")
        assert others
        assert len(box.market(RapidWorkersSandbox).books().charges) == 3


def test_what_was_paid_before_the_money_was_told_is_not_taken_off_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the ledger's clock, on a machine whose own is 100 s behind."""

    def now(_: Clock) -> datetime:
        return datetime.now(UTC) - timedelta(seconds=100)

    with Ledger.open(postgres.new_database()) as ledger:
        monkeypatch.setattr(Clock, "now", now)
        earlier = ledger.begin(IDENTITY, "publish", "x", key="b", amount=Money("5", "USD")).intent
        ledger.sending(earlier)
        ledger.finish(earlier, Task(id="1", **IDENTITY), charged=Money("5", "USD"))
        number = ledger.report.last_number()
        mine = ledger.begin(IDENTITY, "publish", "y", key="a", amount=Money("5", "USD")).intent
        assert witnesses._known_spends(ledger, mine, "USD", number) == Money("0", "USD")
        assert witnesses._known_spends(ledger, mine, "USD", number - 1) == Money("5", "USD")
