"""A provider with made-up keys and a fixed time, and two ways to run its operations on scripted answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import pytest
from pydantic import SecretStr

from crowdhub import Response
from crowdhub.engine.client import BlockingClient
from crowdhub.engine.engine import Engine, Witness
from crowdhub.engine.runtime import BlockingRuntime, drive
from crowdhub.engine.session import Counter, Options, Session
from crowdhub.engine.transport import Signer
from crowdhub.errors import OutcomeUnknown
from crowdhub.model import Money, Submission, SubmissionStatus, TaskDraft, Worker
from crowdhub.operations.account import Account
from crowdhub.operations.port import AccountPort
from crowdhub.operations.spending import SpendingPolicy
from crowdhub.protocol import Call, Flow, Operation, OperationRun, Upload
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import Etxt, EtxtOptions, EtxtSettings
from crowdhub_etxt.sandbox import EtxtSandbox
from tests.support.hand_clock import HandClock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

T = TypeVar("T")


class Drive(Protocol):
    """Runs an operation to its end with these answers: its result, and the calls it made."""

    def __call__(self, operation: Operation[T] | Flow[T], *answers: object) -> tuple[T, list[Call]]: ...


class Ask(Protocol):
    """Asks for something as an application does, with these answers: the result, and the calls that were made."""

    def __call__(self, what: Callable[[Account], Coroutine[Any, Any, T]], *answers: object) -> tuple[T, list[Call]]: ...


Sent = Callable[[Call], dict[str, str | Upload]]


def settings() -> EtxtSettings:
    return EtxtSettings(token=SecretStr("tok123"), api_pass=SecretStr("secret"))


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """The marketplace over HTTP, where nobody works by himself."""
    with Sandbox("etxt", options={"etxt": {"work_rate": 0}}) as made:
        yield made


@pytest.fixture
def people(box: Sandbox) -> EtxtSandbox:
    return box.market(EtxtSandbox)


@pytest.fixture
def provider() -> Etxt:
    made = Etxt(settings())
    made.now = lambda: NOW
    return made


def as_thrown(call: Call, error: Exception) -> Exception:
    """The error as the engine throws it: what is free never says that money may be spent."""
    if isinstance(error, OutcomeUnknown) and call.costs is False:
        return error.with_(money_may_be_spent=False)
    return error


@pytest.fixture(name="drive")
def _drive(provider: Etxt) -> Drive:
    """Runs an operation by hand: each answer is JSON data, an error to throw, or a function from the call to either."""

    def run_it(operation: Operation[T] | Flow[T], *answers: object) -> tuple[T, list[Call]]:
        calls: list[Call] = []
        with OperationRun(operation) as run:
            call = run.start()
            for answer in answers:
                assert call is not None, f"ended after {len(calls)} calls, with answers left: {answer}"
                calls.append(call)
                given = answer(call) if callable(answer) else answer
                if isinstance(given, Exception):
                    call = run.throw(as_thrown(call, given))
                    continue
                reply = Response(200, json=given)
                error = provider.error(call, reply)
                call = run.throw(error) if error is not None else run.send(reply)
            assert call is None, f"wants one more answer: {sent(call)}"
            return run.result, calls

    return run_it


class ScriptedEngine(Engine):
    """The engine, but for what is beyond it: each attempt is answered from a list, as `_drive` has it. Nothing is
    sent again by itself."""

    def __init__(self, provider: Etxt, answers: list[object]) -> None:
        clock = HandClock(NOW)
        session = Session(provider, Options(clock=clock))
        signer = Signer(provider, 1)
        super().__init__(session, BlockingRuntime(clock, 1), BlockingClient(signer, session.urls))
        self.answers = answers
        self.calls: list[Call] = []

    async def _send(
        self, call: Call, counters: list[Counter], witness: Witness | None, since: float | None
    ) -> Response:
        if witness is not None:
            await witness.sending(call)
        assert self.answers, f"wants one more answer: {sent(call)}"
        self.calls.append(call)
        answer = self.answers.pop(0)
        given = answer(call) if callable(answer) else answer
        if isinstance(given, Exception):
            raise as_thrown(call, given)
        reply = Response(200, json=given)
        failure = self.session.judge(call, reply, self.session.clock.now())
        if failure is not None:
            raise failure
        return reply


@pytest.fixture
def ask(provider: Etxt) -> Ask:
    """Asks for something through the core: what is looked for, waited for and sent again is as in a market."""

    def ask_it(what: Callable[[Account], Coroutine[Any, Any, T]], *answers: object) -> tuple[T, list[Call]]:
        engine = ScriptedEngine(provider, list(answers))
        try:
            result = drive(what(Account(AccountPort(engine), SpendingPolicy())))
        finally:
            drive(engine.close())
        assert not engine.answers, f"ended after {len(engine.calls)} calls, with answers left: {engine.answers}"
        return result, engine.calls

    return ask_it


def sent(call: Call) -> dict[str, str | Upload]:
    """What a call carries, its function included as ``method``."""
    pairs: list[tuple[str, str | Upload]] = [*call.query_pairs()]
    if call.form is not None:
        pairs += list(call.form.items() if isinstance(call.form, Mapping) else call.form)
    pairs += list(call.multipart or ())
    return dict(pairs)


@pytest.fixture(name="sent")
def _sent() -> Sent:
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
    return Submission(
        id="70", task_id="70", **provider.identity, worker=Worker(id="5"), status=SubmissionStatus.PENDING
    )
