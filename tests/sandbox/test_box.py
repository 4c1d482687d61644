from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from crowdhub.sandbox import AccountSettings, Sandbox, SandboxError, __main__, run_forever

if TYPE_CHECKING:
    from tests.sandbox.conftest import Counter


Announce = Callable[[dict[str, AccountSettings]], None]


def test_accounts_say_where_the_market_is_and_that_it_is_a_sandbox(box: Sandbox, client: httpx.Client) -> None:
    account = box.accounts["counter"]
    assert account["environment"] == "sandbox"
    assert account["base_url"].startswith("http://127.0.0.1:")
    assert "not-a-real" in account["api_key"]
    assert client.post("/work", content=b"hello").json() == {"done": 1, "got": "hello"}


def test_many_markets_share_one_clock_and_have_a_port_each(
    counter_class: type[Counter], second_class: type[Counter]
) -> None:
    with Sandbox(counter_class, second_class(), options={"counter": {"step": 5}}) as box:
        urls = {name: account["base_url"] for name, account in box.accounts.items()}
        assert len(set(urls.values())) == 2
        assert httpx.post(urls["counter"]).json()["done"] == 5
        assert httpx.post(urls["second"]).json()["done"] == 1
        now = box.advance(hours=1)
        assert [market.ticks for name in box if isinstance(market := box[name], counter_class)] == [[now], [now]]


def test_a_key_follows_from_the_seed(counter_class: type[Counter]) -> None:
    assert counter_class(seed=1).fake_key() == counter_class(seed=1).fake_key()
    assert counter_class(seed=1).fake_key() != counter_class(seed=2).fake_key()


def test_a_connection_is_kept_alive(box: Sandbox) -> None:
    account = box.accounts["counter"]["base_url"].removeprefix("http://").split(":")
    with socket.create_connection((account[0], int(account[1])), timeout=5) as sock:
        for expected in (b'{"done":1,"got":""}', b'{"done":2,"got":""}'):
            sock.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            answer = b""
            while not answer.endswith(expected):
                piece = sock.recv(4096)
                assert piece
                answer += piece


def test_the_log_holds_every_request_and_counts_the_api(client: httpx.Client, counter: Counter) -> None:
    client.post("/work?a=1")
    client.get("/media/x")
    assert [(r.method, r.path, r.query, r.status) for r in counter.requests] == [
        ("POST", "/work", "a=1", 200),
        ("GET", "/media/x", "", 200),
    ]
    assert counter.request_count == 1
    counter.clear_requests()
    assert (counter.requests, counter.request_count) == ([], 0)


def test_a_defect_of_a_sandbox_is_a_500_in_the_markets_words(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/broken")
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal server error"})
    assert "a defect" in caplog.text


def test_start_and_stop_are_repeatable(counter_class: type[Counter]) -> None:
    box = Sandbox(counter_class)
    with pytest.raises(SandboxError, match="not running"):
        _ = box.accounts
    assert box.start().start() is box
    assert "running" in repr(box)
    url = box.accounts["counter"]["base_url"]
    assert httpx.get(url).status_code == 200
    box.stop()
    box.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with box:
        assert httpx.get(box.accounts["counter"]["base_url"]).status_code == 200


def test_a_taken_port_is_one_clear_error(counter_class: type[Counter], box: Sandbox) -> None:
    port = int(box.accounts["counter"]["base_url"].rsplit(":", 1)[1])
    with pytest.raises(SandboxError, match="cannot listen"):
        Sandbox(counter_class, port=port).start()


def test_mistakes_are_named(counter_class: type[Counter], second_class: type[Counter], box: Sandbox) -> None:
    with pytest.raises(SandboxError, match="no sandbox 'nowhere'"):
        Sandbox("nowhere")
    with pytest.raises(SandboxError, match="at least one"):
        Sandbox()
    with pytest.raises(SandboxError, match="named twice"):
        Sandbox(counter_class, counter_class())
    with pytest.raises(SandboxError, match="options for other"):
        Sandbox(counter_class, options={"other": {}})
    with pytest.raises(SandboxError, match="only counter"):
        _ = box["other"]
    with pytest.raises(SandboxError, match="no Second"):
        box.market(second_class)
    assert box.market(counter_class) is box["counter"]
    assert len(box) == 1


def test_in_real_time_workers_act_by_themselves(counter_class: type[Counter], monkeypatch: pytest.MonkeyPatch) -> None:
    acted = threading.Event()

    market = counter_class()
    monkeypatch.setattr(market, "tick", acted.set)
    with Sandbox(market, realtime=True):
        assert acted.wait(5)


def test_run_forever_ends_with_a_signal(counter_class: type[Counter]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: dict[str, AccountSettings] = {}

    def announce(accounts: dict[str, AccountSettings]) -> None:
        seen.update(accounts)
        signal.raise_signal(signal.SIGTERM)

    run_forever([counter_class], announce=announce)
    assert "counter" in seen
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_command_prints_the_accounts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: dict[str, object] = {}

    def pretend(names: list[str], *, announce: Announce, **settings: object) -> None:
        asked.update(settings, names=names)
        announce({"counter": {"api_key": "k"}})

    monkeypatch.setattr(__main__, "run_forever", pretend)
    settings = ["--set", "counter.step=5", "--set", "counter.word=text"]
    assert __main__.main(["counter", "--json", "--seed", "7", *settings]) == 0
    assert json.loads(capsys.readouterr().out) == {"counter": {"api_key": "k"}}
    assert asked["seed"] == 7
    assert asked["options"] == {"counter": {"step": 5, "word": "text"}}
    assert __main__.main(["counter"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[0]) == {"counter": {"api_key": "k"}}
    assert "[accounts.counter]" in lines


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert __main__.main(["nowhere", "--set", 'counter.step={"a": 1, "a": 2}']) == 2
    assert "counter.step: it names 'a' twice" in capsys.readouterr().err
    assert __main__.main(["nowhere", "--set", "x"]) == 2


def test_without_the_extra_the_error_says_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['uvicorn'] = None\n"
        "try:\n    import crowdhub.sandbox\n"
        "except ImportError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "crowdhub[sandbox]"' in ran.stdout
