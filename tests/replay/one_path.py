"""A tiny marketplace whose operations share one path and are told apart by a header alone."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from crowdhub.model import Money
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Effect,
    Flow,
    Operation,
    Provider,
    ProviderSettings,
    Response,
    Token,
    load_json,
    mapping,
    operation,
)
from crowdhub.sandbox import Books, MarketSandbox, Purse, SandboxClock
from crowdhub.testing.recording import Endpoint, Given, Recording, Script

HEADER = "X-Operation"


class OnePathSettings(ProviderSettings):
    key: SecretStr
    base_url: str = "https://onepath.example"


class OnePath(Provider[OnePathSettings]):
    name = "onepath"
    title = "One path"
    currency = "USD"
    settings_type = OnePathSettings
    credential_places = CredentialPlaces(headers=("X-Key",))

    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call.with_headers(X_Key=self.settings.key.get_secret_value())

    def _amount(self, name: str) -> Flow[Money]:
        call = Call.post("/", operation=name, headers={HEADER: name}, json={}, effect=Effect.READ)
        reply: Response = yield call
        return Money(str((mapping(load_json(reply)) or {})["amount"]), self.currency)

    @operation
    def balance(self) -> Flow[Money]:
        return (yield from self._amount("GetBalance"))

    @operation
    def held(self) -> Flow[Money]:
        return (yield from self._amount("GetHeld"))

    @operation
    def earned(self) -> Flow[Money]:
        return (yield from self._amount("GetEarned"))


class OnePathSandbox(MarketSandbox):
    name: ClassVar[str] = "onepath"
    amounts: ClassVar[dict[str, str]] = {"GetBalance": "7.00", "GetHeld": "2.50", "GetEarned": "0.25"}

    def __init__(self, clock: SandboxClock | None = None, seed: int = 0) -> None:
        super().__init__(clock, seed)
        self._purse = Purse("USD", Decimal(7), self.now)

    def app(self) -> ASGIApp:
        async def answer(request: Request) -> JSONResponse:
            return JSONResponse({"amount": self.amounts[request.headers[HEADER]]})

        return Starlette(routes=[Route("/", answer, methods=["POST"])])

    def account(self, base_url: str) -> dict[str, str]:
        return {"key": self.fake_key(), "base_url": base_url}

    def operation_of(self, request: Request) -> str | None:
        return request.headers.get(HEADER)

    def tick(self) -> None:
        """Nobody is there."""

    def books(self) -> Books:
        return self._purse.books()


def _balance(provider: OnePath, given: Given) -> Operation[Money]:
    return provider.balance()


def _both(provider: OnePath, given: Given) -> Flow[list[Money]]:
    return [(yield from provider.balance()), (yield from provider.held())]


SCRIPT = Script(
    provider="onepath",
    endpoints=[
        Endpoint("get-balance", "POST", "/", operation="GetBalance"),
        Endpoint("get-held", "POST", "/", operation="GetHeld"),
    ],
    recordings=[Recording("get-balance", "get-balance", _balance), Recording("get-held", "get-held", _both)],
    account={"key": "replayed-without-a-key"},
    operation_header=HEADER,
)
