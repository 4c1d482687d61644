"""What operations stand on: one account that answers, and the runtime to wait with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from crowdhub.clock import Clock
from crowdhub.engine.engine import Engine, Witness
from crowdhub.engine.runtime import BlockingRuntime, Pending, hub_closed
from crowdhub.engine.session import Counter
from crowdhub.engine.unpaid import Unpaid
from crowdhub.errors import CrowdhubError
from crowdhub.model import Money
from crowdhub.protocol import AnyProvider, Call, Operation, RateLimit

T = TypeVar("T")
E = TypeVar("E", bound=CrowdhubError)


class Port(Protocol):
    """One account, as the operations see it. `AccountPort` is the real one; a prover has its own."""

    @property
    def provider(self) -> AnyProvider: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def requests(self) -> int:
        """How many requests were sent through this port."""
        ...

    async def run(self, operation: Operation[T], witness: Witness | None = None) -> T:
        """Run an operation of the provider; without a ``witness`` nothing in it may take money. Raises a
        `CrowdhubError`."""
        ...

    def start(self, operation: Operation[T]) -> Pending[T]:
        """Run one in the background."""
        ...

    async def side_by_side(
        self, works: Sequence[Callable[[], Awaitable[T]]], done: Callable[[], None] | None = None
    ) -> list[T | CrowdhubError]:
        """Carry out several procedures at the same time. ``done`` is called after each; what it raises keeps the others
        from beginning."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    async def blocking(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        """Do what may wait on a disk or a database. ``abandon``: a cancelled caller does not wait for its end."""
        ...

    async def checkpoint(self) -> None:
        """A cancelled caller ends here, where nothing has begun yet."""
        ...

    def calls_left(self, limits: Sequence[RateLimit]) -> int | None:
        """The calls left in the present window; None where there is no limit. May wait on a database."""
        ...

    def refused_by_limit(self, call: Call) -> str | None:
        """Why a call would not be sent now, in a sentence, where it would wait for longer than it may. May wait on a
        database; uses nothing of the limit."""
        ...

    def told_balance(self) -> tuple[Money, datetime] | None:
        """What the last answer told of the account's money, and when; None where nothing did, or something that may
        change it was sent since."""
        ...

    def start_work(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Pending[T]:
        """Run something in the background."""
        ...

    async def first_of(self, pending: Sequence[Pending[Any]]) -> int:
        """Wait until one of them has ended; its place."""
        ...

    @property
    def has_loop(self) -> bool:
        """Whether it is awaited under an event loop."""
        ...

    def described(self, error: E) -> E:
        """The error with the account's evidence filled in and every secret taken out."""
        ...

    def check_open(self) -> None:
        """Raises `ConfigurationError` where the hub was closed."""
        ...

    def counting(self) -> Port:
        """The same account, with a count of requests of its own."""
        ...


class AccountPort:
    """One account over its engine. ``counter`` counts what is sent through this port (None: all that the engine
    sends)."""

    def __init__(self, engine: Engine, counter: Counter | None = None) -> None:
        self._engine = engine
        self._counter = counter

    @property
    def provider(self) -> AnyProvider:
        return self._engine.session.provider

    @property
    def clock(self) -> Clock:
        return self._engine.session.clock

    @property
    def requests(self) -> int:
        return (self._counter or self._engine.session.counter).requests

    async def run(self, operation: Operation[T], witness: Witness | None = None) -> T:
        return await self._engine.run(operation, witness or Unpaid(operation.name), self._counter)

    def start(self, operation: Operation[T]) -> Pending[T]:
        def work() -> Coroutine[Any, Any, T]:
            return self.run(operation)

        return self._engine.runtime.start(work)

    def start_work(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Pending[T]:
        return self._engine.runtime.start(work)

    async def first_of(self, pending: Sequence[Pending[Any]]) -> int:
        return await self._engine.runtime.first_of(pending)

    async def side_by_side(
        self, works: Sequence[Callable[[], Awaitable[T]]], done: Callable[[], None] | None = None
    ) -> list[T | CrowdhubError]:
        return await self._engine.runtime.side_by_side(works, done)

    async def sleep(self, seconds: float) -> None:
        await self._engine.runtime.sleep(seconds)

    async def blocking(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        return await self._engine.runtime.blocking(work, abandon=abandon)

    async def checkpoint(self) -> None:
        await self._engine.runtime.checkpoint()

    def calls_left(self, limits: Sequence[RateLimit]) -> int | None:
        return self._engine.session.gate.left(limits)

    def refused_by_limit(self, call: Call) -> str | None:
        return self._engine.session.refused_by_limit(call)

    def told_balance(self) -> tuple[Money, datetime] | None:
        return self._engine.session.told.last

    @property
    def has_loop(self) -> bool:
        return not isinstance(self._engine.runtime, BlockingRuntime)

    def described(self, error: E) -> E:
        return self._engine.session.described(error)

    def check_open(self) -> None:
        if self._engine.is_closed:
            raise hub_closed()

    def counting(self) -> Port:
        return AccountPort(self._engine, Counter())


def general_limits(provider: AnyProvider) -> list[RateLimit]:
    """The request limits that stand before every call."""
    return [limit for limit in provider.rate_limits if limit.what is None]


def identity_of(provider: AnyProvider) -> dict[str, str]:
    """The account, as the ledger names it."""
    return {"provider": provider.name, "account": provider.account, "environment": provider.environment}
