from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from json import loads
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from crowdhub import Money, TaskDraft
from crowdhub.protocol import Call, Flow, Operation
from crowdhub_mturk import MTurk, MTurkSettings
from tests.support import by_hand
from tests.support.by_hand import Answer, Play, Prepared, PreparedAccount
from tests.support.hand_clock import HandClock

T = TypeVar("T")
NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
HIT: dict[str, Any] = {
    "HITId": "3HITHITHITHITHITHITHITHITHIT01",
    "HITTypeId": "3TYPE",
    "CreationTime": 1768467600.25,
    "Title": "Read a receipt",
    "Description": "Write down the total.",
    "HITStatus": "Assignable",
    "MaxAssignments": 3,
    "Reward": "0.50",
    "Expiration": 1769072400.0,
    "RequesterAnnotation": "[ref ch-aaaaaaaaaaaaaaaa]",
    "NumberOfAssignmentsPending": 0,
    "NumberOfAssignmentsAvailable": 3,
    "NumberOfAssignmentsCompleted": 0,
}
DRAFT = TaskDraft(
    title="Read a receipt",
    instructions="Write down the total.",
    proof="The total",
    reward=Money("0.50", "USD"),
    slots=3,
    reference="ch-aaaaaaaaaaaaaaaa",
)


def mturk(**more: Any) -> MTurk:
    keys = {"access_key_id": SecretStr("AKIDEXAMPLE"), "secret_access_key": SecretStr("the-secret")}
    made = MTurk(MTurkSettings.model_validate({**keys, **more}))
    made.now = lambda: NOW
    return made


def request_error(code: str | None, words: str = "No.", status: int = 400) -> tuple[int, object]:
    """MTurk's own family of errors."""
    told = {"__type": "RequestError", "Message": f"{words} (1769000000000)"}
    return status, told if code is None else {**told, "TurkErrorCode": f"AWS.MechanicalTurk.{code}"}


def sent(call: Call) -> dict[str, Any]:
    """The members of a request."""
    assert call.content is not None
    found: dict[str, Any] = loads(call.content)
    return found


@pytest.fixture
def provider() -> MTurk:
    return mturk()


@pytest.fixture
def play(provider: MTurk) -> Play:
    def run(operation: Operation[T] | Flow[T], *answers: Answer) -> tuple[list[Call], T]:
        return by_hand.play(provider, operation, answers)

    return run


@pytest.fixture
def prepared(tmp_path: Path, clock: HandClock) -> Iterator[Prepared]:
    """An account whose marketplace gives prepared answers."""
    with ExitStack() as opened:

        def make(*answers: Answer) -> PreparedAccount:
            account = PreparedAccount(mturk(), clock, tmp_path, answers)
            opened.callback(account.ledger.close)
            return account

        yield make
