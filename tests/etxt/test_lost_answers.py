"""Lost answers against the sandbox, and what its own books say. The time is the sandbox's; nothing sleeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import OutcomeUnknown
from crowdhub.market import Market
from crowdhub.model import SubmissionStatus
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_etxt import Etxt, EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox

LOST = {
    "drop": Fault.drop(),
    "drop before": Fault.drop("before"),
    "reset": Fault.reset(),
    "truncate": Fault.truncate(),
    "500": Fault.status(500, "after"),
    "503 before": Fault.status(503, "before"),
    "html": Fault.html(),
}


MAY_STILL_COME = ("drop before", "503 before")
"""Nothing was done, but the marketplace may still be at work: a paying call is not sent again."""


@pytest.fixture
def market(box: Sandbox) -> Iterator[Market[Etxt]]:
    with Hub(box.accounts) as hub:
        yield hub.market(Etxt)


DRAFT = TaskDraft(
    title="A text about bicycles",
    instructions="Two thousand characters.",
    reward=Money(300, "RUB"),
    options=[EtxtOptions(id_category=1, size=2000)],
)


@pytest.fixture
def draft(market: Market[Etxt]) -> TaskDraft:
    category = market.run(market.provider.api.categories.list_categories()).items[0].id_category
    return DRAFT.copy_with(options=[EtxtOptions(id_category=category, size=2000)])


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("fault", LOST)
def test_publishing_once(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft, fault: str, step: int) -> None:
    before = market.balance()
    people.faults.add(LOST[fault], path="saveTask", skip=step)
    task = market.publish(draft)
    assert [str(each.id) for each in people.orders()] == [task.id]
    assert market.balance() == before - Money(300, "RUB")


def test_publishing_that_never_gets_through_goes_on_with_its_draft(
    market: Market[Etxt], box: Sandbox, people: EtxtSandbox, draft: TaskDraft
) -> None:
    before = market.balance()
    people.faults.add(Fault.status(503, "before"), path="saveTask", skip=1, times=None)
    with pytest.raises(OutcomeUnknown, match=r"\[ref ch-"):
        market.publish(draft, key="one")
    (left,) = people.orders()
    assert not left.public
    assert market.balance() == before
    people.faults.clear()
    with pytest.raises(OutcomeUnknown):  # the lost request may still be at work
        market.publish(draft, key="one")
    box.clock.advance(minutes=5)
    task = market.publish(draft, key="one")
    assert [str(each.id) for each in people.orders()] == [task.id] == [str(left.id)]
    assert market.balance() == before - Money(300, "RUB")


@pytest.mark.parametrize("fault", LOST)
def test_approving_once(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft, fault: str) -> None:
    task = market.publish(draft)
    people.hand_in(task.id)
    (work,) = market.submissions(task)
    people.faults.add(LOST[fault], path="paidTask")
    done = market.approve(work)
    assert done.status is SubmissionStatus.APPROVED
    assert done.replayed is (fault not in ("drop before", "503 before"))


@pytest.mark.parametrize("fault", LOST)
def test_a_bonus_is_never_paid_twice(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft, fault: str) -> None:
    task = market.publish(draft)
    people.hand_in(task.id)
    (work,) = market.submissions(task)
    before = market.balance()
    people.faults.add(LOST[fault], path="extraPaid")
    if "before" in fault:
        with pytest.raises(OutcomeUnknown, match="statement"):
            market.pay_bonus(work, Money(50, "RUB"), reason="x")
        assert market.balance() == before
    else:
        assert market.pay_bonus(work, Money(50, "RUB"), reason="x").replayed
        assert market.balance() == before - Money(50, "RUB")


@pytest.mark.parametrize("fault", LOST)
def test_a_multiple_order_gives_out_one_order_for_one_application(
    market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft, fault: str
) -> None:
    task = market.publish(draft.copy_with(slots=3))
    people.apply(task.id)
    (application,) = market.applications(task)
    people.faults.add(LOST[fault], path="setNote")
    if fault in MAY_STILL_COME:
        with pytest.raises(OutcomeUnknown, match="an order of the performer"):
            market.accept(application)
        assert [str(each.id) for each in people.orders()] == [task.id]
        return
    accepted = market.accept(application)
    given = [str(each.id) for each in people.orders() if str(each.id) != task.id]
    assert given == [accepted.task_id]
    assert market.task(task.id).remaining == 2


@pytest.mark.parametrize("fault", LOST)
def test_an_article_is_bought_once(market: Market[Etxt], people: EtxtSandbox, fault: str) -> None:
    articles = market.provider.api.articles
    wanted = market.run(articles.get_list()).items[0]
    assert wanted.full_price is not None
    before = market.balance()
    people.faults.add(LOST[fault], path="articles.buy")
    if fault in MAY_STILL_COME:
        with pytest.raises(OutcomeUnknown):
            market.run(articles.buy(wanted.id))
        assert market.balance() == before
        return
    assert market.run(articles.buy(wanted.id)).id == wanted.id
    assert market.balance() == before - wanted.full_price


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_cancellation(market: Market[Etxt], people: EtxtSandbox, draft: TaskDraft, fault: str) -> None:
    task = market.publish(draft)
    people.faults.add(LOST[fault], path="deleteTask")
    assert market.cancel(task).status == "cancelled"
    assert people.orders() == []


def test_private_messages_a_minute_apart(market: Market[Etxt], people: EtxtSandbox) -> None:
    user = market.run(market.provider.api.users.get_list(count=1)).items[0].id_user
    people.faults.add(Fault.drop(), path="writePrivate")
    write = market.provider.api.messages.write_private
    assert market.run(write(user, "Hello")).text == "Hello"
    page = market.run(market.provider.api.messages.read_private(user))
    assert [each.text for each in page.items] == ["Hello"]


def test_a_404_on_the_way_back_makes_no_second_order(box: Sandbox) -> None:
    """What answers so is something between here and the marketplace, which has put the order up and taken the money."""
    with Hub(box.accounts) as hub:
        lost = Fault.status(404, "after", body="<html>404</html>")
        box["etxt"].faults.add(lost, operation="tasks.saveTask", skip=1, times=1)
        draft = TaskDraft(
            title="T", instructions="I", reward=Money("40", "RUB"), options=[EtxtOptions(id_category=1, size=500)]
        )
        task = hub["etxt"].publish(draft, key="k")
        assert [charge.task_id for charge in box["etxt"].books().charges] == [task.id]
        assert len(list(hub["etxt"].tasks())) == 1
