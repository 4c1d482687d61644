"""Many drafts, or decisions, over several accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue
from crowdhub.model import Decision, Outcome, PublishReport, Result, ReviewReport, TaskDraft
from crowdhub.operations import checks, spending
from crowdhub.operations.account import Account
from crowdhub.operations.reviewing import Progress


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


async def review(
    accounts: Sequence[str],
    open_account: Callable[[str], Account],
    decisions: Sequence[Decision],
    progress: Progress | None,
) -> ReviewReport:
    """Carry out each decision on the account of its submission, account after account. Raises `InvalidRequest` naming
    everything that is wrong with any, before anything is sent."""
    issues: list[Issue] = []
    shares: dict[str, list[tuple[int, Decision]]] = {}
    for place, decision in enumerate(decisions):
        name = decision.submission.account
        if name not in accounts:
            told = f"is about work of {name!r}, which is not an account; there are {', '.join(accounts)}"
            issues.append(Issue(f"decisions[{place}]", told))
        else:
            shares.setdefault(name, []).append((place, decision))
    opened = {name: open_account(name) for name in shares}
    for name, share in shares.items():
        issues += checks.issues_of_decisions(opened[name].port.provider, share)
    if issues:
        raise InvalidRequest(issues=issues)
    outcomes: dict[int, Outcome] = {}
    reports: list[ReviewReport] = []
    for name, share in shares.items():
        account = opened[name]
        try:
            report = await account.described(account.review([decision for _, decision in share], progress))
        except CrowdhubError as error:  # one account that cannot be used keeps no other from being reviewed
            outcomes.update((place, Outcome(decision=each, result=Result.FAILED, error=error)) for place, each in share)
        else:
            outcomes.update(zip((place for place, _ in share), report.outcomes, strict=True))
            reports.append(report)
    return ReviewReport(
        outcomes=tuple(outcomes[place] for place in range(len(decisions))),
        unintended=tuple(each for report in reports for each in report.unintended),
        requests=sum(report.requests for report in reports),
    )
