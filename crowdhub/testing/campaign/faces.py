"""The two faces of the library, used alike: what a campaign asks of an account, by `Hub` or by `AsyncHub`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from typing import Literal, Protocol, TypeVar

from crowdhub import AsyncHub
from crowdhub.errors import CrowdhubError
from crowdhub.market import AsyncMarket
from crowdhub.model import Balance, Decision, Money, ReviewReport, Submission, Task, TaskDraft
from crowdhub.operations.spending import RecoverReport
from crowdhub.protocol import AnyProvider

T = TypeVar("T")

Face = Literal["sync", "async", "both"]


class CampaignClient(Protocol):
    """What a campaign does with an account; `Market` is one."""

    def publish(self, draft: TaskDraft, *, key: str | None = None) -> Task: ...
    def task(self, task: Task | str) -> Task: ...
    def tasks(self) -> Iterable[Task]: ...
    def balance(self) -> Balance: ...
    def submissions(self, task: Task | str, *, status: str | None = None) -> Iterable[Submission]: ...
    def review(self, decisions: Sequence[Decision]) -> ReviewReport: ...
    def pay_bonus(
        self, submission: Submission, amount: Money, reason: str, *, key: str | None = None
    ) -> Submission: ...
    def recover(self) -> RecoverReport: ...


class Cancelled(CrowdhubError):
    """The task was cancelled in the middle of its operation."""


class AwaitedHub:
    """An `AsyncHub` in an event loop that runs only while an operation does."""

    def __init__(self, hub: AsyncHub) -> None:
        self._hub = hub
        self._runner = asyncio.Runner()
        self._task: asyncio.Task[object] | None = None
        self._is_cancelled = False

    def client(self, account: str) -> AwaitedClient:
        return AwaitedClient(self, lambda: self._hub[account])

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """One operation, to its end. Raises `Cancelled` where `cancel` ended it."""
        self._is_cancelled = False
        try:
            return self._runner.run(self._main(work))
        except asyncio.CancelledError:
            if not self._is_cancelled:
                raise
            raise Cancelled("The task of this operation was cancelled.") from None

    async def _main(self, work: Callable[[], Awaitable[T]]) -> T:
        self._task = asyncio.current_task()
        try:
            return await work()
        finally:
            self._task = None

    def cancel(self) -> None:
        """Cancel the task of the operation that is under way, if one is; from any thread."""
        task = self._task
        if task is not None:
            self._is_cancelled = True
            task.get_loop().call_soon_threadsafe(task.cancel)

    def close(self) -> None:
        self._runner.run(self._hub.close())
        self._runner.close()


class AwaitedClient:
    """An account of an `AwaitedHub`."""

    def __init__(self, hub: AwaitedHub, market: Callable[[], AsyncMarket[AnyProvider]]) -> None:
        self._run = hub.run
        self._market = market

    def publish(self, draft: TaskDraft, *, key: str | None = None) -> Task:
        return self._run(lambda: self._market().publish(draft, key=key))

    def task(self, task: Task | str) -> Task:
        return self._run(lambda: self._market().task(task))

    def tasks(self) -> list[Task]:
        return self._run(lambda: _all(self._market().tasks()))

    def balance(self) -> Balance:
        return self._run(lambda: self._market().balance())

    def submissions(self, task: Task | str, *, status: str | None = None) -> list[Submission]:
        return self._run(lambda: _all(self._market().submissions(task, status=status)))

    def review(self, decisions: Sequence[Decision]) -> ReviewReport:
        return self._run(lambda: self._market().review(decisions))

    def pay_bonus(self, submission: Submission, amount: Money, reason: str, *, key: str | None = None) -> Submission:
        return self._run(lambda: self._market().pay_bonus(submission, amount, reason, key=key))

    def recover(self) -> RecoverReport:
        return self._run(lambda: self._market().recover())


async def _all(items: AsyncIterable[T]) -> list[T]:
    return [item async for item in items]
