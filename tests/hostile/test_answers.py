"""Answers that mean harm end in one clear error, within bounds of memory, time and requests."""

from __future__ import annotations

import json
import socket
import tracemalloc
from collections.abc import Iterator
from typing import Literal

import pytest

from crowdhub import Hub, Money, Submission, TaskDraft, Worker
from crowdhub.engine.client import LARGEST_ANSWER
from crowdhub.errors import CrowdhubError, OutcomeUnknown, ProviderError, ProviderUnavailable, UnreadableResponse
from tests.hostile.conftest import Hostile, answer, reset
from tests.support.bombs import bomb
from tests.support.hand_clock import HandClock

MIB = 1024 * 1024

BODIES = {
    "nothing": b"",
    "spaces": b" " * 4096,
    "a number": b"1",
    "null": b"null",
    "a text": b'"ok"',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "half an object": b'{"balance": "1',
    "deeply nested": b"[" * 200_000,
    "deeply nested objects": b'{"a":' * 200_000,
    "not a number": b'{"balance": NaN}',
    "infinity": b'{"balance": -Infinity}',
    "a huge number": b'{"balance": ' + b"9" * 1_000_000 + b"}",
    "a huge exponent": b'{"balance": 1e999999999}',
    "a huge exponent as text": b'{"balance": "1e999999999"}',
    "a long text of digits": b'{"balance": "' + b"9" * 500_000 + b'"}',
    "NUL": b'{"balance": "\x00"}',
    "an escaped NUL": b'{"balance": "\\u0000"}',
    "half a character": b'{"balance": "\\ud800"}',
    "not UTF-8": b'{"balance": "\xff\xfe"}',
    "UTF-16": '{"balance": "x"}'.encode("utf-16"),
    "HTML": b"<!doctype html><title>Sign in</title>",
    "a list for an object": b'[{"balance": "1"}]',
    "a flag for money": b'{"balance": true}',
    "a list for money": b'{"balance": ["1"]}',
}


@pytest.fixture
def hub(accounts: dict[str, dict[str, object]], clock: HandClock) -> Iterator[Hub]:
    with Hub(accounts, clock=clock, timeout=5) as opened:
        yield opened


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=does-not-exist"])
def test_a_balance_is_never_made_up(hub: Hub, hostile: Hostile, body: bytes, content_type: str) -> None:
    hostile.says(answer(body, f"Content-Type: {content_type}"))
    with pytest.raises(UnreadableResponse) as caught:
        hub["rapidworkers"].balance()
    assert len(str(caught.value)) < 2000
    assert len(hostile.requests) <= 5


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_publish_that_is_answered_with_nonsense_is_sent_once(hub: Hub, hostile: Hostile, body: bytes) -> None:
    hostile.says(answer(body), answer(b"[]"))
    draft = TaskDraft(
        title="T", instructions="D", reward=Money("1", "USD"), slots=1, proof="p", category="c", reference="ch-aaaaaa"
    )
    with pytest.raises(OutcomeUnknown) as caught:
        hub["rapidworkers"].publish(draft)
    assert sum(request.startswith(b"POST /jobs/add") for request in hostile.requests) == 1
    assert caught.value.money_may_be_spent
    assert "ch-" in str(caught.value)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_lists_of_nonsense_are_refused_or_empty(hub: Hub, hostile: Hostile, body: bytes) -> None:
    hostile.says(answer(body))
    market = hub["rapidworkers"]
    for read in (lambda: list(market.tasks()), lambda: list(market.submissions("t")), lambda: market.task("t")):
        try:
            assert read() == []
        except UnreadableResponse:
            continue


def test_an_endless_body_is_cut_off(hub: Hub, hostile: Hostile) -> None:
    def endless(connection: socket.socket, _: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n")
        piece = b"100000\r\n" + b" " * MIB + b"\r\n"
        while True:
            connection.sendall(piece)

    hostile.script = endless
    tracemalloc.start()
    with pytest.raises(UnreadableResponse, match="too large"):
        hub["rapidworkers"].balance()
    assert tracemalloc.get_traced_memory()[1] < 2.5 * LARGEST_ANSWER
    tracemalloc.stop()
    assert len(hostile.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_packed_bomb_is_not_unpacked(hub: Hub, hostile: Hostile, encoding: Literal["gzip", "deflate"]) -> None:
    hostile.says(answer(bomb(3 * LARGEST_ANSWER // MIB, encoding), f"Content-Encoding: {encoding}"))
    tracemalloc.start()
    with pytest.raises(UnreadableResponse, match="too large"):
        hub["rapidworkers"].balance()
    assert tracemalloc.get_traced_memory()[1] < 4 * LARGEST_ANSWER
    tracemalloc.stop()
    assert len(hostile.requests) == 1


def test_a_broken_packing_is_no_answer(hub: Hub, hostile: Hostile) -> None:
    hostile.says(answer(b"this is not gzip", "Content-Encoding: gzip"))
    with pytest.raises(UnreadableResponse, match="decoded"):
        hub["rapidworkers"].balance()


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/9.9 999 WHAT\r\n\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["version", "bytes", "negative length", "two lengths", "endless headers", "bad chunk"],
)
def test_broken_http_is_unavailable(hub: Hub, hostile: Hostile, garbage: bytes) -> None:
    def send(connection: socket.socket, _: int) -> None:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)

    hostile.script = send
    with pytest.raises((ProviderUnavailable, ProviderError)):
        hub["rapidworkers"].balance()
    assert len(hostile.requests) <= 5


def test_a_reset_each_time_gives_up(hub: Hub, hostile: Hostile) -> None:
    hostile.script = lambda connection, _: reset(connection)
    with pytest.raises(ProviderUnavailable):
        hub["rapidworkers"].balance()
    assert len(hostile.requests) == 5


def test_words_that_turn_or_rewrite_are_shown_not_obeyed(hub: Hub, hostile: Hostile) -> None:
    words = "refused \x1b[2J\x1b[1;31m\u202etxt.exe\u2066 \x07\x9b"
    hostile.says(answer(json.dumps({"error": words}).encode(), status="403 Forbidden"))
    with pytest.raises(CrowdhubError) as caught:
        hub["rapidworkers"].balance()
    said = str(caught.value) + repr(caught.value)
    assert "refused" in said
    assert not set(said) & {"\x1b", "\u202e", "\u2066", "\x07", "\x9b"}


def test_an_error_body_that_echoes_the_key_does_not_show_it(hub: Hub, hostile: Hostile) -> None:
    body = json.dumps({"error": "bad key key-that-nobody-may-see"}).encode()
    hostile.says(answer(body, "X-Echo: key-that-nobody-may-see", status="401 Unauthorized"))
    with pytest.raises(CrowdhubError) as caught:
        hub["rapidworkers"].balance()
    assert "key-that-nobody-may-see" not in str(caught.value) + repr(vars(caught.value))
    assert "[secret]" in str(caught.value)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_elsewhere_gets_no_key(hub: Hub, hostile: Hostile, status: str) -> None:
    elsewhere = Hostile()
    hostile.says(answer(b"", f"Location: {elsewhere.url}/steal", status=status))
    with pytest.raises(ProviderError, match="redirect"):
        hub["rapidworkers"].balance()
    assert elsewhere.requests == []
    elsewhere.close()


def test_a_listing_without_end_is_noticed(hub: Hub, hostile: Hostile) -> None:
    row = {"submissionId": 1, "userId": "w", "status": "Pending"}
    page = {"count": 10**9, "next": f"{hostile.url}/?page=2", "results": {"submissions": [row]}}
    hostile.says(answer(json.dumps(page).encode()))
    with pytest.raises(UnreadableResponse, match="never ends"):
        list(hub["rapidworkers"].submissions("t"))
    assert len(hostile.requests) < 50


def test_a_million_records_in_one_page_are_bounded(hub: Hub, hostile: Hostile) -> None:
    hostile.says(answer(b"[" + b"{}," * 200_000 + b"{}]"))
    with pytest.raises(UnreadableResponse) as caught:
        list(hub["rapidworkers"].tasks())
    assert len(str(caught.value)) < 2000


def test_a_next_page_elsewhere_is_asked_of_our_host(hub: Hub, hostile: Hostile) -> None:
    elsewhere = Hostile()
    page = {"next": f"{elsewhere.url}/api/campaigns/?page=2", "results": [{"jobId": "a"}]}
    hostile.says(answer(json.dumps(page).encode()), answer(b'{"next": null, "results": [{"jobId": "b"}]}'))
    assert [task.id for task in hub["rapidworkers"].tasks()] == ["a", "b"]
    assert elsewhere.requests == []
    elsewhere.close()


def test_cookies_are_not_sent_back(hub: Hub, hostile: Hostile) -> None:
    hostile.says(answer(b'{"balance": "1"}', "Set-Cookie: track=me; Path=/"))
    market = hub["rapidworkers"]
    market.balance()
    market.balance()
    assert not any(b"ookie" in request for request in hostile.requests)


@pytest.mark.parametrize("task_id", ["../../admin", "a/b", "a?x=1", "a#b", "..", "%2e%2e", "a\\b", ""])
def test_an_id_cannot_lead_elsewhere(hub: Hub, hostile: Hostile, task_id: str) -> None:
    market = hub["rapidworkers"]
    with pytest.raises(ValueError, match="id"):
        market.task(task_id)
    with pytest.raises(ValueError, match="id"):
        list(market.submissions(task_id))
    bad = Submission(
        id=task_id or "/", task_id="t", **market.provider.identity, worker=Worker(id="w"),
    )  # fmt: skip
    with pytest.raises(ValueError, match="id"):
        market.approve(bad)
    assert hostile.requests == []
