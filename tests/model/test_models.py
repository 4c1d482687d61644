import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crowdhub import Capability, Decision, File, Money, ReviewReport, Submission, Task, TaskDraft, Worker
from crowdhub.errors import InvalidRequest, NotFound
from crowdhub.model import Outcome, Result, SubmissionStatus, TaskStatus, Verdict, country_code
from crowdhub.model.task import ProviderOptions
from crowdhub_rapidworkers import RapidWorkersOptions

WHERE = {"provider": "p", "account": "a", "environment": "sandbox"}
TASK = Task(
    **WHERE,
    id="t1",
    title="Title",
    reward=Money("2.50", "USD"),
    status="open",
    slots=10,
    success_rate=Decimal(40),
    created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    charged=Money(27, "USD"),
    raw={"jobPay": "2.50", "unheard_of": [1, {"deep": None}]},
)
SUBMISSION = Submission(
    **WHERE,
    id="7",
    task_id="t1",
    worker=Worker(id="w1", name="Ann", approval_rate=Decimal("85.5"), raw={"userId": "w1"}),
    status="pending",
    submitted_at="2026-01-02T03:04:05+02:00",
    text="done",
    files=[File(id="i1", url="https://example.com/1.png", thumbnail_url="https://example.com/t.png")],
    answers={"q1": ["yes"]},
    quality={"unique": Decimal("99.5")},
    amount_paid=Money(1, "USD"),
    raw={"submissionId": 7},
)


@pytest.mark.parametrize("value", [TASK, SUBMISSION, SUBMISSION.worker, Decision.reject(SUBMISSION, "why")])
def test_models_survive_json_dumps_and_pickle(value):
    kind = type(value)
    assert kind.model_validate(value.model_dump()) == value
    assert kind.model_validate_json(value.model_dump_json()) == value
    assert kind.model_validate(json.loads(value.model_dump_json())) == value
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", [TASK, SUBMISSION, SUBMISSION.worker, SUBMISSION.files[0]])
def test_models_are_frozen_and_can_be_put_into_a_set(value):
    with pytest.raises(ValidationError):
        value.id = "other"
    same = type(value).model_validate(value.model_dump())
    assert same is not value
    assert {value, same} == {value}
    changed = value.copy_with(id="other")
    assert (changed.id, value.id) != (value.id, changed.id)
    assert changed != value


def test_a_changed_state_is_unequal_but_the_same_key_in_a_set_of_ids():
    approved = SUBMISSION.copy_with(status=SubmissionStatus.APPROVED)
    assert approved != SUBMISSION
    assert hash(approved) == hash(SUBMISSION)


def test_raw_is_kept_as_it_came_and_out_of_the_repr():
    assert TASK.raw["unheard_of"] == [1, {"deep": None}]
    assert "unheard_of" not in repr(TASK)
    assert "raw" in TASK.model_dump()


@given(st.text())
def test_a_new_word_for_a_status_breaks_nothing(word):
    for kind in (TaskStatus, SubmissionStatus):
        known = word in [each.value for each in kind]
        assert kind(word).value == (word if known else "unknown")
    assert Task(**WHERE, id="t", status=word).status in TaskStatus


@pytest.mark.parametrize("odd", [None, 7, True, ["open"], "Open "])
def test_a_status_of_a_wrong_type_is_unknown(odd):
    assert TaskStatus(odd) is TaskStatus.UNKNOWN if not isinstance(odd, list) else True
    assert Task(**WHERE, id="t", status=odd).status is TaskStatus.UNKNOWN


def test_which_states_have_ended():
    assert {each for each in TaskStatus if each.ended} == {
        TaskStatus.COMPLETED,
        TaskStatus.CANCELLED,
        TaskStatus.EXPIRED,
    }


def test_every_moment_is_aware():
    naive = Submission(**WHERE, id="1", task_id="t", worker=Worker(id="w"), submitted_at="2026-01-02T03:04:05")
    assert naive.submitted_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert SUBMISSION.submitted_at == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)
    for model in (TASK, SUBMISSION, naive):
        for value in dict(model).values():
            assert not isinstance(value, datetime) or value.tzinfo is not None


def test_an_own_naive_deadline_is_refused_rather_than_guessed():
    with pytest.raises(InvalidRequest, match=r"deadline.*timezone"):
        TaskDraft(title="t", deadline=datetime(2026, 1, 1))  # noqa: DTZ001
    assert TaskDraft(deadline=timedelta(days=1)).deadline == timedelta(days=1)
    ahead = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=3)))
    assert TaskDraft(deadline=ahead).deadline == ahead


def test_an_unknown_field_is_named_with_the_nearest_right_one():
    with pytest.raises(InvalidRequest) as caught:
        TaskDraft(titel="t", slotz=3, reward=Money(1, "USD"), quite_different=1)
    faults = dict(caught.value.issues)
    assert set(faults) == {"titel", "slotz", "quite_different"}
    assert "did you mean 'title'?" in faults["titel"]
    assert "did you mean 'slots'?" in faults["slotz"]
    assert "did you mean" not in faults["quite_different"]


def test_all_faults_of_a_draft_come_at_once_and_without_the_input():
    with pytest.raises(InvalidRequest) as caught:
        TaskDraft(title=["secret-value"], slots="many", reward="free", deadline="soon")
    assert {fault.where.split(".")[0] for fault in caught.value.issues} == {"title", "slots", "reward", "deadline"}
    assert "secret-value" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_an_unknown_option_is_an_error_and_options_for_others_are_fine():
    with pytest.raises(InvalidRequest, match=r"categoy: there is no such field.*did you mean 'category'"):
        RapidWorkersOptions(categoy="Survey")

    class Elsewhere(ProviderOptions):
        provider = "elsewhere"
        size: int = 1

    draft = TaskDraft(title="t", options=[Elsewhere(size=3), RapidWorkersOptions(category="Survey")])
    assert draft.options_for("rapidworkers").category == "Survey"
    assert draft.options_for("elsewhere").size == 3
    assert draft.options_for("nowhere") is None
    assert draft.model_dump()["options"][0] == {"size": 3}


def test_countries_become_codes_and_what_is_none_stays_to_be_named():
    draft = TaskDraft(countries=["United States", "gb", "DEU", "Atlantis"])
    assert draft.countries == ("US", "GB", "DE", "Atlantis")
    assert country_code(" Germany ") == "DE"
    assert country_code("") is None
    assert country_code("XX") is None


def test_an_image_is_bytes_or_a_path_and_not_in_the_repr():
    assert TaskDraft(image="pictures/a.png").image == Path("pictures/a.png")
    draft = TaskDraft(image=b"\x89PNG secret pixels")
    assert draft.image == b"\x89PNG secret pixels"
    assert "pixels" not in repr(draft)


def test_a_draft_is_frozen_and_pickles():
    draft = TaskDraft(title="t", reward=Money(1, "USD"), options=[RapidWorkersOptions(category="x")], image=b"\x89PNG")
    with pytest.raises(ValidationError):
        draft.title = "other"
    assert pickle.loads(pickle.dumps(draft)) == draft
    assert draft.copy_with(slots=2).slots == 2
    assert draft.slots == 1


def test_decisions_say_what_and_why():
    assert Decision.approve(SUBMISSION).words is None
    assert Decision.approve(SUBMISSION, note="thanks").words == "thanks"
    assert Decision.reject(SUBMISSION, reason="no").verdict is Verdict.REJECT
    assert Decision.request_redo(SUBMISSION, reason="again").verdict is Verdict.REDO
    with pytest.raises(InvalidRequest, match="submission"):
        Decision.approve("7")


def test_a_report_counts_and_shows_what_needs_another_look():
    decisions = [Decision.approve(SUBMISSION.copy_with(id=str(n))) for n in range(3)]
    outcomes = (
        Outcome(decision=decisions[0], result=Result.APPROVED),
        Outcome(decision=decisions[1], result=Result.FAILED, error=NotFound("gone")),
        Outcome(decision=decisions[2], result=Result.UNKNOWN),
    )
    report = ReviewReport(outcomes=outcomes, requests=3)
    assert report.count("approved") == report.count(Result.FAILED) == 1
    assert [each.decision for each in report.failures] == decisions[1:]
    assert report.summary() == {"approved": 1, "failed": 1, "unknown": 1}
    assert pickle.loads(pickle.dumps(report)).summary() == report.summary()


def test_capabilities_tell_the_supported_ones_and_why_not_the_others():
    from crowdhub_rapidworkers import RapidWorkers

    able = RapidWorkers.capabilities()
    assert Capability.BULK_REVIEW in able
    assert "bulk_review" in able
    assert Capability.CANCEL not in able
    assert "no such thing" not in able
    assert set(able) | set(able.missing()) == set(Capability)
    assert not set(able) & set(able.missing())
    assert all(able.missing().values())
    assert able[Capability.CANCEL].reason
    assert not able["cancel"]
    assert len(able) == len(list(able))
    assert "cancel" not in repr(able).split(", ")
    with pytest.raises((KeyError, ValueError)):
        able["no such thing"]
