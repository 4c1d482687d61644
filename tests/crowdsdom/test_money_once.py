"""Lost answers, and what is settled already."""

import pytest

from crowdhub import HtmlForm, Money, Submission, TaskDraft, Worker
from crowdhub.errors import (
    Conflict,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    OutcomeUnknown,
    ProviderUnavailable,
    UnreadableResponse,
)
from crowdhub.sandbox import Fault
from crowdhub_crowdsdom import CrowdSDOMOptions


def draft(**more):
    fields = {"title": "T", "instructions": "D", "reward": Money("1", "CNY"), "slots": 2, "proof": "What is it?"}
    return TaskDraft(**{**fields, **more})


@pytest.mark.parametrize(
    "fault",
    [
        Fault.drop("before"),
        Fault.drop("after"),
        Fault.reset("after"),
        Fault.truncate(),
        Fault.status(500, "before"),
        Fault.status(500, "after"),
        Fault.status(502, "after"),
        Fault.html("after"),
        Fault.rate_limit(1),
    ],
    ids=str,
)
def test_a_lost_answer_publishes_once(box, hub, fault):
    box["crowdsdom"].faults.add(fault, method="POST", path="/jobs$")
    task = hub["crowdsdom"].publish(draft(), key="order-1")
    books = box["crowdsdom"].books()
    assert [c.task_id for c in books.charges] == [task.id]
    assert str(books.charged) == "2.4"
    assert books.agree()


def test_a_yes_that_makes_no_sense_is_never_sent_again(box, hub):
    box["crowdsdom"].faults.add(Fault.html("before"), method="POST", path="/jobs$")
    with pytest.raises(OutcomeUnknown) as caught:
        hub["crowdsdom"].publish(draft(), key="order-1")
    assert caught.value.lost is Lost.ACCEPTED
    assert box["crowdsdom"].books().charges == ()


def test_the_same_key_publishes_once(box, hub):
    first = hub["crowdsdom"].publish(draft(), key="k")
    again = hub["crowdsdom"].publish(draft(), key="k")
    other = hub["crowdsdom"].publish(draft(), key="l")
    assert again.id == first.id != other.id
    assert (first.replayed, again.replayed) == (False, True)
    assert len(box["crowdsdom"].books().charges) == 2


def test_a_job_types_job_is_published_once_too(box, hub):
    market = hub["crowdsdom"]
    kind = market.run(
        market.provider.create_job_type(title="Kind", description="D", reward=Money("1", "CNY"), max_tasks=5)
    )
    given = TaskDraft(
        options=[CrowdSDOMOptions(job_type_id=kind.id)],
        questions=HtmlForm(html="<form id=crowdsdom_form></form>"),
        slots=3,
    )
    box["crowdsdom"].faults.add(Fault.drop("after"), method="POST", path="/jobs$")
    task = market.publish(given, key="k")
    assert (task.title, task.slots, task.reward, task.replayed) == ("Kind", 3, Money("1", "CNY"), True)
    assert len(box["crowdsdom"].books().charges) == 1


def test_a_timed_out_publish_that_is_not_listed_is_not_repeated(provider, play):
    lost = OutcomeUnknown("late", lost=Lost.TIMED_OUT)
    given = draft(reference="ch-abcdef12")
    with pytest.raises(OutcomeUnknown) as caught:
        play(provider.publish(given), lost, [], [], [])
    assert "[ref ch-abcdef12]" in caught.value.look_for


def test_an_unreadable_row_could_be_the_one(provider, play):
    lost = OutcomeUnknown("broken", lost=Lost.ANSWERED)
    with pytest.raises(OutcomeUnknown):
        play(provider.publish(draft(reference="ch-abcdef12")), lost, [{"title": "T"}])


def test_a_job_that_shows_no_keywords_could_be_the_one(provider, play):
    lost = OutcomeUnknown("broken", lost=Lost.ANSWERED)
    row = {"id": "J", "title": "T", "maxTasks": 2, "questionsType": "internalQuestionsForm"}
    with pytest.raises(OutcomeUnknown):
        play(provider.publish(draft(reference="ch-abcdef12")), lost, [row])
    # With its keywords shown, it is certainly another: the draft is sent once more.
    made = {**row, "id": "K", "keywords": ["[ref ch-abcdef12]"]}
    shown = {**row, "keywords": []}
    calls, task = play(provider.publish(draft(reference="ch-abcdef12")), lost, [shown], [shown], made)
    assert [(c.method, c.path) for c in calls] == [
        ("POST", "/jobs"),
        ("GET", "/jobs"),
        ("GET", "/jobs"),
        ("POST", "/jobs"),
    ]
    assert task.id == "K"


def test_no_money_no_job(box, hub):
    with pytest.raises(InsufficientFunds):
        hub["crowdsdom"].publish(draft(reward=Money("600", "CNY")))
    assert box["crowdsdom"].books().charges == ()


def test_a_lost_job_type_is_not_sent_twice(box, hub):
    market = hub["crowdsdom"]
    box["crowdsdom"].faults.add(Fault.drop("after"), path="jobTypes")
    with pytest.raises(OutcomeUnknown) as caught:
        market.run(market.provider.create_job_type(title="Kind", description="D", reward=Money("1", "CNY")))
    assert "Kind" in caught.value.look_for
    assert len(box["crowdsdom"].place.job_types) == 1


@pytest.fixture
def handed_in(box, hub):
    task = hub["crowdsdom"].publish(draft())
    box["crowdsdom"].hand_in(box["crowdsdom"].take(task.id))
    (submission,) = hub["crowdsdom"].submissions(task, status="pending")
    return submission


def test_approved_twice_is_paid_once(box, hub, handed_in):
    market = hub["crowdsdom"]
    assert not market.approve(handed_in, note="thanks").replayed
    again = market.approve(handed_in)
    assert (again.replayed, again.status, again.feedback) == (True, "approved", "thanks")
    assert len(box["crowdsdom"].books().payouts) == 1


def test_approved_is_not_rejected(hub, handed_in):
    hub["crowdsdom"].approve(handed_in)
    with pytest.raises(Conflict) as caught:
        hub["crowdsdom"].reject(handed_in, reason="late")
    assert caught.value.actual.status == "approved"


def test_rejected_pays_nothing_and_opens_the_slot(box, hub, handed_in):
    market = hub["crowdsdom"]
    rejected = market.reject(handed_in, reason="no cat")
    assert (rejected.status, rejected.feedback, rejected.amount_paid) == ("rejected", "no cat", None)
    task = market.task(handed_in.task_id)
    assert (task.remaining, task.rejected, task.approved) == (2, 1, 0)
    assert box["crowdsdom"].books().payouts == ()


@pytest.mark.parametrize(
    "fault", [Fault.drop("after"), Fault.status(503, "after"), Fault.html(), Fault.truncate()], ids=str
)
def test_a_lost_approval_is_an_approval(box, hub, handed_in, fault):
    box["crowdsdom"].faults.add(fault, method="PUT")
    assert hub["crowdsdom"].approve(handed_in).status == "approved"
    assert len(box["crowdsdom"].books().payouts) == 1


def submission(provider):
    return Submission(**provider.identity, id="S", task_id="J", worker=Worker(id="w"))


def test_a_refusal_of_pending_work_is_raised_as_it_is(provider, play):
    with pytest.raises(InvalidRequest, match="too tired"):
        play(
            provider.approve(submission(provider)), (422, {"error": "too tired"}), [{"id": "S", "status": "submitted"}]
        )


def test_an_unknown_outcome_stays_unknown_where_one_cannot_look(provider, play):
    lost = OutcomeUnknown("late", lost=Lost.TIMED_OUT)
    with pytest.raises(OutcomeUnknown):
        play(provider.approve(submission(provider)), lost, ProviderUnavailable("down"))


def test_an_answer_about_another_task_is_not_believed(provider, play):
    answer = {"task": {"id": "another", "status": "approved"}}
    with pytest.raises(UnreadableResponse):
        play(provider.approve(submission(provider)), answer, [{"id": "S", "status": "submitted"}])


def test_cancelling_stops_the_job_and_gives_the_rest_back(box, hub, handed_in):
    market = hub["crowdsdom"]
    cancelled = market.cancel(handed_in.task_id)
    assert cancelled.status == "cancelled"
    assert market.cancel(handed_in.task_id).replayed
    assert market.task(handed_in.task_id).status == "expired"
    books = box["crowdsdom"].books()
    assert (books.held, books.refunded) == (1, books.charged / 2)
    market.approve(handed_in)
    assert box["crowdsdom"].books().agree()


def test_a_cancelled_job_has_not_ended_while_someone_is_at_work(box, hub):
    market = hub["crowdsdom"]
    task = market.publish(draft())
    work = box["crowdsdom"].take(task.id)
    market.cancel(task)
    assert not market.task(task.id).status.ended
    assert market.cancel(task).replayed
    box["crowdsdom"].hand_in(work)
    assert market.task(task.id).status == "expired"


def test_a_completed_job_cannot_be_cancelled(provider, play):
    with pytest.raises(Conflict) as caught:
        play(provider.cancel("J"), (400, {"error": "over"}), {"id": "J", "status": "completed"})
    assert caught.value.actual.status == "completed"


def test_a_job_that_still_runs_was_not_cancelled(provider, play):
    with pytest.raises(UnreadableResponse):
        play(provider.cancel("J"), {"result": False}, {"id": "J", "status": "unreviewable", "assignable": True})
