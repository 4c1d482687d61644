"""A marketplace that repeats in its answers what it was sent, in every way in which servers do that."""

from __future__ import annotations

import base64
import html
import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import ConfigurationError, CrowdhubError
from crowdhub.market import Market
from crowdhub.model import Capability
from crowdhub.protocol import AnyProvider
from crowdhub_capsolver import CapSolverOptions
from crowdhub_etxt import EtxtOptions
from tests.hostile.conftest import Hostile, answer
from tests.secrets.conftest import ODD, ODD_IN_A_HEADER
from tests.secrets.evidence import Evidence
from tests.support.hand_clock import HandClock

ACCOUNTS: dict[str, dict[str, object]] = {
    "rapidworkers": {"api_key": f"{ODD_IN_A_HEADER}one"},
    "crowdsdom": {"api_key": f"{ODD_IN_A_HEADER}one", "api_secret": f"{ODD_IN_A_HEADER}two"},
    "crowdsdom with a token": {"access_token": f"{ODD_IN_A_HEADER}one"},
    "etxt": {"token": f"{ODD}one", "api_pass": f"{ODD}two"},
    "etxt by GET": {"token": f"{ODD}one", "api_pass": f"{ODD}two", "reads_by_get": True},
    "capsolver": {"client_key": f"{ODD}one"},
    "rapidworkers, a plain key": {"api_key": "rw-0123456789abcdef"},
    "crowdsdom, plain keys": {"api_key": "cs-0123456789abcdef", "api_secret": "cs-fedcba9876543210"},
    "etxt, plain keys": {"token": "et-0123456789abcdef", "api_pass": "et-fedcba9876543210"},
    "capsolver, a plain key": {"client_key": "cap-0123456789abcdef"},
    "mturk": {"access_key_id": "AKID0123456789ABCDEF", "secret_access_key": f"{ODD}two"},
    "mturk, temporary keys": {
        "access_key_id": "ASIA0123456789ABCDEF",
        "secret_access_key": "mt-fedcba9876543210",
        "session_token": f"{ODD_IN_A_HEADER}three",
    },
}


def as_said(request: bytes) -> str:
    return request.decode("utf-8", "replace")


SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "words": lambda r: json.dumps({"error": as_said(r)}).encode(),
    "words, unescaped": lambda r: json.dumps({"error": as_said(r)}, ensure_ascii=False).encode(),
    "escaped twice": lambda r: json.dumps({"error": json.dumps({"request": as_said(r)})}).encode(),
    "nested": lambda r: json.dumps({"error": {"code": as_said(r), "message": as_said(r)}}).encode(),
    "a code": lambda r: json.dumps({"errorId": 1, "errorCode": as_said(r), "errorDescription": as_said(r)}).encode(),
    "text": lambda r: r[:290],
    "the end as text": lambda r: r[-290:],
    "a page": lambda r: b"<html><pre>" + html.escape(as_said(r)).encode(),
    "the address": lambda r: json.dumps({"error": "GET " + as_said(r).split(" ")[1]}).encode(),
    "the address, decoded": lambda r: json.dumps({"error": unquote_plus(as_said(r).split(" ")[1])}).encode(),
    "the address, encoded again": lambda r: json.dumps({"error": quote(as_said(r).split(" ")[1], safe="")}).encode(),
    "small escapes": lambda r: re.sub(rb"%[0-9A-F]{2}", lambda m: m[0].lower(), r[:290]),
    "the body": lambda r: json.dumps({"error": as_said(r.partition(b"\r\n\r\n")[2])}).encode(),
    "the headers": lambda r: json.dumps(
        {"message": dict(line.split(": ", 1) for line in as_said(r).split("\r\n\r\n")[0].split("\r\n")[1:])}
    ).encode(),
    "a result": lambda r: json.dumps({"balance": as_said(r), "taskId": [as_said(r)], "id": {"a": as_said(r)}}).encode(),
}
STATUSES = ("401 No", "500 Oh", "302 Found")


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    server = Hostile()
    yield server
    server.close()


def draft_of(name: str) -> TaskDraft:
    if name.startswith("capsolver"):
        return TaskDraft(options=[CapSolverOptions(task={"type": "T"})])
    currency = {"r": "USD", "c": "CNY", "e": "RUB", "m": "USD"}[name[0]]
    own = [EtxtOptions(id_category=1, size=100)] if name.startswith("etxt") else []
    category = "c" if name.startswith("rapid") else None
    proof = None if name.startswith("etxt") else "p"
    return TaskDraft(
        title="T", instructions="D", reward=Money("50", currency), proof=proof, category=category, options=own
    )


def operations(market: Market[AnyProvider], name: str) -> list[Callable[[], object]]:
    reads = market.balance if Capability.BALANCE in market.capabilities else lambda: list(market.tasks())
    return [reads, lambda: market.publish(draft_of(name), key="k")]


@pytest.mark.parametrize("name", ACCOUNTS)
def test_what_is_repeated_is_not_shown(
    name: str, hostile: Hostile, evidence: Evidence, tmp_path: Path, clock: HandClock
) -> None:
    given = ACCOUNTS[name]
    provider = re.split("[ ,]", name)[0]
    urls = {"base_url": hostile.url} | ({"account_url": hostile.url} if provider == "crowdsdom" else {})
    evidence.secrets |= {value for value in given.values() if isinstance(value, str)}
    errors = 0
    ledger = tmp_path / "ledger.sqlite3"
    with evidence.watching(), Hub({name: {"provider": provider, **urls, **given}}, ledger=ledger, clock=clock) as hub:
        market = hub[name]
        for number, (shape, make) in enumerate(SHAPES.items()):
            for status in ("200 OK", "400 Bad", STATUSES[number % len(STATUSES)]):

                def script(
                    connection: socket.socket,
                    number: int,
                    make: Callable[[bytes], bytes] = make,
                    status: str = status,
                ) -> None:
                    request = hostile.requests[-1]
                    kind = "text/html" if shape == "a page" else "application/json"  # noqa: B023 - called at once
                    echo = quote(as_said(request.split(b" ")[1]), safe="/?&=%+")
                    headers = (f"Content-Type: {kind}", f"Location: {echo}", f"X-Echo: {echo}")
                    connection.sendall(answer(make(request), *headers, status=status))

                hostile.script = script
                for operation in operations(market, name):
                    try:
                        operation()
                    except CrowdhubError as error:
                        evidence.error(error)
                        errors += 1
        evidence.files(tmp_path)
        evidence.reachable(hub, evidence.errors)
    sent = b"".join(hostile.requests)
    signs = set(re.findall(rb"sign=([0-9a-f]{32})|Signature=([0-9a-f]{64})", sent))
    signs = {sign for pair in signs for sign in pair if sign}
    assert bool(signs) == (provider in ("etxt", "mturk"))
    evidence.secrets |= {sign.decode() for sign in signs}
    basics = set(re.findall(rb"(?i)basic ([A-Za-z0-9+/]+)", sent))
    assert bool(basics) == (name in ("crowdsdom", "crowdsdom, plain keys"))
    evidence.secrets |= {basic.decode() for basic in basics}
    if basics:
        assert base64.b64decode(next(iter(basics)) + b"==").startswith(str(given["api_key"]).encode())
    assert errors >= len(SHAPES) * 3
    assert any("[secret]" in text for texts in evidence.texts.values() for text in texts)
    assert evidence.leaks() == {}


@pytest.mark.parametrize("shown", range(10, 20))
@pytest.mark.parametrize("longest", [300, 500, 1000])
def test_a_cut_through_a_key_leaves_no_half_of_it(shown: int, longest: int, hostile: Hostile, clock: HandClock) -> None:
    """Words are cut off at a length; a key in them may not be."""
    key = "rw-0123456789abcdefg"
    words = f"{'x' * (longest - shown - 1)} {key} and more"
    hostile.says(answer(json.dumps({"error": words}).encode(), status="400 Bad"), answer(words.encode()))
    with Hub({"rapidworkers": {"api_key": key, "base_url": hostile.url}}, clock=clock) as hub:
        for _ in range(2):
            with pytest.raises(CrowdhubError) as caught:
                hub["rapidworkers"].balance()
            assert key[:10] not in str(caught.value) + repr(vars(caught.value))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\x00", "\x1b[0m", "\x7f", "\nX-Evil: 1"])
@pytest.mark.parametrize("name", ["rapidworkers", "crowdsdom", "crowdsdom with a token", "etxt", "capsolver"])
def test_a_key_with_a_line_break_is_refused_and_not_shown(name: str, ending: str, evidence: Evidence) -> None:
    provider = name.split(" ")[0]
    given = {setting: f"{value}{ending}" for setting, value in ACCOUNTS[name].items()}
    evidence.secrets |= {value.strip() for value in given.values()}
    with evidence.watching(), Hub({name: {"provider": provider, **given}}) as hub:
        with pytest.raises(ConfigurationError, match="control character") as caught:
            hub[name]
        evidence.error(caught.value)
    assert all(setting in str(caught.value) for setting in given)
    assert evidence.leaks() == {}


@pytest.mark.parametrize("name", ["rapidworkers", "crowdsdom with a token"])
def test_a_key_that_no_header_can_hold_is_not_shown(name: str, evidence: Evidence, hostile: Hostile) -> None:
    given = dict.fromkeys(ACCOUNTS[name], ODD)
    urls = {"base_url": hostile.url} | ({"account_url": hostile.url} if name.startswith("crowdsdom") else {})
    evidence.secrets.add(ODD)
    with evidence.watching(), Hub({name: {"provider": name.split(" ")[0], **urls, **given}}) as hub:
        with pytest.raises(ConfigurationError, match="key") as caught:
            list(hub[name].tasks())
        evidence.error(caught.value)
        evidence.reachable(hub)
    assert hostile.requests == []
    assert evidence.leaks() == {}
