"""Jobs, the work on them, and their money."""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from crowdhub.sandbox import Purse
from crowdhub.sandbox.values import JsonObject

FEE = Decimal("0.2")


class CrowdSDOMRefusal(Exception):
    """What cannot be done, as an HTTP status and a body in one of the shapes that the documentation allows."""

    def __init__(self, status: int, words: str, shape: str = "object") -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.shape = shape


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTerms:
    """What was asked for, with the defaults filled in; times are seconds."""

    title: str
    description: str
    keywords: tuple[str, ...]
    lifetime: int
    task_duration: int
    max_tasks: int
    auto_approval_delay: int
    reward: Decimal


@dataclass(frozen=True, slots=True)
class Form:
    """What workers fill in: one of the three ``questionsType``, and what stands in the member of that name."""

    kind: str
    content: JsonObject


@dataclass(frozen=True, slots=True)
class JobTemplate:
    """Terms to make jobs of."""

    id: str
    terms: JobTerms


@dataclass(slots=True)
class Assignment:
    """One worker's assignment (a "task" on the wire)."""

    id: str
    job: "Job"
    worker: str
    taken: datetime
    status: str = "init"
    handed_in: datetime | None = None
    approved: datetime | None = None
    rejected: datetime | None = None
    updated: datetime | None = None
    feedback: str | None = None
    answers: object = None

    @property
    def deadline(self) -> datetime:
        return self.taken + timedelta(seconds=self.job.terms.task_duration)

    def move(self, status: str, now: datetime) -> None:
        """Go to another state."""
        self.job.counts[self.status] -= 1
        self.job.counts[status] += 1
        self.status, self.updated = status, now


@dataclass(slots=True)
class Job:
    """A published job."""

    id: str
    terms: JobTerms
    form: Form
    job_type: str | None
    created: datetime
    expires: datetime
    updated: datetime
    work: dict[str, Assignment] = field(default_factory=dict[str, Assignment])
    held: int = 0
    """Slots whose reward and fee are still withheld."""

    counts: Counter[str] = field(default_factory=Counter[str])

    def count(self, status: str) -> int:
        return self.counts[status]

    @property
    def available(self) -> int:
        return self.terms.max_tasks - self.count("init") - self.count("submitted") - self.count("approved")

    @property
    def completed(self) -> bool:
        return self.count("approved") == self.terms.max_tasks

    def assignable(self, now: datetime) -> bool:
        return now < self.expires and self.available > 0


class JobBoard:
    """The marketplace's state. The caller holds the sandbox's lock."""

    def __init__(self, purse: Purse, new_id: Callable[[], str]) -> None:
        self.purse = purse
        self.new_id = new_id
        self.jobs: dict[str, Job] = {}
        self.work: dict[str, Assignment] = {}
        self.job_types: dict[str, JobTemplate] = {}
        self._due: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order = 0

    def at(self, moment: datetime, act: Callable[[datetime], None]) -> None:
        """Do something at a moment of the sandbox's time."""
        self._order += 1
        heapq.heappush(self._due, (moment, self._order, act))

    def run_to(self, now: datetime) -> None:
        """Do everything that is due, in the order of time."""
        while self._due and self._due[0][0] <= now:
            moment, _, act = heapq.heappop(self._due)
            act(moment)

    def publish(self, terms: JobTerms, form: Form, job_type: str | None, now: datetime) -> Job:
        """Withhold the money and open the job."""
        held = terms.reward * terms.max_tasks
        if held + held * FEE > self.purse.balance:
            raise CrowdSDOMRefusal(400, "Insufficient balance, please recharge")
        expires = now + timedelta(seconds=terms.lifetime)
        job = Job(self.new_id(), terms, form, job_type, now, expires, now, held=terms.max_tasks)
        self.jobs[job.id] = job
        _ = self.purse.charge("publish", job.id, held=held, commission=held * FEE, reference=terms.title)
        self.at(expires, lambda _: self._give_back(job))
        return job

    def cancel(self, job: Job, now: datetime) -> None:
        """End it now; who is at work may finish."""
        if now >= job.expires or job.completed:
            raise CrowdSDOMRefusal(400, "The job is over already", "text")
        job.expires = job.updated = now
        self._give_back(job)

    def take(self, job: Job, worker: str, now: datetime) -> Assignment:
        """A worker begins."""
        if not job.assignable(now):
            raise CrowdSDOMRefusal(400, "The job is not assignable")
        work = Assignment(self.new_id(), job, worker, now, updated=now)
        job.work[work.id] = self.work[work.id] = work
        job.counts["init"] += 1
        self.at(work.deadline, lambda moment: self._too_late(work, moment))
        return work

    def hand_in(self, work: Assignment, answers: object, now: datetime) -> None:
        """A worker hands in; unreviewed, it is approved by itself after the job's delay."""
        if work.status != "init":
            raise CrowdSDOMRefusal(400, f"The task is {work.status}")
        work.move("submitted", now)
        work.handed_in, work.answers = now, answers
        delay = timedelta(seconds=work.job.terms.auto_approval_delay)
        self.at(now + delay, lambda moment: self._by_itself(work, moment))

    def give_up(self, work: Assignment, now: datetime) -> None:
        """A worker gives it back."""
        if work.status == "init":
            work.move("returned", now)
            self._give_back(work.job, now)

    def approve(self, work: Assignment, feedback: str | None, now: datetime) -> None:
        """Pay the worker."""
        self._reviewable(work)
        work.move("approved", now)
        work.approved, work.feedback = now, feedback
        work.job.updated = now
        work.job.held -= 1
        if work.job.terms.reward:
            _ = self.purse.pay_out(work.job.id, work.job.terms.reward, reference=work.id)
        self._give_back(work.job, now)

    def reject(self, work: Assignment, feedback: str | None, now: datetime) -> None:
        """Pay nothing; the slot opens again."""
        self._reviewable(work)
        work.move("rejected", now)
        work.rejected, work.feedback = now, feedback
        work.job.updated = now
        self._give_back(work.job, now)

    def _reviewable(self, work: Assignment) -> None:
        if work.status != "submitted":
            raise CrowdSDOMRefusal(400, f"The task is {work.status}, not submitted", "text")

    def _too_late(self, work: Assignment, moment: datetime) -> None:
        self.give_up(work, moment)

    def _by_itself(self, work: Assignment, moment: datetime) -> None:
        if work.status == "submitted":
            self.approve(work, None, moment)

    def _give_back(self, job: Job, now: datetime | None = None) -> None:
        """Once a job is over, what no work can claim any more goes back to the requester."""
        if now is not None and now < job.expires:
            return
        claimed = job.count("init") + job.count("submitted")
        spare = job.held - claimed
        if spare > 0:
            job.held = claimed
            amount = job.terms.reward * spare
            _ = self.purse.refund(job.id, held=amount, commission=amount * FEE, reference=job.terms.title)
