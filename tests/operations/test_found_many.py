"""What earlier publishes made is found for a whole batch by one reading of the marketplace's listing."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.protocol import AnyProvider
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import EtxtOptions
from tests.support.hand_clock import HandClock

LOOKS = {"rapidworkers": 1, "crowdsdom": 1, "etxt": 2}
"""The requests of one reading of everything: eTXT has an archive beside the current orders."""


def drafts(provider: AnyProvider, count: int) -> list[tuple[str, TaskDraft]]:
    made = TaskDraft(
        title="Describe it",
        instructions="Write two sentences.",
        reward=Money(40, provider.currency),
        proof="Two sentences",
        category="Writing" if provider.name == "rapidworkers" else None,
        options=[EtxtOptions(id_category=1, size=500)],
    )
    return [(f"k{number}", made) for number in range(count)]


@pytest.mark.parametrize("name", LOOKS)
def test_a_batch_of_another_ledger_is_found(name: str, clock: HandClock, tmp_path: Path) -> None:
    with Sandbox(name) as box:
        with Hub(box.accounts, clock=clock, ledger=tmp_path / "a.sqlite3") as hub:
            first = hub[name].publish_many(drafts(hub[name].provider, 4))
        assert first.summary() == {"published": 4}, first.failures
        with Hub(box.accounts, clock=clock, ledger=tmp_path / "b.sqlite3") as hub:
            again = hub[name].publish_many(drafts(hub[name].provider, 4))
        assert again.summary() == {"replayed": 4}
        assert [task.id for task in again.tasks] == [task.id for task in first.tasks]
        assert again.requests == LOOKS[name]
