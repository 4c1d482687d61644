"""Many drafts at once: one look, one confirmation, one outcome each, and the same keys carry on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import (
    BudgetExceeded,
    InvalidRequest,
    LedgerError,
    NotConfirmed,
    OutcomeUnknown,
    PermissionDenied,
)
from crowdhub.ledger import Intent, Ledger
from crowdhub.model import PublishReport
from crowdhub.operations.spending import Spend
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers import RapidWorkersOptions
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.conftest import World
from tests.support.hand_clock import HandClock

Drafts = list[tuple[str, TaskDraft]]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("rapidworkers") as opened:
        yield opened


@pytest.fixture
def sandbox(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


@pytest.fixture
def hub(box: Sandbox, clock: HandClock) -> Iterator[Hub]:
    with Hub(box.accounts, clock=clock) as opened:
        yield opened


def draft(**changes: Any) -> TaskDraft:
    given: dict[str, Any] = {"title": "Survey", "instructions": "Fill it in", "reward": Money("0.50", "USD")}
    given |= {"slots": 2, "proof": "A screenshot", "category": "Survey"}
    return TaskDraft(**{**given, **changes})


def batch(count: int, **changes: Any) -> Drafts:
    return [(f"k{n}", draft(title=f"Survey {n}", **changes)) for n in range(count)]


def publish(hub: Hub, drafts: Drafts) -> PublishReport:
    return hub["rapidworkers"].publish_many(drafts)


def posts(sandbox: RapidWorkersSandbox) -> int:
    return sum(each.path == "/jobs/add" for each in sandbox.requests)


def test_ten_drafts_take_twelve_requests_at_most_and_two_from_then_on(
    box: Sandbox, sandbox: RapidWorkersSandbox, world: World, clock: HandClock, tmp_path: Path
) -> None:
    def run() -> PublishReport:
        report = world.hub(
            box.accounts,
            lambda hub: hub["rapidworkers"].publish_many(batch(10)),
            clock=clock,
            ledger=tmp_path / "ledger.sqlite3",
        )
        assert isinstance(report, PublishReport)
        return report

    first = run()
    assert first.summary() == {"published": 10}
    assert first.requests == sandbox.request_count == 12
    assert [each.key for each in first.outcomes] == [f"k{n}" for n in range(10)]
    assert [task.title for task in first.tasks] == [f"Survey {n}" for n in range(10)]
    assert {job.id for job in sandbox.jobs()} == {task.id for task in first.tasks}

    again = run()
    assert again.summary() == {"replayed": 10}
    assert again.requests == 0
    assert sandbox.request_count == 12
    assert [task.id for task in again.tasks] == [task.id for task in first.tasks]


@pytest.mark.parametrize("ledger", ["another", None])
def test_what_only_the_marketplace_knows_is_found_by_one_look(
    box: Sandbox, sandbox: RapidWorkersSandbox, hub: Hub, clock: HandClock, tmp_path: Path, ledger: str | None
) -> None:
    publish(hub, batch(3))
    asked: list[Spend] = []

    def confirm(spend: Spend) -> bool:
        asked.append(spend)
        return True

    before = sandbox.request_count
    target = None if ledger is None else tmp_path / "other.sqlite3"
    with Hub(box.accounts, clock=clock, ledger=target, confirm=confirm) as other:
        report = publish(other, batch(5))
    assert report.summary() == {"published": 2, "replayed": 3}
    assert report.requests == sandbox.request_count - before == 4  # the list, the balance, two publishes
    assert [item.key for item in asked[0].items] == ["k3", "k4"]
    assert len(asked) == 1


def test_one_that_fails_keeps_none_of_the_others(hub: Hub, sandbox: RapidWorkersSandbox) -> None:
    sandbox.faults.add(Fault.status(403, "before"), path="/jobs/add", skip=1)
    report = publish(hub, batch(3))
    assert [each.result for each in report.outcomes] == ["published", "failed", "published"]
    assert isinstance(report.outcomes[1].error, PermissionDenied)
    assert report.failures == (report.outcomes[1],)
    carried_on = publish(hub, batch(3))
    assert [each.result for each in carried_on.outcomes] == ["replayed", "published", "replayed"]
    assert carried_on.requests == 2
    assert len(sandbox.jobs()) == 3


def test_a_lost_answer_is_found_and_one_that_cannot_be_told_is_unknown(
    hub: Hub, sandbox: RapidWorkersSandbox, clock: HandClock
) -> None:
    sandbox.faults.add(Fault.drop("after"), path="/jobs/add")
    sandbox.faults.add(Fault.drop("before"), path="/jobs/add")
    report = publish(hub, batch(3))
    assert [each.result for each in report.outcomes] == ["published", "unknown", "published"]
    assert isinstance(report.outcomes[1].error, OutcomeUnknown)
    assert [each.key for each in hub.unresolved()] == ["k1"]
    clock.move(301)
    assert [each.result for each in publish(hub, batch(3)).outcomes] == ["replayed", "published", "replayed"]
    assert len(sandbox.jobs()) == 3
    assert sandbox.books().charged == Money("3.30", "USD").amount


def test_the_application_is_asked_once_with_the_sum(box: Sandbox, sandbox: RapidWorkersSandbox) -> None:
    asked: list[Spend] = []

    def confirm(spend: Spend) -> bool:
        asked.append(spend)
        return len(asked) != 2

    with Hub(box.accounts, confirm=confirm) as hub:
        publish(hub, batch(1))
        refused = publish(hub, batch(3))
        assert [each.result for each in refused.outcomes] == ["replayed", "not_confirmed", "not_confirmed"]
        assert isinstance(refused.outcomes[1].error, NotConfirmed)
        assert posts(sandbox) == 1
        spend = asked[1]
        assert (spend.operation, spend.account, spend.environment) == ("publish_many", "rapidworkers", "sandbox")
        assert spend.amount == Money("2.20", "USD")
        assert spend.totals == {"USD": Money("2.20", "USD")}
        assert [(item.key, item.title) for item in spend.items] == [("k1", "Survey 1"), ("k2", "Survey 2")]
        assert publish(hub, batch(3)).summary() == {"published": 2, "replayed": 1}
        assert publish(hub, batch(3)).summary() == {"replayed": 3}
    assert len(asked) == 3  # nobody is asked where nothing is left


def test_a_sum_that_does_not_fit_is_refused_as_a_whole_before_any_request(
    box: Sandbox, sandbox: RapidWorkersSandbox
) -> None:
    with Hub(box.accounts, budget={"USD": "3.30"}) as hub:
        report = publish(hub, batch(4))
        assert report.summary() == {"refused": 4}
        error = report.outcomes[0].error
        assert isinstance(error, BudgetExceeded)
        assert (error.need, error.have) == (Money("4.40", "USD"), Money("3.30", "USD"))
        assert (report.requests, sandbox.request_count) == (0, 0)
        assert publish(hub, batch(3)).summary() == {"published": 3}
        assert publish(hub, batch(4)).summary() == {"replayed": 3, "refused": 1}


def test_a_limit_for_one_task_is_no_limit_for_the_sum(box: Sandbox) -> None:
    with Hub(box.accounts, budget={"per_task": {"USD": "2"}}) as hub:
        drafts = [*batch(2), ("large", draft(slots=10))]
        assert [each.result for each in publish(hub, drafts).outcomes] == ["published", "published", "refused"]


def test_everything_wrong_is_named_at_once_before_any_request(hub: Hub, sandbox: RapidWorkersSandbox) -> None:
    drafts = [("a", draft()), ("a", draft(slots=0)), (" ", draft(language="en", title=""))]
    with pytest.raises(InvalidRequest) as caught:
        publish(hub, drafts)
    assert [issue.where for issue in caught.value.issues] == [
        "drafts[1]",
        "drafts[1].slots",
        "drafts[2]",
        "drafts[2].language",
        "drafts[2].title",
    ]
    assert "has the key 'a' of drafts[0]" in str(caught.value)
    wrong: Any = [("k", draft()), (None, draft())]
    with pytest.raises(InvalidRequest, match=r"drafts\[1\]"):
        publish(hub, wrong)
    assert sandbox.request_count == 0


def test_a_key_that_stands_for_something_else_fails_alone(hub: Hub, sandbox: RapidWorkersSandbox) -> None:
    publish(hub, batch(1))
    report = publish(hub, [("k0", draft(title="Another")), ("k1", draft())])
    assert [each.result for each in report.outcomes] == ["failed", "published"]
    assert "was used for another publish" in str(report.outcomes[0].error)
    assert posts(sandbox) == 2


def test_a_look_that_fails_sends_nothing(hub: Hub, sandbox: RapidWorkersSandbox) -> None:
    sandbox.faults.add(Fault.status(403, "before"), path="/api/campaigns/")
    assert publish(hub, batch(2)).summary() == {"failed": 2}
    assert posts(sandbox) == 0


def test_a_row_that_cannot_be_read_lets_each_draft_look_for_itself(
    box: Sandbox, hub: Hub, sandbox: RapidWorkersSandbox, tmp_path: Path, clock: HandClock
) -> None:
    publish(hub, batch(1))
    rows = [{"jobTitle": "no id"}, *_listed(sandbox)]
    sandbox.faults.add(Fault.status(200, body=rows), path="/api/campaigns/", times=None)
    with Hub(box.accounts, ledger=tmp_path / "other.sqlite3", clock=clock) as other:
        assert [each.result for each in publish(other, batch(2)).outcomes] == ["replayed", "failed"]
    assert posts(sandbox) == 1


def _listed(sandbox: RapidWorkersSandbox) -> list[dict[str, object]]:
    return [{"jobId": job.id, "jobTitle": job.job.title, "description": job.job.description} for job in sandbox.jobs()]


def test_a_ledger_that_cannot_be_read_sends_nothing(
    hub: Hub, sandbox: RapidWorkersSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise LedgerError("The ledger is locked.")

    monkeypatch.setattr(Ledger, "owner_of", broken)
    assert publish(hub, batch(2)).summary() == {"failed": 2}
    assert sandbox.request_count == 0


def test_a_key_that_opens_nothing_ends_the_sending(hub: Hub, sandbox: RapidWorkersSandbox) -> None:
    sandbox.faults.add(Fault.status(401, "before"), path="/jobs/add", times=None)
    report = publish(hub, batch(4))
    assert report.summary() == {"failed": 4}
    assert posts(sandbox) == 1


def test_after_an_interrupt_the_same_keys_carry_on(
    hub: Hub, sandbox: RapidWorkersSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = Ledger.sending

    def interrupted(ledger: Ledger, intent: Intent, *witness: Any) -> None:
        if intent.key == "k2":
            raise KeyboardInterrupt
        sending(ledger, intent, *witness)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "sending", interrupted)
        with pytest.raises(KeyboardInterrupt):
            publish(hub, batch(4))
    assert posts(sandbox) == 2
    assert publish(hub, batch(4)).summary() == {"published": 2, "replayed": 2}
    assert len(sandbox.jobs()) == 4


def test_the_same_batch_at_the_same_moment_is_published_once(box: Sandbox, sandbox: RapidWorkersSandbox) -> None:
    with Hub(box.accounts) as hub, ThreadPoolExecutor(3) as threads:
        running = [threads.submit(publish, hub, batch(4)) for _ in range(3)]
        reports = [each.result() for each in running]
    assert len(sandbox.jobs()) == 4
    assert len({tuple(task.id for task in report.tasks) for report in reports}) == 1
    assert sum(report.count("published") for report in reports) == 4


def test_nothing_to_publish_is_an_empty_report(hub: Hub, sandbox: RapidWorkersSandbox) -> None:
    assert publish(hub, []) == PublishReport(outcomes=())
    assert sandbox.request_count == 0


def test_a_batch_over_accounts(clock: HandClock) -> None:
    asked: list[Spend] = []

    def confirm(spend: Spend) -> bool:
        asked.append(spend)
        return True

    with Sandbox("rapidworkers", "crowdsdom") as box:
        budget = {"USD": "3", "CNY": "20"}
        with Hub(box.accounts, clock=clock, confirm=confirm, budget=budget) as hub:
            options = [RapidWorkersOptions(category="Survey")]
            usd = draft(category=None, options=options)
            cny = usd.copy_with(reward=Money("3", "CNY"))
            drafts = [("crowdsdom", "k", cny), ("rapidworkers", "k", usd), ("crowdsdom", "l", cny)]
            report = hub.publish_many(drafts)
            assert [(each.account, each.key) for each in report.outcomes] == [(name, key) for name, key, _ in drafts]
            assert report.summary() == {"published": 3}
            assert report.requests == 6  # two looks, one balance (CrowdSDOM tells none) and three publishes
            assert (asked[0].account, asked[0].amount) == ("crowdsdom, rapidworkers", None)
            assert asked[0].totals == {"CNY": Money("14.40", "CNY"), "USD": Money("1.10", "USD")}
            assert hub.publish_many(drafts).requests == 0
            assert hub.publish_many([("crowdsdom", "m", cny), ("rapidworkers", "m", usd)]).summary() == {"refused": 2}
            with pytest.raises(InvalidRequest) as caught:
                hub.publish_many([("crowdsdom", "x", cny), ("nobody", "x", usd), ("rapidworkers", "y", cny)])
            assert [issue.where for issue in caught.value.issues] == ["drafts[1]", "drafts[2].reward"]
    assert len(asked) == 1
