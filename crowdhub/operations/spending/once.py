"""Spending once: an intent is in the ledger before the request leaves, its outcome after it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from crowdhub.errors import (
    BudgetExceeded,
    CrowdhubError,
    InvalidRequest,
    Issue,
    LedgerError,
    NotConfirmed,
    NotFound,
    OutcomeUnknown,
)
from crowdhub.model import Money, Submission, Task
from crowdhub.model.keys import key_issues
from crowdhub.operations.port import Port, identity_of
from crowdhub.operations.spending.charges import charged_by, task_id_of
from crowdhub.operations.spending.looking import (
    Trace,
    could_be_anothers,
    keep_told,
    look_back,
    look_for_lost,
    look_once,
    looking_for,
)
from crowdhub.operations.spending.policy import Spend, SpendingPolicy, is_confirmed
from crowdhub.operations.spending.purchase import Purchase
from crowdhub.operations.spending.steps import Steps
from crowdhub.operations.spending.witnesses import NOTHING, Before, before_sending, read_listing
from crowdhub.operations.unnoted import tell_unnoted
from crowdhub.protocol import Call, Effect, Response

if TYPE_CHECKING:
    from crowdhub.ledger import Begun, Held, Intent, Ledger

T = TypeVar("T")
log = logging.getLogger("crowdhub")


async def spend(port: Port, policy: SpendingPolicy, purchase: Purchase[T]) -> T:
    """Carry out a purchase once: replay it, recover it, or send it."""
    ledger = policy.ledger
    if ledger is None:
        if issues := key_issues(purchase.key):
            raise InvalidRequest(issues=issues)
        looked = await _found_before(port, purchase)
        earlier, seen = looked
        if earlier is not None:
            return earlier
        return await _send(port, purchase, Reservation(port, policy, purchase, seen=seen))
    with ledger.holding() as held:
        begun = await begin(port, policy, purchase, held)
        if begun.status == "replayed":
            return _ours(port, purchase.restore(begun.intent))
        intent = begun.intent
        found: T | None = None
        seen = NOTHING
        resuming = begun.status == "resume"
        if begun.status == "recover" or (resuming and intent.look_for is not None):
            try:
                return await send_again(port, policy, purchase, intent, resuming=resuming)
            except NotRecognised:
                found, seen = await look_back(port, ledger, intent, purchase.after_crash)
                await _begin_again(port, policy, ledger, intent, found)
        elif begun.status == "new":
            try:
                sought = await _found_before(port, purchase)
            except CrowdhubError as error:
                failed = error
                await port.blocking(lambda: ledger.fail(intent, failed))
                raise
            found, seen = sought
        if found is not None:
            await port.blocking(lambda: finish(ledger, intent, purchase.keep(found), of=found))
            return found
        steps = Steps(await port.blocking(lambda: ledger.steps(intent)), resuming=resuming)
        # What goes on was confirmed when it began.
        reservation = Reservation(port, policy, purchase, intent, steps, confirmed=resuming, seen=seen)
        return await _settled(port, ledger, purchase, reservation)


async def _begin_again(
    port: Port, policy: SpendingPolicy, ledger: Ledger, intent: Intent, found: object | None
) -> None:
    """What was not carried out has to fit the budget of today before it is sent again; else it is at its end."""
    if found is not None:
        return
    try:
        await port.blocking(lambda: ledger.begin_again(intent, policy.budget))
    except CrowdhubError as error:
        failed = error
        await port.blocking(lambda: ledger.fail(intent, failed))
        raise


async def send_again(
    port: Port, policy: SpendingPolicy, purchase: Purchase[T], intent: Intent, *, resuming: bool = False
) -> T:
    """Send what an earlier process may have sent once more, where the marketplace knows it for the same request; and
    write down what became of it. Raises `NotRecognised` before anything else is sent."""
    ledger = policy.ledger
    assert ledger is not None
    steps = Steps(await port.blocking(lambda: ledger.steps(intent)), resuming=resuming)
    if not resuming:  # an earlier attempt may not have been carried out: it spends only now then
        try:
            await port.blocking(lambda: ledger.begin_again(intent, policy.budget))
        except BudgetExceeded as error:
            raise NotRecognised from error
    # What goes on was confirmed when it began.
    again = Reservation(port, policy, purchase, intent, steps, confirmed=True, recovering=True)
    return await _settled(port, ledger, purchase, again)


async def spend_if_it_costs(
    port: Port,
    policy: SpendingPolicy,
    purchase: Purchase[T],
    send: Callable[[Reservation[T]], Awaitable[T]] | None = None,
) -> T:
    """Carry out what has no key and no known price: it becomes an intent with its first call that takes money.
    ``send``: how, where it is known by other means than a lookup what became of it."""
    with Reservation(port, policy, purchase) as reservation:
        return await _settled(port, policy.ledger, purchase, reservation, send)


def _ours(port: Port, result: T) -> T:
    """A result under this account's name: it may have been made under another name of the same account."""
    if isinstance(result, (Task, Submission)):
        return cast("T", result.copy_with(**port.provider.identity))
    return result


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
        self._has_lost = False
        self._confirmed = self._is_priced = confirmed
        self.recovering = recovering
        self._held = ExitStack()

    @property
    def ledger(self) -> Ledger | None:
        return self._policy.ledger

    async def confirm(self) -> None:
        """Ask the application, once."""
        confirm = self._policy.confirm
        if self._confirmed or confirm is None:
            return
        self._confirmed = True
        asked = _asked(self._port, self._purchase)
        if not await is_confirmed(self._port, confirm, asked):
            raise NotConfirmed(f"{asked.operation} for {asked.amount or 'an unknown price'} was not confirmed.")

    async def before(self, call: Call) -> Response | None:
        await self.write_steps()
        known = self.steps.known(call)
        if known is None and self.recovering:
            self._check_recognised(call)
        if known is not None or not call.takes_money:
            return known
        ledger = self._policy.ledger
        if self.intent is None and ledger is not None:
            held = self._held.enter_context(ledger.holding())
            self.intent = (await begin(self._port, self._policy, self._purchase, held)).intent
        await self._check_unpriced()
        await self.confirm()
        await self._look_before()
        await self._check_files()
        self._is_free = False
        if self._can_be_absent:
            self._seen = await before_sending(self._port, self._policy.ledger, self._seen)
        return None

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
        the same. Raises `NotRecognised`."""
        if call.effect is Effect.READ or (self.steps.paid and not call.takes_money):
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


async def _settled(
    port: Port,
    ledger: Ledger | None,
    purchase: Purchase[T],
    reservation: Reservation[T],
    send: Callable[[Reservation[T]], Awaitable[T]] | None = None,
) -> T:
    """Send it, and write down what became of it."""
    try:
        await _confirmed(ledger, reservation)
        result = await (_send(port, purchase, reservation) if send is None else send(reservation))
    except CrowdhubError as error:
        failed = error
    else:
        done = reservation.intent
        if ledger is not None and done is not None:
            took = reservation.took_nothing(result)
            await port.blocking(lambda: finish(ledger, done, _kept(purchase, result), of=result, took=took))
        return result
    intent = reservation.intent
    if ledger is not None and intent is not None and not _lost_to_another(failed):
        await reservation.write_steps()
        doubtful = isinstance(failed, OutcomeUnknown) and failed.money_may_be_spent
        paid = reservation.steps.paid and not doubtful
        failed = await _in_steps(port, ledger, intent, reservation.steps, failed)
        if reservation.recovering and not paid and not failed.money_may_be_spent:
            # That it fails now tells nothing of what an earlier process sent.
            raise NotRecognised from failed
        written, first = reservation.steps.are_written, failed
        alone = reservation.steps.payments <= 1
        try:
            failed = await port.blocking(lambda: note(ledger, intent, first, paid=paid, written=written, alone=alone))
        except LedgerError:
            if not isinstance(first, LedgerError):
                raise  # the outcome is not noted: `recover` has to settle it
    raise failed


async def _in_steps(port: Port, ledger: Ledger, intent: Intent, steps: Steps, error: CrowdhubError) -> CrowdhubError:
    """What an error means where the operation makes several calls."""
    if isinstance(error, OutcomeUnknown) and error.money_may_be_spent and steps.payments > 1:
        which = f"payment {steps.payments} of this operation, {steps.payment}"
        return error.looking_for(f"{error.look_for or 'it'} ({which})")
    if isinstance(error, NotFound) and steps.goes_on and not steps.paid:
        await port.blocking(lambda: ledger.forget_steps(intent))
        return error.with_(next_step="What an earlier call made is gone; the same key begins from the start now.")
    return error


def _lost_to_another(error: CrowdhubError) -> bool:
    """Whether the intent was taken over before its request left: it is the other's to note."""
    from crowdhub.ledger import NotHeld  # the database is loaded where there is a ledger

    return isinstance(error, NotHeld)


async def _confirmed(ledger: Ledger | None, reservation: Reservation[Any]) -> None:
    """Ask the application; where it fails at that, nothing was sent."""
    intent = reservation.intent
    if intent is None:
        return
    try:
        await reservation.confirm()
    except CrowdhubError:
        raise
    except BaseException as error:
        if ledger is not None:  # at once: a cancelled task could not wait for it
            _ = ledger.left(intent, f"It could not be confirmed: {type(error).__name__}.")
        raise


def _kept(purchase: Purchase[T], result: T) -> object:
    """The result as the ledger keeps it. What was paid must not be lost to a result that cannot be written."""
    try:
        return purchase.keep(result)
    except Exception as error:  # noqa: BLE001 - a plugin's own objects may be in it
        log.error("%s: its result cannot be kept: %s: %s", purchase.operation.name, type(error).__name__, error)
        return None


async def _send(port: Port, purchase: Purchase[T], reservation: Reservation[T]) -> T:
    """Send it; when its answer is lost, look for what it made, and send once more only what takes no money."""
    lookup = purchase.lookup
    for may_send_again in (True, False):
        reservation.steps.restart()
        try:
            return await port.run(purchase.operation, reservation)
        except OutcomeUnknown as error:
            lost = error
        found = await look_for_lost(port, reservation.ledger, lookup, lost, reservation.trace())
        if found is not None:
            if await reservation.could_be_anothers(found):
                raise looking_for(lost, lookup)
            return found
        if not may_send_again:
            raise looking_for(lost, lookup)
    raise AssertionError("unreachable")


async def _found_before(port: Port, purchase: Purchase[T]) -> tuple[T | None, Before]:
    """What the marketplace itself knows under the key's own mark (another machine, or a ledger that was lost since),
    and what is listed. Raises `UnreadableResponse` where a listed task cannot be read: it may be the one."""
    if purchase.looked is not None:
        return purchase.looked
    if purchase.key is None or not purchase.lookup.marked or not purchase.lookup.can_look:
        return None, NOTHING
    found, sight = await look_once(port, purchase.lookup, purchase.reference, None)
    if found is None and sight is not None and sight.unreadable is not None:
        raise sight.unreadable
    return found, NOTHING if sight is None else NOTHING.seeing(sight)


async def begin(port: Port, policy: SpendingPolicy, purchase: Purchase[Any], held: Held) -> Begun:
    """Write the intent, or learn what became of an earlier one with its key. Waits for one that is under way."""
    ledger = policy.ledger
    assert ledger is not None
    identity = identity_of(port.provider)
    while True:
        begun = await port.blocking(
            lambda: ledger.begin(
                identity,
                purchase.operation.name,
                purchase.content,
                key=purchase.key,
                amount=purchase.amount,
                reference=purchase.reference,
                task_id=purchase.task_id,
                # What has a key and no known price may be free: its first call that takes money asks the budget.
                budget=policy.budget if purchase.amount is not None or purchase.key is None else None,
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


def finish(ledger: Ledger, intent: Intent, result: object, *, of: object = None, took: Money | None = None) -> None:
    """Write down that it was carried out, with the ``result`` as it is kept, and what that is ``of`` tells of the
    money; ``took``: what is known of it otherwise. What was done is not undone by a full disk: the caller gets its
    result, and the intent stays open for ``recover``."""
    from crowdhub.ledger import PaidTwice  # the database is loaded where there is a ledger

    told = charged_by(of)
    try:
        ledger.finish(intent, result, charged=took if told is None else told, task_id=task_id_of(of))
        _ = keep_told(ledger, intent, of)
    except PaidTwice:
        raise
    except LedgerError as error:
        tell_unnoted(intent.operation, error)


def note(
    ledger: Ledger, intent: Intent, error: CrowdhubError, *, paid: bool, written: bool = True, alone: bool = True
) -> CrowdhubError:
    """Write down that it failed: not done, or not to be told. Returns the error with what to do next.

    ``paid``: a call that takes money was carried out before; that is done, whatever failed after it, unless the error
    tells that the marketplace took nothing in the end. ``written``: that call is in the ledger; otherwise nothing may
    go on from it as if it had not been. ``alone``: there was one call that takes money, or none; of several, an error
    that tells of nothing taken is about one.
    """
    taken = charged_by(error)
    if taken is not None and taken.amount > 0 and not paid and not isinstance(error, OutcomeUnknown):
        ledger.paid(intent, charged=taken)
        ledger.fail(intent, error)
        told = f"{_advice(error)} It took {taken}, which is in the ledger; its key is used up."
        return error.with_(sent=True, money_may_be_spent=True, next_step=told)
    if alone and taken is not None and not taken.amount:
        ledger.gave_back(intent, error)
        return error.with_(sent=True, money_may_be_spent=False)
    if paid and not written:
        ledger.unknown(intent, error)
        return error.with_(sent=True, money_may_be_spent=True, next_step=f"{error.next_step} `recover` looks again.")
    if paid:
        goes_on = "It is done"
        if intent.key is not None:
            goes_on = "The same key goes on from there, and does not pay that again"
        error = error.with_(
            sent=True,
            money_may_be_spent=True,
            next_step=f"{_advice(error)} What was paid for is kept in the ledger. {goes_on}.",
        )
        ledger.fail(intent, error, charged=taken if alone else None)
        return error
    if not error.money_may_be_spent:
        ledger.fail(intent, error)
        return error
    ledger.unknown(intent, error)
    again = ", and so does the same key" if intent.key is not None else ""
    return error.with_(next_step=f"{error.next_step} `recover` looks again{again}.")


def _advice(error: CrowdhubError) -> str:
    """What to do about an error of a call that came after one that was paid: that nothing was done is not said then."""
    return error.next_step.partition("; nothing was")[0].rstrip(".") + "."


def _asked(port: Port, purchase: Purchase[Any]) -> Spend:
    return Spend(
        **port.provider.identity,
        operation=purchase.operation.name,
        amount=purchase.amount,
        title=purchase.title,
        key=purchase.key,
    )
