"""Jobs, tasks and dates as they come."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from crowdhub.errors import InvalidRequest
from crowdhub.model import SubmissionStatus
from crowdhub.protocol import Operation, Page
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMSettings, wire
from tests.support.by_hand import Play, first_call
from tests.support.by_hand import play as played

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2199, 1, 1))  # noqa: DTZ001 - made aware below


@settings(max_examples=60, deadline=None)
@given(
    MOMENTS,
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_every_javascript_date_is_the_moment_it_names(local: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    local = local.replace(microsecond=0, tzinfo=zone)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = (
        f"{DAYS[local.weekday()]} {MONTHS[local.month - 1]} {local.day:02d} {local.year} "
        f"{local.hour:02d}:{local.minute:02d}:{local.second:02d} GMT{sign}{hours:02d}{rest:02d} (XYZ)"
    )
    assert wire.moment(text) == local


@settings(max_examples=60, deadline=None)
@given(MOMENTS)
def test_every_iso_date_is_the_moment_it_names(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert wire.moment(moment.isoformat().replace("+00:00", "Z")) == moment


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["Mon Foo 99 2015 99:99:99 GMT"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["reward", "keywords", "createdAt", "expirationTime", "status", "maxTasks", "questionsType", "assignable"]
TASK_NAMES = ["answers", "submitTime", "contributorId", "status", "requesterFeedback"]


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), JSON), st.dictionaries(st.sampled_from(TASK_NAMES), JSON))
def test_nonsense_in_a_field_never_loses_the_record(job: dict[str, Any], task: dict[str, Any]) -> None:
    provider = CrowdSDOM(CrowdSDOMSettings(access_token=SecretStr("t")))
    listings: list[tuple[Operation[Page[Any]], dict[str, Any]]] = [
        (provider.tasks(), {**job, "id": "J"}),
        (provider.submissions("J"), {**task, "id": "S"}),
    ]
    for operation, row in listings:
        _, page = played(provider, operation, [[row]])
        assert [each.id for each in page.items] == [row["id"]]
        assert page.unreadable == ()


@pytest.mark.parametrize(
    ("job", "status"),
    [
        ({"status": "assignable"}, "open"),
        ({"status": "assignable", "numberOfTasksAvailable": 0}, "open"),
        ({"status": "unassignable"}, "full"),
        ({"status": "disposed"}, "cancelled"),
        ({"status": "completed", "assignable": False}, "completed"),
        ({"status": "unreviewable", "assignable": True, "numberOfTasksAvailable": 2}, "open"),
        ({"status": "reviewable", "assignable": True, "numberOfTasksAvailable": 2}, "open"),
        ({"status": "reviewable", "assignable": False, "numberOfTasksAvailable": 0}, "full"),
        ({"status": "reviewable", "assignable": False, "numberOfTasksAvailable": 1}, "expired"),
        ({"status": "x", "assignable": False, "numberOfTasksAvailable": 1, "numberOfTasksPending": 1}, "unknown"),
        ({"status": "reviewable", "assignable": False, "numberOfTasksAvailable": 1, "numberOfTasksPending": 1}, "full"),
        ({"status": "unreviewable", "numberOfTasksAvailable": 0}, "full"),
        ({"status": "brand-new-word"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_job_status(provider: CrowdSDOM, play: Play, job: dict[str, Any], status: str) -> None:
    _, task = play(provider.task("J"), {"id": "J", **job})
    assert task.status == status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("init", "in_progress"),
        ("returned", "returned"),
        ("submitted", "pending"),
        ("approved", "approved"),
        ("rejected", "rejected"),
        ("brand-new-word", "unknown"),
    ],
)
def test_task_status(provider: CrowdSDOM, play: Play, word: str, status: str) -> None:
    _, page = play(provider.submissions("J"), [{"id": "S", "status": word}])
    assert page.items[0].status == status


@pytest.mark.parametrize(
    ("answers", "read"),
    [
        ([{"questionId": "sentiment", "answer": ["positive"]}], {"sentiment": ["positive"]}),
        ([{"questionId": "a", "answer": "plain"}], {"a": ["plain"]}),
        ([{"questionId": "a", "answer": ["x"]}, {"questionId": "a", "answer": ["y"]}], {"a": ["x", "y"]}),
        ([{"status": "success"}], [{"status": "success"}]),
        (
            [{"questionId": "a", "answer": ["x"]}, {"status": "ok"}],
            [{"questionId": "a", "answer": ["x"]}, {"status": "ok"}],
        ),
        ({"free": "form"}, {"free": "form"}),
        ([], None),
        (None, None),
    ],
)
def test_answers(answers: object, read: object) -> None:
    assert wire.answers_of(answers) == read


def test_the_answer_to_proof_is_the_text(provider: CrowdSDOM, play: Play) -> None:
    row = {"id": "S", "answers": [{"questionId": "proof", "answer": ["a red cat"]}]}
    _, page = play(provider.submissions("J"), [row])
    assert page.items[0].text == "a red cat"


@pytest.mark.parametrize("keywords", [["cats", "[ref ch-abcdef12]"], "cats, [ref ch-abcdef12]"])
def test_the_reference_is_taken_out_of_the_keywords(keywords: list[str] | str) -> None:
    assert wire.keywords_of({"keywords": keywords}) == (["cats"], "ch-abcdef12")


def test_one_bad_record_does_not_lose_the_others(provider: CrowdSDOM, play: Play) -> None:
    _, page = play(provider.tasks(), [{"id": "A"}, {"title": "no id"}, "nonsense", {"id": "B"}])
    assert [each.id for each in page.items] == ["A", "B"]
    assert [each.records for each in page.unreadable] == [({"title": "no id"},), ("nonsense",)]


def test_only_pending_work_is_approved_by_itself(provider: CrowdSDOM, play: Play) -> None:
    rows = [
        {"id": "1", "status": "submitted", "autoApprovalTime": "Mon Oct 26 2015 07:17:24 GMT+0800 (CST)"},
        {"id": "2", "status": "approved", "autoApprovalTime": "2015-11-04T09:44:33.434Z"},
        {"id": "3", "status": "submitted"},
    ]
    _, page = play(provider.submissions("J"), rows)
    assert [each.auto_approves_at for each in page.items] == [
        datetime(2015, 10, 25, 23, 17, 24, tzinfo=UTC),
        None,
        None,
    ]


def test_lists_can_be_narrowed(provider: CrowdSDOM, play: Play) -> None:
    rows = [{"id": "1", "status": "submitted"}, {"id": "2", "status": "init"}]
    _, page = play(provider.submissions("J", SubmissionStatus.PENDING), rows)
    assert [each.id for each in page.items] == ["1"]
    assert (page.total, page.records) == (1, 2)


@pytest.mark.parametrize("bad", ["", "../tasks", "a/b", "x?y", "%2e"])
def test_an_id_cannot_lead_elsewhere(provider: CrowdSDOM, bad: str) -> None:
    with pytest.raises(InvalidRequest):
        first_call(provider.task(bad))
