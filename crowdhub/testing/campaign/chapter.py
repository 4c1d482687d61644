"""A chapter of the campaign: some hundred random operations on a fresh sandbox, in foul weather, then the audit."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

from crowdhub import Hub
from crowdhub.errors import CrowdhubError
from crowdhub.ledger import State
from crowdhub.market import Market
from crowdhub.model import Decision, Money, Result, Submission, SubmissionStatus, Task, TaskDraft, Verdict
from crowdhub.sandbox import Sandbox
from crowdhub.testing.campaign.clock import DrivenClock
from crowdhub.testing.campaign.result import Tally
from crowdhub.testing.campaign.stages import Stage
from crowdhub.testing.campaign.storm import Storm
from crowdhub.testing.campaign.truth import Truth

TIMEOUT = 0.25
"""Seconds of real time that the client waits for an answer."""
MAX_WAIT = 2 * 3600.0
PATIENCE = 301.0
"""After so many seconds an absence is proof, whatever went wrong."""
ATTEMPTS = 8

DONE = {
    Verdict.APPROVE: SubmissionStatus.APPROVED,
    Verdict.REJECT: SubmissionStatus.REJECTED,
    Verdict.REDO: SubmissionStatus.REDO,
}


@dataclass
class Wanted:
    """Something to be bought once: a task, or a bonus for a piece of work. ``got`` is what the client was told."""

    key: str
    draft: TaskDraft | None = None
    work: Submission | None = None
    slots: int = 1
    got: str | None = None


@dataclass
class Reviewed:
    """What was decided on a task's work."""

    task: Task
    decisions: dict[str, Decision] = field(default_factory=dict[str, Decision])
    settled: set[str] = field(default_factory=set[str])


class Chapter:
    """One sandbox, one ledger, one seed. Use it in a ``with`` block; `play`, then `audit`."""

    def __init__(self, stage: Stage, seed: int, ledger: str, *, rate: float = 0.2, **options: Any) -> None:
        self.stage = stage
        self.seed = seed
        self.ledger = ledger
        self.rate = rate
        self.tally = Tally(stage.name)
        self._dice = Random(f"{stage.name}/{seed}")  # noqa: S311 - repeatable, guards nothing
        self._options = {**stage.options, **options}
        self._wanted: dict[str, Wanted] = {}
        self._reviews: list[Reviewed] = []
        self._idle: list[Task] = []
        self._approved: list[Submission] = []
        self._most_wrong = 0.0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.box = Sandbox(self.stage.name, seed=self.seed, options={self.stage.name: self._options})
        self.sandbox = self.box[self.stage.name]
        self.truth = Truth(self.sandbox)
        self.storm = Storm(self.seed, self.rate, spends=self.stage.spends, note=self.truth.now)
        self.sandbox.faults = self.storm
        self._stack.enter_context(self.box)
        self.clock = DrivenClock(self.box.clock.now(), moved=self._moved)
        self.hub = self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.storm.calm()
        self.hub.close()
        self._stack.close()

    def open(self) -> Hub:
        """A hub as another process would open it."""
        return Hub(self.box.accounts, ledger=self.ledger, clock=self.clock, timeout=TIMEOUT, max_wait=MAX_WAIT)

    @property
    def market(self) -> Market[Any]:
        return self.hub[self.stage.name]

    def _moved(self, seconds: float) -> None:
        if seconds:
            _ = self.box.advance(seconds=seconds)
            self.storm.moved(seconds)

    def storm_path(self, path: str) -> bool:
        """Whether a request to this path publishes."""
        return re.search(self.stage.published, path) is not None

    # --- operations

    def play(self, operations: int) -> None:
        """So many random operations. Nothing that goes wrong ends it but a defect."""
        acts: list[tuple[Callable[[], None], int]] = [
            (self._publish, 20),
            (self._again, 12),
            (self._read, 12),
            (self._restart, 2),
            (self._jump, 3),
            (self._recover, 3),
        ]
        if not self.stage.waits:
            acts.append((self._review, 30))
        if self.stage.bonus is not None:
            acts.append((self._bonus, 12))
        chosen = [act for act, weight in acts for _ in range(weight)]
        while self.tally.operations < operations:
            self._dice.choice(chosen)()

    def do(self, whose: str, act: Callable[[], Any]) -> Any:
        """One operation of the client; what the marketplace did meanwhile belongs to ``whose``. Errors come back."""
        self.tally.operations += 1
        self.storm.begin(whose, self.tally.operations)
        before = self.sandbox.request_count
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # done, but not noted in the ledger: recover is to find it
                return act()
        except CrowdhubError as error:
            self.tally.done[f"error: {type(error).__name__}"] += 1
            return error
        finally:
            self.tally.requests += self.sandbox.request_count - before
            _ = self.truth.now(whose)

    def _publish(self) -> None:
        number = len(self._wanted) + 1
        slots = self.stage.slots if self._dice.random() < 0.7 else 1
        draft = self.stage.draft(self.seed * 100_000 + number)
        if slots > 1:
            draft = draft.copy_with(slots=slots)
        wanted = Wanted(f"task-{number}", draft=draft, slots=slots)
        self._wanted[wanted.key] = wanted
        for _ in range(self._dice.choice((1, 1, 2, 3))):
            if self._buy(wanted):
                if self.stage.waits:
                    self._collect()
                break
            if self._dice.random() < 0.3:
                self.clock.sleep(self._dice.choice((1, 60, PATIENCE)))

    def _buy(self, wanted: Wanted) -> bool:
        """Ask for it, under its key; whether it is there now."""
        draft, work = wanted.draft, wanted.work
        if draft is not None:
            found = self.do(wanted.key, lambda: self.market.publish(draft, key=wanted.key))
        else:
            assert work is not None
            bonus = self._bonus_of()
            found = self.do(wanted.key, lambda: self.market.pay_bonus(work, bonus, "well done", key=wanted.key))
        if isinstance(found, CrowdhubError):
            return False
        if wanted.got is None and isinstance(found, Task):
            self._idle.append(found)
        if wanted.got is not None and wanted.got != found.id:
            self.tally.lost.append(f"{wanted.key} was {wanted.got} and is {found.id} now")
        wanted.got = found.id
        self.tally.done["published" if draft is not None else "bonuses paid"] += not found.replayed
        return True

    def _bonus_of(self) -> Money:
        assert self.stage.bonus is not None
        return self.stage.bonus

    def _again(self) -> None:
        if self._wanted:
            _ = self._buy(self._wanted[self._dice.choice(sorted(self._wanted))])

    def _bonus(self) -> None:
        if self._approved:
            work = self._approved.pop(self._dice.randrange(len(self._approved)))
            wanted = Wanted(f"bonus-{len(self._wanted) + 1}", work=work)
            self._wanted[wanted.key] = wanted
            _ = self._buy(wanted)

    def _read(self) -> None:
        if self._idle and self._dice.random() < 0.5:
            task = self._dice.choice(self._idle)
            found = self.do("reading", lambda: self.market.task(task))
            if isinstance(found, Task) and found.id != task.id:
                self.tally.lost.append(f"asked for {task.id}, told of {found.id}")
        elif "tasks" in self.market.capabilities and self._dice.random() < 0.5:
            _ = self.do("reading", self._listed_tasks)
        elif "balance" in self.market.capabilities:
            _ = self.do("reading", self.market.balance)

    def _listed_tasks(self) -> None:
        listed = [task.id for task in self.market.tasks()]
        if len(set(listed)) < len(listed):
            self.tally.duplicates.append("a listing of tasks shows one twice")

    def _review(self) -> None:
        if not self._idle:
            return
        task = self._idle.pop(self._dice.randrange(len(self._idle)))
        count = task.slots or 1
        self.stage.hand_in(self.sandbox, task.id, count)
        listed = self.do("reading", lambda: list(self.market.submissions(task, status="pending")))
        for _ in range(ATTEMPTS):
            if not isinstance(listed, CrowdhubError):
                break
            listed = self.do("reading", lambda: list(self.market.submissions(task, status="pending")))
        if isinstance(listed, CrowdhubError):
            self.tally.lost.append(f"the work on {task.id} could not be listed in {ATTEMPTS} attempts: {listed}")
            return
        seen = [each.id for each in listed]
        self.tally.done["work seen"] += len(seen)
        if len(set(seen)) < len(seen):
            self.tally.duplicates.append(f"work on {task.id} was listed more than once")
        if len(set(seen)) != count:
            self.tally.lost.append(f"{count} people handed in on {task.id}, {len(set(seen))} were seen")
        self._decide(Reviewed(task), listed)

    def _decide(self, review: Reviewed, listed: list[Submission]) -> None:
        alike = self._dice.random() < 0.5
        for work in listed:
            verdict = self.stage.verdicts[0] if alike else self._dice.choice(self.stage.verdicts)
            words = None if verdict is Verdict.APPROVE else "The total is missing."
            review.decisions[work.id] = Decision(submission=work, verdict=verdict, words=words)
        self._reviews.append(review)
        self._carry_out(review)

    def _carry_out(self, review: Reviewed) -> None:
        left = [each for name, each in review.decisions.items() if name not in review.settled]
        report = self.do("review", lambda: self.market.review(left))
        if isinstance(report, CrowdhubError):
            return
        for outcome in report.outcomes:
            work = outcome.decision.submission
            if outcome.result in (Result.FAILED, Result.UNKNOWN):
                self.tally.done[f"decision {outcome.result}, to be carried out again"] += 1
                continue
            review.settled.add(work.id)
            self.tally.done["decisions carried out"] += 1
            if outcome.decision.verdict is Verdict.APPROVE:
                self._approved.append(work)
        if report.unintended:
            self.tally.duplicates.append(f"{len(report.unintended)} pieces of work were settled undecided")

    def _collect(self) -> None:
        """The marketplace forgets a solution within minutes, so it is asked for at once."""
        if not self._idle:
            return
        task = self._idle.pop()
        for _ in range(20):
            found = self.do("reading", lambda: list(self.market.submissions(task)))
            if isinstance(found, list) and found:
                self.tally.done["solutions collected"] += 1
                return
        self.tally.done["solutions not asked for in time"] += 1

    def _restart(self) -> None:
        self.hub.close()
        self.hub = self.open()

    def _jump(self) -> None:
        """The machine's clock is set; not while something is late: see the notes of the campaign."""
        if not self.storm.late_ones:
            self.clock.jump(self._dice.choice((-7200, -300, -5, 5, 300, 7200)))
            self._most_wrong = max(self._most_wrong, abs(self.clock.wrong_by))
            self.tally.faults["clock set forward or back"] += 1

    def _recover(self) -> None:
        _ = self.do("recover", self.hub.recover)

    # --- the end

    def audit(self) -> Tally:
        """Fair weather, everything late has been done: recover, ask once more for what is missing, and compare."""
        self.tally.faults += self.storm.counts
        self.storm.calm()
        self.clock.sleep(PATIENCE + 2 * self._most_wrong)  # by a clock that was set back, it is younger than it is
        self._restart()
        report = self.hub.recover()
        for outcome in report.reviews:
            if outcome.result in (Result.FAILED, Result.UNKNOWN):
                self.tally.notes.append(f"recover: {outcome.error}")
        for review in self._reviews:
            self._check_review(review)
        for wanted in self._wanted.values():
            self._check_bought(wanted)
        self.tally.duplicates += [f"{self.stage.name}: {what}" for what in self.truth.problems()]
        self._check_money()
        return self.tally

    def _check_bought(self, wanted: Wanted) -> None:
        ledger = self.hub.ledger
        assert ledger is not None
        if wanted.got is None:
            _ = self._buy(wanted)
        entries = [each for each in ledger.report.entries(key=wanted.key) if each.state is not State.NOT_DONE]
        state = entries[0].state if entries else State.NOT_DONE
        bought = self.truth.bought(wanted.key)
        said = f"{self.stage.name} {wanted.key} (seed {self.seed}): bought {bought}, the ledger says {state}"
        if len(bought) > 1:
            self.tally.duplicates.append(said)
        if state is State.UNKNOWN:
            self.tally.unknown[self._reason(wanted)] += 1
            self.tally.to_look_at.append(entries[0].look_for or "")
        elif (state is State.DONE) != bool(bought):
            self.tally.lost.append(said)
        elif state is State.DONE and wanted.work is None and entries[0].task_id not in bought:
            self.tally.lost.append(f"{said} of {entries[0].task_id}")
        elif state is State.OPEN:
            self.tally.lost.append(f"{said} after everything was recovered")

    def _reason(self, wanted: Wanted) -> str:
        what = "publish" if wanted.work is None else "bonus"
        return f"{what}: {self.stage.why_unknown or 'no reason is known, which is a defect'}"

    def _check_review(self, review: Reviewed) -> None:
        for _ in range(3):
            if len(review.settled) == len(review.decisions):
                break
            self._carry_out(review)
        now = {each.id: each.status for each in self.market.submissions(review.task)}
        for name, decision in review.decisions.items():
            if now.get(name) is not DONE[decision.verdict]:
                self.tally.lost.append(
                    f"{self.stage.name}: {name} was to be {DONE[decision.verdict]} and is {now.get(name)}"
                )

    def _check_money(self) -> None:
        """Where every price is known and nothing is left open, the ledger's sums are the marketplace's."""
        ledger = self.hub.ledger
        assert ledger is not None
        totals = ledger.report.totals()
        if not totals or self.tally.unknown:
            return
        spent = sum((total.spent.amount for total in totals), start=self.truth.taken() * 0)
        priced = all(each.amount is not None for each in ledger.report.entries(state=State.DONE))
        given_back = self.sandbox.books().refunded
        if priced and not given_back and spent != self.truth.taken():
            self.tally.lost.append(f"{self.stage.name}: the ledger sums up {spent}, taken was {self.truth.taken()}")
