"""Budgets at eTXT: what takes money besides publishing, and what takes none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from crowdhub import Hub, Money, Task, TaskDraft
from crowdhub.errors import BudgetExceeded, ConfigurationError, InvalidRequest
from crowdhub.market import Market
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import Etxt, EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox

Open = Callable[[Mapping[str, object]], Market[Etxt]]
PRICE = Money(300, "RUB")


@pytest.fixture
def opened(box: Sandbox) -> Iterator[Open]:
    with ExitStack() as hubs:

        def open_one(budget: Mapping[str, object]) -> Market[Etxt]:
            return hubs.enter_context(Hub(box.accounts, budget=budget, clock=box.clock)).market(Etxt)

        yield open_one


def draft(market: Market[Etxt], **options: object) -> TaskDraft:
    category = market.run(market.provider.api.categories.list_categories()).items[0].id_category
    return TaskDraft(
        title="A text about bicycles",
        instructions="Two thousand characters.",
        reward=PRICE,
        options=[EtxtOptions.model_validate({"id_category": category, "size": 2000, **options})],
    )


def with_work(market: Market[Etxt], people: EtxtSandbox) -> Task:
    task = market.publish(draft(market), key="order")
    people.hand_in(task.id)
    return task


def test_extra_pay_counts_for_its_order(opened: Open, people: EtxtSandbox) -> None:
    market = opened({"per_task": {"RUB": "400"}})
    task = with_work(market, people)
    extra = market.provider.api.tasks.extra_paid
    with pytest.raises(BudgetExceeded):
        market.run(extra(task.id, Money(200, "RUB")), key="bonus", amount=Money(200, "RUB"))
    _ = market.run(extra(task.id, Money(50, "RUB")), key="bonus", amount=Money(50, "RUB"))
    with pytest.raises(BudgetExceeded):
        market.run(extra(task.id, Money(50, "RUB")), key="another", amount=Money(60, "RUB"))


def test_accepting_under_a_budget_takes_the_most_that_it_may_cost(opened: Open, people: EtxtSandbox) -> None:
    market = opened({"RUB": "1000"})
    task = market.publish(draft(market), key="order")
    people.apply(task.id)
    (first,) = market.applications(task)
    with pytest.raises(ConfigurationError, match="the most it may cost"):
        market.accept(first)
    with pytest.raises(BudgetExceeded):
        market.accept(first, amount=Money(900, "RUB"))
    with pytest.raises(InvalidRequest, match="USD"):
        market.accept(first, amount=Money(1, "USD"))
    assert market.accept(first, amount=Money(0, "RUB")).status == "accepted"


def test_a_draft_takes_nothing_of_a_budget(opened: Open) -> None:
    market = opened({"RUB": "400"})
    for number in range(3):
        assert market.publish(draft(market, public=False), key=f"draft-{number}").status == "draft"
    assert market.publish(draft(market), key="order").status == "open"


def test_a_question_takes_nothing_whatever_amount_was_given(opened: Open) -> None:
    market = opened({"RUB": "400"})
    for number in range(3):
        _ = market.run(market.provider.balance(), key=f"asked-{number}", amount=PRICE)
    assert market.publish(draft(market), key="order").status == "open"


def test_an_order_published_as_a_native_operation_counts_with_its_estimate(opened: Open) -> None:
    market = opened({"RUB": "400", "unpriced": "allow"})
    provider = market.provider
    first = market.run(provider.publish(draft(market)), key="first")
    assert first.status == "open"
    with pytest.raises(BudgetExceeded):
        market.run(provider.publish(draft(market)), key="second")
