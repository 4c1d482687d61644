"""What stands under ``error`` and is not known does not prove that nothing was paid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import CrowdhubError, OutcomeUnknown
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_etxt import Etxt, EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox

DRAFT = TaskDraft(
    title="T",
    instructions="I do",
    reward=Money(40, "RUB"),
    options=[EtxtOptions(id_category=3, size=300, auto_work=True)],
)
WORDS = ["Внутренняя ошибка", "internal_error", {"code": "x"}]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """One where people work by themselves."""
    with Sandbox("etxt") as made:
        yield made


@pytest.fixture
def hub(box: Sandbox) -> Iterator[Hub]:
    with Hub(box.accounts, clock=box.clock, max_wait=5) as made:
        yield made


@pytest.mark.parametrize("words", WORDS, ids=str)
@pytest.mark.parametrize("when", ["after", "before"])
def test_a_bonus(hub: Hub, box: Sandbox, people: EtxtSandbox, words: object, when: Literal["after", "before"]) -> None:
    market = hub["etxt"]
    task = market.publish(DRAFT, key="t")
    _ = box.advance(hours=200)
    work = next(each for each in market.submissions(task) if each.status == "pending")
    work = market.approve(work)
    people.faults.add(Fault.status(200, when, body={"error": words}), operation="tasks.extraPaid")
    for _ in range(2):
        with suppress(OutcomeUnknown):
            _ = market.pay_bonus(work, Money(25, "RUB"), "thanks", key="b")
    paid = [each for each in people.books().charges if each.kind == "bonus"]
    assert len(paid) <= 1
    ledger = hub.ledger
    assert ledger is not None
    (entry,) = ledger.report.entries(key="b")
    assert str(entry.state) in (("done", "unknown") if paid else ("unknown", "not_done"))


@pytest.mark.parametrize("words", WORDS, ids=str)
def test_a_reading_tells_the_words(hub: Hub, people: EtxtSandbox, words: object) -> None:
    people.faults.add(Fault.status(200, "before", body={"error": words}), operation="users.getBalance")
    with pytest.raises(CrowdhubError) as caught:
        _ = hub["etxt"].balance()
    assert not caught.value.money_may_be_spent


@pytest.mark.parametrize("words", WORDS, ids=str)
def test_a_publish_is_looked_for(hub: Hub, people: EtxtSandbox, words: object) -> None:
    people.faults.add(Fault.status(200, "after", body={"error": words}), operation="tasks.saveTask", times=2)
    last: CrowdhubError | None = None
    for _ in range(3):
        last = None
        try:
            _ = hub["etxt"].publish(DRAFT, key="t")
        except CrowdhubError as error:
            last = error
    assert len([each for each in people.books().charges if each.kind == "publish"]) <= 1
    assert last is None or isinstance(last, OutcomeUnknown)


@pytest.mark.parametrize("answer", [{"foo": 1}, {"status": 0}, {"status": "error", "message": "limit reached"}, {}])
def test_a_bonus_is_paid_only_where_the_answer_says_so(
    hub: Hub, box: Sandbox, people: EtxtSandbox, answer: dict[str, object]
) -> None:
    market = hub["etxt"]
    task = market.publish(DRAFT, key="t")
    _ = box.advance(hours=200)
    work = next(each for each in market.submissions(task) if each.status == "pending")
    work = market.approve(work)
    people.faults.add(Fault.status(200, "before", body=answer), operation="tasks.extraPaid", times=None)
    with pytest.raises(OutcomeUnknown):
        _ = market.pay_bonus(work, Money(25, "RUB"), "thanks", key="b")
    assert not [each for each in people.books().charges if each.kind == "bonus"]


def test_an_order_is_on_the_market_only_where_the_answer_names_it(hub: Hub, people: EtxtSandbox) -> None:
    market = hub["etxt"]
    draft = market.publish(DRAFT.copy_with(options=[EtxtOptions(id_category=3, size=300, public=False)]), key="draft")
    assert draft.status == "draft"
    people.faults.add(Fault.status(200, "before", body={"id_task": 7}), operation="tasks.saveTask", skip=1)
    with pytest.raises(CrowdhubError):
        _ = market.publish(DRAFT.copy_with(title="U"), key="t")
    people.faults.add(Fault.status(200, "before", body={"status": 0}), operation="tasks.setDeadline", times=None)
    provider = hub.market(Etxt).provider
    with pytest.raises(CrowdhubError) as caught:
        _ = market.run(provider.publish_draft(draft.id, box_deadline(hub)), key="up", amount=Money(100, "RUB"))
    assert isinstance(caught.value, OutcomeUnknown)
    assert not [each for each in people.books().charges if each.kind == "publish"]


def box_deadline(hub: Hub) -> datetime:
    return hub.now() + timedelta(days=3)
