"""What stands before each request that takes money: its intent, the budget, the application's word, the witnesses."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from crowdhub.errors import ConfigurationError, InvalidRequest, Issue, LedgerError, NotConfirmed
from crowdhub.model import Money
from crowdhub.operations.port import Port, identity_of
from crowdhub.operations.spending.looking import Trace, could_be_anothers
from crowdhub.operations.spending.policy import Spend, SpendingPolicy, is_confirmed
from crowdhub.operations.spending.purchase import Purchase
from crowdhub.operations.spending.steps import Steps
from crowdhub.operations.spending.witnesses import NOTHING, Before, before_sending, read_listing
from crowdhub.protocol import Call, Effect, Response

if TYPE_CHECKING:
    from crowdhub.ledger import Begun, Held, Intent, Ledger

T = TypeVar("T")
log = logging.getLogger("crowdhub")


class NotRecognised(Exception):
    """What an earlier process may have sent cannot simply be sent again: it has to be looked for."""


class Reservation(Generic[T]):
    """Stands before each call of a purchase that takes money: its intent is written by then, and it is confirmed."""

    def __init__(
        self,
        port: Port,
        policy: SpendingPolicy,
        purchase: Purchase[T],
        intent: Intent | None = None,
        steps: Steps | None = None,
        *,
        confirmed: bool = False,
        recovering: bool = False,
        seen: Before = NOTHING,
    ) -> None:
        self.intent = intent
        self.steps = steps or Steps([])
        self._port = port
        self._policy = policy
        self._purchase = purchase
        self.evidence: object = None
        """What the purchase's lookup read right before the first request that takes money."""
        self._looked = False
        self._seen = seen
        self._is_free = True
        self._has_lost = self._has_lost_a_free_call = False
        self._confirmed = self._is_priced = confirmed
        self._confirmed_price = None if confirmed else purchase.amount
        self.recovering = recovering
        self._held = ExitStack()

    @property
    def ledger(self) -> Ledger | None:
        return self._policy.ledger

    async def confirm(self, price: Money | None = None) -> None:
        """Ask the application, once; and once more where a ``price`` that was told since is higher."""
        confirm = self._policy.confirm
        if confirm is None or (self._confirmed and not self._is_dearer(price)):
            return
        self._confirmed = True
        if price is not None:
            self._confirmed_price = price
        asked = _asked(self._port, self._purchase, self._confirmed_price)
        if not await is_confirmed(self._port, confirm, asked):
            raise NotConfirmed(f"{asked.operation} for {asked.amount or 'an unknown price'} was not confirmed.")

    def _is_dearer(self, price: Money | None) -> bool:
        known = self._confirmed_price
        return price is not None and known is not None and (price.currency != known.currency or price > known)

    async def before(self, call: Call) -> Response | None:
        await self.write_steps()
        self._check_leaves_one_result(call)
        known = self.steps.known(call)
        if known is None and self.recovering:
            self._check_recognised(call)
        if known is not None or not call.takes_money:
            return known
        ledger = self._policy.ledger
        if self.intent is None and ledger is not None:
            held = self._held.enter_context(ledger.holding())
            self.intent = (await begin(self._port, self._policy, self._purchase, held, call.price)).intent
        await self._reserve(call.price)
        await self.confirm(call.price)
        await self._look_before()
        await self._check_files()
        self._is_free = False
        if self._can_be_absent:
            self._seen = await before_sending(self._port, self._policy.ledger, self._seen)
        return None

    def _check_leaves_one_result(self, call: Call) -> None:
        if self._purchase.settles and call.takes_money and call.effect is Effect.SPEND:
            raise ConfigurationError(
                f"The plugin's call {call.label} says that each repetition costs again, and it is that of a decision,"
                " which may be sent again.",
                next_step="It is a defect of the plugin: a decision is SETTLE, with costs=True where it takes money,"
                " and leaves one result; what does not is an operation of its own. This call was not sent.",
            )

    async def _check_files(self) -> None:
        """What is sent is what the ledger has, also where a file changed while the application was asked."""
        ledger, intent, content = self._policy.ledger, self.intent, self._purchase.content
        if ledger is None or intent is None:
            return
        from crowdhub.ledger import reads_files  # the database is loaded where there is a ledger

        if not reads_files(content):
            return
        if not await self._port.blocking(lambda: ledger.has_asked_for(intent, content)):
            raise InvalidRequest(issues=[Issue("content", "a file changed while it was about to be sent")])

    async def _reserve(self, price: Money | None) -> None:
        """What the marketplace told that it will take is reserved in place of what was thought before."""
        ledger, budget, intent = self._policy.ledger, self._policy.budget, self.intent
        if price is None:
            await self._check_unpriced()
        elif ledger is not None and intent is not None and intent.amount != price:
            self.intent = await self._port.blocking(lambda: ledger.reprice(intent, price, budget))

    async def _check_unpriced(self) -> None:
        """What has no known price is only asked of a budget once it takes money: much under a key is free."""
        ledger, budget, purchase = self._policy.ledger, self._policy.budget, self._purchase
        if ledger is None or budget is None or purchase.amount is not None or purchase.key is None or self._is_priced:
            return
        self._is_priced = True
        provider = self._port.provider
        identity, currency = identity_of(provider), provider.currency
        await self._port.blocking(
            lambda: ledger.check_budget(identity, budget, None, currency, purchase.operation.name, purchase.task_id)
        )

    async def _look_before(self) -> None:
        """What is there already was not made by the request that is about to leave."""
        lookup = self._purchase.lookup
        if self._looked or not lookup.compares:
            return
        self._looked = True
        if lookup.before is not None:
            self.evidence = await self._port.run(lookup.before())
        elif lookup.listing is not None:
            listed = await read_listing(self._port, lookup.listing())
            self.evidence, self._seen = listed, self._seen.seeing(listed.sight(None))

    @property
    def _can_be_absent(self) -> bool:
        """Whether it may be proven that a lost request did nothing: the listing was looked through before. Otherwise
        the money is not asked either; nor is it without a key, where nothing is promised."""
        if self._purchase.key is None or self._purchase.is_never_absent:
            return False
        return self._purchase.lookup.listing is not None and self._seen.count is not None

    @property
    def is_free(self) -> bool:
        """Whether no call that takes money was come to so far."""
        return self._is_free

    @property
    def has_lost_a_free_call(self) -> bool:
        """Whether the last answer that was lost is that of a step of a purchase before anything in it takes money.
        Where it is not said that money is to be spent, such a call can be one that pays out what is held."""
        is_purchase = self._purchase.key is not None or self._purchase.amount is not None
        return self._has_lost_a_free_call and is_purchase

    @property
    def has_paid(self) -> bool:
        """Whether one was answered."""
        return self.steps.paid

    def took_nothing(self, result: object) -> Money | None:
        """No money, where something was reserved and no request under this intent ever took any: none left (a draft,
        a question), or all were refused, as it had been done before. Else None."""
        intent = self.intent
        if intent is None or intent.amount is None or intent.sent_at is not None:
            return None
        if self.steps.paid or self._has_lost:
            return None
        was_done = getattr(result, "replayed", False) is True
        return Money(0, intent.amount.currency) if self._is_free or was_done else None

    def trace(self) -> Trace:
        """What is known of a request whose answer was lost just now."""
        return Trace(self._purchase.reference, self.evidence, self._seen, self.intent, self._is_free)

    def _check_recognised(self, call: Call) -> None:
        """An earlier process may have sent this very call: send it again only where the marketplace then knows it for
        the same. What follows the one that takes money, and takes none itself, may go again. Raises `NotRecognised`."""
        if call.effect is Effect.READ or ((self.steps.paid or self._has_lost) and not call.takes_money):
            return
        ledger, intent, remembered = self._policy.ledger, self.intent, call.idempotent_for
        if ledger is None or intent is None or remembered is None:
            raise NotRecognised
        if ledger.known_for(intent) >= remembered:
            raise NotRecognised

    async def sending(self, call: Call) -> None:
        """Before every attempt that takes money: whoever does not hold the intent any more does not send."""
        ledger, intent = self._policy.ledger, self.intent
        if self.recovering and call.idempotent_for is not None:
            self._check_recognised(call)  # again: it may have waited for long
        if ledger is not None and intent is not None and call.takes_money:
            await self._port.checkpoint()  # what is cancelled by now never leaves, and is not said to have left
            await self._port.blocking(lambda: ledger.sending(intent, self._seen.as_json()))

    async def could_be_anothers(self, found: object) -> bool:
        """Whether what was found after a lost answer may be what another purchase made."""
        ledger, intent = self._policy.ledger, self.intent
        if ledger is None or intent is None or self._purchase.lookup.marked:
            return False
        return await self._port.blocking(lambda: could_be_anothers(ledger, intent, found))

    async def after(self, call: Call, response: Response) -> None:
        self.steps.answered(call, response)
        if call.takes_money:
            self._seen = self._seen.without_money()

    def lost(self, call: Call) -> None:
        self._has_lost = self._has_lost or call.takes_money
        self._has_lost_a_free_call = self._is_free and not call.takes_money

    async def write_steps(self) -> None:
        """Note what was answered so far; a ledger that cannot be written now must not undo what was done."""
        ledger, intent = self._policy.ledger, self.intent
        if ledger is None or intent is None:
            return
        try:
            await self._port.blocking(lambda: self.steps.write(ledger, intent))
        except LedgerError as error:
            log.error("%s: the ledger could not note a step: %s", intent.operation, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._held.close()


async def begin(
    port: Port, policy: SpendingPolicy, purchase: Purchase[Any], held: Held, price: Money | None = None
) -> Begun:
    """Write the intent, or learn what became of an earlier one with its key. Waits for one that is under way.
    ``price``: as its first call that takes money tells it, where it was not known before."""
    ledger = policy.ledger
    assert ledger is not None
    amount = price if purchase.amount is None else purchase.amount
    identity = identity_of(port.provider)
    while True:
        begun = await port.blocking(
            lambda: ledger.begin(
                identity,
                purchase.operation.name,
                purchase.content,
                key=purchase.key,
                amount=amount,
                reference=purchase.reference,
                task_id=purchase.task_id,
                # What has a key and no known price may be free: its first call that takes money asks the budget.
                budget=policy.budget if amount is not None or purchase.key is None else None,
                currency=port.provider.currency,
                look_for=purchase.lookup.look_for,
                owner=ledger.owner_of(port.provider.settings.secrets()),
                held=held,
            )
        )
        if begun.status != "under way":
            return begun
        await _wait(port, ledger, begun.intent, policy.max_wait)


async def _wait(port: Port, ledger: Ledger, intent: Intent, max_wait: float) -> None:
    """Wait until nobody is at an intent any more; not in a thread, which the one who is at it may need.

    Raises `crowdhub.ledger.UnderWay`.
    """
    from crowdhub.ledger import UnderWay, poll_delays  # the database is loaded where there is a ledger

    for pause in poll_delays(max_wait):
        now = await port.blocking(partial(ledger.get, intent.id))
        if now is None or not ledger.is_under_way(now):
            return
        await port.sleep(pause)
    raise UnderWay(intent)


def _asked(port: Port, purchase: Purchase[Any], amount: Money | None) -> Spend:
    return Spend(
        **port.provider.identity,
        operation=purchase.operation.name,
        amount=amount,
        title=purchase.title,
        key=purchase.key,
    )
