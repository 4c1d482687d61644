"""A port whose answers are said beforehand: an operation's procedure is driven by hand, without HTTP and waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from crowdhub.clock import Clock
from crowdhub.engine.engine import Witness
from crowdhub.engine.runtime import Pending
from crowdhub.errors import CrowdhubError
from crowdhub.model import Money
from crowdhub.operations.port import Port
from crowdhub.protocol import AnyProvider, Call, Operation, RateLimit

T = TypeVar("T")
E = TypeVar("E", bound=CrowdhubError)


class ScriptedPort:
    """``answers`` maps the name of an operation to what it comes to, run by run: a value, or an error to raise."""

    def __init__(self, provider: AnyProvider, clock: Clock, **answers: Sequence[object]) -> None:
        self.provider = provider
        self.clock = clock
        self.requests = 0
        self.ran: list[str] = []
        self.slept: list[float] = []
        self.told: tuple[Money, datetime] | None = None
        self._answers = {name: list(given) for name, given in answers.items()}

    async def run(self, operation: Operation[T], witness: Witness | None = None) -> T:
        operation.taken()
        self.requests += 1
        self.ran.append(operation.name)
        left = self._answers.get(operation.name, [])
        assert left, f"{operation.name} was run more often than expected ({self.ran})"
        answer = left.pop(0)
        if isinstance(answer, CrowdhubError):
            raise answer
        return cast("T", answer)

    def start(self, operation: Operation[T]) -> Pending[T]:
        raise NotImplementedError

    async def side_by_side(
        self, works: Sequence[Callable[[], Awaitable[T]]], done: Callable[[], None] | None = None
    ) -> list[T | CrowdhubError]:
        found: list[Any] = []
        for work in works:
            try:
                found.append(await work())
            except CrowdhubError as error:
                found.append(error)
            if done is not None:
                done()
        return found

    def check_open(self) -> None:
        """It is never closed."""

    def start_work(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Pending[T]:
        raise NotImplementedError

    async def first_of(self, pending: Sequence[Pending[Any]]) -> int:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def blocking(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        return work()

    async def checkpoint(self) -> None:
        """Nobody cancels it."""

    def refused_by_limit(self, call: Call) -> str | None:
        del call
        return None

    def calls_left(self, limits: Sequence[RateLimit]) -> int | None:
        return None

    def told_balance(self) -> tuple[Money, datetime] | None:
        return self.told

    @property
    def has_loop(self) -> bool:
        return False

    def described(self, error: E) -> E:
        return error

    def counting(self) -> Port:
        return self
