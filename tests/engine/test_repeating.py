"""The table in classify.py, over real sockets: what each failure means and how often the request goes out."""

import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest

from crowdhub import Effect
from crowdhub.engine import classify
from crowdhub.engine.policy import RetryPolicy
from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
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

READ, SETTLE, SPEND = Effect.READ, Effect.SETTLE, Effect.SPEND
ATTEMPTS = 5


def fails(world, session, effect, kind, **more):
    with pytest.raises(kind) as caught:
        world.market(session, lambda market: market.run(market.provider.ask(effect, **more)))
    return caught.value


@pytest.mark.parametrize("effect", list(Effect))
def test_a_good_answer_takes_one_request(world, session, server, effect):
    assert world.market(session(), lambda m: m.run(m.provider.ask(effect))) == {"ok": True}
    assert server.count == 1


CERTAIN = {
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
def test_a_refusal_is_final_for_every_effect(world, session, server, http, status, effect, clock):
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
def test_a_failure_of_theirs(ordinary, session, server, http, status, effect, kind, count, clock):
    server.reply = lambda number, request: http(status, {"error": "down"})
    error = fails(ordinary, session(), effect, kind)
    assert server.count == count
    assert len(clock.slept) == count - 1
    assert error.http_status == status
    assert error.money_may_be_spent is (effect is not READ)


@pytest.mark.parametrize("status", [502, 504, 520, 522, 523, 524, 529, 530, 598, 599])
def test_only_an_answer_of_the_marketplace_itself_proves_that_it_finished(ordinary, session, server, http, status):
    """Gateways answer these while the marketplace behind them may still be at work."""
    server.reply = lambda number, request: http(status, {"error": "down"})
    assert fails(ordinary, session(), SPEND, OutcomeUnknown).lost is not Lost.ANSWERED


@pytest.mark.parametrize("status", [504, 524, 598])
def test_a_gateways_time_out_is_a_time_out(ordinary, session, server, http, status):
    server.reply = lambda number, request: http(status, {"error": "down"})
    assert fails(ordinary, session(), SPEND, OutcomeUnknown).lost is Lost.TIMED_OUT


def test_a_failure_of_theirs_in_all_worlds(world, session, server, http):
    server.reply = lambda number, request: http(503, {"error": "down"})
    fails(world, session(), READ, ProviderUnavailable)
    fails(world, session(), SETTLE, OutcomeUnknown)
    fails(world, session(), SPEND, OutcomeUnknown)
    assert server.count == ATTEMPTS + ATTEMPTS + 1


@pytest.mark.parametrize(("effect", "count"), [(READ, 2), (SETTLE, 2), (SPEND, 1)])
def test_what_may_be_repeated_comes_through(world, session, server, http, effect, count):
    server.reply = lambda number, request: http(503) if number == 0 else http(200)
    if effect is SPEND:
        fails(world, session(), effect, OutcomeUnknown)
    else:
        assert world.market(session(), lambda m: m.run(m.provider.ask(effect))) == {"ok": True}
    assert server.count == count


BREAKS = {
    "hangs up without a byte": lambda: None,
    "half a status line": lambda: b"HTTP/1.1 20\r\nconnection: close\r\n\r\n",
    "half a body": lambda: b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{",
    "half a chunk": lambda: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n50\r\n{",
    "no HTTP at all": lambda: b"SSH-2.0-OpenSSH_9.2\r\nconnection: close\r\n\r\n",
    "no gzip though it says so": lambda: b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd",
    "HTML": lambda: b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
    "nothing": lambda: b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
}


@pytest.mark.parametrize("how", list(BREAKS))
@pytest.mark.parametrize(("effect", "count"), [(READ, ATTEMPTS), (SETTLE, ATTEMPTS), (SPEND, 1)])
def test_an_answer_that_is_none(ordinary, session, server, how, effect, count):
    server.reply = lambda number, request: BREAKS[how]()
    kind = (ProviderUnavailable, UnreadableResponse) if effect is READ else OutcomeUnknown
    error = fails(ordinary, session(), effect, kind)
    assert server.count == count
    assert error.sent
    if effect is not READ:
        assert error.sent_at.tzinfo is not None


def test_an_answer_that_is_none_in_all_worlds(world, session, server):
    server.reply = lambda number, request: None
    fails(world, session(), SPEND, OutcomeUnknown)
    assert server.count == 1
    fails(world, session(), READ, ProviderUnavailable)
    assert server.count == 1 + ATTEMPTS


@pytest.mark.parametrize("effect", list(Effect))
def test_a_server_that_is_not_there_is_tried_again_even_for_a_spend(world, session, server, effect, clock):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        made = session(base_url=f"http://127.0.0.1:{nobody_listens.getsockname()[1]}")
        error = fails(world, made, effect, ProviderUnavailable)
    assert not error.sent
    assert not error.money_may_be_spent
    assert made.requests == ATTEMPTS
    assert len(clock.slept) == ATTEMPTS - 1


@pytest.mark.parametrize("effect", list(Effect))
def test_a_time_out(world, session, server, effect):
    gone = threading.Event()
    server.reply = lambda number, request: gone.wait(5) and None
    policy = RetryPolicy(attempts=2)
    kind = ProviderUnavailable if effect is READ else OutcomeUnknown
    error = fails(world, session(timeout=0.05, policy=policy), effect, kind)
    gone.set()
    assert server.count == (1 if effect is SPEND else 2)
    if effect is not READ:
        assert error.lost is Lost.TIMED_OUT


@pytest.mark.parametrize("effect", list(Effect))
def test_too_many_requests_is_waited_for_even_by_a_spend(world, session, server, http, clock, effect):
    server.reply = lambda number, request: http(429, {"error": "slow down"}, retry_after="7") if number < 2 else http()
    assert world.market(session(), lambda m: m.run(m.provider.ask(effect))) == {"ok": True}
    assert clock.slept == [7, 7]
    assert server.count == 3


def test_a_retry_after_as_a_date(world, session, server, http, clock):
    when = format_datetime(clock.now() + timedelta(seconds=11), usegmt=True)
    server.reply = lambda number, request: http(429, {}, retry_after=when) if number == 0 else http()
    assert world.market(session(), lambda m: m.run(m.provider.ask())) == {"ok": True}
    assert clock.slept == [11]


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize(("asked", "said"), [("3600", 3600), ("61", 61), ("999999999999", 86400), ("1" * 400, 86400)])
def test_a_wait_that_is_too_long_is_told_at_once(ordinary, session, server, http, clock, effect, asked, said):
    server.reply = lambda number, request: http(429, {}, retry_after=asked)
    error = fails(ordinary, session(), effect, RateLimited)
    assert error.retry_after == said
    assert clock.slept == []
    assert server.count == 1


def test_waits_are_bounded_in_all(world, session, server, http, clock):
    server.reply = lambda number, request: http(429, {}, retry_after="25")
    error = fails(world, session(), READ, RateLimited)
    assert clock.slept == [25, 25]
    assert error.retry_after == 25
    assert "retry_after" in error.next_step


@pytest.mark.parametrize(
    "asked", ["soon", "-5", "1.5", "²", "Wed, 99 Foo 2026", "0x10", "Thu, 01 Jan 2026 00:00:00 -0000"]
)
def test_a_senseless_retry_after_is_ignored(ordinary, session, server, http, clock, asked):
    server.reply = lambda number, request: http(429, {}, retry_after=asked) if number == 0 else http()
    assert ordinary.market(session(), lambda m: m.run(m.provider.ask())) == {"ok": True}
    assert len(clock.slept) == 1
    assert clock.slept[0] <= 0.5


def test_a_date_in_the_past_means_now(ordinary, session, server, http, clock):
    past = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
    server.reply = lambda number, request: http(503, {}, retry_after=past) if number == 0 else http()
    assert ordinary.market(session(), lambda m: m.run(m.provider.ask())) == {"ok": True}
    assert clock.slept == [0]


def test_full_jitter_spreads_over_the_whole_range(ordinary, session, server, http, clock):
    server.reply = lambda number, request: http(503)
    policy = RetryPolicy(attempts=9, first=1, longest=20, max_wait=10_000, random=Random(7))
    for _ in range(30):
        fails(ordinary, session(policy=policy), READ, ProviderUnavailable)
    by_attempt = [clock.slept[n::8] for n in range(8)]
    for number, waits in enumerate(by_attempt):
        most = min(20, 2**number)
        assert all(0 <= wait <= most for wait in waits)
        assert min(waits) < 0.25 * most
        assert max(waits) > 0.75 * most


def test_repeating_stops_where_waiting_would_pass_max_wait(ordinary, session, server, http, clock):
    server.reply = lambda number, request: http(503)
    policy = RetryPolicy(attempts=1000, first=8, longest=8, max_wait=20, random=Random(1))
    fails(ordinary, session(policy=policy), READ, ProviderUnavailable)
    assert clock.passed <= 20
    assert 2 < server.count < 30


def test_a_call_that_is_counted_goes_out_once(world, session, server, http, clock):
    server.reply = lambda number, request: http(503)
    fails(world, session(), READ, ProviderUnavailable, once=True)
    assert server.count == 1
    assert clock.slept == []


def test_a_delay_is_waited_before_sending(world, session, server, clock):
    world.market(session(), lambda m: m.run(m.provider.ask(delay=3)))
    assert clock.slept == [3]
    assert server.count == 1


def test_a_failure_is_thrown_into_the_flow_which_may_go_on(world, session, server, http, plain):
    class Going(plain):
        def both(self):
            try:
                yield from self.ask(SPEND, "/first")
            except OutcomeUnknown as error:
                found = yield from self.ask(READ, "/second")
                return error.http_status, found

    server.reply = lambda number, request: http(500) if b"/first" in request else http()
    assert world.market(session(Going), lambda m: m.run(m.provider.both())) == (500, {"ok": True})
    assert server.paths() == ["/first", "/second"]


def test_the_table_in_the_docstring_has_every_effect():
    assert all(effect.name in classify.__doc__ for effect in Effect)
