"""What is read from answers: lists with and without links, both shapes of a submission, errors in three shapes."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from crowdhub import Money
from crowdhub.errors import CrowdhubError, InsufficientFunds, InvalidRequest, NotFound, RateLimited
from crowdhub.model import Balance, SubmissionStatus, TaskStatus
from crowdhub.protocol import Call
from crowdhub_prolific import Prolific, ProlificSettings, wire
from tests.prolific.conftest import DRAFT, Open, Place
from tests.support.by_hand import play, response_of

PROVIDER = Prolific(ProlificSettings(token=SecretStr("the-token"), workspace="w1", project="p1"))


def test_the_token_travels_as_prolific_wants_it() -> None:
    signed = PROVIDER.sign(Call.get("/studies/"))
    assert signed.headers == {"Authorization": "Token the-token"}


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("behind_the_end", ["empty", "missing"])
@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_every_page_is_read(open_place: Open, links: bool, behind_the_end: str, count: int) -> None:
    place = open_place(rows=3, links=links, behind_the_end=behind_the_end)
    task = place.market.publish(DRAFT.copy_with(slots=9))
    made = place.side.hand_in(task.id, count)
    assert [each.id for each in place.market.submissions(task)] == [each.id for each in made]
    for _ in range(count):
        place.market.publish(DRAFT)
    assert len(list(place.market.tasks())) == count + 1


def test_a_list_that_knows_no_pages_is_read_once() -> None:
    """Where it has no links, only the next page can tell: here it is the first again."""
    study = {"id": "t1", "status": "ACTIVE"}
    _, first = play(PROVIDER, PROVIDER.tasks(), [{"results": [study]}])
    assert first.more is not None
    _, second = play(PROVIDER, first.more(), [{"results": [study]}])
    assert (list(second.items), second.more) == ([], None)


@pytest.mark.parametrize("unknown_study", ["empty", "missing"])
def test_a_study_that_is_not_there_is_not_found(open_place: Open, unknown_study: str) -> None:
    place = open_place(unknown_study=unknown_study)
    with pytest.raises(NotFound):
        list(place.market.submissions("0123456789abcdef01234567"))


def test_every_status_can_be_asked_for(place: Place) -> None:
    task = place.market.publish(DRAFT.copy_with(slots=9))
    place.side.reserve(task.id)
    place.side.time_out(place.side.reserve(task.id))
    place.side.give_back(place.side.reserve(task.id))
    handed_in = place.side.hand_in(task.id, 2)
    (work, _) = place.market.submissions(task, status="pending")
    place.market.approve(work)
    assert work.id == handed_in[0].id
    for status, count in {
        SubmissionStatus.IN_PROGRESS: 1,
        SubmissionStatus.PENDING: 1,
        SubmissionStatus.APPROVED: 1,
        SubmissionStatus.REJECTED: 0,
        SubmissionStatus.RETURNED: 1,
        SubmissionStatus.TIMED_OUT: 1,
        SubmissionStatus.SCREENED_OUT: 0,
    }.items():
        assert [each.status for each in place.market.submissions(task, status=status)] == [status] * count
    now = place.market.task(task)
    assert (now.in_progress, now.pending, now.approved, now.rejected, now.remaining) == (1, 1, 1, 0, 6)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("UNPUBLISHED", TaskStatus.DRAFT),
        ("scheduled", TaskStatus.DRAFT),
        ("PUBLISHING", TaskStatus.OPEN),
        ("ACTIVE", TaskStatus.OPEN),
        ("PAUSED", TaskStatus.PAUSED),
        ("AWAITING_REVIEW", TaskStatus.FULL),
        ("awaiting review", TaskStatus.FULL),
        ("COMPLETED", TaskStatus.COMPLETED),
        ("QUARANTINED", TaskStatus.UNKNOWN),
        (None, TaskStatus.UNKNOWN),
    ],
)
def test_words_of_a_study(word: str | None, status: TaskStatus) -> None:
    assert PROVIDER.to_task({"id": "t1", "status": word}).status is status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PARTIALLY APPROVED", SubmissionStatus.APPROVED),
        ("TIMED-OUT", SubmissionStatus.TIMED_OUT),
        ("TIMED_OUT", SubmissionStatus.TIMED_OUT),
        ("SCREENED OUT", SubmissionStatus.SCREENED_OUT),
        ("Awaiting Review", SubmissionStatus.PENDING),
        ("LOST", SubmissionStatus.UNKNOWN),
    ],
)
def test_words_of_a_submission(word: str, status: SubmissionStatus) -> None:
    row = {"id": "s1", "study_id": "t1", "participant": "p1", "status": word}
    assert wire.work(row, PROVIDER.identity).status is status


def test_a_row_and_a_detail_are_the_same_submission(place: Place) -> None:
    task = place.market.publish(DRAFT)
    place.side.hand_in(task.id)
    (row,) = place.market.submissions(task)
    detail = place.market.run(place.market.provider.state_of(row))
    assert detail is not None
    assert detail.copy_with(raw={}) == row.copy_with(raw={})
    assert (row.text, row.task_id) == ("C1", task.id)


@pytest.mark.parametrize("fractions", [False, True])
def test_the_balance_and_what_is_held_of_it(open_place: Open, fractions: bool) -> None:
    place = open_place(balance="100.00", fractions=fractions)
    place.market.publish(DRAFT)
    found = place.market.balance()
    assert found == Balance("93.88", "GBP")
    assert found.held == Money("4.50", "GBP")


@pytest.mark.parametrize("available", [None, 1200])
def test_a_balance_may_tell_its_total_alone(available: int | None) -> None:
    told = {"currency_code": "GBP", "total_balance": 1500, "available_balance": available}
    _, found = play(PROVIDER, PROVIDER.balance(), [told])
    assert isinstance(found, Balance)
    assert found == (Money("15", "GBP") if available is None else Money("12", "GBP"))
    assert found.held == (None if available is None else Money("3", "GBP"))


def error_of(status: int, body: object) -> CrowdhubError | None:
    return PROVIDER.error(Call.get("/"), response_of((status, body)))


INNER: dict[str, object] = {"status": 400, "error_code": 140001, "title": "Validation error"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": {**INNER, "detail": {"name": ["Too long.", "Too wide."]}}},
            "Validation error: name: Too long. Too wide.",
        ),
        ({**INNER, "detail": ["One.", "Two."]}, "Validation error: One.: Two."),
        ({"message": "Validation error", "detail": "It is wrong."}, "Validation error: It is wrong."),
        ({"error": {**INNER, "detail": "Validation error"}}, "Validation error"),
        ({"error": {**INNER, "detail": None, "additional_information": 7}}, "Validation error"),
    ],
)
def test_words_of_an_error(body: dict[str, object], words: str) -> None:
    error = error_of(400, body)
    assert isinstance(error, InvalidRequest)
    assert error.provider_message == words
    assert words in error.message


@pytest.mark.parametrize("words", ["Not enough funds", "Your balance is too low", "Please top up your account"])
def test_too_little_money(words: str) -> None:
    assert isinstance(error_of(400, {"error": {**INNER, "detail": words}}), InsufficientFunds)
    assert not isinstance(error_of(404, {"error": {**INNER, "detail": words}}), InsufficientFunds)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"no"', b"<html>", b'{"error": 7}', b'{"error": {}}', b'{"detail": {"a": 1}}']
)
def test_errors_without_words_go_by_their_status(body: bytes) -> None:
    assert isinstance(error_of(429, body), RateLimited)
    assert isinstance(error_of(404, body), NotFound)


@pytest.mark.parametrize("errors", ["wrapped", "bare", "message"])
def test_a_refusal_of_the_sandbox_is_read_in_each_shape(open_place: Open, errors: str) -> None:
    place = open_place(errors=errors, balance="0")
    with pytest.raises(InsufficientFunds, match="balance"):
        place.market.publish(DRAFT)


def test_places_taken_beyond_all_are_none_left() -> None:
    task = PROVIDER.to_task({"id": "t1", "status": "ACTIVE", "total_available_places": 2, "places_taken": 3})
    assert (task.remaining, task.status) == (0, TaskStatus.FULL)
