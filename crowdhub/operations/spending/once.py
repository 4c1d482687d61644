"""Spending once: an intent is in the ledger before the request leaves, its outcome after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from crowdhub.errors import (
    BudgetExceeded,
    CrowdhubError,
    InvalidRequest,
    LedgerError,
    OutcomeUnknown,
)
from crowdhub.model import Submission, Task
from crowdhub.model.keys import key_issues
from crowdhub.operations.port import Port
from crowdhub.operations.spending.looking import (
    look_back,
    look_for_lost,
    look_once,
    looking_for,
)
from crowdhub.operations.spending.outcomes import finish, kept_of, noted
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.purchase import Purchase
from crowdhub.operations.spending.reservation import NotRecognised, Reservation, begin
from crowdhub.operations.spending.steps import Steps
from crowdhub.operations.spending.witnesses import NOTHING, Before

if TYPE_CHECKING:
    from crowdhub.ledger import Intent, Ledger

T = TypeVar("T")


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
            except NotRecognised as stop:
                found, seen = await look_back(port, ledger, intent, purchase.after_crash, stop.__cause__)
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
            await port.blocking(lambda: finish(ledger, done, kept_of(purchase, result), of=result, took=took))
        return result
    intent = reservation.intent
    if ledger is not None and intent is not None and not _lost_to_another(failed):
        await reservation.write_steps()
        steps, first = reservation.steps, failed
        if reservation.recovering and not steps.paid and not failed.money_may_be_spent:
            # That it fails now tells nothing of what an earlier process sent.
            raise NotRecognised from failed
        try:
            failed = await port.blocking(lambda: noted(ledger, intent, first, steps))
        except LedgerError:
            if not isinstance(first, LedgerError):
                raise  # the outcome is not noted: `recover` has to settle it
    raise failed


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


async def _send(port: Port, purchase: Purchase[T], reservation: Reservation[T]) -> T:
    """Send it; when its answer is lost, look for what it made, and send once more only what takes no money."""
    lookup = purchase.lookup
    for may_send_again in (True, False):
        reservation.steps.restart()
        try:
            return await port.run(purchase.operation, reservation)
        except OutcomeUnknown as error:
            lost = error.with_(money_may_be_spent=False) if reservation.has_lost_a_free_call else error
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
