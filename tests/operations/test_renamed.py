"""An account that is called something else now: what was left open under its old name is neither hidden nor lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import OutcomeUnknown
from crowdhub.sandbox import Fault, Sandbox

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
