"""What counts is what was charged, where the marketplace tells it; before that, a stated estimate."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Hub, Money, Quote, TaskDraft
from crowdhub.errors import BudgetExceeded, ConfigurationError
from crowdhub.operations.spending import Spend
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_etxt import Etxt, EtxtOptions
from crowdhub_rapidworkers import RapidWorkers
from tests.conftest import World

LINK = "https://example.com/p"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("rapidworkers") as opened:
        yield opened


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def accounts(box: Sandbox, **more: object) -> dict[str, dict[str, Any]]:
    return {"rapidworkers": {**box.accounts["rapidworkers"], "allow_engagement_jobs": True, **more}}


def draft(**changes: Any) -> TaskDraft:
    given: dict[str, Any] = {"title": "Survey", "instructions": "Fill it in", "reward": usd("0.50")}
    given |= {"slots": 20, "proof": "A screenshot", "category": "Survey"}
    return TaskDraft(**{**given, **changes})


def test_what_the_answer_says_is_counted_whatever_was_reserved(box: Sandbox, world: World, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite3"

    def buy(hub: Hub) -> object:
        market = hub.market(RapidWorkers)
        operation = market.provider.facebook_likes(link=LINK, quantity=100)  # 5.00
        return market.run(operation, key="likes", amount=usd("1.00"))

    bought: Any = world.hub(accounts(box), buy, budget={"USD": "5.50"}, ledger=ledger)
    with Hub(accounts(box), budget={"USD": "5.50"}, ledger=ledger) as hub:
        assert hub.ledger is not None
        (entry,) = hub.ledger.report.entries()
        assert (entry.amount, entry.charged, entry.task_id) == (usd("1.00"), usd("5.00"), bought.id)
        (total,) = hub.ledger.report.totals()
        assert (total.spent, total.held) == (usd("5.00"), usd("0"))
        market = hub.market(RapidWorkers)
        with pytest.raises(BudgetExceeded) as caught:
            market.run(market.provider.twitter_likes(link=LINK, quantity=100), amount=usd("1.00"))
        assert caught.value.have == usd("0.50")


@pytest.mark.parametrize("keyed", [True, False])
def test_without_a_price_it_counts_too(box: Sandbox, keyed: bool) -> None:
    with Hub(accounts(box), budget={"USD": "5", "unpriced": "allow"}) as hub:
        market = hub.market(RapidWorkers)
        market.run(market.provider.facebook_likes(link=LINK, quantity=100), key="k" if keyed else None)
        for number in range(3):
            operation = market.provider.twitter_likes(link=f"{LINK}/{number}", quantity=100)
            with pytest.raises(BudgetExceeded, match="The budget has nothing left"):
                market.run(operation, key=f"k{number}" if keyed else None)
        assert len(box["rapidworkers"].books().charges) == 1


def test_what_was_found_after_a_lost_answer_counts_as_reserved(box: Sandbox) -> None:
    """The list does not tell what a job took: what was reserved stays counted."""
    with Hub(accounts(box), budget={"USD": "11"}) as hub:
        box["rapidworkers"].faults.add(Fault.drop(), path="/jobs/add")
        hub["rapidworkers"].publish(draft(), key="k")
        with pytest.raises(BudgetExceeded):
            hub["rapidworkers"].publish(draft(slots=1), key="l")


def test_a_commission_is_assumed_as_the_settings_say_and_the_amount_says_so(box: Sandbox) -> None:
    asked: list[Spend] = []

    def confirm(spend: Spend) -> bool:
        asked.append(spend)
        return True

    with Hub(accounts(box)) as hub:
        usual = hub["rapidworkers"].estimate(draft())
    assert (usual, usual.commission, usual.assumed_commission) == (usd("11.00"), usd("1.00"), Decimal("0.10"))
    with Hub(accounts(box, assumed_commission="0.15"), confirm=confirm, budget={"USD": "11.00"}) as hub:
        quote = hub["rapidworkers"].estimate(draft())
        assert (quote, quote.commission, quote.assumed_commission) == (usd("11.50"), usd("1.50"), Decimal("0.15"))
        assert "15 % is assumed, as the account's settings say" in str(quote.assumption)
        with pytest.raises(BudgetExceeded):  # 11.50 under 11.00: refused before, where that is what is assumed
            hub["rapidworkers"].publish(draft(), key="k")
        hub["rapidworkers"].publish(draft(slots=4), key="l")
        hub["rapidworkers"].publish_many([("m", draft(slots=2))])
    assert [spend.amount for spend in asked] == [usd("2.30"), usd("1.15")]
    assert all("15 % is assumed" in str(spend.assumption) for spend in asked)


def test_what_is_charged_above_the_estimate_counts_from_then_on(box: Sandbox) -> None:
    answer = {"job": {"public_id": "j1"}, "deduction_details": {"total_deducted": "11.50"}}
    box["rapidworkers"].faults.add(Fault.status(201, body=answer), path="/jobs/add")
    with Hub(accounts(box), budget={"USD": "11.40"}) as hub:
        assert hub["rapidworkers"].publish(draft(), key="k").charged == usd("11.50")
        with pytest.raises(BudgetExceeded) as caught:
            hub["rapidworkers"].publish(draft(slots=1), key="l")
        assert caught.value.have == usd("0")


@pytest.mark.parametrize(
    ("told", "charged", "counted"), [("-5", None, "11.00"), ("-0.01", None, "11.00"), ("0", "0", "0")]
)
def test_a_charge_below_nothing_is_told_and_not_counted(
    box: Sandbox, told: str, charged: str | None, counted: str
) -> None:
    deduction = {"total_deducted": told, "new_balance": "900.00"}
    body = {"job": {"public_id": "j1", "pay_rate": "0.50"}, "deduction_details": deduction}
    box["rapidworkers"].faults.add(Fault.status(201, body=body), path="/jobs/add")

    with Hub(accounts(box), budget={"USD": "11.40"}) as hub:
        task = hub["rapidworkers"].publish(draft(), key="k")
        assert task.charged == (None if charged is None else usd(charged))
        said = [] if charged is not None else [True]
        assert [f"charge of {told} USD" in each for each in task.warnings] == said
        assert hub["rapidworkers"].publish(draft(), key="k").warnings == task.warnings
        assert hub.ledger is not None
        (total,) = hub.ledger.report.totals()
        assert (total.spent, total.held) == (usd(counted), usd("0"))


def test_an_assumed_commission_at_etxt() -> None:
    order = TaskDraft(
        title="A text",
        instructions="Write it",
        reward=Money(100, "RUB"),
        options=[EtxtOptions(id_category=1, size=500)],
    )
    with Sandbox("etxt") as box:
        for setting, expected in (({}, "100"), ({"assumed_commission": "0.05"}, "105.00")):
            with Hub({"etxt": {**box.accounts["etxt"], **setting}}) as hub:
                quote = hub["etxt"].estimate(order)
                assert quote == Money(expected, "RUB")
                assert quote.assumption


@pytest.mark.parametrize("wrong", ["15", "-0.1", "a tenth"])
def test_a_share_that_is_none_is_refused(box: Sandbox, wrong: str) -> None:
    with (
        Hub(accounts(box, assumed_commission=wrong)) as hub,
        pytest.raises(ConfigurationError, match="assumed_commission"),
    ):
        _ = hub["rapidworkers"]


def test_a_quote_survives_json() -> None:
    quote = Quote.of(usd("10"), assumption="assumed", assumed_commission=Decimal("0.15"))
    assert Quote.model_validate_json(quote.model_dump_json()) == quote
    assert Quote.model_validate_json(quote.model_dump_json()).assumed_commission == Decimal("0.15")


def test_a_currency_that_the_budget_does_not_name_is_refused_before_any_request(box: Sandbox) -> None:
    with Hub(box.accounts, budget={"EUR": "50"}) as hub:
        with pytest.raises(BudgetExceeded, match="names no limit in USD for rapidworkers"):
            hub["rapidworkers"].publish(draft(), key="k")
        report = hub["rapidworkers"].publish_many([("k", draft()), ("l", draft())])
        assert report.summary() == {"refused": 2}
        assert "names no limit in USD" in str(report.outcomes[0].error)
        assert box["rapidworkers"].request_count == 0
    with Hub(box.accounts, budget={"EUR": "50", "others": "unlimited"}) as hub:
        assert hub["rapidworkers"].publish(draft(), key="k").charged == usd("11.00")


def test_what_is_free_needs_no_price_under_a_budget(tmp_path: Path) -> None:
    with (
        Sandbox("etxt") as box,
        Hub(box.accounts, ledger=tmp_path / "etxt.sqlite3", clock=box.clock, budget={"RUB": "1"}) as hub,
    ):
        market = hub.market(Etxt)
        made = market.run(market.provider.api.folders.add_folder("texts"), key="free")
        assert market.run(market.provider.api.folders.add_folder("texts"), key="free").id_folder == made.id_folder
        assert market.run(market.provider.balance(), key="asked").amount > 0
