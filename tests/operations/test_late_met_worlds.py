"""Money in worlds that were met late: a clock that is set back, a budget that changed, a file that changed, a key that
was replaced, a colleague between a check and its request."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from crowdhub import Decision, Hub, Money, Submission, TaskDraft
from crowdhub.clock import Clock
from crowdhub.errors import BudgetExceeded, ConfigurationError, Conflict, InvalidRequest, OutcomeUnknown
from crowdhub.ledger import Ledger
from crowdhub.operations.port import identity_of
from crowdhub.operations.spending import Spend
from crowdhub.protocol import Call
from crowdhub.sandbox import Fault, Sandbox
from crowdhub.sandbox.images import png
from crowdhub_rapidworkers import RapidWorkers
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NAME = "rapidworkers"
PRICE = Money("1.10", "USD")


def draft(title: str = "A", **more: Any) -> TaskDraft:
    given: dict[str, Any] = {"instructions": "x", "proof": "p", "category": "Survey", "reward": "0.25 USD", "slots": 4}
    return TaskDraft.model_validate({"title": title, **given, **more})


def accounts(box: Sandbox, **more: object) -> dict[str, Mapping[str, Any]]:
    return {NAME: {**box.accounts[NAME], **more}}


def lose(box: Sandbox, hub: Hub, key: str = "a") -> None:
    """A request that never arrives, of which nobody can tell yet."""
    box[NAME].faults.add(Fault.drop("before"), path="/jobs/add")
    with pytest.raises(OutcomeUnknown):
        hub[NAME].publish(draft(), key=key)
    box[NAME].faults.clear()


def yes(_: Spend) -> bool:
    return True


@pytest.mark.parametrize("confirm", [None, yes])
def test_a_question_to_the_application_does_not_stand_for_the_budget(confirm: Callable[[Spend], bool] | None) -> None:
    with (
        Sandbox(NAME) as box,
        Hub(accounts(box, allow_engagement_jobs=True), clock=box.clock, budget={"USD": "5"}, confirm=confirm) as hub,
    ):
        market = hub.market(RapidWorkers, NAME)
        with pytest.raises(ConfigurationError, match="the price of this call is not known"):
            market.run(market.provider.youtube_likes("https://example.com/p", 6), key="k")
        assert not box[NAME].books().charges


class Set(Clock):
    """A machine's clock that somebody sets."""

    by = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by

    def sleep(self, seconds: float) -> None:
        del seconds


@pytest.mark.parametrize(
    ("back", "comes_in"), [(timedelta(), False), (timedelta(hours=1), False), (timedelta(hours=1), True)]
)
def test_what_was_paid_before_a_clock_was_set_back_hides_nothing(
    tmp_path: Path, back: timedelta, comes_in: bool
) -> None:
    """The second one is carried out and answered with a 500, and the list is behind: the money alone shows it. What
    the first one's answer told of it is from the future then, and as much may have come in since."""
    clock = Set()
    with Sandbox(NAME, realtime=True) as box, Hub(accounts(box), ledger=tmp_path / "l", clock=clock) as hub:
        clock.by = back
        _ = hub[NAME].publish(draft("A"), key="a")
        clock.by = timedelta()
        if comes_in:
            box.market(RapidWorkersSandbox).set_balance(str(hub[NAME].balance().amount + PRICE.amount))
        old = [each.raw for each in hub[NAME].tasks()]
        box[NAME].faults.add(Fault.status(500, "after"), path="/jobs/add", times=1)
        box[NAME].faults.add(Fault.status(200, "before", body=old), method="GET", path="/api/campaigns/$", times=6)
        with pytest.raises(OutcomeUnknown):
            hub[NAME].publish(draft("B"), key="b")
        assert len([each for each in box[NAME].books().charges if each.kind == "publish"]) == 2


def test_what_was_seen_through_the_key_before_proves_nothing_through_another_one(tmp_path: Path) -> None:
    with Sandbox(NAME) as box:
        with Hub(accounts(box), ledger=tmp_path / "l", clock=box.clock) as hub:
            lose(box, hub)
        other = box.market(RapidWorkersSandbox)._other.key
        box.advance(hours=1)
        with Hub(accounts(box, api_key=other), ledger=tmp_path / "l", clock=box.clock) as hub:
            ledger, provider = cast("Ledger", hub.ledger), hub[NAME].provider
            owner = ledger.owner_of(provider.settings.secrets())
            assert owner is not None
            assert ledger.key_changed(identity_of(provider), owner) == 1
            with pytest.raises(OutcomeUnknown):
                hub[NAME].publish(draft(), key="a")
            assert hub.recover().intents[0].settled == "look"
        assert not box[NAME].books().charges


def test_what_is_sent_again_fits_the_budget_of_today(tmp_path: Path) -> None:
    with Sandbox(NAME) as box:
        with Hub(accounts(box), ledger=tmp_path / "l", clock=box.clock, budget={"USD": "10"}) as hub:
            lose(box, hub)
        box.advance(days=1)
        with (
            Hub(accounts(box), ledger=tmp_path / "l", clock=box.clock, budget={"USD": "0.50"}) as hub,
            pytest.raises(BudgetExceeded),
        ):
            hub[NAME].publish(draft(), key="a")
        with Hub(accounts(box), ledger=tmp_path / "l", clock=box.clock) as hub:
            lose(box, hub)
        box.advance(days=1)
        daily = {"per_day": {"USD": "1.50"}}
        with Hub(accounts(box), ledger=tmp_path / "l", clock=box.clock, budget=daily) as hub:
            _ = hub[NAME].publish(draft("B"), key="b")
            with pytest.raises(BudgetExceeded):
                hub[NAME].publish(draft(), key="a")
            box.advance(days=1)
            _ = hub[NAME].publish(draft(), key="a")
            ledger = cast("Ledger", hub.ledger)
            by_day = [(each.spent, each.held) for each in ledger.report.totals(by_day=True) if each.spent]
            assert by_day == [(PRICE, Money(0, "USD"))] * 2


KILLED = """
import json, os, sys
from crowdhub import Hub, TaskDraft
accounts, file, asked = map(json.loads, sys.argv[1:])
with Hub(accounts, ledger=file, confirm=lambda _: os._exit(0)) as hub:
    hub["rapidworkers"].publish(TaskDraft.model_validate(asked), key="a")
"""


def test_what_a_killed_process_never_sent_fits_the_budget_of_today(tmp_path: Path) -> None:
    file = str(tmp_path / "l")
    with Sandbox(NAME, realtime=True) as box:
        given = [accounts(box), file, draft().model_dump(mode="json")]
        subprocess.run([sys.executable, "-c", KILLED, *map(json.dumps, given)], check=True)
        with Hub(accounts(box), ledger=file, budget={"USD": "0.50"}) as hub, pytest.raises(BudgetExceeded):
            hub[NAME].publish(draft(), key="a")
        with Hub(accounts(box), ledger=file, budget={"USD": "1.50"}) as hub:
            _ = hub[NAME].publish(draft(), key="a")
        assert len(box[NAME].books().charges) == 1


def test_a_second_payment_outlives_compaction_until_somebody_looked(tmp_path: Path) -> None:
    with Sandbox(NAME) as box, Hub(accounts(box), ledger=tmp_path / "l", clock=box.clock) as hub:
        task = hub[NAME].publish(draft(), key="a")
        ledger = cast("Ledger", hub.ledger)
        (intent,) = ledger.report.entries()
        ledger.note_twin(intent, f"published more than once: {task.id}, 5 carry its mark")
        box.advance(days=900)
        _ = ledger.report.compact(ledger.now() - timedelta(days=365), forget_keys=True)
        (twin,) = hub.recover().to_look_at
        assert twin.settled == "twice"
        _ = ledger.seen(ledger.twins()[0])
        _ = ledger.report.compact(ledger.now() - timedelta(days=365), forget_keys=True)
        assert list(ledger.report.entries()) == []


def test_a_picture_that_changes_while_it_is_confirmed_is_not_sent(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(png("A"))

    def confirm(_: Spend) -> bool:
        picture.write_bytes(png("B"))
        return True

    with Sandbox(NAME) as box, Hub(accounts(box), clock=box.clock, confirm=confirm) as hub:
        with pytest.raises(InvalidRequest, match="a file changed"):
            hub[NAME].publish(draft(image=picture), key="k")
        assert not box[NAME].books().charges
        assert not hub[NAME].publish(draft(image=picture), key="k").replayed


def test_one_account_under_two_names_in_a_batch_without_a_ledger() -> None:
    with Sandbox(NAME) as box:
        ours = {"provider": NAME, **box.accounts[NAME]}
        with Hub({"a": ours, "b": ours}, ledger=None, clock=box.clock) as hub:
            report = hub.publish_many([("a", "k", draft()), ("b", "k", draft())])
        assert len({each.task.id for each in report.outcomes if each.task is not None}) == 1
        assert len(box[NAME].books().charges) == 1


@pytest.mark.parametrize("lost", [False, True])
def test_a_bulk_approval_tells_what_it_took_besides(monkeypatch: pytest.MonkeyPatch, lost: bool) -> None:
    """A colleague rejects one between its check and its request, and somebody takes the place."""
    with Sandbox(NAME, options={NAME: {"work_rate": 0}}) as box, Hub(box.accounts) as hub:
        people, market = box.market(RapidWorkersSandbox), hub[NAME]
        task = market.publish(draft(slots=6))
        people.hand_in(task.id, 6)
        works: list[Submission] = list(market.submissions(task, status="pending"))
        _ = market.approve(works.pop())
        real = type(market.provider).sign

        def sign(provider: Any, call: Call, token: Any = None) -> Call:
            if "bulk_action" in call.path and len(people.job(task.id).submissions) == 6:
                job = people.job(task.id)
                people.marketplace.reject(job, job.submissions[int(works[0].id)], "no", people.clock.now())
                people.hand_in(task.id)
            return real(provider, call, token)

        monkeypatch.setattr(type(market.provider), "sign", sign)
        if lost:
            people.faults.add(Fault.drop("after"), path="bulk_action")
        report = market.review([Decision.approve(each) for each in works])
        known = {each.id for each in works}
        extra = [each.id for each in market.submissions(task, status="approved") if each.id not in known]
        assert len(extra) == 2  # the one that was approved before, and the junk
        assert [each.id for each in report.unintended] == [max(extra, key=int)]


def test_what_was_done_by_hand_does_not_claim_that_nothing_was_spent(tmp_path: Path) -> None:
    with Sandbox(NAME) as box, Hub(accounts(box), ledger=tmp_path / "l", clock=box.clock) as hub:
        market, ledger = hub[NAME], cast("Ledger", hub.ledger)
        operation = market.provider.publish(draft())
        box[NAME].faults.add(Fault.drop("before"), path="/jobs/add")
        with pytest.raises(OutcomeUnknown):
            market.run(operation, key="k", amount=PRICE)
        (left,) = ledger.open_intents()
        with ledger.holding() as held:
            ledger.finish(ledger.claim(left.id, held).intent)
        with pytest.raises(Conflict, match=r"Nothing more was spent\."):
            market.run(market.provider.publish(draft()), key="k", amount=PRICE)
