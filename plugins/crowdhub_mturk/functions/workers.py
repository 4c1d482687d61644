"""Workers: kept away, let in again, written to."""

from __future__ import annotations

from crowdhub.errors import OutcomeUnknown
from crowdhub.protocol import Effect, Flow, Page, operation, read_each
from crowdhub_mturk.functions.base import Family
from crowdhub_mturk.records import NotifyWorkersFailureStatus, WorkerBlock


class Workers(Family):
    @operation
    def create_worker_block(self, worker_id: str, reason: str) -> Flow[None]:
        """``CreateWorkerBlock``: the worker is not told the ``reason``."""
        yield from self._change("CreateWorkerBlock", WorkerId=worker_id, Reason=reason)

    @operation
    def delete_worker_block(self, worker_id: str, reason: str | None = None) -> Flow[None]:
        """``DeleteWorkerBlock``. Not blocked: a success."""
        yield from self._change("DeleteWorkerBlock", WorkerId=worker_id, Reason=reason)

    @operation
    def list_worker_blocks(self) -> Flow[Page[WorkerBlock]]:
        """``ListWorkerBlocks``."""
        return (yield from self._page("ListWorkerBlocks", "WorkerBlocks", WorkerBlock))

    @operation
    def notify_workers(
        self, subject: str, message_text: str, worker_ids: tuple[str, ...]
    ) -> Flow[tuple[NotifyWorkersFailureStatus, ...]]:
        """``NotifyWorkers``: writes to at most 100 workers whose work was approved or rejected before; whom it did not
        reach is returned. Free, and written each time that it is sent."""
        asked = {"Subject": subject, "MessageText": message_text, "WorkerIds": worker_ids}
        try:
            answer = yield from self._ask("NotifyWorkers", asked, Effect.SPEND, costs=False)
        except OutcomeUnknown as lost:
            raise lost.looking_for(f'a message "{subject}" to {", ".join(worker_ids)}') from lost.__cause__
        failed, _ = read_each(answer.get("NotifyWorkersFailureStatuses") or [], NotifyWorkersFailureStatus.parse)
        return tuple(failed)
