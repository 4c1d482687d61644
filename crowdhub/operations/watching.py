"""New submissions as they come, in the fewest calls."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from itertools import count

from crowdhub.errors import CrowdhubError, UnreadableResponse
from crowdhub.model import Capability, Submission, SubmissionStatus, Task
from crowdhub.operations.checks import checked_rounds
from crowdhub.operations.listing import all_items
from crowdhub.operations.port import Port
from crowdhub.operations.seen import Seen

log = logging.getLogger("crowdhub")

Batches = AsyncGenerator[Sequence[Submission], None]


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
        self, port: Port, task_ids: Sequence[str], *, status: SubmissionStatus | None, settled: Callable[[], int]
    ) -> None:
        self._port = port
        self._status = status
        self._settled = settled
        self._watched = {task_id: Watched() for task_id in dict.fromkeys(task_ids)}

    @property
    def ended(self) -> bool:
        """Every task has ended and was read to its end."""
        return not self._watched

    async def round(self) -> Batches:
        """Ask for the list of tasks, and then only for the submissions of those whose counters moved: the new ones."""
        if self.ended:
            return
        provider = self._port.provider
        for task_id, task in (await _states(self._port, list(self._watched))).items():
            each = self._watched[task_id]
            if each.moved(task):
                listing = provider.submissions(task_id, self._status)
                news = all_items(
                    self._port, listing, seen=each.seen, key=_handing_in, settled=self._settled, unreadable=_report
                )
                async with aclosing(news):
                    async for batch in news:
                        yield batch
            if task.status.ended:
                del self._watched[task_id]


async def watch(
    watches: Sequence[Watch], sleep: Callable[[float], Awaitable[None]], *, interval: float, rounds: int | None
) -> Batches:
    """Round after round over all markets until every task has ended, or for so many ``rounds``.

    A market that fails in a round does not keep the others' work back: its error is raised at the round's end.
    """
    checked_rounds(interval, rounds)
    for done in count(1):
        failed: CrowdhubError | None = None
        for each in watches:
            try:
                async with aclosing(each.round()) as news:
                    async for batch in news:
                        yield batch
            except CrowdhubError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        if all(each.ended for each in watches) or done == rounds:
            return
        await sleep(interval)


async def _states(port: Port, wanted: list[str]) -> dict[str, Task]:
    """The present state of each task: from the one list where the marketplace has it, else one by one."""
    provider = port.provider
    found: dict[str, Task] = {}
    if Capability.TASKS in provider.capabilities:
        listing = provider.tasks()
        page = await port.run(listing)
        while True:
            found.update((task.id, task) for task in page.items if task.id in wanted)
            if page.more is None or len(found) == len(wanted):
                break
            page = await port.run(listing.then(page.more))
    for task_id in wanted:
        if task_id not in found:
            found[task_id] = await port.run(provider.task(task_id))
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
