"""The whole job through the neutral interface, on the sandbox; and what only the API's own operations do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Balance, Decision, Hub, Market, Money, TaskDraft, TaskStatus
from crowdhub.clock import Clock
from crowdhub.errors import AuthenticationFailed, Conflict, InsufficientFunds, InvalidRequest, NotSupported
from crowdhub.model import Choice, FreeText, QuestionForm, Selection
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_mturk import Comparator, MTurk, MTurkFile, MTurkOptions, QualificationRequirement
from crowdhub_mturk.sandbox import MTurkSandbox
from crowdhub_mturk.words import QualificationTypeStatus

HALF = Money("0.50", "USD")
DRAFT = TaskDraft(title="Read a receipt", instructions="Write down the total.", proof="The total", reward=HALF, slots=3)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("mturk", options={"mturk": {"every": 0, "balance": "100.00"}}) as box:
        yield box


@pytest.fixture
def people(box: Sandbox) -> MTurkSandbox:
    return box.market(MTurkSandbox)


@pytest.fixture
def hub(box: Sandbox, tmp_path: Path) -> Iterator[Hub]:
    with Hub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as hub:
        yield hub


@pytest.fixture
def market(hub: Hub) -> Market[MTurk]:
    return hub.market(MTurk)


@pytest.fixture
def clock(box: Sandbox) -> Clock:
    return box.clock


def test_a_whole_job(market: Market[MTurk], people: MTurkSandbox) -> None:
    assert market.estimate(DRAFT) == Money("1.80", "USD")
    task = market.publish(DRAFT, key="receipt-1")
    assert market.publish(DRAFT, key="receipt-1").id == task.id
    assert market.balance() == Balance("98.20", "USD", held=Money("1.80", "USD"))
    people.hand_in(task.id, 2, answers={"proof": "17.40 <USD> & more"})
    good, bad = market.submissions(task, status="pending")
    assert (good.text, good.answers) == ("17.40 <USD> & more", {"proof": "17.40 <USD> & more"})
    assert good.auto_approves_at is not None
    assert good.submitted_at is not None
    assert good.auto_approves_at - good.submitted_at == timedelta(days=30)
    report = market.review([Decision.approve(good, "Thank you."), Decision.reject(bad, "Not legible.")])
    assert report.summary() == {"approved": 1, "rejected": 1}
    assert people.assignment(good.id).feedback == "Thank you."
    now = market.task(task)
    assert (now.slots, now.remaining, now.pending, now.in_progress) == (3, 1, 0, 0)
    market.pay_bonus(good, Money("1.00", "USD"), "Well done.", key="bonus-1")
    market.pay_bonus(good, Money("1.00", "USD"), "Well done.", key="bonus-1")
    assert market.balance() == Money("97.60", "USD")  # 1.80 were held, 0.60 came back; 1.20 for the bonus
    market.message(good.worker, "Would you do another one?")
    assert [each.text for each in people.letters] == ["Would you do another one?"]
    market.block(bad.worker)
    assert [each.id for each in market.blocked_workers()] == [bad.worker.id]
    market.unblock(bad.worker)
    assert list(market.blocked_workers()) == []
    assert market.cancel(task).status is TaskStatus.CANCELLED
    assert market.cancel(task).status is TaskStatus.CANCELLED
    assert market.task(task).status is TaskStatus.EXPIRED
    assert market.balance() == Balance("98.20", "USD", held=Money("0.00", "USD"))


def test_more_places_and_more_time(market: Market[MTurk], clock: Clock) -> None:
    task = market.publish(DRAFT)
    until = clock.now() + timedelta(days=20)
    grown = market.extend(task, slots=2, until=until, key="more")
    assert (grown.slots, grown.expires_at) == (5, until)
    assert market.extend(task, slots=2, until=until, key="more").slots == 5
    assert market.extend(task, until=until).expires_at == until  # the same moment again
    assert market.balance() == Money("97.00", "USD")
    with pytest.raises(InvalidRequest, match="InvalidMaximumAssignmentsIncrease"):
        market.extend(task, slots=5)


@pytest.mark.parametrize("fault", [Fault.drop("after"), Fault.status(500, "after"), Fault.truncate()])
@pytest.mark.parametrize("what", ["CreateHIT", "SendBonus", "CreateAdditionalAssignmentsForHIT"])
def test_a_lost_answer_is_told_by_its_token(
    market: Market[MTurk], people: MTurkSandbox, fault: Fault, what: str
) -> None:
    task = market.publish(DRAFT, key="first")
    people.hand_in(task.id)
    (work,) = market.submissions(task)
    market.approve(work)
    before = market.balance()
    people.faults.add(fault, path=f"{what}$")
    if what == "CreateHIT":
        made = market.publish(DRAFT, key="again")
        assert made.replayed
        taken = Money("1.80", "USD")
    elif what == "SendBonus":
        assert market.pay_bonus(work, Money("1.00", "USD"), "Well done.", key="b").replayed
        taken = Money("1.20", "USD")
    else:
        assert market.extend(task, slots=2, key="e").slots == 5
        taken = Money("1.20", "USD")
    assert before - market.balance() == taken
    assert market.ledger is not None
    (entry,) = [each for each in market.ledger.report.entries() if each.key in ("again", "b", "e")]
    assert (entry.state, entry.amount, entry.charged) == ("done", taken, None)


def test_a_budget_counts_the_fees(box: Sandbox, tmp_path: Path) -> None:
    with Hub(box.accounts, ledger=tmp_path / "l.sqlite3", clock=box.clock, budget={"USD": "3.59"}) as hub:
        market, people = hub["mturk"], box.market(MTurkSandbox)
        task = market.publish(DRAFT)
        people.hand_in(task.id)
        (work,) = market.submissions(task)
        for ask in (
            lambda: market.pay_bonus(work, Money("1.50", "USD"), "Well done."),
            lambda: market.extend(task, slots=3),
            lambda: market.publish(DRAFT),
        ):
            with pytest.raises(Exception, match=r"has 1\.79 USD left and this needs 1\.80"):
                ask()
        market.pay_bonus(work, Money("1.49", "USD"), "Well done.")


def test_an_empty_account(market: Market[MTurk], people: MTurkSandbox) -> None:
    people.set_balance("1.79")
    with pytest.raises(InsufficientFunds):
        market.publish(DRAFT)


def test_forms_and_files(market: Market[MTurk], people: MTurkSandbox, tmp_path: Path) -> None:
    form = QuestionForm(
        questions=(
            FreeText(id="total", text="The total?", min_length=1),
            Selection(id="sure", text="Sure?", choices=(Choice(id="y", text="Yes"), Choice(id="n", text="No"))),
            MTurkFile(id="photo", text="A photo of it"),
        )
    )
    task = market.publish(DRAFT.copy_with(proof=None, questions=form))
    people.hand_in(task.id, answers={"total": "17.40", "sure": ["y"]}, files={"photo": b"\x89PNG a photo"})
    (work,) = market.submissions(task)
    assert work.text == "17.40"
    answers: Any = work.answers
    assert (answers["total"], answers["sure"]) == ("17.40", ["y"])
    (path,) = market.download(work, tmp_path)
    assert path.read_bytes() == b"\x89PNG a photo"


def test_an_own_qualification_keeps_workers_out(market: Market[MTurk], people: MTurkSandbox) -> None:
    api = market.provider.api.qualifications
    made = market.run(
        api.create_qualification_type(
            name="Seen before", description="Took part.", qualification_type_status=QualificationTypeStatus.ACTIVE
        )
    )
    who = people.worker()
    market.run(api.associate_qualification_with_worker(made.qualification_type_id, who, 1, send_notification=False))
    (listed,) = market.run(api.list_workers_with_qualification_type(made.qualification_type_id)).items
    assert (listed.worker_id, listed.integer_value) == (who, 1)
    out = MTurkOptions(qualifications=(QualificationRequirement.excludes(made.qualification_type_id),))
    invited = MTurkOptions(qualifications=(QualificationRequirement.invites(made.qualification_type_id),))
    kept, only = market.publish(DRAFT.copy_with(options=(out,))), market.publish(DRAFT.copy_with(options=(invited,)))
    with pytest.raises(Exception, match=who):
        people.accept(kept.id, who)
    people.accept(only.id, who)
    hit = market.run(market.provider.api.hits.get_hit(hit_id=only.id))
    (needed,) = hit.qualification_requirements
    assert (needed.qualification_type_id, needed.comparator) == (made.qualification_type_id, Comparator.EXISTS)


def test_native_spending_is_done_once_under_a_key(market: Market[MTurk], people: MTurkSandbox) -> None:
    def make() -> Any:
        return market.provider.api.hits.create_hit(
            title="T",
            description="D",
            reward=HALF,
            lifetime_in_seconds=3600,
            assignment_duration_in_seconds=60,
            question=people.hit(first.id).question,
        )

    first = market.publish(DRAFT)
    people.faults.add(Fault.drop("after"), path="CreateHIT$")
    amount = Money("0.60", "USD")
    made = market.run(make(), key="native", amount=amount)
    assert made.replayed
    assert market.run(make(), key="native", amount=amount).hit_id == made.hit_id
    assert len(people.hits()) == 2


def test_work_approved_by_itself(market: Market[MTurk], people: MTurkSandbox, box: Sandbox, hub: Hub) -> None:
    task = market.publish(DRAFT.copy_with(auto_approve=timedelta(days=1)))
    people.hand_in(task.id)
    (due,) = hub.due(within=timedelta(days=2)).submissions
    assert due.task_id == task.id
    box.advance(days=2)
    (work,) = market.submissions(task)
    assert (work.status.value, work.auto_approved, work.auto_approves_at) == ("approved", True, None)
    with pytest.raises(Conflict):
        market.reject(work, "Too late.")


def test_a_wrong_secret_and_a_wrong_clock(box: Sandbox) -> None:
    account = dict(box.accounts["mturk"])
    with Hub({"mturk": {**account, "secret_access_key": "another"}}, ledger=None) as hub:
        with pytest.raises(AuthenticationFailed) as caught:
            hub["mturk"].balance()
        assert "another" not in str(caught.value)
    with Hub({"mturk": account}, ledger=None) as hub, pytest.raises(AuthenticationFailed):  # today's clock
        hub["mturk"].balance()


def test_temporary_keys() -> None:
    with (
        Sandbox("mturk", options={"mturk": {"every": 0, "temporary": 3600}}) as box,
        Hub(box.accounts, ledger=None, clock=box.clock) as hub,
    ):
        assert hub["mturk"].balance() == Money("10000.00", "USD")
        box.advance(hours=2)
        with pytest.raises(AuthenticationFailed, match="ExpiredToken"):
            hub["mturk"].balance()


def test_what_is_not_there_is_refused_before_any_request(market: Market[MTurk], people: MTurkSandbox) -> None:
    task = market.publish(DRAFT)
    people.clear_requests()
    for ask in (
        lambda: market.pause(task),
        lambda: market.worker("A1"),
        lambda: market.publish(DRAFT.copy_with(category="Survey", language="en")),
    ):
        with pytest.raises(NotSupported):
            ask()
    assert people.request_count == 0
