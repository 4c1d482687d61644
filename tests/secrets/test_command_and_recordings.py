"""The command at DEBUG, with all that can go wrong, and recordings: no secret in what they print and write."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crowdhub import Hub
from crowdhub.cli.app import app
from crowdhub.clock import Clock
from crowdhub.engine.redact import Redactor
from crowdhub.errors import AuthenticationFailed, CrowdhubError, InvalidRequest
from crowdhub.model import Capability
from crowdhub.sandbox import Fault, Sandbox, png, sandbox_names
from crowdhub.testing.recording import NotRecorded, load_script, recording
from crowdhub.testing.recording.run import record_in_sandbox
from tests.secrets.conftest import OpenBox, note_signatures
from tests.secrets.evidence import Evidence

Accounts = dict[str, dict[str, object]]


def write(folder: Path, accounts: Accounts, extra: str = "") -> None:
    lines = ["[hub]", "max_wait = 0", 'ledger = "ledger.sqlite3"', extra]
    for name, settings in accounts.items():
        lines.append(f'[accounts."{name}"]')
        lines += [f"{setting} = {json.dumps(value, ensure_ascii=False)}" for setting, value in settings.items()]
    (folder / "crowdhub.toml").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def run(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    command = typer.main.get_command(app)  # made once: it takes longer than most commands

    def made(_: object) -> object:
        return command

    monkeypatch.setattr("typer.testing._get_command", made)
    seen: set[tuple[str, int]] = set()

    def run(*arguments: object) -> int:
        words = [str(each) for each in arguments]
        result = CliRunner().invoke(app, words)
        evidence.add(f"output of {' '.join(words)[:60]}", result.stdout, result.stderr)
        if result.exception is not None:
            assert isinstance(result.exception, SystemExit), result.exception
            if (words[0], result.exit_code) not in seen:
                evidence.error(result.exception)
            seen.add((words[0], result.exit_code))
        return result.exit_code

    return run


PUBLISH = {
    "rapidworkers": ["--title=T", "--instructions=I", "--proof=P", "--category=C", "--reward=0.10", "--slots=3"],
    "crowdsdom": ["--title=T", "--instructions=I", "--proof=P", "--reward=0.10", "--slots=3"],
    "etxt": ["--title=T", "--instructions=I", "--reward=50", "--category=1", "--deadline=P5D"],
    "capsolver": ["--image=picture.png"],
}


def test_the_command(
    evidence: Evidence, open_box: OpenBox, own_place: Path, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_sleep(self: Clock, seconds: float) -> None: ...

    monkeypatch.setattr(Clock, "sleep", no_sleep)
    box, _ = open_box(*sandbox_names())
    accounts: Accounts = box.accounts
    write(own_place, accounts)
    (own_place / "picture.png").write_bytes(png("words"))
    (own_place / "decisions.csv").write_text("submission,verdict\n1,approve\n")
    done = 0
    with evidence.watching():
        done += run("balance") == 1  # CrowdSDOM has none
        run("providers")
        for name, options in PUBLISH.items():
            on = ("--account", name)
            done += run("balance", *on) == 0
            done += run("publish", *options, *on, "--key=k") == 0
            done += run("publish", *options, *on, "--key=k", "--json") == 0
            run("publish", *options, *on, "--dry-run", "--json")
            run("publish", *on, "--title=", "--slots=0", "--reward=x")
            done += run("tasks", *on, "--json") == 0
            run("tasks", *on)
            for task in ("1", "../1"):
                run("submissions", task, *on, "--download=files")
                run("review", task, *on, "--approve-all")
                run("review", task, "decisions.csv", *on)
            run("block", "1", *on)
            run("unblock", "1", *on)
            run("blocked", *on)
            run("recover", *on)
            for fault in (Fault.status(401), Fault.drop("after"), Fault.html()):
                box[name].faults.add(fault, times=None)
                run("balance", *on)
                run("publish", *options, *on)
                box[name].faults.clear()
        for arguments in (
            ["ledger"],
            ["ledger", "list"],
            ["ledger", "list", "--json"],
            ["recover"],
            ["balance", "-a", "x"],
        ):
            run(*arguments)
        wrong: list[tuple[Accounts, str]] = [
            ({name: {**settings, "apikey": "x"} for name, settings in accounts.items()}, ""),
            ({name: {**settings, "base_url": "http://elsewhere.example"} for name, settings in accounts.items()}, ""),
            (accounts, "max_weit = 3"),
            (accounts, "max_wait = 'no'"),
            (accounts, "= 3"),
            ({"rapidworkers": {"api_key": next(iter(accounts["rapidworkers"].values())), "api_kee": 1}}, ""),
        ]
        for setting, extra in wrong:
            write(own_place, setting, extra)
            for name in list(accounts)[:2]:
                assert run("balance", "-a", name) == 2
        (own_place / "crowdhub.toml").unlink()
        evidence.files(own_place)
    assert done >= 12
    assert note_signatures(evidence, box)
    assert evidence.leaks() == {}


@pytest.mark.parametrize("name", sandbox_names())
def test_recordings(name: str, evidence: Evidence, odd_keys: None, own_place: Path, run: Callable[..., int]) -> None:
    """Made with odd keys: those of the sandbox, and every token that is fetched on the way."""
    script = load_script(name)
    folder = own_place / "cassettes"
    refused: list[type[CrowdhubError]] = []
    with evidence.watching():
        for each in script.recordings[:6]:
            record_in_sandbox(script, each.name, folder)
            logging.getLogger("vcr.stubs").info("is heard")
        assert run("record", name, "--only", script.recordings[0].name, "--folder", str(folder)) == 0
        with Sandbox(name) as box, Hub(box.accounts) as hub:
            market = hub[name]
            read = market.balance if Capability.BALANCE in market.capabilities else lambda: list(market.tasks())
            with recording(market.provider, folder / "own.yaml", "all"):
                read()
            for mode in ("none", "all"):
                try:
                    with recording(market.provider, folder / "own.yaml", mode):
                        read()
                        box[name].faults.add(Fault.status(401), times=None)
                        read()  # once more than was recorded; then, refused
                except CrowdhubError as error:
                    evidence.error(error)
                    refused.append(type(error))
            evidence.reachable(hub)
            note_signatures(evidence, box)
        evidence.files(own_place)
    assert refused == [NotRecorded, InvalidRequest if name == "capsolver" else AuthenticationFailed]
    assert len(list(folder.iterdir())) >= 2
    texts = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert "SCRUBBED" in texts
    assert not re.search(r"(?i)\b(basic|bearer) [a-z0-9+/]{8}|sign=[0-9a-f]{32}", texts)
    assert evidence.leaks() == {}
    assert Redactor(evidence.secrets)(texts) == texts
