"""A provider with made-up keys and a fixed time, and a way to run its flows by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from crowdhub.engine.http import Response
from crowdhub.model import Money, Submission, TaskDraft, Worker
from crowdhub.protocol import Call, Flow, FlowRun
from crowdhub_etxt import Etxt, EtxtOptions, EtxtSettings

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

Drive = Callable[..., tuple[Any, list[Call]]]


def settings(**more: Any) -> EtxtSettings:
    return EtxtSettings(token=SecretStr("tok123"), api_pass=SecretStr("secret"), **more)


@pytest.fixture
def provider() -> Etxt:
    made = Etxt(settings())
    made.now = lambda: NOW
    return made


@pytest.fixture
def drive(provider: Etxt) -> Drive:
    """Runs a flow: each answer is JSON data, an error to throw, or a function from the call to either."""

    def run_it(flow: Flow[Any], *answers: Any) -> tuple[Any, list[Call]]:
        calls: list[Call] = []
        with FlowRun(flow) as run:
            call = run.start()
            for answer in answers:
                assert call is not None, f"ended after {len(calls)} calls, with answers left: {answer}"
                calls.append(call)
                given = answer(call) if callable(answer) else answer
                if isinstance(given, Exception):
                    call = run.throw(given)
                    continue
                reply = Response(200, json=given)
                error = provider.error(call, reply)
                call = run.throw(error) if error is not None else run.send(reply)
            assert call is None, f"wants one more answer: {sent(call)}"
            return run.result, calls

    return run_it


def sent(call: Call) -> dict[str, Any]:
    """What a call carries, its function included as ``method``."""
    pairs: list[tuple[str, Any]] = [*call.query_pairs()]
    if call.form is not None:
        pairs += list(call.form.items() if hasattr(call.form, "items") else call.form)
    pairs += list(call.multipart or ())
    return dict(pairs)


@pytest.fixture(name="sent")
def _sent() -> Callable[[Call], dict[str, Any]]:
    return sent


@pytest.fixture
def draft() -> TaskDraft:
    return TaskDraft(
        title="A text about bicycles",
        instructions="Write it.",
        reward=Money(300, "RUB"),
        reference="ch-abcdefghijklmnop",
        options=[EtxtOptions(id_category=12, size=2000)],
    )


@pytest.fixture
def submission(provider: Etxt) -> Submission:
    return Submission(id="70", task_id="70", **provider.identity, worker=Worker(id="5"), status="pending")
