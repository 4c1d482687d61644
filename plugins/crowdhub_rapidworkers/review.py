"""Approving, rejecting, and approving in bulk where nothing unseen can be approved."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import TYPE_CHECKING

from crowdhub.errors import InvalidRequest, Issue, NotFound, OutcomeUnknown, RateLimited, UnreadableResponse
from crowdhub.model import (
    BatchReport,
    Decision,
    Outcome,
    Submission,
    SubmissionStatus,
    Task,
    Verdict,
    Worker,
    settled,
)
from crowdhub.protocol import (
    Call,
    Effect,
    Flow,
    Page,
    every,
    first_match,
    int_or_none,
    operation,
    path_segment,
    text_or_none,
)
from crowdhub_rapidworkers import wire

if TYPE_CHECKING:
    from crowdhub.protocol import Provider
    from crowdhub_rapidworkers.settings import RapidWorkersSettings

    Base = Provider[RapidWorkersSettings]
else:
    Base = object

PENDING = SubmissionStatus.PENDING
LEAST_IN_BULK = 5  # a bulk approval takes four requests
LEAST_TO_ASK = 100  # of a job that is known not to be full: a look in vain is one request in a hundred


class Review(Base):
    """The endpoints that settle submissions."""

    if TYPE_CHECKING:

        def _submissions(
            self, task_id: str, query: list[tuple[str, str]], number: int = 1
        ) -> Flow[Page[Submission]]: ...

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        """``POST …/approve/`` with JSON ``{notes?}``. Pays the worker the job's rate."""
        body = {"notes": note} if note else {}
        return (yield from self._settle(submission, "approve", body, SubmissionStatus.APPROVED))

    @operation
    def reject(self, submission: Submission, reason: str) -> Flow[Submission]:
        """``POST …/reject/`` with JSON ``{notes}``. Nothing is paid and the slot opens again.

        Raises `InvalidRequest` without a reason.
        """
        if not reason.strip():
            raise InvalidRequest(issues=[Issue("reason", "is empty; RapidWorkers requires one for a rejection")])
        return (yield from self._settle(submission, "reject", {"notes": reason}, SubmissionStatus.REJECTED))

    def _settle(
        self, submission: Submission, verb: str, body: dict[str, str], status: SubmissionStatus
    ) -> Flow[Submission]:
        task_id, own_id = path_segment(submission.task_id), path_segment(submission.id)
        path = f"/api/campaigns/{task_id}/submissions/{own_id}/{verb}/"
        reply = yield Call.post(path, json=body, effect=Effect.SETTLE)
        answer = wire.Settled.read(reply)
        return submission.copy_with(
            status=status,
            feedback=body.get("notes", submission.feedback),
            amount_paid=wire.money(answer.submission.amount_paid),
            raw={**submission.raw, "settled": answer.raw},
        )

    @operation
    def state_of(self, submission: Submission) -> Flow[Submission | None]:
        """There is no call for one: the list is searched by the worker's name."""
        name = submission.worker.name
        listing = self._submissions(submission.task_id, [("search", name)] if name else [])
        return (yield from first_match(listing, lambda each: each.id == submission.id))

    # --- in bulk --------------------------------------------------------------------------------------------

    def batch_key(self, decision: Decision) -> Hashable:
        """All decisions on one task together: only then can it be told whether a bulk approval is safe."""
        return decision.submission.task_id

    def batch_pays(self, decisions: Sequence[Decision], task: Task | None) -> bool:
        """A bulk approval takes four requests. Of a job that was not full a moment ago, or had other work pending, its
        first look would be in vain, one request more than one by one; a hundred and more are worth that."""
        if len(decisions) < LEAST_IN_BULK or task is None or len(decisions) >= LEAST_TO_ASK:
            return len(decisions) >= LEAST_IN_BULK
        return _closed(task) and task.pending == len(decisions)

    @operation
    def review_batch(self, decisions: Sequence[Decision]) -> Flow[BatchReport]:
        """``POST …/bulk_action/``, which approves **everything** pending at that moment.

        Used only where every pending submission was decided "approve" with the same comment, and no new one can
        arrive: no slot is left, checked before and after the pending list is read. Otherwise everything is
        handed back to be reviewed one by one. Its answer is compared with the decisions.

        Four requests for 1,000 approvals. Not repeated blindly when its answer is lost (a second one could approve what
        came in between): the list is looked at instead.
        """
        task_id = decisions[0].submission.task_id
        by_id = {each.submission.id: each for each in decisions}
        note = decisions[0].comment
        uniform = all(each.verdict is Verdict.APPROVE and each.comment == note for each in decisions)
        if not uniform or len(by_id) != len(decisions):
            return BatchReport(left=tuple(decisions))
        before: Task = yield from self.task(task_id)
        if not _closed(before):
            return BatchReport(left=tuple(decisions))
        pending = yield from self._pending(task_id, by_id.keys())
        if pending is None or len(pending) < LEAST_IN_BULK - 2:  # two more requests then, and less is saved
            return BatchReport(left=tuple(decisions))
        now: Task = yield from self.task(task_id)
        if not _closed(now) or now.rejected != before.rejected or now.pending != len(pending):
            return BatchReport(left=tuple(decisions))  # something moved between the two looks
        path = f"/api/campaigns/{path_segment(task_id)}/submissions/bulk_action/"
        try:
            body = {"notes": note} if note else {}
            reply = yield Call.post(path, json=body, effect=Effect.SPEND, costs=False, at_once=True)
        except RateLimited:  # while it waited, other work could come in
            return BatchReport(left=tuple(decisions))
        except NotFound:  # somebody else settled them in this moment: one by one tells what they are now
            return BatchReport(left=tuple(decisions))
        except OutcomeUnknown:
            return (yield from self._after_lost(now, decisions))
        try:
            answer = wire.BulkSettled.read(reply)
        except UnreadableResponse:
            return (yield from self._after_lost(now, decisions))
        return self._compare(decisions, answer)

    def _after_lost(self, before: Task, decisions: Sequence[Decision]) -> Flow[BatchReport]:
        """What a bulk approval did whose answer was lost: what is listed as approved now is done. The rest is
        handed back, to be approved one by one, which is safe even if the lost request is still at work. Where more is
        approved than was before it and was decided, that is the newest work: it took a place that opened meanwhile."""
        listed: list[Submission] = yield from every(self.submissions(before.id, SubmissionStatus.APPROVED))
        approved = {each.id: each for each in listed}
        done = [settled(each, approved[each.submission.id]) for each in decisions if each.submission.id in approved]
        left = [each for each in decisions if each.submission.id not in approved]
        decided = {each.submission.id for each in decisions}
        others = sorted((each for each in listed if each.id not in decided), key=_newness, reverse=True)
        more = max(0, len(others) - (before.approved or 0))
        return BatchReport(outcomes=tuple(done), left=tuple(left), unintended=tuple(others[:more]))

    def _pending(self, task_id: str, decided: Collection[str]) -> Flow[dict[str, Submission] | None]:
        """Everything pending now by id; None as soon as one is found that was not decided."""
        page: Page[Submission] = yield from self.submissions(task_id, PENDING)
        found: dict[str, Submission] = {}
        while True:
            if page.unreadable or any(each.id not in decided for each in page.items):
                return None
            found.update((each.id, each) for each in page.items)
            if page.more is None:
                return found
            page = yield from page.more()

    def _compare(self, decisions: Sequence[Decision], answer: wire.BulkSettled) -> BatchReport:
        """What the marketplace says it did, against what was decided."""
        listed = [each for each in answer.submissions if (each.status or "approved").lower() == "approved"]
        approved = {each.id for each in listed}
        outcomes: list[Outcome] = []
        left: list[Decision] = []
        for decision in decisions:
            submission = decision.submission
            if submission.id in approved:
                done = submission.copy_with(status=SubmissionStatus.APPROVED, feedback=decision.comment)
                outcomes.append(settled(decision, done))
            else:  # it was not pending any more, or the marketplace left it out: its own call tells
                left.append(decision)
        decided = {each.submission.id for each in decisions}
        extra = [
            Submission(
                **self.identity,
                id=each.id,
                task_id=decisions[0].submission.task_id,
                worker=Worker(id="", name=text_or_none(each.raw.get("user"))),  # the answer tells the name alone
                status=SubmissionStatus.APPROVED,
                raw=each.raw,
            )
            for each in listed
            if each.id not in decided
        ]
        return BatchReport(outcomes=tuple(outcomes), left=tuple(left), unintended=tuple(extra))


def _newness(submission: Submission) -> tuple[float, int]:
    handed_in = submission.submitted_at
    return (handed_in.timestamp() if handed_in is not None else 0.0, int_or_none(submission.id) or 0)


def _closed(task: Task) -> bool:
    """Every slot is taken by work that was handed in, so nothing new can come. Rejected work does not count: its
    slot opens again, and may be held by a worker who is still at it."""
    if task.remaining != 0 or task.slots is None or task.pending is None or task.approved is None:
        return False
    return task.pending + task.approved >= task.slots


__all__ = ["Review"]
