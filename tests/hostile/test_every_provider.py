"""The same harm against all four marketplaces: every nonsense body, and hostile values within good records."""

from __future__ import annotations

import itertools
import json
import os
import pty
import re
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crowdhub import Hub, Task
from crowdhub.cli.app import app
from crowdhub.engine.client import LARGEST_ANSWER
from crowdhub.errors import AuthenticationFailed, CrowdhubError, OutcomeUnknown, ProviderUnavailable, UnreadableResponse
from crowdhub.market import Market
from crowdhub.model import Capability, TaskDraft
from crowdhub.protocol import AnyProvider
from crowdhub.testing import Subject
from crowdhub_capsolver.conformance import CapSolverSubject
from crowdhub_crowdsdom.conformance import CrowdSDOMSubject
from crowdhub_etxt.conformance import EtxtSubject
from crowdhub_mturk.conformance import MTurkSubject
from crowdhub_rapidworkers.conformance import RapidWorkersSubject
from tests.hostile.conftest import Hostile, answer
from tests.hostile.test_answers import BODIES
from tests.support.bombs import bomb
from tests.support.hand_clock import HandClock

KEY = "key-that-nobody-may-see"
SETTINGS: dict[str, dict[str, object]] = {
    "rapidworkers": {"api_key": KEY},
    "crowdsdom": {"access_token": KEY},
    "etxt": {"token": KEY, "api_pass": KEY + "-2"},
    "capsolver": {"client_key": KEY},
    "mturk": {"access_key_id": "AKID", "secret_access_key": KEY},
}
SUBJECTS: dict[str, type[Subject]] = {
    kind.provider: kind for kind in (RapidWorkersSubject, CrowdSDOMSubject, EtxtSubject, CapSolverSubject, MTurkSubject)
}
SPENDS = {
    "rapidworkers": rb"POST /jobs/add",
    "crowdsdom": rb"POST /jobs ",
    "etxt": rb"method=tasks\.saveTask",
    "capsolver": rb"POST /createTask",
    "mturk": rb"\.CreateHIT",
}
ATTEMPTS = {"etxt": 2, "mturk": 5}  # a draft made twice, which is free; the same request, known by its token
OFTEN = 40  # requests for one operation, its looks and their repetitions included


def account(name: str, url: str) -> dict[str, dict[str, object]]:
    urls = {"base_url": url} | ({"account_url": url} if name == "crowdsdom" else {})
    return {name: {**SETTINGS[name], **urls}}


@pytest.fixture(params=SETTINGS)
def market(request: pytest.FixtureRequest, hostile: Hostile, clock: HandClock) -> Iterator[Market[AnyProvider]]:
    with Hub(account(request.param, hostile.url), clock=clock, timeout=5) as hub:
        yield hub[request.param]


def draft(market: Market[AnyProvider]) -> TaskDraft:
    return SUBJECTS[market.provider.name]().draft()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_nonsense_is_one_clear_error_or_nothing(market: Market[AnyProvider], hostile: Hostile, body: bytes) -> None:
    hostile.says(answer(body))
    reads: dict[Capability, Callable[[], object]] = {
        Capability.BALANCE: market.balance,
        Capability.TASKS: lambda: list(market.tasks()),
        Capability.TASK: lambda: market.task("7"),
        Capability.SUBMISSIONS: lambda: list(market.submissions("7")),
        Capability.BLOCKED_WORKERS: lambda: list(market.blocked_workers()),
        Capability.APPLICATIONS: lambda: list(market.applications("7")),
        Capability.WORKER: lambda: market.worker("7"),
    }
    for capability, read in reads.items():
        if capability not in market.capabilities:
            continue
        del hostile.requests[:]
        try:
            found = read()
        except CrowdhubError as error:
            found = error
        if isinstance(found, CrowdhubError):
            assert len(str(found)) < 2000, capability
            assert KEY not in str(found) + repr(vars(found))
        elif market.provider.name != "etxt":  # which tells an order by its bare id, and one record as a list of one
            assert found == [], capability
        assert len(hostile.requests) <= OFTEN, capability


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_publish_that_is_answered_with_nonsense_is_sent_once(
    market: Market[AnyProvider], hostile: Hostile, body: bytes
) -> None:
    hostile.says(answer(body))
    with pytest.raises(CrowdhubError) as caught:
        market.publish(draft(market))
    drafts = market.provider.name == "etxt"  # makes a draft first, which is free, and publishes that
    assert isinstance(caught.value, ProviderUnavailable if drafts else (OutcomeUnknown, UnreadableResponse))
    asked = [each.partition(b"\r\n\r\n")[0] for each in hostile.requests]
    spent = [each for each in asked if re.search(SPENDS[market.provider.name], each)]
    assert len(spent) <= ATTEMPTS.get(market.provider.name, 1)
    assert len(hostile.requests) <= OFTEN
    assert caught.value.money_may_be_spent is not drafts


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_nonsense_for_a_token(hostile: Hostile, clock: HandClock, body: bytes) -> None:
    hostile.says(answer(body))
    accounts = {"crowdsdom": {"api_key": KEY, "api_secret": KEY, "base_url": hostile.url, "account_url": hostile.url}}
    with Hub(accounts, clock=clock, timeout=5) as hub, pytest.raises(CrowdhubError) as caught:
        list(hub["crowdsdom"].tasks())
    assert isinstance(caught.value, (UnreadableResponse, AuthenticationFailed, ProviderUnavailable))
    assert all(request.startswith(b"POST /oauth/token") for request in hostile.requests)
    assert len(hostile.requests) <= 5


def test_a_bomb(market: Market[AnyProvider], hostile: Hostile) -> None:
    hostile.says(answer(bomb(2 * LARGEST_ANSWER // 1024**2), "Content-Encoding: gzip"))
    with pytest.raises(UnreadableResponse, match="too large"):
        market.task("7")
    assert len(hostile.requests) <= (4 if market.provider.name == "capsolver" else 1)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip, br"])
def test_what_was_not_asked_for_is_not_unpacked(market: Market[AnyProvider], hostile: Hostile, encoding: str) -> None:
    """Where a package for it happens to be installed, a few bytes of these are gigabytes in one step."""
    hostile.says(answer(b"{}", f"Content-Encoding: {encoding}"))
    with pytest.raises(UnreadableResponse, match="packed"):
        market.task("7")


def causes(error: BaseException | None) -> str:
    """What an error says, and what it came from."""
    return "" if error is None else f"{error}\n{causes(error.__cause__)}"


def test_redirects_lead_nowhere(market: Market[AnyProvider], hostile: Hostile) -> None:
    elsewhere = Hostile()
    hostile.says(answer(b"", f"Location: {elsewhere.url}/", status="307 Temporary"))
    operations: list[Callable[[], Task]] = [lambda: market.task("7"), lambda: market.publish(draft(market))]
    for operation in operations:
        with pytest.raises(CrowdhubError) as caught:
            operation()
        assert "redirect" in causes(caught.value)
    assert elsewhere.requests == []
    elsewhere.close()


# --- hostile values in good records ---------------------------------------------------------------------------

WORDS = [
    "\x1b[2J\x1b[1;31mred\x1b]0;title\x07\x1b]8;;http://x\x07",
    "\u202etxt.exe\u2066\u2069\u200f\u061c",
    "\x9b31m\x84\x85\u2028\u2029next",
    "tab\tline\nreturn\rnull\x00del\x7fback\x08",
    "[red]markup[/red] :smile: [link=http://x]",
    "\ufeff\u200b\u00ad\U000e0041tag\ufff9",
    "Z" + "\u0351" * 500,
    "x" * 200_000,
    "=cmd|'/C calc'!A1",
    "half \ud800",
    "界" * 300,
]


def rows_of(name: str, words: str) -> object:
    if name == "rapidworkers":
        row = {"jobId": "1", "jobTitle": words, "jobStatus": words, "jobPay": "1", "jobCategory": words}
        return {"count": 1, "next": None, "results": [row]}
    if name == "crowdsdom":
        return [{"id": "1", "title": words, "status": words, "description": words, "reward": {"amount": 1}}]
    return [{"id": 1, "title": words, "status": 1, "price": 5, "description": words, "public": 1}]


def submissions_of(words: str) -> object:
    row: dict[str, object] = {
        "submissionId": 1,
        "userId": words,
        "userName": words,
        "country_name": words,
        "status": "Pending",
        "proof_text": words,
    }
    row["images"] = [{"id": 1, "url": f"https://127.0.0.1/{words[:50]}"}]
    return {"count": 1, "next": None, "results": {"submissions": [row]}}


def obeyed(text: str) -> set[str]:
    """The characters of a text that steer a terminal or turn the direction of writing."""
    return {
        c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t\u200c\u200d"
    }


@pytest.fixture
def command(hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    for name in [name for name in os.environ if name.startswith("CROWDHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    lines = ["[hub]", "max_wait = 0"]
    for name in ("rapidworkers", "crowdsdom", "etxt"):
        settings = account(name, hostile.url)[name] | {"environment": "sandbox"}
        lines += [f"[accounts.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
    (tmp_path / "crowdhub.toml").write_text("\n".join(lines))

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.stdout + result.stderr

    return run


@pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
@pytest.mark.parametrize("name", ["rapidworkers", "crowdsdom", "etxt"])
def test_the_command_obeys_no_record(command: Callable[..., str], hostile: Hostile, name: str, words: str) -> None:
    hostile.says(answer(json.dumps(rows_of(name, words)).encode()))
    said = command("tasks", "-a", name)
    assert obeyed(said) == set()
    assert len(said.splitlines()) <= 2  # a record cannot write lines of its own
    as_json = command("tasks", "-a", name, "--json")
    assert as_json.isascii()
    assert obeyed(as_json) == set()
    hostile.says(answer(json.dumps({"error": words, "message": words}).encode(), status="400 Bad"))
    assert obeyed(command("tasks", "-a", name)) == set()


@pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
def test_the_command_obeys_no_work(command: Callable[..., str], hostile: Hostile, tmp_path: Path, words: str) -> None:
    hostile.says(answer(json.dumps(submissions_of(words)).encode()))
    for more in ([], ["--json"], ["--download", "files"]):
        said = command("submissions", "t", "-a", "rapidworkers", *more)
        assert obeyed(said) == set()
        assert words[:1] != "x" or "x" * 1000 in said
    assert list((tmp_path / "files").iterdir()) == []
    assert obeyed(command("review", "t", "-a", "rapidworkers")) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_is_not_steered(command: Callable[..., str], hostile: Hostile, tmp_path: Path) -> None:
    words = "".join(word[:300] for word in WORDS if "\ud800" not in word)
    hostile.says(answer(json.dumps(rows_of("rapidworkers", words)).encode()))
    ours, theirs = pty.openpty()
    start = [sys.executable, "-c", "from crowdhub.cli import main; main()", "tasks", "-a", "rapidworkers"]
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "100", "LINES": "40"}
    process = subprocess.Popen(start, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=tmp_path)
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        said += part
    os.close(ours)
    assert process.wait(30) == 0
    text = said.decode().replace("\r\n", "\n")
    assert "markup" in text
    assert obeyed(text) == set()


def test_pages_without_end_cost_no_more_than_is_read(hostile: Hostile, clock: HandClock) -> None:
    """A million pages, each with somebody new: one page is fetched ahead, and no more."""

    def page(connection: socket.socket, number: int) -> None:
        row = {"submissionId": number, "userId": "w", "status": "Pending"}
        body = {"count": 10**6, "next": f"{hostile.url}/?page={number + 1}", "results": {"submissions": [row]}}
        connection.sendall(answer(json.dumps(body).encode()))

    hostile.script = page
    with Hub(account("rapidworkers", hostile.url), clock=clock, timeout=5) as hub:
        works = hub["rapidworkers"].submissions("t")
        read = [each.id for each in itertools.islice(works, 300)]
    assert len(set(read)) == 300
    assert len(hostile.requests) <= 302
