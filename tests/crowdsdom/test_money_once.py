"""Lost answers, and what is settled already."""

from decimal import Decimal
from typing import Any

import pytest

from crowdhub import Decision, HtmlForm, Hub, Money, Submission, Task, TaskDraft, Worker
from crowdhub.engine import http
from crowdhub.errors import (
    Conflict,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    OutcomeUnknown,
    ProviderUnavailable,
    UnreadableResponse,
)
from crowdhub.operations.spending.looking import LOOKS
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMOptions, JobType
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox
from tests.support.by_hand import Play, Prepared


def draft(**more: Any) -> TaskDraft:
    fields: dict[str, Any] = {
        "title": "T",
        "instructions": "D",
        "reward": Money("1", "CNY"),
        "slots": 2,
        "proof": "What is it?",
    }
    return TaskDraft(**{**fields, **more})


@pytest.mark.parametrize(
    "fault",
    [
        Fault.drop("after"),
        Fault.reset("after"),
        Fault.truncate(),
        Fault.status(500, "after"),
        Fault.status(502, "after"),
        Fault.html("after"),
        Fault.rate_limit(1),
    ],
    ids=str,
)
def test_a_lost_answer_publishes_once(box: Sandbox, hub: Hub, fault: Fault) -> None:
    box["crowdsdom"].faults.add(fault, method="POST", path="/jobs$")
    task = hub["crowdsdom"].publish(draft(), key="order-1")
    books = box["crowdsdom"].books()
    assert [c.task_id for c in books.charges] == [task.id]
    assert str(books.charged) == "2.4"
    assert books.agree()


@pytest.mark.parametrize("minutes", [0, 60])
def test_what_was_not_done_stays_unknown_for_no_balance_can_be_asked(box: Sandbox, hub: Hub, minutes: int) -> None:
    """Nothing but the list would say that it is absent: one witness is not enough, however late."""
    box["crowdsdom"].faults.add(Fault.status(500, "before"), method="POST", path="/jobs$")
    with pytest.raises(OutcomeUnknown):
        hub["crowdsdom"].publish(draft(), key="order-1")
    box.advance(minutes=minutes)
    with pytest.raises(OutcomeUnknown):
        hub["crowdsdom"].publish(draft(), key="order-1")
    (left,) = hub.recover().intents
    assert left.settled == "look"
    assert box["crowdsdom"].books().charges == ()


def test_a_yes_that_makes_no_sense_is_never_sent_again(box: Sandbox, hub: Hub) -> None:
    box["crowdsdom"].faults.add(Fault.html("before"), method="POST", path="/jobs$")
    with pytest.raises(OutcomeUnknown) as caught:
        hub["crowdsdom"].publish(draft(), key="order-1")
    assert caught.value.lost is Lost.ACCEPTED
    assert box["crowdsdom"].books().charges == ()


def test_the_same_key_publishes_once(box: Sandbox, hub: Hub) -> None:
    first = hub["crowdsdom"].publish(draft(), key="k")
    again = hub["crowdsdom"].publish(draft(), key="k")
    other = hub["crowdsdom"].publish(draft(), key="l")
    assert again.id == first.id != other.id
    assert (first.replayed, again.replayed) == (False, True)
    assert len(box["crowdsdom"].books().charges) == 2


def test_a_job_types_job_is_published_once_too(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CrowdSDOM)
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


MARKED = draft(reference="ch-abcdef12")
BROKEN = (500, {"error": "broken"})
"""The marketplace did finish, one way or the other."""
ROW = {"id": "J", "title": "T", "maxTasks": 2, "questionsType": "internalQuestionsForm"}
"""A listed job that is like the draft, and shows no keywords."""


def test_a_timed_out_publish_that_is_not_listed_is_not_repeated(prepared: Prepared) -> None:
    account = prepared(http.ReadTimeout("late"), [], [], [])
    with pytest.raises(OutcomeUnknown) as caught:
        account.publish(MARKED)
    assert "[ref ch-abcdef12]" in (caught.value.look_for or "")
    assert [call.method for call in account.calls] == ["POST", "GET", "GET", "GET"]


@pytest.mark.parametrize(
    "rows",
    [[], [{"title": "T"}], [ROW], [{**ROW, "keywords": []}], [{**ROW, "title": None, "maxTasks": None}]],
)
def test_whatever_is_listed_without_the_mark_nothing_is_sent_again(prepared: Prepared, rows: list[Any]) -> None:
    looks = len(LOOKS[Lost.ANSWERED])
    account = prepared(BROKEN, *[rows] * looks)
    with pytest.raises(OutcomeUnknown):
        account.publish(MARKED)
    assert [(c.method, c.path) for c in account.calls] == [("POST", "/jobs"), *[("GET", "/jobs")] * looks]


@pytest.mark.parametrize(
    "row",
    [
        {"keywords": ["[ref ch-abcdef12]"]},
        {"keywords": ["[REF CH-ABCDEF12]"], "title": "t"},
        {"description": "<p>[ref <i>ch-abcdef12</i>]</p>"},
        {"internalQuestionsForm": {"items": [{"text": "ch-abcdef12"}]}},
    ],
)
def test_the_mark_is_found_wherever_it_has_gone(provider: CrowdSDOM, play: Play, row: dict[str, object]) -> None:
    _, found = play(provider.find_published(MARKED), [{**ROW, **row}])
    assert found is not None
    assert (found.id, found.reference) == ("J", "ch-abcdef12")


def test_a_job_like_it_is_not_it(provider: CrowdSDOM, play: Play) -> None:
    """Jobs are published by hand, too."""
    _, found = play(provider.find_published(MARKED), [ROW])
    assert found is None


def test_no_money_no_job(box: Sandbox, hub: Hub) -> None:
    with pytest.raises(InsufficientFunds):
        hub["crowdsdom"].publish(draft(reward=Money("600", "CNY")))
    assert box["crowdsdom"].books().charges == ()


def test_a_lost_job_type_is_not_sent_twice(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CrowdSDOM)
    box["crowdsdom"].faults.add(Fault.drop("after"), path="jobTypes")
    with pytest.raises(OutcomeUnknown) as caught:
        market.run(market.provider.create_job_type(title="Kind", description="D", reward=Money("1", "CNY")))
    assert "Kind" in (caught.value.look_for or "")
    assert not caught.value.money_may_be_spent
    assert len(box.market(CrowdSDOMSandbox).board.job_types) == 1


def test_a_job_type_with_a_key_is_made_once(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CrowdSDOM)

    def made() -> JobType:
        kind = market.provider.create_job_type(title="Kind", description="D", reward=Money("1", "CNY"), lifetime=600)
        return market.run(kind, key="k")

    assert made().id == made().id
    assert len(box.market(CrowdSDOMSandbox).board.job_types) == 1


@pytest.fixture
def handed_in(box: Sandbox, hub: Hub) -> Submission:
    task = hub["crowdsdom"].publish(draft())
    box.market(CrowdSDOMSandbox).hand_in(box.market(CrowdSDOMSandbox).take(task.id))
    (submission,) = hub["crowdsdom"].submissions(task, status="pending")
    return submission


def test_approved_twice_is_paid_once(box: Sandbox, hub: Hub, handed_in: Submission) -> None:
    market = hub.market(CrowdSDOM)
    assert not market.approve(handed_in, note="thanks").replayed
    again = market.approve(handed_in)
    assert (again.replayed, again.status, again.feedback) == (True, "approved", "thanks")
    assert len(box["crowdsdom"].books().payouts) == 1


def test_approved_is_not_rejected(hub: Hub, handed_in: Submission) -> None:
    hub["crowdsdom"].approve(handed_in)
    with pytest.raises(Conflict) as caught:
        hub["crowdsdom"].reject(handed_in, reason="late")
    assert isinstance(caught.value.actual, Submission)
    assert caught.value.actual.status == "approved"


def test_rejected_pays_nothing_and_opens_the_slot(box: Sandbox, hub: Hub, handed_in: Submission) -> None:
    market = hub.market(CrowdSDOM)
    rejected = market.reject(handed_in, reason="no cat")
    assert (rejected.status, rejected.feedback, rejected.amount_paid) == ("rejected", "no cat", None)
    task = market.task(handed_in.task_id)
    assert (task.remaining, task.rejected, task.approved) == (2, 1, 0)
    assert box["crowdsdom"].books().payouts == ()


@pytest.mark.parametrize(
    "fault", [Fault.drop("after"), Fault.status(503, "after"), Fault.html(), Fault.truncate()], ids=str
)
def test_a_lost_approval_is_an_approval(box: Sandbox, hub: Hub, handed_in: Submission, fault: Fault) -> None:
    box["crowdsdom"].faults.add(fault, method="PUT")
    assert hub["crowdsdom"].approve(handed_in).status == "approved"
    assert len(box["crowdsdom"].books().payouts) == 1


def submission(provider: CrowdSDOM) -> Submission:
    return Submission(**provider.identity, id="S", task_id="J", worker=Worker(id="w"))


PENDING = [{"id": "S", "status": "submitted"}]


def test_a_refusal_of_pending_work_is_raised_as_it_is(provider: CrowdSDOM, prepared: Prepared) -> None:
    account = prepared((422, {"error": "too tired"}), PENDING)
    with pytest.raises(InvalidRequest, match="too tired"):
        account.settle(Decision.approve(submission(provider)))
    assert [(call.method, call.path) for call in account.calls] == [
        ("PUT", "/tasks/S/approve"),
        ("GET", "/jobs/J/tasks"),
    ]


@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_no_code_is_documented_for_settled_already(provider: CrowdSDOM, prepared: Prepared, status: int) -> None:
    account = prepared((status, {"error": "no"}), [{"id": "S", "status": "approved"}])
    assert account.settle(Decision.approve(submission(provider))).replayed


def test_an_unknown_outcome_stays_unknown_where_one_cannot_look(provider: CrowdSDOM, prepared: Prepared) -> None:
    account = prepared(*[http.ReadTimeout("late")] * 5, *[(503, {"error": "down"})] * 5)
    with pytest.raises(OutcomeUnknown) as caught:
        account.settle(Decision.approve(submission(provider)))
    assert caught.value.lost is Lost.TIMED_OUT
    assert isinstance(caught.value.__cause__, ProviderUnavailable)


def test_an_answer_about_another_task_is_not_believed(provider: CrowdSDOM, prepared: Prepared) -> None:
    account = prepared({"task": {"id": "another", "status": "approved"}}, PENDING)
    with pytest.raises(OutcomeUnknown, match="Look for the state of submission S of task J"):
        account.settle(Decision.approve(submission(provider)))


def test_cancelling_stops_the_job_and_gives_the_rest_back(box: Sandbox, hub: Hub, handed_in: Submission) -> None:
    market = hub.market(CrowdSDOM)
    cancelled = market.cancel(handed_in.task_id)
    assert cancelled.status == "cancelled"
    assert market.cancel(handed_in.task_id).replayed
    assert market.task(handed_in.task_id).status == "expired"
    books = box["crowdsdom"].books()
    assert (books.held, books.refunded) == (Decimal(1), books.charged / 2)
    market.approve(handed_in)
    assert box["crowdsdom"].books().agree()


def test_a_cancelled_job_has_not_ended_while_someone_is_at_work(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CrowdSDOM)
    task = market.publish(draft())
    work = box.market(CrowdSDOMSandbox).take(task.id)
    market.cancel(task)
    assert not market.task(task.id).status.ended
    assert market.cancel(task).replayed
    box.market(CrowdSDOMSandbox).hand_in(work)
    assert market.task(task.id).status == "expired"


def test_a_completed_job_cannot_be_cancelled(provider: CrowdSDOM, play: Play) -> None:
    with pytest.raises(Conflict) as caught:
        play(provider.cancel("J"), (400, {"error": "over"}), {"id": "J", "status": "completed"})
    assert isinstance(caught.value.actual, Task)
    assert caught.value.actual.status == "completed"


def test_a_job_that_still_runs_was_not_cancelled(provider: CrowdSDOM, play: Play) -> None:
    with pytest.raises(UnreadableResponse):
        play(provider.cancel("J"), {"result": False}, {"id": "J", "status": "unreviewable", "assignable": True})
