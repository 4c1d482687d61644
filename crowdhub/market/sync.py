"""The synchronous market."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeVar, overload

from crowdhub.engine import download
from crowdhub.engine.session import Session
from crowdhub.engine.sync import Engine
from crowdhub.market.base import MarketBase, P, RequestBudget
from crowdhub.model import (
    Application,
    Decision,
    File,
    Money,
    Quote,
    ReviewReport,
    Submission,
    SubmissionStatus,
    Task,
    TaskDraft,
    TaskStatus,
    Worker,
)
from crowdhub.operations import checks, publishing, recovering, reviewing, running, watching
from crowdhub.operations.checks import OnUnsupported
from crowdhub.operations.drive import drive, iterate
from crowdhub.operations.paging import all_items
from crowdhub.operations.publishing import DryRun
from crowdhub.operations.recovering import RecoverReport
from crowdhub.operations.spending import Guard
from crowdhub.operations.watching import Watch
from crowdhub.protocol import Flow

T = TypeVar("T")


class Market(MarketBase[P]):
    """One account of one marketplace, from ordinary code. Safe to use from several threads.

    Every method that sends raises the errors of `crowdhub.errors`; one that the marketplace does not have
    raises `NotSupported` before any request.
    """

    def __init__(
        self,
        provider: P,
        session: Session,
        *,
        on_unsupported: OnUnsupported = "error",
        guard: Guard | None = None,
    ) -> None:
        super().__init__(provider, session, on_unsupported=on_unsupported, guard=guard)
        self._engine = Engine(session)

    def run(self, flow: Flow[T], *, key: str | None = None, amount: Money | None = None) -> T:
        """Run any operation of the provider: ``market.run(market.provider.something(…))``.

        What it spends is in the ledger. With a ``key``, the same operation with the same content is carried out
        once: the first result comes back. ``amount``: the most that it may cost, for the budget.
        """
        return drive(self._engine, running.run(self._provider, self._guard, flow, key=key, amount=amount))

    # --- asking ---------------------------------------------------------------------------------------------

    def estimate(self, draft: TaskDraft) -> Quote:
        """What publishing will take from the balance, commission included where it is known."""
        return self._engine.run(self._provider.estimate(self.check(draft)))

    @overload
    def publish(self, draft: TaskDraft, *, key: str | None = None, dry_run: Literal[False] = False) -> Task: ...
    @overload
    def publish(self, draft: TaskDraft, *, key: str | None = None, dry_run: Literal[True]) -> DryRun: ...
    def publish(self, draft: TaskDraft, *, key: str | None = None, dry_run: bool = False) -> Task | DryRun:
        """Publish a draft: it is charged at once. The same ``key`` never publishes twice.

        A lost answer is looked for at the marketplace; what it made comes back with ``replayed=True``.
        ``dry_run=True`` sends nothing and says what would be sent and what it would cost.

        Raises `NotSupported` and `InvalidRequest` (nothing was sent; also for a key that stands for another
        task), `BudgetExceeded`, `NotConfirmed`, `InsufficientFunds`, `PermissionDenied` (the marketplace's own
        rules), and `OutcomeUnknown` where it cannot be told whether it was published: nothing is sent again then.
        """
        ready = publishing.with_reference(self._provider, self.check(draft), key)
        if dry_run:
            return drive(self._engine, publishing.dry_run(self._provider, ready))
        return drive(self._engine, publishing.publish(self._provider, self._guard, ready, key))

    def task(self, task: Task | str) -> Task:
        """A task as it stands now, by itself or its id."""
        return self._engine.run(self._provider.task(checks.task_id_of(self._provider, task)))

    def tasks(self, *, status: TaskStatus | str | None = None) -> Iterator[Task]:
        """The account's tasks, all of them or those in one status."""
        wanted = checks.checked_status(status, TaskStatus)
        return iterate(self._engine, all_items(lambda: self._provider.tasks(wanted)))

    def cancel(self, task: Task | str) -> Task:
        """Take a task off the market. What is handed in already is still to be reviewed."""
        return self._engine.run(self._provider.cancel(checks.task_id_of(self._provider, task)))

    def balance(self) -> Money:
        """The money on the account."""
        return self._engine.run(self._provider.balance())

    def request_budget(self) -> RequestBudget:
        """The requests that are left in the marketplace's limit at this moment."""
        return self._request_budget()

    # --- the work -------------------------------------------------------------------------------------------

    def submissions(self, task: Task | str, *, status: SubmissionStatus | str | None = None) -> Iterator[Submission]:
        """A task's submissions, all of them or those in one status, each once.

        Fetches the next page while you use the present one. Nothing is lost or repeated when you settle
        submissions as you read.
        """
        task_id = checks.task_id_of(self._provider, task)
        wanted = checks.checked_status(status, SubmissionStatus)
        script = all_items(lambda: self._provider.submissions(task_id, wanted), settled=self._count_settled)
        return iterate(self._engine, script)

    def watch(
        self,
        tasks: Sequence[Task | str],
        *,
        status: SubmissionStatus | str | None = "pending",
        interval: float = 30.0,
        rounds: int | None = None,
    ) -> Iterator[Submission]:
        """New submissions of these tasks as they come, each once; every ``interval`` seconds a round.

        A round asks for the list of tasks and then only for those whose counters moved. Ends when all tasks
        have ended, or after ``rounds``.
        """
        script = watching.watch(self.watched(tasks, status), interval=interval, rounds=rounds)
        return iterate(self._engine, script)

    def rounds(self, watched: Watch) -> Iterator[Submission]:
        """The new submissions of one round of a watch."""
        return iterate(self._engine, watched.round())

    def approve(self, submission: Submission, note: str | None = None) -> Submission:
        """Accept the work and pay for it. Approved before: a success, marked ``replayed``.

        Raises `Conflict` where it was settled the other way.
        """
        checks.checked_words(self._provider, submission, note, needed=False)
        return self._settle(self._provider.approve(submission, note))

    def reject(self, submission: Submission, reason: str) -> Submission:
        """Refuse the work; nothing is paid. Rejected before: a success, marked ``replayed``.

        Raises `InvalidRequest` without a reason, `Conflict` where it was settled the other way.
        """
        checks.checked_words(self._provider, submission, reason, needed=True)
        return self._settle(self._provider.reject(submission, reason))

    def request_redo(self, submission: Submission, reason: str) -> Submission:
        """Send the work back to its worker, with what to do better."""
        checks.checked_words(self._provider, submission, reason, needed=True)
        return self._settle(self._provider.request_redo(submission, reason))

    def _settle(self, flow: Flow[Submission]) -> Submission:
        try:
            return self._engine.run(flow)
        finally:
            self._settled += 1  # whatever came of it, lists may have moved

    def review(self, decisions: Sequence[Decision], *, progress: Callable[[int], None] | None = None) -> ReviewReport:
        """Carry out many decisions in the fewest calls that are safe; never stops midway, can be run again.

        The report has one outcome for each decision, in their order. ``progress`` is called with the number
        of decisions just done. Raises `InvalidRequest` naming every bad decision, before anything is sent.
        """
        checks.checked_decisions(self._provider, decisions)
        before = self.requests
        try:
            outcomes, unintended = drive(
                self._engine, reviewing.review(self._provider, decisions, progress, guard=self._guard)
            )
        finally:
            self._settled += 1
        return ReviewReport(outcomes=tuple(outcomes), unintended=tuple(unintended), requests=self.requests - before)

    def pay_bonus(self, submission: Submission, amount: Money, reason: str, *, key: str | None = None) -> Submission:
        """Pay a worker extra. The same ``key`` never pays twice.

        Raises `OutcomeUnknown` where it cannot be told whether it was paid: nothing is sent again then.
        """
        checks.checked_bonus(self._provider, submission, amount, reason)
        return drive(self._engine, publishing.pay_bonus(self._provider, self._guard, submission, amount, reason, key))

    def download(
        self, files: Submission | File, folder: str | Path, *, max_bytes: int = download.MAX_BYTES
    ) -> list[Path]:
        """Save the files of a submission (or one of them) in ``folder``; each at most ``max_bytes``.

        Sends no credentials. Links can expire: download soon. Raises `InvalidRequest` for a link that leads to a
        private address or a file that is too large, `NotFound` for a link that no longer works.
        """
        return [
            download.fetch(
                url,
                Path(folder),
                name,
                max_bytes=max_bytes,
                allowed_hosts=self._allowed_hosts(),
                timeout=self._session.options.timeout,
            )
            for url, name in self._file_names(files)
        ]

    # --- the people -----------------------------------------------------------------------------------------

    def worker(self, worker: Worker | Submission | str) -> Worker:
        """A worker's profile, by id."""
        return self._engine.run(self._provider.worker(checks.worker_id_of(worker)))

    def block(self, worker: Worker | Submission | str, reason: str | None = None) -> Worker:
        """Keep a worker away from this account's tasks. Blocked before: a success."""
        return self._engine.run(self._provider.block(checks.worker_id_of(worker), reason))

    def unblock(self, worker: Worker | Submission | str) -> Worker:
        """Let a blocked worker work again. Not blocked: a success."""
        return self._engine.run(self._provider.unblock(checks.worker_id_of(worker)))

    def blocked_workers(self) -> Iterator[Worker]:
        """The workers that are blocked."""
        return iterate(self._engine, all_items(self._provider.blocked_workers))

    def applications(self, task: Task | str) -> Iterator[Application]:
        """Who asks to be given a task."""
        task_id = checks.task_id_of(self._provider, task)
        return iterate(self._engine, all_items(lambda: self._provider.applications(task_id)))

    def accept(self, application: Application) -> Application:
        """Give the task to this worker."""
        return self._engine.run(self._provider.accept(checks.checked_application(self._provider, application)))

    def decline(self, application: Application) -> Application:
        """Refuse this worker."""
        return self._engine.run(self._provider.decline(checks.checked_application(self._provider, application)))

    def recover(self) -> RecoverReport:
        """Settle what an earlier process left open, by asking the marketplace; unfinished reviews are carried on.

        Nothing that spends is sent again: what was not done is said to be so, and its key is free.
        """
        return drive(self._engine, recovering.recover(self._provider, self._guard))

    def close(self) -> None:
        """Close the connections. The hub does it for its markets."""
        self._engine.close()
