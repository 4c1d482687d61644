"""Assignments: one worker's work on a HIT."""

from __future__ import annotations

from typing import Annotated

from crowdhub.protocol import Effect, Flow, Page, operation
from crowdhub_mturk.functions.base import Family, text_of
from crowdhub_mturk.records import Assignment, AssignmentAndHIT
from crowdhub_mturk.words import AssignmentStatus, Known


class Assignments(Family):
    @operation
    def list_assignments_for_hit(
        self, hit_id: str, assignment_statuses: tuple[Annotated[AssignmentStatus, Known], ...] | None = None
    ) -> Flow[Page[Assignment]]:
        """``ListAssignmentsForHIT``: what was handed in, 100 a request."""
        asked = {"HITId": hit_id, "AssignmentStatuses": assignment_statuses}
        return (yield from self._page("ListAssignmentsForHIT", "Assignments", Assignment, **asked))

    @operation
    def get_assignment(self, assignment_id: str) -> Flow[AssignmentAndHIT]:
        """``GetAssignment``: with its HIT."""
        return AssignmentAndHIT.parse((yield from self._ask("GetAssignment", {"AssignmentId": assignment_id})))

    @operation
    def approve_assignment(
        self, assignment_id: str, requester_feedback: str | None = None, override_rejection: bool | None = None
    ) -> Flow[None]:
        """``ApproveAssignment``: pays its reward out of what the HIT holds. With ``override_rejection`` one that was
        rejected is paid anew from the balance, within 30 days. SETTLE."""
        asked = {
            "AssignmentId": assignment_id,
            "RequesterFeedback": requester_feedback,
            "OverrideRejection": override_rejection,
        }
        _ = yield from self._ask("ApproveAssignment", asked, Effect.SETTLE, costs=override_rejection is True)

    @operation
    def reject_assignment(self, assignment_id: str, requester_feedback: str) -> Flow[None]:
        """``RejectAssignment``: reward and fee come back. SETTLE and free."""
        yield from self._change("RejectAssignment", AssignmentId=assignment_id, RequesterFeedback=requester_feedback)

    @operation
    def get_file_upload_url(self, assignment_id: str, question_identifier: str) -> Flow[str]:
        """``GetFileUploadURL``: a link to the file that was handed in, which works for a minute."""
        asked = {"AssignmentId": assignment_id, "QuestionIdentifier": question_identifier}
        answer = yield from self._ask("GetFileUploadURL", asked)
        return text_of(answer, "FileUploadURL")
