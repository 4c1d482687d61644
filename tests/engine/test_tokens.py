"""A fetched credential: once for many, anew before its end and once after a refusal, never in a loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import anyio
import pytest
from pydantic import SecretStr

from crowdhub import AsyncMarket, Call, Effect, Market
from crowdhub.errors import AuthenticationFailed, CrowdhubError, OutcomeUnknown, ProviderUnavailable
from crowdhub.protocol import Flow, Lookup, Token, operation
from tests.conftest import World
from tests.engine.conftest import Http, MakeSession, RawServer, Tokens
from tests.support.hand_clock import HandClock


class Desk:
    """Hands out numbered tokens and checks them."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self.given = 0
        self.refused: set[str] = set()
        self.refuse_all = False

    def __call__(self, number: int, request: bytes) -> bytes:
        if b" /token?" in request:
            self.given += 1
            return self.http(200, {"token": f"token-number-{self.given}"})
        token = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"x-key:")).split(b": ")[1]
        if self.refuse_all or token.decode() in self.refused:
            return self.http(401, {"error": "expired"})
        return self.http(200, {"by": token.decode()})


@pytest.fixture
def desk(server: RawServer, http: Http) -> Desk:
    server.reply = made = Desk(http)
    return made


def test_one_fetch_for_fifty_threads(session: MakeSession, server: RawServer, desk: Desk, tokens: type[Tokens]) -> None:
    market: Market[Any] = Market((made := session(tokens)).provider, made)
    with ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(lambda: market.run(market.provider.ask())) for _ in range(50)]
        answers = [each.result() for each in asked]
    market.close()
    assert answers == [{"by": "token-number-1"}] * 50
    assert desk.given == 1
    assert server.count == 51


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_one_fetch_for_fifty_tasks(
    session: MakeSession, server: RawServer, desk: Desk, tokens: type[Tokens], backend: str
) -> None:
    async def main() -> list[Any]:
        market: AsyncMarket[Any] = AsyncMarket((made := session(tokens)).provider, made)
        answers: list[Any] = []

        async def one() -> None:
            answers.append(await market.run(market.provider.ask()))

        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(one)
        await market.close()
        return answers

    assert anyio.run(main, backend=backend) == [{"by": "token-number-1"}] * 50
    assert desk.given == 1


def test_it_is_kept_between_calls_and_renewed_before_its_end(
    session: MakeSession, desk: Desk, tokens: type[Tokens], clock: HandClock
) -> None:
    market: Market[Any] = Market((made := session(tokens)).provider, made)
    assert market.run(market.provider.ask())["by"] == "token-number-1"
    clock.sleep(tokens.lifetime - 60)
    assert market.run(market.provider.ask())["by"] == "token-number-1"
    clock.sleep(40)
    assert market.run(market.provider.ask())["by"] == "token-number-2"
    assert desk.given == 2
    market.close()


@pytest.mark.parametrize("effect", list(Effect))
def test_a_refused_token_is_fetched_anew_once_even_for_a_spend(
    world: World, session: MakeSession, desk: Desk, tokens: type[Tokens], effect: Effect
) -> None:
    desk.refused = {"token-number-1"}
    assert world.market(session(tokens), lambda m: m.run(m.provider.ask(effect))) == {"by": "token-number-2"}
    assert desk.given == 2


def test_a_key_that_is_always_refused_does_not_loop(
    world: World, session: MakeSession, server: RawServer, desk: Desk, tokens: type[Tokens]
) -> None:
    desk.refuse_all = True
    with pytest.raises(AuthenticationFailed):
        world.market(session(tokens), lambda m: m.run(m.provider.ask()))
    assert desk.given == 2
    assert server.count == 4


def test_many_refused_at_once_fetch_one_new_token(session: MakeSession, desk: Desk, tokens: type[Tokens]) -> None:
    market: Market[Any] = Market((made := session(tokens)).provider, made)
    market.run(market.provider.ask())
    desk.refused = {"token-number-1"}
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(lambda: market.run(market.provider.ask())) for _ in range(20)]
        answers = [each.result() for each in asked]
    market.close()
    assert answers == [{"by": "token-number-2"}] * 20
    assert desk.given == 2


def test_a_token_that_cannot_be_fetched_is_the_error_of_every_caller(
    world: World, session: MakeSession, server: RawServer, http: Http, tokens: type[Tokens]
) -> None:
    server.reply = lambda number, request: http(401, {"error": "no such client"})
    with pytest.raises(AuthenticationFailed, match="no such client"):
        world.market(session(tokens), lambda m: m.run(m.provider.ask()))
    assert server.count == 1


def test_a_look_that_gets_no_token_is_blind_not_harmless(
    world: World, session: MakeSession, server: RawServer, http: Http, tokens: type[Tokens], clock: HandClock
) -> None:
    """Else a lost publish would read "nothing was spent, try again later"."""

    class Spending(Tokens):
        def lookup(self) -> Lookup[None]:
            def find(since: datetime | None, evidence: object) -> Flow[None]:
                yield Call.get("/list")

            return Lookup("a thing bought", find)

        @operation(lookup=lookup)
        def buy(self) -> Flow[None]:
            yield Call.post("/buy", effect=Effect.SPEND, json={})

    def reply(number: int, request: bytes) -> bytes:
        if b" /token?" in request:
            return http(200, {"token": "token-number-1"}) if number == 0 else http(503)
        clock.sleep(tokens.lifetime)  # the token ends while the marketplace is at work
        return http(500)

    server.reply = reply
    with pytest.raises(OutcomeUnknown, match="a thing bought") as caught:
        world.market(session(Spending, timeout=10_000), lambda m: m.run(m.provider.buy()))
    assert isinstance(caught.value.__cause__, ProviderUnavailable)
    assert server.paths().count("/buy") == 1


def test_a_token_that_cannot_be_fetched_spends_nothing(
    world: World, session: MakeSession, server: RawServer, http: Http, tokens: type[Tokens]
) -> None:
    """Whatever the call that fetches it says of itself."""

    class Signing(tokens):  # type: ignore[misc, valid-type]
        @operation
        def authenticate(self) -> Flow[Token]:
            reply = yield Call.post("/token", effect=Effect.SETTLE, json={}, authenticated=False)
            return Token(SecretStr(reply.json()["token"]))

    server.reply = lambda number, request: http(503)
    with pytest.raises(CrowdhubError) as caught:
        world.market(session(Signing), lambda m: m.run(m.provider.ask()))
    assert not caught.value.money_may_be_spent


def test_cancelling_one_caller_leaves_the_others_their_token(
    session: MakeSession, server: RawServer, desk: Desk, tokens: type[Tokens]
) -> None:
    async def main() -> list[Any]:
        market: AsyncMarket[Any] = AsyncMarket((made := session(tokens)).provider, made)
        first = asyncio.create_task(market.run(market.provider.ask()))
        await asyncio.sleep(0)
        first.cancel()
        others = await asyncio.gather(*[market.run(market.provider.ask()) for _ in range(5)])
        await market.close()
        return others

    assert {each["by"] for each in asyncio.run(main())} <= {"token-number-1", "token-number-2"}


def test_without_tokens_none_is_fetched(world: World, session: MakeSession, server: RawServer) -> None:
    world.market(session(), lambda m: m.run(m.provider.ask()))
    assert server.paths() == ["/x"]
    with pytest.raises(CrowdhubError, match="authenticate"):
        world.market(session(), lambda m: m.run(m.provider.authenticate()))
