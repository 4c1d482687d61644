"""Answers that a test prepares, in place of a marketplace: for one operation by hand, or for a whole account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from crowdhub.clock import Clock
from crowdhub.engine import http
from crowdhub.engine.client import Began
from crowdhub.engine.engine import Engine
from crowdhub.engine.runtime import BlockingRuntime, drive
from crowdhub.engine.session import Options, Session
from crowdhub.engine.transport import CALL
from crowdhub.ledger import Ledger
from crowdhub.model import Decision, Money, Submission, Task, TaskDraft
from crowdhub.operations.account import Account
from crowdhub.operations.port import AccountPort
from crowdhub.operations.spending import SpendingPolicy, publish
from crowdhub.protocol import AnyProvider, Call, Flow, Operation, OperationRun, Response, mapping

T = TypeVar("T")
Answer: TypeAlias = Exception | tuple[int, object] | dict[str, Any] | list[Any] | bytes
"""A body, a status and a body, or what is raised instead."""


class Play(Protocol):
    def __call__(self, operation: Operation[T] | Flow[T], *answers: Answer) -> tuple[list[Call], T]: ...


def response_of(answer: tuple[int, object] | dict[str, Any] | list[Any] | bytes) -> Response:
    status, body = answer if isinstance(answer, tuple) else (200, answer)
    return Response(status, content=body if isinstance(body, bytes) else json.dumps(body).encode())


def play(provider: AnyProvider, operation: Operation[T] | Flow[T], answers: Sequence[Answer]) -> tuple[list[Call], T]:
    """Run an operation on these answers; an exception is thrown into it. Returns its calls and its result."""
    calls: list[Call] = []
    with OperationRun(operation) as run:
        call = run.start()
        for answer in answers:
            assert call is not None, f"the operation ended after {len(calls)} calls"
            calls.append(call)
            if isinstance(answer, Exception):
                call = run.throw(answer)
                continue
            response = response_of(answer)
            error = provider.error(call, response)
            call = run.throw(error) if error is not None else run.send(response)
        assert call is None, f"the operation wants another call: {call}"
        return calls, run.result


def first_call(operation: Operation[T] | Flow[T]) -> Call:
    """What an operation sends first."""
    with OperationRun(operation) as run:
        call = run.start()
    assert call is not None, "the operation makes no call"
    return call


def body_of(call: Call) -> dict[str, Any]:
    """The JSON object that a call sends."""
    body = mapping(call.json)
    assert body is not None
    return body


class PreparedAccount:
    """An account with a ledger, whose marketplace gives these answers and no more. An exception is one of the HTTP
    library's. ``calls`` are those that were sent."""

    def __init__(self, provider: AnyProvider, clock: Clock, folder: Path, answers: Sequence[Answer]) -> None:
        self.calls: list[Call] = []
        self._left = list(answers)
        engine = Engine(Session(provider, Options(clock=clock)), BlockingRuntime(clock, 1), self)
        self.ledger = Ledger.open(folder / "ledger.sqlite3", clock=clock)
        self._account = Account(AccountPort(engine), SpendingPolicy(ledger=self.ledger))

    async def send(self, request: http.Request, began: Began) -> Response:
        self.calls.append(request.extensions[CALL])
        assert self._left, f"nothing was prepared for {self.calls[-1]}"
        answer = self._left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        response = response_of(answer)
        began(response.status_code)
        return response

    async def close(self) -> None: ...

    def run(self, operation: Operation[T], key: str | None = None) -> T:
        return drive(self._account.run(operation, key=key, amount=None))

    def publish(self, draft: TaskDraft, key: str | None = None) -> Task:
        """Publish a draft with the reference that it has."""
        return drive(publish(self._account.port, self._account.policy, draft, key, asked=draft))

    def pay_bonus(self, submission: Submission, amount: Money, reason: str, key: str | None = None) -> Submission:
        return drive(self._account.pay_bonus(submission, amount, reason, key))

    def extend(self, task: Task | str, slots: int, key: str | None = None, until: datetime | None = None) -> Task:
        return drive(self._account.extend(task, slots, until, None, key))

    def settle(self, decision: Decision) -> Submission:
        return drive(self._account.settle(decision))


class Prepared(Protocol):
    def __call__(self, *answers: Answer) -> PreparedAccount: ...
