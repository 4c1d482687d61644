"""How an intent goes from one state to the next. Everything here runs inside the caller's transaction.

What `Ledger.begin` with a key, or `Ledger.claim`, finds, and what the caller is told to do:

======================================  ==========  ====================================================
the intent                              answer      after it
======================================  ==========  ====================================================
none, or only not_done ones             NEW         a new one: open, held by the caller, with the steps
                                                    of the last not_done one that asked for the same
open or unknown, its holder at work     UNDER_WAY   as it was
open or unknown, its holder gone        RECOVER     held by the caller
done without result, holder at work     UNDER_WAY   as it was
done without result, gone, steps        RESUME      held by the caller
done without result, gone, no steps     REPLAYED    as it was
done with its result                    REPLAYED    as it was
not_done (`Ledger.claim` alone)         REPLAYED    as it was
======================================  ==========  ====================================================

What its holder then makes of it (all but `paid` let it go):

======================  ==================  ==============  ====================  ====================
before                  paid                finish          fail                  unknown
======================  ==================  ==============  ====================  ====================
open, unknown           done, no result     done            not_done              unknown
done without result     as it was           done            done, with the error  done, with the error
done with its result    as it was           as it was       `NotHeld`             `NotHeld`
not_done                done, no result     done            not_done              `NotHeld`
======================  ==================  ==============  ====================  ====================

Of somebody who lost the lease, ``paid`` and ``finish`` count as well, for evidence that it was done wins; ``fail``
and ``unknown`` are `NotHeld`. A result is kept even where it is empty (as JSON's null), so that "without result"
always means that the call which paid never came to its end. What was paid has something to look for where a later
call of it is in doubt: its answer was lost, or its process ended without a word.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from sqlalchemy.engine import Connection

from crowdhub.ledger import rows, steps
from crowdhub.ledger.checks import is_countable
from crowdhub.ledger.errors import NotHeld
from crowdhub.ledger.intent import BeginStatus, Begun, Intent, State, intent_of
from crowdhub.ledger.leases import Leases
from crowdhub.model import Money
from crowdhub.store.schema import IntentRow

Ending: TypeAlias = Literal[State.NOT_DONE, State.UNKNOWN]
OPEN = (State.OPEN, State.UNKNOWN)
IN_DOUBT = "what the calls after the one that was paid did, at the marketplace"


def start(connection: Connection, row: IntentRow) -> Begun:
    """Write a new intent. It goes on from what an undone one with the same key and content had reached."""
    earlier = rows.last_undone(connection, row)
    if earlier is not None:
        row = row._replace(attempts=earlier.attempts + 1)
    rows.add(connection, row)
    if earlier is not None:
        steps.copy(connection, earlier.id, row.id)
    return Begun(status=BeginStatus.NEW, intent=intent_of(row))


def take(connection: Connection, row: IntentRow, leases: Leases) -> Begun:
    """What the caller has to do about an intent that is there already; it is the caller's where that is anything."""
    status = _status(connection, row, leases)
    if status not in (BeginStatus.RECOVER, BeginStatus.RESUME):
        return Begun(status=status, intent=intent_of(row))
    mine = row._replace(**leases.new(), attempts=row.attempts + 1)
    if status is BeginStatus.RESUME:
        # Without an error, its process ended in the middle of a call, and nobody knows which.
        look_for = row.look_for or (None if row.error is not None else IN_DOUBT)
        mine = mine._replace(error=None, look_for=look_for)  # why the last try failed; this one may not
    rows.change(connection, row, mine)
    return Begun(status=status, intent=intent_of(mine))


def _status(connection: Connection, row: IntentRow, leases: Leases) -> BeginStatus:
    if row.state not in OPEN and not is_paid(row):
        return BeginStatus.REPLAYED
    if leases.is_alive(row.holder, row.lease_until):
        return BeginStatus.UNDER_WAY
    if row.state in OPEN:
        return BeginStatus.RECOVER
    return BeginStatus.RESUME if steps.has_any(connection, row.id) else BeginStatus.REPLAYED


def is_paid(row: IntentRow) -> bool:
    """Whether it is done, and its result was not kept yet."""
    return row.state == State.DONE and row.result is None


def paid(connection: Connection, row: IntentRow, intent: Intent, lease_until: int, charged: Money | None) -> IntentRow:
    """It was paid for, and its call goes on."""
    if row.state == State.DONE:
        return row
    after = _done(connection, row)
    if row.holder is None:  # let go by somebody who believed the call to be gone
        after = after._replace(holder=intent.holder, lease_until=lease_until)
    return _charged(after, charged)


def finish(
    connection: Connection, row: IntentRow, result: str, task_id: str | None, charged: Money | None
) -> IntentRow:
    """It was carried out, with this result."""
    if row.state == State.DONE and not is_paid(row):
        return row
    after = row if is_paid(row) else _done(connection, row)
    after = after._replace(result=result, task_id=row.task_id or task_id, holder=None, lease_until=0)
    return _charged(after, charged)


def _done(connection: Connection, row: IntentRow) -> IntentRow:
    after = row._replace(state=State.DONE.value, error=None, look_for=None)
    if row.state == State.NOT_DONE and row.key is not None:
        other = rows.by_key(connection, rows.identity_of(row), row.operation, row.key)
        if other is not None:  # it was believed undone: whoever used the freed key since then has it
            return after._replace(key=None, error=f"Carried out as well as {other.id}, which has the same key.")
    return after


def _charged(row: IntentRow, charged: Money | None) -> IntentRow:
    if charged is None or not is_countable(charged):
        return row
    amount = row.amount if row.currency == charged.currency else None  # reserved in another currency, or not at all
    return row._replace(charged=f"{charged.amount:f}", currency=charged.currency, amount=amount)


def end(row: IntentRow, intent: Intent, state: Ending, error: str | None, look_for: str | None) -> IntentRow:
    """It was not carried out, or that cannot be told; what was paid stays paid. Raises `NotHeld`."""
    if row.state not in OPEN and not is_paid(row):
        if row.state == state:
            return row
        raise NotHeld(intent_of(row))
    if row.holder != intent.holder:
        if row.holder is None and (row.state == state or is_paid(row)):
            return row  # this very change, written before the database went away
        raise NotHeld(intent_of(row))
    after = row._replace(error=error, holder=None, lease_until=0)
    if is_paid(row):
        return after._replace(look_for=look_for or row.look_for or IN_DOUBT) if state is State.UNKNOWN else after
    if state is State.UNKNOWN and look_for is None:
        look_for = row.look_for
    return after._replace(state=state.value, look_for=look_for)
