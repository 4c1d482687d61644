"""Keeping people out of later studies, writing to them, asking for a place back."""

from __future__ import annotations

import pytest

from crowdhub.errors import InvalidRequest, NotFound, OutcomeUnknown
from crowdhub.model import TaskStatus
from crowdhub.sandbox import Fault, SandboxError
from tests.prolific.conftest import DRAFT, Open, Place


def test_a_blocked_one_is_kept_out_of_later_studies_alone(place: Place) -> None:
    running = place.market.publish(DRAFT)
    work, other = place.side.hand_in(running.id, 2)
    place.market.block(work.participant)
    later = place.market.publish(DRAFT)
    with pytest.raises(SandboxError, match="not shown"):
        place.side.hand_in(later.id, participant=work.participant)
    place.side.hand_in(later.id, participant=other.participant)
    assert [each.id for each in place.market.blocked_workers()] == [work.participant]
    place.market.unblock(work.participant)
    place.side.hand_in(later.id, participant=work.participant)
    assert list(place.market.blocked_workers()) == []


def test_one_group_holds_all(place: Place) -> None:
    for each in ("a", "b", "a"):
        assert place.market.block(each).blocked
    assert {each.id for each in place.market.blocked_workers()} == {"a", "b"}
    assert len(place.side.space.groups) == 1


def test_a_group_that_was_made_twice_is_as_good_as_one(place: Place) -> None:
    place.side.faults.add(Fault.drop("after"), method="POST", path="/participant-groups/$")
    place.market.block("a")
    assert len(place.side.space.groups) == 2
    assert [each.id for each in place.market.blocked_workers()] == ["a"]
    task = place.market.publish(DRAFT)
    with pytest.raises(SandboxError):
        place.side.hand_in(task.id, participant="a")
    place.market.unblock("a")
    place.side.hand_in(task.id, participant="a")


def test_a_message_belongs_to_the_newest_study_that_he_took_part_in(place: Place) -> None:
    first, second, third = (place.market.publish(DRAFT) for _ in range(3))
    (work,) = place.side.hand_in(first.id)
    place.side.hand_in(second.id, participant=work.participant)
    assert third.status is TaskStatus.OPEN
    place.market.message(work.participant, "Thank you.")
    (letter,) = place.side.space.letters
    assert (letter.participant, letter.study, letter.body) == (work.participant, second.id, "Thank you.")


def test_a_message_to_a_stranger_is_not_sent(place: Place) -> None:
    place.market.publish(DRAFT)
    with pytest.raises(NotFound, match="took part in no study"):
        place.market.message("0123456789abcdef01234567", "Hello")
    assert "POST /messages/" not in place.paths()


def test_a_lost_message_is_not_written_again(place: Place) -> None:
    task = place.market.publish(DRAFT)
    (work,) = place.side.hand_in(task.id)
    place.side.faults.add(Fault.drop("after"), path="/messages/$")
    with pytest.raises(OutcomeUnknown, match="a message to the participant"):
        place.market.message(work.participant, "Thank you.")
    assert len(place.side.space.letters) == 1


def test_what_only_prolific_has(place: Place) -> None:
    task = place.market.publish(DRAFT)
    (work,) = place.side.hand_in(task.id)
    api = place.market.provider.api
    told = place.market.run(api.request_return(work.id, ["Withdrew consent"]))
    assert told["return_requested"] is not None
    assert work.reasons == ["Withdrew consent"]
    place.market.run(api.send_message(work.participant, "Thank you.", task.id))
    assert len(place.side.space.letters) == 1
    cost = place.market.run(api.cost(task.id))
    assert cost["rewards"] == {
        "rewards": {"amount": 450, "currency": "GBP"},
        "fees": {"amount": 135, "currency": "GBP"},
        "tax": {"amount": 27, "currency": "GBP"},
    }
    with pytest.raises(InvalidRequest):
        place.market.run(api.request_return(work.id, [" "]))
    with pytest.raises(InvalidRequest, match="draft"):
        place.market.run(api.delete_draft(task.id))


def test_a_draft_is_deleted(place: Place) -> None:
    place.side.faults.add(Fault.status(400), path="/transition/$")
    with pytest.raises(InvalidRequest):
        place.market.publish(DRAFT)
    (left,) = place.market.tasks(status="draft")
    place.market.run(place.market.provider.api.delete_draft(left.id))
    assert list(place.market.tasks()) == []


@pytest.mark.parametrize("empty_answers", [False, True])
def test_answers_that_say_nothing_are_good(open_place: Open, empty_answers: bool) -> None:
    place = open_place(empty_answers=empty_answers)
    task = place.market.publish(DRAFT)
    (work,) = place.side.hand_in(task.id)
    place.market.message(work.participant, "Thank you.")
    assert place.market.block(work.participant).blocked
