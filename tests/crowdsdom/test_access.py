"""The token: how it is fetched, sent, renewed, and kept out of sight."""

import json
import logging
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from pydantic import SecretStr, ValidationError

from crowdhub import AsyncHub, AsyncMarket, Hub
from crowdhub.clock import Clock
from crowdhub.engine.http import URL, build_request
from crowdhub.engine.transport import USER_AGENT
from crowdhub.errors import AuthenticationFailed
from crowdhub.protocol import Call, Effect, OperationRun, Response, Token
from crowdhub.sandbox import RequestRecord, Sandbox
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMSettings
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox

NOW = datetime(2015, 9, 23, 8, 16, 8, tzinfo=UTC)


def token_of(provider: CrowdSDOM, answer: object, headers: dict[str, str] | None = None) -> tuple[Call | None, Token]:
    run = OperationRun(provider.authenticate())
    call = run.start()
    assert run.send(Response(200, json=answer, headers=headers or {})) is None
    return call, run.result


def test_token_is_asked_for_at_the_account_host_with_basic_and_body(provider: CrowdSDOM) -> None:
    run = OperationRun(provider.authenticate())
    call = run.start()
    assert call is not None
    assert (call.method, call.path, call.base, call.authenticated) == ("POST", "/oauth/token", "account_url", False)
    assert call.json == {"grant_type": "client_credentials"}
    signed = build_request(provider.sign(call), URL("https://account.crowdsdom.com/oauth/token"), USER_AGENT)
    assert signed.headers["Authorization"] == "Basic " + b64encode(b"the-key:the-secret").decode()
    assert json.loads(signed.content) == {
        "grant_type": "client_credentials",
        "client_id": "the-key",
        "client_secret": "the-secret",
    }


def test_token_travels_without_bearer(provider: CrowdSDOM) -> None:
    call = provider.sign(Call.get("/jobs"), Token(SecretStr("kXrY")))
    assert call.headers == {"Authorization": "kXrY"}


@pytest.mark.parametrize("ttl", [1800, 7200])
def test_token_ends_ttl_after_it_was_made(provider: CrowdSDOM, ttl: int) -> None:
    provider.now = lambda: NOW
    answer = {"access_token": {"id": "kXrY", "ttl": ttl, "clientId": "the-key"}, "token_type": "Bearer"}
    _, token = token_of(provider, answer)
    assert token.value.get_secret_value() == "kXrY"
    assert token.expires_at == NOW + timedelta(seconds=ttl)


def test_an_older_token_ends_sooner_by_the_marketplaces_own_clock(provider: CrowdSDOM) -> None:
    provider.now = lambda: datetime(2030, 1, 1, tzinfo=UTC)  # a clock that is wrong by years changes nothing
    token = {"id": "kXrY", "ttl": 1800, "created": "2015-09-23T08:16:08.456Z"}
    _, read = token_of(provider, {"access_token": token}, {"date": "Wed, 23 Sep 2015 08:26:08 GMT"})
    assert read.expires_at is not None
    left = read.expires_at - provider.now()
    assert timedelta(seconds=1200) <= left <= timedelta(seconds=1201)


def test_a_token_given_in_the_settings_is_used_as_it_is() -> None:
    provider = CrowdSDOM(CrowdSDOMSettings(access_token=SecretStr("mine")))
    run = OperationRun(provider.authenticate())
    assert run.start() is None
    assert (run.result.value.get_secret_value(), run.result.expires_at) == ("mine", None)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"api_key": "k"},
        {"api_secret": "s"},
        {"api_key": "k", "api_secret": "s", "access_token": "t"},
        {"api_key": "k", "api_secret": "s", "base_url": "http://127.0.0.1:9/v1"},
        {"api_key": "k", "api_secret": "s", "base_url": "https://api.sandbox.crowdsdom.com/v1"},
    ],
)
def test_settings_that_do_not_say_one_way_in_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CrowdSDOMSettings(**settings)


def test_the_sandbox_hosts_are_not_a_live_account() -> None:
    made = CrowdSDOM(
        CrowdSDOMSettings(
            api_key=SecretStr("k"),
            api_secret=SecretStr("s"),
            base_url="https://api.sandbox.crowdsdom.com/v1",
            account_url="https://account.sandbox.crowdsdom.com",
        )
    )
    assert made.environment == "sandbox"
    assert CrowdSDOM(CrowdSDOMSettings(access_token=SecretStr("t"))).environment == "live"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_key_is_an_authentication_failure(provider: CrowdSDOM, status: int) -> None:
    call = Call.post("/oauth/token", effect=Effect.READ, authenticated=False)
    error = provider.error(call, Response(status, json={"error": "invalid_client"}))
    assert isinstance(error, AuthenticationFailed)


def token_requests(box: Sandbox) -> list[RequestRecord]:
    return [r for r in box["crowdsdom"].requests if r.path == "/oauth/token"]


def test_one_fetch_serves_many_concurrent_callers(box: Sandbox, clock: Clock) -> None:
    async def ask() -> None:
        async with AsyncHub(box.accounts, clock=clock) as hub, anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(listed, hub.market(CrowdSDOM))

    async def listed(market: AsyncMarket[CrowdSDOM]) -> None:
        assert [task async for task in market.tasks()] == []

    anyio.run(ask)
    assert len(token_requests(box)) == 1
    assert sum(r.path == "/v1/jobs" for r in box["crowdsdom"].requests) == 20


def test_token_is_renewed_before_it_ends_without_a_401(box: Sandbox, hub: Hub) -> None:
    market = hub["crowdsdom"]
    list(market.tasks())
    box.advance(seconds=7200 - 60)
    list(market.tasks())
    assert len(token_requests(box)) == 1
    box.advance(seconds=45)
    list(market.tasks())
    assert len(token_requests(box)) == 2
    assert all(r.status == 200 for r in box["crowdsdom"].requests)


def test_token_that_the_marketplace_dropped_is_fetched_once_more(box: Sandbox, hub: Hub) -> None:
    market = hub["crowdsdom"]
    list(market.tasks())
    box.market(CrowdSDOMSandbox)._tokens.clear()
    list(market.tasks())
    assert [r.status for r in box["crowdsdom"].requests] == [200, 200, 401, 200, 200]


def test_a_wrong_token_ends_in_an_error_and_no_loop(box: Sandbox, clock: Clock) -> None:
    account = {k: v for k, v in box.accounts["crowdsdom"].items() if not k.startswith("api_")}
    wrong = {"crowdsdom": {**account, "access_token": "nobody-gave-this"}}
    with Hub(wrong, clock=clock) as hub, pytest.raises(AuthenticationFailed):
        list(hub["crowdsdom"].tasks())
    assert [r.status for r in box["crowdsdom"].requests] == [401, 401]


def test_no_secret_is_seen(box: Sandbox, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    market = hub["crowdsdom"]
    list(market.tasks())
    with pytest.raises(Exception, match="Unknown") as caught:
        market.task("56023bc793a22d17004b86be")
    sandbox = box.market(CrowdSDOMSandbox)
    seen = caplog.text + str(caught.value) + repr(caught.value) + repr(market.provider.settings) + repr(market)
    for secret in (sandbox.key, sandbox.secret, *sandbox._tokens):
        assert secret not in seen


@pytest.mark.parametrize("ttl", [-1, 0, 1, 10])
def test_a_lifetime_that_is_not_told_or_short_fetches_no_token_for_each_call(ttl: int) -> None:
    with Sandbox("crowdsdom", options={"crowdsdom": {"every": 0, "token_ttl": ttl}}) as box:
        with Hub(box.accounts, clock=box.clock) as hub:
            for _ in range(40):
                assert list(hub["crowdsdom"].tasks()) == []
        assert len(token_requests(box)) == 1


@pytest.mark.parametrize("ttl", [-1, 0, None, "never"])
def test_a_token_without_a_lifetime_is_used_for_half_an_hour(provider: CrowdSDOM, ttl: object) -> None:
    provider.now = lambda: NOW
    _, token = token_of(provider, {"access_token": {"id": "kXrY", "ttl": ttl}})
    assert token.expires_at == NOW + timedelta(minutes=30)


def test_a_token_without_a_lifetime_is_fetched_anew_once_it_is_refused() -> None:
    options = {"crowdsdom": {"every": 0, "token_ttl": -1}}
    with Sandbox("crowdsdom", options=options) as box, Hub(box.accounts, clock=box.clock) as hub:
        market = hub["crowdsdom"]
        list(market.tasks())
        box.market(CrowdSDOMSandbox)._tokens.clear()
        list(market.tasks())
        assert len(token_requests(box)) == 2
        box.advance(minutes=31)
        list(market.tasks())
        assert len(token_requests(box)) == 3
