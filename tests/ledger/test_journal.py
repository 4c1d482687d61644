"""Decisions survive a crash."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from crowdhub.ledger import Decided, Ledger, Noted, owner
from tests.support.hand_clock import HandClock

Given = tuple[str, str, str, str | None]

GIVEN: list[Given] = [("t", "1", "approve", "thanks"), ("t", "2", "reject", "empty"), ("u", "3", "redo", "once more")]


def crashed(ledger: Ledger, identity: dict[str, Any], given: Sequence[Given] = GIVEN) -> str:
    """A review whose process is gone."""
    review = ledger.journal.write(identity, given)
    ledger.leases.let_go(ledger.journal._holders.pop(review))
    return review


def open_entries(ledger: Ledger) -> list[Given]:
    return [(e.task_id, e.submission_id, str(e.verdict), e.comment) for r in ledger.journal.open() for e in r.entries]


def test_a_crash_leaves_what_had_no_outcome(ledger: Ledger, identity: dict[str, Any]) -> None:
    review = crashed(ledger, identity)
    assert open_entries(ledger) == GIVEN
    ledger.journal.outcome(review, [Noted(0, "approved"), Noted(2, "failed", "refused")])
    assert open_entries(ledger) == [GIVEN[1]]
    ledger.journal.outcome(review, [Noted(1, "already")])
    assert open_entries(ledger) == []


def test_a_review_under_way_is_left_alone(ledger: Ledger, identity: dict[str, Any]) -> None:
    review = ledger.journal.write(identity, GIVEN)
    assert ledger.journal.open() == ledger.journal.take_over() == []
    ledger.journal.outcome(review, [Noted(n, "approved") for n in range(3)])
    ledger.journal.close(review)
    assert ledger.journal.open() == []


def test_an_unknown_outcome_stays_open_with_its_words(ledger: Ledger, identity: dict[str, Any]) -> None:
    review = ledger.journal.write(identity, GIVEN)
    ledger.journal.outcome(review, [Noted(0, "approved"), Noted(1, "unknown", "look at 2"), Noted(2, "redo")])
    ledger.journal.close(review)
    (left,) = ledger.journal.open()
    assert [(each.submission_id, each.error) for each in left.entries] == [("2", "look at 2")]
    assert (left.account, left.environment) == ("acme", "sandbox")


def test_one_takes_over_and_only_one(
    ledger: Ledger, url: str, open_ledger: Callable[..., Ledger], clock: HandClock, identity: dict[str, Any]
) -> None:
    crashed(ledger, identity)
    crashed(ledger, {**identity, "account": "second"})
    other = open_ledger(url, clock=clock)
    (mine,) = other.journal.take_over(identity)
    assert ledger.journal.take_over(identity) == []
    other.journal.close(mine.id)
    assert len(ledger.journal.take_over()) == 2


def test_a_later_decision_about_the_same_work_wins(ledger: Ledger, identity: dict[str, Any], clock: HandClock) -> None:
    crashed(ledger, identity)
    clock.move(1)
    crashed(ledger, {**identity, "account": "second"})
    review = ledger.journal.write(identity, [("t", "1", "reject", "copied"), ("t", "9", "approve", None)])
    ledger.journal.outcome(review, [Noted(0, "rejected"), Noted(1, "approved")])
    ledger.journal.close(review)
    assert open_entries(ledger) == [*GIVEN[1:], *GIVEN]  # the other account's stay as they were


def test_an_outcome_once_noted_stays(ledger: Ledger, identity: dict[str, Any]) -> None:
    review = crashed(ledger, identity)
    ledger.journal.outcome(review, [Noted(0, "approved")])
    ledger.journal.outcome(review, [Noted(0, "unknown")])
    assert open_entries(ledger) == GIVEN[1:]


def test_another_machine_keeps_its_review_while_its_lease_lasts(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(owner.HERE, "new_holder", lambda: "another-machine/1/2/box/abc")
        ledger.journal.write(identity, GIVEN)
    clock.move(ledger.leases.seconds - 1)
    ledger.leases.renew(["another-machine/1/2/box/abc"])
    clock.move(ledger.leases.seconds - 1)
    assert ledger.journal.open() == []
    clock.move(2)
    assert len(ledger.journal.open()) == 1


def test_a_thousand_decisions_in_one_go(ledger: Ledger, identity: dict[str, Any]) -> None:
    review = crashed(ledger, identity, [("t", str(n), "approve", None) for n in range(1000)])
    ledger.journal.outcome(review, [Noted(n, "approved") for n in range(0, 1000, 2)])
    (left,) = ledger.journal.open()
    assert [each.submission_id for each in left.entries] == [str(n) for n in range(1, 1000, 2)]


@pytest.mark.parametrize("given", [[], [("t", "1", "approve", None)]])
def test_old_finished_reviews_are_compacted_away(
    ledger: Ledger, identity: dict[str, Any], clock: HandClock, given: list[Given]
) -> None:
    review = ledger.journal.write(identity, given)
    ledger.journal.outcome(review, [Noted(n, "approved") for n in range(len(given))])
    ledger.journal.close(review)
    crashed(ledger, identity)
    clock.move(10)
    ledger.report.compact(before=clock.now() - timedelta(seconds=1))
    assert open_entries(ledger) == GIVEN
    count = ledger.database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM crowdhub_review").scalar())
    assert count == 1


def test_the_options_of_a_decision_are_kept(ledger: Ledger, identity: dict[str, Any]) -> None:
    options = ({"provider": "x", "class": "Why", "category": "LOW_EFFORT"},)
    decided = [Decided("t", "1", "reject", "copied", options), Decided("t", "2", "approve")]
    review = ledger.journal.write(identity, decided)
    ledger.journal.close(review)
    (left,) = ledger.journal.open()
    assert [entry.options for entry in left.entries] == [options, ()]
