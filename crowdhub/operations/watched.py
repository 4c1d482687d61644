"""One task under watch: what was handed out of it, and whether its list may show more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from crowdhub.model import Submission, SubmissionStatus, Task
from crowdhub.operations.listing import Counters, counters
from crowdhub.operations.seen import Seen

if TYPE_CHECKING:  # the database is loaded where there is a ledger
    from crowdhub.ledger import Bookmark

SETTLED = (SubmissionStatus.APPROVED, SubmissionStatus.REJECTED)


class Watched:
    """One task under watch. ``status``: what is handed out; with ``pending`` also what the marketplace, or somebody
    else, settled before it could be shown. ``comes_back``: whether work can be sent back and handed in anew there, of
    which counters tell nothing. ``is_decided``: whether anybody can approve there."""

    def __init__(self, status: SubmissionStatus | None, *, comes_back: bool, is_decided: bool = True) -> None:
        self._status = status
        self._comes_back = comes_back
        self._is_decided = is_decided
        self._handed_out, self._ids = Seen(), Seen()
        self._settled_before = Seen()
        self._handed_out_again = 0
        self._shown_at: Counters | None = None
        self.is_new = True
        self.knows_bookmark = False
        """Whether it was looked up how far an earlier program had come."""
        self.begins_after: list[tuple[str, str]] = []
        """What was settled already when its list was read first; until that is read to its end."""
        self.short_since: datetime | None = None
        """Since when the list shows less than is counted."""

    def goes_on_from(self, mark: Bookmark | None) -> None:
        """An earlier program has come so far; None: there was none."""
        self.knows_bookmark = True
        if mark is None:
            return
        self.is_new = not mark.begun
        for work in mark.handed_out:
            _ = self._hand_out(work)
        for work in mark.settled_before:
            _ = self._settled_before.add(" ".join(work))

    def is_due(self, task: Task) -> bool:
        """Whether the list may show something that was not handed out."""
        now = counters(task)
        if self._shown_at is not None and self._was_only_settled(self._shown_at, now):
            self._shown_at = now
        return None in now[:2] or now != self._shown_at or (self._comes_back and bool(now[0]))

    def _was_only_settled(self, before: Counters, now: Counters) -> bool:
        """Whether the counters moved by nothing but decisions on what was shown."""
        if self._status not in (SubmissionStatus.PENDING, None) or None in before[:2] or None in now[:2]:
            return False
        if self._comes_back:
            return False  # other work may have been handed in, and settled, under the same id
        earlier, later = [each or 0 for each in before], [each or 0 for each in now]
        return sum(earlier) == sum(later) and later[1] >= earlier[1] and later[2] >= earlier[2]

    def is_shown(self, task: Task) -> bool:
        """Whether everything that is counted was listed."""
        return self._shown_at == counters(task)

    def shown(self, task: Task, rows: int, *, unreadable: bool, now: datetime) -> None:
        """Its list was read, with so many rows of the status that is watched."""
        expected = self._expected(task)
        self.is_new = False
        if unreadable or (expected is not None and rows < expected):
            self._shown_at, self.short_since = None, self.short_since or now
        else:
            self._shown_at, self.short_since = counters(task), None

    def news(self, rows: Iterable[Submission]) -> list[Submission]:
        """Those that are to be handed out, which they are from now on."""
        return [row for row in rows if self._hand_out(handing_in(row))]

    def _hand_out(self, work: tuple[str, str]) -> bool:
        """Whether it was not handed out before."""
        if not self._handed_out.add(" ".join(work)):
            return False
        self._handed_out_again += not self._ids.add(work[0])
        return True

    def settled_unseen(self, rows: Iterable[Submission]) -> list[Submission]:
        """Those that the marketplace settled by itself, or somebody else did, before they were handed out. What was
        decided by somebody when the watch began is not news."""
        settled = [row for row in rows if row.status in SETTLED]
        if self.is_new:
            for row in settled:
                by_itself = row.auto_approved or not self._is_decided
                if not by_itself and self._settled_before.add(one_handing_in(row)):
                    self.begins_after.append(handing_in(row))
        news = self.news(row for row in settled if one_handing_in(row) not in self._settled_before)
        return [row.copy_with(settled_unseen=True) for row in news]

    def needs_all(self, task: Task) -> bool:
        """Whether what is settled has to be listed as well: what was decided when the watch began has to be known,
        though it is not news, and what the marketplace had settled by itself is."""
        if task.approved is None:
            return True
        return bool(task.approved + (task.rejected or 0)) and (self.is_new or self._comes_back)

    def may_be_settled_unseen(self, task: Task, pending: int) -> bool:
        """Whether more are settled than were handed out, or were settled before. ``pending``: how many are listed as
        pending, which are all handed out by now."""
        gone = len(self._handed_out) - self._handed_out_again - pending
        return (task.approved or 0) + (task.rejected or 0) > len(self._settled_before) + gone

    def _expected(self, task: Task) -> int | None:
        match self._status:
            case SubmissionStatus.PENDING:
                return task.pending
            case SubmissionStatus.APPROVED:
                return task.approved
            case SubmissionStatus.REJECTED:
                return task.rejected
            case None if task.pending is not None and task.approved is not None:
                return task.pending + task.approved + (task.rejected or 0)
            case _:
                return None


def handing_in(submission: Submission) -> tuple[str, str]:
    """Work that is handed in again, after a redo, is news though its id is the same."""
    return submission.id, str(submission.submitted_at)


def one_handing_in(submission: Submission) -> str:
    """The same as one text."""
    return " ".join(handing_in(submission))
