"""Tasks that cannot be solved, and solutions that are wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crowdhub import Decision, Hub, Money, TaskDraft
from crowdhub.errors import AuthenticationFailed, BudgetExceeded, NotFound, OutcomeUnknown, ProviderError
from crowdhub.market import Market
from crowdhub.model import Submission, SubmissionStatus
from crowdhub.protocol import Flow, Operation
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_capsolver import CapSolver, CapSolverFeedback, CapSolverOptions, Unsolvable
from crowdhub_capsolver.conformance import PIXEL
from crowdhub_capsolver.sandbox import CapSolverSandbox
from tests.support.by_hand import Play

SLOW = TaskDraft(options=[CapSolverOptions(task={"type": "ReCaptchaV2TaskProxyLess"})])
FAST = TaskDraft(image=PIXEL)
COST = Money("0.60", "USD")
UNSOLVABLE = "ERROR_CAPTCHA_UNSOLVABLE"


@pytest.fixture
def solver(box: Sandbox) -> CapSolverSandbox:
    return box.market(CapSolverSandbox)


@pytest.fixture
def market(box: Sandbox) -> Iterator[Market[CapSolver]]:
    """One that may spend a dollar: enough for one task at a time."""
    with Hub(box.accounts, clock=box.clock, budget={"USD": "1", "unpriced": "allow"}) as hub:
        yield hub.market(CapSolver)


@pytest.mark.parametrize("by_status", [False, True])
@pytest.mark.parametrize("draft", [SLOW, FAST], ids=["asked for", "at once"])
def test_what_is_not_charged_is_free_again(
    market: Market[CapSolver], solver: CapSolverSandbox, draft: TaskDraft, by_status: bool
) -> None:
    solver.fail_next(by_status=by_status)
    with pytest.raises(Unsolvable, match=UNSOLVABLE) as caught:
        market.run(market.provider.solve(draft), key="one", amount=COST)
    assert "Nothing was charged" in str(caught.value)
    assert not caught.value.money_may_be_spent
    assert market.run(market.provider.solve(draft), key="two", amount=COST).answers
    assert len(solver.books().payouts) == 1


@pytest.mark.parametrize(("code", "shown"), [("ERROR_TASK_TIMEOUT", "ERROR_TASK_TIMEOUT"), ("", "failed")])
@pytest.mark.parametrize("draft", [SLOW, FAST], ids=["asked for", "at once"])
def test_what_may_be_charged_stays_reserved(
    market: Market[CapSolver], solver: CapSolverSandbox, draft: TaskDraft, code: str, shown: str
) -> None:
    """A failed task is a refusal, told after one ask; that it costs nothing is promised for one reason only."""
    solver.fail_next(code, by_status=True)
    with pytest.raises(ProviderError if draft is SLOW else OutcomeUnknown, match=shown) as caught:
        market.run(market.provider.solve(draft), key="one", amount=COST)
    (task,) = solver.tasks.values()
    assert task.id in str(caught.value)
    assert task.asks < 6
    with pytest.raises(BudgetExceeded):
        market.run(market.provider.solve(draft), key="two", amount=COST)


def test_the_key_of_what_was_not_charged_is_free_again(market: Market[CapSolver], solver: CapSolverSandbox) -> None:
    """It is as if it had not been asked for: nothing is left for a person, and the same key tries anew."""
    solver.fail_next()
    with pytest.raises(Unsolvable) as caught:
        market.run(market.provider.solve(SLOW), key="one", amount=COST)
    assert "charged before" not in str(caught.value)
    ledger = market.ledger
    assert ledger is not None
    assert [str(each.state) for each in ledger.report.entries()] == ["not_done"]
    assert not market.recover().intents
    assert [
        (each.spent, each.held, each.done) for each in ledger.report.totals() if each.done or each.spent.amount
    ] == []
    assert market.run(market.provider.solve(SLOW), key="one", amount=COST).answers
    assert len(solver.tasks) == 2
    assert len(solver.books().payouts) == 1


def test_of_two_payments_one_that_took_nothing_gives_only_itself_back(
    market: Market[CapSolver], solver: CapSolverSandbox
) -> None:
    """The first is solved and paid: its key goes on from there, and pays for it once."""

    def both() -> Operation[str]:
        def flow(**_: object) -> Flow[str]:
            one: Submission = yield from market.provider.solve(SLOW)
            solver.fail_next()
            two: Submission = yield from market.provider.solve(SLOW)
            return f"{one.id} {two.id}"

        return Operation("both", flow, {"pages": "1 and 2"})

    for _ in range(3):
        with pytest.raises(Unsolvable) as caught:
            market.run(both(), key="one", amount=COST)
        assert caught.value.money_may_be_spent
    assert len(solver.tasks) == 2
    ledger = market.ledger
    assert ledger is not None
    assert [str(each.state) for each in ledger.report.entries()] == ["done"]
    with pytest.raises(BudgetExceeded):
        market.run(market.provider.solve(SLOW), key="two", amount=COST)


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize(
    "code", ["ERROR_RATE_LIMIT", "ERROR_INVALID_TASK_DATA", "ERROR_KEY_DENIED_ACCESS", "ERROR_NEW"]
)
def test_a_servers_failure_is_a_lost_answer_whatever_its_body_says(
    market: Market[CapSolver], solver: CapSolverSandbox, status: int, code: str
) -> None:
    solver.faults.add(
        Fault.status(status, "after", body={"errorId": 1, "errorCode": code}), path="createTask", times=None
    )
    for _ in range(2):
        with pytest.raises(OutcomeUnknown) as caught:
            market.run(market.provider.solve(SLOW), key="one", amount=COST)
        assert caught.value.money_may_be_spent
    assert len(solver.tasks) == 1


@pytest.mark.parametrize(
    "code", ["ERROR_TASK_TIMEOUT", "ERROR_CAPTCHA_SOLVE_FAILED", "ERROR_NEW", "ERROR_SERVICE_UNAVALIABLE"]
)
def test_a_failure_that_is_told_with_a_good_status_may_have_been_charged(
    market: Market[CapSolver], solver: CapSolverSandbox, code: str
) -> None:
    solver.faults.add(Fault.status(200, "after", body={"errorId": 1, "errorCode": code}), path="createTask")
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match=code):
            market.run(market.provider.solve(SLOW), key="one", amount=COST)
    assert len(solver.tasks) == 1


@pytest.mark.parametrize("ask", ["task", "submissions"])
def test_a_failed_task_is_not_open(market: Market[CapSolver], solver: CapSolverSandbox, ask: str) -> None:
    solver.fail_next("", by_status=True)
    task = market.publish(SLOW, key="one")
    solver.clock.advance(seconds=60)
    with pytest.raises(ProviderError, match="failed"):
        _ = market.task(task) if ask == "task" else list(market.submissions(task))


def test_a_wrong_solution_is_reported(market: Market[CapSolver], solver: CapSolverSandbox) -> None:
    before = market.balance()
    task = market.publish(FAST)
    (solution,) = market.submissions(task)
    paid = market.balance()
    reported = market.reject(solution, "two letters are missing")
    assert (reported.status, reported.feedback) == (SubmissionStatus.APPROVED, "two letters are missing")
    assert solver.tasks[task.id].feedback == {"invalid": True, "message": "two letters are missing"}
    report = market.review([Decision.reject(solution, "still wrong", options=(CapSolverFeedback(code=1002),))])
    assert [outcome.error for outcome in report.outcomes] == [None]
    assert solver.tasks[task.id].feedback == {"invalid": True, "message": "still wrong", "code": 1002}
    assert market.balance() == paid < before


def test_the_report_as_documented(provider: CapSolver, play: Play) -> None:
    _, task = play(provider.publish(FAST), {"errorId": 0, "taskId": "T", "status": "ready", "solution": {"text": "a"}})
    solution = provider.solution_of(task)
    assert solution is not None
    (call,), reported = play(provider.reject(solution, "wrong"), {"errorId": 0, "message": "okay"})
    assert (call.path, call.json) == (
        "/feedbackTask",
        {"taskId": "T", "result": {"invalid": True, "message": "wrong"}, "appId": "APP"},
    )
    assert reported.raw["feedback"] == {"errorId": 0, "message": "okay"}


def test_a_report_that_is_refused(market: Market[CapSolver], solver: CapSolverSandbox) -> None:
    (solution,) = market.submissions(market.publish(FAST))
    solver.tasks.clear()
    with pytest.raises(NotFound, match="ERROR_TASKID_INVALID"):
        market.reject(solution, "wrong")


def test_a_report_whose_answer_is_lost_is_unknown_and_free(market: Market[CapSolver], solver: CapSolverSandbox) -> None:
    """That the solution stays approved says nothing of the report."""
    (solution,) = market.submissions(market.publish(FAST))
    solver.faults.add(Fault.drop("after"), path="feedbackTask", times=None)
    with pytest.raises(OutcomeUnknown) as caught:
        market.reject(solution, "wrong")
    assert not caught.value.money_may_be_spent


@pytest.mark.parametrize("body", [{}, {"errorId": 1, "errorCode": "ERROR_NEW", "errorDescription": "who are you"}])
def test_a_bad_key_is_401(provider: CapSolver, play: Play, body: dict[str, object]) -> None:
    with pytest.raises(AuthenticationFailed):
        play(provider.balance(), (401, body))
