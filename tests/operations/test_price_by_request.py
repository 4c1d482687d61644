"""Where the price of a publish is asked for, and publishing reads something before it sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from crowdhub import Call, Effect, Market, Money, Provider, Quote, Task, TaskDraft, operation
from crowdhub.engine.session import Options, Session
from crowdhub.errors import NotFound, ProviderError
from crowdhub.ledger import Ledger
from crowdhub.operations.spending import SpendingPolicy
from crowdhub.protocol import Flow, ProviderSettings
from tests.engine.conftest import RawServer, http, ok
from tests.support.hand_clock import HandClock

DRAFT = TaskDraft(title="Look", instructions="Look at it.", reward=Money("0.50", "USD"))


class Stall(Provider[ProviderSettings]):
    name: ClassVar[str] = "stall"
    title: ClassVar[str] = "Stall"
    currency = "USD"
    settings_type = ProviderSettings

    @operation
    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        _ = yield Call.get("/price")
        return Quote.of(draft.reward or Money(0, "USD"))

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        _ = yield Call.get("/rules")
        _ = yield Call.post("/tasks", effect=Effect.SPEND, json={"title": draft.title})
        return Task(**self.identity, id="1", title=draft.title)


@pytest.fixture
def server() -> Iterator[RawServer]:
    made = RawServer()
    yield made
    made.close()


@pytest.fixture
def market(server: RawServer, tmp_path: Path, clock: HandClock) -> Iterator[Market[Stall]]:
    provider = Stall(ProviderSettings(base_url=server.url))
    with Ledger.open(tmp_path / "ledger.sqlite3", clock=clock) as ledger:
        session = Session(provider, Options(clock=clock, timeout=5))
        made = Market(provider, session, policy=SpendingPolicy(ledger=ledger))
        yield made
        made.close()


def test_what_is_done_is_given_back_without_asking_for_its_price(server: RawServer, market: Market[Stall]) -> None:
    assert market.publish(DRAFT, key="k").id == "1"
    assert server.paths() == ["/price", "/rules", "/tasks"]
    server.reply = lambda number, request: http(500)
    assert market.publish(DRAFT, key="k").replayed
    assert len(server.paths()) == 3
    with pytest.raises(ProviderError):
        market.publish(DRAFT, key="other")


def test_a_dry_run_shows_the_request_that_changes_something(server: RawServer, market: Market[Stall]) -> None:
    plan = market.publish(DRAFT, key="k", dry_run=True)
    assert (plan.method, plan.path, plan.content) == ("POST", "/tasks", {"title": "Look"})
    assert server.paths() == ["/price", "/rules"]


def test_a_dry_run_fails_where_what_is_read_before_fails(server: RawServer, market: Market[Stall]) -> None:
    server.reply = lambda number, request: http(404) if b"/rules" in request else ok()
    with pytest.raises(NotFound):
        market.publish(DRAFT, dry_run=True)
