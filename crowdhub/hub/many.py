"""Many drafts, or decisions, over several accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue
from crowdhub.model import Decision, DueReport, Outcome, PublishReport, Result, ReviewReport, TaskDraft
from crowdhub.operations import checks, spending
from crowdhub.operations.account import Account
from crowdhub.operations.over_accounts import over_accounts
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
    opened = [open_account(name) for name in shares]
    for account in opened:
        account.port.check_open()
    batches: list[spending.AccountBatch] = []
    for account, share in zip(opened, shares.values(), strict=True):
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
    """Carry out each decision on the account of its submission. Raises `InvalidRequest` naming everything that is wrong
    with any, before anything is sent."""
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
    stop_all = None if progress is None else _stopping_all(progress)

    async def reviewed(name: str) -> ReviewReport:
        account = opened[name]
        return await account.described(account.review([decision for _, decision in shares[name]], stop_all))

    found = await over_accounts([(account.port, partial(reviewed, name)) for name, account in opened.items()])
    for report, share in zip(found, shares.values(), strict=True):
        if isinstance(report, CrowdhubError):  # one account that cannot be used keeps no other from being reviewed
            outcomes.update(
                (place, Outcome(decision=each, result=Result.FAILED, error=report)) for place, each in share
            )
        else:
            outcomes.update(zip((place for place, _ in share), report.outcomes, strict=True))
            reports.append(report)
    return ReviewReport(
        outcomes=tuple(outcomes[place] for place in range(len(decisions))),
        unintended=tuple(each for report in reports for each in report.unintended),
        requests=sum(report.requests for report in reports),
    )


def _stopping_all(progress: Progress) -> Progress:
    """What it raises once ends the review on every account."""
    raised: list[Exception] = []

    def told(done: int) -> None:
        if raised:
            raise raised[0]
        try:
            progress(done)
        except Exception as error:
            raised.append(error)
            raise

    return told


async def due(accounts: Sequence[str], open_account: Callable[[str], Account], within: timedelta | None) -> DueReport:
    """What comes up on all of them; one that cannot be asked does not keep the others from being shown."""
    failed: dict[str, CrowdhubError] = {}
    opened: dict[str, Account] = {}
    for name in accounts:
        try:
            opened[name] = open_account(name)
        except CrowdhubError as error:
            failed[name] = error.with_()

    async def asked(account: Account) -> DueReport:
        return await account.described(account.due(within))

    found = await over_accounts([(account.port, partial(asked, account)) for account in opened.values()])
    reports = dict(zip(opened, found, strict=True)) | failed
    report = DueReport()
    for name in accounts:
        each = reports[name]
        report += DueReport(failed={name: each.with_()}) if isinstance(each, CrowdhubError) else each
    return report
