"""Some hundred random operations on a fresh sandbox while everything goes wrong, then the audit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from random import Random
from types import TracebackType
from typing import Self, TypeVar

from crowdhub import AsyncHub, Hub
from crowdhub.errors import CrowdhubError, InvalidRequest
from crowdhub.hub.base import HubOptions
from crowdhub.market import Market
from crowdhub.model import Capability, Decision, Result, Submission, Task, TaskDraft, Verdict
from crowdhub.protocol import AnyProvider
from crowdhub.sandbox import Sandbox
from crowdhub.testing.campaign.cancels import Cancels
from crowdhub.testing.campaign.charges import RECOVERING, ChargeLog
from crowdhub.testing.campaign.clock import DrivenClock
from crowdhub.testing.campaign.drawn import DrawnFaults
from crowdhub.testing.campaign.faces import AwaitedHub, CampaignClient, Face
from crowdhub.testing.campaign.jobs import ChildJob
from crowdhub.testing.campaign.profile import MarketProfile
from crowdhub.testing.campaign.requests import costly_requests
from crowdhub.testing.campaign.result import Findings

T = TypeVar("T")

TIMEOUT = 0.25
"""Seconds of real time that the client waits for an answer."""
MAX_WAIT = 2 * 3600.0
PATIENCE = 301.0
"""After so many seconds an absence is proof, whatever went wrong."""
ATTEMPTS = 8
SHARE = 0.5
"""Of the operations that go through `AsyncHub`, where both faces are used."""


@dataclass
class Wanted:
    """Something to be bought once: a task, or a bonus for a piece of work. ``got`` is what the client was told,
    ``refused`` the last error."""

    key: str
    draft: TaskDraft | None = None
    work: Submission | None = None
    got: str | None = None
    refused: CrowdhubError | None = None


@dataclass
class ReviewedTask:
    """What was decided on a task's work."""

    task: Task
    decisions: dict[str, Decision] = field(default_factory=dict[str, Decision])
    settled: set[str] = field(default_factory=set[str])


class Experiment:
    """One sandbox, one ledger, one seed. Use it in a ``with`` block; `play`, then `audit.audit`.

    ``face``: what the operations go through, `Hub`, `AsyncHub`, or for each the one that is drawn for it.
    """

    def __init__(
        self,
        profile: MarketProfile,
        seed: int,
        ledger: str,
        *,
        rate: float = 0.2,
        timeout: float = TIMEOUT,
        face: Face = "both",
    ) -> None:
        self.profile = profile
        self.seed = seed
        self.ledger = ledger
        self.rate = rate
        self.timeout = timeout
        self.face: Face = face
        self.findings = Findings(profile.name)
        self.costly = costly_requests(profile.name)
        self.wanted: dict[str, Wanted] = {}
        self.reviews: list[ReviewedTask] = []
        self.most_wrong = 0.0
        """The most seconds by which this machine's clock was set wrong."""
        self._dice = Random(f"{profile.name}/{seed}")  # noqa: S311 - repeatable, guards nothing
        self._faces = Random(f"{profile.name}/{seed}/faces")  # noqa: S311
        self._idle: list[Task] = []
        self._approved: list[Submission] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        name = self.profile.name
        self.box = Sandbox(name, seed=self.seed, options={name: self.profile.options})
        self.sandbox = self.box[name]
        self.charges = ChargeLog(self.sandbox)
        self.faults = DrawnFaults(self.seed, self.rate, repeated=self.costly.repeated, note=self.charges.now)
        self.sandbox.faults = self.faults
        self._stack.enter_context(self.box)
        self.clock = DrivenClock(self.box.clock.now(), moved=self._moved)
        self.open()
        cancels = Cancels(self.seed, self.costly, self.faults.counts, self._cancel)
        self.cancels = self.faults.cancels = self._stack.enter_context(cancels)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.faults.stop()
        self.close()
        self._stack.close()

    def open(self) -> None:
        """Both hubs, as another process would open them, on one ledger."""
        options: HubOptions = {
            "ledger": self.ledger,
            "clock": self.clock,
            "timeout": self.timeout,
            "max_wait": MAX_WAIT,
        }
        self.hub = Hub(self.box.accounts, **options)
        self.awaited = AwaitedHub(AsyncHub(self.box.accounts, **options))

    def close(self) -> None:
        self.hub.close()
        self.awaited.close()

    def reopen(self) -> None:
        """Close the hubs and open others, as a program does that was started anew."""
        self.close()
        self.open()

    def job(self, job: ChildJob, timeout: float = TIMEOUT) -> ChildJob:
        """A job for another process, on this sandbox and this ledger, at this moment."""
        return replace(
            job,
            provider=self.profile.name,
            accounts=dict(self.box.accounts),
            ledger=self.ledger,
            now=self.clock.now().isoformat(),
            timeout=timeout,
        )

    @property
    def market(self) -> Market[AnyProvider]:
        return self.hub[self.profile.name]

    def _cancel(self) -> None:
        self.awaited.cancel()  # the one that is open now

    def _moved(self, seconds: float) -> None:
        if seconds:
            _ = self.box.advance(seconds=seconds)
            self.faults.moved(seconds)

    # --- operations

    def play(self, operations: int) -> None:
        """So many random operations. Nothing that goes wrong ends it but a defect."""
        actions: list[tuple[Callable[[], None], int]] = [
            (self._publish, 20),
            (self._again, 12),
            (self._read, 12),
            (self.reopen, 2),
            (self._jump, 3),
            (self._recover, 3),
        ]
        if self.profile.verdicts:
            actions.append((self._review, 30))
        if self.profile.can(Capability.PAY_BONUS):
            actions.append((self._bonus, 12))
        chosen = [action for action, weight in actions for _ in range(weight)]
        while self.findings.operations < operations:
            self._dice.choice(chosen)()

    def do(
        self, whose: str, action: Callable[[CampaignClient], T], *, may_be_cancelled: bool = False
    ) -> T | CrowdhubError:
        """One operation of a client; what the marketplace did meanwhile belongs to ``whose``. Errors come back.

        ``may_be_cancelled``: what it does goes in one order, so that a seed is one campaign.
        """
        self.findings.operations += 1
        is_async = self.face == "async" or (self._faces.random() < SHARE and self.face == "both")
        self.findings.async_operations += is_async
        if may_be_cancelled and is_async:
            self.cancels.arm(self.cancels.draw(self.findings.operations, self.faults.rate))
        self.faults.begin(whose, self.findings.operations)
        before = self.sandbox.request_count
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # done, but not noted in the ledger: recover is to find it
                return action(self.awaited.client(self.profile.name) if is_async else self.market)
        except CrowdhubError as error:
            self.findings.done[f"error: {type(error).__name__}"] += 1
            return error
        finally:
            self.cancels.arm(None)
            self.findings.requests += self.sandbox.request_count - before
            _ = self.charges.now(whose)

    def _publish(self) -> None:
        number = len(self.wanted) + 1
        slots = self.profile.slots if self._dice.random() < 0.7 else 1
        wanted = Wanted(f"task-{number}", draft=self.profile.draft(self.seed * 100_000 + number, slots))
        self.wanted[wanted.key] = wanted
        for _ in range(self._dice.choice((1, 1, 2, 3))):
            if self.buy(wanted):
                if not self.profile.verdicts:
                    self._collect()
                break
            if self._dice.random() < 0.3:
                self.clock.sleep(self._dice.choice((1, 60, PATIENCE)))

    def buy(self, wanted: Wanted) -> bool:
        """Ask for it, under its key; whether it is there now."""
        draft, work = wanted.draft, wanted.work
        found: Task | Submission | CrowdhubError
        if draft is not None:
            found = self.do(wanted.key, lambda client: client.publish(draft, key=wanted.key), may_be_cancelled=True)
        else:
            assert work is not None
            found = self.do(wanted.key, lambda client: self._paid(client, work, wanted.key), may_be_cancelled=True)
        if isinstance(found, InvalidRequest):
            self.findings.lost.append(f"{wanted.key} was refused, though nothing is wrong with it: {found}")
        if isinstance(found, CrowdhubError):
            wanted.refused = found
            return False
        if wanted.got is None and isinstance(found, Task):
            self._idle.append(found)
        if wanted.got is not None and wanted.got != found.id:
            self.findings.lost.append(f"{wanted.key} was {wanted.got} and is {found.id} now")
        wanted.got = found.id
        self.findings.done["published" if draft is not None else "bonuses paid"] += not found.replayed
        return True

    def _paid(self, client: CampaignClient, work: Submission, key: str) -> Submission:
        bonus = self.profile.bonus(work, self.market.currency)
        return client.pay_bonus(work, bonus, self.profile.subject.bonus_words, key=key)

    def _again(self) -> None:
        if self.wanted:
            _ = self.buy(self.wanted[self._dice.choice(sorted(self.wanted))])

    def _bonus(self) -> None:
        if self._approved:
            work = self._approved.pop(self._dice.randrange(len(self._approved)))
            wanted = Wanted(f"bonus-{len(self.wanted) + 1}", work=work)
            self.wanted[wanted.key] = wanted
            _ = self.buy(wanted)

    def _read(self) -> None:
        if self._idle and self._dice.random() < 0.5:
            task = self._dice.choice(self._idle)
            found = self.do("reading", lambda client: client.task(task))
            if isinstance(found, Task) and found.id != task.id:
                self.findings.lost.append(f"asked for {task.id}, told of {found.id}")
        elif self.profile.can(Capability.TASKS) and self._dice.random() < 0.5:
            _ = self.do("reading", self._listed_tasks)
        elif self.profile.can(Capability.BALANCE):
            _ = self.do("reading", lambda client: client.balance())

    def _listed_tasks(self, client: CampaignClient) -> None:
        listed = [task.id for task in client.tasks()]
        if len(set(listed)) < len(listed):
            self.findings.duplicates.append("a listing of tasks shows one twice")

    def _review(self) -> None:
        if not self._idle:
            return
        task = self._idle.pop(self._dice.randrange(len(self._idle)))
        count = task.slots or 1
        self.profile.hand_in(self.sandbox, task.id, count)
        listed = self.do("reading", lambda client: list(client.submissions(task, status="pending")))
        for _ in range(ATTEMPTS):
            if not isinstance(listed, CrowdhubError):
                break
            listed = self.do("reading", lambda client: list(client.submissions(task, status="pending")))
        if isinstance(listed, CrowdhubError):
            self.findings.lost.append(f"the work on {task.id} could not be listed in {ATTEMPTS} attempts: {listed}")
            return
        seen = [each.id for each in listed]
        self.findings.done["work seen"] += len(seen)
        if len(set(seen)) < len(seen):
            self.findings.duplicates.append(f"work on {task.id} was listed more than once")
        if len(set(seen)) != count:
            self.findings.lost.append(f"{count} people handed in on {task.id}, {len(set(seen))} were seen")
        self._decide(ReviewedTask(task), listed)

    def _decide(self, review: ReviewedTask, listed: list[Submission]) -> None:
        alike = self._dice.random() < 0.5
        verdicts = self.profile.verdicts
        for work in listed:
            verdict = verdicts[0] if alike else self._dice.choice(verdicts)
            review.decisions[work.id] = self.profile.decision(work, verdict)
        self.reviews.append(review)
        self.carry_out(review)

    def carry_out(self, review: ReviewedTask) -> None:
        """Carry out the decisions that are left."""
        left = [each for name, each in review.decisions.items() if name not in review.settled]
        report = self.do("review", lambda client: client.review(left))
        if isinstance(report, CrowdhubError):
            return
        for outcome in report.outcomes:
            work = outcome.decision.submission
            if outcome.result in (Result.FAILED, Result.UNKNOWN):
                self.findings.done[f"decision {outcome.result}, to be carried out again"] += 1
                continue
            review.settled.add(work.id)
            self.findings.done["decisions carried out"] += 1
            if outcome.decision.verdict is Verdict.APPROVE:
                self._approved.append(work)
        if report.unintended:
            self.findings.duplicates.append(f"{len(report.unintended)} pieces of work were settled undecided")

    def _collect(self) -> None:
        """Where nothing is to be decided, what was made is asked for at once: some forget it within minutes."""
        if not self._idle:
            return
        task = self._idle.pop()
        self.profile.hand_in(self.sandbox, task.id, task.slots or 1)
        for _ in range(ATTEMPTS):
            found = self.do("reading", lambda client: list(client.submissions(task)))
            if isinstance(found, list) and found:
                self.findings.done["results collected"] += 1
                return
        self.findings.done["results not asked for in time"] += 1

    def _jump(self) -> None:
        """The machine's clock is set; not while something is late: see the notes of the campaign."""
        if not self.faults.late_ones:
            self.clock.jump(self._dice.choice((-7200, -300, -5, 5, 300, 7200)))
            self.most_wrong = max(self.most_wrong, abs(self.clock.wrong_by))
            self.findings.faults["clock set forward or back"] += 1

    def _recover(self) -> None:
        _ = self.do(RECOVERING, lambda client: client.recover(), may_be_cancelled=True)
