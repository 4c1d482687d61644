"""Decisions whose calls take money have an intent, a budget and a `confirm`; those that take none have neither."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest

from crowdhub import AsyncMarket, Call, Decision, Effect, Market, Page, Provider, Submission, Task, Worker, operation
from crowdhub.engine.session import Options, Session
from crowdhub.errors import ConfigurationError, Conflict, CrowdhubError, NotConfirmed, OutcomeUnknown
from crowdhub.ledger import Budget, Intent, Ledger, State
from crowdhub.model import Balance, BatchReport, Outcome, Result, SubmissionStatus, TaskStatus, settled
from crowdhub.operations.spending import RecoverReport, Spend, SpendingPolicy
from crowdhub.protocol import Flow, ProviderSettings, load_json, mapping, read_each
from tests.conftest import World
from tests.engine.conftest import RawServer, http
from tests.support.hand_clock import HandClock

MADE = {"approve": "approved", "reject": "rejected", "redo": "redo"}
OPERATIONS = {"approve": "approve", "reject": "reject", "redo": "request_redo"}


class Bureau(Provider[ProviderSettings]):
    """Each decision is one call, which may take a fee."""

    name: ClassVar[str] = "bureau"
    title: ClassVar[str] = "Bureau"
    currency = "USD"
    settings_type = ProviderSettings
    effect: ClassVar[Effect] = Effect.SETTLE
    costs: ClassVar[bool | None] = True

    def _decide(self, submission: Submission, verb: str) -> Flow[Submission]:
        reply = yield Call.post(f"/{verb}/{submission.id}", effect=self.effect, costs=self.costs)
        return self._read(load_json(reply))

    def _read(self, answer: object) -> Submission:
        told = mapping(answer) or {}
        status = SubmissionStatus(str(told["status"]))
        return Submission(**self.identity, id=str(told["id"]), task_id="t", worker=Worker(id="w"), status=status)

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        return (yield from self._decide(submission, "approve"))

    @operation
    def reject(self, submission: Submission, reason: str) -> Flow[Submission]:
        return (yield from self._decide(submission, "reject"))

    @operation
    def request_redo(self, submission: Submission, reason: str) -> Flow[Submission]:
        return (yield from self._decide(submission, "redo"))

    @operation
    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        reply = yield Call.get("/all")
        found, _ = read_each((mapping(load_json(reply)) or {})["rows"], self._read)
        return Page([each for each in found if status in (None, each.status)])

    @operation
    def state_of(self, submission: Submission) -> Flow[Submission | None]:
        return self._read(load_json((yield Call.get(f"/work/{submission.id}"))))


class SpendingBureau(Bureau):
    effect = Effect.SPEND
    costs = None


class TwoStepBureau(Bureau):
    """Asks for the result in a second call."""

    def _decide(self, submission: Submission, verb: str) -> Flow[Submission]:
        yield Call.post(f"/{verb}/{submission.id}", effect=self.effect, costs=self.costs)
        return self._read(load_json((yield Call.get(f"/result/{submission.id}"))))


class FreeBureau(Bureau):
    costs = None


class BulkBureau(Bureau):
    """Takes decisions together, in one call."""

    def batch_key(self, decision: Decision) -> str:
        return decision.verdict

    @operation
    def review_batch(self, decisions: Sequence[Decision]) -> Flow[BatchReport]:
        ids = [each.submission.id for each in decisions]
        reply = yield Call.post("/bulk", effect=self.effect, costs=self.costs, json={"ids": ids})
        told, _ = read_each((mapping(load_json(reply)) or {})["rows"], self._read)
        by_id = {each.submission.id: each for each in decisions}
        return BatchReport(outcomes=tuple(settled(by_id[ids[n]], each) for n, each in enumerate(told)))


class TwoStepBulkBureau(BulkBureau):
    @operation
    def review_batch(self, decisions: Sequence[Decision]) -> Flow[BatchReport]:
        yield Call.post("/bulk", effect=self.effect, costs=self.costs, json={})
        yield Call.get("/result/bulk")
        return BatchReport(outcomes=tuple(settled(each, self._read({"id": "0"})) for each in decisions))


class FreeBulkBureau(BulkBureau):
    costs = None


class Office:
    """The marketplace on a raw server (``states``; ``spoil`` replaces its answers), and an application's side."""

    def __init__(self, server: RawServer, ledger: Path, clock: HandClock) -> None:
        self.server = server
        self.states: dict[str, str] = dict.fromkeys(("1", "2", "3"), "pending")
        self.spoil: Callable[[str, str], bytes | None] = self.answer
        self.asked: list[Spend] = []
        self.says = True
        self.ledger = Ledger.open(ledger, clock=clock)
        self._clock = clock
        server.reply = lambda number, request: self.spoil(*_path(request))

    def answer(self, verb: str, number: str) -> bytes:
        """A good one."""
        if verb in MADE:
            self.states[number] = MADE[verb]
        if verb == "bulk":
            self.states = dict.fromkeys(self.states, "approved")
        if verb in ("bulk", "all"):
            return http(200, {"rows": [{"id": each, "status": now} for each, now in self.states.items()]})
        return http(200, {"id": number, "status": self.states[number]})

    def lose(self, *verbs: str, becomes: str | None) -> None:
        """No answer to these ever comes; the work has become so."""

        def reply(verb: str, number: str) -> bytes | None:
            if verb not in verbs:
                return self.answer(verb, number)
            if becomes is not None:
                self.states = {each: becomes if number in ("", each) else now for each, now in self.states.items()}
            return None

        self.spoil = reply

    def work(self, number: str = "1") -> Submission:
        return Submission(provider="bureau", account="bureau", environment="sandbox", id=number, task_id="t",
                          worker=Worker(id="w"), status=SubmissionStatus.PENDING)  # fmt: skip

    def do(
        self, world: World, kind: type[Bureau], op: Callable[[Any], Any], budget: dict[str, Any] | None = None
    ) -> Any:
        provider = kind(ProviderSettings(base_url=self.server.url))
        session = Session(provider, Options(clock=self._clock, timeout=5))
        policy = SpendingPolicy(ledger=self.ledger, budget=Budget.of(budget), confirm=self._confirm)
        if world.kind == "sync":
            market = Market(provider, session, policy=policy)
            try:
                return op(market)
            finally:
                market.close()

        async def main() -> Any:
            market = AsyncMarket(provider, session, policy=policy)
            try:
                made: Awaitable[Any] = op(market)
                return await made
            finally:
                await market.close()

        return anyio.run(main, backend=world.kind)

    def decide(self, world: World, kind: type[Bureau], verb: str, budget: dict[str, Any] | None = None) -> Submission:
        decisions: dict[str, Callable[[Any], Any]] = {
            "approve": lambda market: market.approve(self.work()),
            "reject": lambda market: market.reject(self.work(), "no"),
            "redo": lambda market: market.request_redo(self.work(), "again"),
        }
        found = self.do(world, kind, decisions[verb], budget)
        assert isinstance(found, Submission)
        return found

    def review(self, world: World, kind: type[Bureau], budget: dict[str, Any] | None = None) -> list[Outcome]:
        decisions = [Decision.approve(self.work(number)) for number in self.states]
        return list(self.do(world, kind, lambda market: market.review(decisions), budget).outcomes)

    def recover(self) -> RecoverReport:
        found = self.do(World("sync"), Bureau, lambda market: market.recover())
        assert isinstance(found, RecoverReport)
        return found

    def decided(self) -> int:
        """How many decisions were sent."""
        return sum(not path.startswith(("/work", "/all")) for path in self.server.paths())

    def _confirm(self, spend: Spend) -> bool:
        self.asked.append(spend)
        return self.says

    def entries(self) -> list[Intent]:
        return list(self.ledger.report.entries())

    def kept(self) -> list[State]:
        return [each.state for each in self.entries()]


def _path(request: bytes) -> tuple[str, str]:
    verb, _, number = request.split(b" ", 2)[1].decode().removeprefix("/").partition("/")
    return verb, number


@pytest.fixture
def office(tmp_path: Path, clock: HandClock) -> Iterator[Office]:
    server = RawServer()
    made = Office(server, tmp_path / "ledger.sqlite3", clock)
    yield made
    made.ledger.close()
    server.close()


@pytest.mark.parametrize("verb", list(MADE))
def test_a_decision_that_would_cost_again_is_a_defect_of_the_plugin(office: Office, world: World, verb: str) -> None:
    with pytest.raises(ConfigurationError, match="each repetition costs again"):
        office.decide(world, SpendingBureau, verb)
    assert office.server.count == 0
    assert [each.state for each in office.entries()] in ([], [State.NOT_DONE])


@pytest.mark.parametrize("status", [404, 503, 401])
def test_what_fails_after_the_payment_is_told_by_the_state(office: Office, world: World, status: int) -> None:
    """The second call alone fails: what was paid for was done, and is not reported as failed."""
    office.spoil = lambda verb, number: http(status, {}) if verb == "result" else office.answer(verb, number)
    done = office.decide(world, TwoStepBureau, "approve")
    assert (done.status, office.states["1"]) == ("approved", "approved")
    assert [each.state for each in office.entries()] == [State.DONE]
    assert office.server.paths().count("/approve/1") == 1


@pytest.mark.parametrize("status", [404, 503, 401, 429])
def test_a_batch_that_fails_after_its_payment_is_looked_at_and_not_sent_again(
    office: Office, world: World, status: int
) -> None:
    office.spoil = lambda verb, number: http(status, {}) if verb == "result" else office.answer(verb, number)
    assert [each.result for each in office.review(world, TwoStepBulkBureau)] == [Result.ALREADY] * 3
    assert office.kept() == [State.DONE]
    assert [path for path in office.server.paths() if not path.startswith(("/work", "/result"))] == ["/bulk"]


paying = pytest.mark.parametrize("kind", [Bureau])
every_verb = pytest.mark.parametrize("verb", list(MADE))


@paying
@every_verb
def test_it_is_confirmed_and_in_the_ledger(office: Office, world: World, kind: type[Bureau], verb: str) -> None:
    assert office.decide(world, kind, verb).status == MADE[verb]
    (entry,) = office.entries()
    assert (entry.operation, entry.state, entry.amount, entry.task_id) == (OPERATIONS[verb], State.DONE, None, "t")
    assert [(spend.operation, spend.amount) for spend in office.asked] == [(OPERATIONS[verb], None)]
    assert office.server.paths() == [f"/{verb}/1"]


@paying
@every_verb
def test_without_a_price_it_is_refused_under_a_budget(
    office: Office, ordinary: World, kind: type[Bureau], verb: str
) -> None:
    with pytest.raises(ConfigurationError, match="price of this call is not known"):
        office.decide(ordinary, kind, verb, {"USD": "5"})
    assert (office.server.count, office.asked, office.entries()) == (0, [], [])
    assert office.decide(ordinary, kind, verb, {"USD": "5", "unpriced": "allow"}).status == MADE[verb]
    assert office.kept() == [State.DONE]


@paying
@every_verb
def test_what_is_not_confirmed_is_not_sent(office: Office, world: World, kind: type[Bureau], verb: str) -> None:
    office.says = False
    with pytest.raises(NotConfirmed):
        office.decide(world, kind, verb)
    assert (office.server.count, len(office.asked), office.kept()) == (0, 1, [State.NOT_DONE])


@paying
@every_verb
def test_a_lost_answer_is_settled_by_the_state(office: Office, world: World, kind: type[Bureau], verb: str) -> None:
    office.lose(verb, becomes=MADE[verb])
    assert office.decide(world, kind, verb).status == MADE[verb]
    assert (office.kept(), len(office.asked)) == ([State.DONE], 1)


@paying
def test_a_lost_answer_to_what_was_settled_otherwise_took_nothing(
    office: Office, world: World, kind: type[Bureau]
) -> None:
    office.lose("approve", becomes="rejected")
    with pytest.raises(Conflict):
        office.decide(world, kind, "approve")
    assert office.kept() == [State.NOT_DONE]


@paying
def test_where_the_state_does_not_tell_it_is_unknown_and_can_be_recovered(
    office: Office, world: World, kind: type[Bureau]
) -> None:
    office.lose("approve", becomes=None)
    with pytest.raises(OutcomeUnknown):
        office.decide(world, kind, "approve")
    (entry,) = office.entries()
    assert (entry.state, entry.look_for) == (
        State.UNKNOWN,
        "the state of submission 1 of task t, and what was charged for it",
    )
    assert [each.settled for each in office.recover().intents] == ["look"]
    office.states["1"] = "approved"
    assert [each.settled for each in office.recover().intents] == ["done"]
    assert office.kept() == [State.DONE]


@paying
def test_a_refusal_took_nothing(office: Office, world: World, kind: type[Bureau]) -> None:
    office.states["1"] = "approved"
    office.spoil = lambda verb, number: http(409) if verb == "approve" else office.answer(verb, number)
    assert office.decide(world, kind, "approve").replayed
    assert office.kept() == [State.NOT_DONE]


@every_verb
def test_what_takes_no_money_is_one_request_and_nothing_else(office: Office, world: World, verb: str) -> None:
    office.says = False
    assert office.decide(world, FreeBureau, verb, {"USD": "0.01"}).status == MADE[verb]
    assert (office.server.count, office.asked, office.entries()) == (1, [], [])


# --- many -------------------------------------------------------------------------------------------------------


@paying
def test_each_decision_of_a_review_is_one(office: Office, world: World, kind: type[Bureau]) -> None:
    assert [each.result for each in office.review(world, kind)] == ["approved"] * 3
    assert (office.server.count, len(office.asked), office.kept()) == (3, 3, [State.DONE] * 3)


def test_a_review_that_is_not_confirmed_sends_nothing(office: Office, world: World) -> None:
    office.says = False
    assert {type(each.error) for each in office.review(world, Bureau)} == {NotConfirmed}
    assert office.server.count == 0


def test_together_they_are_one(office: Office, world: World) -> None:
    assert [each.result for each in office.review(world, BulkBureau)] == ["approved"] * 3
    (entry,) = office.entries()
    assert (entry.operation, entry.state, entry.task_id) == ("review_batch", State.DONE, "t")
    assert (office.server.paths(), len(office.asked)) == (["/bulk"], 1)


def test_together_they_are_confirmed_once(office: Office, world: World) -> None:
    office.says = False
    assert {type(each.error) for each in office.review(world, BulkBureau)} == {NotConfirmed}
    assert (office.server.count, len(office.asked)) == (0, 1)


@pytest.mark.parametrize("kind", [Bureau, BulkBureau])
def test_what_is_unknown_is_not_sent_again_by_recover(office: Office, ordinary: World, kind: type[Bureau]) -> None:
    """A person has to look first; then the review goes on from there."""
    office.lose("approve", "bulk", becomes=None)
    assert {each.result for each in office.review(ordinary, kind)} == {Result.UNKNOWN}
    office.spoil = office.answer
    sent = office.decided()
    report = office.recover()
    assert {each.settled for each in report.intents} == {"look"}
    assert [(each.result, type(each.error)) for each in report.reviews] == [("unknown", OutcomeUnknown)] * 3
    assert office.decided() == sent
    with office.ledger.holding() as held:
        for each in office.entries():
            _ = office.ledger.fail(office.ledger.claim(each.id, held).intent, "A person looked.")
    assert [each.result for each in office.recover().reviews] == ["approved"] * 3


@paying
def test_what_turns_out_to_be_done_is_not_sent_again_by_recover(
    office: Office, ordinary: World, kind: type[Bureau]
) -> None:
    office.lose("approve", becomes=None)
    assert {each.result for each in office.review(ordinary, kind)} == {Result.UNKNOWN}
    office.states, office.spoil = dict.fromkeys(office.states, "approved"), office.answer
    sent = office.decided()
    report = office.recover()
    assert [each.settled for each in report.intents] == ["done"] * 3
    assert [each.result for each in report.reviews] == ["already"] * 3
    assert (office.decided(), office.kept()) == (sent, [State.DONE] * 3)


@pytest.mark.parametrize(
    ("becomes", "results", "kept"),
    [
        ("approved", "already", State.DONE),
        ("rejected", "failed", State.NOT_DONE),
        (None, "unknown", State.UNKNOWN),
    ],
)
def test_together_a_lost_answer_is_settled_by_the_states(
    office: Office, world: World, becomes: str | None, results: str, kept: State
) -> None:
    office.lose("bulk", becomes=becomes)
    assert [each.result for each in office.review(world, BulkBureau)] == [results] * 3
    assert office.kept() == [kept]
    assert not [path for path in office.server.paths() if path.startswith("/approve")]


def test_together_what_is_free_goes_on_one_by_one_as_before(office: Office, world: World) -> None:
    office.lose("bulk", becomes=None)
    assert [each.result for each in office.review(world, FreeBulkBureau, {"USD": "0.01"})] == ["approved"] * 3
    assert (office.asked, office.entries()) == ([], [])


# --- what is answered is compared with what was decided ---------------------------------------------------------

WRONG = [("1", "rejected"), ("1", "pending"), ("1", "unknown"), ("1", "hm"), ("9", "approved")]


@pytest.mark.parametrize("kind", [FreeBureau, Bureau])
@pytest.mark.parametrize("answer", WRONG)
@pytest.mark.parametrize(
    ("really", "comes_to"), [("approved", None), ("rejected", Conflict), ("pending", OutcomeUnknown)]
)
def test_an_answer_that_tells_of_something_else_is_looked_into(
    office: Office,
    world: World,
    kind: type[Bureau],
    answer: tuple[str, str],
    really: str,
    comes_to: type[CrowdhubError] | None,
) -> None:
    office.states["1"] = really
    told = http(200, dict(zip(("id", "status"), answer, strict=True)))
    office.spoil = lambda verb, number: told if verb == "approve" else office.answer(verb, number)
    if comes_to is None:
        done = office.decide(world, kind, "approve")
        assert (done.id, done.status, done.replayed) == ("1", "approved", False)
    else:
        with pytest.raises(comes_to):
            office.decide(world, kind, "approve")
    assert office.server.paths() == ["/approve/1", "/work/1"]


@pytest.mark.parametrize(
    ("really", "result"), [("approved", "approved"), ("rejected", "failed"), ("pending", "unknown")]
)
@pytest.mark.parametrize("answer", [*WRONG[:-1], ("9", "approved")])
def test_so_is_one_of_many(office: Office, world: World, answer: tuple[str, str], really: str, result: str) -> None:
    office.states["1"] = really
    rows = [{"id": answer[0], "status": answer[1]}, {"id": "2", "status": "approved"}]
    told = http(200, {"rows": rows})
    office.spoil = lambda verb, number: told if verb == "bulk" else office.answer(verb, number)
    first, second, third = office.review(world, FreeBulkBureau)
    assert (first.result, second.result) == (result, Result.APPROVED)
    assert third.result == Result.APPROVED, "what the report leaves out is decided by itself"
    assert sorted(office.server.paths()) == ["/approve/3", "/bulk", "/work/1"]


class NotedBureau(FreeBureau):
    rejection_leaves = SubmissionStatus.PENDING


def test_a_rejection_that_is_only_taken_note_of(office: Office, world: World) -> None:
    office.spoil = lambda verb, number: http(200, {"id": number, "status": "pending"})
    assert office.decide(world, NotedBureau, "reject").status == "pending"
    assert office.server.count == 1
    with pytest.raises(OutcomeUnknown):
        office.decide(world, NotedBureau, "approve")


# --- what must not take money -----------------------------------------------------------------------------------


class Toll(Provider[ProviderSettings]):
    """Takes money for what only reads."""

    name: ClassVar[str] = "toll"
    title: ClassVar[str] = "Toll"
    currency = "USD"
    settings_type = ProviderSettings

    @operation
    def worker(self, worker_id: str) -> Flow[Worker]:
        _ = yield Call.post("/toll", effect=Effect.SETTLE, costs=True)
        return Worker(id=worker_id)

    @operation
    def balance(self) -> Flow[Balance]:
        _ = yield Call.post("/toll", effect=Effect.SPEND)
        return Balance(1, "USD")

    @operation
    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        _ = yield Call.post("/toll", effect=Effect.SPEND)
        return Page([])

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        _ = yield Call.post("/toll", effect=Effect.SPEND)
        return Task(**self.identity, id=task_id)


@pytest.mark.parametrize("verb", ["worker", "balance", "tasks", "task"])
def test_reading_takes_no_money(world: World, server: RawServer, verb: str) -> None:
    provider = Toll(ProviderSettings(base_url=server.url))
    asked: dict[str, Callable[[Market[Any]], object]] = {
        "worker": lambda market: market.worker("w"),
        "balance": lambda market: market.balance(),
        "tasks": lambda market: market.tasks(),
        "task": lambda market: market.task("t"),
    }
    with pytest.raises(ConfigurationError, match="takes money") as caught:
        world.market(Session(provider, Options()), asked[verb])
    assert (caught.value.operation, caught.value.sent, server.count) == (verb, False, 0)


@pytest.fixture
def server() -> Iterator[RawServer]:
    made = RawServer()
    yield made
    made.close()
