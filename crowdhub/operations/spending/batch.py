"""Publishing many drafts under their keys: one plan, one look, one confirmation, one outcome each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from crowdhub.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    CrowdhubError,
    LedgerError,
    NotConfirmed,
    OutcomeUnknown,
    UnreadableResponse,
)
from crowdhub.model import Money, PublishOutcome, PublishReport, PublishResult, Quote, Task, TaskDraft
from crowdhub.operations.over_accounts import credentials_of, over_accounts
from crowdhub.operations.port import Port, identity_of
from crowdhub.operations.spending.looking import found_in
from crowdhub.operations.spending.policy import Spend, SpendingPolicy, is_confirmed
from crowdhub.operations.spending.publishing import Prepared, publish, publish_lookup, quoted, with_reference
from crowdhub.operations.spending.witnesses import NOTHING, read_listing

if TYPE_CHECKING:
    from crowdhub.ledger import KeyState, Ledger, Need

T = TypeVar("T")


class Keyed:
    """One draft of a batch. ``place`` is its place in what the application gave, ``asked`` the draft as it was given,
    ``draft`` as it can be sent."""

    def __init__(self, port: Port, place: int, key: str, asked: TaskDraft, checked: TaskDraft) -> None:
        self.place = place
        self.key = key
        self.asked = asked
        self.draft = with_reference(port.provider, checked, key)
        self.quote: Quote | None = None
        self.state: KeyState | None = None
        """What the ledger knows of its key; None without a ledger."""
        self.found: Task | None = None
        """What the marketplace has under its mark already."""
        self.seen = NOTHING
        self.looked = False
        """Whether the batch's own look has told of it, found or absent."""
        self.error: CrowdhubError | None = None
        """Why it is not even begun."""

    @property
    def is_new(self) -> bool:
        """Whether only the marketplace can know of it."""
        return self.error is None and self.state in (None, "free")

    @property
    def may_spend(self) -> bool:
        return self.error is None and self.found is None and self.state in (None, "free", "open")


@dataclass(frozen=True)
class AccountBatch:
    """What one account is to publish. ``port`` counts its own requests."""

    port: Port
    policy: SpendingPolicy
    drafts: Sequence[Keyed]


async def publish_many(batches: Sequence[AccountBatch]) -> PublishReport:
    """Publish all of them, those of an account one after another, so that at most one of its payments is ever in doubt.

    First the ledger tells which keys are done. What is left has to fit the budget as a whole, else nothing is sent.
    Then each account's marketplace is asked once, for all marks that the ledger does not know. What is still left is
    confirmed in one question, and sent. A key that cannot be read, or an account that lets nobody in, ends the
    sending on that account; every other error is one draft's own.
    """
    _ = await _each(batches, _plan)
    unfit: CrowdhubError | None = await _unfit(batches)
    if unfit is None:
        _ = await _each(batches, partial(_look, batches=batches))
        unfit = await _unconfirmed(batches)
    carried_out = await _each(batches, partial(_carry_out, unfit=unfit))
    outcomes = sorted((each for some in carried_out for each in some), key=lambda each: each[0])
    return PublishReport(
        outcomes=tuple(outcome for _, outcome in outcomes), requests=sum(batch.port.requests for batch in batches)
    )


async def _each(batches: Sequence[AccountBatch], step: Callable[[AccountBatch], Awaitable[T]]) -> list[T]:
    """A step of each account. What keeps one draft from being sent is its own and not raised here."""
    found: list[T] = []
    for each in await over_accounts([(batch.port, partial(step, batch)) for batch in batches]):
        if isinstance(each, CrowdhubError):
            raise each
        found.append(each)
    return found


async def _plan(batch: AccountBatch) -> None:
    """What each draft will take, and what the ledger knows of its key."""
    port, ledger = batch.port, batch.policy.ledger
    if ledger is not None:
        try:
            states = await published_before(port, ledger, [(each.key, each.draft) for each in batch.drafts])
        except CrowdhubError as error:
            _stop(batch.drafts, error)
            return
        for each, state in zip(batch.drafts, states, strict=True):
            each.state = state
    for each in batch.drafts:
        if each.state in (None, "free", "open"):
            try:
                each.quote = await quoted(port, each.draft)
            except CrowdhubError as error:
                each.error = error


async def published_before(port: Port, ledger: Ledger, asked: Sequence[tuple[str, TaskDraft]]) -> list[KeyState]:
    """What the ledger knows of each key, asked for with this draft."""
    from crowdhub.ledger import key_states  # the database is loaded where there is a ledger

    provider = port.provider

    def known() -> list[KeyState]:
        owner = ledger.owner_of(provider.settings.secrets())
        return key_states(ledger, identity_of(provider), "publish", asked, owner)

    return await port.blocking(known)


def _stop(drafts: Iterable[Keyed], error: CrowdhubError) -> None:
    for each in drafts:
        each.error = each.error or error


async def _unfit(batches: Sequence[AccountBatch]) -> BudgetExceeded | None:
    """The limit that the batch as a whole does not fit. What is open is reserved already, and not counted again."""
    needs: dict[int, tuple[AccountBatch, Ledger, list[Need]]] = {}
    for batch in batches:
        ledger, budget = batch.policy.ledger, batch.policy.budget
        if ledger is None or budget is None:
            continue
        from crowdhub.ledger import Need

        identity = identity_of(batch.port.provider)
        amounts = [each.quote for each in batch.drafts if each.is_new and each.quote is not None]
        needs.setdefault(id(ledger), (batch, ledger, []))[2].extend(Need(identity, each, budget) for each in amounts)
    for batch, ledger, found in needs.values():
        unfit = await batch.port.blocking(partial(_passed, ledger, found))
        if unfit is not None:
            return unfit
    return None


def _passed(ledger: Ledger, needs: Sequence[Need]) -> BudgetExceeded | None:
    from crowdhub.ledger import check_sum

    try:
        check_sum(ledger, needs)
    except BudgetExceeded as error:
        return error
    return None


async def _look(batch: AccountBatch, batches: Sequence[AccountBatch]) -> None:
    """Read the marketplace's listing once for all marks that the ledger does not know. Where something that is listed
    cannot be read, each draft looks for itself: it may be told all the same. Where another of ``batches`` is of the
    same account, and no ledger tells, what is not there yet may be by the time of its turn."""
    is_shared = batch.policy.ledger is None and _is_shared(batch, batches)
    port, drafts = batch.port, [each for each in batch.drafts if each.is_new]
    lookups = [(each, publish_lookup(port.provider, each.draft)) for each in drafts]
    listing = next((lookup.listing for _, lookup in lookups), None)
    if listing is None:
        return
    try:
        listed = await read_listing(port, listing())
    except UnreadableResponse:
        return
    except CrowdhubError as error:
        _stop(drafts, error)
        return
    for each, lookup in lookups:
        sight = listed.sight(each.draft.reference or "")
        if sight.unreadable is None or sight.mine:
            each.found = found_in(sight, lookup, port.provider)
            each.seen = NOTHING.seeing(sight)
            each.looked = not is_shared or each.found is not None


def _is_shared(batch: AccountBatch, batches: Sequence[AccountBatch]) -> bool:
    opened = [credentials_of(each.port.provider) for each in batches]
    return opened.count(credentials_of(batch.port.provider)) > 1


async def _unconfirmed(batches: Sequence[AccountBatch]) -> NotConfirmed | None:
    """Ask the application once about all that may be spent."""
    confirm = next((batch.policy.confirm for batch in batches if batch.policy.confirm is not None), None)
    items = [
        Spend(
            **batch.port.provider.identity,
            operation="publish",
            amount=each.quote,
            title=each.draft.title,
            key=each.key,
        )
        for batch in batches
        for each in batch.drafts
        if each.may_spend
    ]
    if confirm is None or not items:
        return None
    asked = _together(items)
    if await is_confirmed(batches[0].port, confirm, asked):
        return None
    price = " and ".join(map(str, asked.totals.values())) or "an unknown price"
    return NotConfirmed(f"Publishing {len(items)} tasks for {price} was not confirmed.")


def _together(items: Sequence[Spend]) -> Spend:
    """One question about all of them."""

    def named(what: str) -> str:
        return ", ".join(dict.fromkeys(getattr(each, what) for each in items))

    sums = Money.total(each.amount for each in items if each.amount is not None)
    known = len(sums) == 1 and all(each.amount is not None for each in items)
    environments = {each.environment for each in items}
    return Spend(
        operation="publish_many",
        provider=named("provider"),
        account=named("account"),
        environment="live" if "live" in environments else named("environment"),
        amount=next(iter(sums.values())) if known else None,
        items=tuple(items),
    )


async def _carry_out(batch: AccountBatch, unfit: CrowdhubError | None) -> list[tuple[int, PublishOutcome]]:
    """One outcome for each draft; ``unfit``: why nothing may be spent."""
    port = batch.port
    policy = replace(batch.policy, confirm=None)  # it was asked about all of them
    account = port.provider.account
    outcomes: list[tuple[int, PublishOutcome]] = []
    for each in batch.drafts:
        if each.error is None and each.may_spend:
            each.error = unfit
        before = port.requests
        try:
            if each.error is not None:
                raise each.error
            task = await publish(port, policy, each.draft, each.key, _prepared(port, each), asked=each.asked)
        except CrowdhubError as error:
            failed = port.described(error)
            outcome = PublishOutcome(
                account=account, key=each.key, draft=each.asked, result=_result_of(failed), error=failed
            )
            outcomes.append((each.place, outcome))
            if _stops_all(failed):
                _stop(batch.drafts, failed)
            continue
        made_now = each.is_new and each.looked and port.requests > before
        result = PublishResult.REPLAYED if task.replayed and not made_now else PublishResult.PUBLISHED
        outcome = PublishOutcome(account=account, key=each.key, draft=each.asked, result=result, task=task)
        outcomes.append((each.place, outcome))
    return outcomes


def _prepared(port: Port, each: Keyed) -> Prepared:
    lookup = publish_lookup(port.provider, each.draft)
    return Prepared(each.quote, lookup, (each.found, each.seen) if each.looked else None)


def _result_of(error: CrowdhubError) -> PublishResult:
    if isinstance(error, BudgetExceeded):
        return PublishResult.REFUSED
    if isinstance(error, NotConfirmed):
        return PublishResult.NOT_CONFIRMED
    if isinstance(error, OutcomeUnknown) or error.money_may_be_spent:
        return PublishResult.UNKNOWN
    return PublishResult.FAILED


def _stops_all(error: CrowdhubError) -> bool:
    """Whether every other draft of the account would fail alike. The kinds of `LedgerError` speak of one key."""
    return isinstance(error, AuthenticationFailed) or type(error) is LedgerError
