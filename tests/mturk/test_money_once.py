"""A lost answer is sent again under its token for a day; what was done is found; two wishes are two payments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crowdhub import Decision, Money, Submission, Worker
from crowdhub.errors import Conflict, InsufficientFunds, OutcomeUnknown
from crowdhub.operations.spending.publishing import with_reference
from tests.mturk.conftest import DRAFT, HIT, mturk, request_error, sent
from tests.support.by_hand import Prepared
from tests.support.hand_clock import HandClock


class Crash(Exception): ...


LOST = httpx.ReadError("gone")
EXISTS = request_error("HitAlreadyExists", f"The HIT with this token exists: {HIT['HITId']}")
PROCESSED = request_error(None, 'The idempotency token "…" has already been processed.')
EMPTY: dict[str, Any] = {"HITs": []}
BALANCE = {"AvailableBalance": "10.00", "OnHoldBalance": "0.00"}
WORK = Submission(**mturk().identity, id="3ASSIGNMENT", task_id=HIT["HITId"], worker=Worker(id="AWORKER"))
ONE = Money("1.00", "USD")


def bonus(amount: str = "1.00", reason: str = "Well done.", at: float = 1_768_467_600) -> dict[str, Any]:
    return {
        "WorkerId": "AWORKER",
        "BonusAmount": amount,
        "AssignmentId": "3ASSIGNMENT",
        "Reason": reason,
        "GrantTime": at,
    }


def paid(*bonuses: dict[str, Any]) -> dict[str, Any]:
    return {"NumResults": len(bonuses), "BonusPayments": list(bonuses)}


def test_a_lost_publish_is_sent_again_under_its_token_and_found(prepared: Prepared) -> None:
    account = prepared(LOST, EXISTS, {"HIT": HIT})
    task = account.publish(DRAFT)
    assert (task.id, task.replayed) == (HIT["HITId"], True)
    assert [each.operation for each in account.calls] == ["CreateHIT", "CreateHIT", "GetHIT"]
    assert sent(account.calls[0]) == sent(account.calls[1])
    (entry,) = account.ledger.report.entries()
    assert (entry.state, entry.charged) == ("done", None), "the lost attempt took the money"


def test_a_lost_publish_that_did_nothing_is_done_by_the_second_attempt(prepared: Prepared) -> None:
    account = prepared(LOST, {"HIT": HIT})
    assert not account.publish(DRAFT).replayed
    assert len(account.calls) == 2


def test_a_publish_is_not_sent_again_after_a_day(prepared: Prepared, clock: HandClock) -> None:
    draft = with_reference(mturk(), DRAFT, "k")
    marked = HIT | {"RequesterAnnotation": f"[ref {draft.reference}]"}
    account = prepared(EMPTY, BALANCE, *[LOST] * 5, *[EMPTY] * 4)
    with pytest.raises(OutcomeUnknown):
        account.publish(draft, key="k")
    creates = [each for each in account.calls if each.operation == "CreateHIT"]
    assert len(creates) == 5
    clock.sleep(timedelta(hours=24).total_seconds())
    later = prepared({"HITs": [marked]})
    assert later.publish(draft, key="k").id == HIT["HITId"]
    assert "CreateHIT" not in [each.operation for each in later.calls]


def test_within_the_day_the_same_key_sends_it_again(prepared: Prepared, clock: HandClock) -> None:
    draft = with_reference(mturk(), DRAFT, "k")
    marked = HIT | {"RequesterAnnotation": f"[ref {draft.reference}]"}
    account = prepared(EMPTY, BALANCE, *[LOST] * 5, *[EMPTY] * 4)
    with pytest.raises(OutcomeUnknown):
        account.publish(draft, key="k")
    clock.sleep(timedelta(hours=22).total_seconds())
    later = prepared(EXISTS, {"HIT": marked})
    assert later.publish(draft, key="k").id == HIT["HITId"]
    assert [each.operation for each in later.calls] == ["CreateHIT", "GetHIT"]


def test_a_lost_bonus_that_was_processed_was_paid(prepared: Prepared) -> None:
    account = prepared(LOST, PROCESSED, paid(bonus()))
    done = account.pay_bonus(WORK, ONE, "Well done.", key="k")
    assert (done.amount_paid, done.replayed) == (ONE, True)
    first, again, _ = map(sent, account.calls)
    assert first == again
    assert first["UniqueRequestToken"].startswith("ch-")
    (entry,) = account.ledger.report.entries()
    assert (entry.state, entry.amount) == ("done", Money("1.20", "USD")), "with its fee"


def test_a_token_that_paid_something_else_is_not_this_bonus(prepared: Prepared) -> None:
    """A key that was used for another bonus, by a program whose ledger is gone."""
    account = prepared(PROCESSED, *[paid(bonus("2.00"))] * 5)
    with pytest.raises(OutcomeUnknown):
        account.pay_bonus(WORK, ONE, "Well done.", key="k")
    assert [each.operation for each in account.calls].count("SendBonus") == 1


def test_an_uncoded_refusal_after_our_own_lost_attempt_is_looked_at(prepared: Prepared) -> None:
    account = prepared(LOST, request_error(None, "Something new."), paid(bonus()))
    assert account.pay_bonus(WORK, ONE, "Well done.", key="k").replayed
    account = prepared(LOST, request_error(None, "Something new."), *[paid()] * 4)
    with pytest.raises(OutcomeUnknown):
        account.pay_bonus(WORK, ONE, "Well done.", key="k2")


def test_a_refusal_of_the_first_attempt_is_one(prepared: Prepared) -> None:
    account = prepared(request_error("InsufficientFunds"))
    with pytest.raises(InsufficientFunds):
        account.pay_bonus(WORK, ONE, "Well done.")


def test_two_equal_bonuses_are_two(prepared: Prepared) -> None:
    account = prepared({}, {}, {}, {})
    for key in (None, None, "a", "b", "a"):
        account.pay_bonus(WORK, ONE, "Well done.", key=key)
    tokens = [sent(each)["UniqueRequestToken"] for each in account.calls]
    assert len(set(tokens)) == 4


def test_of_several_equal_bonuses_a_lost_one_is_not_guessed(prepared: Prepared) -> None:
    account = prepared(*[LOST] * 5, *[paid(bonus(), bonus())] * 4)
    with pytest.raises(OutcomeUnknown):
        account.pay_bonus(WORK, ONE, "Well done.")


def test_an_earlier_equal_bonus_is_not_taken_for_a_lost_one(prepared: Prepared) -> None:
    account = prepared(*[LOST] * 5, *[paid(bonus(at=1_768_467_600 - 3600))] * 4)
    with pytest.raises(OutcomeUnknown):
        account.pay_bonus(WORK, ONE, "Well done.")


def test_the_worker_is_asked_for_where_only_the_work_is_known(prepared: Prepared) -> None:
    known = {"Assignment": {"AssignmentId": "3ASSIGNMENT", "WorkerId": "AWORKER"}}
    account = prepared(known, {})
    account.pay_bonus(WORK.copy_with(worker=Worker(id="")), ONE, "Well done.")
    assert sent(account.calls[1])["WorkerId"] == "AWORKER"


def test_a_lost_extension_that_was_processed_was_done(prepared: Prepared) -> None:
    grown = HIT | {"MaxAssignments": 5}
    account = prepared({"HIT": HIT}, {"HIT": HIT}, LOST, PROCESSED, {"HIT": grown})
    task = account.extend(HIT["HITId"], 2, key="k")
    assert (task.slots, task.replayed) == (5, True)
    (entry,) = account.ledger.report.entries()
    assert (entry.state, entry.amount) == ("done", Money("1.20", "USD"))


@pytest.mark.parametrize(("now", "found"), [(5, True), (3, False), (4, False), (7, False)])
def test_a_lost_extension_is_told_by_how_many_places_there_are(prepared: Prepared, now: int, found: bool) -> None:
    after = {"HIT": HIT | {"MaxAssignments": now}}
    account = prepared({"HIT": HIT}, {"HIT": HIT}, *[LOST] * 5, *[after] * 4)
    if found:
        assert account.extend(HIT["HITId"], 2, key="k").slots == 5
    else:
        with pytest.raises(OutcomeUnknown):
            account.extend(HIT["HITId"], 2, key="k")


def test_throttling_is_waited_for(prepared: Prepared) -> None:
    throttled = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
    account = prepared(*[throttled] * 6, {"HIT": HIT})
    assert account.publish(DRAFT).id == HIT["HITId"]
    assert len(account.calls) == 7


def test_a_crossed_decision_is_a_conflict(prepared: Prepared) -> None:
    refused = request_error("InvalidAssignmentState", "This operation can be called with a status of: Submitted")
    rejected = {"Assignment": {"AssignmentId": "3ASSIGNMENT", "WorkerId": "AW", "AssignmentStatus": "Rejected"}}
    account = prepared(refused, rejected)
    with pytest.raises(Conflict, match="already rejected"):
        account.settle(Decision.approve(WORK))
    account = prepared(refused, rejected)
    assert account.settle(Decision.reject(WORK, "Not legible.")).replayed


def test_an_extension_that_a_program_ended_in_goes_on_under_its_token(prepared: Prepared) -> None:
    """More places and more time: what a later program sends first is what took the money."""
    until = datetime(2026, 2, 1, tzinfo=UTC)
    first = prepared({"HIT": HIT}, {"HIT": HIT}, Crash())
    with pytest.raises(Crash):
        first.extend(HIT["HITId"], 2, key="k", until=until)
    grown = HIT | {"MaxAssignments": 5, "Expiration": until.timestamp()}
    later = prepared({"HIT": grown}, {"HIT": grown}, PROCESSED, {}, {"HIT": grown})
    task = later.extend(HIT["HITId"], 2, key="k", until=until)
    assert (task.slots, task.expires_at) == (5, until)
    assert sent(first.calls[-1]) == sent(later.calls[2])
    (entry,) = later.ledger.report.entries()
    assert (entry.state, entry.amount) == ("done", Money("1.20", "USD"))


def test_a_bonus_of_minutes_before_is_not_taken_for_one_that_was_never_paid(
    prepared: Prepared, clock: HandClock
) -> None:
    """Both are wanted, equal, and for the same work; the marketplace's clock may be some minutes behind."""
    first = prepared({})
    first.pay_bonus(WORK, ONE, "Well done.", key="one")
    clock.sleep(180)
    second = prepared(*[LOST] * 5, *[paid(bonus(at=clock.now().timestamp() - 180))] * 4)
    with pytest.raises(OutcomeUnknown):
        second.pay_bonus(WORK, ONE, "Well done.", key="two")
