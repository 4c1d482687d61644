"""Two witnesses of what a lost request did: what is listed, and the account's money.

Both are asked before the request and again after it. That it did nothing is only taken for proven where both say so:
nothing is listed that was not there before without another's mark, and not a cent is gone that is not known to have
gone elsewhere. A witness that cannot be had, or a doubt, leaves it unknown. Whoever else spends from the account, or
pays money in, can so only make it more cautious; but money that comes in between the two looks, as much as the request
took, would hide it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from crowdhub.errors import CrowdhubError, ProviderUnavailable, RateLimited, UnreadableResponse
from crowdhub.model import Capability, Money, Task
from crowdhub.operations.checks import looking_at_answers
from crowdhub.operations.port import Port
from crowdhub.protocol import Operation, Page, is_marked, plain_text

if TYPE_CHECKING:
    from crowdhub.ledger import Intent, Ledger

FRESH = timedelta(minutes=1)
"""How long a balance that an answer told may stand for the one before the next request."""
CLOCKS = timedelta(minutes=5)
"""By how much a marketplace's clock may differ from ours."""
MOST_KEPT = 500
"""Ids of unmarked tasks that are kept with an intent; of more, only how many there were."""
IDLE = 3
"""Pages in a row with nothing new after which a listing is not read on, nor believed."""


@dataclass(frozen=True)
class Sight:
    """What a listing showed. ``mine``: the tasks with the reference that was looked for. ``unmarked``: the ids of those
    that carry no mark at all. ``doubt``: why it may not have shown everything."""

    mine: tuple[Task, ...] = ()
    unmarked: frozenset[str] = frozenset()
    doubt: str | None = None
    unreadable: UnreadableResponse | None = None


def _is_older(task: Task, moment: datetime | None) -> bool:
    return moment is not None and task.created_at is not None and task.created_at < moment - CLOCKS


class Listed:
    """A whole listing, which can be looked through for any mark."""

    def __init__(self, rows: Sequence[Task], doubt: str | None, unreadable: UnreadableResponse | None) -> None:
        self.texts = [(each, plain_text(each.raw)) for each in rows]
        self._unmarked = frozenset(
            each.id for each, text in self.texts if each.reference is None and not is_marked(text)
        )
        self.doubt = doubt
        self._unreadable = unreadable

    def sight(self, reference: str | None) -> Sight:
        """What it shows of the mark that is looked for; None: of nothing that is marked."""
        mine: tuple[Task, ...] = ()
        if reference is not None:
            wanted = reference.casefold()
            mine = tuple(each for each, text in self.texts if each.reference == reference or wanted in text)
        return Sight(mine, self._unmarked, self.doubt, self._unreadable)

    def new_since(self, before: Listed, moment: datetime | None) -> tuple[Task, ...]:
        """The unmarked tasks that an earlier listing did not show, and that were not made long before that moment."""
        known = {each.id for each, _ in before.texts}
        return tuple(
            each
            for each, _ in self.texts
            if each.id in self._unmarked and each.id not in known and not _is_older(each, moment)
        )


@dataclass(frozen=True)
class Before:
    """What the witnesses said before a request left. ``at``: when the money was told, or later, by the ledger's clock;
    ``number``: of the last intent that the ledger had by then. ``count``: how many unmarked tasks were listed, and
    ``unmarked`` which, where they are not too many; None: it was not looked."""

    balance: Money | None = None
    at: datetime | None = None
    count: int | None = None
    unmarked: frozenset[str] | None = None
    number: int | None = None

    def as_json(self) -> dict[str, object]:
        """As the ledger keeps it."""
        kept: dict[str, object] = {}
        if self.balance is not None and self.at is not None:
            kept["balance"] = [f"{self.balance.amount:f}", self.balance.currency, self.at.isoformat()]
        if self.count is not None:
            kept["count"] = self.count
        if self.unmarked is not None:
            kept["unmarked"] = sorted(self.unmarked)
        if self.number is not None:
            kept["number"] = self.number
        return kept

    @classmethod
    def of_json(cls, kept: object) -> Before:
        """Out of the ledger; a row that was edited by hand says nothing."""
        given: Mapping[str, Any] = cast("Mapping[str, Any]", kept) if isinstance(kept, Mapping) else {}
        try:
            amount, currency, at = given.get("balance") or ("", "", "")
            return cls(
                Money(amount, currency) if amount else None,
                datetime.fromisoformat(at) if at else None,
                given.get("count"),
                frozenset(given["unmarked"]) if "unmarked" in given else None,
                given.get("number"),
            )
        except (CrowdhubError, ValueError, TypeError):
            return cls()

    def without_money(self) -> Before:
        """The same after something was paid."""
        return Before(count=self.count, unmarked=self.unmarked)

    def seeing(self, sight: Sight) -> Before:
        """The same, with what a listing showed now."""
        few = sight.unmarked if len(sight.unmarked) <= MOST_KEPT else None
        return replace(self, count=None if sight.doubt else len(sight.unmarked), unmarked=few)


NOTHING = Before()
"""Nobody looked."""


async def read_listing(port: Port, listing: Operation[Page[Task]]) -> Listed:
    """Read a whole listing. Raises a `CrowdhubError` where it cannot be read at all."""
    rows: dict[str, Task] = {}
    total: int | None = None
    unreadable: UnreadableResponse | None = None
    idle = 0
    moved = False
    page = await port.run(listing)
    while True:
        known = len(rows)
        with looking_at_answers(port.provider):
            rows.update((each.id, each) for each in page.items)
            unreadable = unreadable or next(iter(page.unreadable), None)
        total = page.total if page.total is not None else total
        moved = moved or page.joined is False
        idle = 0 if len(rows) > known or not page.records else idle + 1
        if page.more is None or idle > IDLE:
            break
        page = await port.run(listing.then(page.more))
    doubt = "the listing moved while it was read" if moved else None
    if unreadable is not None:
        doubt = "one of the listed tasks cannot be read"
    elif page.more is not None:
        doubt = "the listing does not come to an end"
    elif total is not None and total != len(rows):
        doubt = f"the listing tells of {total} tasks and shows {len(rows)}"
    with looking_at_answers(port.provider):
        return Listed(tuple(rows.values()), doubt, unreadable)


async def money_now(port: Port, *, told: bool = False) -> tuple[Money, datetime] | None:
    """The account's money, and when that was known; None where the marketplace does not tell. ``told``: what an answer
    said by the way shortly before will do."""
    if Capability.BALANCE not in port.provider.capabilities:
        return None
    known = port.told_balance()
    if told and known is not None and timedelta() <= port.clock.now() - known[1] <= FRESH:
        return known
    found = await port.run(port.provider.balance())
    return Money(found.amount, found.currency), port.clock.now()


def _by_ledger(port: Port, ledger: Ledger | None, moment: datetime) -> datetime:
    """A moment of this machine's clock by the ledger's, which other machines share."""
    return moment if ledger is None else moment + (ledger.now() - port.clock.now())


async def before_sending(port: Port, ledger: Ledger | None, seen: Before) -> Before:
    """What the witnesses say right before a request leaves. Where the money is not told it goes all the same: its loss
    will be unknown then. Raises `ProviderUnavailable` or `RateLimited` where the marketplace cannot be asked now."""
    if seen.at is not None and timedelta() <= _by_ledger(port, ledger, port.clock.now()) - seen.at <= FRESH:
        return seen
    try:
        money = await money_now(port, told=True)
    except (ProviderUnavailable, RateLimited):
        raise  # nothing was sent: better not now than with one witness
    except CrowdhubError:
        money = None
    if money is None:
        return seen.without_money()
    # After the money: what was begun between the two is not taken for known, and can only raise a doubt.
    number = None if ledger is None else await port.blocking(ledger.report.last_number)
    return Before(money[0], _by_ledger(port, ledger, money[1]), seen.count, seen.unmarked, number)


async def judge(
    port: Port, ledger: Ledger | None, intent: Intent | None, before: Before, sight: Sight | None
) -> tuple[str | None, Before]:
    """Why it is not proven that a lost request did nothing, in words (None: it is proven), and what the witnesses say
    now. ``sight``: what the listing shows now (None: only the plugin looked, by itself, which proves nothing).

    Raises a `CrowdhubError` where the money cannot be asked.
    """
    if sight is None:
        return "there is no list of everything to look through", before
    if before.balance is None or before.at is None:
        return "nobody knows what money the account had before it", before
    if ledger is not None and intent is not None and not await port.blocking(lambda: _is_mine(port, ledger, intent)):
        return "the account has another key since, which may open another account", before
    if (doubt := _listed_more(before, sight)) is not None:
        return doubt, before
    known = Money(0, before.balance.currency)
    number: int | None = None
    if ledger is not None and intent is not None and before.number is not None:
        # Before the money is asked: what is taken between the two is then not known, and can only raise a doubt.
        known = await port.blocking(partial(_known_spends, ledger, intent, known.currency, before.number))
    now = await money_now(port)
    if now is None or now[0].currency != before.balance.currency:
        return "the marketplace does not tell what money the account has", before
    doubt = _money_moved(before.balance - known, now[0])
    if ledger is not None:
        number = await port.blocking(ledger.report.last_number)
    seen = Before(now[0], _by_ledger(port, ledger, now[1]), before.count, before.unmarked, number)
    return doubt, seen.seeing(sight)


def _is_mine(port: Port, ledger: Ledger, intent: Intent) -> bool:
    return intent.owner is None or intent.owner == ledger.owner_of(port.provider.settings.secrets())


def _money_moved(expected: Money, now: Money) -> str | None:
    gone = expected - now
    if gone.amount > 0:
        return f"{gone} are gone from the account since, and nothing else is known for certain to have taken them"
    if gone.amount < 0:
        return f"{-gone} came into the account since, which may hide what it took"
    return None


def _listed_more(before: Before, sight: Sight) -> str | None:
    if sight.doubt is not None:
        return sight.doubt
    if before.count is None:
        return "nobody looked what was listed before it"
    if before.unmarked is None:
        new = len(sight.unmarked) - before.count
        return f"{new} more tasks without a mark are listed than before" if new > 0 else None
    ids = sorted(sight.unmarked - before.unmarked)
    return f"a task without a mark is listed that was not there before ({', '.join(ids[:5])})" if ids else None


def _known_spends(ledger: Ledger, intent: Intent, currency: str, number: int) -> Money:
    """What other intents certainly took since: written after that one, and told by the marketplace."""
    taken = Money(0, currency)
    for each in ledger.report.after(intent, number):
        if each.owner != intent.owner:  # of an account that is only called the same, or whose key was changed
            continue
        # What was only found had been paid before, by somebody else.
        if each.state == "done" and each.charged is not None and each.sent_at is not None:
            taken += each.charged if each.charged.currency == currency else Money(0, currency)
    return taken
