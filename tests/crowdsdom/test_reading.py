"""Jobs, tasks and dates as they come."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdhub.engine.http import Response
from crowdhub.errors import InvalidRequest
from crowdhub.protocol import FlowRun
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMSettings, wire

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2199, 1, 1))  # noqa: DTZ001 - made aware below


@settings(max_examples=60)
@given(
    MOMENTS,
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_every_javascript_date_is_the_moment_it_names(local, minutes):
    zone = timezone(timedelta(minutes=minutes))
    local = local.replace(microsecond=0, tzinfo=zone)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = (
        f"{DAYS[local.weekday()]} {MONTHS[local.month - 1]} {local.day:02d} {local.year} "
        f"{local.hour:02d}:{local.minute:02d}:{local.second:02d} GMT{sign}{hours:02d}{rest:02d} (XYZ)"
    )
    assert wire.moment(text) == local


@settings(max_examples=60)
@given(MOMENTS)
def test_every_iso_date_is_the_moment_it_names(moment):
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert wire.moment(moment.isoformat().replace("+00:00", "Z")) == moment


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["Mon Foo 99 2015 99:99:99 GMT"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["reward", "keywords", "createdAt", "expirationTime", "status", "maxTasks", "questionsType", "assignable"]
TASK_NAMES = ["answers", "submitTime", "contributorId", "status", "requesterFeedback"]


@settings(max_examples=80)
@given(st.dictionaries(st.sampled_from(NAMES), JSON), st.dictionaries(st.sampled_from(TASK_NAMES), JSON))
def test_nonsense_in_a_field_never_loses_the_record(job, task):
    provider = CrowdSDOM(CrowdSDOMSettings(access_token="t"))
    for flow, row in ((provider.tasks(), {**job, "id": "J"}), (provider.submissions("J"), {**task, "id": "S"})):
        run = FlowRun(flow)
        run.start()
        run.send(Response(200, content=json.dumps([row]).encode()))
        assert [each.id for each in run.result.items] == [row["id"]]
        assert run.result.unreadable == ()


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
def test_job_status(provider, play, job, status):
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
def test_task_status(provider, play, word, status):
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
def test_answers(answers, read):
    assert wire.answers_of(answers) == read


def test_the_answer_to_proof_is_the_text(provider, play):
    row = {"id": "S", "answers": [{"questionId": "proof", "answer": ["a red cat"]}]}
    _, page = play(provider.submissions("J"), [row])
    assert page.items[0].text == "a red cat"


@pytest.mark.parametrize("keywords", [["cats", "[ref ch-abcdef12]"], "cats, [ref ch-abcdef12]"])
def test_the_reference_is_taken_out_of_the_keywords(keywords):
    assert wire.keywords_of({"keywords": keywords}) == (["cats"], "ch-abcdef12")


def test_one_bad_record_does_not_lose_the_others(provider, play):
    _, page = play(provider.tasks(), [{"id": "A"}, {"title": "no id"}, "nonsense", {"id": "B"}])
    assert [each.id for each in page.items] == ["A", "B"]
    assert [each.records for each in page.unreadable] == [({"title": "no id"},), ("nonsense",)]


def test_lists_can_be_narrowed(provider, play):
    rows = [{"id": "1", "status": "submitted"}, {"id": "2", "status": "init"}]
    _, page = play(provider.submissions("J", wire.SubmissionStatus.PENDING), rows)
    assert [each.id for each in page.items] == ["1"]


@pytest.mark.parametrize("bad", ["", "../tasks", "a/b", "x?y", "%2e"])
def test_an_id_cannot_lead_elsewhere(provider, bad):
    with pytest.raises(InvalidRequest):
        FlowRun(provider.task(bad)).start()
