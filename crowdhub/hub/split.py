"""One task over several marketplaces, and the work of all of them in one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue
from crowdhub.model import Capability, Model, Money, Task, TaskDraft
from crowdhub.operations.account import Account
from crowdhub.operations.port import identity_of


class Share(Model):
    """What became of one marketplace's part: ``task``, or the ``error`` that kept it from being published."""

    account: str
    slots: int
    task: Task | None = None
    cost: Money | None = None
    """What it took or will take from the balance, where that is known."""
    error: CrowdhubError | None = None


class SplitReport(Model):
    """One share for each marketplace, in the order given."""

    shares: tuple[Share, ...]

    @property
    def tasks(self) -> list[Task]:
        return [share.task for share in self.shares if share.task is not None]

    @property
    def failures(self) -> tuple[Share, ...]:
        return tuple(share for share in self.shares if share.error is not None)

    @property
    def totals(self) -> dict[str, Money]:
        """The cost by currency; amounts in several currencies have no total."""
        return Money.total(share.cost for share in self.shares if share.task is not None and share.cost is not None)


def parts(
    accounts: Sequence[str],
    draft: TaskDraft,
    slots: Mapping[str, int],
    rewards: Mapping[str, Money] | None,
    key: str | None,
) -> list[tuple[str, TaskDraft, str | None]]:
    """The draft and the key for each account. Raises `InvalidRequest` naming everything wrong with the split."""
    issues: list[Issue] = []
    if not slots:
        issues.append(Issue("split", 'is empty; give slots by account, such as {"rapidworkers": 60}'))
    for name, count in slots.items():
        if name not in accounts:
            issues.append(Issue(name, f"is not an account; there are {', '.join(accounts)}"))
        if count < 1:
            issues.append(Issue(name, f"{count} slots are less than 1"))
    issues.extend(Issue(name, "has a reward but no slots") for name in (rewards or {}) if name not in slots)
    if issues:
        raise InvalidRequest(issues=issues)
    made: list[tuple[str, TaskDraft, str | None]] = []
    for name, count in slots.items():
        changes: dict[str, object] = {"slots": count}
        if rewards and name in rewards:
            changes["reward"] = rewards[name]
        made.append((name, draft.copy_with(**changes), f"{key}/{name}" if key is not None else None))
    return made


async def publish_split(
    accounts: Sequence[str],
    open_account: Callable[[str], Account],
    draft: TaskDraft,
    slots: Mapping[str, int],
    rewards: Mapping[str, Money] | None,
    key: str | None,
) -> SplitReport:
    """Publish each part on its account, all at the same time; one that fails keeps none of the others from being
    published. Where the application confirms each, they come one after another."""
    shares = [
        partial(_share, open_account, name, part, part_key, slots)
        for name, part, part_key in parts(accounts, draft, slots, rewards, key)
    ]
    one = _any_of(open_account, slots)
    if one is None or one.policy.confirm is not None:
        return SplitReport(shares=tuple([await share() for share in shares]))
    found = await one.port.side_by_side(shares)
    return SplitReport(shares=tuple(each for each in found if isinstance(each, Share)))


def _any_of(open_account: Callable[[str], Account], names: Iterable[str]) -> Account | None:
    """One of the accounts that can be used at all."""
    for name in names:
        with suppress(CrowdhubError):
            return open_account(name)
    return None


async def _share(
    open_account: Callable[[str], Account], name: str, part: TaskDraft, key: str | None, slots: Mapping[str, int]
) -> Share:
    try:
        account = open_account(name)
        known = None if key is None else await _key_before(account, name, key, slots)
        return await account.described(_published(account, name, part, known))
    except CrowdhubError as error:
        return Share(account=name, slots=part.slots, error=error)


async def _key_before(account: Account, name: str, key: str, slots: Mapping[str, int]) -> str:
    """The key under which this part was published, where the account was called otherwise then."""
    port, ledger = account.port, account.policy.ledger
    if ledger is None:
        return key
    identity = identity_of(port.provider)
    base = key.removesuffix(name)

    def look() -> str:
        owner = ledger.owner_of(port.provider.settings.secrets())
        earlier = sorted(ledger.names_of(identity, owner) - set(slots))
        return ledger.key_in_use(identity, "publish", [key, *(base + each for each in earlier)], owner) or key

    return await port.blocking(look)


async def _published(account: Account, name: str, part: TaskDraft, key: str | None) -> Share:
    able = Capability.ESTIMATE in account.port.provider.capabilities
    quote = await account.estimate(part) if able else None
    task = await account.publish(part, key)
    return Share(account=name, slots=part.slots, task=task, cost=task.charged or quote)


def by_account(tasks: Sequence[Task]) -> dict[str, list[Task]]:
    """The tasks of each account."""
    found: dict[str, list[Task]] = {}
    for task in tasks:
        found.setdefault(task.account, []).append(task)
    return found
