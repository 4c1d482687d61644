"""Approving and rejecting, one by one and in bulk."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from crowdhub.errors import Conflict, CrowdhubError, InvalidRequest, Issue, NotFound
from crowdhub.model import BatchReport, Decision, Submission, SubmissionStatus, Task, Verdict, settled
from crowdhub.protocol import Call, Effect, Flow, every, load_json, operation, path_segment
from crowdhub_prolific import wire
from crowdhub_prolific.account import ROWS, Account
from crowdhub_prolific.options import ProlificReject

SHORTEST = 100
"""Characters of a rejection's message."""
LOOKS = (2, 5, 10, 20, 30)
"""Seconds before each look at what a bulk approval has done by then: it is carried out later."""


class Reviewing(Account):
    """`approve`, `reject`, `state_of`, `review_batch`."""

    unclear_refusals: ClassVar[tuple[type[CrowdhubError], ...]] = (Conflict, InvalidRequest)
    batch_size = 1000

    def decision_issues(self, decision: Decision) -> list[Issue]:
        found = super().decision_issues(decision)
        if decision.verdict is not Verdict.REJECT:
            return found
        length = len((decision.comment or "").strip())
        if length < SHORTEST:
            found.append(Issue("reason", f"has {length} characters; Prolific wants at least {SHORTEST}"))
        if not isinstance(decision.options_for("prolific"), ProlificReject):
            found.append(Issue("options", "hold no ProlificReject(category=…), which a rejection needs"))
        return found

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        """The transition APPROVE. Pays the participant the study's reward, which publishing took. The API has no place
        for the note."""
        del note
        return (yield from self._settle(submission, {"action": "APPROVE"}))

    @operation
    def reject(self, submission: Submission, reason: str, options: ProlificReject | None = None) -> Flow[Submission]:
        """The transition REJECT. Nothing is paid and the place is free again."""
        if options is None:
            raise InvalidRequest(issues=[Issue("options", "hold no ProlificReject(category=…)")])
        body = {"action": "REJECT", "message": reason, "rejection_category": options.category.value}
        return (yield from self._settle(submission, body)).copy_with(feedback=reason)

    def _settle(self, submission: Submission, body: dict[str, str]) -> Flow[Submission]:
        path = f"/submissions/{path_segment(submission.id)}/transition/"
        reply = yield Call.post(path, json=body, effect=Effect.SETTLE)
        told = wire.work(load_json(reply), self.identity)
        return submission.copy_with(
            id=told.id, status=told.status, auto_approves_at=None, raw={**submission.raw, "settled": told.raw}
        )

    @operation
    def state_of(self, submission: Submission) -> Flow[Submission | None]:
        """``GET /submissions/ID/``."""
        try:
            reply = yield Call.get(f"/submissions/{path_segment(submission.id)}/")
        except NotFound:
            return None
        return wire.work(load_json(reply), self.identity)

    # --- in bulk

    def batch_key(self, decision: Decision) -> Hashable:
        """Approvals of one study: their list tells what became of them."""
        return decision.submission.task_id if decision.verdict is Verdict.APPROVE else None

    def batch_pays(self, decisions: Sequence[Decision], task: Task | None) -> bool:
        """One request, a look at what still waits, and one at everything that is approved by then."""
        approved = (task.approved or 0) if task is not None else 0
        return len(decisions) > 2 + -(-(approved + len(decisions)) // ROWS)

    @operation
    def review_batch(self, decisions: Sequence[Decision]) -> Flow[BatchReport]:
        """``POST /submissions/bulk-approve/``, which names each submission and is carried out later: what is told is
        what a look shows. What is not approved after about a minute is handed back, to be approved one by one."""
        by_id = {each.submission.id: each for each in decisions}
        task_id = decisions[0].submission.task_id
        body = {"submission_ids": list(by_id)}
        try:
            wire.acknowledged(
                (yield Call.post("/submissions/bulk-approve/", json=body, effect=Effect.SETTLE, costs=False))
            )
        except (InvalidRequest, NotFound):  # one of them is not there or cannot be approved: one by one tells which
            return BatchReport(left=tuple(decisions))
        for pause in LOOKS:
            waiting: list[Submission] = yield from every(self._work_of(task_id, SubmissionStatus.PENDING, after=pause))
            if not any(each.id in by_id for each in waiting):
                break
        listed: list[Submission] = yield from every(self.submissions(task_id, SubmissionStatus.APPROVED))
        approved = {each.id: each for each in listed}
        done = [settled(each, approved[each.submission.id]) for each in decisions if each.submission.id in approved]
        left = [each for each in decisions if each.submission.id not in approved]
        return BatchReport(outcomes=tuple(done), left=tuple(left))
