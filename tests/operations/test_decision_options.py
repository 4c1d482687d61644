"""What a decision says beside its words reaches the operation that has a place for it; elsewhere it is an issue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from crowdhub import Call, Decision, Effect, Market, Provider, Submission, Worker, operation
from crowdhub.engine.session import Options, Session
from crowdhub.errors import InvalidRequest, Issue, NotSupported
from crowdhub.ledger import Ledger
from crowdhub.model import ProviderOptions, SubmissionStatus
from crowdhub.operations.spending import SpendingPolicy
from crowdhub.protocol import Flow, ProviderSettings
from tests.engine.conftest import RawServer
from tests.support.hand_clock import HandClock


class Why(ProviderOptions):
    provider: ClassVar[str] = "panel"

    category: str


class Panel(Provider[ProviderSettings]):
    """A rejection has a category; an approval has a place for nothing but words."""

    name: ClassVar[str] = "panel"
    title: ClassVar[str] = "Panel"
    currency = "USD"
    settings_type = ProviderSettings

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        yield Call.post("/approve", effect=Effect.SETTLE, json={"id": submission.id})
        return submission.copy_with(status=SubmissionStatus.APPROVED)

    @operation
    def reject(self, submission: Submission, reason: str, options: Why | None = None) -> Flow[Submission]:
        category = options.category if options else None
        yield Call.post("/reject", effect=Effect.SETTLE, json={"id": submission.id, "category": category})
        return submission.copy_with(status=SubmissionStatus.REJECTED)

    def decision_issues(self, decision: Decision) -> list[Issue]:
        options = decision.options_for(self.name)
        if isinstance(options, Why) and options.category == "none":
            return [Issue("options.category", "is not a category")]
        return []


@pytest.fixture
def server() -> Iterator[RawServer]:
    made = RawServer()
    yield made
    made.close()


@pytest.fixture
def market(server: RawServer, tmp_path: Path, clock: HandClock) -> Iterator[Market[Panel]]:
    provider = Panel(ProviderSettings(base_url=server.url))
    with Ledger.open(tmp_path / "ledger.sqlite3", clock=clock) as ledger:
        made = Market(provider, Session(provider, Options(clock=clock)), policy=SpendingPolicy(ledger=ledger))
        yield made
        made.close()


@pytest.fixture
def work() -> Submission:
    worker = Worker(id="w")
    return Submission(provider="panel", account="panel", environment="sandbox", id="1", task_id="t", worker=worker)


def bodies(server: RawServer) -> list[object]:
    return [json.loads(each.partition(b"\r\n\r\n")[2]) for each in server.requests]


WHY = (Why(category="copied"),)


def test_they_reach_the_operation_from_a_verb_and_from_a_review(
    market: Market[Panel], server: RawServer, work: Submission
) -> None:
    assert market.reject(work, "It is copied.", options=WHY).status is SubmissionStatus.REJECTED
    report = market.review([Decision.reject(work, "It is copied.", options=WHY)])
    assert report.summary() == {"rejected": 1}
    assert bodies(server) == [{"id": "1", "category": "copied"}] * 2


def test_without_them_the_operation_has_its_own_default(
    market: Market[Panel], server: RawServer, work: Submission
) -> None:
    market.reject(work, "It is copied.")
    assert bodies(server) == [{"id": "1", "category": None}]


def test_where_there_is_no_place_for_them_they_are_refused_before_any_request(
    market: Market[Panel], server: RawServer, work: Submission
) -> None:
    with pytest.raises(InvalidRequest, match="options: have no place in panel's approve"):
        market.approve(work, options=WHY)
    with pytest.raises(InvalidRequest) as caught:
        market.review([Decision.approve(work, options=WHY)])
    assert [issue.where for issue in caught.value.issues] == ["decisions[0].options"]
    assert server.count == 0


def test_the_marketplaces_own_rules_are_asked_of_them(
    market: Market[Panel], server: RawServer, work: Submission
) -> None:
    with pytest.raises(InvalidRequest, match="is not a category"):
        market.reject(work, "It is copied.", options=[Why(category="none")])
    assert server.count == 0


def test_those_for_another_marketplace_are_left_alone(
    market: Market[Panel], server: RawServer, work: Submission
) -> None:
    class Elsewhere(ProviderOptions):
        provider: ClassVar[str] = "elsewhere"

    market.approve(work, options=[Elsewhere()])
    assert bodies(server) == [{"id": "1"}]


def test_a_verb_that_is_not_there_says_so(market: Market[Panel], work: Submission) -> None:
    with pytest.raises((NotSupported, InvalidRequest)):
        market.request_redo(work, "Once more.", options=WHY)
