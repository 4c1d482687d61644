"""What may be spent is checked and reserved in one step."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest

from crowdhub.errors import BudgetExceeded, ConfigurationError
from crowdhub.ledger import Begun, Budget, Ledger
from crowdhub.model import Money, Task
from tests.support.hand_clock import HandClock
from tests.support.programs import Program


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def spend(ledger: Ledger, identity: dict[str, Any], amount: str, budget: Budget | None, **more: Any) -> Begun:
    return ledger.begin(identity, more.pop("operation", "publish"), "work", amount=usd(amount), budget=budget, **more)


def test_the_budget_holds_and_says_need_and_have(ledger: Ledger, identity: dict[str, Any]) -> None:
    budget = Budget.of({"USD": "7"})
    first = spend(ledger, identity, "5", budget)
    with pytest.raises(BudgetExceeded) as caught:
        spend(ledger, identity, "2.01", budget)
    assert (caught.value.need, caught.value.have) == (usd("2.01"), usd("2"))
    assert caught.value.account == "acme"
    assert "The budget has 2 USD left and this needs 2.01 USD" in str(caught.value)
    spend(ledger, identity, "2", budget)  # to the last cent
    with pytest.raises(BudgetExceeded):
        spend(ledger, identity, "0.01", budget)

    ledger.fail(first.intent, "never left")
    spend(ledger, identity, "5", budget)


def test_an_unknown_outcome_stays_reserved(ledger: Ledger, identity: dict[str, Any]) -> None:
    budget = Budget.of({"USD": "7"})
    ledger.unknown(spend(ledger, identity, "5", budget).intent, "lost")
    with pytest.raises(BudgetExceeded):
        spend(ledger, identity, "3", budget)


def test_what_was_really_charged_counts(ledger: Ledger, identity: dict[str, Any]) -> None:
    budget = Budget.of({"USD": "7"})
    ledger.finish(spend(ledger, identity, "5", budget).intent, Task(id="1", charged=usd("3.5"), **identity))
    spend(ledger, identity, "3.5", budget)
    with pytest.raises(BudgetExceeded):
        spend(ledger, identity, "0.5", budget)


def test_a_day_has_its_own_budget(ledger: Ledger, identity: dict[str, Any], clock: HandClock) -> None:
    budget = Budget.of({"per_day": {"USD": "4"}})
    clock.at = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    late = spend(ledger, identity, "3", budget)
    with pytest.raises(BudgetExceeded, match=r"budget for 2026-03-01 \(UTC\) has 1 USD left"):
        spend(ledger, identity, "2", budget)
    clock.move(1)
    spend(ledger, identity, "4", budget)
    ledger.fail(late.intent, "never left")  # gives back to its own day, not to this one
    with pytest.raises(BudgetExceeded):
        spend(ledger, identity, "1", budget)


def test_a_task_has_its_own_budget(ledger: Ledger, identity: dict[str, Any]) -> None:
    budget = Budget.of({"per_task": {"USD": "10"}})
    with pytest.raises(BudgetExceeded, match="for one task has 10 USD left"):
        spend(ledger, identity, "11", budget)
    ledger.finish(spend(ledger, identity, "8", budget).intent, Task(id="t1", **identity))
    ledger.finish(spend(ledger, identity, "8", budget).intent, Task(id="t2", **identity))
    spend(ledger, identity, "1.5", budget, operation="pay_bonus", task_id="t1")
    with pytest.raises(BudgetExceeded, match=r"has 0\.5 USD left"):
        spend(ledger, identity, "1", budget, operation="pay_bonus", task_id="t1")
    spend(ledger, identity, "1", budget, operation="pay_bonus", task_id="t2")


def test_the_hub_and_each_account_have_theirs(ledger: Ledger, identity: dict[str, Any]) -> None:
    budget = Budget.of({"USD": "10", "acme": {"USD": "4", "per_day": {"USD": "3"}}}, accounts=["acme", "second"])
    with pytest.raises(BudgetExceeded, match="budget of acme for 2026-03-01"):
        spend(ledger, identity, "3.5", budget)
    spend(ledger, identity, "3", budget)
    spend(ledger, {**identity, "account": "second"}, "7", budget)
    with pytest.raises(BudgetExceeded, match="The budget has 0 USD left"):
        spend(ledger, identity, "1", budget)


def test_only_the_hubs_own_accounts_and_environment_count(ledger: Ledger, identity: dict[str, Any]) -> None:
    budget = Budget.of({"USD": "5"}, accounts=["acme"])
    spend(ledger, {**identity, "account": "stranger"}, "50", None)
    spend(ledger, {**identity, "environment": "live"}, "5", budget)
    spend(ledger, identity, "5", budget)


UNNAMED: list[dict[str, object]] = [{"USD": "5"}, {"per_day": {"USD": "5"}}, {"second": {"RUB": "1000"}}]
NAMED: list[dict[str, object] | None] = [{"USD": "5", "others": "unlimited"}, {"acme": {"RUB": "1800"}}, None]


def test_a_currency_that_the_budget_does_not_name_is_refused_unless_it_says_otherwise(
    ledger: Ledger, identity: dict[str, Any]
) -> None:
    roubles = Money("900", "RUB")
    for given in UNNAMED:
        budget = Budget.of(given)
        with pytest.raises(BudgetExceeded) as caught:
            ledger.begin(identity, "publish", "roubles", amount=roubles, budget=budget)
        assert caught.value.message == "The budget names no limit in RUB for acme."
        assert 'set others = "unlimited"' in caught.value.next_step
        assert (caught.value.need, caught.value.have) == (roubles, Money(0, "RUB"))
        unpriced = budget.copy_with(unpriced="allow")
        with pytest.raises(BudgetExceeded, match="names no limit in RUB"):
            ledger.begin(identity, "publish", "roubles", currency="RUB", budget=unpriced)
    for allowed in NAMED:
        ledger.begin(identity, "publish", "roubles", amount=roubles, budget=Budget.of(allowed))
    ledger.begin(identity, "publish", "free", amount=Money(0, "RUB"), budget=Budget.of({"USD": "5"}))
    with pytest.raises(ConfigurationError, match="others = 'all' is neither"):
        Budget.of({"USD": "5", "others": "all"})


def test_what_has_no_known_price_passes_only_while_something_is_left(ledger: Ledger, identity: dict[str, Any]) -> None:
    budget = Budget.of({"USD": "5", "unpriced": "allow"})

    def solve(cost: str) -> None:
        begun = ledger.begin(identity, "solve", "captcha", budget=budget, currency="USD")
        ledger.finish(begun.intent, "solved", charged=usd(cost))

    solve("3")
    solve("3")  # what it takes cannot be known before
    with pytest.raises(BudgetExceeded, match="The budget has nothing left") as caught:
        solve("3")
    assert (caught.value.need, caught.value.have) == (None, usd("0"))
    (total,) = ledger.report.totals()
    assert total.spent == usd("6")


def test_nothing_may_be_spent_on_a_budget_of_nothing(ledger: Ledger, identity: dict[str, Any]) -> None:
    with pytest.raises(BudgetExceeded):
        spend(ledger, identity, "0.01", Budget.of({"USD": 0}))
    spend(ledger, identity, "0", Budget.of({"USD": 0}))


def test_a_price_that_nobody_knows_is_refused_under_a_budget(file_ledger: Ledger, identity: dict[str, Any]) -> None:
    for budget in (Budget.of({"USD": "5"}), Budget.of({"acme": {"per_day": {"USD": "5"}}})):
        with pytest.raises(ConfigurationError, match="price of this call is not known"):
            file_ledger.begin(identity, "solve", "captcha", budget=budget)
    for budget in (Budget.of(None), Budget.of({"USD": "5", "unpriced": "allow"}), Budget.of({"second": {"USD": 1}})):
        file_ledger.begin(identity, "solve", "captcha", budget=budget)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"USD": 0.5}, r"budget\.USD = 0\.5: 0\.5 is a float"),
        ({"XXQ": "5"}, "XXQ"),
        ({"USD": "-5"}, "0 or more"),
        ({"per_day": "5"}, r"budget\.per_day: give amounts by currency"),
        ({"acmee": {"USD": "5"}}, r"there is no account 'acmee' here \(accounts: acme\)"),
        ({"acme": {"per_week": {"USD": "5"}}}, "per_week"),
        ({"USD": Money("5", "RUB")}, "in USD"),
        ({"unpriced": "maybe"}, "unpriced"),
    ],
)
def test_a_wrong_budget_says_what_is_wrong(given: Mapping[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Budget.of(given, accounts=["acme"])


def test_threads_cannot_overspend_together(ledger: Ledger, identity: dict[str, Any]) -> None:
    budget = Budget.of({"USD": "10"})
    outcomes: list[bool] = []

    def work() -> None:
        for _ in range(5):
            try:
                spend(ledger, identity, "1", budget)
                outcomes.append(True)
            except BudgetExceeded:
                outcomes.append(False)

    threads = [Thread(target=work) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert outcomes.count(True) == 10
    assert len(outcomes) == 25


def test_processes_cannot_overspend_together(url: str, open_ledger: Callable[..., Ledger]) -> None:
    source = """
ledger, spent = Ledger.open(sys.argv[1]), 0
say("ready"); sys.stdin.readline()
for n in range(12):
    try:
        begun = ledger.begin(ID, "publish", n, amount=Money("1", "USD"), budget=Budget.of({"USD": "20"}))
        ledger.sending(begun.intent)  # what never left is free again once its process has ended
        spent += 1
    except BudgetExceeded:
        pass
say(spent)
"""
    with Program(source, url) as one, Program(source, url) as two, Program(source, url) as three:
        programs = (one, two, three)
        for each in programs:
            each.said()
        for each in programs:
            each.go_on()
        assert sum(each.said() for each in programs) == 20
    total = open_ledger(url).report.totals()[0]
    assert total.held == usd("20")
