"""Every verb of one account, written once: what `Market` and `AsyncMarket` call."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Sequence
from contextlib import aclosing, closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from crowdhub.engine import download
from crowdhub.errors import CrowdhubError, InvalidRequest, Issue
from crowdhub.model import (
    Application,
    Balance,
    Capability,
    Decision,
    DueReport,
    File,
    Model,
    Money,
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
from crowdhub.operations import checks, spending
from crowdhub.operations.checks import OnUnsupported
from crowdhub.operations.due import due
from crowdhub.operations.listing import all_items, counters, counters_of
from crowdhub.operations.looks import Looks
from crowdhub.operations.market_watch import MarketWatch
from crowdhub.operations.port import Port, general_limits, identity_of
from crowdhub.operations.reviewing import Progress, give_way, review
from crowdhub.operations.settling import settle_once
from crowdhub.operations.spending import AccountBatch, DryRun, Keyed, Recovered, RecoverReport, SpendingPolicy
from crowdhub.operations.watching import Watching
from crowdhub.protocol import LOOPBACK, Operation
from crowdhub.protocol.arguments import checked_arguments

if TYPE_CHECKING:  # the database is loaded where there is a ledger
    from crowdhub.ledger import Bookmarks


T = TypeVar("T")
Batches = AsyncGenerator[Sequence[T], None]


class RequestBudget(Model):
    """The requests that may still be made now: ``left`` of ``calls`` in any ``seconds`` (None: no limit)."""

    left: int | None
    calls: int | None
    seconds: float | None


class Account:
    """One account: what may be asked is checked before any request, then carried out over a `Port`."""

    def __init__(
        self, port: Port, policy: SpendingPolicy, *, on_unsupported: OnUnsupported = "error", timeout: float = 60.0
    ) -> None:
        self.port = port
        self.policy = policy
        self._provider = port.provider
        self._on_unsupported: OnUnsupported = on_unsupported
        self._timeout = timeout
        self._settled = 0
        self._looks = Looks(port.clock)

    async def described(self, work: Coroutine[Any, Any, T]) -> T:
        """What was asked for, or its error as an application gets it: with its evidence, without any secret, and
        without frames whose locals hold answers."""
        failed: CrowdhubError
        try:
            with closing(work):  # so that what is refused is not said to have been forgotten
                self.port.check_open()
                return await work
        except CrowdhubError as error:
            failed = self.port.described(error)
        raise failed

    async def described_batches(self, batches: Batches[T]) -> Batches[T]:
        """The same for what comes in batches."""
        failed: CrowdhubError | None = None
        async with aclosing(batches):
            try:
                async for batch in batches:
                    yield batch
            except CrowdhubError as error:
                failed = self.port.described(error)
        if failed is not None:
            raise failed

    # --- spending -------------------------------------------------------------------------------------------

    @checked_arguments
    def check(self, draft: TaskDraft) -> TaskDraft:
        return checks.checked_draft(self._provider, draft, self._on_unsupported)

    @checked_arguments
    async def run(self, operation: Operation[T], *, key: str | None, amount: Money | None) -> T:
        checks.checked_operation(self._provider, operation)
        checks.checked_amount(self._provider, amount)
        try:
            operation = checks.checked_neutral(self._provider, operation, self._on_unsupported)
        except InvalidRequest:  # what is done is given back, right or wrong by now
            if key is None or not await self._is_known(operation.name, key):
                raise
        return await spending.run(self.port, self.policy, operation, key=key, amount=amount)

    async def _is_known(self, operation: str, key: str) -> bool:
        """Whether something was done under a key, or may have been."""
        ledger, provider = self.policy.ledger, self._provider
        if ledger is None:
            return False
        owner = await self.port.blocking(lambda: ledger.owner_of(provider.settings.secrets()))
        used = partial(ledger.key_in_use, identity_of(provider), operation, [key], owner)
        return await self.port.blocking(used) is not None

    async def _done(self, operation: Operation[T], amount: Money | None = None) -> T:
        """A verb without a price: on some marketplaces it takes money all the same (giving work away, say)."""
        return await spending.run(self.port, self.policy, operation, key=None, amount=amount)

    @checked_arguments
    async def estimate(self, draft: TaskDraft) -> Quote:
        return await self.port.run(self._provider.estimate(self.check(draft)))

    @checked_arguments
    async def publish(self, draft: TaskDraft, key: str | None) -> Task:
        try:
            checked = self.check(draft)
        except InvalidRequest:  # its deadline has passed by now, say; but what is done is given back
            checked = draft
            done = key is not None and await self._done_before([(key, draft)])
            if not done:
                raise
        else:  # what is done needs no price, and asking for one can fail
            asks = key is not None and spending.asks_for_price(self._provider, checked)
            done = key is not None and asks and await self._done_before([(key, draft)])
        prepared = spending.Prepared(None, spending.publish_lookup(self._provider, draft)) if done else None
        ready = spending.with_reference(self._provider, checked, key)
        return await spending.publish(self.port, self.policy, ready, key, prepared, asked=draft)

    async def _done_before(self, asked: Sequence[tuple[str, TaskDraft]]) -> frozenset[str]:
        """The keys under which exactly this was published before."""
        ledger = self.policy.ledger
        states = [] if ledger is None else await spending.published_before(self.port, ledger, asked)
        return frozenset(key for (key, _), state in zip(asked, states, strict=False) if state == "done")

    @checked_arguments
    async def publish_many(self, drafts: Sequence[tuple[str, TaskDraft]]) -> PublishReport:
        batch, issues = await self.batch([(place, key, draft) for place, (key, draft) in enumerate(drafts)])
        if issues:
            raise InvalidRequest(issues=issues)
        return await spending.publish_many([batch])

    async def batch(self, drafts: Sequence[tuple[int, str, TaskDraft]]) -> tuple[AccountBatch, list[Issue]]:
        """This account's part of a batch (place, key, draft), and everything that is wrong with it."""
        port = self.port.counting()
        ready, issues = checks.checked_batch(self._provider, drafts, self._on_unsupported)
        if issues and (done := await self._done_before([(key, draft) for _, key, draft in drafts])):
            ready, issues = checks.checked_batch(self._provider, drafts, self._on_unsupported, done)
        if issues:
            return AccountBatch(port, self.policy, ()), issues
        keyed = [Keyed(port, *given, draft) for given, draft in zip(drafts, ready, strict=True)]
        return AccountBatch(port, self.policy, keyed), []

    @checked_arguments
    async def dry_run(self, draft: TaskDraft, key: str | None) -> DryRun:
        ready = spending.with_reference(self._provider, self.check(draft), key)
        return await spending.dry_run(self.port, self.policy, ready, key)

    @checked_arguments
    async def pay_bonus(self, submission: Submission, amount: Money, reason: str, key: str | None) -> Submission:
        checks.checked_bonus(self._provider, submission, amount, reason)
        return await spending.pay_bonus(self.port, self.policy, submission, amount, reason, key)

    @checked_arguments
    async def extend(
        self, task: Task | str, slots: int | None, until: datetime | None, amount: Money | None, key: str | None
    ) -> Task:
        checks.checked_extension(self._provider, slots, until)
        checks.checked_amount(self._provider, amount)
        task_id = checks.task_id_of(self._provider, task)
        if amount is None and slots is not None and Capability.EXTEND in self._provider.capabilities:
            amount = await self._cost_of_places(task, slots)
        return await spending.extend(self.port, self.policy, task_id, slots=slots, until=until, amount=amount, key=key)

    async def _cost_of_places(self, task: Task | str, slots: int) -> Money | None:
        """What more places cost. A task of which only the id is given is read; None where the price is not told."""
        if isinstance(task, str):
            if Capability.TASK not in self._provider.capabilities:
                return None
            task = await self.task(task)
        with checks.asking(self._provider, "extension_cost"):
            return self._provider.extension_cost(task, slots)

    async def recover(self) -> RecoverReport:
        return await spending.recover(self.port, self.policy)

    async def unresolved(self) -> list[Recovered]:
        ledger = self.policy.ledger
        return [] if ledger is None else await spending.unresolved(self.port, ledger)

    async def called(self) -> set[tuple[str, str, str]]:
        """What its ledger ever called it: provider, account, environment."""
        ledger, identity = self.policy.ledger, identity_of(self._provider)
        if ledger is None:
            return {(identity["provider"], identity["account"], identity["environment"])}
        owner = await self.port.blocking(lambda: ledger.owner_of(self._provider.settings.secrets()))
        found = await self.port.blocking(lambda: ledger.names_of(identity, owner))
        names = {identity["account"], *found}
        return {(identity["provider"], name, identity["environment"]) for name in names}

    # --- tasks ----------------------------------------------------------------------------------------------

    @checked_arguments
    async def task(self, task: Task | str) -> Task:
        found = await self.port.run(self._provider.task(checks.task_id_of(self._provider, task)))
        self._looks.saw(found)
        return found

    @checked_arguments
    def tasks(self, status: TaskStatus | str | None) -> Batches[Task]:
        return self._seen(all_items(self.port, self._provider.tasks(checks.checked_status(status, TaskStatus))))

    async def _seen(self, listed: Batches[Task]) -> Batches[Task]:
        async with aclosing(listed):
            async for some in listed:
                for each in some:
                    self._looks.saw(each)
                yield some

    @checked_arguments
    async def cancel(self, task: Task | str) -> Task:
        return await self._done(self._provider.cancel(checks.task_id_of(self._provider, task)))

    @checked_arguments
    async def pause(self, task: Task | str) -> Task:
        return await self._done(self._provider.pause(checks.task_id_of(self._provider, task)))

    @checked_arguments
    async def resume(self, task: Task | str) -> Task:
        return await self._done(self._provider.resume(checks.task_id_of(self._provider, task)))

    async def balance(self) -> Balance:
        found = await self.port.run(self._provider.balance())
        return found if isinstance(found, Balance) else Balance(found.amount, found.currency)

    async def request_budget(self) -> RequestBudget:
        limits = general_limits(self._provider)
        if not limits:
            return RequestBudget(left=None, calls=None, seconds=None)
        left = await self.port.blocking(lambda: self.port.calls_left(limits))
        return RequestBudget(left=left, calls=limits[0].calls, seconds=limits[0].seconds)

    # --- the work -------------------------------------------------------------------------------------------

    @checked_arguments
    def submissions(self, task: Task | str, status: SubmissionStatus | str | None) -> Batches[Submission]:
        task_id = checks.task_id_of(self._provider, task)
        wanted = checks.checked_status(status, SubmissionStatus)
        look = self._looks.fresh(task_id)
        return all_items(
            self.port,
            self._provider.submissions(task_id, wanted),
            settled=self._count_settled,
            counted=counters_of(self.port, task_id, self._looks.saw),
            before=None if look is None else counters(look),
            is_long=self._may_be_long(task),
        )

    def _may_be_long(self, task: Task | str) -> bool:
        """Whether the list of its submissions may have several pages."""
        rows, slots = self._provider.submissions_a_page, task.slots if isinstance(task, Task) else None
        return rows is not None and (slots is None or slots > rows)

    @checked_arguments
    def watched(
        self, tasks: Sequence[Task | str], status: SubmissionStatus | str | None, resume: str | None
    ) -> MarketWatch:
        wanted = checks.checked_status(status, SubmissionStatus)
        return MarketWatch(
            self.port,
            [self.task_id(task) for task in tasks],
            status=wanted,
            settled=self._count_settled,
            saw=self._looks.saw,
            bookmarks=None if resume is None else self._bookmarks(resume, wanted),
        )

    def _bookmarks(self, resume: str, status: SubmissionStatus | None) -> Callable[[], Bookmarks]:
        ledger, provider = self.policy.ledger, self._provider
        checks.check_resume(resume, has_ledger=ledger is not None)
        assert ledger is not None
        name = f"{resume} ({'all' if status is None else status.value})"  # each status is a stream of its own
        return lambda: ledger.bookmarks(name, identity_of(provider), ledger.owner_of(provider.settings.secrets()))

    @checked_arguments
    def watch(
        self,
        tasks: Sequence[Task | str],
        status: SubmissionStatus | str | None,
        interval: float,
        rounds: int | None,
        patience: float,
        resume: str | None,
    ) -> tuple[Watching, Callable[[Task | str], tuple[MarketWatch, str]]]:
        """The watch, and where a task that is added or dropped belongs."""
        mine = self.watched(tasks, status, resume)
        sleep, clock = self.port.sleep, self.port.clock
        watching = Watching(
            {self._provider.account: mine}, sleep, clock, interval=interval, rounds=rounds, patience=patience
        )
        return watching, lambda task: (mine, self.task_id(task))

    @checked_arguments
    def task_id(self, task: Task | str) -> str:
        """The id of one of this account's tasks. Raises `InvalidRequest`."""
        return checks.task_id_of(self._provider, task)

    def _count_settled(self) -> int:
        return self._settled

    @checked_arguments
    async def settle(self, decision: Decision) -> Submission:
        """Approve, reject or send back one submission."""
        checks.checked_decision(self._provider, decision)
        ledger, work = self.policy.ledger, decision.submission
        if ledger is not None:
            await self.port.blocking(lambda: give_way(self.port, ledger, work))
        try:
            return await settle_once(self.port, decision, spending.DecisionTill(self.policy))
        finally:
            self._moved(work)

    @checked_arguments
    async def review(self, decisions: Sequence[Decision], progress: Progress | None) -> ReviewReport:
        checks.checked_decisions(self._provider, decisions)
        try:
            till = spending.DecisionTill(self.policy)
            ledger, known = self.policy.ledger, self._looks.fresh
            return await review(self.port, decisions, progress, till=till, ledger=ledger, known=known)
        finally:
            self._moved(*(each.submission for each in decisions))

    def _moved(self, *works: Submission) -> None:
        """Whatever came of deciding on them, lists may be others now."""
        self._settled += 1
        for each in works:
            self._looks.settled(each.task_id)

    @checked_arguments
    async def due(self, within: timedelta | None) -> DueReport:
        return await due(self.port, checks.checked_within(within))

    @checked_arguments
    async def download(self, files: Submission | File, folder: Path | str, max_bytes: int) -> list[Path]:
        if max_bytes < 1:
            raise InvalidRequest(issues=[Issue("max_bytes", f"{max_bytes} is not at least 1")])
        if isinstance(files, File):
            return [await self._fetched(files, Path(folder), _name_of(files), max_bytes)]
        paths: list[Path] = []
        failed: list[CrowdhubError] = []
        for each in files.files:  # one that cannot be had loses none of the others
            try:
                file = await self.port.run(self._provider.locate_file(files, each))
                paths.append(await self._fetched(file, Path(folder), f"{files.id}-{_name_of(file)}", max_bytes))
            except CrowdhubError as error:
                failed.append(error)
        if not failed:
            return paths
        first, *more = failed
        others = dict.fromkeys(each.message for each in more if each.message != first.message)
        also = "".join(f" Another: {words}" for words in others)
        saved = f" {len(paths)} of its {len(files.files)} files are saved in {str(folder)!r}." if paths else ""
        raise first.with_(message=f"{first.message}{also}{saved}")

    async def _fetched(self, file: File, folder: Path, name: str, max_bytes: int) -> Path:
        stopped = threading.Event()
        fetch: Callable[[], Path] = partial(
            download.fetch,
            file.url,
            folder,
            name,
            max_bytes=max_bytes,
            allowed_hosts=self._allowed_hosts(),
            timeout=self._timeout,
            stopped=stopped.is_set,
        )
        try:
            return await self.port.blocking(fetch, abandon=True)
        except BaseException:
            stopped.set()  # a thread cannot be stopped from outside: it stops itself
            raise

    def _allowed_hosts(self) -> Collection[str]:
        """The files of a sandbox on this machine lie on a loopback address, and only those."""
        host = urlsplit(self._provider.settings.base_url).hostname
        return LOOPBACK if self._provider.environment == "sandbox" and host in LOOPBACK else ()

    # --- the people -----------------------------------------------------------------------------------------

    @checked_arguments
    async def message(self, worker: Worker | Submission | str, text: str) -> None:
        await self._done(self._provider.message(checks.worker_id_of(worker), checks.checked_text(text)))

    @checked_arguments
    async def worker(self, worker: Worker | Submission | str) -> Worker:
        return await self.port.run(self._provider.worker(checks.worker_id_of(worker)))

    @checked_arguments
    async def block(self, worker: Worker | Submission | str, reason: str | None) -> Worker:
        return await self._done(self._provider.block(checks.worker_id_of(worker), reason))

    @checked_arguments
    async def unblock(self, worker: Worker | Submission | str) -> Worker:
        return await self._done(self._provider.unblock(checks.worker_id_of(worker)))

    def blocked_workers(self) -> Batches[Worker]:
        return all_items(self.port, self._provider.blocked_workers())

    @checked_arguments
    def applications(self, task: Task | str) -> Batches[Application]:
        return all_items(self.port, self._provider.applications(checks.task_id_of(self._provider, task)))

    @checked_arguments
    async def accept(self, application: Application, amount: Money | None) -> Application:
        checks.checked_amount(self._provider, amount)
        return await self._done(self._provider.accept(checks.checked_application(self._provider, application)), amount)

    @checked_arguments
    async def decline(self, application: Application) -> Application:
        return await self._done(self._provider.decline(checks.checked_application(self._provider, application)))


def _name_of(file: File) -> str:
    return file.name or file.url.partition("?")[0].rsplit("/", 1)[-1]
