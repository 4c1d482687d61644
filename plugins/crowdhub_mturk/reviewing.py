"""The work that was handed in, its files, and deciding on it."""

from __future__ import annotations

import re
from datetime import timedelta

from crowdhub.errors import Issue, NotFound
from crowdhub.model import Decision, File, Submission, SubmissionStatus
from crowdhub.protocol import Flow, Page, operation
from crowdhub_mturk.account import Account
from crowdhub_mturk.functions.base import ROWS
from crowdhub_mturk.reading import ASKED, submission_of
from crowdhub_mturk.records import Assignment

FEEDBACK = 1024
LINK_LIVES = timedelta(seconds=60)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Reviewing(Account):
    """`submissions`, `state_of`, `locate_file`, `approve`, `reject`."""

    auto_approval_untold = None
    submissions_a_page = ROWS

    @operation
    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """``ListAssignmentsForHIT``, 100 a request: work in hands, or given back, is never shown."""
        if status is not None and status not in ASKED:
            return Page(())
        words = None if status is None else (ASKED[status],)
        page = yield from self.api.assignments.list_assignments_for_hit(task_id, words)
        return self._page_of(page, task_id)

    def _page_of(self, page: Page[Assignment], task_id: str) -> Page[Submission]:
        items = [self._submission(each, task_id) for each in page.items]
        further = page.more

        def following() -> Flow[Page[Submission]]:
            assert further is not None
            return self._page_of((yield from further()), task_id)

        return Page(items, following if further else None, unreadable=page.unreadable)

    def _submission(self, work: Assignment, task_id: str) -> Submission:
        return submission_of(work, self.identity, self.settings.base_url, task_id)

    @operation
    def state_of(self, submission: Submission) -> Flow[Submission | None]:
        """``GetAssignment``."""
        try:
            found = yield from self.api.assignments.get_assignment(submission.id)
        except NotFound:
            return None
        return self._submission(found.assignment, submission.task_id)

    @operation
    def locate_file(self, submission: Submission, file: File) -> Flow[File]:
        """``GetFileUploadURL``: the link works for a minute."""
        url = yield from self.api.assignments.get_file_upload_url(submission.id, file.id or "")
        return file.copy_with(url=url, expires_at=self.now() + LINK_LIVES)

    # --- settling ----------------------------------------------------------------------------------------

    def decision_issues(self, decision: Decision) -> list[Issue]:
        found = super().decision_issues(decision)
        words = decision.comment or ""
        if len(words) > FEEDBACK:
            found.append(Issue("comment", f"has {len(words):,} characters; MTurk takes {FEEDBACK:,}"))
        if control := _CONTROL.search(words):
            found.append(Issue("comment", f"holds the control character U+{ord(control[0]):04X}"))
        return found

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        """``ApproveAssignment``: pays the worker out of what the HIT holds. A rejection is never overridden so."""
        yield from self.api.assignments.approve_assignment(submission.id, note or None)
        return _settled(submission, SubmissionStatus.APPROVED, note)

    @operation
    def reject(self, submission: Submission, reason: str) -> Flow[Submission]:
        """``RejectAssignment``: reward and fee come back, and the slot does not open again."""
        yield from self.api.assignments.reject_assignment(submission.id, reason)
        return _settled(submission, SubmissionStatus.REJECTED, reason)


def _settled(submission: Submission, status: SubmissionStatus, words: str | None) -> Submission:
    """The answer is empty: what was decided is what it is now."""
    return submission.copy_with(status=status, feedback=words or submission.feedback, auto_approves_at=None)
