"""A whole procedure by hand: what the market does around an operation (looking, settling, sending again), call by call.

The port suspends at each call, so that the procedure becomes a flow like any other, and a test answers its calls.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

from crowdhub.engine import http
from crowdhub.engine.client import Began
from crowdhub.engine.engine import Engine, Witness
from crowdhub.engine.runtime import BlockingRuntime
from crowdhub.engine.session import Counter, Options, Session
from crowdhub.model import Decision, Submission
from crowdhub.operations.port import AccountPort
from crowdhub.operations.settling import settle_once
from crowdhub.operations.spending import DecisionTill, SpendingPolicy, run
from crowdhub.protocol import AnyProvider, Call, Flow, Operation, Response
from tests.support.hand_clock import HandClock

T = TypeVar("T")


class _Asked:
    """Suspends the procedure until the test answers this call."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __await__(self) -> Generator[Call, Response, Response]:
        return (yield self._call)


class _NoClient:
    async def send(self, request: http.Request, began: Began) -> Response:
        raise AssertionError("nothing is sent by hand")

    async def close(self) -> None: ...


class HandEngine(Engine):
    """Asks the test instead of the network."""

    async def _send(
        self, call: Call, counters: list[Counter], witness: Witness | None, since: float | None
    ) -> Response:
        if witness is not None:
            await witness.sending(call)
        for counter in counters:
            counter.requests += 1
        return await _Asked(call)


def hand_port(provider: AnyProvider) -> AccountPort:
    clock = HandClock()
    session = Session(provider, Options(clock=clock))
    return AccountPort(HandEngine(session, BlockingRuntime(clock, 1), _NoClient()))


def as_operation(name: str, work: Coroutine[Any, Any, T]) -> Operation[T]:
    """A procedure over a `hand_port`, as an operation that a test drives."""

    def flow() -> Flow[T]:
        return (yield from work.__await__())

    return Operation(name, flow, {})


def spent(provider: AnyProvider, operation: Operation[T], key: str | None = None) -> Operation[T]:
    """What ``market.run(operation, key=key)`` does, without a ledger."""
    work = run(hand_port(provider), SpendingPolicy(), operation, key=key, amount=None)
    return as_operation(operation.name, work)


def settled(provider: AnyProvider, decision: Decision) -> Operation[Submission]:
    """What ``market.approve``, ``reject`` and ``request_redo`` do."""
    work = settle_once(hand_port(provider), decision, DecisionTill(SpendingPolicy()))
    return as_operation(decision.verdict.value, work)
