from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import SecretStr

from crowdhub import Hub
from crowdhub.clock import Clock
from crowdhub.protocol import Call, Flow, Operation
from crowdhub.sandbox import Sandbox
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMSettings
from tests.support import by_hand
from tests.support.by_hand import Answer, Play, Prepared, PreparedAccount
from tests.support.hand_clock import HandClock

T = TypeVar("T")


@pytest.fixture
def provider() -> CrowdSDOM:
    return CrowdSDOM(CrowdSDOMSettings(api_key=SecretStr("the-key"), api_secret=SecretStr("the-secret")))


@pytest.fixture
def play(provider: CrowdSDOM) -> Play:
    def run(operation: Operation[T] | Flow[T], *answers: Answer) -> tuple[list[Call], T]:
        return by_hand.play(provider, operation, answers)

    return run


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Prepared]:
    """An account (with a token in its settings) whose marketplace gives prepared answers."""
    with ExitStack() as opened:

        def make(*answers: Answer) -> PreparedAccount:
            provider = CrowdSDOM(CrowdSDOMSettings(access_token=SecretStr("the-token")))
            account = PreparedAccount(provider, HandClock(), tmp_path, answers)
            opened.callback(account.ledger.close)
            return account

        yield make


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("crowdsdom", options={"crowdsdom": {"every": 0}}) as box:
        yield box


@pytest.fixture
def clock(box: Sandbox) -> Clock:
    return box.clock


@pytest.fixture
def hub(box: Sandbox, clock: Clock) -> Iterator[Hub]:
    with Hub(box.accounts, clock=clock) as hub:
        yield hub
