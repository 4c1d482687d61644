"""Extra pay, on scripted answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from crowdhub.errors import InsufficientFunds, InvalidRequest, Lost, OutcomeUnknown
from crowdhub.model import Money, Submission
from crowdhub.operations.account import Account
from crowdhub.protocol import Effect
from crowdhub_etxt import Etxt
from tests.etxt.conftest import Ask, Drive, Sent
from tests.etxt.rows import order_under_review as order


def entry(number: int, count: str = "50", worker: str = "5") -> dict[str, object]:
    return {"id": number, "count": count, "id_user_to": worker, "date": "1772000000"}


def pay(submission: Submission, amount: int = 50) -> Callable[[Account], Coroutine[Any, Any, Submission]]:
    return lambda account: account.pay_bonus(submission, Money(amount, "RUB"), "nice", None)


def test_a_bonus(ask: Ask, sent: Sent, submission: Submission) -> None:
    done, calls = ask(pay(submission), [order()], [entry(1)], {"status": 1})
    assert sent(calls[2]) == {"method": "tasks.extraPaid", "id": "70", "count": "50"}
    assert calls[2].effect is Effect.SPEND
    assert done.amount_paid == Money(50, "RUB")


def test_a_bonus_is_at_most_three_times_the_price(provider: Etxt, drive: Drive, submission: Submission) -> None:
    drive(provider.pay_bonus(submission, Money(900, "RUB"), "x"), [order()], {"status": 1})
    with pytest.raises(InvalidRequest, match="900 RUB"):
        drive(provider.pay_bonus(submission, Money(901, "RUB"), "x"), [order()])
    for wrong in (Money("1.50", "RUB"), Money(0, "RUB"), Money(1, "USD")):
        with pytest.raises(InvalidRequest):
            drive(provider.pay_bonus(submission, wrong, "x"))


def test_a_bonus_that_the_balance_does_not_cover(provider: Etxt, drive: Drive, submission: Submission) -> None:
    with pytest.raises(InsufficientFunds):
        drive(
            provider.pay_bonus(submission, Money(50, "RUB"), "x"),
            [order()],
            {"error": "no_access"},
            {"balance": 49},
        )


def test_a_bonus_where_the_statement_cannot_be_read(ask: Ask, submission: Submission) -> None:
    """It is paid all the same; only a lost answer could then not be told."""
    done, _ = ask(pay(submission), [order()], {"error": "no_access"}, {"status": 1})
    assert done.amount_paid == Money(50, "RUB")
    with pytest.raises(OutcomeUnknown, match="statement"):
        ask(pay(submission), [order()], {"error": "no_access"}, OutcomeUnknown("x", lost=Lost.ANSWERED), [order()])


def test_a_lost_bonus_is_found_in_the_statement(ask: Ask, submission: Submission) -> None:
    lost = OutcomeUnknown("lost")
    after = [entry(2, "-50"), entry(1)]
    done, calls = ask(pay(submission), [order()], [entry(1)], lost, [order()], after, [order()], [])
    assert done.replayed
    assert done.raw["bonus"] == {"statement": 2}
    assert [call.effect for call in calls].count(Effect.SPEND) == 1


@pytest.mark.parametrize(
    "after",
    [
        [entry(1)],
        [entry(2, "-49")],
        [entry(2, "-50", "6")],
        [entry(2, "-50"), entry(3, "-50")],
        {"error": "no_access"},
    ],
)
def test_a_lost_bonus_that_is_not_there_is_never_sent_again(ask: Ask, submission: Submission, after: object) -> None:
    lost = OutcomeUnknown("lost", lost=Lost.ANSWERED)
    with pytest.raises(OutcomeUnknown, match="statement"):
        ask(pay(submission), [order()], [entry(1)], lost, [order()], after)


@pytest.mark.parametrize("where", ["current", "archived"])
def test_what_may_be_the_price_of_another_order_is_not_taken_for_the_bonus(
    ask: Ask, submission: Submission, where: str
) -> None:
    """The performer got another order meanwhile, which costs as much as the bonus."""
    other = [order() | {"id": 78, "price": 50}]
    current, archived = ([*[order()], *other], []) if where == "current" else ([order()], other)
    with pytest.raises(OutcomeUnknown, match="statement"):
        ask(
            pay(submission),
            [order()],
            [entry(1)],
            OutcomeUnknown("lost"),
            [order()],
            [entry(2, "-50"), entry(1)],
            current,
            archived,
        )


def test_a_lost_bonus_that_looks_like_the_price_cannot_be_told(ask: Ask, submission: Submission) -> None:
    with pytest.raises(OutcomeUnknown):
        ask(pay(submission, 300), [order()], [], OutcomeUnknown("lost"), [order()])
