"""What must hold on every path: compared are the marketplace's own books, the ledger, and what clients were told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, cast

from crowdhub.errors import CrowdhubError, InvalidRequest, OutcomeUnknown
from crowdhub.ledger import Intent, Ledger, State
from crowdhub.model import Decision, Outcome, Result, ReviewReport, SubmissionStatus, Task
from crowdhub.operations.settling import WANTED
from crowdhub.operations.spending import RecoverReport
from crowdhub.testing.prover.world import World


@dataclass
class PathFindings:
    """What a path brought: ``violations``, each in a sentence, and how many keys ended unknown."""

    violations: list[str] = field(default_factory=list[str])
    unknown: int = 0
    is_outside: bool = False
    """Whether an assumption of the guarantee did not hold: a request left later than ``settles_within`` after it was
    noted, or a second ledger could not see what the first one's request did."""

    def wrong(self, words: str) -> None:
        if words not in self.violations:
            self.violations.append(words)


class Judge(Protocol):
    """Looks at one path."""

    def returned(self, key: str, ledger: Ledger, result: object) -> bool:
        """A client was told something; whether that is what it asked for."""
        ...

    def ended(self, key: str, ledger: Ledger) -> None:
        """Nothing more happens to this key."""
        ...


def judge_errors(findings: PathFindings, result: object) -> None:
    """Every failure has to be one of ours, with words that help."""
    if isinstance(result, CrowdhubError):
        if not result.next_step.strip():
            findings.wrong(f"{type(result).__name__} does not say what to do now: {result.message}")
        if isinstance(result, OutcomeUnknown) and result.money_may_be_spent and not result.look_for:
            findings.wrong(f"an outcome is unknown, and it is not said what to look for: {result.message}")
    elif isinstance(result, BaseException):
        findings.wrong(f"a foreign exception: {type(result).__name__}: {result}")


def entry_of(ledger: Ledger, key: str) -> Intent | None:
    """What the ledger knows of a key; None where it was certainly not carried out."""
    entries = [each for each in ledger.report.entries(key=key) if each.state is not State.NOT_DONE]
    return entries[0] if entries else None


class PurchaseJudge:
    """For what is paid once under a key. ``makes_tasks``: its results are the tasks that were charged for.

    ``alone``: there is one ledger. With two, what one of them calls not done may have been paid through the other, and
    that it is paid once is promised only where the second look could see what the first request did. ``limit``: the
    budget of all keys together.
    """

    def __init__(
        self,
        world: World,
        findings: PathFindings,
        *,
        makes_tasks: bool,
        alone: bool = True,
        limit: Decimal | None = None,
    ) -> None:
        self._world = world
        self._findings = findings
        self._makes_tasks = makes_tasks
        self._alone = alone
        self._limit = limit
        self._before = world.charges.taken()
        self._told: dict[str, str] = {}

    def _bought(self, key: str) -> list[str]:
        return self._world.charges.bought(key)

    def _once(self, key: str) -> None:
        bought = self._bought(key)
        world = self._world
        if world.was_held_up or (not self._alone and (world.was_spoiled or world.was_late)):
            self._findings.is_outside = True
        if len(bought) > 1 and not self._findings.is_outside:
            self._findings.wrong(f"{key} was charged {len(bought)} times")
        if key in world.spent_without_budget:
            self._findings.wrong(f"{key} was sent, and its budget was nothing by then")
        taken = world.charges.taken() - self._before
        if self._limit is not None and taken > self._limit and not self._findings.is_outside:
            self._findings.wrong(f"{taken} were taken, and the budget is {self._limit}")

    def returned(self, key: str, ledger: Ledger, result: object) -> bool:
        judge_errors(self._findings, result)
        self._once(key)
        if isinstance(result, (BaseException, RecoverReport)):
            self._is_open(key, ledger, result)
            return False
        bought = self._bought(key)
        if not bought:
            self._findings.wrong(f"{key} was reported done, and was not charged")
        elif isinstance(result, Task) and self._makes_tasks:
            if result.id not in bought:
                self._findings.wrong(f"{key} was reported as another's task")
            if self._findings.is_outside and self._alone and result.id not in map(_task_of, ledger.report.entries()):
                self._findings.wrong(f"{key} was paid once more, and the ledger does not know of it")
            if self._told.setdefault(key, result.id) != result.id and not self._findings.is_outside:
                self._findings.wrong(f"{key} is another task than it was before")
        return True

    def _is_open(self, key: str, ledger: Ledger, result: object) -> None:
        """What an error, or a recovery, leaves has to be so."""
        findings, bought = self._findings, self._bought(key)
        entries = list(ledger.report.entries(key=key))
        undone = all(each.state is State.NOT_DONE for each in entries)
        if undone and self._alone and not findings.is_outside and (bought or self._world.may_be_charged(key)):
            findings.wrong(f"{key} is not done for the ledger, and {'is' if bought else 'will be'} charged")
        if isinstance(result, InvalidRequest):
            findings.wrong(f"{key} was refused, though nothing is wrong with it: {result.message}")
        never_sent = all(each.sent_at is None for each in entries)
        if isinstance(result, OutcomeUnknown) and result.money_may_be_spent and never_sent:
            findings.wrong(f"{key} is called unknown, while nothing that takes money ever left")

    def ended(self, key: str, ledger: Ledger) -> None:
        findings, bought = self._findings, self._bought(key)
        self._once(key)
        entry = entry_of(ledger, key)
        state = State.NOT_DONE if entry is None else entry.state
        if state is State.UNKNOWN:
            findings.unknown += 1
            if entry is None or not entry.look_for:
                findings.wrong(f"{key} is unknown, and the ledger does not say what to look for")
        elif state in (State.INTENDED, State.SENT):
            findings.wrong(f"{key} is still {state} for the ledger when everything has ended")
        elif state is not State.DONE and bought and self._alone and not findings.is_outside:
            findings.wrong(f"{key} is {state} for the ledger, and was charged {len(bought)} times")
        elif state is State.DONE and not bought:
            findings.wrong(f"{key} is done for the ledger, and was never charged")
        elif state is State.DONE and self._makes_tasks and entry is not None and _task_of(entry) not in (*bought, None):
            findings.wrong(f"{key} is done for the ledger as another's task")


def _task_of(entry: Intent) -> object:
    """The task that an intent made, which a plugin's own operation has in its result alone; None: not known yet."""
    kept: object = entry.result
    result = cast("dict[str, object]", kept) if isinstance(kept, dict) else {}
    value = result.get("value")
    if entry.task_id is None and isinstance(value, dict):
        return cast("dict[str, object]", value).get("id")
    return entry.task_id


class ReviewJudge:
    """For decisions. ``statuses`` tells what each piece of work is now at the marketplace, ``alone``: one client."""

    def __init__(
        self,
        world: World,
        findings: PathFindings,
        decisions: Sequence[Decision],
        statuses: Callable[[], Mapping[str, SubmissionStatus]],
        *,
        alone: bool,
    ) -> None:
        self._world = world
        self._findings = findings
        self._decisions = {each.submission.id: each for each in decisions}
        self._statuses = statuses
        self._alone = alone

    def returned(self, key: str, ledger: Ledger, result: object) -> bool:
        del key, ledger
        judge_errors(self._findings, result)
        outcomes: Sequence[Outcome] = ()
        if isinstance(result, ReviewReport):
            outcomes = result.outcomes
        elif isinstance(result, RecoverReport):
            outcomes = result.reviews
        now = self._statuses()
        for outcome in outcomes:
            name = outcome.decision.submission.id
            if outcome.error is not None:
                judge_errors(self._findings, outcome.error)
            elif now.get(name) not in WANTED[outcome.decision.verdict]:
                self._findings.wrong(f"{name} was reported {outcome.result}, and is {now.get(name)}")
        for name in sorted(self._world.handed_in_anew):
            if now.get(name) is SubmissionStatus.APPROVED and not self._may_be_seen(result):
                self._findings.wrong(f"{name} was handed in anew, and an older decision approved it unseen")
        self._check_money()
        failed = (Result.FAILED, Result.UNKNOWN)
        return isinstance(result, ReviewReport) and not any(each.result in failed for each in outcomes)

    def _may_be_seen(self, result: object) -> bool:
        """Two clients: what one of them had looked at already when it was handed in anew, no client could know."""
        return not (self._alone or isinstance(result, RecoverReport))

    def _check_money(self) -> None:
        for problem in self._world.charges.problems():
            self._findings.wrong(f"the books: {problem}")

    def ended(self, key: str, ledger: Ledger) -> None:
        del key
        self._check_money()
        for name, status in self._statuses().items():
            decision = self._decisions.get(name)
            if decision is None and status in (SubmissionStatus.APPROVED, SubmissionStatus.REJECTED):
                self._findings.wrong(f"{name} is {status}, and nobody had decided on it")
            if decision is not None and status not in WANTED[decision.verdict]:
                self._findings.unknown += 1
        if ledger.journal.open():
            self._findings.unknown += 1
