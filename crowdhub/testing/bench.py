"""A provider on its own sandbox, driven in ordinary code, under asyncio or under trio. Nothing ever sleeps."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import anyio
import anyio.lowlevel

from crowdhub import AsyncHub, Hub
from crowdhub.clock import Clock
from crowdhub.market import Market
from crowdhub.model import Application, Capability, Submission, Task, TaskDraft
from crowdhub.protocol import Call, Provider
from crowdhub.sandbox import MarketSandbox, Sandbox
from crowdhub.testing.subject import Subject

WORLDS = ("sync", "asyncio", "trio") if find_spec("trio") else ("sync", "asyncio")
TIMEOUT = 5.0


class BenchClock(Clock):
    """The sandbox's own clock: waiting moves it, and so lets the marketplace go on."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._start = box.clock.now()

    def now(self) -> datetime:
        return self._box.clock.now()

    def monotonic(self) -> float:
        return (self.now() - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        _ = self._box.advance(seconds=seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
        await anyio.lowlevel.checkpoint()


class Bench:
    """One fresh sandbox with one account of the subject's provider. ``market`` is its market in ordinary code."""

    def __init__(self, subject: Subject, *, timeout: float = TIMEOUT, **options: Any) -> None:
        self.subject = subject
        self.name = subject.provider
        self.timeout = timeout
        self._options = {self.name: {**subject.sandbox_options, **options}}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.box = self._stack.enter_context(Sandbox(self.name, options=self._options))
        self.sandbox: MarketSandbox = self.box[self.name]
        self.clock = BenchClock(self.box)
        self.accounts = self.box.accounts
        self.market: Market[Any] = self._stack.enter_context(Hub(self.accounts, **self.settings))[self.name]
        self.provider: Provider[Any] = self.market.provider
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    @property
    def settings(self) -> dict[str, Any]:
        """What every hub here is opened with: no ledger, so that the provider alone is looked at."""
        return {"ledger": None, "clock": self.clock, "timeout": self.timeout}

    def do(self, world: str, operation: Callable[[Any], Any]) -> Any:
        """``operation`` on a market in one of the `WORLDS`; an iterator becomes a list."""
        if world == "sync":
            return listed(operation(self.market))

        async def main() -> Any:
            async with AsyncHub(self.accounts, **self.settings) as hub:
                result = operation(hub[self.name])
                if inspect.isawaitable(result):
                    return await result
                return [item async for item in result] if hasattr(result, "__aiter__") else result

        return anyio.run(main, backend=world)

    def other(self, **settings: Any) -> Hub:
        """A hub of the same account with other settings (a wrong key, say); close it."""
        return Hub({self.name: {**self.accounts[self.name], **settings}}, **self.settings)

    def place_of(self, call: Call) -> str:
        """A call as the path of a fault's rule, which meets no other operation."""
        query = urlencode(call.query_pairs())
        path = urlsplit(self.market._session.address(call)).path  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return re.escape(self.sandbox.operation(path, query)) + "$"

    # --- what the sandbox knows

    def requests(self) -> int:
        """How many API requests arrived so far."""
        return self.sandbox.request_count

    def charges(self) -> int:
        """How often the customer's balance was charged, deposits aside."""
        books = self.sandbox.books()
        return sum(1 for each in books.charges if each.kind != "deposit" and each.amount > 0)

    def taken(self) -> Decimal:
        """What was taken from the balance so far, less what was given back."""
        books = self.sandbox.books()
        return books.charged - books.refunded

    def payouts(self) -> int:
        """How many payments workers got."""
        return len(self.sandbox.books().payouts)

    def has(self, *capabilities: Capability) -> bool:
        return all(each in self.market.capabilities for each in capabilities)

    # --- setting the scene, in ordinary code

    def draft(self, slots: int = 1, **changes: Any) -> TaskDraft:
        """The subject's draft, of so many slots."""
        if self.subject.most_slots is not None and slots > self.subject.most_slots:
            raise ValueError(f"a task of {self.name} has at most {self.subject.most_slots} slots")
        if slots != 1:
            changes["slots"] = slots
        return self.subject.draft().copy_with(**changes)

    def publish(self, slots: int = 1, **changes: Any) -> Task:
        return self.market.publish(self.draft(slots, **changes))

    def pending(self, count: int = 1) -> list[Submission]:
        """So many pending submissions: on one task where it can have the slots, else on one task each."""
        most = self.subject.most_slots or count
        found: list[Submission] = []
        while len(found) < count:
            part = min(most, count - len(found))
            task = self.publish(part)
            self.subject.hand_in(self.sandbox, task.id, part)
            found.extend(self.of(task))
        return found

    def of(self, task: Task | str) -> list[Submission]:
        """The submissions of a task as the market lists them."""
        return list(self.market.submissions(task))

    def again(self, submission: Submission) -> Submission:
        """A submission as it is listed now."""
        return next(each for each in self.of(submission.task_id) if each.id == submission.id)

    def applications(self, count: int = 1) -> list[Application]:
        """So many applications for one new task."""
        task = self.publish()
        self.subject.apply(self.sandbox, task.id, count)
        return list(self.market.applications(task))


def listed(result: Any) -> Any:
    return list(result) if inspect.isgenerator(result) else result
