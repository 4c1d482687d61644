"""The asynchronous market: the same names as the synchronous one, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar, overload

from crowdhub.engine import download
from crowdhub.engine.engine import loop_engine
from crowdhub.engine.runtime import each
from crowdhub.engine.session import Session
from crowdhub.market.base import MarketBase, P
from crowdhub.market.watch import AsyncWatch
from crowdhub.model import (
    Application,
    Balance,
    Decision,
    DueReport,
    File,
    Money,
    ProviderOptions,
    PublishReport,
    Quote,
    ReviewReport,
    Submission,
    SubmissionStatus,
    Task,
    TaskDraft,
    TaskStatus,
    Worker,
)
from crowdhub.operations.account import Batches, RequestBudget
from crowdhub.operations.checks import OnUnsupported
from crowdhub.operations.spending import DryRun, RecoverReport, SpendingPolicy
from crowdhub.operations.watching import PATIENCE
from crowdhub.protocol import Operation

T = TypeVar("T")


class AsyncMarket(MarketBase[P]):
    """One account of one marketplace, from asyncio or trio. Belongs to one event loop.

    Every method that sends raises the errors of `crowdhub.errors`; one that the marketplace does not have
    raises `NotSupported` before any request.
    """

    def __init__(
        self,
        provider: P,
        session: Session,
        *,
        on_unsupported: OnUnsupported = "error",
        policy: SpendingPolicy | None = None,
    ) -> None:
        super().__init__(provider, loop_engine(session), policy or SpendingPolicy(), on_unsupported)

    def _iterate(self, batches: Batches[T]) -> AsyncIterator[T]:
        return each(self.operations.described_batches(batches))

    async def run(self, operation: Operation[T], *, key: str | None = None, amount: Money | None = None) -> T:
        """Run any operation of the provider: ``market.run(market.provider.something(…))``.

        What it spends is in the ledger. With a ``key``, the same operation with the same content is carried out
        once: the first result comes back. ``amount``: the most that it may cost, for the budget.
        """
        return await self.operations.described(self.operations.run(operation, key=key, amount=amount))

    # --- asking ---------------------------------------------------------------------------------------------

    async def estimate(self, draft: TaskDraft) -> Quote:
        """What publishing will take from the balance, commission included where it is known."""
        return await self.operations.described(self.operations.estimate(draft))

    @overload
    async def publish(self, draft: TaskDraft, *, key: str | None = None, dry_run: Literal[False] = False) -> Task: ...
    @overload
    async def publish(self, draft: TaskDraft, *, key: str | None = None, dry_run: Literal[True]) -> DryRun: ...
    async def publish(self, draft: TaskDraft, *, key: str | None = None, dry_run: bool = False) -> Task | DryRun:
        """Publish a draft: it is charged at once. The same ``key`` never publishes twice.

        A lost answer is looked for at the marketplace; what it made comes back with ``replayed=True``.
        ``dry_run=True`` publishes nothing and says what would be sent, what it would cost, and what is in its way
        (``obstacles``): the key, the budget, the balance, which is asked for, the request limit.

        Raises `NotSupported` and `InvalidRequest` (nothing was sent; also for a key that stands for another
        task), `BudgetExceeded`, `NotConfirmed`, `InsufficientFunds`, `PermissionDenied` (the marketplace's own
        rules), and `OutcomeUnknown` where it cannot be told whether it was published: nothing is sent again then.
        """
        if dry_run:
            return await self.operations.described(self.operations.dry_run(draft, key))
        return await self.operations.described(self.operations.publish(draft, key))

    async def publish_many(self, drafts: Sequence[tuple[str, TaskDraft]]) -> PublishReport:
        """Publish many drafts, each under its key: ``[("k1", draft), ("k2", draft), …]``. One outcome each.

        One that fails keeps none of the others from being published; run again with the same keys, it carries on, and
        what is done comes back without a request. The drafts go out one after another. The marketplace is looked
        through once for all keys, so N drafts take at most N + 2 requests where a publish is one and tells the balance.
        ``confirm`` is asked once, with the sum; a batch whose sum does not fit the budget is refused as a whole, before
        any request.

        Raises `InvalidRequest` naming every bad draft and every key that is given twice, before any request; everything
        else is in the report.
        """
        return await self.operations.described(self.operations.publish_many(drafts))

    async def task(self, task: Task | str) -> Task:
        """A task as it stands now, by itself or its id."""
        return await self.operations.described(self.operations.task(task))

    def tasks(self, *, status: TaskStatus | str | None = None) -> AsyncIterator[Task]:
        """The account's tasks, all of them or those in one status."""
        return self._iterate(self.operations.tasks(status))

    async def cancel(self, task: Task | str) -> Task:
        """Take a task off the market. What is handed in already is still to be reviewed."""
        return await self.operations.described(self.operations.cancel(task))

    async def extend(
        self,
        task: Task | str,
        *,
        slots: int | None = None,
        until: datetime | None = None,
        amount: Money | None = None,
        key: str | None = None,
    ) -> Task:
        """Give a task so many places more, time until a moment, or both.

        New places take money: they are budgeted, confirmed and in the ledger, and the same ``key`` never adds them
        twice. ``amount``: the most that they may cost, where it does not follow from the task. A task of which only
        the id is given is read first.

        Raises `InvalidRequest` for what the marketplace cannot extend, `OutcomeUnknown` where the answer was lost.
        """
        return await self.operations.described(self.operations.extend(task, slots, until, amount, key))

    async def pause(self, task: Task | str) -> Task:
        """Take a task off the market until it is resumed."""
        return await self.operations.described(self.operations.pause(task))

    async def resume(self, task: Task | str) -> Task:
        """Put a paused task back on the market."""
        return await self.operations.described(self.operations.resume(task))

    async def balance(self) -> Balance:
        """The money on the account: what can be spent, with what is held and other currencies where that is told."""
        return await self.operations.described(self.operations.balance())

    async def request_budget(self) -> RequestBudget:
        """The requests that are left in the marketplace's limit at this moment."""
        return await self.operations.described(self.operations.request_budget())

    # --- the work -------------------------------------------------------------------------------------------

    def submissions(
        self, task: Task | str, *, status: SubmissionStatus | str | None = None
    ) -> AsyncIterator[Submission]:
        """A task's submissions, all of them or those in one status, each once.

        Fetches the next page while you use the present one. Nothing is lost or repeated when you settle
        submissions as you read.
        """
        return self._iterate(self.operations.submissions(task, status))

    def watch(
        self,
        tasks: Sequence[Task | str],
        *,
        status: SubmissionStatus | str | None = "pending",
        interval: float = 30.0,
        rounds: int | None = None,
        patience: float = PATIENCE,
        resume: str | None = None,
    ) -> AsyncWatch:
        """New submissions of these tasks as they come, each once; every ``interval`` seconds a round.

        A round asks how the tasks stand, in the fewest requests, and lists only those that may show more than was
        handed out. With the status ``pending`` also what the marketplace settled by itself, or somebody else did,
        before it could be handed out: marked ``settled_unseen``. Ends when all tasks have ended and everything that
        they count was listed, or after ``rounds``. What fails in a round is made up for in the next one:
        ``watch.problems`` has it, and it is raised only after ``patience`` seconds without one good round, or in the
        last of the ``rounds``; whoever asks for the next one then goes on. ``watch.add`` and ``drop`` change the tasks.

        With ``resume="a name"`` its place is kept in the ledger: a program that is started again neither loses nor
        repeats. What was handed out last, and nothing was asked for after it, comes again. One program at a time.

        Raises `NotFound` for a task that is not there, and `InvalidRequest`.
        """
        return AsyncWatch(*self.operations.watch(tasks, status, interval, rounds, patience, resume))

    async def approve(
        self, submission: Submission, note: str | None = None, *, options: Iterable[ProviderOptions] = ()
    ) -> Submission:
        """Accept the work and pay for it. Approved before: a success, marked ``replayed``.

        ``options``: what a single marketplace wants to know besides, as in a `Decision`. Raises `Conflict` where it
        was settled the other way.
        """
        return await self.operations.described(
            self.operations.settle(Decision.approve(submission, note, options=options))
        )

    async def reject(
        self, submission: Submission, reason: str, *, options: Iterable[ProviderOptions] = ()
    ) -> Submission:
        """Refuse the work; nothing is paid. Rejected before: a success, marked ``replayed``.

        ``options``: what a single marketplace wants to know besides (a category, say), as in a `Decision`. Raises
        `InvalidRequest` without a reason, `Conflict` where it was settled the other way.
        """
        return await self.operations.described(
            self.operations.settle(Decision.reject(submission, reason, options=options))
        )

    async def request_redo(
        self, submission: Submission, reason: str, *, options: Iterable[ProviderOptions] = ()
    ) -> Submission:
        """Send the work back to its worker, with what to do better."""
        return await self.operations.described(
            self.operations.settle(Decision.redo(submission, reason, options=options))
        )

    async def review(
        self, decisions: Sequence[Decision], *, progress: Callable[[int], None] | None = None
    ) -> ReviewReport:
        """Carry out many decisions in the fewest calls that are safe; never stops midway, can be run again.

        The report has one outcome for each decision, in their order. ``progress`` is called with the number
        of decisions just done. Raises `InvalidRequest` naming every bad decision, before anything is sent.
        """
        return await self.operations.described(self.operations.review(decisions, progress))

    async def due(self, *, within: timedelta | None = None) -> DueReport:
        """Work that the marketplace will approve, and pay for, by itself ``within`` that time (None: whenever), soonest
        first, with the sum of money. What should have been settled by now is among it.

        Lists the tasks, then the pending work of each that has any. A marketplace that does not tell such moments is
        named in ``untold`` with the reason, and not asked.
        """
        return await self.operations.described(self.operations.due(within))

    async def pay_bonus(
        self, submission: Submission, amount: Money, reason: str, *, key: str | None = None
    ) -> Submission:
        """Pay a worker extra. The same ``key`` never pays twice.

        Raises `OutcomeUnknown` where it cannot be told whether it was paid: nothing is sent again then.
        """
        return await self.operations.described(self.operations.pay_bonus(submission, amount, reason, key))

    async def download(
        self, files: Submission | File, folder: str | Path, *, max_bytes: int = download.MAX_BYTES
    ) -> list[Path]:
        """Save the files of a submission (or one of them) in ``folder``; each at most ``max_bytes``.

        Sends no credentials. Links can expire: download soon. Raises `InvalidRequest` for a link that leads to a
        private address or a file that is too large, `NotFound` for a link that no longer works.
        """
        return await self.operations.described(self.operations.download(files, folder, max_bytes))

    # --- the people -----------------------------------------------------------------------------------------

    async def message(self, worker: Worker | Submission | str, text: str) -> None:
        """Write to a worker, named by a `Worker`, an id, or a submission of theirs."""
        return await self.operations.described(self.operations.message(worker, text))

    async def worker(self, worker: Worker | Submission | str) -> Worker:
        """A worker's profile, by id."""
        return await self.operations.described(self.operations.worker(worker))

    async def block(self, worker: Worker | Submission | str, reason: str | None = None) -> Worker:
        """Keep a worker away from this account's tasks. Blocked before: a success."""
        return await self.operations.described(self.operations.block(worker, reason))

    async def unblock(self, worker: Worker | Submission | str) -> Worker:
        """Let a blocked worker work again. Not blocked: a success."""
        return await self.operations.described(self.operations.unblock(worker))

    def blocked_workers(self) -> AsyncIterator[Worker]:
        """The workers that are blocked."""
        return self._iterate(self.operations.blocked_workers())

    def applications(self, task: Task | str) -> AsyncIterator[Application]:
        """Who asks to be given a task."""
        return self._iterate(self.operations.applications(task))

    async def accept(self, application: Application, *, amount: Money | None = None) -> Application:
        """Give the task to this worker.

        ``amount``: the most that it takes. A budget asks for it where accepting may take money (eTXT); what was counted
        when the task was published need not be counted again: ``Money("0", "RUB")``.
        """
        return await self.operations.described(self.operations.accept(application, amount))

    async def decline(self, application: Application) -> Application:
        """Refuse this worker."""
        return await self.operations.described(self.operations.decline(application))

    async def recover(self) -> RecoverReport:
        """Settle what an earlier process left open, by asking the marketplace; unfinished reviews are carried on.

        Nothing that spends is sent again: what was not done is said to be so, and its key is free.
        """
        return await self.operations.described(self.operations.recover())

    async def close(self) -> None:
        """Close the connections. The hub does it for its markets."""
        await self._engine.close()
