"""An operation of several calls: what it made and paid stays noted, and the same key goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest

from crowdhub import (
    Call,
    Effect,
    Flow,
    Market,
    Money,
    Provider,
    Response,
    Submission,
    Task,
    TaskDraft,
    Worker,
    operation,
)
from crowdhub.engine.engine import Witness
from crowdhub.engine.runtime import drive
from crowdhub.engine.session import Counter
from crowdhub.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    LedgerError,
    Lost,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from crowdhub.ledger import Budget, Ledger
from crowdhub.operations.checks import checked_bonus
from crowdhub.operations.port import AccountPort
from crowdhub.operations.spending import Settled, Spend, SpendingPolicy, recover, run, unresolved
from crowdhub.operations.spending.bonuses import pay_bonus
from crowdhub.operations.spending.looking import LOOKS
from crowdhub.operations.spending.publishing import publish, reference_of, with_reference
from crowdhub.protocol import Lookup, Page, ProviderSettings
from tests.support.hand_clock import HandClock
from tests.support.suspended import HandEngine, hand_port

COST = Money("5", "USD")


class Press(Provider[ProviderSettings]):
    """Prints in two steps: a free draft, then the paid printing; and solves: pays first, then asks until it is done."""

    name: ClassVar[str] = "press"
    title: ClassVar[str] = "Press"
    currency = "USD"
    settings_type = ProviderSettings

    @operation
    def print(self, text: str) -> Flow[str]:
        made = yield Call.post("/drafts", effect=Effect.SPEND, costs=False, json={"text": text})
        number = made.json()["draft"]
        done = yield Call.post(f"/drafts/{number}/print", effect=Effect.SETTLE, costs=True, json={})
        return f"{number}: {done.json()['printed']}"

    @operation
    def draft(self, text: str) -> Flow[int]:
        made = yield Call.post("/drafts", effect=Effect.SPEND, costs=False, json={"text": text})
        return int(made.json()["draft"])

    @operation
    def solve(self, riddle: str) -> Flow[str]:
        made = yield Call.post("/riddles", effect=Effect.SPEND, json={"riddle": riddle})
        number = made.json()["id"]
        while True:
            asked = yield Call.get(f"/riddles/{number}")
            if answer := asked.json().get("answer"):
                return str(answer)


class Wire(HandEngine):
    """Answers each call from a list, by its method and path; an error is raised in its place."""

    answers: list[tuple[str, object]]
    sent: list[str]
    held_up: float = 0
    """Seconds that each call waits before it leaves, at a gate or after a 429."""

    async def _send(
        self, call: Call, counters: list[Counter], witness: Witness | None, since: float | None
    ) -> Response:
        if self.held_up:
            self.session.clock.sleep(self.held_up)
        if witness is not None:
            await witness.sending(call)
        self.sent.append(call.label)
        expected, answer = self.answers.pop(0)
        assert call.label == expected, f"{call.label} was sent, {expected} expected"
        if isinstance(answer, BaseException):
            raise answer
        return Response(200, json=answer)


class Bench:
    """One account, process after process."""

    def __init__(self, folder: Path, clock: HandClock) -> None:
        self.clock = clock
        self.ledger = Ledger.open(folder / "ledger.sqlite3", clock=clock)
        self.asked: list[Spend] = []
        self.sent: list[str] = []

    def port(self, *answers: tuple[str, object], kind: type[Provider[ProviderSettings]] = Press) -> AccountPort:
        """A program that starts anew: nothing but the ledger tells what was before."""
        provider = kind(ProviderSettings(base_url="http://127.0.0.1:1"))
        engine = hand_port(provider)._engine
        engine.__class__ = Wire
        assert isinstance(engine, Wire)
        engine.answers, engine.sent = list(answers), self.sent
        return AccountPort(engine)

    @property
    def policy(self) -> SpendingPolicy:
        return SpendingPolicy(ledger=self.ledger, confirm=self._confirm)

    def _confirm(self, spend: Spend) -> bool:
        self.asked.append(spend)
        return True

    def print(self, *answers: tuple[str, object], key: str = "k") -> str:
        port = self.port(*answers)
        assert isinstance(port.provider, Press)
        return drive(run(port, self.policy, port.provider.print("hello"), key=key, amount=COST))

    def solve(self, *answers: tuple[str, object], key: str | None = "k") -> str:
        port = self.port(*answers)
        assert isinstance(port.provider, Press)
        return drive(run(port, self.policy, port.provider.solve("2+2"), key=key, amount=COST))

    def states(self) -> list[str]:
        return [str(each.state) for each in self.ledger.report.entries()]


@pytest.fixture
def bench(tmp_path: Path, clock: HandClock) -> Iterator[Bench]:
    made = Bench(tmp_path, clock)
    yield made
    made.ledger.close()


DRAFT = ("POST /drafts", {"draft": 7})
PRINTED = ("POST /drafts/7/print", {"printed": "hello"})
RIDDLE = ("POST /riddles", {"id": 3})


def lost(*, free: bool) -> OutcomeUnknown:
    error = OutcomeUnknown("lost", lost=Lost.TIMED_OUT)
    return error.with_(money_may_be_spent=False) if free else error


def test_all_steps_in_one_go(bench: Bench) -> None:
    assert bench.print(DRAFT, PRINTED) == "7: hello"
    assert bench.print() == "7: hello", "the second time its result is known"
    assert bench.states() == ["done"]
    assert [spend.amount for spend in bench.asked] == [COST]


def test_a_lost_free_step_does_not_say_that_money_may_have_been_spent(bench: Bench) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        bench.print(("POST /drafts", lost(free=True)))
    assert not caught.value.money_may_be_spent
    assert "Nothing was spent" in str(caught.value)
    assert bench.states() == ["not_done"]
    assert bench.print(DRAFT, PRINTED) == "7: hello"


def test_the_same_key_goes_on_from_the_draft_that_was_made(bench: Bench) -> None:
    with pytest.raises(ProviderUnavailable):
        bench.print(DRAFT, ("POST /drafts/7/print", ProviderUnavailable("down", sent=False)))
    assert bench.states() == ["not_done"]
    assert bench.print(PRINTED) == "7: hello", "the draft is not made again"
    assert bench.sent.count("POST /drafts") == 1


def test_another_key_starts_from_the_beginning(bench: Bench) -> None:
    with pytest.raises(ProviderUnavailable):
        bench.print(DRAFT, ("POST /drafts/7/print", ProviderUnavailable("down", sent=False)))
    assert (
        bench.print(("POST /drafts", {"draft": 8}), ("POST /drafts/8/print", {"printed": "x"}), key="other") == "8: x"
    )


def test_a_lost_paid_step_is_unknown_and_not_sent_again(bench: Bench) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        bench.print(DRAFT, ("POST /drafts/7/print", lost(free=False)))
    assert caught.value.money_may_be_spent
    assert bench.states() == ["unknown"]
    with pytest.raises(OutcomeUnknown, match="ended without an outcome"):
        bench.print()
    assert bench.sent == ["POST /drafts", "POST /drafts/7/print"]


def test_what_was_paid_stays_paid_whatever_fails_later(bench: Bench) -> None:
    """Three tries under one key are one charge, and none says that nothing was spent."""
    for number in range(3):
        paying = [] if number else [RIDDLE]
        with pytest.raises(ProviderUnavailable) as caught:
            bench.solve(*paying, ("GET /riddles/3", {}), ("GET /riddles/3", ProviderUnavailable("down")))
        assert "Money may have been spent" in str(caught.value)
        assert "same key goes on" in caught.value.next_step
        assert bench.states() == ["done"]
    assert bench.solve(("GET /riddles/3", {"answer": "4"})) == "4"
    assert bench.solve() == "4"
    assert bench.sent.count("POST /riddles") == 1
    assert len(bench.asked) == 1, "what goes on was confirmed before"


def test_without_a_key_it_is_done_all_the_same(bench: Bench) -> None:
    with pytest.raises(ProviderUnavailable, match="kept in the ledger"):
        bench.solve(RIDDLE, ("GET /riddles/3", ProviderUnavailable("down")), key=None)
    assert bench.states() == ["done"]


class Crash(BaseException):
    """The process ends."""


def test_a_process_that_ends_after_it_paid(bench: Bench) -> None:
    with pytest.raises(Crash):
        bench.solve(RIDDLE, ("GET /riddles/3", Crash()))
    assert bench.states() == ["done"]
    report = drive(recover(bench.port(), bench.policy))
    assert [(each.settled, each.key) for each in report.intents] == [(Settled.PAID, "k")]
    assert bench.solve(("GET /riddles/3", {"answer": "4"})) == "4"


def test_an_answer_that_was_too_long_to_be_kept_is_said(bench: Bench) -> None:
    long = ("POST /riddles", {"id": 3, "padding": "x" * 2_000_000})
    with pytest.raises(ProviderUnavailable):
        bench.solve(long, ("GET /riddles/3", ProviderUnavailable("down")))
    with pytest.raises(Conflict, match="its answer was not kept"):
        bench.solve()
    assert bench.states() == ["done"]


def test_a_market_runs_it_so_too(bench: Bench) -> None:
    """The procedure above is what `Market.run` drives."""
    port = bench.port(RIDDLE, ("GET /riddles/3", {"answer": "4"}))
    assert isinstance(port.provider, Press)
    market = Market(port.provider, port._engine.session, policy=bench.policy)
    market.operations.port = port
    assert market.run(market.provider.solve("2+2"), key="m", amount=COST) == "4"
    market.close()


def test_a_bonus_finer_than_the_marketplace_pays_in_is_named_before_anything_is_sent(bench: Bench) -> None:
    class Cents(Press):
        name: ClassVar[str] = "cents"
        reward_decimals = 2

    provider = Cents(ProviderSettings(base_url="http://127.0.0.1:1"))
    work = Submission(**provider.identity, id="1", task_id="2", worker=Worker(id="w"))
    checked_bonus(provider, work, Money("0.250", "USD"), "thanks")
    for amount in ("0.255", "0.005"):
        with pytest.raises(InvalidRequest, match=r"amount: .* more than 2 decimals"):
            checked_bonus(provider, work, Money(amount, "USD"), "thanks")


class Tokens(Press):
    """A marketplace that recognises a request by its token for a day."""

    @operation
    def buy(self, what: str, reference: str | None = None) -> Flow[str]:
        reply = yield Call.post(
            "/buy", effect=Effect.SPEND, idempotent_for=timedelta(hours=24), json={"what": what, "token": reference}
        )
        return str(reply.json()["bought"])


def buying(bench: Bench, *answers: tuple[str, object]) -> tuple[AccountPort, Tokens]:
    port = bench.port(*answers)
    provider = Tokens(ProviderSettings(base_url="http://127.0.0.1:1"))
    port._engine.session.provider = provider
    return port, provider


def test_what_the_marketplace_recognises_is_sent_again_under_the_same_reference(bench: Bench) -> None:
    tokens: list[object] = []
    for answer in (Crash(), {"bought": "it"}):
        port, provider = buying(bench, ("POST /buy", answer))
        given = reference_of(provider, "buy", "k")
        tokens.append(given)
        if isinstance(answer, Crash):
            with pytest.raises(Crash):
                drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST))
        else:
            assert drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST)) == "it"
    assert tokens[0] == tokens[1]
    assert bench.sent.count("POST /buy") == 2
    assert bench.states() == ["done"]


class Remembers(Tokens):
    """One that refuses what it has carried out before."""

    @operation
    def buy(self, what: str, reference: str | None = None) -> Flow[Task]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        replayed = False
        try:
            yield Call.post("/buy", effect=Effect.SPEND, idempotent_for=timedelta(hours=24), json={"token": reference})
        except Conflict:
            replayed = True
        return Task(**self.identity, id=what, replayed=replayed)


@pytest.mark.parametrize("was_done", [False, True])
def test_what_was_done_before_counts_as_paid(bench: Bench, was_done: bool) -> None:
    """The attempt before the one that is refused so took the money; what is refused otherwise took none."""
    port = bench.port(("POST /buy", Conflict("It was processed before.").with_(was_done=was_done)))
    provider = Remembers(ProviderSettings(base_url="http://127.0.0.1:1"))
    port._engine.session.provider = provider
    assert drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST)).replayed
    (entry,) = bench.ledger.report.entries()
    counted = entry.amount if entry.charged is None else entry.charged
    assert counted == (COST if was_done else Money(0, "USD"))


class InTwoSteps(Tokens):
    """One that is told where to put it after it was bought."""

    @operation
    def buy(self, what: str, reference: str | None = None) -> Flow[str]:
        try:
            yield Call.post("/buy", effect=Effect.SPEND, idempotent_for=timedelta(hours=24), json={"token": reference})
        except Conflict as error:
            if not error.was_done:
                raise
        yield Call.post("/place", effect=Effect.SETTLE, costs=False)
        return what


def test_what_follows_a_payment_that_was_done_before_is_done_as_well(bench: Bench) -> None:
    done = Conflict("It was processed before.").with_(was_done=True)
    first: list[tuple[str, object]] = [("POST /buy", Crash())]
    second: list[tuple[str, object]] = [("POST /buy", done), ("POST /place", {})]
    for answers in (first, second):
        port = bench.port(*answers)
        provider = InTwoSteps(ProviderSettings(base_url="http://127.0.0.1:1"))
        port._engine.session.provider = provider
        if answers is first:
            with pytest.raises(Crash):
                drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST))
        else:
            assert drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST)) == "x"
    assert bench.states() == ["done"]


def test_after_that_time_it_is_only_looked_for(bench: Bench) -> None:
    port, provider = buying(bench, ("POST /buy", Crash()))
    with pytest.raises(Crash):
        drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST))
    bench.clock.sleep(24 * 3600)
    port, provider = buying(bench)
    with pytest.raises(OutcomeUnknown):
        drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST))
    assert bench.sent.count("POST /buy") == 1


def test_what_only_the_budget_keeps_from_being_sent_again_says_so(bench: Bench) -> None:
    port, provider = buying(bench, ("POST /buy", Crash()))
    with pytest.raises(Crash):
        drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST))
    port, provider = buying(bench)
    poor = SpendingPolicy(ledger=bench.ledger, budget=Budget.of({"USD": "0"}))
    with pytest.raises(OutcomeUnknown, match="could be sent again, but for the budget: The budget has 0 USD left"):
        drive(run(port, poor, provider.buy("x"), key="k", amount=COST))
    assert bench.sent.count("POST /buy") == 1


def test_what_waits_past_that_time_does_not_leave(bench: Bench) -> None:
    """The marketplace would still have known it when the call began."""
    port, provider = buying(bench, ("POST /buy", Crash()))
    with pytest.raises(Crash):
        drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST))
    bench.clock.sleep(24 * 3600 - 60)
    port, provider = buying(bench)
    engine = port._engine
    assert isinstance(engine, Wire)
    engine.session.clock, engine.held_up = bench.clock, 120
    with pytest.raises(OutcomeUnknown):
        drive(run(port, bench.policy, provider.buy("x"), key="k", amount=COST))
    assert bench.sent.count("POST /buy") == 1
    assert bench.states() == ["unknown"]


def test_what_it_does_not_recognise_is_not_sent_again(bench: Bench) -> None:
    with pytest.raises(Crash):
        bench.solve(("POST /riddles", Crash()))
    with pytest.raises(OutcomeUnknown):
        bench.solve()
    assert bench.sent.count("POST /riddles") == 1


class Shop(Press):
    """Reads the price first, and pays then."""

    name: ClassVar[str] = "shop"

    @operation
    def order(self, what: str) -> Flow[str]:
        yield Call.get("/prices")
        made = yield Call.post("/orders", effect=Effect.SPEND, json={"what": what})
        return str(made.json()["id"])


class Remembering(Press):
    """Knows an order by its reference for a day."""

    name: ClassVar[str] = "remembering"

    @operation
    def order(self, what: str) -> Flow[str]:
        made = yield Call.post("/orders", effect=Effect.SPEND, json={"what": what}, idempotent_for=timedelta(days=1))
        return str(made.json()["id"])


PRICES: tuple[str, object] = ("GET /prices", {})
CRASHED = ("POST /orders", Crash())
ORDERED = ("POST /orders", {"id": 4})


def order(bench: Bench, provider: Shop | Remembering, *answers: tuple[str, object]) -> str:
    return drive(run(bench.port(*answers), bench.policy, provider.order("tea"), key="k", amount=COST))


@pytest.mark.parametrize(
    "failure",
    [
        ProviderUnavailable("down"),
        AuthenticationFailed("the key was changed"),
        RateLimited("later"),
        InvalidRequest("no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_failure_before_the_spend_frees_nothing_that_an_earlier_process_may_have_paid(
    bench: Bench, failure: CrowdhubError
) -> None:
    shop = Shop(ProviderSettings(base_url="http://127.0.0.1:1"))
    with pytest.raises(Crash):
        order(bench, shop, PRICES, CRASHED)
    for answers in ([("GET /prices", failure)], [PRICES], [("GET /prices", failure)]):
        with pytest.raises(OutcomeUnknown):
            order(bench, shop, *answers)
        assert bench.states() == ["unknown"]
    assert bench.sent.count("POST /orders") == 1


@pytest.mark.parametrize(
    "failure",
    [
        ProviderUnavailable("down"),
        AuthenticationFailed("the key was changed"),
        RateLimited("later"),
        InvalidRequest("no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_that_it_is_refused_now_says_nothing_of_what_was_paid_then(bench: Bench, failure: CrowdhubError) -> None:
    shop = Remembering(ProviderSettings(base_url="http://127.0.0.1:1"))
    with pytest.raises(Crash):
        order(bench, shop, CRASHED)
    with pytest.raises(OutcomeUnknown):
        order(bench, shop, ("POST /orders", failure))
    assert bench.states() == ["unknown"]
    assert order(bench, shop, ORDERED) == "4"
    assert bench.states() == ["done"]


class Looking(Press):
    """Can say for sure what was printed, and what is left of the money."""

    name: ClassVar[str] = "looking"

    @operation
    def balance(self) -> Flow[Money]:
        return Money((yield Call.get("/money")).json()["left"], self.currency)

    def printed(self, text: str) -> Lookup[str]:
        return Lookup(f"a print of {text}", listing=self.prints, among=lambda new: new[0].title if new else None)

    @operation
    def prints(self) -> Flow[Page[Task]]:
        listed = (yield Call.get("/prints")).json()
        return Page([Task(**self.identity, id=each, title=each) for each in listed["found"]], total=listed["count"])

    @operation(lookup=printed)
    def print(self, text: str) -> Flow[str]:
        return (yield from super().print(text))


BROKEN = ("POST /drafts/7/print", OutcomeUnknown("lost", lost=Lost.ANSWERED))
NONE: tuple[str, object] = ("GET /prints", {"found": [], "count": 0})
ABSENT: list[tuple[str, object]] = [NONE for _ in LOOKS[Lost.ANSWERED]]


def money(left: str) -> tuple[str, object]:
    return "GET /money", {"left": left}


def test_what_is_absent_now_may_still_be_carried_out(bench: Bench) -> None:
    provider = Looking(ProviderSettings(base_url="http://127.0.0.1:1"))
    port = bench.port(DRAFT, NONE, money("5"), BROKEN, *ABSENT, money("5"), kind=Looking)
    with pytest.raises(OutcomeUnknown):
        drive(run(port, bench.policy, provider.print("hello"), key="k", amount=COST))
    assert bench.sent.count("POST /drafts/7/print") == 1
    assert bench.states() == ["unknown"]


@pytest.mark.parametrize("key", ["k", None])
def test_what_is_not_listed_is_not_absent_while_its_money_is_gone(bench: Bench, key: str | None) -> None:
    """Without a key the money is not asked before, so that nothing is proven by it after."""
    provider = Looking(ProviderSettings(base_url="http://127.0.0.1:1"))
    answers = [DRAFT, NONE, money("5"), BROKEN, *ABSENT, money("4")] if key else [DRAFT, NONE, BROKEN, *ABSENT]
    with pytest.raises(OutcomeUnknown, match="1 USD are gone" if key else "nobody knows"):
        drive(run(bench.port(*answers, kind=Looking), bench.policy, provider.print("hello"), key=key, amount=COST))
    assert bench.states() == ["unknown"]


@pytest.mark.parametrize(
    "listed",
    [
        {"found": [], "count": 121},
        {"found": ["another"], "count": 2},
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_listing_that_is_not_as_long_as_it_says_proves_nothing(
    bench: Bench, listed: dict[str, object], when: str
) -> None:
    provider = Looking(ProviderSettings(base_url="http://127.0.0.1:1"))
    spoilt = ("GET /prints", listed)
    if when == "before":
        answers = [DRAFT, spoilt, BROKEN]
    else:
        answers = [DRAFT, NONE, money("5"), BROKEN, *[spoilt for _ in ABSENT]]
    with pytest.raises(OutcomeUnknown):
        drive(run(bench.port(*answers, kind=Looking), bench.policy, provider.print("hello"), key="k", amount=COST))
    assert bench.states() == ["unknown"]


class ByItself(Looking):
    """Says by itself that it is not there."""

    name: ClassVar[str] = "by-itself"

    def printed(self, text: str) -> Lookup[str]:
        return Lookup(f"a print of {text}", find=lambda since, before: self.find())

    def find(self) -> Flow[str | None]:
        found: str | None = (yield Call.get("/found")).json()["found"]
        return found

    @operation(lookup=printed)
    def print(self, text: str) -> Flow[str]:
        return (yield from Press.print(self, text))


def test_a_plugin_cannot_say_absent_by_itself(bench: Bench) -> None:
    provider = ByItself(ProviderSettings(base_url="http://127.0.0.1:1"))
    answers = [DRAFT, BROKEN, *[("GET /found", {"found": None}) for _ in ABSENT]]
    with pytest.raises(OutcomeUnknown, match="no list of everything"):
        drive(run(bench.port(*answers, kind=ByItself), bench.policy, provider.print("hello"), key="k", amount=COST))
    assert bench.states() == ["unknown"]


class OneDoor(Press):
    """Every call has one name; a draft whose answer is lost is made anew."""

    name: ClassVar[str] = "one-door"

    @operation
    def print(self, text: str) -> Flow[str]:
        draft = Call.post("/tasks", effect=Effect.SPEND, costs=False, json={"text": text})
        try:
            yield draft
        except OutcomeUnknown:
            yield draft
        done = yield Call.post("/tasks", effect=Effect.SETTLE, costs=True, json={"public": True})
        return str(done.json()["state"])


def test_the_answer_to_a_draft_never_stands_for_the_payment(bench: Bench) -> None:
    """The first draft's answer is lost, and the process ends before the payment: when it goes on, the payment comes in
    the second draft's place, under the same name."""
    task = "POST /tasks"
    provider = OneDoor(ProviderSettings(base_url="http://127.0.0.1:1"))
    drafted: tuple[str, object] = (task, {"state": "draft"})
    lost = (task, OutcomeUnknown("lost", lost=Lost.ANSWERED))
    crashed = bench.port(lost, drafted, (task, Crash()))
    with pytest.raises(Crash):
        drive(run(crashed, bench.policy, provider.print("tea"), key="k", amount=COST))
    with pytest.raises(OutcomeUnknown):  # whether the payment was taken is not known, and nothing else may be said
        drive(run(bench.port(drafted), bench.policy, provider.print("tea"), key="k", amount=COST))
    assert bench.states() == ["unknown"]


class TwoPayments(Press):
    """Pays twice in one operation, and where the second goes to depends on what it reads."""

    name: ClassVar[str] = "two-payments"

    @operation
    def order(self, what: str) -> Flow[str]:
        slot = (yield Call.get("/free")).json()["slot"]
        yield Call.post(f"/slots/{slot}/buy", effect=Effect.SPEND, json={"what": what})
        yield Call.post("/insurance", effect=Effect.SPEND, json={"what": what})
        return str(slot)


FREE = ("GET /free", {"slot": 5})
BOUGHT: tuple[str, object] = ("POST /slots/5/buy", {})


def order_two(bench: Bench, *answers: tuple[str, object]) -> str:
    provider = TwoPayments(ProviderSettings(base_url="http://127.0.0.1:1"))
    return drive(run(bench.port(*answers), bench.policy, provider.order("tea"), key="k", amount=COST))


@pytest.mark.parametrize("ending", [Crash(), OutcomeUnknown("lost", lost=Lost.TIMED_OUT)], ids=["crash", "lost"])
def test_a_second_payment_in_doubt_is_not_sent_again(bench: Bench, ending: BaseException) -> None:
    with pytest.raises(type(ending)):
        order_two(bench, FREE, BOUGHT, ("POST /insurance", ending))
    assert bench.states() == ["done"]
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            order_two(bench, FREE)
    assert bench.sent.count("POST /insurance") == 1
    (report,) = drive(recover(bench.port(), bench.policy)).intents
    assert report.settled is Settled.PAID
    assert report.look_for is not None
    assert report.must_look
    assert drive(unresolved(bench.port(), bench.ledger)) == [report]


def test_why_a_second_payment_is_in_doubt_is_said_as_it_was(bench: Bench) -> None:
    with pytest.raises(OutcomeUnknown):
        order_two(bench, FREE, BOUGHT, ("POST /insurance", OutcomeUnknown("The line broke.", lost=Lost.BROKEN)))
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match="The line broke"):
            order_two(bench, FREE)


def test_a_person_who_found_no_second_payment_lets_the_key_go_on(bench: Bench) -> None:
    with pytest.raises(OutcomeUnknown):
        order_two(bench, FREE, BOUGHT, ("POST /insurance", OutcomeUnknown("lost", lost=Lost.TIMED_OUT)))
    (left,) = bench.ledger.doubtful()
    with bench.ledger.holding() as held:
        mine = bench.ledger.claim(left.id, held).intent
        _ = bench.ledger.undoubted(mine, "A person looked.")
    assert bench.ledger.doubtful() == []
    assert order_two(bench, FREE, ("POST /insurance", {})) == "5"
    assert bench.sent.count("POST /slots/5/buy") == 1
    assert [each.error for each in bench.ledger.report.entries()] == [None]


def test_it_is_said_which_of_several_payments_is_in_doubt(bench: Bench) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        order_two(bench, FREE, BOUGHT, ("POST /insurance", OutcomeUnknown("lost", lost=Lost.TIMED_OUT)))
    assert "payment 2 of this operation, POST /insurance" in str(caught.value.look_for)


def test_a_refusal_after_a_payment_does_not_say_that_nothing_was_done(bench: Bench) -> None:
    with pytest.raises(InsufficientFunds) as caught:
        order_two(bench, FREE, BOUGHT, ("POST /insurance", InsufficientFunds("no money")))
    assert "nothing was" not in str(caught.value)
    assert "Top up the account" in str(caught.value)
    assert "The same key goes on from there, and does not pay that again" in str(caught.value)


class FeeKept(ProviderError):
    charged = Money("2", "USD")


@pytest.mark.parametrize("amount", [COST, None], ids=["reserved", "no price"])
def test_an_error_that_says_what_it_took_is_a_payment(bench: Bench, amount: Money | None) -> None:
    port = bench.port(("POST /riddles", FeeKept("it failed, and its fee is kept")))
    assert isinstance(port.provider, Press)
    with pytest.raises(FeeKept) as caught:
        drive(run(port, bench.policy, port.provider.solve("2+2"), key="k", amount=amount))
    assert caught.value.money_may_be_spent
    assert "It took 2 USD" in str(caught.value)
    (only,) = bench.ledger.report.entries()
    assert (only.state, only.charged) == ("done", Money("2", "USD"))
    with pytest.raises(Conflict, match="already done"):
        bench.solve()
    assert bench.sent == ["POST /riddles"]


def test_a_draft_that_is_gone_is_made_anew(bench: Bench) -> None:
    with pytest.raises(InsufficientFunds):
        bench.print(DRAFT, ("POST /drafts/7/print", InsufficientFunds("no money")))
    with pytest.raises(NotFound, match="the same key begins from the start now"):
        bench.print(("POST /drafts/7/print", NotFound("no such draft")))
    assert bench.print(("POST /drafts", {"draft": 8}), ("POST /drafts/8/print", {"printed": "hello"})) == "8: hello"
    assert bench.states().count("done") == 1


class Giving(Press):
    """Gives work away: what was given away before is refused, and is a success."""

    name: ClassVar[str] = "giving"

    @operation
    def give(self, slot: int) -> Flow[Submission]:
        done = Submission(**self.identity, id=str(slot), task_id="1", worker=Worker(id="w"))
        try:
            yield Call.post("/give", effect=Effect.SPEND, json={"slot": slot})
        except (Conflict, OutcomeUnknown):
            return done.copy_with(replayed=True)
        return done


@pytest.mark.parametrize(
    ("answer", "charged"),
    [
        ({}, None),
        (Conflict("given away before"), Money(0, "USD")),
        (OutcomeUnknown("lost", lost=Lost.BROKEN), None),
    ],
    ids=["done", "done before", "lost"],
)
def test_what_was_done_before_took_nothing_now(bench: Bench, answer: object, charged: Money | None) -> None:
    port = bench.port(("POST /give", answer), kind=Giving)
    assert isinstance(port.provider, Giving)
    drive(run(port, bench.policy, port.provider.give(3), key=None, amount=COST))
    (only,) = bench.ledger.report.entries()
    assert (only.state, only.charged) == ("done", charged)


def test_a_lost_operation_is_told_by_what_it_was_asked_with(bench: Bench) -> None:
    port = bench.port(("POST /riddles", OutcomeUnknown("lost", lost=Lost.BROKEN)))
    assert isinstance(port.provider, Press)
    with pytest.raises(OutcomeUnknown) as caught:
        drive(run(port, bench.policy, port.provider.solve("2+2"), key="k", amount=COST))
    assert caught.value.look_for == "what solve did, at the marketplace (riddle 2+2)"


def test_what_sent_nothing_that_takes_money_took_nothing(bench: Bench) -> None:
    port = bench.port(DRAFT)
    assert isinstance(port.provider, Press)
    assert drive(run(port, bench.policy, port.provider.draft("tea"), key="k", amount=COST)) == 7
    (only,) = bench.ledger.report.entries()
    assert (only.state, only.charged) == ("done", Money(0, "USD"))


def test_a_second_payment_that_was_refused_is_sent_again(bench: Bench) -> None:
    with pytest.raises(InsufficientFunds):
        order_two(bench, FREE, BOUGHT, ("POST /insurance", InsufficientFunds("no money")))
    assert order_two(bench, FREE, ("POST /insurance", {})) == "5"
    assert bench.sent.count("POST /slots/5/buy") == 1


def test_going_on_pays_nothing_else_in_the_place_of_what_was_paid(bench: Bench) -> None:
    with pytest.raises(InsufficientFunds):
        order_two(bench, FREE, BOUGHT, ("POST /insurance", InsufficientFunds("no money")))
    with pytest.raises(Conflict, match="slots/6"):
        order_two(bench, ("GET /free", {"slot": 6}))
    assert "POST /slots/6/buy" not in bench.sent


def test_a_payment_whose_note_cannot_be_written_is_not_forgotten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise LedgerError("locked")

    with monkeypatch.context() as patch:
        patch.setattr(bench.ledger, "note_step", locked)
        with pytest.raises(ProviderUnavailable) as caught:
            bench.solve(RIDDLE, ("GET /riddles/3", ProviderUnavailable("down")))
    assert caught.value.money_may_be_spent
    assert bench.states() == ["unknown"]
    with pytest.raises(OutcomeUnknown):
        bench.solve()
    assert bench.sent.count("POST /riddles") == 1


def test_what_was_paid_and_its_answer_are_written_together(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise LedgerError("locked")

    with monkeypatch.context() as patch:
        patch.setattr("crowdhub.ledger.transitions.paid", locked)
        with pytest.raises(ProviderUnavailable):
            bench.solve(RIDDLE, ("GET /riddles/3", ProviderUnavailable("down")))
    (entry,) = bench.ledger.report.entries()
    assert entry.state == "unknown"
    with pytest.raises(OutcomeUnknown):
        bench.solve()
    assert bench.sent.count("POST /riddles") == 1


def test_a_free_call_lost_after_the_payment_does_not_say_that_nothing_was_spent(bench: Bench) -> None:
    class Noting(Press):
        name: ClassVar[str] = "noting"

        @operation
        def order(self) -> Flow[str]:
            yield Call.post("/orders", effect=Effect.SPEND)
            yield Call.post("/notes", effect=Effect.SPEND, costs=False)
            return "done"

    operation_ = Noting(ProviderSettings(base_url="http://127.0.0.1:1")).order
    port = bench.port(ORDERED, ("POST /notes", lost(free=True)))
    with pytest.raises(OutcomeUnknown, match="The same key goes on") as caught:
        drive(run(port, bench.policy, operation_(), key="k", amount=COST))
    assert caught.value.money_may_be_spent
    assert drive(run(bench.port(("POST /notes", {})), bench.policy, operation_(), key="k", amount=COST)) == "done"


def test_a_repeatable_call_lost_before_the_payment_leaves_the_key_free(bench: Bench) -> None:
    """It is not said to be free: as its effect says, it takes no money."""

    class Asking(Press):
        name: ClassVar[str] = "asking"

        @operation
        def order(self) -> Flow[str]:
            made = yield Call.post("/drafts", effect=Effect.SPEND, costs=False)
            number = made.json()["draft"]
            yield Call.post(f"/drafts/{number}/price", effect=Effect.SETTLE)
            yield Call.post(f"/drafts/{number}/print", effect=Effect.SETTLE, costs=True)
            return "done"

    operation_ = Asking(ProviderSettings(base_url="http://127.0.0.1:1")).order
    price = "POST /drafts/7/price"
    port = bench.port(DRAFT, (price, lost(free=False)))
    with pytest.raises(OutcomeUnknown) as caught:
        drive(run(port, bench.policy, operation_(), key="k", amount=COST))
    assert not caught.value.money_may_be_spent
    assert bench.states() == ["not_done"]
    goes_on = bench.port((price, {}), PRINTED)
    assert drive(run(goes_on, bench.policy, operation_(), key="k", amount=COST)) == "done"


@pytest.mark.parametrize("reason", [ValueError("no terminal"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_where_confirming_fails_nothing_was_sent_and_the_key_is_free(bench: Bench, reason: BaseException) -> None:
    def broken(_: Spend) -> bool:
        raise reason

    port = bench.port()
    assert isinstance(port.provider, Press)
    policy = SpendingPolicy(ledger=bench.ledger, confirm=broken)
    with pytest.raises(type(reason)):
        drive(run(port, policy, port.provider.solve("2+2"), key="k", amount=COST))
    assert bench.states() == ["not_done"]


def test_a_result_that_cannot_be_kept_is_handed_out_all_the_same(bench: Bench) -> None:
    class Odd:
        def __reduce__(self) -> str:
            raise RuntimeError("no")

    class Shelf(Press):
        name: ClassVar[str] = "shelf"

        @operation
        def order(self) -> Flow[Odd]:
            yield Call.post("/orders", effect=Effect.SPEND)
            return Odd()

    made = Shelf(ProviderSettings(base_url="http://127.0.0.1:1")).order()
    assert isinstance(drive(run(bench.port(ORDERED), bench.policy, made, key="k", amount=COST)), Odd)
    assert bench.states() == ["done"]


class Press24(Provider[ProviderSettings]):
    """Publishes, and pays bonuses, under tokens that are known for a day."""

    name: ClassVar[str] = "press24"
    title: ClassVar[str] = "Press 24"
    currency = "USD"
    settings_type = ProviderSettings

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        told = {"title": draft.title, "token": draft.reference}
        made = yield Call.post("/jobs", effect=Effect.SPEND, json=told, idempotent_for=timedelta(days=1))
        return Task(**self.identity, id=str(made.json()["id"]), title=draft.title)

    @operation
    def pay_bonus(
        self, submission: Submission, amount: Money, reason: str, reference: str | None = None
    ) -> Flow[Submission]:
        told = {"to": submission.id, "amount": str(amount), "why": reason, "token": reference}
        yield Call.post("/bonuses", effect=Effect.SPEND, json=told, idempotent_for=timedelta(days=1))
        return submission


WORK = Submission(provider="press24", account="press24", environment="live", id="8", task_id="7", worker=Worker(id="w"))


@pytest.mark.parametrize("what", ["publish", "pay_bonus"])
@pytest.mark.parametrize("hours", [1, 25])
def test_recover_sends_again_what_the_marketplace_recognises(bench: Bench, what: str, hours: int) -> None:
    port = bench.port(("POST /jobs" if what == "publish" else "POST /bonuses", Crash()), kind=Press24)
    provider = port.provider
    draft = with_reference(provider, TaskDraft(title="T", instructions="I", reward=COST), "k")

    async def asked_for() -> None:
        if what == "publish":
            await publish(port, bench.policy, draft, "k", asked=draft)
        else:
            await pay_bonus(port, bench.policy, WORK, COST, "good", "k")

    with pytest.raises(Crash):
        drive(asked_for())
    bench.clock.sleep(hours * 3600)
    asked = len(bench.asked)
    answer: tuple[str, object] = ("POST /jobs", {"id": 4}) if what == "publish" else ("POST /bonuses", {})
    (found,) = drive(recover(bench.port(answer, kind=Press24), bench.policy)).intents
    if hours == 1:
        assert (found.settled, bench.states()) == ("done", ["done"])
        assert found.task_id == ("4" if what == "publish" else "7")
        assert len(bench.sent) == 2
    else:  # it may have forgotten: that could be a second one
        assert (found.settled, bench.states()) == ("look", ["unknown"])
        assert len(bench.sent) == 1
    assert len(bench.asked) == asked, "it was confirmed when it began"


class Taxed(Press24):
    """One that takes a fifth of each bonus for itself."""

    def bonus_cost(self, amount: Money) -> Money:
        return amount * Decimal("1.2")


def test_the_commission_of_a_bonus_counts_and_is_not_paid_to_the_worker(bench: Bench) -> None:
    told: list[object] = []

    class Hears(Taxed):
        @operation
        def pay_bonus(
            self, submission: Submission, amount: Money, reason: str, reference: str | None = None
        ) -> Flow[Submission]:
            told.append(amount)
            return (yield from super().pay_bonus(submission, amount, reason, reference))

    poor = SpendingPolicy(ledger=bench.ledger, budget=Budget.of({"USD": "5.99"}))
    with pytest.raises(BudgetExceeded):
        drive(pay_bonus(bench.port(kind=Hears), poor, WORK, COST, "good", "poor"))
    port = bench.port(("POST /bonuses", Crash()), kind=Hears)
    with pytest.raises(Crash):
        drive(pay_bonus(port, bench.policy, WORK, COST, "good", "k"))
    (found,) = drive(recover(bench.port(("POST /bonuses", {}), kind=Hears), bench.policy)).intents
    assert found.settled == "done"
    assert found.amount == Money("6.0", "USD")
    assert told == [COST, COST]


@pytest.mark.parametrize(
    ("failure", "settled"),
    [(OutcomeUnknown("lost", lost=Lost.TIMED_OUT), "look"), (ProviderUnavailable("down"), "look")],
    ids=["lost again", "down"],
)
def test_recover_settles_nothing_by_a_failure_now(bench: Bench, failure: CrowdhubError, settled: str) -> None:
    port = bench.port(("POST /jobs", Crash()), kind=Press24)
    draft = with_reference(port.provider, TaskDraft(title="T", instructions="I", reward=COST), "k")
    with pytest.raises(Crash):
        drive(publish(port, bench.policy, draft, "k", asked=draft))
    (found,) = drive(recover(bench.port(("POST /jobs", failure), kind=Press24), bench.policy)).intents
    assert (found.settled, bench.states()) == (settled, ["unknown"])
    assert found.look_for
