"""The ledger: an intent is on disk before its request leaves, its outcome after it.

How an intent goes from one state to the next is in `transitions`.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Self

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Connection

from crowdhub.clock import Clock
from crowdhub.errors import BudgetExceeded, CrowdhubError, InvalidRequest, Issue, LedgerError, OutcomeUnknown
from crowdhub.frames import FramesLeftOut, also_half_made
from crowdhub.ledger import checks, names, rows, transitions
from crowdhub.ledger import content as contents
from crowdhub.ledger import steps as noted
from crowdhub.ledger.bookmarks import Bookmarks
from crowdhub.ledger.budget import Budget
from crowdhub.ledger.errors import NotHeld, PaidTwice, UnderWay
from crowdhub.ledger.intent import BeginStatus, Begun, Intent, State, intent_of
from crowdhub.ledger.journal import Journal
from crowdhub.ledger.leases import LEASE, Lease, Leases
from crowdhub.ledger.owner import HERE, Here
from crowdhub.ledger.report import Report
from crowdhub.ledger.steps import Step
from crowdhub.model import Money, Task
from crowdhub.store import Database, micros, moment_of, ticks
from crowdhub.store.owners import owner_digest
from crowdhub.store.schema import HAS_STEPS, IS_OPEN, IS_PAID, IntentRow, intents

log = logging.getLogger("crowdhub")


class Held:
    """The intent that a call holds, from the moment in which it does. With its last reference it is let go, whatever
    kept that from being said (a second interrupt)."""

    def __init__(self, leases: Leases, intent: Intent | None = None) -> None:
        self.intent = intent
        self._leases = leases
        self._holders = [intent.holder] if intent is not None else []

    def hold(self, holder: str) -> None:
        """Before it is written: from the moment in which others see it, it is held."""
        self._holders.append(holder)
        self._leases.hold(holder)

    def let_go(self) -> None:
        for holder in self._holders:
            self._leases.let_go(holder)  # waits for nothing

    def give_up(self) -> None:
        """It stays held, and this is not what holds it."""
        self._holders.clear()

    def __del__(self) -> None:
        self.let_go()


class Ledger:
    """What was asked and paid, for any number of threads and processes. Synchronous: an async caller uses a thread.

    Everything here raises `LedgerError` where the database fails.
    """

    def __init__(self, database: Database, *, lease: float = LEASE, here: Here = HERE) -> None:
        self.database = database
        self.clock = database.clock
        self.redact: Callable[[str], str] = str
        """Takes the secrets out of every text before it is written; the hub sets it."""
        self._salt = b""
        self.leases = Leases(database, lease, here)
        self.journal = Journal(database, self.leases, self._redacted)
        self.report = Report(database)

    @classmethod
    def open(
        cls,
        target: str | os.PathLike[str] | None = None,
        *,
        clock: Clock | None = None,
        patience: float = 30.0,
        lease: float = LEASE,
    ) -> Self:
        """The ledger in a file, at a database URL, or (None) in the user's data folder; made where it is not there.

        ``patience``: seconds to wait while another program has it locked. ``lease``: seconds after which another
        machine may take an intent for abandoned; renewed while it is under way.

        Raises `ConfigurationError`, `LedgerError`.
        """
        return cls(Database(target, clock=clock, patience=patience), lease=lease)

    def _redacted(self, text: str) -> str:
        return self.redact(text)  # as it is then: the journal is made before the hub sets it

    @also_half_made
    def __repr__(self) -> str:
        return f"<Ledger {self.database.name}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.leases.close()
        self.database.close()

    # --- before the request ------------------------------------------------------------------------------

    def begin(
        self,
        identity: Mapping[str, str],
        operation: str,
        content: object,
        *,
        key: str | None = None,
        amount: Money | None = None,
        reference: str | None = None,
        task_id: str | None = None,
        budget: Budget | None = None,
        currency: str | None = None,
        look_for: str | None = None,
        owner: str | None = None,
        held: Held | None = None,
    ) -> Begun:
        """Look for the key, check the budget, reserve the amount and write the intent, in one transaction.

        ``identity`` is the provider's (provider, account, environment), ``content`` everything that was asked,
        ``amount`` what it is expected to take, ``currency`` what the account pays in, for a budget that lets through
        what has no known price, ``task_id`` the task that a bonus belongs to, ``owner`` what the account's key opens
        (`owner_of`): a key holds under each name of one account, ``held`` what `holding` gave, around this call.
        `Begun.status` says what to do.

        Raises `InvalidRequest` where the key was used for something else (the difference field by field) and
        `BudgetExceeded`; nothing is written then.
        """
        checks.check(key, amount)
        plain = contents.canonical(content, self.redact)
        now = self.database.now()
        row = IntentRow(
            id=str(uuid.uuid4()),
            provider=identity["provider"],
            account=identity["account"],
            environment=identity["environment"],
            operation=operation,
            key=key,
            fingerprint=contents.fingerprint(plain),
            content=contents.as_json(plain),
            reference=reference,
            amount=None if amount is None else f"{amount.amount:f}",
            charged=None,
            currency=None if amount is None else amount.currency,
            task_id=task_id,
            state=State.INTENDED.value,
            **self.leases.new(),
            attempts=1,
            result=None,
            error=None,
            look_for=contents.safe_text(look_for, self.redact),
            created_at=micros(now),
            settled_at=None,
            created_tick=ticks.tick(self.clock),
            owner=owner,
        )

        lease: Lease = {"holder": row.holder or "", "lease_until": row.lease_until}

        def work(connection: Connection) -> Begun:
            if (written := rows.by_id(connection, row.id)) is not None:  # before the database went away
                return Begun(status=BeginStatus.NEW, intent=intent_of(written))
            if key is not None and (earlier := rows.by_key(connection, identity, operation, key, owner)) is not None:
                if (error := checks.other_account(earlier, row)) is not None:
                    raise error
                if earlier.fingerprint != row.fingerprint:
                    raise checks.other_content(earlier, row)
                begun = transitions.take(connection, earlier, self.leases, lease)
                if begun.status is BeginStatus.NEW:  # begun before, and never sent: it has to fit the budget of today
                    self._count_anew(connection, begun.intent, budget)
                return begun
            names.keep(connection, identity, owner)
            if budget is not None:
                fits = partial(
                    budget.check,
                    connection,
                    identity,
                    amount,
                    task_id=task_id,
                    now=now,
                    operation=operation,
                    currency=currency,
                )
                try:
                    fits()
                except BudgetExceeded:
                    if not transitions.free_what_never_left(connection, self.leases):
                        raise
                    fits()
            return transitions.start(connection, row)

        return self._held(work, lease["holder"], held)

    def begin_again(self, intent: Intent, budget: Budget | None) -> None:
        """It is about to be sent again, for it was not carried out: what it takes is reserved anew, on this day. Raises
        `BudgetExceeded` where it does not fit the budget of today; what was reserved before stays then."""
        self.database.write(lambda connection: self._count_anew(connection, intent, budget))

    def reprice(self, intent: Intent, price: Money, budget: Budget | None) -> Intent:
        """The marketplace told what it will take: that is reserved from now on, and counts as what it took. Raises
        `BudgetExceeded` where it does not fit; what was reserved before stays then."""
        checks.check(None, price)

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            return self._reserve(
                connection, row, row._replace(amount=f"{price.amount:f}", currency=price.currency), budget
            )

        return self.database.write(work)

    def _count_anew(self, connection: Connection, intent: Intent, budget: Budget | None) -> None:
        row = _present(connection, intent)
        _ = self._reserve(connection, row, row._replace(counted_at=micros(self.database.now())), budget)

    def _reserve(self, connection: Connection, before: IntentRow, after: IntentRow, budget: Budget | None) -> Intent:
        intent, now = intent_of(after), self.database.now()

        def fits() -> None:
            if budget is None or intent.amount is None:
                return
            budget.check(
                connection,
                intent.identity,
                intent.amount,
                task_id=intent.task_id,
                now=now,
                operation=intent.operation,
            )

        rows.renew(connection, before, after, fits)
        return intent

    def check_budget(
        self,
        identity: Mapping[str, str],
        budget: Budget,
        amount: Money | None,
        currency: str,
        operation: str,
        task_id: str | None = None,
    ) -> None:
        """Whether it would fit now; nothing is reserved. ``amount`` None: what has no known price. Raises
        `ConfigurationError` or `BudgetExceeded` where the budget does not let it through."""
        now = self.database.now()
        self.database.read(
            lambda connection: budget.check(
                connection, identity, amount, task_id=task_id, now=now, operation=operation, currency=currency
            )
        )

    def claim(self, intent_id: str, held: Held | None = None) -> Begun:
        """Take over an intent to settle it: RECOVER or RESUME when it is yours, UNDER_WAY when somebody is at it,
        REPLAYED when it was settled. Raises `InvalidRequest` for an id that is not there."""

        def work(connection: Connection) -> Begun:
            row = rows.by_id(connection, intent_id)
            if row is None:
                raise InvalidRequest(issues=[Issue("intent", f"{intent_id!r} is not in the ledger")])
            return transitions.take(connection, row, self.leases, lease)

        lease = self.leases.new()
        return self._held(work, lease["holder"], held)

    def _held(self, work: Callable[[Connection], Begun], holder: str, held: Held | None) -> Begun:
        """Write it with a holder that is at work by the time others can see it."""
        mine = held or Held(self.leases)
        mine.hold(holder)
        try:
            begun = self.database.write(work)
            is_mine = begun.intent.holder == holder
        except BaseException:
            self.leases.let_go(holder)
            raise
        if not is_mine:
            self.leases.let_go(holder)
            return begun
        mine.intent = begun.intent
        self.leases.keep(holder)
        if held is None:  # whoever holds nothing lets it go by its outcome
            mine.give_up()
        return begun

    # --- while its calls are sent and answered ----------------------------------------------------------------------

    def sending(self, intent: Intent, witness: Mapping[str, object] | None = None) -> None:
        """A request of it that takes money is about to leave: note when, and that its outcome is open from now on.

        ``witness``: what the marketplace showed before it, as JSON, by which its loss will be judged.

        Raises `NotHeld` where somebody else took the intent over meanwhile; nothing may be sent then.
        """

        seen = None if witness is None else contents.as_json(contents.canonical(witness, self.redact))

        def work(connection: Connection) -> None:
            row = _present(connection, intent)
            now = micros(self.database.now())
            after = transitions.sending(row, intent, self.leases.end(), now, ticks.tick(self.clock))
            rows.change(connection, row, after._replace(witness=seen))

        try:
            self.database.write(work)
        except NotHeld as error:
            told = "Nothing was sent by this call. The same key gives what the other one made."
            raise error.with_(next_step=told) from None

    def now(self) -> datetime:
        """The present moment by the clock that the ledger's own moments go by."""
        return self.database.now()

    def age(self, intent: Intent) -> timedelta:
        """How long ago its last request left, at least: a clock that was set forward proves nothing."""
        row = self.database.read(lambda connection: _present(connection, intent))
        passed = self.database.now() - moment_of(row.created_at if row.sent_at is None else row.sent_at)
        counted = ticks.since(row.created_tick if row.sent_at is None else row.sent_tick, self.clock)
        return passed if counted is None else min(passed, counted)

    def known_for(self, intent: Intent) -> timedelta:
        """How long ago it was written, at most: a clock that was set back proves nothing."""
        row = self.database.read(lambda connection: _present(connection, intent))
        passed = self.database.now() - moment_of(row.created_at)
        counted = ticks.since(row.created_tick, self.clock)
        return max(passed, timedelta()) if counted is None else max(passed, counted)

    def key_changed(self, identity: Mapping[str, str], owner: str) -> int:
        """A person says that the account of this name is one account, whose API key was changed: all that was written
        under the name belongs to what the key opens now (``owner``). Returns how many intents that were.

        Raises `LedgerError` where the same key of the application was used under both.
        """

        def work(connection: Connection) -> int:
            names.keep(connection, identity, owner)
            return rows.hand_over(connection, identity, owner)

        return self.database.write(work)

    def names_of(self, identity: Mapping[str, str], owner: str | None) -> frozenset[str]:
        """What the account was ever called that this key opens, as far as that is known."""
        if owner is None:
            return frozenset({identity["account"]})
        return self.database.read(lambda connection: names.of_one(connection, identity, owner))

    def key_in_use(
        self, identity: Mapping[str, str], operation: str, keys: Iterable[str], owner: str | None
    ) -> str | None:
        """The first of these keys that something was done under, or may have been."""
        asked = list(keys)

        def work(connection: Connection) -> str | None:
            taken = (each for each in asked if rows.by_key(connection, identity, operation, each, owner) is not None)
            return next(taken, None)

        return self.database.read(work)

    def has_asked_for(self, intent: Intent, content: object) -> bool:
        """Whether this is what was asked, all of it, files as they are now."""
        return contents.fingerprint(contents.canonical(content, self.redact)) == intent.fingerprint

    def owner_of(self, secrets: Iterable[str]) -> str | None:
        """What an account's key opens, under this ledger's own salt; None where it has no key."""
        with FramesLeftOut():
            self._salt = self._salt or self.database.salt()
            return owner_digest(secrets, self._salt)

    def bookmarks(self, name: str, identity: Mapping[str, str], owner: str | None) -> Bookmarks:
        """How far the watch of this name has come on an account."""
        return Bookmarks(self.database, name, identity, owner)

    def note_step(
        self, intent: Intent, position: int, call: str, answer: Mapping[str, object], *, paid: bool = False
    ) -> None:
        """Note that a call of an operation of several steps was answered: what was called, and the answer as JSON.

        ``paid``: this call paid for it; it is `paid` in the same transaction, so that whoever goes on finds both or
        none. Noting a position again takes the place of what was noted there. An answer that cannot be kept (too
        long) becomes ``{"too_long": true}``. Raises `NotHeld` where somebody else took the intent over meanwhile.
        """
        said = contents.safe_text(call, self.redact)
        text = contents.step_text(answer, self.redact)
        now = micros(self.database.now())

        def work(connection: Connection) -> None:
            row = _present(connection, intent)
            if row.holder is None or row.holder != intent.holder:
                raise NotHeld(intent_of(row))
            noted.note(connection, intent.id, position, said, text, now)
            if paid:
                end = self.leases.end()
                _ = self._change(connection, row, transitions.paid(connection, row, intent, end, None))

        try:
            self.database.write(work)
        except NotHeld:
            raise
        except LedgerError as error:
            raise LedgerError(
                error.message,
                transient=error.transient,
                sent=True,
                next_step="A step was carried out that the ledger could not note: put right what is named above, then"
                " recover.",
            ) from None

    def forget_steps(self, intent: Intent) -> None:
        """What its earlier calls made is gone, and cost nothing: the same key begins from the start."""
        self.database.write(lambda connection: noted.drop(connection, [intent.id]))

    def steps(self, intent: Intent) -> list[Step]:
        """What was noted of an operation of several steps so far, in order."""
        return self.database.read(lambda connection: noted.read(connection, intent.id))

    def paid(self, intent: Intent, *, charged: Money | None = None) -> Intent:
        """It was paid for, and the call goes on: from now on it is done, whatever becomes of the rest.

        ``charged``: what it really took. `finish` adds the result; `fail` and `unknown` note their error alone.
        """

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            return self._change(connection, row, transitions.paid(connection, row, intent, self.leases.end(), charged))

        try:
            return self.database.write(work)
        except LedgerError as error:
            raise error.after_sending() from None

    # --- after the request -----------------------------------------------------------------------------------

    def finish(
        self, intent: Intent, result: object = None, *, charged: Money | None = None, task_id: str | None = None
    ) -> Intent:
        """It was carried out: keep the result. ``charged``: what it really took (default: what a `Task` says, else
        what was reserved). Calling it again changes nothing. Raises `PaidTwice` where another request under its key
        was carried out, too."""
        if charged is None and isinstance(result, Task):
            charged = result.charged
        if task_id is None:
            task_id = result.id if isinstance(result, Task) else getattr(result, "task_id", None)
        text = contents.result_text(result, self.redact)
        safe_id = None if task_id is None else contents.safe_text(task_id)

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            if transitions.is_second(row, intent, safe_id):
                return intent_of(transitions.twin(connection, row, intent, text, safe_id, charged))
            return self._change(connection, row, transitions.finish(connection, row, intent, text, safe_id, charged))

        after = self._settle(intent, work)
        if after.twin_of is not None:
            first = self.get(after.twin_of)
            raise PaidTwice(first or after, after)
        return after

    def note_twin(self, intent: Intent, words: str) -> None:
        """Other work carries the mark of one that was carried out: keep that among the `twins`, in these words."""
        said = contents.safe_text(words, self.redact)
        self.database.write(lambda db: transitions.marked_beside(db, _present(db, intent), said))

    def fail(self, intent: Intent, error: CrowdhubError | str, *, charged: Money | None = None) -> Intent:
        """It was certainly not carried out: release what was reserved; the key is free again. What was `paid` stays,
        for what it really took in the end (``charged``), where that is told.

        Raises `NotHeld` where somebody else took the intent over meanwhile."""
        return self._end(intent, State.NOT_DONE, error, None, charged)

    def gave_back(self, intent: Intent, error: CrowdhubError | str) -> Intent:
        """It was carried out, came to nothing, and took nothing, as the marketplace tells: not done, also where it was
        `paid`. Its steps lead nowhere and are forgotten. Raises `NotHeld`."""
        said = contents.safe_text(str(error), self.redact)

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            noted.drop(connection, [row.id])
            return self._change(connection, row, transitions.gave_back(row, intent, said))

        return self._settle(intent, work)

    def undoubted(self, intent: Intent, words: str) -> Intent:
        """A person looked: of what was `paid`, no later call was carried out. The same key goes on from there. Raises
        `NotHeld`."""
        said = contents.safe_text(words, self.redact)

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            return self._change(connection, row, transitions.undoubted(row, intent, said))

        return self._settle(intent, work)

    def unknown(self, intent: Intent, error: CrowdhubError | str) -> Intent:
        """It cannot be told: keep the amount reserved and the key taken, and note what has to be looked for. What
        was `paid` stays, with a later call of it in doubt.

        Raises `NotHeld` where somebody else took the intent over meanwhile."""
        return self._end(intent, State.UNKNOWN, error, error.look_for if isinstance(error, OutcomeUnknown) else None)

    def left(self, intent: Intent, error: CrowdhubError | str) -> Intent:
        """Its call ended without an outcome: `fail` where no request that takes money ever left, else `unknown`."""

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            return self._change(connection, row, transitions.left(row, intent, said))

        said = contents.safe_text(str(error), self.redact)
        return self._settle(intent, work)

    def _end(
        self,
        intent: Intent,
        state: transitions.Ending,
        error: CrowdhubError | str,
        look_for: str | None,
        charged: Money | None = None,
    ) -> Intent:
        said = contents.safe_text(str(error), self.redact)
        look_for = None if look_for is None else contents.safe_text(look_for, self.redact)

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            return self._change(connection, row, transitions.end(row, intent, state, said, look_for, charged))

        return self._settle(intent, work)

    def _change(self, connection: Connection, before: IntentRow, after: IntentRow) -> Intent:
        if after.state != before.state and after.state not in transitions.OPEN:
            after = after._replace(settled_at=micros(self.database.now()))
        rows.change(connection, before, after)
        return intent_of(after)

    def _settle(self, intent: Intent, work: Callable[[Connection], Intent]) -> Intent:
        try:
            return self.database.write(work)
        except NotHeld:
            raise
        except LedgerError as error:
            raise error.after_sending() from None
        finally:
            self.leases.let_go(intent.holder)

    @contextmanager
    def holding(self, intent: Intent | None = None) -> Generator[Held]:
        """Around `begin` or `claim`, which are given what it yields, and the request: whatever leaves it without an
        outcome (an interrupt, a defect) leaves the intent unknown, so that it can be recovered at once; where nothing
        that takes money was sent, it is not done."""
        held = Held(self.leases, intent)
        try:
            yield held
        finally:
            intent = held.intent
            if intent is not None and self.leases.holds(intent.holder):
                try:
                    self.left(intent, "The call was broken off.")
                except LedgerError as error:  # what ended the call must not be hidden
                    log.warning("the ledger could not note that %s is unknown: %s", intent.id, error)
                finally:  # after a second interrupt too
                    held.let_go()

    def renew(self, intent: Intent) -> None:
        """Say that it is still under way (done by itself while this process holds it)."""
        self.leases.renew([intent.holder] if intent.holder is not None else [])

    # --- waiting and looking ----------------------------------------------------------------------------------

    def get(self, intent_id: str) -> Intent | None:
        """One intent by its id."""
        row = self.database.read(lambda connection: rows.by_id(connection, intent_id))
        return None if row is None else intent_of(row)

    def wait(self, intent: Intent, max_wait: float) -> Intent:
        """Wait up to ``max_wait`` seconds until nobody is at an intent any more; then begin again.

        Raises `UnderWay`.
        """
        for pause in poll_delays(max_wait):
            now = self.get(intent.id)
            if now is None or not self.is_under_way(now):
                return now or intent
            self.clock.sleep(pause)
        raise UnderWay(intent)

    def is_under_way(self, intent: Intent) -> bool:
        """Whether somebody is carrying it out, or settling it, at this moment."""
        return self.leases.is_alive(intent.holder, micros(intent.lease_until))

    def open_intents(
        self, account: str | None = None, *, owner: str | None = None, under_way: bool = False
    ) -> list[Intent]:
        """The intents without an outcome whose call has ended, oldest first: what `recover` has to settle.

        ``account``: of this one alone, with ``owner`` (`owner_of`) under whatever name it had. ``under_way=True``: also
        those that somebody is at.
        """
        return self._where(IS_OPEN, account, owner, under_way)

    def doubtful(self, account: str | None = None) -> list[Intent]:
        """What may have been paid and cannot be told: the open intents of which a request left, and those that were
        paid for and of which a later payment is in doubt."""
        left = [each for each in self.open_intents(account) if each.state is not State.INTENDED]
        return left + [each for each in self.unfinished(account) if each.look_for is not None]

    def unfinished(
        self, account: str | None = None, *, owner: str | None = None, under_way: bool = False
    ) -> list[Intent]:
        """The intents that were paid for, while their call ended before its result was kept, oldest first. Where it
        has no ``look_for``, no money is in doubt: `claim` one, or begin with its key again, and go on from its `steps`.

        ``under_way=True``: also those that somebody is at.
        """
        return self._where(IS_PAID & HAS_STEPS, account, owner, under_way)

    def twins(self, account: str | None = None, *, owner: str | None = None) -> list[Intent]:
        """What was paid beside another intent, under one key, oldest first: a person has to look at both."""
        return self._where(intents.c.twin_of.is_not(None), account, owner, True)

    def seen(self, intent: Intent) -> Intent:
        """A person looked at a twin: it is not reported any more. What it took stays spent."""

        def work(connection: Connection) -> Intent:
            row = _present(connection, intent)
            return self._change(connection, row, row._replace(twin_of=None))

        return self.database.write(work)

    def _where(
        self, fits: ColumnElement[bool], account: str | None, owner: str | None, under_way: bool
    ) -> list[Intent]:
        query = select(intents).where(fits).order_by(intents.c.created_at, intents.c.id)
        if account is not None:
            named = intents.c.account == account
            query = query.where(named if owner is None else named | (intents.c.owner == owner))
        found = self.database.read(lambda connection: [intent_of(IntentRow(*row)) for row in connection.execute(query)])
        return [each for each in found if under_way or not self.is_under_way(each)]


def poll_delays(max_wait: float) -> Iterator[float]:
    """The pauses in which to ask whether another call has ended: growing from 20 ms to 1 s, ``max_wait`` in all."""
    pause, left = 0.02, max_wait
    while left > 0:
        yield min(pause, left)
        left -= pause
        pause = min(1.0, pause * 1.6)


def _present(connection: Connection, intent: Intent) -> IntentRow:
    row = rows.by_id(connection, intent.id)
    if row is None:
        raise LedgerError(f"The intent {intent.id} is no longer in the ledger.")
    return row
