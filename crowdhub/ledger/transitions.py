"""How an intent goes from one state to the next. Everything here runs inside the caller's transaction.

::

    intended ──▶ sent ──▶ done | not_done | unknown          unknown ──▶ sent, done or not_done

What `Ledger.begin` with a key, or `Ledger.claim`, finds, and what the caller is told to do:

======================================  ==========  ====================================================
the intent                              answer      after it
======================================  ==========  ====================================================
none, or only not_done ones             NEW         a new one: intended, held by the caller, with the steps
                                                    of the last not_done one that asked for the same
intended, sent, unknown, holder at work UNDER_WAY   as it was
intended, its holder gone               NEW         held by the caller: nothing that takes money ever left
sent or unknown, its holder gone        RECOVER     held by the caller
done without result, holder at work     UNDER_WAY   as it was
done without result, gone, steps        RESUME      held by the caller
done without result, gone, no steps     REPLAYED    as it was
done with its result                    REPLAYED    as it was
not_done (`Ledger.claim` alone)         REPLAYED    as it was
======================================  ==========  ====================================================

What its holder then makes of it (all but `sending` and `paid` let it go):

======================  =============  ================  ==============  ================  ================
before                  sending        paid              finish          fail              unknown
======================  =============  ================  ==============  ================  ================
intended                sent           done, no result   done            not_done          unknown
sent, unknown           sent           done, no result   done            not_done          unknown
done without result     as it was      as it was         done            done, with error  done, with error
done with its result    `NotHeld`      as it was         as it was, or   `NotHeld`         `NotHeld`
                                                         a twin
not_done                `NotHeld`      done, no result   done, or a twin not_done          `NotHeld`
======================  =============  ================  ==============  ================  ================

``sending`` stands before every attempt that takes money: whoever lost the intent to another is `NotHeld`, and does not
send. ``left`` is ``unknown``, but what never sent is ``not_done``: its call ended without a word. Of somebody who lost
the lease, ``paid`` and ``finish`` count as well, for evidence that it was done wins; ``fail`` and ``unknown`` are
`NotHeld`. Where another finished it with something else, or has its key by now, the second is written as a twin, an
intent of its own without a key. A result is kept even where it is empty (as JSON's null), so that "without result"
always means that the call which paid never came to its end. What was paid has something to look for where a later
call of it is in doubt: its answer was lost, or its process ended without a word.
"""

from __future__ import annotations

import logging
from typing import Literal, TypeAlias

from sqlalchemy.engine import Connection

from crowdhub.ledger import rows, steps
from crowdhub.ledger.checks import counted
from crowdhub.ledger.errors import NotHeld
from crowdhub.ledger.intent import BeginStatus, Begun, Intent, State, intent_of
from crowdhub.ledger.leases import Lease, Leases
from crowdhub.model import Money
from crowdhub.store.schema import IntentRow

log = logging.getLogger("crowdhub")

Ending: TypeAlias = Literal[State.NOT_DONE, State.UNKNOWN]
OPEN = (State.INTENDED, State.SENT, State.UNKNOWN)
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


def free_what_never_left(connection: Connection, leases: Leases) -> bool:
    """End what was begun by processes that are gone before any request that takes money left: what it reserves is
    free. Whether there was any."""
    gone = [row for row in rows.intended(connection) if not leases.is_alive(row.holder, row.lease_until)]
    for row in gone:
        words = "Its process ended before any request that takes money left."
        rows.change(connection, row, row._replace(state=State.NOT_DONE.value, holder=None, lease_until=0, error=words))
    return bool(gone)


def take(connection: Connection, row: IntentRow, leases: Leases, lease: Lease) -> Begun:
    """What the caller has to do about an intent that is there already; it is the caller's, under the new ``lease``,
    where that is anything."""
    status = _status(connection, row, leases, lease["holder"])
    if row.holder == lease["holder"]:  # this very change, written before the database went away
        return Begun(status=status, intent=intent_of(row))
    if status not in (BeginStatus.NEW, BeginStatus.RECOVER, BeginStatus.RESUME):
        return Begun(status=status, intent=intent_of(row))
    mine = row._replace(**lease, attempts=row.attempts + 1)
    if status is BeginStatus.RESUME:
        # Without an error, its process ended in the middle of a call, and nobody knows which.
        look_for = row.look_for or (None if row.error is not None else IN_DOUBT)
        error = None if row.look_for is None else row.error  # why the last try failed; this one may not
        mine = mine._replace(error=error, look_for=look_for)
    rows.change(connection, row, mine)
    return Begun(status=status, intent=intent_of(mine))


def _status(connection: Connection, row: IntentRow, leases: Leases, mine: str) -> BeginStatus:
    if row.state not in OPEN and not is_paid(row):
        return BeginStatus.REPLAYED
    if row.holder != mine and leases.is_alive(row.holder, row.lease_until):
        return BeginStatus.UNDER_WAY
    if row.state == State.INTENDED:
        return BeginStatus.NEW
    if row.state in OPEN:
        return BeginStatus.RECOVER
    return BeginStatus.RESUME if steps.has_any(connection, row.id) else BeginStatus.REPLAYED


def is_paid(row: IntentRow) -> bool:
    """Whether it is done, and its result was not kept yet."""
    return row.state == State.DONE and row.result is None


def sending(row: IntentRow, intent: Intent, lease_until: int, now: int, tick: str | None) -> IntentRow:
    """A request that takes money is about to leave. Raises `NotHeld`."""
    if row.holder is None or row.holder != intent.holder or (row.state not in OPEN and not is_paid(row)):
        raise NotHeld(intent_of(row))
    state = row.state if is_paid(row) else State.SENT.value
    return row._replace(state=state, sent_at=now, sent_tick=tick, lease_until=lease_until)


def paid(connection: Connection, row: IntentRow, intent: Intent, lease_until: int, charged: Money | None) -> IntentRow:
    """It was paid for, and its call goes on."""
    if row.state == State.DONE:
        return row
    after = _done(connection, row)
    after = after._replace(sent_at=after.sent_at or row.created_at)
    if row.holder is None:  # let go by somebody who believed the call to be gone
        after = after._replace(holder=intent.holder, lease_until=lease_until)
    return _charged(after, charged)


def finish(
    connection: Connection, row: IntentRow, intent: Intent, result: str, task_id: str | None, charged: Money | None
) -> IntentRow:
    """It was carried out, with this result."""
    if row.state == State.DONE and not is_paid(row):
        return row
    if not is_paid(row):
        after = _done(connection, row)
    else:
        after = row if row.look_for is None else row._replace(error=None, look_for=None)  # nothing is in doubt any more
    after = after._replace(
        result=result, task_id=row.task_id or task_id, holder=None, lease_until=0, done_by=intent.holder
    )
    return _charged(after, charged)


def is_second(row: IntentRow, intent: Intent, task_id: str | None) -> bool:
    """Whether another finished it before, with something else."""
    if row.state != State.DONE or is_paid(row) or row.done_by in (None, intent.holder):
        return False
    return task_id is not None and row.task_id is not None and task_id != row.task_id


def twin(
    connection: Connection, row: IntentRow, intent: Intent, result: str, task_id: str | None, charged: Money | None
) -> IntentRow:
    """What was carried out besides, written as an intent of its own; once, however often this is run."""
    made_id = f"{row.id}+{(intent.holder or '').rpartition('/')[2]}"
    written = rows.by_id(connection, made_id)
    if written is not None:
        return written
    made = _charged(
        row._replace(
            id=made_id, key=None, result=result, task_id=task_id, charged=None, done_by=intent.holder, twin_of=row.id
        ),
        charged,
    )
    made = made._replace(error=_beside(row.id))
    rows.add(connection, made)
    return made


def marked_beside(connection: Connection, row: IntentRow, words: str) -> None:
    """What carries an intent's mark beside its result, written as an intent of its own, once. What it took is not
    known: another ledger has it."""
    made_id = f"{row.id}+marked"
    if rows.by_id(connection, made_id) is None:
        row = row._replace(key=None, amount=None, charged=None, currency=None, task_id=None, twin_of=row.id)
        rows.add(connection, row._replace(id=made_id, result="null", error=words))


def _beside(other: str) -> str:
    return f"Carried out as well as {other}, which has the same key."


def _done(connection: Connection, row: IntentRow) -> IntentRow:
    after = row._replace(state=State.DONE.value, error=None, look_for=None)
    if row.state == State.NOT_DONE and row.key is not None:
        other = rows.by_key(connection, rows.identity_of(row), row.operation, row.key, row.owner)
        if other is not None:  # it was believed undone: whoever used the freed key since then has it
            return after._replace(key=None, error=_beside(other.id), twin_of=other.id)
    return after


def _charged(row: IntentRow, charged: Money | None) -> IntentRow:
    if charged is None:
        return row
    told, charged = charged, counted(charged)
    if charged is None:
        log.warning("%s: a charge of %s cannot be counted; what was reserved counts", row.operation, str(told)[:60])
        return row
    amount = row.amount if row.currency == charged.currency else None  # reserved in another currency, or not at all
    return row._replace(charged=f"{charged.amount:f}", currency=charged.currency, amount=amount)


def left(row: IntentRow, intent: Intent, error: str | None) -> IntentRow:
    """Its call ended without an outcome. Raises `NotHeld`."""
    state: Ending = State.NOT_DONE if row.state == State.INTENDED else State.UNKNOWN
    return end(row, intent, state, error, None)


def gave_back(row: IntentRow, intent: Intent, error: str) -> IntentRow:
    """It was paid for and came to nothing, and the marketplace took nothing. Raises `NotHeld`."""
    if row.state == State.NOT_DONE:
        return row
    if row.holder != intent.holder or not (row.state in OPEN or is_paid(row)):
        raise NotHeld(intent_of(row))
    return row._replace(
        state=State.NOT_DONE.value, error=error, look_for=None, charged=None, done_by=None, holder=None, lease_until=0
    )


def undoubted(row: IntentRow, intent: Intent, error: str) -> IntentRow:
    """No call after the one that was paid was carried out: what is next to send is sent. Raises `NotHeld`."""
    return end(row, intent, State.NOT_DONE, error, None)._replace(look_for=None)


def end(
    row: IntentRow,
    intent: Intent,
    state: Ending,
    error: str | None,
    look_for: str | None,
    charged: Money | None = None,
) -> IntentRow:
    """It was not carried out, or that cannot be told; what was paid stays paid, and took what was ``charged``, where
    that is told. Raises `NotHeld`."""
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
        after = _charged(after, charged)
        return after._replace(look_for=look_for or row.look_for or IN_DOUBT) if state is State.UNKNOWN else after
    if state is State.UNKNOWN and look_for is None:
        look_for = row.look_for
    return after._replace(state=state.value, look_for=look_for)
