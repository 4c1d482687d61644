from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from crowdhub import Capability, Decision, File, Money, ReviewReport, Submission, Task, TaskDraft, Worker
from crowdhub.errors import InvalidRequest, NotFound
from crowdhub.model import (
    Outcome,
    ProviderOptions,
    Result,
    SubmissionStatus,
    Support,
    TaskStatus,
    Verdict,
    country_code,
)
from crowdhub.model.frozen import FrozenDict
from crowdhub.protocol import Identity
from crowdhub_rapidworkers import RapidWorkersOptions

M = TypeVar("M", bound=BaseModel)
WHERE: Identity = {"provider": "p", "account": "a", "environment": "sandbox"}


def made(kind: type[M], **fields: Any) -> M:
    """A model from what a type checker would refuse: an answer's texts, an application's mistakes."""
    return kind(**fields)


TASK = made(
    Task,
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
SUBMISSION = made(
    Submission,
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
def test_models_survive_json_dumps_and_pickle(value: BaseModel) -> None:
    kind = type(value)
    assert kind.model_validate(value.model_dump()) == value
    assert kind.model_validate_json(value.model_dump_json()) == value
    assert kind.model_validate(json.loads(value.model_dump_json())) == value
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", [TASK, SUBMISSION, SUBMISSION.worker, SUBMISSION.files[0]])
def test_models_are_frozen_and_can_be_put_into_a_set(value: Any) -> None:
    with pytest.raises(ValidationError):
        value.id = "other"
    kind = cast("type[BaseModel]", type(value))
    same: Any = kind.model_validate(value.model_dump())
    assert same is not value
    assert {value, same} == {value}
    changed = value.copy_with(id="other")
    assert (changed.id, value.id) != (value.id, changed.id)
    assert changed != value


def test_a_changed_state_is_unequal_but_the_same_key_in_a_set_of_ids() -> None:
    approved = SUBMISSION.copy_with(status=SubmissionStatus.APPROVED)
    assert approved != SUBMISSION
    assert hash(approved) == hash(SUBMISSION)


def test_raw_is_kept_as_it_came_and_out_of_the_repr() -> None:
    assert TASK.raw["unheard_of"] == [1, {"deep": None}]
    assert "unheard_of" not in repr(TASK)
    assert "raw" in TASK.model_dump()


@given(st.text())
def test_a_new_word_for_a_status_breaks_nothing(word: str) -> None:
    kinds: list[type[TaskStatus | SubmissionStatus]] = [TaskStatus, SubmissionStatus]
    for kind in kinds:
        known = word in [each.value for each in kind]
        assert kind(word).value == (word if known else "unknown")
    assert made(Task, **WHERE, id="t", status=word).status in TaskStatus


@pytest.mark.parametrize("odd", [None, 7, True, ["open"], "Open "])
def test_a_status_of_a_wrong_type_is_unknown(odd: Any) -> None:
    assert TaskStatus(odd) is TaskStatus.UNKNOWN if not isinstance(odd, list) else True
    assert made(Task, **WHERE, id="t", status=odd).status is TaskStatus.UNKNOWN


def test_which_states_have_ended() -> None:
    assert {each for each in TaskStatus if each.ended} == {
        TaskStatus.COMPLETED,
        TaskStatus.CANCELLED,
        TaskStatus.EXPIRED,
    }


def test_every_moment_is_aware() -> None:
    naive = made(Submission, **WHERE, id="1", task_id="t", worker=Worker(id="w"), submitted_at="2026-01-02T03:04:05")
    assert naive.submitted_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert SUBMISSION.submitted_at == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)
    for model in (TASK, SUBMISSION, naive):
        for value in dict(model).values():
            assert not isinstance(value, datetime) or value.tzinfo is not None


def test_an_own_naive_deadline_is_refused_rather_than_guessed() -> None:
    with pytest.raises(InvalidRequest, match=r"deadline.*timezone"):
        TaskDraft(title="t", deadline=datetime(2026, 1, 1))  # noqa: DTZ001
    assert TaskDraft(deadline=timedelta(days=1)).deadline == timedelta(days=1)
    ahead = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=3)))
    assert TaskDraft(deadline=ahead).deadline == ahead


def test_an_unknown_field_is_named_with_the_nearest_right_one() -> None:
    with pytest.raises(InvalidRequest) as caught:
        made(TaskDraft, titel="t", slotz=3, reward=Money(1, "USD"), quite_different=1)
    issues = dict(caught.value.issues)
    assert set(issues) == {"titel", "slotz", "quite_different"}
    assert "did you mean 'title'?" in issues["titel"]
    assert "did you mean 'slots'?" in issues["slotz"]
    assert "did you mean" not in issues["quite_different"]


def test_all_issues_of_a_draft_come_at_once_and_without_the_input() -> None:
    with pytest.raises(InvalidRequest) as caught:
        made(TaskDraft, title=["secret-value"], slots="many", reward="free", deadline="soon")
    assert {issue.where.split(".")[0] for issue in caught.value.issues} == {"title", "slots", "reward", "deadline"}
    assert "secret-value" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_an_unknown_option_is_an_error_and_options_for_others_are_fine() -> None:
    with pytest.raises(InvalidRequest, match=r"categoy: there is no such field.*did you mean 'category'"):
        made(RapidWorkersOptions, categoy="Survey")

    class Elsewhere(ProviderOptions):
        provider: ClassVar[str] = "elsewhere"
        size: int = 1

    draft = TaskDraft(title="t", options=[Elsewhere(size=3), RapidWorkersOptions(category="Survey")])
    assert draft.options_for("rapidworkers") == RapidWorkersOptions(category="Survey")
    assert draft.options_for("elsewhere") == Elsewhere(size=3)
    assert draft.options_for("nowhere") is None
    assert draft.model_dump()["options"][0] == {"size": 3}


def test_countries_become_codes_and_any_other_text_stays_to_be_named() -> None:
    draft = TaskDraft(countries=("United States", "gb", "DEU", "Atlantis"))
    assert draft.countries == ("US", "GB", "DE", "Atlantis")
    assert country_code(" Germany ") == "DE"
    assert country_code("") is None
    assert country_code("XX") is None


def test_an_image_is_bytes_or_a_path_and_not_in_the_repr() -> None:
    assert made(TaskDraft, image="pictures/a.png").image == Path("pictures/a.png")
    draft = TaskDraft(image=b"\x89PNG secret pixels")
    assert draft.image == b"\x89PNG secret pixels"
    assert "pixels" not in repr(draft)


@pytest.mark.parametrize("given", [True, False])
def test_a_flag_is_no_number_of_places(given: bool) -> None:
    with pytest.raises(InvalidRequest, match="slots: is a truth value"):
        made(TaskDraft, title="T", slots=given)


def test_a_draft_is_frozen_and_pickles() -> None:
    draft = TaskDraft(title="t", reward=Money(1, "USD"), options=[RapidWorkersOptions(category="x")], image=b"\x89PNG")
    with pytest.raises(ValidationError):
        setattr(draft, "title", "other")  # noqa: B010 - a type checker would refuse the plain assignment
    assert pickle.loads(pickle.dumps(draft)) == draft
    assert draft.copy_with(slots=2).slots == 2
    assert draft.slots == 1


def test_decisions_say_what_and_why() -> None:
    assert Decision.approve(SUBMISSION).comment is None
    assert Decision.approve(SUBMISSION, note="thanks").comment == "thanks"
    assert Decision.reject(SUBMISSION, reason="no").verdict is Verdict.REJECT
    assert Decision.request_redo(SUBMISSION, reason="again").verdict is Verdict.REDO
    with pytest.raises(InvalidRequest, match="submission"):
        made(Decision, submission="7", verdict=Verdict.APPROVE)


def test_a_decision_carries_options_for_single_marketplaces() -> None:
    class Rejection(ProviderOptions):
        provider: ClassVar[str] = "elsewhere"
        category: str

    for decision in (
        Decision.approve(SUBMISSION, options=[Rejection(category="none")]),
        Decision.reject(SUBMISSION, "no", options=[Rejection(category="none")]),
        Decision.redo(SUBMISSION, "again", options=[Rejection(category="none")]),
    ):
        assert decision.options_for("elsewhere") == Rejection(category="none")
        assert decision.options_for("rapidworkers") is None
        assert pickle.loads(pickle.dumps(decision.copy_with(options=()))).options == ()
    assert Decision.approve(SUBMISSION).options == ()
    with pytest.raises(InvalidRequest, match="options"):
        made(Decision, submission=SUBMISSION, verdict="approve", options=["category"])


def test_metadata_is_the_applications_own_text() -> None:
    draft = TaskDraft(metadata={"order": "42", "": "ü"})
    assert draft.metadata == {"order": "42", "": "ü"}
    assert TASK.copy_with(metadata=draft.metadata).metadata["order"] == "42"
    assert Task(**WHERE, id="t", metadata={"order": "42"}).metadata == {"order": "42"}
    for bad in ({"order": 42}, {42: "order"}, {"order": None}, {"order": ["42"]}, "order=42", [("order", "42")]):
        with pytest.raises(InvalidRequest, match="metadata"):
            made(TaskDraft, metadata=bad)


def test_mappings_of_a_frozen_model_are_frozen_as_well() -> None:
    """A default is shared by all models that leave it out."""
    given_ = {"order": "42"}
    draft = TaskDraft(metadata=given_)
    given_["order"] = "43"
    assert draft.metadata == {"order": "42"}
    mappings: list[Any] = [draft.metadata, TaskDraft().metadata, TASK.metadata, Worker(id="w").raw]
    for mapping in mappings:
        before = dict(mapping)
        with pytest.raises(TypeError, match="frozen"):
            mapping["more"] = "x"
        for change in ("clear", "popitem"):
            with pytest.raises(TypeError, match="frozen"):
                getattr(mapping, change)()
        for change in ("update", "__ior__"):
            with pytest.raises(TypeError, match="frozen"):
                getattr(mapping, change)({"more": "x"})
        for change in ("setdefault", "pop", "__delitem__"):
            with pytest.raises(TypeError, match="frozen"):
                getattr(mapping, change)("order")
        assert mapping == before
        for same in (copy.copy(mapping), copy.deepcopy(mapping), pickle.loads(pickle.dumps(mapping))):
            assert (type(same), same, hash(same)) == (FrozenDict, mapping, hash(mapping))
        assert json.loads(json.dumps(mapping)) == mapping
    assert {**draft.metadata, "more": "x"} == {"order": "42", "more": "x"}


def test_options_are_kept_as_a_tuple_whatever_they_were_given_as() -> None:
    mine = [RapidWorkersOptions(category="x")]
    draft = TaskDraft(options=mine)
    mine.clear()
    assert draft.options == (RapidWorkersOptions(category="x"),)


def test_statuses_are_those_of_the_design() -> None:
    assert [each.value for each in TaskStatus] == (
        "draft open paused full completed cancelled expired unknown".split()  # noqa: SIM905 - as the design has them
    )
    assert [each.value for each in SubmissionStatus] == (
        "in_progress pending approved rejected redo returned timed_out screened_out unknown".split()  # noqa: SIM905
    )


def test_what_is_still_to_come_is_told() -> None:
    assert Task(**WHERE, id="t", in_progress=3).in_progress == 3
    assert TASK.in_progress is None
    approves = made(
        Submission, **WHERE, id="1", task_id="t", worker=Worker(id="w"), auto_approves_at="2026-01-02T03:04"
    )
    assert approves.auto_approves_at == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert SUBMISSION.auto_approves_at is None


def test_a_report_counts_and_shows_what_needs_another_look() -> None:
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


def test_capabilities_tell_the_supported_ones_and_why_not_the_others() -> None:
    from crowdhub_rapidworkers import RapidWorkers

    able = RapidWorkers.capabilities
    assert Capability.BULK_REVIEW in able
    assert "bulk_review" in able
    assert Capability.CANCEL not in able
    assert "no such thing" not in able
    assert set(able) | set(able.missing()) == set(Capability)
    assert not set(able) & set(able.missing())
    assert all(able.missing().values())
    assert able[Capability.CANCEL].reason
    by_text = cast("Mapping[str, Support]", able)
    assert not by_text["cancel"]
    assert len(able) == len(list(able))
    assert "cancel" not in repr(able).split(", ")
    with pytest.raises((KeyError, ValueError)):
        _ = by_text["no such thing"]
