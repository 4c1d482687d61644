from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import httpx
import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

if TYPE_CHECKING:
    from tests.sandbox.conftest import Counter


@pytest.fixture(autouse=True)
def _stop_what_hangs(box: Sandbox) -> Iterator[None]:
    """A test that fails while a request hangs must not wait for it."""
    yield
    box.stop()


def connect(box: Sandbox) -> socket.socket:
    base_url: str = box.accounts["counter"]["base_url"]
    address = urlsplit(base_url)
    assert address.port is not None
    return socket.create_connection((address.hostname, address.port), timeout=5)


def raw_post(box: Sandbox, path: str = "/work") -> bytes:
    """One POST by hand, and every byte that came back until the connection ended."""
    with connect(box) as sock:
        sock.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi".encode())
        answer = b""
        while piece := sock.recv(4096):
            answer += piece
        return answer


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
def test_drop_closes_cleanly_without_a_byte(
    box: Sandbox, counter: Counter, when: Literal["before", "after"], done: int
) -> None:
    counter.faults.add(Fault.drop(when))
    assert raw_post(box) == b""
    assert counter.done == done
    assert [record.status for record in counter.requests] == [None]


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
def test_reset_is_a_tcp_reset(box: Sandbox, counter: Counter, when: Literal["before", "after"], done: int) -> None:
    counter.faults.add(Fault.reset(when))
    with pytest.raises(ConnectionResetError):
        raw_post(box)
    assert counter.done == done


def test_truncate_sends_half_of_what_it_promises(box: Sandbox, counter: Counter) -> None:
    counter.faults.add(Fault.truncate())
    head, _, body = raw_post(box).partition(b"\r\n\r\n")
    full = b'{"done":1,"got":"hi"}'
    assert f"content-length: {len(full)}".encode() in head
    assert body == full[: len(full) // 2]
    assert counter.done == 1


def test_truncate_cuts_an_answer_without_a_body_in_its_head(
    box: Sandbox, client: httpx.Client, counter: Counter
) -> None:
    counter.faults.add(Fault.truncate(), times=2)
    assert raw_post(box, "/silent") == b"HTTP/1.1 204 "
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/silent")
    assert client.post("/silent").status_code == 204
    assert counter.done == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.drop(), httpx.RemoteProtocolError),
        (Fault.reset(), httpx.ReadError),
        (Fault.truncate(), httpx.RemoteProtocolError),
    ],
)
def test_a_client_sees_them_on_a_connection_in_use_and_goes_on(
    client: httpx.Client, counter: Counter, fault: Fault, error: type[Exception]
) -> None:
    client.post("/work")
    counter.faults.add(fault, method="POST")
    with pytest.raises(error):
        client.post("/work")
    assert client.get("/").json()["done"] == 2


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
def test_status_and_html(client: httpx.Client, counter: Counter, when: Literal["before", "after"], done: int) -> None:
    counter.faults.add(Fault.status(503, when, headers={"X-Why": "tests"}))
    answer = client.post("/work")
    assert (answer.status_code, answer.headers["x-why"], counter.done) == (503, "tests", done)
    assert answer.json() == {"error": "Injected fault: status 503"}
    counter.faults.add(Fault.html(when))
    answer = client.post("/work")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert counter.done == 2 * done


@pytest.mark.parametrize("body", [b"raw", "text", {"a": 1}])
def test_a_status_can_carry_any_body(client: httpx.Client, counter: Counter, body: object) -> None:
    counter.faults.add(Fault.status(418, body=body))
    answer = client.get("/")
    assert answer.status_code == 418
    assert answer.content in (b"raw", b"text", b'{"a": 1}')


def test_rate_limit_says_when_to_come_back(client: httpx.Client, counter: Counter) -> None:
    counter.faults.add(Fault.rate_limit(30))
    counter.faults.add(Fault.rate_limit(datetime(2026, 1, 2, tzinfo=UTC)))
    counter.faults.add(Fault.rate_limit())
    answers = [client.post("/work") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429] * 3
    said = [answer.headers.get("retry-after") for answer in answers]
    assert said == ["30", "Fri, 02 Jan 2026 00:00:00 GMT", None]
    assert counter.done == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_delay_answers_late_but_whole(client: httpx.Client, counter: Counter, when: Literal["before", "after"]) -> None:
    counter.faults.add(Fault.delay(0.2, when))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/work", timeout=httpx.Timeout(5, read=0.05))
    counter.faults.add(Fault.delay(0.01, when))
    assert client.post("/work").status_code == 200


@contextmanager
def asked_and_left(box: Sandbox, counter: Counter) -> Generator[None, None, None]:
    """A request that hangs (body of the `with`), whose client then goes away."""
    with connect(box) as sock:
        sock.sendall(b"POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        counter.faults.wait_held()
        yield


def test_hang_after_has_done_the_work_and_ends_when_the_client_goes(box: Sandbox, counter: Counter) -> None:
    counter.faults.add(Fault.hang("after"))
    with asked_and_left(box, counter):
        assert counter.done == 1
    counter.faults.wait_held(0)


def test_hang_after_answers_on_release(client: httpx.Client, counter: Counter) -> None:
    counter.faults.add(Fault.hang("after"))
    got: list[int] = []
    asking = threading.Thread(target=lambda: got.append(client.post("/work").json()["done"]))
    asking.start()
    counter.faults.wait_held()
    assert counter.faults.release() == 1
    asking.join(5)
    assert got == [1]


def test_hang_before_does_the_work_long_after_the_client_gave_up(box: Sandbox, counter: Counter) -> None:
    counter.faults.add(Fault.hang("before"))
    with asked_and_left(box, counter):
        pass
    assert (counter.done, counter.faults.held) == (0, 1)
    assert counter.faults.release() == 1
    assert (counter.done, counter.faults.held) == (1, 0)


def test_what_hangs_does_not_keep_the_box_from_stopping(box: Sandbox, client: httpx.Client, counter: Counter) -> None:
    def ask() -> None:
        with suppress(httpx.HTTPError):
            client.post("/work")

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for count, fault in enumerate((Fault.hang("before"), Fault.hang("after"))):
        counter.faults.add(fault)
        asking[count].start()
        counter.faults.wait_held(count + 1)
    box.stop()
    for thread in asking:
        thread.join(5)
    assert counter.done == 1
    with pytest.raises(TimeoutError):
        counter.faults.wait_held(timeout=0)


def test_rules_match_skip_and_end(client: httpx.Client, counter: Counter) -> None:
    counter.faults.add(Fault.status(500), method="post", path=r"/wo.k$", times=2, skip=1)
    wanted = [("GET", "/work"), ("POST", "/other"), *[("POST", "/work")] * 4]
    assert [client.request(*want).status_code for want in wanted] == [200, 200, 200, 500, 500, 200]
    assert [(fired.method, fired.path) for fired in counter.faults.fired] == [("POST", "/work")] * 2
    assert str(counter.faults.fired[0].fault) == "status 500 before"
    assert [record.fault for record in counter.requests if record.fault] == ["status 500 before"] * 2
    counter.faults.add(Fault.status(500), times=None)
    assert [client.get("/").status_code for _ in range(3)] == [500] * 3
    counter.faults.clear()
    assert client.get("/").status_code == 200


def test_chaos_is_random_but_repeatable(client: httpx.Client, counter: Counter) -> None:
    def run(seed: int) -> list[int]:
        counter.faults.chaos(0.5, ["status", Fault.html()], seed=seed, method="GET", path="^/x")
        return [client.get(f"/x{n}").status_code for n in range(20)]

    first = run(1)
    assert first == run(1) != run(2)
    assert 200 in first
    assert set(first) - {200}
    assert [client.get("/y").status_code for _ in range(10)] == [200] * 10
    with pytest.raises(ValueError, match="at least one"):
        counter.faults.chaos(0.5, [])
    counter.faults.chaos(1)
    counter.faults.clear()
    assert client.get("/x").status_code == 200


@pytest.mark.parametrize(("seen", "answer"), [("after", 1), ("before", 2)])
def test_twice_does_the_work_twice_and_shows_one_answer(
    client: httpx.Client, counter: Counter, seen: Literal["before", "after"], answer: int
) -> None:
    counter.faults.add(Fault.twice(seen))
    assert client.post("/work", content=b"hi").json() == {"done": answer, "got": "hi"}
    assert counter.done == 2


def test_repeated_rows_are_whole_json_again(box: Sandbox) -> None:
    draft = TaskDraft(title="T", instructions="I", reward=Money("1", "USD"), slots=5, proof="P", category="C")
    with Sandbox("rapidworkers") as rapid, Hub(rapid.accounts) as hub:
        market, sandbox = hub["rapidworkers"], rapid.market(RapidWorkersSandbox)
        task = market.publish(draft)
        sandbox.hand_in(task.id, 5)
        listed = [each.id for each in market.submissions(task)]
        sandbox.faults.add(Fault.repeat_rows(), path="/submissions/")
        page = market.run(market.provider.submissions(task.id))
        assert [each.id for each in page.items] == listed + listed[:3]
        sandbox.faults.add(Fault.repeat_rows(), path="/submissions/")
        assert [each.id for each in market.submissions(task)] == listed
