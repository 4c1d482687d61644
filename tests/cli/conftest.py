"""The command against a sandbox, in a folder of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crowdhub.cli.app import app
from crowdhub.cli.sandbox import as_toml
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

START = [sys.executable, "-c", "from crowdhub.cli import main; main()"]
"""The command as a process of its own."""


@dataclass
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Cli:
    """Runs commands in a folder whose crowdhub.toml names the sandbox's account."""

    folder: Path
    box: Sandbox
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    @property
    def side(self) -> RapidWorkersSandbox:
        return self.box.market(RapidWorkersSandbox)

    def write(self, hub: str = "max_wait = 5", /, **accounts: dict[str, Any]) -> None:
        self.accounts = accounts
        text = "\n".join(["[hub]", hub, *as_toml(accounts)])
        (self.folder / "crowdhub.toml").write_text(text, encoding="utf-8")

    def __call__(self, *arguments: object, typed: str | None = None) -> Said:
        result = CliRunner().invoke(app, [str(each) for each in arguments], input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def ok(self, *arguments: object, typed: str | None = None) -> Said:
        said = self(*arguments, typed=typed)
        assert said.code == 0, said.err
        return said

    def publish(self, slots: int = 5, **more: str) -> str:
        options = {
            "title": "Read",
            "instructions": "Read it",
            "proof": "A number",
            "category": "Other",
            "reward": "0.10",
        }
        given = [f"--{name}={value}" for name, value in (options | more).items()]
        return str(self.ok("publish", *given, f"--slots={slots}", "--json").rows[0]["id"])


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    for name in [name for name in os.environ if name.startswith("CROWDHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    with Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0}}) as box:
        found = Cli(tmp_path, box)
        found.write(**box.accounts)
        yield found
