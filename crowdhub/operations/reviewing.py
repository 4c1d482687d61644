"""Carrying out many decisions, in the fewest calls that are safe, without ever stopping midway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from crowdhub.errors import AuthenticationFailed, CrowdhubError, LedgerError, NotConfirmed, OutcomeUnknown
from crowdhub.model import BatchReport, Capability, Decision, Outcome, Result, ReviewReport, Submission, settled
from crowdhub.operations.checks import asking
from crowdhub.operations.looks import Known
from crowdhub.operations.port import Port, identity_of
from crowdhub.operations.settling import Payment, Till, as_it_stands, fits, settle_once, unfit
from crowdhub.operations.unnoted import tell_unnoted
from crowdhub.protocol import AnyProvider

if TYPE_CHECKING:
    from crowdhub.ledger.journal import Decided
    from crowdhub.ledger.ledger import Ledger

CHUNK = 64  # decisions handed to the engine at once: after an error that stops all, no more than these are tried

Progress = Callable[[int], None]


async def review(
    port: Port,
    decisions: Sequence[Decision],
    progress: Progress | None = None,
    *,
    till: Till,
    ledger: Ledger | None,
    known: Known | None = None,
    unfinished: tuple[str, Sequence[int]] | None = None,
) -> ReviewReport:
    """One outcome for each decision, in their order, and what was settled without a decision.

    The decisions are in the ledger's journal before the first is carried out, each outcome after it, so that
    ``recover`` can go on after a crash. ``known``: tasks that were looked at a moment ago. ``unfinished``: the review
    and the places there that are carried on with.
    """
    port = port.counting()
    if ledger is None:
        return await _Review(port, decisions, till, progress, None).run(known)
    journal = ledger.journal
    if unfinished is None:
        provider = port.provider
        asked = [_kept(each) for each in decisions]

        def written() -> str:
            return journal.write(identity_of(provider), asked, ledger.owner_of(provider.settings.secrets()))

        unfinished = (await port.blocking(written), range(len(decisions)))
    review_id, positions = unfinished

    def write(outcomes: Sequence[tuple[int, Outcome]]) -> None:
        from crowdhub.ledger import Noted  # the database is loaded where there is a ledger

        rows = [
            Noted(positions[place], outcome.result.value, str(outcome.error) if outcome.error else None)
            for place, outcome in outcomes
        ]
        journal.outcome(review_id, rows)

    try:
        return await _Review(port, decisions, till, progress, write).run(known)
    finally:
        try:
            journal.close(review_id)
        except LedgerError as error:  # what was carried out is not undone by a full disk
            tell_unnoted("The review", error)


def give_way(port: Port, ledger: Ledger, submission: Submission) -> None:
    """What an interrupted review had decided of this work is not carried out any more: there is a newer decision."""
    owner = ledger.owner_of(port.provider.settings.secrets())
    ledger.journal.give_way(identity_of(port.provider), submission.task_id, submission.id, owner)


def _kept(decision: Decision) -> Decided:
    """A decision as the journal keeps it."""
    from crowdhub.ledger import Decided  # the database is loaded where there is a ledger

    submission = decision.submission
    options = decision.model_dump(mode="json", include={"options"})["options"] if decision.options else ()
    verdict, handed_in = decision.verdict.value, submission.submitted_at
    return Decided(submission.task_id, submission.id, verdict, decision.comment, options, handed_in)


class _Review:
    """One run over the decisions."""

    def __init__(
        self,
        port: Port,
        decisions: Sequence[Decision],
        till: Till,
        progress: Progress | None,
        write: Callable[[Sequence[tuple[int, Outcome]]], None] | None,
    ) -> None:
        self._port = port
        self._decisions = decisions
        self._till = till
        self._progress = progress
        self._write = write
        self._outcomes: dict[int, Outcome] = {}
        self._places = {_about(decision): number for number, decision in enumerate(decisions)}

    async def run(self, known: Known | None) -> ReviewReport:
        provider = self._port.provider
        unintended: list[Submission] = []
        left, batches = _batches(provider, self._decisions, known)
        for batch in batches:
            report = await self._together(batch)
            outcomes = await self._checked(batch, report)
            await self._take(outcomes)
            self._advance(len(outcomes))
            told = {_about(outcome.decision) for outcome in outcomes}
            left.extend(each for each in batch if _about(each) not in told)
            unintended.extend(report.unintended)
        left.sort(key=lambda decision: self._places[_about(decision)])
        await self._one_by_one(left)
        return ReviewReport(
            outcomes=tuple(self._outcomes[number] for number in range(len(self._decisions))),
            unintended=tuple(unintended),
            requests=self._port.requests,
        )

    async def _together(self, batch: Sequence[Decision]) -> BatchReport:
        """Carry out a batch. Where it fails, each decision tells its own state, one by one; not where it may have been
        paid for: then each state is looked at, and nothing is sent again."""
        port = self._port
        seen: BatchReport | None = None

        async def send(payment: Payment) -> BatchReport:
            nonlocal seen
            try:
                return await port.run(operation, payment)
            except CrowdhubError as error:
                lost_a_payment = isinstance(error, OutcomeUnknown) and not payment.is_free
                if not payment.has_paid and not lost_a_payment:
                    raise
                lost = error
            seen = BatchReport(outcomes=await self._as_they_stand([(each, lost) for each in batch]))
            if doubt := next((each.error for each in seen.outcomes if each.result is Result.UNKNOWN), None):
                raise doubt
            if not any(each.error is None for each in seen.outcomes):  # each was settled another way
                raise seen.outcomes[0].error or lost
            return seen

        try:
            operation = port.provider.review_batch(batch).taken()
            return await self._till(port, operation, batch, send)
        except (LedgerError, NotConfirmed) as error:
            stopped = [Outcome(decision=each, result=Result.FAILED, error=error) for each in batch]
            return seen or BatchReport(outcomes=tuple(stopped))
        except CrowdhubError:
            return seen or BatchReport(left=tuple(batch))

    async def _checked(self, batch: Sequence[Decision], report: BatchReport) -> Sequence[Outcome]:
        """The outcomes of a batch; the state of what does not fit its decision is looked at."""
        told = {_about(outcome.decision): outcome for outcome in report.outcomes}
        for each in report.left:
            _ = told.pop(_about(each), None)
        found = [(each, told[_about(each)]) for each in batch if _about(each) in told]
        doubts = [(each, unfit(each, said.submission)) for each, said in found if not self._fits(each, said)]
        looked = {_about(each.decision): each for each in await self._as_they_stand(doubts, was_taken=True)}
        return [looked.get(_about(each), said) for each, said in found]

    def _fits(self, decision: Decision, outcome: Outcome) -> bool:
        if outcome.error is not None:
            return True
        work = outcome.submission
        return work is not None and fits(self._port.provider, decision, work)

    async def _as_they_stand(
        self, doubts: Sequence[tuple[Decision, CrowdhubError]], *, was_taken: bool = False
    ) -> tuple[Outcome, ...]:
        """What became of decisions, by the states of their submissions."""
        looks = [partial(as_it_stands, self._port, *each, was_taken=was_taken) for each in doubts]
        results = await self._port.side_by_side(looks)
        return tuple(outcome_of(each, result) for (each, _), result in zip(doubts, results, strict=True))

    async def _one_by_one(self, decisions: Sequence[Decision]) -> None:
        stopped: CrowdhubError | None = None
        for start in range(0, len(decisions), CHUNK):
            chunk = decisions[start : start + CHUNK]
            if stopped is not None:
                await self._take([Outcome(decision=each, result=Result.FAILED, error=stopped) for each in chunk])
                self._advance(len(chunk))
                continue
            results = await self._port.side_by_side([self._settling(each) for each in chunk], lambda: self._advance(1))
            await self._take([outcome_of(each, result) for each, result in zip(chunk, results, strict=True)])
            stopped = next((each for each in results if isinstance(each, (AuthenticationFailed, LedgerError))), None)

    def _settling(self, decision: Decision) -> Callable[[], Awaitable[Submission]]:
        return lambda: settle_once(self._port, decision, self._till)

    async def _take(self, done: Sequence[Outcome]) -> None:
        placed = [(self._places[_about(outcome.decision)], outcome) for outcome in done]
        self._outcomes.update(placed)
        write = self._write
        if write is not None and placed:
            try:
                await self._port.blocking(lambda: write(placed))
            except LedgerError as error:  # what was carried out is reported all the same
                self._write = None
                tell_unnoted("The review", error)

    def _advance(self, done: int) -> None:
        if self._progress is not None and done:
            self._progress(done)


def _about(decision: Decision) -> tuple[str, str]:
    return decision.submission.task_id, decision.submission.id


def _batches(
    provider: AnyProvider, decisions: Sequence[Decision], known: Known | None
) -> tuple[list[Decision], list[list[Decision]]]:
    """The decisions that go one by one, and those that the provider may take together."""
    if Capability.BULK_REVIEW not in provider.capabilities:
        return list(decisions), []
    single: list[Decision] = []
    groups: dict[Hashable, list[Decision]] = {}
    for decision in decisions:
        with asking(provider, "batch_key"):
            key = provider.batch_key(decision)
        if key is None:
            single.append(decision)
        else:
            groups.setdefault(key, []).append(decision)
    batches: list[list[Decision]] = []
    for group in groups.values():
        size = provider.batch_size
        for start in range(0, len(group), size):
            batch = group[start : start + size]
            if len(group) > 1 and _pays(provider, batch, known):
                batches.append(batch)
            else:
                single.extend(batch)
    return single, batches


def _pays(provider: AnyProvider, batch: Sequence[Decision], known: Known | None) -> bool:
    of = {each.submission.task_id for each in batch}
    task = known(of.pop()) if known is not None and len(of) == 1 else None
    with asking(provider, "batch_pays"):
        return provider.batch_pays(batch, task)


def outcome_of(decision: Decision, result: Submission | CrowdhubError) -> Outcome:
    if isinstance(result, OutcomeUnknown):
        return Outcome(decision=decision, result=Result.UNKNOWN, error=result)
    if isinstance(result, CrowdhubError):
        return Outcome(decision=decision, result=Result.FAILED, error=result)
    return settled(decision, result)
