"""New submissions as they come, in the fewest calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

from crowdhub.errors import UnreadableResponse
from crowdhub.model import Capability, Submission, SubmissionStatus, Task
from crowdhub.operations.paging import all_items
from crowdhub.operations.seen import Seen
from crowdhub.operations.steps import Run, Script, Sleep
from crowdhub.protocol import Page, Provider

log = logging.getLogger("crowdhub")


class Watched:
    """One task under watch."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._counters: tuple[int | None, int | None] | None = None

    def moved(self, task: Task) -> bool:
        """Whether something may have been handed in since the last look; the first look always may."""
        counters = (task.pending, _handed_in(task))
        before, self._counters = self._counters, counters
        if before is None or None in counters or None in before:
            return True
        return counters[1] != before[1] or (counters[0] or 0) > (before[0] or 0)


class Watch:
    """Tasks of one market under watch, round by round."""

    def __init__(
        self,
        provider: Provider[Any],
        task_ids: Sequence[str],
        *,
        status: SubmissionStatus | None,
        settled: Callable[[], int],
    ) -> None:
        self._provider = provider
        self._status = status
        self._settled = settled
        self._watched = {task_id: Watched() for task_id in dict.fromkeys(task_ids)}

    @property
    def ended(self) -> bool:
        """Every task has ended and was read to its end."""
        return not self._watched

    def round(self) -> Script[None]:
        """Ask for the list of tasks, and then only for the submissions of those whose counters moved; emit the new."""
        if self.ended:
            return
        tasks = yield from _states(self._provider, list(self._watched))
        for task_id, task in tasks.items():
            each = self._watched[task_id]
            if each.moved(task):
                yield from all_items(
                    partial(self._provider.submissions, task_id, self._status),
                    seen=each.seen,
                    key=_handing_in,
                    settled=self._settled,
                    unreadable=_report,
                )
            if task.status.ended:
                del self._watched[task_id]


def watch(watched: Watch, *, interval: float, rounds: int | None) -> Script[None]:
    """Round after round until every task has ended, or for so many ``rounds``."""
    for done in count(1):
        yield from watched.round()
        if watched.ended or done == rounds:
            return
        yield Sleep(interval)


def _states(provider: Provider[Any], wanted: list[str]) -> Script[dict[str, Task]]:
    """The present state of each task: from the one list where the marketplace has it, else one by one."""
    found: dict[str, Task] = {}
    if Capability.TASKS in provider.capabilities():
        page: Page[Task] = yield Run(provider.tasks())
        while True:
            found.update((task.id, task) for task in page.items if task.id in wanted)
            if page.more is None or len(found) == len(wanted):
                break
            page = yield Run(page.more())
    for task_id in wanted:
        if task_id not in found:
            found[task_id] = yield Run(provider.task(task_id))
    return found


def _handing_in(submission: Submission) -> str:
    """Work that is handed in again, after a redo, is news though its id is the same."""
    return f"{submission.id} {submission.submitted_at}"


def _handed_in(task: Task) -> int | None:
    if task.pending is None or task.approved is None:
        return None
    return task.pending + task.approved + (task.rejected or 0)


def _report(error: UnreadableResponse) -> None:
    log.warning("a submission could not be read and is not handed out: %s", error.message)
