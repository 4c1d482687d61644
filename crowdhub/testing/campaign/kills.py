"""``kill -9`` at every step between an intent and its outcome, one after the other; then recovery, in a new process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from crowdhub.errors import ConfigurationError
from crowdhub.ledger import State
from crowdhub.model import Capability, Verdict
from crowdhub.operations.settling import WANTED
from crowdhub.operations.spending.recovering import Settled
from crowdhub.sandbox import Fault
from crowdhub.testing.campaign.audit import UNEXPLAINED, differs, entry_of, ledger_of
from crowdhub.testing.campaign.child import carry_out
from crowdhub.testing.campaign.experiment import Experiment
from crowdhub.testing.campaign.jobs import ChildJob, JobResult
from crowdhub.testing.campaign.processes import Processes
from crowdhub.testing.campaign.requests import RequestPattern

CONDITIONS: Mapping[str, Fault | None] = {
    "with nothing else wrong": None,
    "with the answer lost, work done": Fault.drop("after"),
    "with the answer lost, nothing done": Fault.drop("before"),
    "with a 503, nothing done": Fault.status(503, "before"),
    "with the answer cut off": Fault.truncate(),
    "with no answer in time, work done late": Fault.hang("before"),
}
FEW = ("with nothing else wrong", "with the answer lost, work done")
MOST_STEPS = 400


class Kills:
    """Kills within one experiment's sandbox and ledger; what it finds goes into the experiment's findings.

    ``quick``: what comes after a kill is done by this process, which is another than the one that was killed, rather
    than by a new one each time; and only under two of the conditions.
    """

    def __init__(self, experiment: Experiment, processes: Processes, *, quick: bool = False) -> None:
        self.experiment = experiment
        self.profile = experiment.profile
        self.findings = experiment.findings
        self._processes = processes
        self._quick = quick
        self._number = 0

    @property
    def _conditions(self) -> Mapping[str, Fault | None]:
        return {name: CONDITIONS[name] for name in FEW} if self._quick else CONDITIONS

    def publishes(self) -> None:
        """Publishing, under every condition; also where an earlier request than the one that costs meets it."""
        costly = self.experiment.costly
        for name, fault in self._conditions.items():
            self.publishing(name, fault)
            for step in () if fault is None or self._quick else costly.publish_steps:
                if step != costly.publish:
                    self.publishing(f"{name}, at an earlier request", fault, step)

    def bonuses(self) -> None:
        """Paying bonuses, under every condition, where the marketplace has them."""
        if self.experiment.costly.bonus is not None:
            for name, fault in self._conditions.items():
                self.paying_a_bonus(name, fault)

    def reviews(self) -> None:
        """Reviews, where there is something to decide."""
        if self.profile.verdicts:
            self.reviewing("alike", self.profile.verdicts[:1])
            self.reviewing("mixed", self.profile.verdicts)

    def recoveries(self) -> None:
        """Recovery itself, and what is done after it."""
        self.recovering()
        self.late_after_recovery()

    def _after(self, job: ChildJob) -> JobResult:
        """What is done after somebody was killed."""
        if not self._quick:
            return self.do(job)
        self.findings.operations += 1
        return carry_out(self.experiment.hub, replace(job, provider=self.profile.name))

    def do(self, job: ChildJob) -> JobResult:
        """One job in a process of its own."""
        self.findings.operations += 1
        return self._processes.do(self.experiment.job(job))

    def _each_step(self, what: str, once: Callable[[int | None], JobResult]) -> None:
        """``once`` does the work anew and is killed at the step that it is given, until it has no such step."""
        for step in range(MOST_STEPS):
            answer = once(step)
            if answer.killed is None:
                if step == 0:
                    self.findings.lost.append(f"{what}: nobody was killed, {answer}")
                return
            self.findings.faults["kill -9"] += 1
        raise ConfigurationError(
            f"{self.profile.name} {what} has more than {MOST_STEPS} steps. Each try leaves a task behind, and a look"
            " that reads them all takes a request for each page.",
            next_step="Give the sandbox larger pages in the subject's `campaign = CampaignPlan(sandbox=…)`.",
            provider=self.profile.name,
        )

    # --- what is bought

    def publishing(self, condition: str, fault: Fault | None, aim: RequestPattern | None = None) -> None:
        """Publish, killed at each step; then recover, then publish under the same key again. ``aim``: the request that
        meets the fault; by default the one that takes the money."""

        def once(step: int | None) -> JobResult:
            self._number += 1
            number = 900_000 + self._number
            job = ChildJob(do="publish", number=number, key=f"kill-{number}")
            return self._killed_buying(job, condition, fault, aim or self.experiment.costly.publish, step)

        self._each_step(f"publishing {condition}", once)

    def paying_a_bonus(self, condition: str, fault: Fault | None) -> None:
        """The same for a bonus."""
        aim = self.experiment.costly.bonus
        assert aim is not None

        def once(step: int | None) -> JobResult:
            self._number += 1
            task, works = self.task_with_work(1)
            ((work, worker),) = works.items()
            key = f"kill-bonus-{self._number}"
            job = ChildJob(do="bonus", task=task, work=work, worker=worker, key=key)
            return self._killed_buying(job, condition, fault, aim, step)

        self._each_step(f"paying a bonus {condition}", once)

    def _killed_buying(
        self, job: ChildJob, condition: str, fault: Fault | None, aim: RequestPattern, step: int | None
    ) -> JobResult:
        faults, charges, key = self.experiment.faults, self.experiment.charges, job.key
        faults.begin(key, self._number)
        if fault is not None:
            aim.spoil(faults, fault)
        first = self.do(replace(job, kill_at=step))
        faults.stop()  # what was late is done now, after the process has ended
        _ = charges.now(key)
        if first.killed is not None:
            self._recover()
            _ = charges.now(key)
            _ = self._after(job)
            _ = charges.now(key)
            lookup = Capability.FIND_PUBLISHED if job.do == "publish" else Capability.FIND_BONUS
            self._check(key, f"{job.do} {condition}, killed at step {step}", lookup)
        return first

    def recovering(self) -> None:
        """A process that died before it wrote the outcome; then its recovery, killed at each of its own steps."""

        def once(step: int | None) -> JobResult:
            self._number += 1
            number = 900_000 + self._number
            key, charges = f"kill-{number}", self.experiment.charges
            self.experiment.faults.begin(key, self._number)
            job = ChildJob(do="publish", number=number, key=key)
            left_open = self._left_open(job)
            _ = charges.now(key)
            answer = self.do(ChildJob(do="recover", kill_at=step))
            _ = charges.now(key)
            if left_open and answer.killed is not None:
                self._recover()
                _ = self._after(job)
                _ = charges.now(key)
                self._check(key, f"recovery, killed at step {step}", Capability.FIND_PUBLISHED)
            return answer

        self._each_step("recovery", once)

    def late_after_recovery(self) -> None:
        """The process is killed while the marketplace is slow, recovered at once, and only then is the work done."""
        faults, charges, key = self.experiment.faults, self.experiment.charges, "late"
        aim = self.experiment.costly.publish
        names = self.do(ChildJob(do="publish", number=990_001, key="late-probe")).points
        _ = charges.now("late-probe")
        faults.begin(key, 0)
        faults.late_by = 60  # seconds; within the five minutes in which an absence proves nothing
        aim.spoil(faults, Fault.hang("before"))
        job = ChildJob(do="publish", number=990_002, key=key)
        _ = self.do(replace(job, kill_at=_last(names, f"{aim.method} is half sent") + 1))
        _ = self._after(ChildJob(do="recover"))
        _ = self._after(job)
        _ = charges.now(key)
        faults.stop()
        _ = charges.now(key)
        self._recover()
        _ = self._after(job)
        _ = charges.now(key)
        what = "publishing, killed while the marketplace was slow and recovered before it was done"
        self._check(key, what, Capability.FIND_PUBLISHED)

    def _recover(self) -> None:
        """Recover at once; what cannot be told yet, once more when its absence is proof."""
        if Settled.LOOK in self._after(ChildJob(do="recover")).intents:
            self.experiment.clock.sleep(self.profile.provider.settles_within.total_seconds() + 1)
            _ = self._after(ChildJob(do="recover"))

    def _left_open(self, job: ChildJob) -> bool:
        if self._before_outcome is None:
            probe = replace(job, number=job.number + 50_000, key=job.key + "-probe")
            names = self.do(probe).points
            _ = self.experiment.charges.now(probe.key)
            self._before_outcome = names.index("before writing the outcome")
        return self.do(replace(job, kill_at=self._before_outcome)).killed is not None

    _before_outcome: int | None = None

    def _check(self, key: str, what: str, lookup: Capability) -> None:
        """Bought once, and the ledger says so; or unknown, where the marketplace cannot tell."""
        entry = entry_of(ledger_of(self.experiment), key)
        state = State.NOT_DONE if entry is None else entry.state
        bought = self.experiment.charges.bought(key)
        said = f"{self.profile.name} {what}: bought {bought}, the ledger says {state}"
        if len(bought) > 1:
            self.findings.duplicates.append(said)
        if entry is not None and state is State.UNKNOWN:
            reason = self.profile.why_unknown(lookup) or UNEXPLAINED
            self.findings.unknown[f"after kill -9: {reason}"] += 1
            self.findings.to_look_at.append(entry.look_for or "")
            self._settle_by_hand(entry.id, bought)
        elif state is not State.DONE or len(bought) != 1:
            self.findings.lost.append(said)

    def _settle_by_hand(self, intent: str, bought: Sequence[str]) -> None:
        """The person has looked. Left open, each of these would add its own steps to every recovery that follows."""
        ledger = ledger_of(self.experiment)
        begun = ledger.claim(intent)
        if bought:
            _ = ledger.finish(begun.intent, task_id=bought[0])
        else:
            _ = ledger.fail(begun.intent, "A person looked: it is not there.")

    # --- reviews

    def reviewing(self, how: str, verdicts: Sequence[Verdict]) -> None:
        """Decisions on a full task, killed at each step; then recover. All of one kind may go in bulk."""

        def once(step: int | None) -> JobResult:
            self._number += 1
            task, works = self.task_with_work(min(max(2, self.profile.slots // 2), self.profile.slots))
            decisions = {name: verdicts[place % len(verdicts)] for place, name in enumerate(works)}
            job = ChildJob(do="review", task=task, decisions=decisions)
            before = self.experiment.charges.payouts()
            answer = self.do(replace(job, kill_at=step))
            if answer.killed is not None:
                recovered = self._after(ChildJob(do="recover"))
                if not set(decisions) & set(recovered.results):
                    # It died before its decisions were written down, or after the last outcome: run it again.
                    _ = self._after(job)
            self._check_review(task, decisions, before, f"review of {how} decisions, killed at step {step}")
            return answer

        self._each_step(f"reviewing {how}", once)

    def _check_review(self, task: str, decisions: Mapping[str, Verdict], before: Mapping[str, int], what: str) -> None:
        now = {each.id: each.status for each in self.experiment.market.submissions(task)}
        for name, verdict in decisions.items():
            if now.get(name) not in WANTED[verdict]:
                self.findings.lost.append(f"{self.profile.name} {what}: {differs(name, verdict, now)}")
        approved = sum(1 for verdict in decisions.values() if verdict is Verdict.APPROVE)
        paid = sum(self.experiment.charges.payouts().values()) - sum(before.values())
        if paid != approved:
            found = self.findings.duplicates if paid > approved else self.findings.lost
            found.append(f"{self.profile.name} {what}: {approved} were approved and {paid} paid")

    def task_with_work(self, slots: int) -> tuple[str, dict[str, str]]:
        """A new task with so much pending work: its id, and each submission's id with its worker's."""
        key = f"reviewed-{self._number}"
        task = self.experiment.market.publish(self.profile.draft(800_000 + self._number, slots), key=key)
        _ = self.experiment.charges.now(key)
        self.profile.hand_in(self.experiment.sandbox, task.id, slots)
        pending = self.experiment.market.submissions(task, status="pending")
        return task.id, {each.id: each.worker.id for each in pending}


def _last(names: Sequence[str], name: str) -> int:
    return len(names) - 1 - list(names)[::-1].index(name)


PARTS: Sequence[Callable[[Kills], None]] = (Kills.publishes, Kills.recoveries, Kills.bonuses, Kills.reviews)
"""All kinds of work that a marketplace can have."""
