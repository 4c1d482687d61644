"""What is held, paid and given back, and calls that are not done twice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crowdhub_mturk.sandbox.till import fee_of
from tests.mturk.signed import HIT, Requester, mturk, requester

__all__ = ["mturk"]
NO_FUNDS = "AWS.MechanicalTurk.InsufficientFunds"


@pytest.mark.parametrize(
    ("slots", "reward", "cost"),
    [
        (3, "0.50", "1.80"),
        (9, "0.50", "5.40"),
        (10, "0.50", "7.00"),
        (1, "0.01", "0.02"),  # a cent is the least
        (1, "0.12", "0.14"),  # 2.4 cents
        (1, "0.13", "0.16"),  # 2.6 cents
        (1, "0.025", None),
        (1, "1.", "1.20"),
    ],
)
def test_a_hit_holds_its_rewards_and_fees(mturk: Requester, slots: int, reward: str, cost: str | None) -> None:
    if cost is None:
        assert mturk.refused("CreateHIT", **_hit(Reward=reward)).kind == "ValidationException"
        return
    hit = mturk.publish(MaxAssignments=slots, Reward=reward)
    assert mturk.balance() == (f"{100 - Decimal(cost):.2f}", cost)
    (charge,) = mturk.market.books().charges_for(hit)
    assert (charge.kind, charge.amount) == ("publish", Decimal(cost))


def test_half_a_cent_rounds_up() -> None:
    assert [fee_of(Decimal(each), Decimal("0.2")) for each in ("0.125", "0.12", "0.025")] == [
        Decimal("0.03"),
        Decimal("0.02"),
        Decimal("0.01"),
    ]


def test_masters_cost_five_percent_more(mturk: Requester) -> None:
    masters = {"QualificationTypeId": "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "Comparator": "Exists"}
    mturk.publish(MaxAssignments=1, Reward="1.00", QualificationRequirements=[masters])
    assert mturk.balance() == ("98.75", "1.25")


def test_approving_pays_out_of_the_hold_rejecting_gives_back_and_so_does_the_end(mturk: Requester) -> None:
    hit = mturk.publish()
    good, bad = mturk.market.hand_in(hit, 2)
    mturk.call("ApproveAssignment", AssignmentId=good)
    assert mturk.balance() == ("98.20", "1.20")
    mturk.call("RejectAssignment", AssignmentId=bad, RequesterFeedback="No.")
    assert mturk.balance() == ("98.80", "0.60")
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=1)
    assert mturk.balance() == ("99.40", "0.00")
    mturk.call("ApproveAssignment", AssignmentId=bad, OverrideRejection=True)
    assert mturk.balance() == ("98.80", "0.00")
    books = mturk.market.books()
    assert (books.paid_out, books.commission, books.held) == (Decimal(1), Decimal("0.20"), Decimal(0))
    assert books.agree()


def test_what_is_in_hands_at_the_end_is_given_back_when_it_is_returned(mturk: Requester) -> None:
    hit = mturk.publish()
    taken = mturk.market.accept(hit)
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=1)
    assert mturk.balance() == ("99.40", "0.60")
    mturk.market.give_back(taken)
    assert mturk.balance() == ("100.00", "0.00")


def test_opening_again_and_more_slots_hold_again(mturk: Requester) -> None:
    hit = mturk.publish()
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=1)
    mturk.call("CreateAdditionalAssignmentsForHIT", HITId=hit, NumberOfAdditionalAssignments=2)
    assert mturk.balance() == ("100.00", "0.00")
    later = mturk.box.clock.now().timestamp() + 3_600
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=later)
    assert mturk.balance() == ("97.00", "3.00")
    mturk.call("CreateAdditionalAssignmentsForHIT", HITId=hit, NumberOfAdditionalAssignments=1)
    assert mturk.balance() == ("96.40", "3.60")
    mturk.market.set_balance(0)
    more = {"HITId": hit, "NumberOfAdditionalAssignments": 1}
    assert mturk.refused("CreateAdditionalAssignmentsForHIT", **more).code == NO_FUNDS
    assert mturk.hit(hit)["MaxAssignments"] == 6


def test_nothing_is_made_without_the_money(mturk: Requester) -> None:
    refused = mturk.refused("CreateHIT", **_hit(MaxAssignments=100, Reward="1.00"))
    assert (refused.status, refused.kind, refused.code) == (400, "RequestError", NO_FUNDS)
    assert mturk.call("ListHITs")["NumResults"] == 0


def test_a_bonus_is_paid_at_once_with_twenty_percent_also_of_a_big_hit(mturk: Requester) -> None:
    hit = mturk.publish(MaxAssignments=10, Reward="0.10")
    work, other = mturk.market.hand_in(hit, 2)
    worker = mturk.market.assignment(work).worker
    before = Decimal(mturk.balance()[0])
    bonus = {"WorkerId": worker, "AssignmentId": work, "BonusAmount": "2.00", "Reason": "Well said."}
    mturk.call("SendBonus", **bonus)
    mturk.call("SendBonus", **bonus)  # another one: it has no token
    assert Decimal(mturk.balance()[0]) == before - Decimal("4.80")
    told = mturk.call("ListBonusPayments", HITId=hit)["BonusPayments"]
    assert told == mturk.call("ListBonusPayments", AssignmentId=work)["BonusPayments"]
    assert told[1] == {**bonus, "GrantTime": mturk.box.clock.now().timestamp()}
    assert mturk.call("ListBonusPayments", AssignmentId=other)["NumResults"] == 0
    assert mturk.refused("SendBonus", **{**bonus, "AssignmentId": other}).code is not None
    assert mturk.refused("SendBonus", **{**bonus, "BonusAmount": "0"}).code is not None
    mturk.market.set_balance("2.39")
    assert mturk.refused("SendBonus", **bonus).code == NO_FUNDS
    assert mturk.refused("ListBonusPayments").code == "AWS.MechanicalTurk.ParameterValidationError"
    assert mturk.market.books().agree()


def test_a_token_makes_one_hit_a_day(mturk: Requester) -> None:
    hit = mturk.publish(UniqueRequestToken="once")
    refused = mturk.refused("CreateHIT", **_hit(UniqueRequestToken="once", Title="Something else"))
    assert refused.code == "AWS.MechanicalTurk.HitAlreadyExists"
    assert hit in refused.words
    type_id = mturk.hit(hit)["HITTypeId"]
    again = {"HITTypeId": type_id, "LifetimeInSeconds": 60, "UniqueRequestToken": "once"}
    assert mturk.refused("CreateHITWithHITType", **again).code == "AWS.MechanicalTurk.HitAlreadyExists"
    mturk.box.advance(hours=23, minutes=59)
    assert mturk.refused("CreateHIT", **_hit(UniqueRequestToken="once")).code is not None
    mturk.box.advance(minutes=1)
    assert mturk.publish(UniqueRequestToken="once") != hit
    with requester(hit_already_exists="HITAlreadyExists") as older:
        older.publish(UniqueRequestToken="once")
        code = older.refused("CreateHIT", **_hit(UniqueRequestToken="once")).code
        assert code == "AWS.MechanicalTurk.HITAlreadyExists"


def test_a_token_is_not_used_up_by_what_was_refused(mturk: Requester) -> None:
    mturk.market.set_balance(1)
    assert mturk.refused("CreateHIT", **_hit(UniqueRequestToken="once")).code == NO_FUNDS
    mturk.market.set_balance(100)
    mturk.publish(UniqueRequestToken="once")


@pytest.mark.parametrize("words", ["token", "request id"])
def test_tokens_of_bonuses_and_extensions_are_refused_without_a_code(words: str) -> None:
    with requester(token_words=words) as mturk:
        hit = mturk.publish(UniqueRequestToken="once")
        (work,) = mturk.market.hand_in(hit)
        worker = mturk.market.assignment(work).worker
        bonus = {"WorkerId": worker, "AssignmentId": work, "BonusAmount": "1", "Reason": "Well said."}
        more = {"HITId": hit, "NumberOfAdditionalAssignments": 1}
        for operation, members in (("SendBonus", bonus), ("CreateAdditionalAssignmentsForHIT", more)):
            mturk.call(operation, **members, UniqueRequestToken="once")  # of another kind of call
            before = mturk.balance()
            refused = mturk.refused(operation, **members, UniqueRequestToken="once")
            assert (refused.status, refused.kind, refused.code) == (400, "RequestError", None)
            assert ('token "once" has already been processed' in refused.words) == (words == "token")
            assert mturk.balance() == before
        mturk.box.advance(hours=24)
        mturk.call("SendBonus", **bonus, UniqueRequestToken="once")
        assert mturk.call("ListBonusPayments", HITId=hit)["NumResults"] == 2


def _hit(**members: object) -> dict[str, object]:
    return {**HIT, **members}
