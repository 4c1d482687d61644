"""Reviewing over real HTTP: every verdict, and that nothing unseen is ever approved."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import pytest
from starlette.requests import Request

from crowdhub import Decision, Hub, Money, ReviewReport, Submission, TaskDraft
from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    ProviderUnavailable,
)
from crowdhub.model import Result, Verdict
from crowdhub.sandbox import Fault, RequestRecord
from crowdhub.testing import SandboxFactory
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.conftest import World
from tests.support.hand_clock import HandClock

REWARD = Money("0.10", "USD")
DRAFT = TaskDraft(
    title="Review me", instructions="Do it", reward=REWARD, slots=8, proof="A screenshot", category="Survey"
)
LOST = [Fault.drop(), Fault.reset(), Fault.truncate(), Fault.html(), Fault.status(500, "after")]


class Place:
    """A sandbox with one campaign that is full of pending work."""

    def __init__(
        self, make: SandboxFactory, clock: HandClock, slots: int = 8, handed_in: int | None = None, **options: Any
    ) -> None:
        self.box = make("rapidworkers", options={"rapidworkers": {"rate_limit": None, "work_rate": 0, **options}})
        self.sandbox = self.box.market(RapidWorkersSandbox)
        self.clock = clock
        with Hub(self.box.accounts, clock=clock) as hub:
            self.task = hub["rapidworkers"].publish(DRAFT.copy_with(slots=slots))
            handed_in = slots if handed_in is None else handed_in
            if handed_in:
                self.sandbox.hand_in(self.task.id, handed_in)
            self.pending = list(hub["rapidworkers"].submissions(self.task, status="pending"))
        self.sandbox.clear_requests()

    def states(self) -> list[str]:
        return [each.status for each in self.sandbox.submissions(self.task.id)]

    def asked(self) -> list[str]:
        return [f"{each.method} {each.path.rsplit('/', 2)[-2]}" for each in self.sandbox.requests]

    def bulk(self) -> int:
        return self.asked().count("POST bulk_action")

    def review(self, world: World, decisions: Sequence[Decision], **more: Any) -> ReviewReport:
        report = world.hub(
            self.box.accounts, lambda hub: hub["rapidworkers"].review(decisions, **more), clock=self.clock
        )
        assert isinstance(report, ReviewReport)
        return report


MakePlace: TypeAlias = Callable[..., Place]


@pytest.fixture
def place(crowdhub_sandbox: SandboxFactory, clock: HandClock) -> MakePlace:
    return partial(Place, crowdhub_sandbox, clock)


def approve_all(pending: Sequence[Submission], note: str | None = None) -> list[Decision]:
    return [Decision.approve(each, note) for each in pending]


def test_every_verdict_in_one_go(world: World, place: MakePlace) -> None:
    here = place()
    one, two, three, four, *rest = here.pending
    progress: list[int] = []
    decisions = [
        Decision.approve(one, note="thanks"),
        Decision.reject(two, reason="no screenshot"),
        Decision.approve(three),
        Decision.reject(four, reason="wrong"),
    ]
    report = here.review(world, decisions, progress=progress.append)
    assert [each.decision for each in report.outcomes] == decisions
    assert [each.result for each in report.outcomes] == ["approved", "rejected", "approved", "rejected"]
    assert here.states() == ["Approved", "Rejected", "Approved", "Rejected", *["Pending"] * len(rest)]
    assert [each.notes for each in here.sandbox.submissions(here.task.id)][:2] == ["thanks", "no screenshot"]
    assert report.requests == here.sandbox.request_count
    assert sum(progress) == 4
    assert report.unintended == ()
    assert report.outcomes[0].submission is not None
    assert report.outcomes[0].submission.amount_paid == Money("0.10", "USD")
    assert here.sandbox.books().paid_out == 2 * REWARD.amount


def test_what_others_send_meanwhile_is_not_counted(crowdhub_sandbox: SandboxFactory, clock: HandClock) -> None:
    here = Place(crowdhub_sandbox, clock)
    with Hub(here.box.accounts, clock=clock) as hub:
        market = hub["rapidworkers"]
        asked: list[object] = []
        two = [Decision.reject(each, reason="no screenshot") for each in here.pending[:2]]
        report = market.review(two, progress=lambda done: asked.append(market.balance()))
    assert len(asked) >= 1
    assert report.requests == here.sandbox.request_count - len(asked)


def test_a_thousand_approvals_of_a_full_campaign_take_four_requests(
    ordinary: World, crowdhub_sandbox: SandboxFactory, clock: HandClock
) -> None:
    here = Place(crowdhub_sandbox, clock, slots=1000)
    assert len(here.pending) == 1000
    report = here.review(ordinary, approve_all(here.pending, "thanks"))
    assert report.count("approved") == 1000
    assert here.sandbox.request_count == report.requests <= 4
    assert set(here.states()) == {"Approved"}
    assert report.unintended == ()
    assert here.sandbox.books().agree()
    again = here.review(ordinary, approve_all(here.pending[:3], "thanks"))
    assert again.count("already") == 3


def test_bulk_in_all_worlds(world: World, place: MakePlace) -> None:
    here = place()
    report = here.review(world, approve_all(here.pending))
    assert (report.count("approved"), report.requests, here.bulk()) == (8, 4, 1)


@pytest.mark.parametrize("decided", [1, 7])
def test_one_undecided_submission_keeps_everything_out_of_bulk(ordinary: World, place: MakePlace, decided: int) -> None:
    here = place()
    report = here.review(ordinary, approve_all(here.pending[:decided]))
    assert report.count("approved") == decided
    assert here.states().count("Approved") == decided
    assert here.bulk() == 0


def test_an_open_slot_keeps_everything_out_of_bulk(ordinary: World, place: MakePlace) -> None:
    here = place(slots=9, handed_in=8)
    report = here.review(ordinary, approve_all(here.pending))
    assert report.count("approved") == 8
    assert here.bulk() == 0


def test_a_slot_that_a_rejection_opened_counts_as_open(ordinary: World, place: MakePlace) -> None:
    """Somebody may be at work on it, though the marketplace counts it as taken."""
    here = place()
    here.review(ordinary, [Decision.reject(here.pending[0], "no")])
    here.sandbox.clear_requests()
    report = here.review(ordinary, approve_all(here.pending[1:]))
    assert report.count("approved") == 7
    assert here.bulk() == 0


def test_mixed_verdicts_or_words_go_one_by_one(ordinary: World, place: MakePlace) -> None:
    here = place()
    mixed = [*approve_all(here.pending[:-1]), Decision.reject(here.pending[-1], "no")]
    assert here.review(ordinary, mixed).summary() == {"approved": 7, "rejected": 1}
    assert here.bulk() == 0
    other = place()
    words = [Decision.approve(each, note=each.worker.name) for each in other.pending]
    assert other.review(ordinary, words).count("approved") == 8
    assert other.bulk() == 0
    assert {each.notes for each in other.sandbox.submissions(other.task.id)} == {e.worker.name for e in other.pending}


@pytest.mark.parametrize("at", ["first look", "list", "second look"])
def test_somebody_hands_in_between_the_looks(
    ordinary: World, place: MakePlace, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was rejected elsewhere meanwhile, and its slot taken by somebody whose work nobody has seen."""
    here = place()
    moments = {"first look": "detail", "list": "submissions", "second look": "detail"}
    passed: list[str] = []
    original = here.sandbox.record

    def record(request: Request) -> RequestRecord:
        entry = original(request)
        if moments[at] in entry.path and entry.method == "GET":
            passed.append(entry.path)
            if len(passed) == (2 if at == "second look" else 1):
                campaign = here.sandbox.job(here.task.id)
                victim = next(iter(campaign.submissions.values()))
                here.sandbox.marketplace.reject(campaign, victim, "elsewhere", here.sandbox.clock.now())
                here.sandbox.hand_in(here.task.id)
        return entry

    monkeypatch.setattr(here.sandbox, "record", record)
    report = here.review(ordinary, approve_all(here.pending))
    unseen = here.sandbox.submissions(here.task.id)[-1]
    assert unseen.status == "Pending"
    assert here.bulk() == 0
    assert report.count("approved") == 7
    (conflict,) = report.failures
    assert isinstance(conflict.error, Conflict)
    assert isinstance(conflict.error.actual, Submission)
    assert conflict.error.actual.status == "rejected"


def test_what_slips_in_at_the_last_moment_is_in_the_report(
    ordinary: World, place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last look and before the bulk approval: no marketplace lets one close that gap."""
    here = place()
    original = here.sandbox.record

    def record(request: Request) -> RequestRecord:
        if "bulk_action" in request.url.path:
            campaign = here.sandbox.job(here.task.id)
            victim = next(iter(campaign.submissions.values()))
            here.sandbox.marketplace.reject(campaign, victim, "elsewhere", here.sandbox.clock.now())
            here.sandbox.hand_in(here.task.id)
        return original(request)

    monkeypatch.setattr(here.sandbox, "record", record)
    report = here.review(ordinary, approve_all(here.pending))
    assert here.bulk() == 1
    (extra,) = report.unintended
    assert extra.id == str(here.sandbox.submissions(here.task.id)[-1].id)
    assert extra.status == "approved"
    assert extra.worker.name
    assert report.count("approved") == 7
    assert isinstance(report.failures[0].error, Conflict)


@pytest.mark.parametrize("fault", LOST)
def test_a_bulk_approval_whose_answer_is_lost_is_looked_up_not_repeated(
    world: World, place: MakePlace, fault: Fault
) -> None:
    here = place()
    here.sandbox.faults.add(fault, path="bulk_action")
    report = here.review(world, approve_all(here.pending))
    assert report.count("approved") == 8
    assert here.bulk() == 1
    assert report.requests == 5
    assert here.sandbox.books().paid_out == 8 * REWARD.amount


@pytest.mark.parametrize("fault", [Fault.drop("before"), Fault.status(502, "before")])
def test_a_bulk_approval_that_never_arrived_goes_on_one_by_one(ordinary: World, place: MakePlace, fault: Fault) -> None:
    here = place()
    here.sandbox.faults.add(fault, path="bulk_action")
    report = here.review(ordinary, approve_all(here.pending))
    assert report.count("approved") == 8
    assert here.bulk() == 1
    assert here.sandbox.books().agree()


def test_a_bulk_answer_of_another_shape_is_looked_up(ordinary: World, place: MakePlace) -> None:
    here = place()
    here.sandbox.faults.add(Fault.status(200, "after", body={"success": True, "approved": "all"}), path="bulk_action")
    report = here.review(ordinary, approve_all(here.pending))
    assert set(here.states()) == {"Approved"} or report.count("approved") == 8
    assert not report.failures
    assert report.requests <= 5 + 2 * 8


def test_settled_before_the_same_way_is_a_success_the_other_way_a_conflict(world: World, place: MakePlace) -> None:
    here = place()
    one, two = here.pending[:2]
    here.review(world, [Decision.approve(one), Decision.reject(two, "no")])
    report = here.review(
        world,
        [Decision.reject(one, "changed my mind"), Decision.reject(two, "no"), Decision.approve(here.pending[2])],
    )
    assert [each.result for each in report.outcomes] == ["failed", "already", "approved"]
    error = report.outcomes[0].error
    assert isinstance(error, Conflict)
    assert isinstance(error.actual, Submission)
    assert error.actual.status == "approved"
    assert "approved" in error.message
    assert report.outcomes[1].submission is not None
    assert report.outcomes[1].submission.replayed
    assert here.states()[:3] == ["Approved", "Rejected", "Approved"]


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
@pytest.mark.parametrize("fault", LOST)
def test_one_decision_whose_answer_is_lost_is_settled_all_the_same(
    ordinary: World, place: MakePlace, verdict: Verdict, fault: Fault
) -> None:
    here = place()
    here.sandbox.faults.add(fault, path=r"approve|reject")
    decision = Decision(submission=here.pending[0], verdict=verdict, comment="words")
    report = here.review(ordinary, [decision])
    assert report.outcomes[0].result in (Result.ALREADY, Result(("approved", "rejected")[verdict is Verdict.REJECT]))
    assert not report.failures
    assert here.states().count("Pending") == 7
    assert here.sandbox.books().agree()


def test_a_yes_in_another_shape_is_looked_up_not_called_a_failure(ordinary: World, place: MakePlace) -> None:
    here = place()
    here.sandbox.faults.add(Fault.status(200, "after", body={"success": True}), path="approve")
    report = here.review(ordinary, [Decision.approve(here.pending[0])])
    assert here.states()[0] == "Approved" or report.failures
    assert here.states()[0] == ("Approved" if report.count("approved") else "Pending")


def test_an_outcome_that_cannot_be_told_is_unknown_and_can_be_run_again(world: World, place: MakePlace) -> None:
    here = place()
    decisions = [Decision.approve(here.pending[0]), Decision.reject(here.pending[1], "no")]
    here.sandbox.faults.add(Fault.drop(), path="approve", times=None)
    here.sandbox.faults.add(Fault.status(503), path=r"submissions/$", times=None)
    report = here.review(world, decisions)
    assert report.outcomes[0].result in (Result.UNKNOWN, Result.FAILED)
    assert isinstance(report.outcomes[0].error, (OutcomeUnknown, ProviderUnavailable, Conflict))
    assert report.outcomes[1].result is Result.REJECTED
    here.sandbox.faults.clear()
    assert here.review(world, decisions).count("already") == 2
    assert here.states()[:2] == ["Approved", "Rejected"]


def test_a_failure_in_the_middle_stops_nothing(world: World, place: MakePlace) -> None:
    here = place(slots=9, handed_in=8)
    ghost = here.pending[3].copy_with(id="999999")
    decisions = approve_all([*here.pending[:3], ghost, *here.pending[4:]])
    report = here.review(world, decisions)
    assert report.summary() == {"approved": 7, "failed": 1}
    assert isinstance(report.failures[0].error, NotFound)
    assert report.failures[0].decision is decisions[3]


def test_a_refused_key_stops_early(ordinary: World, crowdhub_sandbox: SandboxFactory, clock: HandClock) -> None:
    here = Place(crowdhub_sandbox, clock, slots=300)
    account = {**here.box.accounts["rapidworkers"], "api_key": "another-key-entirely"}
    report = ordinary.hub(
        {"rapidworkers": account}, lambda hub: hub["rapidworkers"].review(approve_all(here.pending)), clock=clock
    )
    assert report.count("failed") == 300
    assert all(isinstance(each.error, AuthenticationFailed) for each in report.outcomes)
    assert here.sandbox.request_count < 80


def test_all_bad_decisions_are_named_before_anything_is_sent(world: World, place: MakePlace) -> None:
    here = place()
    one, two, three = here.pending[:3]
    decisions = [
        Decision(submission=one, verdict=Verdict.REJECT, comment=" "),
        Decision.redo(two, "again"),
        Decision.approve(three),
        Decision.approve(three),
        Decision.approve(three.copy_with(account="other")),
        Decision.approve(three.copy_with(environment="live", id="5")),
    ]
    with pytest.raises(InvalidRequest) as caught:
        here.review(world, decisions)
    faults = dict(caught.value.issues)
    assert set(faults) == {f"decisions[{n}]" for n in (0, 1, 3, 4, 5)}
    assert "reason" in faults["decisions[0]"]
    assert "redo" in faults["decisions[1]"]
    assert "before" in faults["decisions[3]"]
    assert here.sandbox.request_count == 0


def test_nothing_to_decide_takes_nothing(world: World, place: MakePlace) -> None:
    here = place()
    report = here.review(world, [])
    assert (report.outcomes, report.requests) == ((), 0)


def test_several_campaigns_in_one_review(ordinary: World, place: MakePlace) -> None:
    here = place()
    with Hub(here.box.accounts, clock=here.clock) as hub:
        market = hub["rapidworkers"]
        other = market.publish(DRAFT.copy_with(title="Another"))
        here.sandbox.hand_in(other.id, 8)
        theirs = list(market.submissions(other, status="pending"))
        interleaved = [each for pair in zip(here.pending, theirs, strict=True) for each in pair]
        here.sandbox.clear_requests()
        decisions = approve_all(interleaved)
        report = market.review(decisions)
    assert [each.decision for each in report.outcomes] == decisions
    assert report.count("approved") == 16
    assert report.requests == 8
    assert here.bulk() == 2


FROM: dict[str, Callable[[Any, str], object]] = {
    "its list, by id": lambda market, task_id: list(market.submissions(task_id)),
    "a look": lambda market, task_id: market.task(task_id),
    "the list of tasks": lambda market, _: list(market.tasks()),
    "a watch": lambda market, task_id: list(market.watch([task_id], rounds=1)),
}


@pytest.mark.parametrize("known", FROM)
@pytest.mark.parametrize(("slots", "handed_in", "decided"), [(9, 5, 5), (9, 8, 8), (8, 8, 7)])
def test_never_more_requests_than_one_by_one_where_the_job_is_known(
    ordinary: World, place: MakePlace, known: str, slots: int, handed_in: int, decided: int
) -> None:
    """A slot is free, or somebody's work is not decided: a look to see whether it can go in bulk would be in vain."""
    here = place(slots=slots, handed_in=handed_in)
    with Hub(here.box.accounts, clock=here.clock) as hub:
        market = hub["rapidworkers"]
        FROM[known](market, here.task.id)
        report = market.review(approve_all(here.pending[:decided]))
        assert (report.count("approved"), report.requests, here.bulk()) == (decided, decided, 0)


@pytest.mark.parametrize("happens", ["a minute passes", "a decision of its own"])
def test_what_is_known_of_a_job_is_soon_forgotten(ordinary: World, place: MakePlace, happens: str) -> None:
    """It was not full when it was looked at; by now it is."""
    here = place(slots=9, handed_in=8)
    with Hub(here.box.accounts, clock=here.clock) as hub:
        market = hub["rapidworkers"]
        assert market.task(here.task.id).remaining == 1
        here.sandbox.hand_in(here.task.id)
        works = list(market.submissions(here.task, status="pending"))
        if happens == "a minute passes":
            here.clock.sleep(61)
        else:
            market.approve(works.pop())
        report = market.review(approve_all(works))
        assert (report.count("approved"), report.requests, here.bulk()) == (len(works), 4, 1)


def test_single_verbs_check_and_settle(world: World, place: MakePlace) -> None:
    here = place()
    one, two = here.pending[:2]

    def both(hub: Any) -> Any:
        market = hub["rapidworkers"]
        if world.kind == "sync":
            return market.approve(one, note="good"), market.reject(two, reason="no")

        async def run() -> tuple[Submission, Submission]:
            return await market.approve(one, note="good"), await market.reject(two, reason="no")

        return run()

    approved, rejected = world.hub(here.box.accounts, both, clock=here.clock)
    assert (approved.status, approved.feedback, approved.replayed) == ("approved", "good", False)
    assert (rejected.status, rejected.feedback) == ("rejected", "no")
    here.sandbox.clear_requests()
    wrong: tuple[Callable[[Hub], object], ...] = (
        lambda hub: hub["rapidworkers"].reject(one, reason="  "),
        lambda hub: hub["rapidworkers"].approve(one.copy_with(account="other")),
    )
    for bad in wrong:
        with pytest.raises(InvalidRequest):
            world.hub(here.box.accounts, bad, clock=here.clock)
    assert here.sandbox.request_count == 0
