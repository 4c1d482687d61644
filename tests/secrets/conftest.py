"""Accounts whose keys hold every character that is special somewhere on their way."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote_plus

import pytest

from crowdhub.sandbox import MarketSandbox, Sandbox, SandboxClock
from tests.secrets.evidence import Evidence

OpenBox: TypeAlias = Callable[..., tuple[Sandbox, SandboxClock]]

ODD_IN_A_HEADER = "q\"k' %41+/=&?#<>\\{}~"
ODD = ODD_IN_A_HEADER + "ключ-密钥-🗝é"


@pytest.fixture
def evidence() -> Evidence:
    return Evidence()


@pytest.fixture
def odd_keys(monkeypatch: pytest.MonkeyPatch, evidence: Evidence) -> None:
    """Every key of a sandbox, fetched tokens included, is an odd one, and noted as a secret."""

    def fake_key(self: MarketSandbox, purpose: str = "key") -> str:
        number = hashlib.sha256(f"{self.name}/{purpose}".encode()).hexdigest()[:12]
        if purpose == "links":  # a mark in the links of files, which are public
            return number
        if purpose == "access-key":  # its form is part of the signature's, which is divided by slashes and commas
            key = f"AKID{number.upper()}"
        else:
            key = f"{ODD if self.name in ('etxt', 'capsolver') else ODD_IN_A_HEADER}{number}"
        evidence.secrets.add(key)
        return key

    monkeypatch.setattr(MarketSandbox, "fake_key", fake_key)


@pytest.fixture
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and data of nobody else."""
    for name in [name for name in os.environ if name.startswith("CROWDHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def open_box(odd_keys: None, evidence: Evidence) -> Iterator[OpenBox]:
    """Starts sandboxes; at the end eTXT's signatures, as they arrived, are secrets too."""
    opened: list[Sandbox] = []

    def start(*names: str, **options: dict[str, object]) -> tuple[Sandbox, SandboxClock]:
        box = Sandbox(*names, options=options)
        opened.append(box.start())
        return box, box.clock

    yield start
    for box in opened:
        box.stop()


def note_signatures(evidence: Evidence, box: Sandbox) -> int:
    """The signatures that the sandbox saw are secrets; how many there were."""
    queries = [each.query for name in box for each in box[name].requests]
    found = {unquote_plus(sign) for query in queries for sign in re.findall(r"[?&]?sign=([0-9a-f]{32})", query)}
    evidence.secrets |= found
    return len(found)
