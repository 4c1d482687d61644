"""The plugin against its sandbox, over real HTTP: from a draft to paid work, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from crowdhub import Decision, Hub, Money, TaskDraft
from crowdhub.errors import Conflict, InsufficientFunds, InvalidRequest, NotFound, PermissionDenied
from crowdhub.market import Market
from crowdhub.model import SubmissionStatus, TaskStatus
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import Etxt, EtxtOptions, UserList
from crowdhub_etxt.sandbox import EtxtSandbox

VARIANTS: dict[str, dict[str, Any]] = {
    "text": {},
    "numbers": {
        "numbers_as_text": False,
        "empty_maps_as_lists": False,
        "empty_lists_refused": False,
        "records_by_id": True,
        "only_id_as_records": True,
        "files_by_kind": True,
        "deadline_as_text": True,
    },
}


@pytest.fixture(params=VARIANTS)
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(
        "etxt", starting_at=datetime.now(UTC), options={"etxt": {"work_rate": 0, **VARIANTS[request.param]}}
    ) as made:
        yield made


@pytest.fixture
def people(box: Sandbox) -> EtxtSandbox:
    return cast("EtxtSandbox", box["etxt"])


@pytest.fixture(params=[False, True], ids=["post", "get"])
def market(box: Sandbox, request: pytest.FixtureRequest) -> Iterator[Market[Etxt]]:
    with Hub({"etxt": {**box.accounts["etxt"], "reads_by_get": request.param}}, ledger=None) as hub:
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
    assert (report.count("approved"), report.requests) == (2, 1)
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


def test_without_money_nothing_is_left_behind(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    people.set_balance(299)
    with pytest.raises(InsufficientFunds):
        market.publish(draft)
    assert people.orders() == []


def test_drafts(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft) -> None:
    own = draft.options[0].copy_with(public=False)
    kept = market.publish(draft.copy_with(options=[own]))
    assert [each.id for each in market.tasks(status="draft")] == [kept.id]
    assert list(market.tasks(status="open")) == []
    published = market.run(market.provider.publish_draft(kept.id, people.clock.now() + timedelta(days=2)))
    assert published.status is TaskStatus.OPEN


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
