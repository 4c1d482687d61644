"""A bonus whose outcome nobody noted is looked for in the statement, and taken for paid only where that is certain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from crowdhub.errors import Conflict, InvalidRequest
from crowdhub.model import Money, Submission, SubmissionStatus, Worker
from crowdhub.protocol import Effect
from crowdhub_etxt import Etxt
from tests.etxt.conftest import Drive, Sent

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # the provider's present time
NOON = int(NOW.timestamp())
FIFTY = Money(50, "RUB")


def order(number: int = 70, **more: object) -> dict[str, object]:
    return {"id": number, "id_user": "5", "price": "300", "status": "4", **more}


def entry(number: int = 1, at: int = 0, **more: object) -> dict[str, object]:
    return {"id": number, "count": "-50", "id_user_to": "5", "date": str(NOON + at), **more}


def answers(
    *entries: object, now: int = NOON, others: Sequence[object] = (), archived: Sequence[object] = ()
) -> list[object]:
    """What the marketplace answers: the order, its time, the statement, the performer's orders."""
    given: list[object] = [[order()], {"id": 1, "balance": 900, "date": now}, list(entries)]
    return [*given, [order(), *others], list(archived)]


@pytest.fixture
def bare(provider: Etxt) -> Submission:
    """All that the ledger knows of a submission."""
    return Submission(id="70", task_id="70", **provider.identity, worker=Worker(id=""))


@pytest.mark.parametrize("at", [-1, 0, 1, 3599])
def test_the_only_entry_is_the_bonus(provider: Etxt, drive: Drive, sent: Sent, bare: Submission, at: int) -> None:
    found, calls = drive(provider.find_bonus(bare, FIFTY, "x", since=NOW), *answers(entry(8, at)))
    assert found is not None
    assert (found.id, found.worker.id, found.raw["bonus"]) == ("70", "5", {"statement": 8})
    assert (found.status, found.amount_paid) == (SubmissionStatus.APPROVED, Money(350, "RUB"))
    assert {call.effect for call in calls} == {Effect.READ}
    asked = sent(calls[2])
    assert (asked["date_from"], asked["date_to"]) == (str(NOON - 300), str(NOON + 3600))


@pytest.mark.parametrize(
    "rows", [[], [entry(id_user_to="6")], [entry(count="-49")], [entry(count=None)]], ids=["none", "who", "sum", "odd"]
)
def test_what_is_not_there_is_not_found(provider: Etxt, drive: Drive, bare: Submission, rows: Sequence[object]) -> None:
    found, _ = drive(provider.find_bonus(bare, FIFTY, "x", since=NOW), *answers(*rows)[:3])
    assert found is None


def test_the_commission_may_be_in_the_sum(provider: Etxt, drive: Drive, bare: Submission) -> None:
    found, _ = drive(provider.find_bonus(bare, FIFTY, "x", since=NOW), *answers(entry(count="-55", comission="5")))
    assert found is not None


@pytest.mark.parametrize(
    "rows",
    [[entry(1), entry(2, 1)], [entry(1, -60), entry(2)], [entry(1, -2)], [entry(1, -299)], [entry(date=None)]],
    ids=["two", "one before", "just before", "minutes before", "undated"],
)
def test_what_may_be_another_payment_is_a_conflict(
    provider: Etxt, drive: Drive, bare: Submission, rows: Sequence[object]
) -> None:
    with pytest.raises(Conflict):
        drive(provider.find_bonus(bare, FIFTY, "x", since=NOW), *answers(*rows)[:3])


@pytest.mark.parametrize("apart", [-3600, -30, 30, 3600])
def test_the_marketplaces_own_time_counts(provider: Etxt, drive: Drive, bare: Submission, apart: int) -> None:
    flow = provider.find_bonus(bare, FIFTY, "x", since=NOW)
    found, _ = drive(flow, *answers(entry(8, apart), now=NOON + apart))
    assert found is not None
    with pytest.raises(Conflict, match="earlier"):  # by our clock it would be after, or long before
        drive(provider.find_bonus(bare, FIFTY, "x", since=NOW), *answers(entry(8, apart - 20), now=NOON + apart)[:3])


def test_a_marketplace_that_does_not_tell_its_time(provider: Etxt, drive: Drive, bare: Submission) -> None:
    with pytest.raises(Conflict, match="time"):
        drive(provider.find_bonus(bare, FIFTY, "x", since=NOW), [order()], {"id": 1, "balance": 900})


@pytest.mark.parametrize("where", ["others", "archived"])
def test_a_performer_with_another_order(provider: Etxt, drive: Drive, bare: Submission, where: str) -> None:
    """The statement names no order: the payment may be for the other one."""
    more = [order(71)]
    given = answers(entry(), others=more) if where == "others" else answers(entry(), archived=more)
    with pytest.raises(Conflict, match="71"):
        drive(provider.find_bonus(bare, FIFTY, "x", since=NOW), *given)


def test_a_bonus_of_the_orders_own_price(provider: Etxt, drive: Drive, bare: Submission) -> None:
    with pytest.raises(Conflict):
        drive(provider.find_bonus(bare, Money(300, "RUB"), "x", since=NOW), [order()])


def test_without_a_moment_nothing_can_be_told(provider: Etxt, drive: Drive, bare: Submission) -> None:
    with pytest.raises(InvalidRequest, match="since"):
        drive(provider.find_bonus(bare, FIFTY, "x"))
