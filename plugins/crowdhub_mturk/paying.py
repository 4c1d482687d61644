"""Bonuses, and finding one that an earlier call may have paid."""

from __future__ import annotations

from datetime import datetime, timedelta

from crowdhub.errors import Conflict, CrowdhubError, Lost, OutcomeUnknown
from crowdhub.model import Money, Submission
from crowdhub.protocol import Flow, every, operation
from crowdhub_mturk.account import Account
from crowdhub_mturk.fees import fee_of
from crowdhub_mturk.reading import paid_with
from crowdhub_mturk.records import BonusPayment

CLOCKS = timedelta(minutes=5)
"""By how much the marketplace's clock may be behind; with more it takes no request."""


class Paying(Account):
    """`pay_bonus`, `find_bonus`."""

    def bonus_cost(self, amount: Money) -> Money:
        """With the fee of 20 %, which a bonus has for big HITs as well."""
        return amount + fee_of(amount)

    @operation
    def pay_bonus(
        self, submission: Submission, amount: Money, reason: str, reference: str | None = None
    ) -> Flow[Submission]:
        """``SendBonus``, with the reference as its token: sent again within a day, it is refused and not paid again."""
        worker = submission.worker.id
        if not worker:  # after a crash only the ids of the work are known
            found = yield from self.api.assignments.get_assignment(submission.id)
            worker = found.assignment.worker_id or ""
        paid_now = yield from self.api.bonuses.send_bonus(worker, amount, submission.id, reason, reference)
        if not paid_now:
            yield from self._check_paid_before(submission, amount, reason)
        return submission.copy_with(amount_paid=paid_with(submission, amount), replayed=not paid_now)

    def _check_paid_before(self, submission: Submission, amount: Money, reason: str) -> Flow[None]:
        """The token tells that something was paid under it, and nothing of what. Raises `OutcomeUnknown`."""
        try:
            if (yield from self._alike(submission, amount, reason)):
                return
            words = f"no bonus of {amount} with these words is listed"
        except CrowdhubError as blind:
            words = f"the bonuses cannot be looked at: {blind.message}"
        raise OutcomeUnknown(f"A bonus with this token was paid before, and {words}.", lost=Lost.ACCEPTED)

    @operation
    def find_bonus(
        self,
        submission: Submission,
        amount: Money,
        reason: str,
        reference: str | None = None,
        since: datetime | None = None,
    ) -> Flow[Submission | None]:
        """``ListBonusPayments`` of the assignment. A payment is the one that was asked for where it is the only one of
        this amount, with this reason, since then. Raises `Conflict` where there are several."""
        del reference  # is not shown there
        alike = yield from self._alike(submission, amount, reason, since)
        if not alike:
            return None
        if len(alike) > 1:
            raise Conflict(f"There are {len(alike)} bonuses of {amount} for assignment {submission.id}.")
        return submission.copy_with(amount_paid=paid_with(submission, amount), replayed=True)

    def _alike(
        self, submission: Submission, amount: Money, reason: str, since: datetime | None = None
    ) -> Flow[list[BonusPayment]]:
        """The bonuses for this work that could be the one that was asked for."""
        paid = yield from every(self.api.bonuses.list_bonus_payments(assignment_id=submission.id), whole=True)
        return [each for each in paid if _is_alike(each, submission, amount, reason, since)]


def _is_alike(paid: BonusPayment, submission: Submission, amount: Money, reason: str, since: datetime | None) -> bool:
    if paid.assignment_id not in (submission.id, None) or paid.bonus_amount != amount:
        return False
    if since is not None and paid.grant_time is not None and paid.grant_time < since - CLOCKS:
        return False
    return paid.reason is None or paid.reason.split() == reason.split()
