"""What carries no mark, and whose answer is lost while another purchase like it really is carried out beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Hub, Money, Task, TaskDraft
from crowdhub.errors import OutcomeUnknown
from crowdhub.ledger import Intent, Ledger
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_etxt import EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox
from crowdhub_rapidworkers import RapidWorkers

NAME = "rapidworkers"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME, options={NAME: {"work_rate": 0}}) as made:
        yield made


def accounts(box: Sandbox, name: str = NAME) -> dict[str, Mapping[str, Any]]:
    return {name: {"provider": NAME, **box.accounts[NAME], "allow_engagement_jobs": True}}


def right_before_it_leaves(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """What others do in the moment in which the first request leaves."""
    real = Ledger.sending

    def sending(ledger: Ledger, intent: Intent, *witness: Any) -> None:
        real(ledger, intent, *witness)
        monkeypatch.setattr(Ledger, "sending", real)
        happens()

    monkeypatch.setattr(Ledger, "sending", sending)


@pytest.mark.parametrize(("name", "said"), [(NAME, "1.00"), ("rw-main", "1.00"), (NAME, "1.10"), (NAME, None)])
@pytest.mark.parametrize("fault", [Fault.drop("before"), Fault.status(500, "before")], ids=str)
def test_one_of_the_same_size_and_price_is_not_taken_for_it(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, name: str, said: str | None
) -> None:
    """Nor one that the same account bought under another name, or with another amount, which tells nothing."""
    ledger, price = tmp_path / "ledger.sqlite3", Money("1.00", "USD")
    theirs: list[Task] = []
    with (
        Hub(accounts(box), ledger=ledger, clock=box.clock) as hub,
        Hub(accounts(box, name), ledger=ledger, clock=box.clock) as other,
    ):
        mine, beside = hub.market(RapidWorkers), other.market(RapidWorkers, name)

        def likes() -> None:
            box.advance(seconds=1)
            bought = beside.provider.twitter_likes(link="https://example.com/p", quantity=20)
            theirs.append(beside.run(bought, key="theirs", amount=Money(said, "USD") if said else None))

        right_before_it_leaves(monkeypatch, likes)
        box[NAME].faults.add(fault, path="facebook-likes", times=None)
        wanted = mine.provider.facebook_likes(link="https://example.com/p", quantity=20)
        with pytest.raises(OutcomeUnknown):
            mine.run(wanted, key="mine", amount=price)
        assert [charge.task_id for charge in box[NAME].books().charges] == [theirs[0].id]


@pytest.mark.parametrize("before", [[], {"count": 1, "next": None, "results": []}], ids=["behind", "cut"])
@pytest.mark.parametrize("fault", [Fault.drop("before"), Fault.status(500, "before")], ids=str)
def test_an_old_one_that_was_not_listed_before_is_not_taken_for_it(
    box: Sandbox, tmp_path: Path, fault: Fault, before: object
) -> None:
    with Hub(accounts(box), ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as hub:
        market, price = hub.market(RapidWorkers), Money("1.00", "USD")
        old = market.run(
            market.provider.twitter_likes(link="https://example.com/p", quantity=20), key="o", amount=price
        )
        box.advance(hours=2)
        box[NAME].faults.add(Fault.status(200, "before", body=before), path="/api/campaigns/")
        box[NAME].faults.add(fault, path="facebook-likes", times=None)
        with pytest.raises(OutcomeUnknown):
            market.run(market.provider.facebook_likes(link="https://example.com/p", quantity=20), key="k", amount=price)
        assert [charge.task_id for charge in box[NAME].books().charges] == [old.id]


def test_a_cut_list_before_and_after_proves_no_absence(box: Sandbox, tmp_path: Path) -> None:
    cut: object = {"count": 121, "next": None, "results": []}
    with Hub(accounts(box), ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as hub:
        market = hub.market(RapidWorkers)
        box[NAME].faults.add(Fault.status(200, "before", body=cut), path="/api/campaigns/", times=None)
        box[NAME].faults.add(Fault.status(500, "before"), path="facebook-likes")
        with pytest.raises(OutcomeUnknown):
            market.run(market.provider.facebook_likes(link="https://example.com/p", quantity=20), key="k", amount=None)
        assert not box[NAME].books().charges


@pytest.mark.parametrize("later", [20, 120])
def test_an_acceptance_is_not_taken_for_an_earlier_one(box: Sandbox, tmp_path: Path, later: int) -> None:
    """Two orders of one title, one performer: the second acceptance never arrives."""
    draft = TaskDraft(
        title="Describe a sign",
        instructions="I",
        reward=Money(50, "RUB"),
        slots=3,
        options=[EtxtOptions(id_category=1, size=300)],
    )
    with Sandbox("etxt", options={"etxt": {"work_rate": 0}}) as etxt, Hub(etxt.accounts) as hub:
        market, people = hub["etxt"], etxt.market(EtxtSandbox)
        first, second = market.publish(draft), market.publish(draft)
        people.apply(second.id, people.apply(first.id).user)
        given = market.accept(next(market.applications(first)))
        etxt.advance(seconds=later)
        people.faults.add(Fault.drop("before"), operation="tasks.setNote")
        with pytest.raises(OutcomeUnknown):
            market.accept(next(market.applications(second)))
        assert given.task_id not in (first.id, second.id)
        assert len(list(market.applications(second))) == 1


def test_a_run_that_recover_found_gives_its_key_back(box: Sandbox) -> None:
    draft = TaskDraft(title="T", instructions="I", proof="P", category="Survey", reward=Money("0.25", "USD"))
    side = box[NAME]
    with Hub(box.accounts) as hub:
        market = hub[NAME]
        _ = list(market.tasks())
        side.faults.add(Fault.drop("after"), path="/jobs/add")
        side.faults.add(Fault.status(503, "before"), path="/api/campaigns/", times=None, skip=1)
        with pytest.raises(OutcomeUnknown):
            market.run(market.provider.publish(draft), key="k", amount=Money("1.10", "USD"))
        side.faults.clear()
        (found,) = hub.recover().intents
        again = market.run(market.provider.publish(draft), key="k", amount=Money("1.10", "USD"))
        assert (found.settled, again.id, again.replayed) == ("done", found.task_id, True)
