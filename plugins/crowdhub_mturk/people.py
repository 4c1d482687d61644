"""Workers: kept away, let in again, written to."""

from __future__ import annotations

from crowdhub.errors import InvalidRequest, Issue, NotFound, ProviderUnavailable
from crowdhub.model import Worker
from crowdhub.protocol import Flow, Page, operation
from crowdhub_mturk.account import Account
from crowdhub_mturk.records import WorkerBlock
from crowdhub_mturk.words import NotifyWorkersFailureCode

REASON = "The requester does not want to work with this worker."
"""For a block without a reason, since the marketplace wants one; the worker does not see it."""
SUBJECT = "A message about your work"
MESSAGE = 4096


class People(Account):
    """`block`, `unblock`, `blocked_workers`, `message`."""

    @operation
    def block(self, worker_id: str, reason: str | None = None) -> Flow[Worker]:
        """``CreateWorkerBlock``. The worker is not told the reason."""
        yield from self.api.workers.create_worker_block(worker_id, reason or REASON)
        return Worker(id=worker_id, blocked=True)

    @operation
    def unblock(self, worker_id: str) -> Flow[Worker]:
        """``DeleteWorkerBlock``. Not blocked: a success."""
        yield from self.api.workers.delete_worker_block(worker_id)
        return Worker(id=worker_id, blocked=False)

    @operation
    def blocked_workers(self) -> Flow[Page[Worker]]:
        """``ListWorkerBlocks``, 100 a request."""
        return _workers((yield from self.api.workers.list_worker_blocks()))

    @operation
    def message(self, worker_id: str, text: str) -> Flow[None]:
        """``NotifyWorkers``: an e-mail, to who was approved or rejected before. Free, and written each time."""
        if len(text) > MESSAGE:
            raise InvalidRequest(issues=[Issue("text", f"has {len(text):,} characters; MTurk takes {MESSAGE:,}")])
        for failed in (yield from self.api.workers.notify_workers(SUBJECT, text, (worker_id,))):
            words = failed.notify_workers_failure_message or "no reason is told"
            if failed.notify_workers_failure_code is NotifyWorkersFailureCode.SOFT_FAILURE:
                raise ProviderUnavailable(f"The message was not sent for now: {words}", provider_message=words)
            raise NotFound(f"The message was not sent: {words}", provider_message=words)


def _workers(page: Page[WorkerBlock]) -> Page[Worker]:
    further = page.more

    def following() -> Flow[Page[Worker]]:
        assert further is not None
        return _workers((yield from further()))

    items = [Worker(id=each.worker_id, blocked=True, raw=each.raw) for each in page.items]
    return Page(items, following if further else None, unreadable=page.unreadable)
