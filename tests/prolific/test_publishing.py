"""Studies are published in two steps, once, at the price that the marketplace tells."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crowdhub import ExternalForm, Hub, Money, TaskDraft
from crowdhub.errors import (
    BudgetExceeded,
    ConfigurationError,
    Conflict,
    InsufficientFunds,
    InvalidRequest,
    NotSupported,
    OutcomeUnknown,
)
from crowdhub.model import TaskStatus
from crowdhub.sandbox import Fault
from crowdhub_prolific import CodeAction, CompletionCode, ProlificOptions, StudyFilter, without_groups
from tests.prolific.conftest import DRAFT, Open, Place

PUBLISH = "/transition/$"
COST = Money("6.12", "GBP")  # 3 × 1.50, 30 % of that, 20 % of the fee


def test_the_price_is_the_marketplaces_own(place: Place) -> None:
    quote = place.market.estimate(DRAFT)
    assert (quote, quote.work, quote.commission) == (COST, Money("4.50", "GBP"), Money("1.62", "GBP"))
    task = place.market.publish(DRAFT, key="k")
    assert (task.status, task.slots, task.remaining, task.reward) == (TaskStatus.OPEN, 3, 3, DRAFT.reward)
    assert place.side.books().charged == COST.amount
    (entry,) = place.entries()
    assert entry.amount == COST


def test_what_is_sent(place: Place) -> None:
    options = ProlificOptions(
        estimated_completion_time=10,
        maximum_allowed_time=60,
        completion_codes=(
            CompletionCode(code="C1"),
            CompletionCode(
                code="C2",
                code_type="FAILED",
                actions=(CodeAction.ADD_TO_PARTICIPANT_GROUP,),
                more={"ADD_TO_PARTICIPANT_GROUP": {"participant_group": "g"}},
            ),
        ),
        device_compatibility=("desktop",),
        filters=(StudyFilter(filter_id="age", selected_range={"lower": 18, "upper": 30}),),
        study_labels=("survey",),
        internal_name="pilot",
        more={"metadata": "mine"},
    )
    task = place.market.publish(DRAFT.copy_with(options=[options], auto_approve=True), key="k")
    asked = place.side.study(task.id).asked
    assert str(asked.pop("internal_name")).startswith("pilot [ref ch-")
    assert asked == {
        "name": DRAFT.title,
        "description": DRAFT.instructions,
        "external_study_url": "https://survey.example/study",
        "prolific_id_option": "url_parameters",
        "total_available_places": 3,
        "estimated_completion_time": 10,
        "maximum_allowed_time": 60,
        "reward": 150,
        "completion_codes": [
            {"code": "C1", "code_type": "COMPLETED", "actions": [{"action": "AUTOMATICALLY_APPROVE"}]},
            {
                "code": "C2",
                "code_type": "FAILED",
                "actions": [{"action": "ADD_TO_PARTICIPANT_GROUP", "participant_group": "g"}],
            },
        ],
        "project": place.side.space.project,
        "device_compatibility": ["desktop"],
        "filters": [{"filter_id": "age", "selected_range": {"lower": 18, "upper": 30}}],
        "study_labels": ["survey"],
        "metadata": "mine",
    }


def test_a_draft_is_free_and_never_taken_for_published(place: Place) -> None:
    place.side.faults.add(Fault.status(400), path=PUBLISH)
    with pytest.raises(InvalidRequest):
        place.market.publish(DRAFT)
    assert place.side.books().charged == 0
    (study,) = place.market.tasks()
    assert study.status is TaskStatus.DRAFT


@pytest.mark.parametrize("fault", [Fault.drop("after"), Fault.drop("before"), Fault.reset("after"), Fault.status(500)])
@pytest.mark.parametrize("publish_again", ["refused", "ignored", "no funds"])
def test_a_lost_publish_is_published_once(open_place: Open, fault: Fault, publish_again: str) -> None:
    place = open_place(balance="10.00", publish_again=publish_again)  # not enough for a second one
    place.side.faults.add(fault, path=PUBLISH)
    task = place.market.publish(DRAFT, key="k")
    assert place.market.publish(DRAFT, key="k").id == task.id
    assert place.side.books().charged == COST.amount
    assert [each.id for each in place.market.tasks()] == [task.id]


@pytest.mark.parametrize("fault", [Fault.drop("after"), Fault.status(500, "after")])
def test_a_draft_whose_answer_was_lost_is_published_and_not_made_again(open_place: Open, fault: Fault) -> None:
    place = open_place(balance="10.00")
    place.side.faults.add(fault, method="POST", path="/studies/$")
    task = place.market.publish(DRAFT, key="k")
    assert list(place.side.space.studies) == [task.id]
    assert place.side.books().charged == COST.amount


def test_a_draft_that_an_earlier_program_left_is_published(place: Place) -> None:
    place.side.faults.add(Fault.status(400), path=PUBLISH)
    with pytest.raises(InvalidRequest):
        place.market.publish(DRAFT, key="k")
    (left,) = place.side.space.studies
    with Hub(place.box.accounts, clock=place.box.clock, ledger=None) as other:
        assert other["prolific"].publish(DRAFT, key="k").id == left
    assert list(place.side.space.studies) == [left]


def test_a_draft_that_is_not_as_asked_for_is_left_alone(place: Place) -> None:
    place.side.faults.add(Fault.status(400), path=PUBLISH)
    with pytest.raises(InvalidRequest):
        place.market.publish(DRAFT, key="k")
    with Hub(place.box.accounts, clock=place.box.clock, ledger=None) as other:
        task = other["prolific"].publish(DRAFT.copy_with(slots=1), key="k")
    assert task.slots == 1
    assert len(place.side.space.studies) == 2


def test_a_publish_that_was_refused_and_cannot_be_looked_at_is_unknown(place: Place) -> None:
    place.side.faults.add(Fault.status(400), path=PUBLISH)
    place.side.faults.add(Fault.drop("before"), method="GET", path="/studies/[0-9a-f]+/$", times=None)
    with pytest.raises(OutcomeUnknown):
        place.market.publish(DRAFT, key="k")
    place.side.faults.clear()
    place.box.advance(minutes=10)
    task = place.market.publish(DRAFT, key="k")
    assert list(place.side.space.studies) == [task.id]


def test_too_little_money_is_told_by_its_words(open_place: Open) -> None:
    place = open_place(balance="6.11")
    with pytest.raises(InsufficientFunds) as caught:
        place.market.publish(DRAFT, key="k")
    assert "balance" in str(caught.value)
    assert place.side.books().charged == 0


def test_a_workspace_of_another_currency_is_noticed_before_anything_is_paid(open_place: Open) -> None:
    place = open_place(currency="USD")
    accounts = {"prolific": {**place.box.accounts["prolific"], "currency": "GBP"}}
    with Hub(accounts, clock=place.box.clock, ledger=None) as hub:
        with pytest.raises(ConfigurationError, match="pays in USD"):
            hub["prolific"].publish(DRAFT)
        with pytest.raises(ConfigurationError, match="pays in USD"):
            hub["prolific"].balance()
    assert place.side.books().charged == 0
    with pytest.raises(InvalidRequest, match="not in USD"):
        place.market.publish(DRAFT)


def test_all_that_is_wrong_is_named_before_any_request(place: Place) -> None:
    bad = TaskDraft(
        auto_approve=False,
        reward=Money("0.005", "USD"),
        slots=0,
        questions=ExternalForm(url="ftp://survey.example"),
        options=[
            ProlificOptions(
                completion_codes=(
                    CompletionCode(code=" "),
                    CompletionCode(code="C", actions=(CodeAction.AUTOMATICALLY_APPROVE, CodeAction.MANUALLY_REVIEW)),
                ),
                maximum_allowed_time=0,
                filters=(StudyFilter(filter_id="age"),),
                more={"reward": 1},
            )
        ],
    )
    with pytest.raises(InvalidRequest) as caught:
        place.market.publish(bad)
    assert sorted({each.where for each in caught.value.issues}) == [
        "auto_approve",
        "instructions",
        "options.completion_codes",
        "options.estimated_completion_time",
        "options.filters",
        "options.maximum_allowed_time",
        "options.more",
        "questions",
        "reward",
        "slots",
        "title",
    ]
    assert place.paths() == []


@pytest.mark.parametrize("url", ["http://[", "https://", "survey.example", "", "javascript:alert(1)"])
def test_a_page_has_an_address(place: Place, url: str) -> None:
    with pytest.raises(InvalidRequest, match="not an http"):
        place.market.publish(DRAFT.copy_with(questions=ExternalForm(url=url)))


def test_a_program_for_another_marketplace_is_told_all_that_does_not_fit(place: Place) -> None:
    for_rapidworkers = TaskDraft(
        title="T",
        instructions="I",
        reward=Money("0.10", "USD"),
        proof="A picture",
        category="Survey",
        countries=("US",),
    )
    with pytest.raises(NotSupported) as caught:
        place.market.publish(for_rapidworkers)
    for name in ("proof", "category", "countries", "reward", "questions", "options.completion_codes"):
        assert f"{name}: " in str(caught.value)
    assert place.paths() == []


# --- more places, and the other changes ---------------------------------------------------------------------------


def test_more_places_cost_what_the_calculator_says(open_place: Open) -> None:
    # 3 pence of reward make fees of fractions: no multiple of what one place costs
    place = open_place({"GBP": "1.00"}, fee="0.333")
    task = place.market.publish(DRAFT.copy_with(reward=Money("0.03", "GBP")), key="k")
    first = place.side.books().charged
    more = place.market.extend(task, slots=4, key="more")
    taken = place.side.books().charged - first
    assert (more.slots, more.charged) == (7, Money(taken, "GBP"))
    amounts = {entry.operation: entry.amount for entry in place.entries()}
    assert amounts == {"publish": Money(first, "GBP"), "extend": Money(taken, "GBP")}
    with pytest.raises(BudgetExceeded):
        place.market.extend(task, slots=40, key="many")
    assert place.side.study(task.id).places == 7


@pytest.mark.parametrize("same_places", ["ignored", "refused"])
def test_lost_places_are_added_once(open_place: Open, same_places: str) -> None:
    place = open_place(same_places=same_places)
    task = place.market.publish(DRAFT, key="k")
    place.side.faults.add(Fault.drop("after"), method="PATCH")
    assert place.market.extend(task, slots=2, key="more").slots == 5
    assert place.side.books().charged == Decimal("10.20")


def test_a_draft_has_no_more_places_to_be_paid(place: Place) -> None:
    place.side.faults.add(Fault.status(400), path=PUBLISH)
    with pytest.raises(InvalidRequest):
        place.market.publish(DRAFT, key="k")
    (left,) = place.side.space.studies
    with pytest.raises(Conflict, match="draft"):
        place.market.extend(left, slots=2, amount=Money("10", "GBP"))


def test_a_stopped_study_gives_back_what_nobody_took_and_goes_on_with_more_places(place: Place) -> None:
    task = place.market.publish(DRAFT, key="k")
    place.side.hand_in(task.id)
    stopped = place.market.cancel(task)
    assert stopped.status is TaskStatus.FULL  # work waits
    assert place.market.cancel(task).status is TaskStatus.FULL
    books = place.side.books()
    assert books.agree()
    assert books.charged - books.refunded == Decimal("2.04")
    (work,) = place.market.submissions(task, status="pending")
    place.market.approve(work)
    assert place.market.task(task).status is TaskStatus.COMPLETED
    assert place.market.extend(task, slots=1, key="on").status is TaskStatus.OPEN


def test_pausing_and_resuming_twice_is_a_success(place: Place) -> None:
    task = place.market.publish(DRAFT, key="k")
    assert [place.market.pause(task).status for _ in range(2)] == [TaskStatus.PAUSED] * 2
    assert [place.market.resume(task).status for _ in range(2)] == [TaskStatus.OPEN] * 2
    place.market.cancel(task)
    for change in (place.market.pause, place.market.resume):
        with pytest.raises(InvalidRequest):
            change(task)


def test_one_that_is_being_published_is_open(open_place: Open) -> None:
    place = open_place(publishing_for=60)
    task = place.market.publish(DRAFT, key="k")
    assert place.side.study(task.id).status(place.side.now(), stopped_waits=True) == "PUBLISHING"
    assert place.market.task(task).status is TaskStatus.OPEN


def test_groups_of_the_draft_and_of_blocked_people_are_one_filter(place: Place) -> None:
    place.market.block("somebody")
    (group,) = place.side.space.groups
    options = DRAFT.options[0].copy_with(filters=(without_groups("mine"),))
    task = place.market.publish(DRAFT.copy_with(options=[options]), key="k")
    assert place.side.study(task.id).asked["filters"] == [
        {"filter_id": "participant_group_blocklist", "selected_values": [group, "mine"]}
    ]
