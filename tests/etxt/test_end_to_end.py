"""The plugin against its sandbox, over real HTTP: from a draft to paid work, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import cast

import pytest

from crowdhub import Decision, Hub, Money, TaskDraft
from crowdhub.errors import Conflict, InsufficientFunds, InvalidRequest, NotFound, PermissionDenied, RateLimited
from crowdhub.market import Market
from crowdhub.model import SubmissionStatus, TaskStatus
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import Etxt, EtxtOptions, UserList
from crowdhub_etxt.conformance import EtxtSubject
from crowdhub_etxt.sandbox import EtxtSandbox

VARIANTS: Mapping[str, Mapping[str, object]] = {"first": {}, **EtxtSubject.readings}


@pytest.fixture(params=VARIANTS)
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox("etxt", options={"etxt": {"work_rate": 0, **VARIANTS[request.param]}}) as made:
        yield made


@pytest.fixture
def people(box: Sandbox) -> EtxtSandbox:
    return cast("EtxtSandbox", box["etxt"])


@pytest.fixture(params=[False, True], ids=["post", "get"])
def market(box: Sandbox, request: pytest.FixtureRequest) -> Iterator[Market[Etxt]]:
    with Hub({"etxt": {**box.accounts["etxt"], "reads_by_get": request.param}}, clock=box.clock) as hub:
        yield hub.market(Etxt)


@pytest.fixture
def draft(market: Market[Etxt]) -> TaskDraft:
    category = market.run(market.provider.api.categories.list_categories()).items[0].id_category
    return TaskDraft(
        title="A text about bicycles",
        instructions="Two thousand characters.",
        reward=Money(300, "RUB"),
        options=[EtxtOptions(id_category=category, size=2000)],
    )


def test_from_draft_to_paid(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    before = market.balance()
    task = market.publish(draft, key="one")
    assert market.publish(draft, key="one").id == task.id
    assert [each.id for each in market.tasks(status="open")] == [task.id]
    assert list(market.submissions(task)) == []
    people.hand_in(task.id, comment="Done")
    (work,) = market.submissions(task, status="pending")
    assert (work.id, work.text) == (task.id, "Done")
    assert work.files
    assert work.files[0].expires_at is not None
    assert work.quality is not None
    assert "per_antiplagiat" in work.quality
    assert market.task(task.id).status is TaskStatus.FULL
    market.approve(work, note="Thanks")
    assert market.approve(work).replayed
    with pytest.raises(Conflict):
        market.request_redo(work, reason="too late")
    (paid,) = market.submissions(task)
    assert (paid.status, paid.amount_paid) == (SubmissionStatus.APPROVED, Money(300, "RUB"))
    assert market.task(task.id).status is TaskStatus.COMPLETED
    market.pay_bonus(paid, Money(900, "RUB"), reason="good")
    with pytest.raises(InvalidRequest):
        market.pay_bonus(paid, Money(901, "RUB"), reason="too good")
    assert market.balance() == before - Money(1200, "RUB")
    people.archive(task.id)
    assert market.task(task.id).status is TaskStatus.COMPLETED
    (archived,) = market.submissions(task)
    assert archived.text
    assert archived.worker.id == work.worker.id
    assert [each.id for each in market.tasks(status="completed")] == [task.id]


def test_a_multiple_order_with_applications(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    task = market.publish(draft.copy_with(slots=3))
    for _ in range(3):
        people.apply(task.id)
    first, second, third = market.applications(task)
    accepted = [market.accept(first), market.accept(second)]
    assert len({task.id, *(each.task_id for each in accepted)}) == 3
    assert market.decline(third).status == "declined"
    assert list(market.applications(task)) == []
    assert market.task(task.id).remaining == 1
    for each in accepted:
        people.hand_in(each.task_id)
    work = list(market.submissions(task))
    assert {each.id for each in work} == {each.task_id for each in accepted}
    assert {each.task_id for each in work} == {task.id}
    report = market.review([Decision.approve(each) for each in work])
    assert (report.count("approved"), report.requests) == (2, 2)  # the results, to see that they are the same
    assert {each.status for each in market.submissions(task)} == {SubmissionStatus.APPROVED}


def test_redo_and_again(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    task = market.publish(draft)
    people.hand_in(task.id)
    (work,) = market.submissions(task)
    assert market.request_redo(work, reason="Longer").status is SubmissionStatus.REDO
    assert market.request_redo(work, reason="Longer").replayed
    (sent_back,) = market.submissions(task)
    assert sent_back.status is SubmissionStatus.REDO
    people.hand_in(task.id)
    (again,) = market.submissions(task)
    assert again.status is SubmissionStatus.PENDING
    assert len(again.raw["results"]) == 2


def test_refusing_work(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    task = market.publish(draft)
    people.hand_in(task.id)
    (work,) = market.submissions(task)
    asked = market.reject(work, reason="Not about bicycles")
    assert asked.status is SubmissionStatus.PENDING
    assert asked.raw["ticket"]


def test_cancelling(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    before = market.balance()
    task = market.publish(draft)
    assert market.cancel(task).status is TaskStatus.CANCELLED
    assert market.balance() == before
    with pytest.raises(NotFound):
        market.task(task.id)
    taken = market.publish(draft)
    people.hand_in(taken.id)
    with pytest.raises(Conflict):
        market.cancel(taken)


def test_without_money_only_a_draft_is_left_and_the_same_key_goes_on_with_it(
    market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft
) -> None:
    people.set_balance("299")
    for _ in range(3):
        with pytest.raises(InsufficientFunds):
            market.publish(draft, key="one")
    (left,) = people.orders()
    assert not left.public
    assert market.balance() == Money(299, "RUB")
    people.set_balance("300")
    task = market.publish(draft, key="one")
    assert (task.id, market.balance()) == (str(left.id), Money(0, "RUB"))
    assert [each.id for each in market.tasks(status="open")] == [task.id]


def test_a_draft_that_was_deleted_meanwhile(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    people.set_balance("299")
    with pytest.raises(InsufficientFunds):
        market.publish(draft, key="one")
    (left,) = market.tasks(status="draft")
    market.cancel(left)
    people.set_balance("300")
    task = market.publish(draft, key="one")
    assert [str(each.id) for each in people.orders()] == [task.id]
    assert task.id != left.id


def test_drafts(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    own = draft.options[0].copy_with(public=False)
    kept = market.publish(draft.copy_with(options=[own]))
    assert [each.id for each in market.tasks(status="draft")] == [kept.id]
    assert list(market.tasks(status="open")) == []
    published = market.run(market.provider.publish_draft(kept.id, people.clock.now() + timedelta(days=2)))
    assert published.status is TaskStatus.OPEN


def test_more_time(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    task = market.publish(draft)
    until = people.clock.now().replace(second=0, microsecond=0) + timedelta(days=30)
    assert market.extend(task, until=until).expires_at == until
    application = people.apply(task.id)
    people.accept(application.application)
    people.overdue(task.id)
    assert market.task(task).status is TaskStatus.EXPIRED
    back = market.extend(task, until=until)
    assert (back.status, back.in_progress) == (TaskStatus.FULL, 1)
    with pytest.raises(InvalidRequest, match="slots"):
        market.extend(task, slots=2)


def test_a_message_to_a_performer(market: Market[Etxt], people: EtxtSandbox) -> None:
    (anna,) = market.run(market.provider.api.users.get_list(count=1)).items
    market.message(str(anna.id_user), "Will it be done today?")
    with pytest.raises(RateLimited):  # one a minute
        market.message(str(anna.id_user), "And tomorrow?")
    people.clock.advance(minutes=2)
    market.message(str(anna.id_user), "And tomorrow?")
    page = market.run(market.provider.api.messages.read_private(anna.id_user))
    assert [each.text for each in page.items] == ["And tomorrow?", "Will it be done today?"]
    people.set_rating(10_000)
    people.clock.advance(minutes=2)
    with pytest.raises(PermissionDenied):
        market.message(str(anna.id_user), "Hello?")


def test_lists_of_performers(market: Market[Etxt], people: EtxtSandbox) -> None:
    anna, boris = market.run(market.provider.api.users.get_list(count=2)).items
    assert market.worker(str(anna.id_user)).name == anna.login
    assert list(market.blocked_workers()) == []
    market.block(str(anna.id_user))
    market.run(market.provider.allow(str(boris.id_user)))
    assert [each.id for each in market.blocked_workers()] == [str(anna.id_user)]
    (allowed,) = market.run(market.provider.api.users.get_bw(type=UserList.WHITE)).items
    assert allowed.id_user == boris.id_user
    market.unblock(str(anna.id_user))
    assert list(market.blocked_workers()) == []


def test_somebody_elses_order(market: Market[Etxt], people: EtxtSandbox) -> None:
    with pytest.raises((NotFound, PermissionDenied)):
        market.task(str(people.foreign_order))
