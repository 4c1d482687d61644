"""A review whose bookkeeping fails, whose bulk call would have to wait, or whose decisions have grown old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest

from crowdhub import Decision, Hub, Money, Submission, TaskDraft, Worker
from crowdhub.engine.session import Session
from crowdhub.errors import Conflict, LedgerError, OutcomeUnknown, ProviderUnavailable
from crowdhub.ledger import Decided, Noted
from crowdhub.ledger.journal import Journal
from crowdhub.operations import reviewing
from crowdhub.operations.port import identity_of
from crowdhub.operations.spending import LedgerWarning
from crowdhub.protocol import Call
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_etxt import EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

DRAFT = TaskDraft(
    title="Review me", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=12
)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("rapidworkers", "etxt", options={"rapidworkers": {"work_rate": 0}, "etxt": {"work_rate": 0}}) as made:
        yield made


@pytest.fixture
def hub(box: Sandbox, tmp_path: Path) -> Iterator[Hub]:
    with Hub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as made:
        yield made


@pytest.fixture
def workers(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


def pending(hub: Hub, workers: RapidWorkersSandbox, slots: int = 12) -> list[Submission]:
    market = hub["rapidworkers"]
    task = market.publish(DRAFT.copy_with(slots=slots))
    workers.hand_in(task.id, slots)
    return list(market.submissions(task, status="pending"))


@pytest.mark.parametrize("where", ["outcome", "close"])
def test_a_ledger_that_cannot_be_written_keeps_no_report_back(
    hub: Hub, workers: RapidWorkersSandbox, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Locked in the middle of the review, or right after it: what was carried out is reported, with a warning."""

    def locked(*_: object) -> None:
        raise LedgerError("The ledger is locked by another program.")

    works = pending(hub, workers)
    decisions = [Decision.reject(each, reason="empty") for each in works[:2]]
    decisions += [Decision.approve(each) for each in works[2:]]
    with monkeypatch.context() as patch:
        patch.setattr(reviewing, "CHUNK", 4)
        patch.setattr(Journal, where, locked)
        with pytest.warns(LedgerWarning, match="run recover"):
            report = hub["rapidworkers"].review(decisions)
    assert report.summary() == {"approved": 10, "rejected": 2}
    assert workers.books().agree()


def test_bulk_approval_does_not_wait_between_its_check_and_its_call(hub: Hub, workers: RapidWorkersSandbox) -> None:
    """Told to wait, other work could come in meanwhile: one by one then."""
    works = pending(hub, workers)
    workers.clear_requests()
    workers.faults.add(Fault.rate_limit(30), path="bulk_action", times=1)
    report = hub["rapidworkers"].review([Decision.approve(each) for each in works])
    assert report.count("approved") == 12
    asked = [each.path.rsplit("/", 2)[-2] for each in workers.requests if each.method == "POST"]
    assert (asked.count("bulk_action"), asked.count("approve")) == (1, 12)


def test_what_has_to_wait_for_the_ledgers_file_is_not_approved_in_bulk(
    hub: Hub, workers: RapidWorkersSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the shared request limits waited for the file, somebody rejects one, and junk takes the place."""
    works = pending(hub, workers)
    workers.clear_requests()
    real, waited = Session.wait_at_gate, [0.0]

    def wait_at_gate(session: Session, call: Call, before: float) -> float:
        if "bulk_action" in call.path:
            job = workers.job(works[0].task_id)
            workers.marketplace.reject(job, job.submissions[int(works[0].id)], "empty", workers.clock.now())
            workers.hand_in(works[0].task_id)
            waited[0] = 2.1
        return real(session, call, before)

    monkeypatch.setattr(Session, "wait_at_gate", wait_at_gate)
    monkeypatch.setattr("crowdhub.engine.engine.time.monotonic", lambda: waited[0])
    report = hub["rapidworkers"].review([Decision.approve(each) for each in works])
    assert (report.count("approved"), report.count("failed"), report.unintended) == (11, 1, ())
    assert not [each for each in workers.requests if "bulk_action" in each.path]
    assert len(workers.books().payouts) == 11


def test_work_that_was_handed_in_anew_is_not_approved_unseen(hub: Hub, box: Sandbox) -> None:
    """A program ended with "approve" in its journal; then the work was sent back, and other work came."""
    people, market = cast("EtxtSandbox", box["etxt"]), hub["etxt"]
    options = EtxtOptions(id_category=1, size=2000)
    task = market.publish(TaskDraft(title="A text", instructions="Tea.", reward=Money(300, "RUB"), options=[options]))
    people.hand_in(task.id)
    (seen,) = market.submissions(task)
    interrupted(hub, [seen])
    with Hub(box.accounts, ledger=None, clock=box.clock) as elsewhere:
        elsewhere["etxt"].request_redo(seen, reason="Longer")
    (outcome,) = hub.recover().reviews
    assert (outcome.result, "any more" in str(outcome.error)) == ("failed", True)
    interrupted(hub, [seen])
    box.advance(hours=1)
    people.hand_in(task.id)
    (outcome,) = hub.recover().reviews
    assert outcome.result == "failed"
    (junk,) = market.submissions(task)
    assert junk.status == "pending"
    assert hub.recover().reviews == ()


@pytest.mark.parametrize("several", [False, True])
def test_an_older_decision_does_not_settle_other_work(hub: Hub, box: Sandbox, several: bool) -> None:
    """A colleague sends it back, other work is handed in, and only then is the decision carried out."""
    people, market = cast("EtxtSandbox", box["etxt"]), hub["etxt"]
    draft = TaskDraft(
        title="A", instructions="I", reward=Money(300, "RUB"), options=[EtxtOptions(id_category=1, size=300)]
    )
    tasks = [market.publish(draft) for _ in range(2 if several else 1)]
    for task in tasks:
        people.hand_in(task.id)
    seen = [next(market.submissions(task)) for task in tasks]
    market.request_redo(seen[0], "too short")
    box.advance(hours=1)
    people.hand_in(tasks[0].id)
    report = market.review([Decision.approve(each) for each in seen])
    assert [each.result for each in report.outcomes] == ["failed", *["approved"] * (len(seen) - 1)]
    assert isinstance(report.outcomes[0].error, Conflict)
    with pytest.raises(Conflict, match="other work was handed in since"):
        market.approve(seen[0])
    with pytest.raises(Conflict, match="other work was handed in since"):
        market.request_redo(seen[0], "too short")
    assert next(market.submissions(tasks[0])).status == "pending"
    assert market.approve(next(market.submissions(tasks[0]))).status == "approved"


def test_a_review_that_cannot_be_carried_on_with_keeps_no_other_back(hub: Hub, workers: RapidWorkersSandbox) -> None:
    first, second = pending(hub, workers, 1), pending(hub, workers, 1)
    interrupted(hub, first)
    interrupted(hub, second)
    workers.faults.add(Fault.status(503, "before"), path=first[0].task_id, times=None)
    report = hub.recover()
    assert isinstance(report.failed["rapidworkers"], ProviderUnavailable)
    assert [each.result for each in report.reviews] == ["approved"]
    states = [workers.submissions(each.task_id)[0].status for each in (*first, *second)]
    assert states == ["Pending", "Approved"]
    workers.faults.clear()
    assert [each.result for each in hub.recover().reviews] == ["approved"]


def test_a_newer_decision_of_one_keeps_the_older_of_many_from_being_carried_out(
    hub: Hub, box: Sandbox, workers: RapidWorkersSandbox
) -> None:
    """Also where the newer one's answer is lost, or where it leaves the work pending, with a ticket."""
    works = pending(hub, workers, 2)
    interrupted(hub, works)
    workers.faults.add(Fault.drop("before"), path="/reject/", times=None)
    with pytest.raises(OutcomeUnknown):
        hub["rapidworkers"].reject(works[0], "No proof.")
    workers.faults.clear()
    assert [each.decision.submission.id for each in hub.recover().reviews] == [works[1].id]
    assert {each.id: each.status for each in hub["rapidworkers"].submissions(works[0].task_id)} == {
        works[0].id: "pending",
        works[1].id: "approved",
    }
    assert hub.recover().reviews == ()


def test_a_review_of_a_task_that_is_gone_ends(hub: Hub, box: Sandbox, workers: RapidWorkersSandbox) -> None:
    """Whether it was carried out before cannot be told; it keeps nothing else of the review from going on."""
    works, others = pending(hub, workers, 2), pending(hub, workers, 2)
    interrupted(hub, [*works, *others])
    workers.faults.add(Fault.status(404, "before"), path=works[0].task_id, times=None)
    found = {each.decision.submission.id: each for each in hub.recover().reviews}
    assert [found[each.id].result for each in works] == ["unknown", "unknown"]
    assert "Nothing was spent" not in str(found[works[0].id].error)
    assert [found[each.id].result for each in others] == ["approved", "approved"]
    assert hub.recover().reviews == ()


def test_an_account_that_cannot_be_asked_hides_none_of_the_others(
    hub: Hub, box: Sandbox, workers: RapidWorkersSandbox
) -> None:
    workers.faults.add(Fault.drop("after"), path="/jobs/add")
    workers.faults.add(Fault.status(503, "before"), path="/api/campaigns/", skip=1, times=None)
    with pytest.raises(OutcomeUnknown):
        hub["rapidworkers"].publish(DRAFT, key="k")
    workers.faults.clear()
    assert hub.ledger is not None
    box["etxt"].faults.add(Fault.status(503, "before"), times=None)
    work = Submission(**hub["etxt"].provider.identity, id="100002", task_id="100002", worker=Worker(id="1"))
    interrupted(hub, [work])
    turned = {name: box.accounts[name] for name in ("etxt", "rapidworkers")}
    with Hub(turned, ledger=hub.ledger.database.url.database, clock=box.clock) as again:
        report = again.recover()
    assert list(report.failed) == ["etxt"]
    assert [each.settled for each in report.intents] == ["done"]


def interrupted(hub: Hub, works: Iterable[Submission]) -> None:
    """A review by a program that ended before it carried anything out."""
    works = list(works)
    market = hub[works[0].account]
    assert market.ledger is not None
    decided = [Decided(each.task_id, each.id, "approve", None, (), each.submitted_at) for each in works]
    journal = market.ledger.journal
    journal.close(journal.write(identity_of(market.provider), decided))


def test_what_was_settled_is_not_looked_at_again(hub: Hub, workers: RapidWorkersSandbox) -> None:
    works = pending(hub, workers, 2)
    market = hub["rapidworkers"]
    assert market.ledger is not None
    interrupted(hub, works)
    (review,) = market.ledger.journal.open()
    market.ledger.journal.outcome(review.id, [Noted(0, "approved")])
    assert len(hub.recover().reviews) == 1
