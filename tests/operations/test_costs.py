"""Budget, confirmation and ledger follow the money; repeating follows the effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest

from crowdhub import Call, Effect, Market, Money, Provider, Task, operation
from crowdhub.engine.session import Options, Session
from crowdhub.errors import BudgetExceeded, ConfigurationError, InvalidRequest, NotConfirmed, OutcomeUnknown
from crowdhub.ledger import Budget, Intent, Ledger, State
from crowdhub.operations.spending import Spend, SpendingPolicy
from crowdhub.protocol import Flow, ProviderSettings
from tests.engine.conftest import RawServer, http, ok
from tests.support.hand_clock import HandClock

ATTEMPTS = 5


class Booth(Provider[ProviderSettings]):
    """More places take money though asking twice leaves one result; a draft is free though asking twice makes two."""

    name: ClassVar[str] = "booth"
    title: ClassVar[str] = "Booth"
    currency = "USD"
    settings_type = ProviderSettings

    @operation
    def add_places(self, task_id: str, to: int) -> Flow[int]:
        reply = yield Call.post("/places", effect=Effect.SETTLE, costs=True, json={"task": task_id, "to": to})
        return reply.status_code

    @operation
    def grant(self, dollars: int, fee: int) -> Flow[int]:
        """Set up for nothing, which tells the price with its fee; then paid."""
        yield Call.post("/grants", effect=Effect.SETTLE, json={"dollars": dollars})
        reply = yield Call.post("/pay", effect=Effect.SPEND, price=Money(dollars + fee, "USD"))
        return reply.status_code

    @operation
    def make_draft(self, text: str) -> Flow[int]:
        reply = yield Call.post("/drafts", effect=Effect.SPEND, costs=False, json={"text": text})
        return reply.status_code

    @operation
    def close_task(self, task_id: str) -> Flow[int]:
        reply = yield Call.post("/close", effect=Effect.SETTLE, json={"task": task_id})
        return reply.status_code

    @operation
    def buy(self, what: str) -> Flow[int]:
        reply = yield Call.post("/buy", effect=Effect.SPEND, json={"what": what})
        return reply.status_code

    @operation
    def extend(self, task_id: str, slots: int | None = None, until: datetime | None = None) -> Flow[Task]:
        if slots is not None:
            yield Call.post("/places", effect=Effect.SETTLE, costs=True, json={"task": task_id, "more": slots})
        if until is not None:
            yield Call.post("/until", effect=Effect.SETTLE, json={"task": task_id, "until": until.isoformat()})
        return Task(**self.identity, id=task_id, slots=slots)


class OpenBooth(Booth):
    """Its tasks can be read, places are added each time that it is asked, and a payment carries its mark."""

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        _ = yield Call.get("/task")
        return Task(**self.identity, id=task_id, reward=Money("0.50", "USD"))

    @operation
    def extend(
        self, task_id: str, slots: int | None = None, until: datetime | None = None, reference: str | None = None
    ) -> Flow[Task]:
        yield Call.post("/places", effect=Effect.SPEND, json={"task": task_id, "more": slots, "mark": reference})
        return Task(**self.identity, id=task_id, slots=slots)


class Stand:
    """A market of the booth on a raw server, with what it noted and what it asked."""

    def __init__(
        self, server: RawServer, folder: Path, clock: HandClock, budget: dict[str, Any] | None, kind: type[Booth]
    ) -> None:
        self.server = server
        self.ledger = Ledger.open(folder / "ledger.sqlite3", clock=clock)
        self.asked: list[Spend] = []
        self.says = True
        provider = kind(ProviderSettings(base_url=server.url))
        policy = SpendingPolicy(ledger=self.ledger, budget=Budget.of(budget), confirm=self._confirm)
        self.market = Market(provider, Session(provider, Options(clock=clock, timeout=5)), policy=policy)
        self.ask = provider

    def _confirm(self, spend: Spend) -> bool:
        self.asked.append(spend)
        return self.says

    def add_places(self, amount: Money | None = None, key: str | None = None) -> int:
        return self.market.run(self.ask.add_places("t", to=12), amount=amount, key=key)

    def entries(self) -> list[Intent]:
        return list(self.ledger.report.entries())

    def states(self) -> list[State]:
        return [entry.state for entry in self.entries()]

    def close(self) -> None:
        self.market.close()
        self.ledger.close()


@pytest.fixture
def server() -> Iterator[RawServer]:
    made = RawServer()
    yield made
    made.close()


class MakeStand(Protocol):
    def __call__(self, budget: dict[str, Any] | None, kind: type[Booth] = Booth) -> Stand: ...


@pytest.fixture
def stand(server: RawServer, tmp_path: Path, clock: HandClock) -> Iterator[MakeStand]:
    made: list[Stand] = []

    def make(budget: dict[str, Any] | None, kind: type[Booth] = Booth) -> Stand:
        made.append(Stand(server, tmp_path, clock, budget, kind))
        return made[-1]

    yield make
    for each in made:
        each.close()


def dollars(amount: int) -> Money:
    return Money(amount, "USD")


# --- an idempotent call that takes money ------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, "k"])
def test_it_is_refused_before_anything_is_sent_where_the_budget_is_too_small(
    stand: MakeStand, server: RawServer, key: str | None
) -> None:
    here = stand({"USD": "2"})
    with pytest.raises(BudgetExceeded) as caught:
        here.add_places(dollars(129), key)
    assert (caught.value.need, caught.value.have) == (dollars(129), dollars(2))
    assert not caught.value.sent
    assert (server.count, here.asked, here.entries()) == (0, [], [])


@pytest.mark.parametrize("key", [None, "k"])
def test_within_the_budget_it_is_confirmed_and_in_the_ledger(
    stand: MakeStand, server: RawServer, key: str | None
) -> None:
    here = stand({"USD": "200"})
    assert here.add_places(dollars(129), key) == 200
    (entry,) = here.entries()
    assert (entry.operation, entry.state, entry.amount, entry.key) == ("add_places", State.DONE, dollars(129), key)
    assert entry.content == {"task_id": "t", "to": 12}
    assert [(spend.operation, spend.amount, spend.key) for spend in here.asked] == [("add_places", dollars(129), key)]
    assert server.paths() == ["/places"]
    with pytest.raises(BudgetExceeded) as caught:
        here.add_places(dollars(129), "another")
    assert caught.value.have == dollars(71)
    assert server.count == 1


def test_the_same_key_is_paid_once(stand: MakeStand, server: RawServer) -> None:
    here = stand({"USD": "200"})
    assert [here.add_places(dollars(129), "k") for _ in range(3)] == [200, 200, 200]
    assert (server.count, len(here.asked), here.states()) == (1, 1, [State.DONE])


def test_one_that_is_not_confirmed_is_not_sent_and_frees_its_money(stand: MakeStand, server: RawServer) -> None:
    here = stand({"USD": "200"})
    here.says = False
    with pytest.raises(NotConfirmed, match="add_places for 129 USD"):
        here.add_places(dollars(129), "k")
    assert (server.count, here.states()) == (0, [State.NOT_DONE])
    here.says = True
    assert here.add_places(dollars(129), "k") == 200


def test_without_a_known_price_it_is_refused_under_a_budget_and_noted_without_one(
    stand: MakeStand, server: RawServer
) -> None:
    with pytest.raises(ConfigurationError, match="price of this call is not known"):
        stand({"USD": "200"}).add_places()
    assert server.count == 0
    here = stand(None)
    assert here.add_places() == 200
    (entry,) = here.entries()
    assert (entry.operation, entry.state, entry.amount) == ("add_places", State.DONE, None)
    assert [spend.amount for spend in here.asked] == [None]


def test_it_may_be_repeated_and_is_noted_and_confirmed_once(stand: MakeStand, server: RawServer) -> None:
    here = stand({"USD": "200"})
    server.reply = lambda number, request: http(503) if number < 2 else http()
    assert here.add_places(dollars(129)) == 200
    assert (server.count, len(here.asked), here.states()) == (3, 1, [State.DONE])


def test_lost_for_good_it_is_unknown_and_its_money_stays_reserved(stand: MakeStand, server: RawServer) -> None:
    here = stand({"USD": "200"})
    server.reply = lambda number, request: None
    with pytest.raises(OutcomeUnknown) as caught:
        here.add_places(dollars(129))
    assert caught.value.money_may_be_spent
    assert "Money may have been spent." in str(caught.value)
    assert (server.count, here.states()) == (ATTEMPTS, [State.UNKNOWN])
    with pytest.raises(BudgetExceeded):
        here.add_places(dollars(129))
    assert server.count == ATTEMPTS


# --- a call that must not be repeated and is free ---------------------------------------------------------------


def test_it_is_neither_budgeted_nor_confirmed_nor_in_the_ledger(stand: MakeStand, server: RawServer) -> None:
    here = stand({"USD": "0.01"})
    here.says = False
    assert here.market.run(here.ask.make_draft("hello")) == 200
    assert (server.paths(), here.asked, here.entries()) == (["/drafts"], [], [])


@pytest.mark.parametrize("how", ["hangs up", "answers 500", "answers 504"])
def test_lost_it_is_not_repeated_and_does_not_say_that_money_may_have_been_spent(
    stand: MakeStand, server: RawServer, how: str
) -> None:
    here = stand({"USD": "2"})
    server.reply = lambda number, request: None if how == "hangs up" else http(int(how[-3:]))
    with pytest.raises(OutcomeUnknown) as caught:
        here.market.run(here.ask.make_draft("hello"))
    assert not caught.value.money_may_be_spent
    assert "Money may have been spent" not in str(caught.value)
    assert "Nothing was spent." in str(caught.value)
    assert "Look for what make_draft did" in str(caught.value)
    assert (server.count, here.asked, here.entries()) == (1, [], [])


def test_what_certainly_was_not_done_is_sent_again(stand: MakeStand, server: RawServer) -> None:
    server.reply = lambda number, request: http(429, {}, retry_after="1") if number == 0 else http()
    here = stand(None)
    assert here.market.run(here.ask.make_draft("hello")) == 200
    assert server.count == 2


def test_under_a_key_it_is_in_the_ledger_and_done_once(stand: MakeStand, server: RawServer) -> None:
    here = stand(None)
    assert [here.market.run(here.ask.make_draft("hello"), key="k") for _ in range(2)] == [200, 200]
    assert (server.count, here.states()) == (1, [State.DONE])


# --- calls that say nothing of it -------------------------------------------------------------------------------


def test_an_idempotent_call_is_free_and_a_spend_is_not(stand: MakeStand, server: RawServer) -> None:
    here = stand(None)
    here.market.run(here.ask.close_task("t"))
    assert (here.asked, here.entries()) == ([], [])
    here.market.run(here.ask.buy("likes"), amount=dollars(1))
    here.market.run(here.ask.buy("more likes"))
    entries = {(entry.operation, entry.state, entry.amount) for entry in here.entries()}
    assert entries == {("buy", State.DONE, dollars(1)), ("buy", State.DONE, None)}
    assert [spend.amount for spend in here.asked] == [dollars(1), None]


@pytest.mark.parametrize(
    ("effect", "costs", "takes_money", "may_be_repeated"),
    [
        (Effect.READ, None, False, True),
        (Effect.SETTLE, None, False, True),
        (Effect.SETTLE, True, True, True),
        (Effect.SPEND, None, True, False),
        (Effect.SPEND, False, False, False),
    ],
)
def test_what_a_call_says(effect: Effect, costs: bool | None, takes_money: bool, may_be_repeated: bool) -> None:
    call = Call.post("/x", effect=effect, costs=costs)
    assert (call.takes_money, call.may_be_repeated) == (takes_money, may_be_repeated)


def test_a_spend_that_is_recognised_for_a_while_may_be_repeated() -> None:
    call = Call.post("/x", effect=Effect.SPEND, idempotent_for=timedelta(hours=24))
    assert (call.takes_money, call.may_be_repeated) == (True, True)


# --- more places of a task --------------------------------------------------------------------------------------


def a_task(reward: Money | None) -> Task:
    return Task(provider="booth", account="booth", environment="sandbox", id="t", reward=reward)


def test_more_places_cost_their_rewards(stand: MakeStand, server: RawServer, clock: HandClock) -> None:
    here = stand({"USD": "2"})
    with pytest.raises(BudgetExceeded) as caught:
        here.market.extend(a_task(dollars(43)), slots=3)
    assert caught.value.need == dollars(129)
    with pytest.raises(BudgetExceeded):
        here.market.extend("t", slots=3, amount=dollars(129))
    with pytest.raises(ConfigurationError, match="price of this call is not known"):  # an id does not tell it
        here.market.extend("t", slots=3)
    assert server.count == 0
    assert here.market.extend(a_task(Money("0.50", "USD")), slots=3).id == "t"
    (entry,) = here.entries()
    assert (entry.operation, entry.state, entry.amount) == ("extend", State.DONE, Money("1.50", "USD"))
    assert [spend.amount for spend in here.asked] == [Money("1.50", "USD")]


def test_more_time_costs_nothing(stand: MakeStand, server: RawServer, clock: HandClock) -> None:
    here = stand({"USD": "2"})
    here.says = False
    assert here.market.extend(a_task(dollars(43)), until=clock.now() + timedelta(days=1)).id == "t"
    assert (server.paths(), here.asked, here.entries()) == (["/until"], [], [])


def test_the_price_of_places_is_read_where_only_the_id_is_given(stand: MakeStand, server: RawServer) -> None:
    here = stand({"USD": "2"}, OpenBooth)
    with pytest.raises(BudgetExceeded) as caught:
        here.market.extend("t", slots=5)
    assert (caught.value.need, server.paths()) == (Money("2.50", "USD"), ["/task"])
    here.market.extend("t", slots=4)
    assert [entry.amount for entry in here.entries()] == [Money("2.00", "USD")]


def test_the_same_key_adds_no_places_twice(stand: MakeStand, server: RawServer) -> None:
    here = stand(None, OpenBooth)
    first = here.market.extend("t", slots=3, key="k")
    again = here.market.extend("t", slots=3, key="k")
    assert (first.slots, again.slots, again.replayed) == (3, 3, True)
    assert server.paths().count("/places") == 1
    with pytest.raises(InvalidRequest, match="slots"):
        here.market.extend("t", slots=4, key="k")


def test_lost_places_carry_a_mark_that_follows_from_their_key(stand: MakeStand, server: RawServer) -> None:
    server.reply = lambda number, request: None if b"POST /places" in request else ok()
    here = stand(None, OpenBooth)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match="whether task t was extended \\(3 places more\\)"):
            here.market.extend("t", slots=3, key="k")
    sent = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in server.requests if b"POST /places" in each]
    assert [each["mark"][:3] for each in sent] == ["ch-"]  # and it is not sent again
    (entry,) = here.entries()
    assert (entry.state, entry.reference) == (State.UNKNOWN, sent[0]["mark"])


# --- a price that is told on the way ------------------------------------------------------------------------------


def test_the_price_that_was_told_is_what_the_application_is_asked_about_and_what_counts(
    stand: MakeStand, server: RawServer
) -> None:
    here = stand({"USD": "20"})
    assert here.market.run(here.ask.grant(10, 4), amount=dollars(10), key="k") == 200
    assert [spend.amount for spend in here.asked] == [dollars(10), dollars(14)]
    (entry,) = here.entries()
    assert (entry.state, entry.amount) == (State.DONE, dollars(14))
    with pytest.raises(BudgetExceeded) as caught:
        here.market.run(here.ask.grant(7, 0), amount=dollars(7))
    assert caught.value.have == dollars(6)
    assert server.paths() == ["/grants", "/pay"]


def test_a_price_beyond_the_budget_is_not_paid_and_frees_its_money(stand: MakeStand, server: RawServer) -> None:
    here = stand({"USD": "12"})
    with pytest.raises(BudgetExceeded) as caught:
        here.market.run(here.ask.grant(10, 4), amount=dollars(10), key="k")
    assert (caught.value.need, caught.value.have) == (dollars(14), dollars(12))
    assert (server.paths(), here.states()) == (["/grants"], [State.NOT_DONE])
    assert here.market.run(here.ask.grant(10, 2), amount=dollars(10), key="other") == 200


def test_a_higher_price_that_is_not_confirmed_is_not_paid(stand: MakeStand, server: RawServer) -> None:
    here = stand(None)
    here.says = False
    with pytest.raises(NotConfirmed, match="grant for 14 USD"):
        here.market.run(here.ask.grant(10, 4))
    assert (server.paths(), here.states()) == (["/grants"], [State.NOT_DONE])


@pytest.mark.parametrize("key", [None, "k"])
def test_a_price_that_is_told_is_a_known_one_for_the_budget(
    stand: MakeStand, server: RawServer, key: str | None
) -> None:
    here = stand({"USD": "20"})
    assert here.market.run(here.ask.grant(10, 4), key=key) == 200
    assert [entry.amount for entry in here.entries()] == [dollars(14)]
    with pytest.raises(BudgetExceeded):
        here.market.run(here.ask.grant(10, 4))


def test_a_price_that_was_lost_stays_reserved(stand: MakeStand, server: RawServer) -> None:
    here = stand({"USD": "20"})
    server.reply = lambda number, request: http() if b"/grants" in request else None
    with pytest.raises(OutcomeUnknown):
        here.market.run(here.ask.grant(10, 4), amount=dollars(10), key="k")
    assert [(entry.state, entry.amount) for entry in here.entries()] == [(State.UNKNOWN, dollars(14))]
    with pytest.raises(BudgetExceeded):
        here.market.run(here.ask.grant(7, 0), amount=dollars(7))
