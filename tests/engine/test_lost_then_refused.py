"""What an earlier attempt may have done is not forgotten over what a later one is told."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import Any

import pytest

from crowdhub import Call, Effect, Money, Response
from crowdhub.engine.policy import RetryPolicy
from crowdhub.errors import (
    ConfigurationError,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    OutcomeUnknown,
    RateLimited,
)
from crowdhub.protocol import Flow, Token, load_json, operation, path_segment
from tests.conftest import World
from tests.engine.conftest import SECRET, Http, MakeSession, Plain, RawServer
from tests.support.hand_clock import HandClock

DAY = timedelta(days=1)
PAYS: dict[str, dict[str, Any]] = {
    "recognised spend": {"effect": Effect.SPEND, "idempotent_for": DAY},
    "settling that costs": {"effect": Effect.SETTLE, "costs": True},
}


@pytest.mark.parametrize("status", [400, 401, 402, 403, 429])
@pytest.mark.parametrize("call", list(PAYS))
def test_a_lost_payment_stays_unknown_whatever_its_repetition_is_told(
    world: World, session: MakeSession, server: RawServer, http: Http, call: str, status: int
) -> None:
    server.reply = lambda number, request: None if number == 0 else http(status)
    made = session(policy=RetryPolicy(attempts=2))
    with pytest.raises(OutcomeUnknown) as caught:
        world.market(made, lambda m: m.run(m.provider.ask(**PAYS[call])))
    assert caught.value.money_may_be_spent
    assert server.count == 2


class Remembers(Plain):
    """A marketplace that refuses a request which it has carried out before, and says so."""

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        error = super().error(call, response)
        return error.with_(was_done=True) if isinstance(error, Conflict) else error

    @operation
    def buy(self) -> Flow[str]:
        try:
            reply = yield Call.post("/buy", effect=Effect.SPEND, idempotent_for=DAY)
        except Conflict as done:
            return f"{done.was_done}: {done.provider_message}"
        return str(load_json(reply))


def test_a_refusal_that_tells_that_it_was_done_before_tells_of_the_lost_attempt(
    world: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    server.reply = lambda number, request: None if number == 0 else http(409, {"code": "DONE", "message": "it is 7"})
    made = session(Remembers, policy=RetryPolicy(attempts=2))
    assert world.market(made, lambda m: m.run(m.provider.buy())) == "True: it is 7"
    assert server.count == 2


def test_a_refusal_of_the_first_attempt_is_a_refusal(
    world: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    server.reply = lambda number, request: http(402)
    with pytest.raises(InsufficientFunds):
        world.market(session(), lambda m: m.run(m.provider.ask(Effect.SPEND, idempotent_for=DAY)))


def test_a_repetition_leaves_within_the_time_that_the_marketplace_recognises_it(
    world: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock
) -> None:
    server.reply = lambda number, request: http(503, retry_after="3")
    with pytest.raises(OutcomeUnknown):
        world.market(session(), lambda m: m.run(m.provider.ask(Effect.SPEND, idempotent_for=timedelta(seconds=1))))
    assert server.count == 1


class Helpers(Plain):
    """Reads a good answer with crowdhub's own helpers, which have words for bad input."""

    @operation
    def buy(self, how: str) -> Flow[object]:
        reply: Any = load_json((yield Call.post("/buy", effect=Effect.SPEND)))
        if how == "path":
            return path_segment(str(reply["id"]))
        if how == "money":
            return Money(reply["id"], "USD")
        return Money("1", "USD") + Money("1", "EUR")

    @operation
    def stumble(self) -> Flow[object]:
        try:
            yield Call.post("/buy", effect=Effect.SPEND)
        except OutcomeUnknown as error:
            return error.provider_message.lower()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
        return None

    @operation
    def group(self) -> Flow[object]:
        yield Call.get("/x")
        raise ExceptionGroup("several", [ValueError(f"the key is {SECRET}")])


@pytest.mark.parametrize("how", ["path", "money", "sum"])
def test_a_good_answer_to_a_payment_that_makes_no_sense_is_no_refusal(
    world: World, session: MakeSession, server: RawServer, http: Http, how: str
) -> None:
    server.reply = lambda number, request: http(200, b'{"id": "../3"}')
    with pytest.raises(OutcomeUnknown) as caught:
        world.market(session(Helpers), lambda m: m.run(m.provider.buy(how)))
    assert caught.value.money_may_be_spent


def test_a_plugin_that_stumbles_over_a_lost_answer_does_not_hide_it(
    world: World, session: MakeSession, server: RawServer
) -> None:
    server.reply = lambda number, request: None
    with pytest.raises(OutcomeUnknown) as caught:
        world.market(session(Helpers), lambda m: m.run(m.provider.stumble()))
    assert caught.value.money_may_be_spent


def test_a_group_of_exceptions_shows_no_key(world: World, session: MakeSession, server: RawServer) -> None:
    with pytest.raises(CrowdhubError) as caught:
        world.market(session(Helpers), lambda m: m.run(m.provider.group()))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


class Refuses(Plain):
    def sign(self, call: Call, token: Token | None = None) -> Call:
        raise ConfigurationError("This account cannot sign.", next_step="Add its certificate.")


def test_what_signing_says_is_said(world: World, session: MakeSession, server: RawServer) -> None:
    with pytest.raises(ConfigurationError, match="Add its certificate") as caught:
        world.market(session(Refuses), lambda m: m.run(m.provider.ask()))
    assert "in sign" in (caught.value.origin or "")
    assert server.count == 0


class Careless(Plain):
    def sign(self, call: Call, token: Token | None = None) -> Call:
        raise ConnectionError("no key server")


def test_a_system_error_in_signing_names_no_file(world: World, session: MakeSession, server: RawServer) -> None:
    with pytest.raises(InvalidRequest, match="ConnectionError: no key server"):
        world.market(session(Careless), lambda m: m.run(m.provider.ask()))


class Throttles(Plain):
    """Says that there were too many requests with a status of its own."""

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        error = super().error(call, response)
        return RateLimited(error.message, **error.evidence) if error is not None else None


def test_too_many_requests_are_waited_for_as_with_a_429_whatever_the_status(
    world: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    """More often than a failure is repeated, and all that use the key wait together."""
    server.reply = lambda number, request: http(400 if number < 4 else 200)
    made = session(Throttles, policy=RetryPolicy(attempts=2))
    world.market(made, lambda m: m.run(m.provider.ask(Effect.SPEND)))
    assert server.count == 5
