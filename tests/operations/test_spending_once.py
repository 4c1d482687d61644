"""Spending through a market: keys, budgets, confirmation, recovery, as an application meets them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from crowdhub import Decision, Hub, Money, Task, TaskDraft
from crowdhub.errors import BudgetExceeded, ConfigurationError, InsufficientFunds, InvalidRequest, NotConfirmed
from crowdhub.ledger import Ledger, State
from crowdhub.operations.spending import LedgerWarning
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers import RapidWorkers
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("rapidworkers") as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def draft(**changes: Any) -> TaskDraft:
    given: dict[str, Any] = {"title": "Survey", "instructions": "Fill it in", "reward": Money("0.50", "USD")}
    given |= {"slots": 10, "proof": "A screenshot", "category": "Survey"}
    return TaskDraft(**{**given, **changes})


def charges(box: Sandbox) -> list[str]:
    return [charge.task_id for charge in box["rapidworkers"].books().charges]


def posts(box: Sandbox, path: str = "/jobs/add") -> int:
    return sum(request.method == "POST" and request.path == path for request in box["rapidworkers"].requests)


@pytest.mark.parametrize("kept", ["the same ledger", "another ledger", "no ledger"])
def test_a_key_publishes_once_from_any_hub(box: Sandbox, ledger: Path, kept: str) -> None:
    with Hub(box.accounts, ledger=ledger) as hub:
        first = hub["rapidworkers"].publish(draft(), key="order-42")
    second_ledger = {"the same ledger": ledger, "another ledger": ledger.with_name("b"), "no ledger": None}[kept]
    with Hub(box.accounts, ledger=second_ledger) as hub:
        again = hub["rapidworkers"].publish(draft(), key="order-42")
        other = hub["rapidworkers"].publish(draft(), key="order-43")
    assert (again.id, first.replayed, again.replayed) == (first.id, False, True)
    assert charges(box) == [first.id, other.id]


def test_without_a_key_each_publish_is_a_new_one(box: Sandbox, ledger: Path) -> None:
    with Hub(box.accounts, ledger=ledger) as hub:
        assert len({hub["rapidworkers"].publish(draft()).id for _ in range(2)}) == 2


def test_a_key_for_something_else_shows_the_difference(box: Sandbox, ledger: Path) -> None:
    with Hub(box.accounts, ledger=ledger) as hub:
        hub["rapidworkers"].publish(draft(), key="k")
        with pytest.raises(InvalidRequest, match=r"slots: was 10, now 11.*nothing was sent"):
            hub["rapidworkers"].publish(draft(slots=11), key="k")
    assert len(charges(box)) == 1


def test_a_refused_publish_frees_its_key_and_its_budget(box: Sandbox, ledger: Path) -> None:
    with Hub(box.accounts, ledger=ledger, budget={"USD": "6"}) as hub:
        box.market(RapidWorkersSandbox).set_balance("1.00")
        with pytest.raises(InsufficientFunds):
            hub["rapidworkers"].publish(draft(), key="k")
        box.market(RapidWorkersSandbox).set_balance("100.00")
        assert not hub["rapidworkers"].publish(draft(), key="k").replayed


def test_a_budget_counts_over_hubs_and_says_what_is_left(box: Sandbox, ledger: Path) -> None:
    with Hub(box.accounts, ledger=ledger, budget={"USD": "8"}) as hub:
        hub["rapidworkers"].publish(draft())  # 5.50 with the commission
    before = box["rapidworkers"].request_count
    with Hub(box.accounts, ledger=ledger, budget={"USD": "8"}) as hub, pytest.raises(BudgetExceeded) as caught:
        hub["rapidworkers"].publish(draft())
    assert (caught.value.need, caught.value.have) == (Money("5.50", "USD"), Money("2.50", "USD"))
    assert box["rapidworkers"].request_count == before


def test_a_budget_needs_a_ledger(box: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="ledger"):
        Hub(box.accounts, ledger=None, budget={"USD": "8"})


def test_a_dry_run_sends_and_writes_nothing(box: Sandbox, ledger: Path) -> None:
    with Hub(box.accounts, ledger=ledger) as hub:
        dry = hub["rapidworkers"].publish(draft(), key="k", dry_run=True)
        assert dry.quote == Money("5.50", "USD")
        assert (dry.method, dry.path, dry.content["pay_rate"]) == ("POST", "/jobs/add", "0.50")
        assert hub.ledger is not None
        assert list(hub.ledger.report.entries()) == []
    assert box["rapidworkers"].request_count == 1  # the balance


def test_confirm_sees_the_quote_and_can_say_no(box: Sandbox, ledger: Path) -> None:
    asked: list[Any] = []

    def confirm(spend: Any) -> bool:
        asked.append(spend)
        return len(asked) > 1

    with Hub(box.accounts, ledger=ledger, confirm=confirm) as hub:
        market = hub["rapidworkers"]
        with pytest.raises(NotConfirmed):
            market.publish(draft(), key="k")
        assert posts(box) == 0
        market.publish(draft(), key="k")
        assert market.publish(draft(), key="k").replayed
    assert [(each.operation, each.amount, each.environment) for each in asked] == [
        ("publish", Money("5.50", "USD"), "sandbox")
    ] * 2


def test_a_plugins_own_purchase_is_made_once_under_a_key(box: Sandbox, ledger: Path) -> None:
    accounts = {"rapidworkers": {**box.accounts["rapidworkers"], "allow_engagement_jobs": True}}
    bought: list[Task] = []
    for _ in range(2):
        with Hub(accounts, ledger=ledger) as hub:
            market = hub.market(RapidWorkers)
            flow = market.provider.facebook_likes(link="https://facebook.com/post/1", quantity=6)
            bought.append(market.run(flow, key="likes", amount=Money("0.40", "USD")))
    assert bought[0].id == bought[1].id
    assert [each.replayed for each in bought] == [False, True]
    assert len(charges(box)) == 1


def test_what_a_plugin_spends_without_a_key_is_in_the_ledger(box: Sandbox, ledger: Path) -> None:
    accounts = {"rapidworkers": {**box.accounts["rapidworkers"], "allow_engagement_jobs": True}}
    with Hub(accounts, ledger=ledger) as hub:
        market = hub.market(RapidWorkers)
        market.run(market.provider.balance())
        market.run(market.provider.youtube_likes(link="https://youtube.com/watch?v=1", quantity=6))
    with Ledger.open(ledger) as opened:
        (entry,) = opened.report.entries()
    content = cast("dict[str, object]", entry.content)
    assert (entry.operation, entry.state, content["quantity"]) == ("ready_made", State.DONE, 6)


def test_recover_finds_what_a_crashed_process_published(box: Sandbox, ledger: Path) -> None:
    """The process ends between the marketplace's work and its own note of it."""

    class Crash(BaseException): ...

    def crash(*_: Any) -> None:
        raise Crash

    with Hub(box.accounts, ledger=ledger) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr("crowdhub_rapidworkers.wire.Created.to_task", crash)
        with pytest.raises(Crash):
            hub["rapidworkers"].publish(draft(), key="k")
    assert len(charges(box)) == 1
    with Hub(box.accounts, ledger=ledger) as hub:
        (recovered,) = hub.recover().intents
        assert (recovered.settled, recovered.key) == ("done", "k")
        assert [recovered.task_id] == charges(box)
        assert hub["rapidworkers"].publish(draft(), key="k").replayed
        assert hub.recover().intents == ()
    assert len(charges(box)) == 1


def test_recover_carries_on_with_a_review(box: Sandbox, ledger: Path) -> None:
    class Crash(BaseException): ...

    with Hub(box.accounts, ledger=ledger) as hub:
        market = hub["rapidworkers"]
        task = market.publish(draft())
        box.market(RapidWorkersSandbox).hand_in(task.id, 6)
        work = list(market.submissions(task))
        decisions = [Decision.approve(s) for s in work[:3]] + [Decision.reject(s, "unreadable") for s in work[3:]]

        def crash(done: int) -> None:
            raise Crash

        market.reject(work[3], "unreadable")
        with pytest.raises(Crash):
            market.review(decisions, progress=crash)
    with Hub(box.accounts, ledger=ledger) as hub:
        outcomes = hub.recover().reviews
        assert all(outcome.error is None for outcome in outcomes)
        now = {each.id: each.status.value for each in hub["rapidworkers"].submissions(task)}
    assert [now[each.id] for each in work] == ["approved"] * 3 + ["rejected"] * 3


def test_a_full_disk_after_the_work_does_not_lose_the_result(
    box: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crowdhub.errors import LedgerError

    def full(*_: Any, **__: Any) -> None:
        raise LedgerError("disk full")

    with Hub(box.accounts, ledger=ledger) as hub:
        market = hub["rapidworkers"]
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "finish", full)
            with pytest.warns(LedgerWarning, match="recover"):
                task = market.publish(draft(), key="k")
        with warnings.catch_warnings():
            assert market.publish(draft(), key="k").id == task.id
    assert charges(box) == [task.id]


def test_a_lost_answer_is_one_charge_and_one_row(box: Sandbox, ledger: Path) -> None:
    box["rapidworkers"].faults.add(Fault.reset("after"), method="POST", path="/jobs/add")
    with Hub(box.accounts, ledger=ledger) as hub:
        task = hub["rapidworkers"].publish(draft(), key="k")
        assert hub.ledger is not None
        (entry,) = hub.ledger.report.entries()
    assert task.replayed
    assert charges(box) == [task.id]
    assert (entry.state, entry.task_id, entry.amount) == (State.DONE, task.id, Money("5.50", "USD"))


def test_an_embedded_sandbox_leaves_the_users_ledger_alone(box: Sandbox, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with Hub(box.accounts) as hub:
        hub["rapidworkers"].publish(draft(), key="k")
    assert not (tmp_path / "data").exists()
