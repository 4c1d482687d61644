"""What earlier publishes made is found for a whole batch by one reading of the marketplace's listing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from crowdhub import Hub, Market, Money, Provider, Task, TaskDraft
from crowdhub.engine.session import Options, Session
from crowdhub.errors import InvalidRequest
from crowdhub.protocol import AnyProvider, Flow, ProviderSettings, operation
from crowdhub.sandbox import Sandbox
from crowdhub_crowdsdom import CrowdSDOM
from crowdhub_etxt import Etxt, EtxtOptions
from crowdhub_rapidworkers import RapidWorkers
from tests.support.hand_clock import HandClock

ONE_LOOK = {"rapidworkers": (RapidWorkers, 1), "crowdsdom": (CrowdSDOM, 1), "etxt": (Etxt, 1)}


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


@pytest.mark.parametrize("name", ONE_LOOK)
@pytest.mark.parametrize("written", [True, False])
def test_a_batch_of_another_ledger_is_found(
    name: str, written: bool, clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, looks = ONE_LOOK[name]
    if not written:  # as a plugin that does not override it: one look each
        monkeypatch.setattr(kind, "find_published_many", AnyProvider.find_published_many)
    with Sandbox(name) as box:
        with Hub(box.accounts, clock=clock, ledger=tmp_path / "a.sqlite3") as hub:
            first = hub[name].publish_many(drafts(hub[name].provider, 4))
        assert first.summary() == {"published": 4}, first.failures
        with Hub(box.accounts, clock=clock, ledger=tmp_path / "b.sqlite3") as hub:
            again = hub[name].publish_many(drafts(hub[name].provider, 4))
        assert again.summary() == {"replayed": 4}
        assert [task.id for task in again.tasks] == [task.id for task in first.tasks]
        assert again.requests == (looks if written else 4)


class Foreign(Provider[ProviderSettings]):
    """Says that another account's task is the one that was looked for."""

    name, title, currency, settings_type = "shelf", "Shelf", "USD", ProviderSettings

    @operation
    def find_published_many(self, drafts: Sequence[TaskDraft]) -> Flow[Mapping[str, Task]]:
        return {"ch-1": Task(provider="shelf", account="another", environment="sandbox", id="t")}
        yield


def test_a_task_of_another_account_is_not_taken_for_a_result(clock: HandClock) -> None:
    provider = Foreign(ProviderSettings(base_url="http://127.0.0.1:1"))
    market = Market(provider, Session(provider, Options(clock=clock)))
    with pytest.raises(InvalidRequest, match="not of this account"):
        market.run(provider.find_published_many([]))
    market.close()
