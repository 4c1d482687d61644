"""Bonuses: set up, then paid; what a lost answer paid is told by counting."""

from __future__ import annotations

from crowdhub.errors import Conflict, UnreadableResponse
from crowdhub.model import Money, Submission
from crowdhub.protocol import Call, Effect, Flow, Lookup, load_json, operation, path_segment, unreadable
from crowdhub_prolific import wire
from crowdhub_prolific.account import Account

LATER = 30
"""Seconds before each look for a bonus whose answer was lost: it is paid minutes later."""


class Bonuses(Account):
    """`pay_bonus`."""

    def _lost_bonus(
        self, submission: Submission, amount: Money, reason: str, reference: str | None = None
    ) -> Lookup[Submission]:
        del reason, reference

        def find(_: object, before: int | None) -> Flow[Submission | None]:
            if before is None:
                raise Conflict("How often this amount was paid before is not known.")
            paid, work = yield from self._paid(submission, amount, after=LATER)
            if paid > before + 1:
                raise Conflict(f"{amount} was paid {paid - before} times meanwhile.")
            return work.copy_with(replayed=True) if paid == before + 1 else None

        return Lookup(
            f"{amount} in the bonuses of submission {submission.id} of study {submission.task_id}",
            find,
            before=lambda: self.times_paid(submission, amount),
        )

    @operation(lookup=_lost_bonus)
    def pay_bonus(
        self, submission: Submission, amount: Money, reason: str, reference: str | None = None
    ) -> Flow[Submission]:
        """``POST /submissions/bonus-payments/`` sets it up, which is free and tells the price with fee and tax;
        ``POST /bulk-bonus-payments/ID/pay/`` pays, each time that it is sent. The reason goes nowhere.

        ``csv_bonuses`` is in whole units, everything else in the smallest: what was set up is compared with what was
        asked before anything is paid.
        """
        del reason, reference
        body = {"study_id": submission.task_id, "csv_bonuses": f"{submission.id},{amount.plain:f}"}
        made = yield Call.post("/submissions/bonus-payments/", json=body, effect=Effect.SETTLE, costs=False)
        setup = wire.BonusSetup.read(made)
        if setup.amount != amount.minor:
            told = wire.money(setup.amount, self.currency)
            raise unreadable(f"a bonus of {amount} was asked for and {told} was set up; nothing was paid", setup.raw)
        price = wire.money(setup.total_amount, self.currency)
        wire.acknowledged(
            (yield Call.post(f"/bulk-bonus-payments/{path_segment(setup.id)}/pay/", effect=Effect.SPEND, price=price))
        )
        return submission.copy_with(raw={**submission.raw, "bonus": setup.raw})

    @operation
    def times_paid(self, submission: Submission, amount: Money) -> Flow[int]:
        """How often exactly this amount was paid on a submission beside its reward."""
        paid, _ = yield from self._paid(submission, amount)
        return paid

    def _paid(self, submission: Submission, amount: Money, *, after: float = 0) -> Flow[tuple[int, Submission]]:
        reply = yield Call.get(f"/submissions/{path_segment(submission.id)}/", delay=after)
        detail = load_json(reply)
        paid = wire.bonuses(detail)
        if paid is None or None in paid:
            raise UnreadableResponse("The submission does not tell its bonuses.")
        return paid.count(amount.minor), wire.work(detail, self.identity)
