"""Extra pay, and finding in the account's statement what an earlier call may have paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from crowdhub.errors import (
    Conflict,
    CrowdhubError,
    InvalidRequest,
    Issue,
    Lost,
    NotFound,
    OutcomeUnknown,
    UnreadableResponse,
)
from crowdhub.model import Money, Submission, SubmissionStatus, Worker
from crowdhub.protocol import Flow, Lookup, every, operation
from crowdhub_etxt.account import Account
from crowdhub_etxt.codes import OrderStatus
from crowdhub_etxt.encoding import identifier, rubles
from crowdhub_etxt.functions.orders import ArchivedOrder, OrderInfo
from crowdhub_etxt.functions.users import StatementRow

CLOCKS = timedelta(minutes=5)
"""By how much clocks may differ: an equal entry of so long before may be the bonus, or an earlier one."""
LATE = timedelta(hours=1)
"""How long after its request a bonus is still taken for it."""
SECOND = timedelta(seconds=1)
"""The marketplace tells whole seconds."""


class Bonuses(Account):
    """`pay_bonus`, `find_bonus`."""

    def _lost_bonus(
        self, submission: Submission, amount: Money, reason: str, reference: str | None = None
    ) -> Lookup[Submission]:
        del reason, reference
        return Lookup(
            f"{amount} of extra pay for the order {submission.id} in the account's statement",
            lambda since, known: self._new_bonus(submission, amount, known, since),
            before=self.newest_entries,
        )

    @operation(lookup=_lost_bonus)
    def pay_bonus(
        self, submission: Submission, amount: Money, reason: str, reference: str | None = None
    ) -> Flow[Submission]:
        """`tasks.extraPaid`: whole rubles, at most 3 × the order's price. SPEND.

        The price is read first, and the newest 100 entries of the statement. After a lost answer an entry that was
        not there before, to this performer and of this amount, is the bonus; where there is none, or the amount is
        the order's own price, it cannot be told: the documentation does not promise that a payment shows at once.
        eTXT tells the performer of a bonus, but not the ``reason``, and has no place for the ``reference``.
        """
        del reason, reference
        issues = [*identifier("submission", submission.id), *rubles("amount", amount)]
        if issues:
            raise InvalidRequest(issues=issues)
        order = yield from self._needed_order(submission.id, "submission")
        if order.price is not None and amount > order.price * 3:
            most = order.price * 3
            raise InvalidRequest(issues=[Issue("amount", f"{amount} is more than 3 × the order's price ({most})")])
        try:
            paid = yield from self.api.tasks.extra_paid(order.id, amount)
        except (OutcomeUnknown, UnreadableResponse):
            raise
        except NotFound as refusal:
            if refusal.provider_code is None:  # not eTXT's own word: a proxy may say so of what was done
                raise OutcomeUnknown(refusal.message, lost=Lost.BROKEN, **refusal.evidence) from refusal
            raise (yield from self._explained(refusal, amount)) from None
        except CrowdhubError as refusal:
            raise (yield from self._explained(refusal, amount)) from None
        return _with_bonus(submission, order, amount, dict(paid.raw))

    @operation
    def newest_entries(self) -> Flow[frozenset[int] | None]:
        """The ids of the newest entries of the statement; None where it cannot be read."""
        try:
            page = yield from self.api.users.get_stats()
        except CrowdhubError:
            return None
        return frozenset(each.id for each in page.items)

    def _new_bonus(
        self, submission: Submission, amount: Money, known: frozenset[int] | None, since: datetime | None
    ) -> Flow[Submission | None]:
        """The bonus by the entry that was not there before, and is not from before ``since``: a statement can be
        behind. Raises `Conflict` where nothing proves it."""
        order = yield from self._needed_order(submission.id, "submission")
        if known is None or not order.id_user or order.price == amount:
            raise Conflict(f"A bonus of {amount} for the order {order.id} cannot be told from other payments.")
        page = yield from self.api.users.get_stats()
        new = [each for each in page.items if each.id not in known and _is_alike(each, order.id_user, amount)]
        if len(new) != 1:
            raise Conflict(f"The statement has {len(new)} new payments of {amount} to the performer {order.id_user}.")
        yield from self._no_other_price(order, order.id_user, new[0])
        if since is not None:
            begun, within = yield from self._in_its_time(since)
            if new[0].date is None or new[0].date < begun - within:
                raise Conflict(f"The payment {new[0].id} of the statement may be an earlier bonus of {amount}.")
        return _with_bonus(submission, order, amount, {"statement": new[0].id}).copy_with(replayed=True)

    @operation
    def find_bonus(
        self,
        submission: Submission,
        amount: Money,
        reason: str,
        reference: str | None = None,
        since: datetime | None = None,
    ) -> Flow[Submission | None]:
        """The bonus that a `pay_bonus` begun at ``since`` paid, by `users.getStats`. READ; five requests and more.

        An entry names a performer, an amount and a second, but no order. It is the bonus where it is the only one,
        not from before ``since`` (in the marketplace's time, which `users.getBalance` tells), where the performer has
        no other order of the account, archived ones included, and the amount is not the order's own price. Raises
        `Conflict` where an entry may be another payment. None: there is none, yet; the documentation does not promise
        that a payment shows at once.
        """
        del reason, reference  # have no place on the wire
        issues = [*identifier("submission", submission.id), *rubles("amount", amount)]
        if since is None:
            issues.append(Issue("since", "is missing; without it no bonus can be told from an earlier one"))
        if issues or since is None:
            raise InvalidRequest(issues=issues)
        order = yield from self._needed_order(submission.id, "submission")
        if not order.id_user or order.price is None or order.price == amount:
            raise Conflict(f"A bonus of {amount} for the order {order.id} cannot be told from other payments.")
        begun, within = yield from self._in_its_time(since)
        rows = yield from every(self.api.users.get_stats(date_from=begun - CLOCKS, date_to=begun + LATE), whole=True)
        alike = [each for each in rows if _is_alike(each, order.id_user, amount)]
        if not alike:
            return None
        if len(alike) > 1:
            raise Conflict(f"The statement has {len(alike)} payments of {amount} to the performer {order.id_user}.")
        (entry,) = alike
        if entry.date is None or entry.date < begun - within:
            raise Conflict(f"The payment {entry.id} of the statement may be an earlier bonus of {amount}.")
        yield from self._only_order(order, order.id_user)
        return _found(submission, order, amount, entry)

    def _in_its_time(self, moment: datetime) -> Flow[tuple[datetime, timedelta]]:
        """A moment of our clock by the marketplace's, and how exact that is."""
        before = self.now()
        balance = yield from self.api.users.get_balance()
        after = self.now()
        if balance.date is None:
            raise Conflict("The marketplace does not tell its time, by which payments could be told apart.")
        return moment + (balance.date - before), SECOND + (after - before)

    def _no_other_price(self, order: OrderInfo, performer: int, entry: StatementRow) -> Flow[None]:
        """Raises `Conflict` where the payment may be the price of another order, which the performer got meanwhile."""
        others = [each for each in (yield from self._orders_of(performer)) if each.id != order.id]
        alike = sorted(each.id for each in others if each.price is None or _is_alike(entry, performer, each.price))
        if alike:
            raise Conflict(f"The payment {entry.id} of the statement may be the price of the order {alike[0]}.")

    def _orders_of(self, performer: int) -> Flow[list[OrderInfo | ArchivedOrder]]:
        """All that a performer has or had, archived ones included."""
        current = yield from every(self.api.tasks.list_tasks(id_user=performer), whole=True)
        archived = yield from every(self.api.tasks_archive.list_tasks(id_user=performer), whole=True)
        return [*current, *archived]

    def _only_order(self, order: OrderInfo, performer: int) -> Flow[None]:
        """Raises `Conflict` where a payment to this performer may be for another order."""
        given = yield from self._orders_of(performer)
        others = {each.id for each in given if each.id_user == performer} - {order.id}
        if others:
            raise Conflict(
                f"The performer {performer} has other orders too ({', '.join(map(str, sorted(others)[:5]))}), and the "
                "statement does not tell which of them a payment is for."
            )


def _is_alike(entry: StatementRow, performer: int, amount: Money) -> bool:
    """Whether an entry is of this amount, with or without its commission; its sign is not documented."""
    if entry.id_user_to != performer or entry.count is None:
        return False
    taken = abs(entry.count.amount)
    fee = abs(entry.commission.amount) if entry.commission is not None else 0
    return amount.amount in (taken, taken - fee)


def _found(submission: Submission, order: OrderInfo, amount: Money, entry: StatementRow) -> Submission:
    """The submission with its bonus. One that only its ids are known of learns its performer, and that it was paid
    for, from the order."""
    known = submission.copy_with(worker=submission.worker if submission.worker.id else Worker(id=str(order.id_user)))
    if known.status is SubmissionStatus.UNKNOWN and order.status is OrderStatus.DONE:
        known = known.copy_with(status=SubmissionStatus.APPROVED)
    return _with_bonus(known, order, amount, {"statement": entry.id}).copy_with(replayed=True)


def _with_bonus(submission: Submission, order: OrderInfo, amount: Money, bonus: Mapping[str, object]) -> Submission:
    before = submission.amount_paid or (order.price if submission.status is SubmissionStatus.APPROVED else None)
    return submission.copy_with(
        amount_paid=before + amount if before is not None else amount,
        raw={**submission.raw, "bonus": bonus},
    )
