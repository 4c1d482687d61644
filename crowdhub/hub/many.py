"""Many drafts over several accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.model import PublishReport, TaskDraft
from crowdhub.operations import spending
from crowdhub.operations.account import Account


async def publish_many(
    accounts: Sequence[str],
    open_account: Callable[[str], Account],
    drafts: Sequence[tuple[str, str, TaskDraft]],
) -> PublishReport:
    """Publish each draft on its account. Raises `InvalidRequest` naming everything that is wrong with any."""
    issues: list[Issue] = []
    shares: dict[str, list[tuple[int, str, TaskDraft]]] = {}
    for place, (name, key, draft) in enumerate(drafts):
        if name not in accounts:
            issues.append(Issue(f"drafts[{place}]", f"{name!r} is not an account; there are {', '.join(accounts)}"))
        else:
            shares.setdefault(name, []).append((place, key, draft))
    batches: list[spending.AccountBatch] = []
    for name, share in shares.items():
        account = open_account(name)
        account.port.check_open()
        batch, wrong = await account.batch(share)
        batches.append(batch)
        issues += wrong
    if issues:
        raise InvalidRequest(issues=sorted(issues, key=lambda issue: int(issue.where[7:].partition("]")[0])))
    return await spending.publish_many(batches)
