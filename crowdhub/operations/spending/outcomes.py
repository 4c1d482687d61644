"""Writing down what became of a purchase, and what its error tells to do next."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from crowdhub.errors import CrowdhubError, LedgerError, NotFound, OutcomeUnknown
from crowdhub.model import Money
from crowdhub.operations.spending.charges import charged_by, task_id_of
from crowdhub.operations.spending.looking import keep_told
from crowdhub.operations.spending.purchase import Purchase
from crowdhub.operations.spending.steps import Steps
from crowdhub.operations.unnoted import tell_unnoted

if TYPE_CHECKING:
    from crowdhub.ledger import Intent, Ledger

T = TypeVar("T")
log = logging.getLogger("crowdhub")


def kept_of(purchase: Purchase[T], result: T) -> object:
    """The result as the ledger keeps it. What was paid must not be lost to a result that cannot be written."""
    try:
        return purchase.keep(result)
    except Exception as error:  # noqa: BLE001 - a plugin's own objects may be in it
        log.error("%s: its result cannot be kept: %s: %s", purchase.operation.name, type(error).__name__, error)
        return None


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


def noted(ledger: Ledger, intent: Intent, error: CrowdhubError, steps: Steps) -> CrowdhubError:
    """Write down that an operation failed, with all that its calls came to. Returns the error with what to do next."""
    doubtful = isinstance(error, OutcomeUnknown) and error.money_may_be_spent
    if isinstance(error, OutcomeUnknown) and doubtful and steps.payments > 1:
        which = f"payment {steps.payments} of this operation, {steps.payment}"
        error = error.looking_for(f"{error.look_for or 'it'} ({which})")
    if isinstance(error, NotFound) and steps.goes_on and not steps.paid:
        ledger.forget_steps(intent)
        error = error.with_(next_step="What an earlier call made is gone; the same key begins from the start now.")
    paid, alone = steps.paid and not doubtful, steps.payments <= 1
    return note(ledger, intent, error, paid=paid, written=steps.are_written, alone=alone)


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
