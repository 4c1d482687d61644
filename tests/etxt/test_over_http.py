"""The plugin through Hub and AsyncHub, over real HTTP, against a few scripted answers on loopback."""

from __future__ import annotations

import asyncio
import email
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from crowdhub import AsyncHub, Decision, Hub, Money, TaskDraft
from crowdhub.errors import AuthenticationFailed, NotSupported, RateLimited
from crowdhub.model import Submission, SubmissionStatus, TaskStatus, Worker
from crowdhub_etxt import Etxt, EtxtOptions, Neural

TOKEN, API_PASS = "token-of-nobody", "pass-of-nobody"
Answer = Callable[[str, dict[str, str]], object]


class Server:
    """Checks each signature, keeps what was asked, answers by a function."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.answer: Answer = lambda method, params: {}
        self.files: dict[str, bytes] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                reply = json.dumps(outer.serve(self.command, query, self.headers["content-type"] or "", body)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            do_GET = do_POST = _serve  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/api/json/"

    def serve(self, verb: str, query: dict[str, str], kind: str, body: bytes) -> object:
        plain = "".join(f"{name}={query[name]}" for name in sorted(query) if name != "sign")
        inner = hashlib.md5(f"{API_PASS}api-pass".encode()).hexdigest()
        if query["sign"] != hashlib.md5((plain + inner).encode()).hexdigest() or query["token"] != TOKEN:
            return {"error": "bad_sign"}
        params = {name: value for name, value in query.items() if name not in ("method", "token", "sign")}
        if kind.startswith("multipart/"):
            whole = email.message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + body)
            for part in cast("list[Message]", whole.get_payload()):
                name = str(part.get_param("name", header="content-disposition"))
                content = cast("bytes", part.get_payload(decode=True))
                if filename := part.get_filename():
                    self.files[filename] = content
                else:
                    params[name] = content.decode()
        else:
            params |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.asked.append((verb, query["method"], params))
        return self.answer(query["method"], params)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def accounts(server: Server, **more: object) -> dict[str, dict[str, object]]:
    return {"etxt": {"token": TOKEN, "api_pass": API_PASS, "base_url": server.url, **more}}


@pytest.fixture
def hub(server: Server) -> Iterator[Hub]:
    with Hub(accounts(server)) as made:
        yield made


DRAFT = TaskDraft(
    title="Ёлка & co = 100 %",
    instructions="Строка\nвторая",
    reward=Money(100, "RUB"),
    options=[EtxtOptions(id_category=1, size=100)],
)


def test_publishing_with_a_key_looks_first(server: Server, hub: Hub) -> None:
    server.answer = lambda method, params: {"id_task": 7} if method == "tasks.saveTask" else {"error": "no_object"}
    task = hub["etxt"].publish(DRAFT, key="order-1")
    assert (task.id, task.status, task.environment) == ("7", TaskStatus.OPEN, "sandbox")
    saves = [params for _, method, params in server.asked if method == "tasks.saveTask"]
    assert [params["public"] for params in saves] == ["0", "1"]
    assert saves[0]["title"] == DRAFT.title
    assert saves[0]["description"] == f"{DRAFT.instructions}\n\n[ref {task.reference}]"
    assert {verb for verb, _, _ in server.asked} == {"POST"}


def test_the_file_arrives(server: Server, hub: Hub) -> None:
    server.answer = lambda method, params: {"id_task": 7}
    options = EtxtOptions(id_category=1, size=100, file=b"\x00brief", file_name="brief.txt")
    hub["etxt"].publish(DRAFT.copy_with(options=[options]))
    assert server.files == {"brief.txt": b"\x00brief"}
    assert server.asked[0][2]["title"] == DRAFT.title


def test_250_approvals_take_three_calls(server: Server, hub: Hub) -> None:
    def answer(_method: str, params: dict[str, str]) -> object:
        return {"status": 1, "ids": [value for name, value in params.items() if name.startswith("id[")]}

    server.answer = answer
    provider = hub["etxt"].provider
    work = [
        Submission(
            id=str(n), task_id=str(n), **provider.identity, worker=Worker(id="5"), status=SubmissionStatus.PENDING
        )
        for n in range(1, 251)
    ]
    report = hub["etxt"].review([Decision.approve(each) for each in work])
    assert report.summary()["approved"] == 250
    assert (report.requests, len(server.asked)) == (3, 3)
    report = hub["etxt"].review([Decision.redo(each, "Longer, please") for each in work[:100]])
    assert (report.summary()["redo"], report.requests) == (100, 1)


def test_any_function_through_run(server: Server, hub: Hub) -> None:
    server.answer = lambda method, params: {"1": "Русский", "2": "English"}
    market = hub.market(Etxt)
    assert market.run(market.provider.api.options.get_langs()) == {1: "Русский", 2: "English"}


def test_reads_by_get_are_signed_with_all_they_carry(server: Server) -> None:
    server.answer = lambda method, params: [{"id": 1, "operation": "Ё"}]
    with Hub(accounts(server, reads_by_get=True)) as hub:
        market = hub.market(Etxt)
        page = market.run(market.provider.api.users.get_stats(login="Ёжик & co"))
    assert page.items[0].operation == "Ё"
    assert server.asked == [("GET", "users.getStats", {"count": "100", "from": "0", "login": "Ёжик & co"})]


def test_a_wrong_key_is_told_without_it(server: Server) -> None:
    with Hub(accounts(server, api_pass="a-wrong-pass")) as hub:
        with pytest.raises(AuthenticationFailed) as caught:
            hub["etxt"].balance()
        assert "a-wrong-pass" not in str(caught.value)
        assert TOKEN not in f"{caught.value!r}{vars(caught.value)}"


def test_one_private_message_a_minute(server: Server) -> None:
    server.answer = lambda method, params: {"id_user": 5, "text": "Hi", "balance": 3}
    with Hub(accounts(server), max_wait=1) as hub:
        market = hub.market(Etxt)
        market.run(market.provider.api.messages.write_private(5, "Hi"))
        with pytest.raises(RateLimited):
            market.run(market.provider.api.messages.write_private(5, "Hi again"))
        for _ in range(3):
            assert market.balance() == Money(3, "RUB")
    assert [method for _, method, _ in server.asked].count("messages.writePrivate") == 1


def test_what_an_order_has_no_place_for_is_refused_at_once(server: Server, hub: Hub) -> None:
    with pytest.raises(NotSupported) as caught:
        hub["etxt"].publish(DRAFT.copy_with(countries=("DE",), language="en", auto_approve=True))
    assert set(caught.value.fields) == {"countries", "language", "auto_approve"}
    assert server.asked == []


def test_the_same_asynchronously(server: Server) -> None:
    server.answer = lambda method, params: {"balance": "12.5"} if method == "users.getBalance" else [{"id": 4}]

    async def both() -> tuple[Money, list[str]]:
        async with AsyncHub(accounts(server)) as hub:
            market = hub["etxt"]
            return await market.balance(), [task.id async for task in market.tasks()]

    assert asyncio.run(both()) == (Money("12.5", "RUB"), ["4"])


def test_with_a_ledger_the_same_key_publishes_once(server: Server, tmp_path: Path) -> None:
    server.answer = lambda method, params: {"id_task": 7} if method == "tasks.saveTask" else {"error": "no_object"}
    options = EtxtOptions(
        id_category=1, size=100, file=b"\x00\xff", file_name="brief.bin", timeline="10:30", robot=Neural.FORBIDDEN
    )
    draft = DRAFT.copy_with(options=[options], deadline=timedelta(days=2))
    for replayed in (False, True):
        with Hub(accounts(server), ledger=f"sqlite:///{tmp_path}/ledger.db") as hub:
            task = hub["etxt"].publish(draft, key="order-1")
            assert (task.id, task.replayed) == ("7", replayed)
    assert [method for _, method, _ in server.asked].count("tasks.saveTask") == 2
