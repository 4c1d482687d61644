"""Work that the marketplace will approve, and pay for, by itself."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta

from crowdhub.errors import CrowdhubError, UnreadableResponse
from crowdhub.model import DueReport, Money, Submission, SubmissionStatus, Task
from crowdhub.model.due import soonest
from crowdhub.operations.checks import asking
from crowdhub.operations.listing import all_items
from crowdhub.operations.port import Port


async def due(port: Port, within: timedelta | None) -> DueReport:
    """What comes up on one account: its tasks are listed, then the pending work of those that have any, one task after
    another. Nothing is asked of a marketplace that tells of no moment."""
    provider = port.provider
    if provider.auto_approval_untold is not None:
        return DueReport(untold={provider.account: provider.auto_approval_untold})
    now = provider.now()
    found: list[Submission] = []
    costs: list[Money] = []
    unreadable: list[UnreadableResponse] = []
    unpriced = undated = 0
    for task in await _with_pending(port, unreadable):
        with asking(provider, "approval_cost"):
            cost = provider.approval_cost(task)
        listing = provider.submissions(task.id, SubmissionStatus.PENDING)
        async with aclosing(all_items(port, listing, unreadable=unreadable.append)) as listed:
            async for some in listed:
                for each in some:
                    if each.auto_approves_at is None:
                        undated += 1
                    elif within is None or each.auto_approves_at - now <= within:
                        found.append(each)
                        if cost is None:
                            unpriced += 1
                        else:
                            costs.append(cost)
    failed: dict[str, CrowdhubError] = {}
    if unreadable:
        message = f"{len(unreadable)} records cannot be read; more may come up than is listed: {unreadable[0].message}"
        failed[provider.account] = unreadable[0].with_(message=message)
    return DueReport(
        submissions=tuple(sorted(found, key=soonest)),
        total=Money.total(costs),
        unpriced=unpriced,
        undated=undated,
        failed=failed,
    )


async def _with_pending(port: Port, unreadable: list[UnreadableResponse]) -> list[Task]:
    """The tasks that have pending work, as far as their counters tell."""
    async with aclosing(all_items(port, port.provider.tasks(), unreadable=unreadable.append)) as listed:
        return [task async for some in listed for task in some if task.pending != 0]
