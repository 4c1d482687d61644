"""A bonus is set up and paid, in the amount that was asked for, within the budget, once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import SecretStr

from crowdhub import Money, Submission, Worker
from crowdhub.errors import (
    BudgetExceeded,
    Conflict,
    InsufficientFunds,
    InvalidRequest,
    OutcomeUnknown,
    UnreadableResponse,
)
from crowdhub.ledger import State
from crowdhub.protocol import Flow, Operation
from crowdhub.sandbox import Fault
from crowdhub_prolific import Prolific, ProlificSettings
from tests.prolific.conftest import DRAFT, Open, Place
from tests.support.by_hand import play

PAY = "/bulk-bonus-payments/[0-9a-f]+/pay/$"
POUND = Money("1.00", "GBP")
PROVIDER = Prolific(ProlificSettings(token=SecretStr("the-token"), workspace="w1"))
WORK = Submission(**PROVIDER.identity, id="s1", task_id="t1", worker=Worker(id="p1"))


def approved(place: Place) -> Submission:
    task = place.market.publish(DRAFT.copy_with(slots=1))
    place.side.hand_in(task.id)
    (work,) = place.market.submissions(task)
    return place.market.approve(work)


def paid(place: Place, work: Submission) -> list[int]:
    return [cents for cents, _ in place.side.submission(work.id).bonuses]


@pytest.mark.parametrize(("amount", "cents"), [("1.00", 100), ("0.07", 7), ("12", 1200), ("3.5", 350), ("0.100", 10)])
def test_it_is_paid_in_full_and_not_a_hundred_times(place: Place, amount: str, cents: int) -> None:
    work = approved(place)
    place.market.pay_bonus(work, Money(amount, "GBP"), "Good pictures", key="b")
    place.market.pay_bonus(work, Money(amount, "GBP"), "Good pictures", key="b")
    assert paid(place, work) == [cents]


def test_two_equal_ones_are_two(place: Place) -> None:
    work = approved(place)
    for key in ("first", "second"):
        place.market.pay_bonus(work, POUND, "Good pictures", key=key)
    assert paid(place, work) == [100, 100]


@pytest.mark.parametrize("told", [10_000, 1, None])
def test_what_was_set_up_otherwise_than_asked_is_not_paid(told: int | None) -> None:
    set_up = {"id": "b1", "amount": told, "total_amount": 10_000}
    with pytest.raises(UnreadableResponse, match="nothing was paid"):
        play(PROVIDER, PROVIDER.pay_bonus(WORK, POUND, "Good pictures"), [set_up])


def test_the_whole_price_is_asked_of_the_budget_between_the_steps(open_place: Open) -> None:
    place = open_place({"GBP": "3.40"})  # the study takes 2.04; a bonus of 1.00 takes 1.36 with fee and tax
    work = approved(place)
    with pytest.raises(BudgetExceeded) as caught:
        place.market.pay_bonus(work, Money("1.01", "GBP"), "Good pictures", key="much")
    assert caught.value.need == Money("1.37", "GBP")
    assert place.paths()[-1] == "POST /submissions/bonus-payments/"
    place.market.pay_bonus(work, POUND, "Good pictures", key="b")
    assert paid(place, work) == [100]
    amounts = {entry.key: entry.amount for entry in place.entries() if entry.state is State.DONE}
    assert amounts["b"] == Money("1.36", "GBP")


def test_a_lost_one_is_counted_and_not_paid_again(place: Place) -> None:
    work = approved(place)
    place.market.pay_bonus(work, POUND, "Good pictures", key="first")
    place.box.advance(minutes=10)  # an equal one of less before could be what is seen
    place.side.faults.add(Fault.drop("after"), path=PAY)
    assert place.market.pay_bonus(work, POUND, "Good pictures", key="b").replayed
    assert place.market.pay_bonus(work, POUND, "Good pictures", key="b").replayed
    assert paid(place, work) == [100, 100]
    assert place.side.books().agree()


def test_one_that_does_not_show_in_time_is_unknown_and_never_paid_again(open_place: Open) -> None:
    place = open_place(bonus_delay=3600)
    work = approved(place)
    place.side.faults.add(Fault.drop("after"), path=PAY)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown) as caught:
            place.market.pay_bonus(work, POUND, "Good pictures", key="b")
        assert f"the bonuses of submission {work.id}" in str(caught.value)
        place.box.advance(hours=2)
    assert paid(place, work) == [100]


@pytest.mark.parametrize(
    ("before", "after", "is_it"),
    [(0, [100], True), (1, [100, 50, 100], True), (0, [50], False), (1, [100], False)],
)
def test_it_is_told_by_one_more_of_its_amount(before: int, after: list[object], is_it: bool) -> None:
    _, found = play(PROVIDER, _find(before), [detail(after)])
    assert (found is not None) is is_it


@pytest.mark.parametrize(("before", "after"), [(0, [100, 100]), (None, [100]), (0, None), (0, ["much"])])
def test_what_cannot_be_told_by_counting_is_said(before: int | None, after: list[object] | None) -> None:
    answers = [] if before is None else [detail(after)]
    with pytest.raises((Conflict, UnreadableResponse)):
        play(PROVIDER, _find(before), answers)


def detail(bonuses: object) -> dict[str, object]:
    return {"id": "s1", "study_id": "t1", "participant": "p1", "status": "APPROVED", "bonus_payments": bonuses}


def _find(before: int | None) -> Operation[Submission | None] | Flow[Submission | None]:
    lookup = PROVIDER.pay_bonus(WORK, POUND, "Good pictures").taken().lookup
    assert lookup is not None
    assert lookup.find is not None
    return lookup.find(None, before)


def test_a_draft_bonus_goes_on_under_its_key(place: Place) -> None:
    work = approved(place)
    place.side.faults.add(Fault.status(400), path=PAY)
    with pytest.raises(InvalidRequest):
        place.market.pay_bonus(work, POUND, "Good pictures", key="b")
    place.market.pay_bonus(work, POUND, "Good pictures", key="b")
    assert paid(place, work) == [100]
    assert len(place.side.space.setups) == 1


def test_too_little_money(open_place: Open) -> None:
    place = open_place(balance="2.50")
    work = approved(place)
    with pytest.raises(InsufficientFunds):
        place.market.pay_bonus(work, POUND, "Good pictures", key="b")
    assert place.side.books().balance == Decimal("0.46")


def test_whole_pence_only(place: Place) -> None:
    work = approved(place)
    before = place.paths()
    with pytest.raises(InvalidRequest, match="decimals"):
        place.market.pay_bonus(work, Money("0.005", "GBP"), "Good pictures")
    with pytest.raises(InvalidRequest, match="GBP"):
        place.market.pay_bonus(work, Money("1", "USD"), "Good pictures")
    assert place.paths() == before
