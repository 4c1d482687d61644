"""A plugin's operation that returns something else than its neutral model: whose fault it is, and what of the money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest

from crowdhub import Call, Effect, Market, Money, Provider, Task, TaskDraft, operation
from crowdhub.engine.session import Options, Session
from crowdhub.errors import (
    Conflict,
    CrowdhubError,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    UnreadableResponse,
)
from crowdhub.protocol import Flow, Page, ProviderSettings, Response, no_call
from tests.engine.conftest import RawServer
from tests.support.hand_clock import HandClock


class Careless(Provider[ProviderSettings]):
    name: ClassVar[str] = "careless"
    title: ClassVar[str] = "Careless"
    currency = "USD"
    settings_type = ProviderSettings
    result: object = None

    def told(self) -> Task:
        if isinstance(self.result, CrowdhubError):
            raise self.result
        return cast("Task", self.result)

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        yield Call.post("/publish", effect=Effect.SPEND, json={})
        return self.told()

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        yield Call.get("/task")
        return self.told()

    @operation
    def tasks(self, status: object = None) -> Flow[Page[Task]]:
        yield Call.get("/tasks")
        return cast("Page[Task]", self.result)

    @operation
    def balance(self) -> Flow[Money]:
        return no_call(cast("Money", self.result))

    @operation
    def note(self, text: str) -> Flow[object]:
        yield Call.post("/note", effect=Effect.SETTLE, json={})
        return self.result


@pytest.fixture
def market(server: RawServer, clock: HandClock) -> Iterator[Market[Careless]]:
    provider = Careless(ProviderSettings(base_url=server.url))
    made = Market(provider, Session(provider, Options(clock=clock)))
    yield made
    made.close()


@pytest.mark.parametrize("result", [None, {"id": "1"}, "1"])
def test_a_payment_stays_a_payment(market: Market[Careless], result: object) -> None:
    market.provider.result = result
    draft = TaskDraft(title="T", reward=Money("1", "USD"))
    with pytest.raises(OutcomeUnknown, match=f"publish returned {type(result).__name__}, not Task") as caught:
        market.publish(draft)
    assert caught.value.money_may_be_spent


@pytest.mark.parametrize("result", [None, {"id": "1"}, []])
def test_an_answer_is_said_to_be_unreadable(market: Market[Careless], result: object) -> None:
    market.provider.result = result
    with pytest.raises(UnreadableResponse, match=r"task returned .*, not Task"):
        market.task("1")
    with pytest.raises(UnreadableResponse, match=r"tasks returned .*, not Page"):
        list(market.tasks())


def test_without_a_request_it_is_said_too(market: Market[Careless]) -> None:
    market.provider.result = 3
    with pytest.raises(InvalidRequest, match="balance returned int, not Money"):
        market.balance()


@pytest.mark.parametrize("kind", [NotFound, Conflict, ProviderError, InvalidRequest])
def test_an_error_of_ours_out_of_a_good_answer_does_not_say_that_nothing_was_spent(
    market: Market[Careless], kind: type[CrowdhubError]
) -> None:
    market.provider.result = kind("gone")
    with pytest.raises(OutcomeUnknown) as caught:
        market.publish(TaskDraft(title="T", reward=Money("1", "USD")))
    assert caught.value.money_may_be_spent
    with pytest.raises(kind):
        market.task("1")  # which takes no money


def test_a_refusal_in_the_marketplaces_own_words_is_one(market: Market[Careless]) -> None:
    market.provider.result = Conflict("It is closed.", provider_message="closed")
    with pytest.raises(Conflict, match="closed"):
        market.publish(TaskDraft(title="T", reward=Money("1", "USD")))


def test_a_task_of_another_account_is_not_taken_for_ours(market: Market[Careless]) -> None:
    market.provider.result = Task(id="1", provider="careless", account="other", environment="live")
    with pytest.raises(UnreadableResponse, match="a Task of careless/other/live, not of this account"):
        market.task("1")


@pytest.mark.parametrize("answer", [5, "x", ValueError("v"), NotFound])
def test_an_answers_error_of_another_type_is_ours_all_the_same(
    market: Market[Careless], monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    def error(self: object, call: Call, response: Response) -> object:
        return answer

    monkeypatch.setattr(Careless, "error", error)
    with pytest.raises(UnreadableResponse, match="`error` returned"):
        market.task("1")


def test_a_plugins_own_operation_returns_what_it_likes(market: Market[Careless]) -> None:
    results: list[Any] = [None, 3, {"a": [1]}]
    for result in results:
        market.provider.result = result
        assert market.run(market.provider.note("x")) == result
