"""Payments beside the reward."""

from __future__ import annotations

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.model import Money
from crowdhub.protocol import Flow, Lookup, Page, operation
from crowdhub_mturk.functions.base import Family
from crowdhub_mturk.records import BonusPayment


class Bonuses(Family):
    def _lost_bonus(
        self,
        worker_id: str,
        bonus_amount: Money,
        assignment_id: str,
        reason: str,
        unique_request_token: str | None = None,
        reference: str | None = None,
    ) -> Lookup[bool]:
        del reason, unique_request_token, reference
        return Lookup(f"a bonus of {bonus_amount} to {worker_id} for assignment {assignment_id} in ListBonusPayments")

    @operation(lookup=_lost_bonus)
    def send_bonus(
        self,
        worker_id: str,
        bonus_amount: Money,
        assignment_id: str,
        reason: str,
        unique_request_token: str | None = None,
        reference: str | None = None,
    ) -> Flow[bool]:
        """``SendBonus``: takes the bonus and a fee of 20 % at once. SPEND; with a ``unique_request_token``, or a key,
        it may be sent again for 23 hours. False where an earlier request with the token paid it."""
        asked = {"WorkerId": worker_id, "BonusAmount": bonus_amount, "AssignmentId": assignment_id, "Reason": reason}
        return (yield from self._paid_now("SendBonus", asked, unique_request_token or reference))

    @operation
    def list_bonus_payments(
        self, hit_id: str | None = None, assignment_id: str | None = None
    ) -> Flow[Page[BonusPayment]]:
        """``ListBonusPayments`` of a HIT or of an assignment: one of the two."""
        if (hit_id is None) == (assignment_id is None):
            raise InvalidRequest(issues=[Issue("hit_id", "or assignment_id is needed, one of them")])
        asked = {"HITId": hit_id, "AssignmentId": assignment_id}
        return (yield from self._page("ListBonusPayments", "BonusPayments", BonusPayment, **asked))
