"""``kill -9`` at every step between an intent and its outcome, one after the other; then recovery, in a new process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crowdhub.ledger import State
from crowdhub.model import SubmissionStatus, Verdict
from crowdhub.protocol import Provider
from crowdhub.sandbox import Fault
from crowdhub.testing.campaign.chapter import DONE, TIMEOUT, Chapter
from crowdhub.testing.campaign.child import carry_out
from crowdhub.testing.campaign.processes import Processes

WEATHER: Mapping[str, Fault | None] = {
    "in fair weather": None,
    "with the answer lost, work done": Fault.drop("after"),
    "with the answer lost, nothing done": Fault.drop("before"),
    "with a 503, nothing done": Fault.status(503, "before"),
    "with the answer cut off": Fault.truncate(),
    "with no answer in time, work done late": Fault.hang("before"),
}
FEW = ("in fair weather", "with the answer lost, work done")
MOST_STEPS = 400

Job = dict[str, Any]


class Kills:
    """Kills within one chapter's sandbox and ledger; what it finds goes into the chapter's tally.

    ``quick``: what comes after a kill is done by this process, which is another than the one that was killed, rather
    than by a new one each time; and only in two kinds of weather.
    """

    def __init__(self, chapter: Chapter, processes: Processes, *, quick: bool = False) -> None:
        self.chapter = chapter
        self.stage = chapter.stage
        self.tally = chapter.tally
        self._processes = processes
        self._quick = quick
        self._number = 0

    def everything(self) -> None:
        """All kinds of work that this marketplace has, in every weather."""
        weathers = {name: WEATHER[name] for name in FEW} if self._quick else WEATHER
        for name, fault in weathers.items():
            self.publishing(name, fault)
        self.recovering()
        if self.stage.bonus is not None:
            for name, fault in weathers.items():
                self.paying_a_bonus(name, fault)
        if self.stage.verdicts:
            self.reviewing("alike", [self.stage.verdicts[0]])
            self.reviewing("mixed", list(self.stage.verdicts))

    def _after(self, do: str, **more: Any) -> dict[str, Any]:
        """What is done after somebody was killed."""
        if not self._quick:
            return self._job(do, **more)
        self.tally.operations += 1
        return carry_out(self.chapter.hub, {"do": do, "stage": self.stage.name, **more})

    def _job(self, do: str, **more: Any) -> dict[str, Any]:
        self.tally.operations += 1
        chapter = self.chapter
        return self._processes.do(
            do=do,
            stage=self.stage.name,
            accounts=chapter.box.accounts,
            ledger=chapter.ledger,
            now=chapter.clock.now().isoformat(),
            timeout=TIMEOUT,
            **more,
        )

    def _each_step(self, what: str, once: Callable[[int | None], dict[str, Any]]) -> None:
        """``once`` does the work anew and is killed at the step that it is given, until it has no such step."""
        for step in range(MOST_STEPS):
            answer = once(step)
            if "killed" not in answer:
                if step == 0:
                    self.tally.lost.append(f"{what}: nobody was killed, {answer}")
                return
            self.tally.faults["kill -9"] += 1
        raise RuntimeError(f"{what} has more than {MOST_STEPS} steps")

    # --- what is bought

    def publishing(self, weather: str, fault: Fault | None) -> None:
        """Publish, killed at each step; then recover, then publish under the same key again."""

        def once(step: int | None) -> dict[str, Any]:
            self._number += 1
            number = 900_000 + self._number
            job: Job = {"do": "publish", "number": number, "key": f"kill-{number}"}
            return self._killed_buying(job, weather, fault, step)

        self._each_step(f"publishing {weather}", once)

    def paying_a_bonus(self, weather: str, fault: Fault | None) -> None:
        """The same for a bonus."""

        def once(step: int | None) -> dict[str, Any]:
            self._number += 1
            task, (work, *_) = self._task_with_work(1)
            job: Job = {"do": "bonus", "task": task, "work": work, "key": f"kill-bonus-{self._number}"}
            return self._killed_buying(job, weather, fault, step)

        self._each_step(f"paying a bonus {weather}", once)

    def _killed_buying(self, job: Job, weather: str, fault: Fault | None, step: int | None) -> dict[str, Any]:
        storm, truth, key = self.chapter.storm, self.chapter.truth, job["key"]
        storm.begin(key, self._number)
        if fault is not None:
            storm.add(fault, method="POST", path=self._spending(job))
        first = self._job(**job, kill_at=step)
        storm.calm()  # what was late is done now, after the process has ended
        _ = truth.now(key)
        if "killed" in first:
            self._recover()
            _ = truth.now(key)
            _ = self._after(**job)
            _ = truth.now(key)
            self._check(key, f"{job['do']} {weather}, killed at step {step}")
        return first

    def _spending(self, job: Job) -> str:
        return self.stage.published if job["do"] == "publish" else self.stage.paid_extra

    def recovering(self) -> None:
        """A process that died before it wrote the outcome; then its recovery, killed at each of its own steps."""

        def once(step: int | None) -> dict[str, Any]:
            self._number += 1
            number = 900_000 + self._number
            key, truth = f"kill-{number}", self.chapter.truth
            self.chapter.storm.begin(key, self._number)
            job: Job = {"do": "publish", "number": number, "key": key}
            left_open = self._left_open(job)
            _ = truth.now(key)
            answer = self._job("recover", kill_at=step)
            _ = truth.now(key)
            if left_open and "killed" in answer:
                self._recover()
                _ = self._after(**job)
                _ = truth.now(key)
                self._check(key, f"recovery, killed at step {step}")
            return answer

        self._each_step("recovery", once)

    def late_after_recovery(self) -> None:
        """The process is killed while the marketplace is slow, recovered at once, and only then is the work done."""
        storm, truth, key = self.chapter.storm, self.chapter.truth, "late"
        names = self._job("publish", number=990_001, key="late-probe")["points"]
        _ = truth.now("late-probe")
        storm.begin(key, 0)
        storm.late_by = 60  # seconds; within the five minutes in which an absence proves nothing
        storm.add(Fault.hang("before"), method="POST", path=self.stage.published)
        job: Job = {"do": "publish", "number": 990_002, "key": key}
        _ = self._job(**job, kill_at=_last(names, "POST is half sent") + 1)
        _ = self._after("recover")
        _ = self._after(**job)
        _ = truth.now(key)
        storm.calm()
        _ = truth.now(key)
        self._recover()
        _ = self._after(**job)
        _ = truth.now(key)
        self._check(key, "publishing, killed while the marketplace was slow and recovered before it was done")

    def _recover(self) -> None:
        """Recover at once; what cannot be told yet, once more when its absence is proof."""
        said = self._after("recover")["said"]
        if any(each["settled"] == "look" for each in said["intents"]):
            provider: Provider[Any] = self.chapter.market.provider
            self.chapter.clock.sleep(provider.settles_within.total_seconds() + 1)
            _ = self._after("recover")

    def _left_open(self, job: Job) -> bool:
        if self._before_outcome is None:
            probe = {**job, "number": job["number"] + 50_000, "key": job["key"] + "-probe"}
            names = self._job(**probe)["points"]
            _ = self.chapter.truth.now(probe["key"])
            self._before_outcome = names.index("before writing the outcome")
        return "killed" in self._job(**job, kill_at=self._before_outcome)

    _before_outcome: int | None = None

    def _check(self, key: str, what: str) -> None:
        """Bought once, and the ledger says so; or unknown, where the marketplace cannot tell."""
        ledger = self.chapter.hub.ledger
        assert ledger is not None
        states = [each for each in ledger.report.entries(key=key) if each.state is not State.NOT_DONE]
        state = states[0].state if states else State.NOT_DONE
        bought = self.chapter.truth.bought(key)
        said = f"{self.stage.name} {what}: bought {bought}, the ledger says {state}"
        if len(bought) > 1:
            self.tally.duplicates.append(said)
        if state is State.UNKNOWN:
            reason = self.stage.why_unknown or "no reason is known, which is a defect"
            self.tally.unknown[f"after kill -9: {reason}"] += 1
            self.tally.to_look_at.append(states[0].look_for or "")
            self._settle_by_hand(states[0].id, bought)
        elif state is not State.DONE or len(bought) != 1:
            self.tally.lost.append(said)

    def _settle_by_hand(self, intent: str, bought: Sequence[str]) -> None:
        """The person has looked. Left open, each of these would add its own steps to every recovery that follows."""
        ledger = self.chapter.hub.ledger
        assert ledger is not None
        begun = ledger.claim(intent)
        if bought:
            _ = ledger.finish(begun.intent, task_id=bought[0])
        else:
            _ = ledger.fail(begun.intent, "A person looked: it is not there.")

    # --- reviews

    def reviewing(self, how: str, verdicts: list[Verdict]) -> None:
        """Decisions on a full task, killed at each step; then recover. All of one kind may go in bulk."""

        def once(step: int | None) -> dict[str, Any]:
            self._number += 1
            task, works = self._task_with_work(max(2, self.stage.slots // 2))
            decisions = {
                name: {
                    "verdict": str(verdict := verdicts[place % len(verdicts)]),
                    "words": None if verdict is Verdict.APPROVE else "The total is missing.",
                }
                for place, name in enumerate(works)
            }
            before = self.chapter.truth.payouts()
            answer = self._job("review", task=task, decisions=decisions, kill_at=step)
            if "killed" in answer:
                recovered = self._after("recover")
                if not set(decisions) & set(recovered["said"]["reviews"]):
                    # It died before its decisions were written down, or after the last outcome: run it again.
                    _ = self._after("review", task=task, decisions=decisions)
            self._check_review(task, decisions, before, f"review of {how} decisions, killed at step {step}")
            return answer

        self._each_step(f"reviewing {how}", once)

    def _check_review(
        self, task: str, decisions: Mapping[str, Mapping[str, Any]], before: Mapping[str, int], what: str
    ) -> None:
        now = {each.id: each.status for each in self.chapter.market.submissions(task)}
        for name, decision in decisions.items():
            wanted: SubmissionStatus = DONE[Verdict(decision["verdict"])]
            if now.get(name) is not wanted:
                self.tally.lost.append(f"{self.stage.name} {what}: {name} was to be {wanted} and is {now.get(name)}")
        approved = sum(1 for each in decisions.values() if each["verdict"] == "approve")
        paid = sum(self.chapter.truth.payouts().values()) - sum(before.values())
        if paid != approved:
            found = self.tally.duplicates if paid > approved else self.tally.lost
            found.append(f"{self.stage.name} {what}: {approved} were approved and {paid} paid")

    def _task_with_work(self, slots: int) -> tuple[str, list[str]]:
        draft = self.stage.draft(800_000 + self._number).copy_with(slots=slots)
        task = self.chapter.market.publish(draft, key=f"reviewed-{self._number}")
        _ = self.chapter.truth.now(f"reviewed-{self._number}")
        self.stage.hand_in(self.chapter.sandbox, task.id, slots)
        return task.id, [each.id for each in self.chapter.market.submissions(task, status="pending")]


def _last(names: list[str], name: str) -> int:
    return len(names) - 1 - names[::-1].index(name)
