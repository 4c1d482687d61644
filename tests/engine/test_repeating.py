"""The table in classify.py, over real sockets: what each failure means and how often the request goes out."""

import random
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar

import pytest

from crowdhub import Call, Effect
from crowdhub.engine import classify
from crowdhub.engine.policy import RetryPolicy
from crowdhub.engine.session import Session
from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.protocol import Flow, operation
from tests.conftest import World
from tests.engine.conftest import Http, MakeSession, Plain, RawServer
from tests.support.hand_clock import HandClock

E = TypeVar("E", bound=CrowdhubError)

READ, SETTLE, SPEND = Effect.READ, Effect.SETTLE, Effect.SPEND
ATTEMPTS = 5


def fails(world: World, session: Session, effect: Effect, kind: type[E] | tuple[type[E], ...], **more: Any) -> E:
    with pytest.raises(kind) as caught:
        world.market(session, lambda market: market.run(market.provider.ask(effect, **more)))
    return caught.value


@pytest.mark.parametrize("effect", list(Effect))
def test_a_good_answer_takes_one_request(world: World, session: MakeSession, server: RawServer, effect: Effect) -> None:
    assert world.market(session(), lambda m: m.run(m.provider.ask(effect))) == {"ok": True}
    assert server.count == 1


CERTAIN: dict[int, type[CrowdhubError]] = {
    400: InvalidRequest,
    401: AuthenticationFailed,
    402: InsufficientFunds,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    418: InvalidRequest,
    422: InvalidRequest,
}


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize("status", list(CERTAIN))
def test_a_refusal_is_final_for_every_effect(
    world: World, session: MakeSession, server: RawServer, http: Http, status: int, effect: Effect, clock: HandClock
) -> None:
    server.reply = lambda number, request: http(status, {"error": "the marketplace's words"})
    error = fails(world, session(), effect, CERTAIN[status])
    assert type(error) is CERTAIN[status]
    assert (error.http_status, error.provider_message, error.sent) == (status, "the marketplace's words", True)
    assert (error.provider, error.account, error.environment, error.operation) == ("plain", "plain", "sandbox", "ask")
    assert server.count == 1
    assert clock.slept == []


TRANSIENT = [408, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 599]


@pytest.mark.parametrize(
    ("effect", "kind", "count"),
    [
        (READ, (ProviderError, ProviderUnavailable, InvalidRequest), ATTEMPTS),
        (SETTLE, OutcomeUnknown, ATTEMPTS),
        (SPEND, OutcomeUnknown, 1),
    ],
)
@pytest.mark.parametrize("status", TRANSIENT)
def test_a_failure_of_theirs(
    ordinary: World,
    session: MakeSession,
    server: RawServer,
    http: Http,
    status: int,
    effect: Effect,
    kind: type[CrowdhubError] | tuple[type[CrowdhubError], ...],
    count: int,
    clock: HandClock,
) -> None:
    server.reply = lambda number, request: http(status, {"error": "down"})
    error = fails(ordinary, session(), effect, kind)
    assert server.count == count
    assert len(clock.slept) == count - 1
    assert error.http_status == status
    assert error.money_may_be_spent is (effect is not READ)


@pytest.mark.parametrize("status", [502, 504, 520, 522, 523, 524, 529, 530, 598, 599])
def test_only_an_answer_of_the_marketplace_itself_proves_that_it_finished(
    ordinary: World, session: MakeSession, server: RawServer, http: Http, status: int
) -> None:
    """Gateways answer these while the marketplace behind them may still be at work."""
    server.reply = lambda number, request: http(status, {"error": "down"})
    assert fails(ordinary, session(), SPEND, OutcomeUnknown).lost is not Lost.ANSWERED


@pytest.mark.parametrize("status", [504, 524, 598])
def test_a_gateways_time_out_is_a_time_out(
    ordinary: World, session: MakeSession, server: RawServer, http: Http, status: int
) -> None:
    server.reply = lambda number, request: http(status, {"error": "down"})
    assert fails(ordinary, session(), SPEND, OutcomeUnknown).lost is Lost.TIMED_OUT


def test_a_failure_of_theirs_in_all_worlds(world: World, session: MakeSession, server: RawServer, http: Http) -> None:
    server.reply = lambda number, request: http(503, {"error": "down"})
    fails(world, session(), READ, ProviderUnavailable)
    fails(world, session(), SETTLE, OutcomeUnknown)
    fails(world, session(), SPEND, OutcomeUnknown)
    assert server.count == ATTEMPTS + ATTEMPTS + 1


@pytest.mark.parametrize(("effect", "count"), [(READ, 2), (SETTLE, 2), (SPEND, 1)])
def test_what_may_be_repeated_comes_through(
    world: World, session: MakeSession, server: RawServer, http: Http, effect: Effect, count: int
) -> None:
    server.reply = lambda number, request: http(503) if number == 0 else http(200)
    if effect is SPEND:
        fails(world, session(), effect, OutcomeUnknown)
    else:
        assert world.market(session(), lambda m: m.run(m.provider.ask(effect))) == {"ok": True}
    assert server.count == count


BREAKS: dict[str, Callable[[], bytes | None]] = {
    "hangs up without a byte": lambda: None,
    "half a status line": lambda: b"HTTP/1.1 20\r\nconnection: close\r\n\r\n",
    "half a body": lambda: b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{",
    "half a chunk": lambda: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n50\r\n{",
    "no HTTP at all": lambda: b"SSH-2.0-OpenSSH_9.2\r\nconnection: close\r\n\r\n",
    "no gzip though it says so": lambda: b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd",
    "HTML": lambda: b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
}


@pytest.mark.parametrize("how", list(BREAKS))
@pytest.mark.parametrize(("effect", "count"), [(READ, ATTEMPTS), (SETTLE, ATTEMPTS), (SPEND, 1)])
def test_an_answer_that_is_none(
    ordinary: World, session: MakeSession, server: RawServer, how: str, effect: Effect, count: int
) -> None:
    server.reply = lambda number, request: BREAKS[how]()
    kind = (ProviderUnavailable, UnreadableResponse) if effect is READ else OutcomeUnknown
    error = fails(ordinary, session(), effect, kind)
    assert server.count == count
    assert error.sent
    if effect is not READ:
        assert isinstance(error, OutcomeUnknown)
        assert error.sent_at is not None
        assert error.sent_at.tzinfo is not None


@pytest.mark.parametrize(
    ("effect", "kind"), [(READ, UnreadableResponse), (SETTLE, UnreadableResponse), (SPEND, OutcomeUnknown)]
)
def test_no_body_is_an_answer_which_the_operation_may_not_be_able_to_read(
    world: World, session: MakeSession, server: RawServer, effect: Effect, kind: type[CrowdhubError]
) -> None:
    server.reply = lambda number, request: b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    error = fails(world, session(), effect, kind)
    assert type(error) is kind
    assert server.count == 1
    assert error.money_may_be_spent is (effect is SPEND)


@pytest.mark.parametrize(
    "answer", ["HTTP/1.1 204 X", "HTTP/1.1 200 X\r\ncontent-length: 0", "HTTP/1.1 201 X\r\ncontent-length: 4"]
)
def test_an_operation_that_expects_no_body_or_a_bare_text_gets_it(
    world: World, session: MakeSession, server: RawServer, answer: str
) -> None:
    class Quiet(Plain):
        @operation
        def tell(self) -> Flow[tuple[int, str]]:
            reply = yield Call.post("/tell", effect=SPEND, json={})
            return reply.status_code, reply.text

    server.reply = lambda number, request: (
        f"{answer}\r\n\r\n{chr(34) + 'ok' + chr(34) if '201' in answer else ''}".encode()
    )
    status, text = world.market(session(Quiet), lambda m: m.run(m.provider.tell()))
    assert (status, text) == (int(answer[9:12]), '"ok"' if "201" in answer else "")


def test_an_answer_that_is_none_in_all_worlds(world: World, session: MakeSession, server: RawServer) -> None:
    server.reply = lambda number, request: None
    fails(world, session(), SPEND, OutcomeUnknown)
    assert server.count == 1
    fails(world, session(), READ, ProviderUnavailable)
    assert server.count == 1 + ATTEMPTS


@pytest.mark.parametrize("effect", list(Effect))
def test_a_server_that_is_not_there_is_tried_again_even_for_a_spend(
    world: World, session: MakeSession, server: RawServer, effect: Effect, clock: HandClock
) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        made = session(base_url=f"http://127.0.0.1:{nobody_listens.getsockname()[1]}")
        error = fails(world, made, effect, ProviderUnavailable)
    assert not error.sent
    assert not error.money_may_be_spent
    assert made.counter.requests == ATTEMPTS
    assert len(clock.slept) == ATTEMPTS - 1


@pytest.mark.parametrize("effect", list(Effect))
def test_a_time_out(world: World, session: MakeSession, server: RawServer, effect: Effect) -> None:
    gone = threading.Event()

    def reply(number: int, request: bytes) -> None:
        gone.wait(5)

    server.reply = reply
    policy = RetryPolicy(attempts=2)
    kind = ProviderUnavailable if effect is READ else OutcomeUnknown
    error = fails(world, session(timeout=0.05, policy=policy), effect, kind)
    gone.set()
    assert server.count == (1 if effect is SPEND else 2)
    if effect is not READ:
        assert isinstance(error, OutcomeUnknown)
        assert error.lost is Lost.TIMED_OUT


@pytest.mark.parametrize("effect", list(Effect))
def test_too_many_requests_is_waited_for_even_by_a_spend(
    world: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock, effect: Effect
) -> None:
    server.reply = lambda number, request: http(429, {"error": "slow down"}, retry_after="7") if number < 2 else http()
    assert world.market(session(), lambda m: m.run(m.provider.ask(effect))) == {"ok": True}
    assert clock.slept == [7, 7]
    assert server.count == 3


def test_a_retry_after_as_a_date(
    world: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock
) -> None:
    when = format_datetime(clock.now() + timedelta(seconds=11), usegmt=True)
    server.reply = lambda number, request: http(429, {}, retry_after=when) if number == 0 else http()
    assert world.market(session(), lambda m: m.run(m.provider.ask())) == {"ok": True}
    assert clock.slept == [11]


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize(("asked", "said"), [("3600", 3600), ("61", 61), ("999999999999", 86400), ("1" * 400, 86400)])
def test_a_wait_that_is_too_long_is_told_at_once(
    ordinary: World,
    session: MakeSession,
    server: RawServer,
    http: Http,
    clock: HandClock,
    effect: Effect,
    asked: str,
    said: float,
) -> None:
    server.reply = lambda number, request: http(429, {}, retry_after=asked)
    error = fails(ordinary, session(), effect, RateLimited)
    assert error.retry_after == said
    assert clock.slept == []
    assert server.count == 1


def test_waits_are_bounded_in_all(
    world: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock
) -> None:
    server.reply = lambda number, request: http(429, {}, retry_after="25")
    error = fails(world, session(), READ, RateLimited)
    assert clock.slept == [25, 25]
    assert error.retry_after == 25
    assert "retry_after" in error.next_step


@pytest.mark.parametrize(
    "asked", ["soon", "-5", "1.5", "²", "Wed, 99 Foo 2026", "0x10", "Thu, 01 Jan 2026 00:00:00 -0000"]
)
def test_a_senseless_retry_after_is_ignored(
    ordinary: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock, asked: str
) -> None:
    server.reply = lambda number, request: http(429, {}, retry_after=asked) if number == 0 else http()
    assert ordinary.market(session(), lambda m: m.run(m.provider.ask())) == {"ok": True}
    assert 0 < sum(clock.slept) < 1
    assert clock.slept[0] <= 0.5


def test_a_date_in_the_past_means_now(
    ordinary: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock
) -> None:
    past = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
    server.reply = lambda number, request: http(503, {}, retry_after=past) if number == 0 else http()
    assert ordinary.market(session(), lambda m: m.run(m.provider.ask())) == {"ok": True}
    assert sum(clock.slept) == 0


def test_full_jitter_spreads_over_the_whole_range(
    ordinary: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock
) -> None:
    server.reply = lambda number, request: http(503)
    policy = RetryPolicy(attempts=9, first=1, longest=20, max_wait=10_000)
    random.seed(1)  # of thirty numbers out of nowhere none may be small
    for _ in range(30):
        fails(ordinary, session(policy=policy), READ, ProviderUnavailable)
    by_attempt = [clock.slept[n::8] for n in range(8)]
    for number, waits in enumerate(by_attempt):
        most = min(20, 2**number)
        assert all(0 <= wait <= most for wait in waits)
        assert min(waits) < 0.25 * most
        assert max(waits) > 0.75 * most


def test_repeating_stops_where_waiting_would_pass_max_wait(
    ordinary: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock
) -> None:
    server.reply = lambda number, request: http(503)
    policy = RetryPolicy(attempts=1000, first=8, longest=8, max_wait=20)
    fails(ordinary, session(policy=policy), READ, ProviderUnavailable)
    assert clock.passed <= 20
    assert 2 < server.count < 30


def test_a_call_that_is_counted_goes_out_once(
    world: World, session: MakeSession, server: RawServer, http: Http, clock: HandClock
) -> None:
    server.reply = lambda number, request: http(503)
    fails(world, session(), READ, ProviderUnavailable, once=True)
    assert server.count == 1
    assert clock.slept == []


def test_a_delay_is_waited_before_sending(
    world: World, session: MakeSession, server: RawServer, clock: HandClock
) -> None:
    world.market(session(), lambda m: m.run(m.provider.ask(delay=3)))
    assert clock.slept == [3]
    assert server.count == 1


def test_a_failure_is_thrown_into_the_flow_which_may_go_on(
    world: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    class Going(Plain):
        @operation
        def both(self) -> Flow[object]:
            try:
                yield from self.ask(SPEND, "/first")
            except OutcomeUnknown as error:
                found = yield from self.ask(READ, "/second")
                return error.http_status, found
            return None

    server.reply = lambda number, request: http(500) if b"/first" in request else http()
    assert world.market(session(Going), lambda m: m.run(m.provider.both())) == (500, {"ok": True})
    assert server.paths() == ["/first", "/second"]


def test_the_table_in_the_docstring_has_every_effect() -> None:
    assert all(effect.name in (classify.__doc__ or "") for effect in Effect)
