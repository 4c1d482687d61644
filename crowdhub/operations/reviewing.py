"""Carrying out many decisions, in the fewest calls that are safe, without ever stopping midway."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from crowdhub.errors import AuthenticationFailed, CrowdhubError, OutcomeUnknown
from crowdhub.model import BatchReport, Capability, Decision, Outcome, Result, Submission, Verdict, settled
from crowdhub.operations.spending import Guard, identity_of
from crowdhub.operations.steps import Do, Run, RunAll, Script
from crowdhub.protocol import Flow, Provider

CHUNK = 64  # decisions handed to the engine at once: after an error that stops all, no more than these are tried

Progress = Callable[[int], None]


def review(
    provider: Provider[Any],
    decisions: Sequence[Decision],
    progress: Progress | None = None,
    *,
    guard: Guard,
    journal: tuple[str, Sequence[int]] | None = None,
) -> Script[tuple[list[Outcome], list[Submission]]]:
    """One outcome for each decision, in their order, and what was settled without a decision.

    The decisions are in the ledger's journal before the first is carried out, each outcome after it, so that
    ``recover`` can go on after a crash. ``journal``: the review and the places there that are carried on with.
    """
    if guard.ledger is None:
        return (yield from _Review(provider, decisions, progress).script())
    kept = guard.ledger.journal
    if journal is None:
        identity = identity_of(provider)
        asked = [(d.submission.task_id, d.submission.id, d.verdict.value, d.words) for d in decisions]
        journal = ((yield Do(lambda: kept.write(identity, asked))), range(len(decisions)))
    review_id, positions = journal

    def write(outcomes: Sequence[tuple[int, Outcome]]) -> None:
        from crowdhub.ledger import Noted

        rows = [
            Noted(positions[place], outcome.result.value, str(outcome.error) if outcome.error else None)
            for place, outcome in outcomes
        ]
        kept.outcome(review_id, rows)

    try:
        return (yield from _Review(provider, decisions, progress, write).script())
    finally:
        kept.close(review_id)


class _Review:
    """One run over the decisions."""

    def __init__(
        self,
        provider: Provider[Any],
        decisions: Sequence[Decision],
        progress: Progress | None,
        write: Callable[[Sequence[tuple[int, Outcome]]], None] | None = None,
    ) -> None:
        self._provider = provider
        self._decisions = decisions
        self._progress = progress
        self._write = write
        self._outcomes: dict[int, Outcome] = {}
        self._place = {id(decision): number for number, decision in enumerate(decisions)}

    def script(self) -> Script[tuple[list[Outcome], list[Submission]]]:
        unintended: list[Submission] = []
        left, batches = _batches(self._provider, self._decisions)
        for batch in batches:
            try:
                report: BatchReport = yield Run(self._provider.review_batch(batch))
            except CrowdhubError:
                left.extend(batch)  # one by one, each decision tells its own state
            else:
                yield from self._take(report.outcomes)
                left.extend(report.left)
                unintended.extend(report.unintended)
        left.sort(key=lambda decision: self._place[id(decision)])
        yield from self._one_by_one(left)
        return [self._outcomes[number] for number in range(len(self._decisions))], unintended

    def _one_by_one(self, decisions: Sequence[Decision]) -> Script[None]:
        stopped: CrowdhubError | None = None
        for start in range(0, len(decisions), CHUNK):
            chunk = decisions[start : start + CHUNK]
            if stopped is not None:
                yield from self._take([Outcome(decision=each, result=Result.FAILED, error=stopped) for each in chunk])
                continue
            results = yield RunAll([flow_of(self._provider, each) for each in chunk])
            yield from self._take([outcome_of(each, result) for each, result in zip(chunk, results, strict=True)])
            stopped = next((each for each in results if isinstance(each, AuthenticationFailed)), None)

    def _take(self, done: Sequence[Outcome]) -> Script[None]:
        placed = [(self._place[id(outcome.decision)], outcome) for outcome in done]
        self._outcomes.update(placed)
        write = self._write
        if write is not None and placed:
            yield Do(lambda: write(placed))
        if self._progress is not None and placed:
            self._progress(len(placed))


def _batches(provider: Provider[Any], decisions: Sequence[Decision]) -> tuple[list[Decision], list[list[Decision]]]:
    """The decisions that go one by one, and those that the provider may take together."""
    if Capability.BULK_REVIEW not in provider.capabilities():
        return list(decisions), []
    single: list[Decision] = []
    groups: dict[Hashable, list[Decision]] = {}
    for decision in decisions:
        key = provider.batch_key(decision)
        if key is None:
            single.append(decision)
        else:
            groups.setdefault(key, []).append(decision)
    batches: list[list[Decision]] = []
    for group in groups.values():
        if len(group) == 1:
            single.extend(group)
        else:
            size = provider.batch_size
            batches.extend(group[start : start + size] for start in range(0, len(group), size))
    return single, batches


def flow_of(provider: Provider[Any], decision: Decision) -> Flow[Submission]:
    """The flow that carries out one decision."""
    match decision.verdict:
        case Verdict.APPROVE:
            return provider.approve(decision.submission, decision.words)
        case Verdict.REJECT:
            return provider.reject(decision.submission, decision.words or "")
        case Verdict.REDO:
            return provider.request_redo(decision.submission, decision.words or "")


def outcome_of(decision: Decision, result: Submission | CrowdhubError) -> Outcome:
    if isinstance(result, OutcomeUnknown):
        return Outcome(decision=decision, result=Result.UNKNOWN, error=result)
    if isinstance(result, CrowdhubError):
        return Outcome(decision=decision, result=Result.FAILED, error=result)
    return settled(decision, result)
