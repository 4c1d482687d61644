"""Carrying out many decisions, in the fewest calls that are safe, without ever stopping midway."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from crowdhub.errors import AuthenticationFailed, CrowdhubError, OutcomeUnknown
from crowdhub.flow import Flow
from crowdhub.market.steps import Run, RunAll, Script
from crowdhub.model import BatchReport, Capability, Decision, Outcome, Result, Submission, Verdict, settled
from crowdhub.provider import Provider

CHUNK = 64  # decisions handed to the engine at once: after an error that stops all, no more than these are tried

Progress = Callable[[int], None]


def review(
    provider: Provider[Any], decisions: Sequence[Decision], progress: Progress | None = None
) -> Script[tuple[list[Outcome], list[Submission]]]:
    """One outcome for each decision, in their order, and what was settled without a decision."""
    outcomes: dict[int, Outcome] = {}
    unintended: list[Submission] = []
    place = {id(decision): number for number, decision in enumerate(decisions)}

    def take(done: Sequence[Outcome]) -> None:
        for outcome in done:
            outcomes[place[id(outcome.decision)]] = outcome
        if progress is not None and done:
            progress(len(done))

    left, batches = _batches(provider, decisions)
    for batch in batches:
        try:
            report: BatchReport = yield Run(provider.review_batch(batch))
        except CrowdhubError:
            left.extend(batch)  # one by one, each decision tells its own state
        else:
            take(report.outcomes)
            left.extend(report.left)
            unintended.extend(report.unintended)
    left.sort(key=lambda decision: place[id(decision)])
    stopped: CrowdhubError | None = None
    for start in range(0, len(left), CHUNK):
        chunk = left[start : start + CHUNK]
        if stopped is not None:
            take([Outcome(decision=each, result=Result.FAILED, error=stopped) for each in chunk])
            continue
        results = yield RunAll([flow_of(provider, each) for each in chunk])
        take([outcome_of(decision, result) for decision, result in zip(chunk, results, strict=True)])
        stopped = next((each for each in results if isinstance(each, AuthenticationFailed)), None)
    return [outcomes[number] for number in range(len(decisions))], unintended


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
