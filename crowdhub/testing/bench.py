"""A provider on its own sandbox, driven in ordinary code, under asyncio or under trio. Nothing ever sleeps."""

from __future__ import annotations

import inspect
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias, cast
from urllib.parse import urlencode, urlsplit

import anyio
from starlette.requests import Request

from crowdhub import AsyncHub, Hub
from crowdhub.engine.session import Session
from crowdhub.ledger import Intent
from crowdhub.market import AsyncMarket, Market
from crowdhub.model import Application, Capability, Submission, Task, TaskDraft
from crowdhub.protocol import AnyProvider, Call
from crowdhub.sandbox import Fault, MarketSandbox, Sandbox
from crowdhub.sandbox.registry import load_sandbox
from crowdhub.testing.moved import Since
from crowdhub.testing.subject import Subject

WORLDS = ("sync", "asyncio", "trio") if find_spec("trio") else ("sync", "asyncio")
TIMEOUT = 5.0
MAX_WAIT = 120.0  # of the sandbox's time: more than a limit of one call a minute makes one wait
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a ledger there need not survive, and waits for no disk

Either: TypeAlias = Market[AnyProvider] | AsyncMarket[AnyProvider]
Ask: TypeAlias = Callable[[Either], object]
"""What an application asks of a market, whichever kind it has."""


class Bench:
    """One fresh sandbox with one account of the subject's provider, and a ledger, as an application has it.

    ``market`` is its market in ordinary code; ``scene`` is another program's, which keeps no ledger: it sets the scene
    and looks at what became of it. ``options`` are the sandbox's.
    """

    def __init__(self, subject: Subject, *, timeout: float = TIMEOUT, **options: object) -> None:
        self.subject = subject
        self.name = subject.provider
        self.timeout = timeout
        self._options = {self.name: {**subject.played_options, **options}}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.box = self._stack.enter_context(Sandbox(_sandbox_of(self.name), options=self._options))
        self.sandbox: MarketSandbox = self.box[self.name]
        self.clock = self.box.clock
        self.account: Mapping[str, object] = self.box.accounts[self.name]
        folder = str(IN_MEMORY) if os.access(IN_MEMORY, os.W_OK) else None
        self._folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="crowdhub-kit-", dir=folder))
        self.market: Market[AnyProvider] = self._stack.enter_context(self.hub())[self.name]
        self.provider: AnyProvider = self.market.provider
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    # --- asking

    @cached_property
    def scene(self) -> Market[AnyProvider]:
        return self._stack.enter_context(self.hub(ledger=None))[self.name]

    def hub(self, *, ledger: str | None = "ledger", account: Mapping[str, object] | None = None) -> Hub:
        """A hub of the account, or of one with other settings; close it. Another ``ledger``: as on another machine."""
        return Hub({self.name: account or self.account}, **self._settings(ledger))

    def _settings(self, ledger: str | None = "ledger") -> dict[str, Any]:
        path = None if ledger is None else f"{self._folder}/{ledger}.sqlite3"
        return {"ledger": path, "clock": self.clock, "timeout": self.timeout, "max_wait": MAX_WAIT}

    def do(self, world: str, ask: Ask, account: Mapping[str, object] | None = None) -> object:
        """What an application gets in one of the `WORLDS`; an iterator becomes a list. ``account``: with these
        settings instead."""
        if world == "sync":
            if account is None:
                return _listed(ask(self.market))
            with self.hub(account=account) as hub:
                return _listed(ask(hub[self.name]))

        async def main() -> object:
            async with AsyncHub({self.name: account or self.account}, **self._settings()) as hub:
                result = ask(hub[self.name])
                if inspect.isawaitable(result):
                    return await cast("Awaitable[object]", result)
                if isinstance(result, AsyncIterator):
                    return [item async for item in cast("AsyncIterator[object]", result)]
                return result

        return anyio.run(main, backend=world)

    @property
    def session(self) -> Session:
        """The account as the engine knows it: its token, and where calls go."""
        return self.market._engine.session  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    # --- what goes wrong

    def spoil(self, fault: Fault, call: Call, times: int | None = 1) -> None:
        """Let a call go wrong, and no other operation of the marketplace."""
        method, place = self._place_of(call)
        self.sandbox.faults.add(fault, method=method, path=f"^{re.escape(place)}$", times=times)

    def spoil_request(self, fault: Fault, number: int) -> None:
        """Let one of the next requests go wrong, whatever it is; 0 is the first."""
        self.sandbox.faults.clear()
        self.sandbox.faults.add(fault, skip=number)

    def can_tell_apart(self, one: Call, other: Call) -> bool:
        """Whether a fault can be aimed at one of two calls alone."""
        return self._place_of(one) != self._place_of(other)

    def _place_of(self, call: Call) -> tuple[str, str]:
        """A call's method, and its path with the operation's name behind it where the sandbox has such names."""
        path = urlsplit(self.session.address(call)).path
        headers = [(name.lower().encode(), value.encode()) for name, value in (call.headers or {}).items()]
        query = urlencode(call.query_pairs()).encode()
        request = {"type": "http", "method": call.method, "path": path, "query_string": query, "headers": headers}
        return call.method, path + (self.sandbox.operation_of(Request(request)) or "")

    # --- what the sandbox knows

    def requests(self) -> int:
        """How many API requests arrived so far."""
        return self.sandbox.request_count

    def asked(self, since: int) -> str:
        """The API requests that arrived after the first ``since``, in words."""
        api = [each for each in self.sandbox.requests if self.sandbox.is_api(each.path)]
        named = [(each.method, each.path, each.operation) for each in api[since:]]
        return ", ".join(" ".join(filter(None, each)) for each in named) or "none"

    def since(self) -> Since:
        """The sandbox's books from now on."""
        return Since(self.sandbox)

    def entries(self) -> dict[str, Intent]:
        """What the ledger has, by the entries' ids."""
        ledger = self.market.ledger
        assert ledger is not None
        return {each.id: each for each in ledger.report.entries()}

    def agree(self) -> None:
        """The sandbox's books must balance."""
        assert self.sandbox.books().agree(), self.sandbox.books().problems()

    def has(self, *capabilities: Capability) -> bool:
        return all(each in self.market.capabilities for each in capabilities)

    # --- setting the scene

    def draft(self, slots: int = 1, **changes: object) -> TaskDraft:
        """The subject's draft, of so many slots."""
        if self.subject.most_slots is not None and slots > self.subject.most_slots:
            raise ValueError(f"a task of {self.name} has at most {self.subject.most_slots} slots")
        if slots != 1:
            changes["slots"] = slots
        return self.subject.draft().copy_with(**changes)

    def publish(self, slots: int = 1, **changes: object) -> Task:
        return self.scene.publish(self.draft(slots, **changes))

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

    def tasks(self) -> set[str] | None:
        """The ids of all tasks; None where they cannot be listed."""
        return {each.id for each in self.scene.tasks()} if self.has(Capability.TASKS) else None

    def of(self, task: Task | str) -> list[Submission]:
        """The submissions of a task as the market lists them."""
        return list(self.scene.submissions(task))

    def again(self, submission: Submission) -> Submission:
        """A submission as it is listed now."""
        return next(each for each in self.of(submission.task_id) if each.id == submission.id)

    def applications(self, count: int = 1) -> list[Application]:
        """So many applications for one new task."""
        task = self.publish()
        self.subject.apply(self.sandbox, task.id, count)
        return list(self.scene.applications(task))


@cache
def _sandbox_of(name: str) -> type[MarketSandbox]:
    """Looked up among what is installed once: there are hundreds of benches in a run."""
    return load_sandbox(name)


def _listed(result: object) -> object:
    return list(cast("Any", result)) if inspect.isgenerator(result) else result
