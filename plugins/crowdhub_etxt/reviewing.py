"""Work that was handed in: reading it, approving, sending back, refusing, paying extra."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, ClassVar

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InvalidRequest,
    Issue,
    NotFound,
    OutcomeUnknown,
    ProviderUnavailable,
    RateLimited,
)
from crowdhub.model import (
    BatchReport,
    Decision,
    Money,
    Outcome,
    Submission,
    SubmissionStatus,
    Verdict,
    settled,
)
from crowdhub.protocol import Flow, Page
from crowdhub_etxt.account import Account
from crowdhub_etxt.codes import OrderStatus, ResultStatus
from crowdhub_etxt.encoding import identifier, rubles
from crowdhub_etxt.functions.orders import OrderInfo, ResultInfo
from crowdhub_etxt.functions.records import Changed
from crowdhub_etxt.functions.task_changes import COMMENT
from crowdhub_etxt.functions.tasks import MOST
from crowdhub_etxt.reading import archived_submission_of, latest, submission_of, unmarked

STATES = {Verdict.APPROVE: SubmissionStatus.APPROVED, Verdict.REDO: SubmissionStatus.REDO}
WANTED = {Verdict.APPROVE: ResultStatus.ACCEPTED, Verdict.REDO: ResultStatus.REJECTED}
WORKED_ON = (
    OrderStatus.IN_WORK,
    OrderStatus.UNDER_REVIEW,
    OrderStatus.DONE,
    OrderStatus.OVERDUE,
    OrderStatus.UNKNOWN,
)
NOTHING_SAID = (AuthenticationFailed, ProviderUnavailable, RateLimited)
"""Errors that leave the state as it was and say nothing about it."""


class Reviewing(Account):
    """`submissions`, `approve`, `request_redo`, `reject`, `review_batch`, `pay_bonus`."""

    batch_size: ClassVar[int] = MOST

    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """The work on an order (`tasks.getResults`), or on all orders that a multiple one gave out.

        One submission an order, by the order's id: its latest result, with the earlier ones in ``raw["results"]``.
        Work that has not been handed in shows only when it is asked for (``status="in_progress"``). The links of
        the files live about a day (``expires_at``): download soon, or ask again. Two requests, one where nobody
        works on it, three for an archived order, two for each 100 orders of the account where it is a multiple one.
        """
        order = yield from self._order(task_id)
        if order is None:
            return (yield from self._archived_submissions(task_id, status))
        if order.multitask:
            return (yield from self._given_out(order, status, 0))
        return (yield from self._work_page([order], str(order.id), status))

    def _work_page(
        self, orders: Sequence[OrderInfo], task_id: str, status: SubmissionStatus | None
    ) -> Flow[Page[Submission]]:
        worked_on = {each.id: each for each in orders if each.status in WORKED_ON}
        if not worked_on:
            return Page([])
        results = yield from self.api.tasks.get_results(list(worked_on))
        by_order = _by_order(results.items)
        now, base = self.now(), self.settings.base_url
        found: list[Submission] = []
        for order_id, order in worked_on.items():
            each = submission_of(order, by_order.get(order_id, []), task_id, self.identity, now, base)
            if each is None or (status is not None and each.status is not status):
                continue
            if status is not None or by_order.get(order_id):
                found.append(each)
        return Page(found, unreadable=results.unreadable)

    def _given_out(self, parent: OrderInfo, status: SubmissionStatus | None, offset: int) -> Flow[Page[Submission]]:
        """The work on the orders that a multiple one gave out, from a page of all orders."""
        page = yield from self.api.tasks.list_tasks(offset=offset)
        children = [each for each in page.items if _is_child(each, parent)]
        work = yield from self._work_page(children, str(parent.id), status)
        seen = offset + len(page.items) + len(page.unreadable)
        more = (lambda: self._given_out(parent, status, seen)) if page.more is not None else None
        return Page(work.items, more, unreadable=(*page.unreadable, *work.unreadable))

    def _archived_submissions(self, task_id: str, status: SubmissionStatus | None) -> Flow[Page[Submission]]:
        order = yield from self._archived(task_id)
        if order is None:
            raise NotFound(f"There is no order {task_id} on this account, nor in its archive.")
        if status not in (None, SubmissionStatus.APPROVED):
            return Page([])
        results = yield from self.api.tasks_archive.get_results(task_id)
        found = archived_submission_of(order, results.items, self.identity, self.now(), self.settings.base_url)
        return Page([found] if found else [], unreadable=results.unreadable)

    # --- deciding ------------------------------------------------------------------------------------------

    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        """`tasks.paidTask`: accept and pay the order. SETTLE; ``note`` has at most 5,000 characters.

        Where the marketplace does not confirm it, the order's results tell: accepted before is a success
        (``replayed``), anything else a `Conflict` with the ``actual`` status.
        """
        return (yield from self._settle(Decision(submission=submission, verdict=Verdict.APPROVE, words=note)))

    def request_redo(self, submission: Submission, reason: str) -> Flow[Submission]:
        """`tasks.cancelTask`: send it back to be done again, with at most 5,000 characters of reason. SETTLE."""
        return (yield from self._settle(Decision(submission=submission, verdict=Verdict.REDO, words=reason)))

    def _decide(self, decision: Decision, ids: Sequence[str]) -> Flow[Changed]:
        if decision.verdict is Verdict.APPROVE:
            return self.api.tasks.paid_task(ids, decision.words)
        return self.api.tasks.cancel_task(ids, decision.words if len(ids) == 1 else None)

    def _settle(self, decision: Decision) -> Flow[Submission]:
        order_id = decision.submission.id
        trouble: CrowdhubError | None = None
        try:
            changed = yield from self._decide(decision, [order_id])
            if int(order_id) in changed.ids:
                return _after(decision, decision.words)
        except NOTHING_SAID:
            raise
        except CrowdhubError as error:
            if not error.sent:
                raise
            trouble = error
        try:
            actual = (yield from self._states([order_id])).get(int(order_id))
        except CrowdhubError as blind:
            raise (trouble or blind) from None
        if actual is WANTED[decision.verdict]:
            return _after(decision, None).copy_with(replayed=True)
        if isinstance(trouble, OutcomeUnknown):
            raise trouble.looking_for(f"the order {order_id}: whether its work was decided on")
        if trouble is not None and actual in (None, ResultStatus.UNDER_REVIEW, ResultStatus.UNKNOWN):
            raise trouble
        words = actual.name.lower().replace("_", " ") if actual is not None else "not there"
        raise Conflict(
            f"The work on the order {order_id} was not changed: its latest result is {words}.", actual=actual
        ) from trouble

    def _states(self, ids: Iterable[str]) -> Flow[dict[int, ResultStatus | None]]:
        """The status of the latest result of each order."""
        page = yield from self.api.tasks.get_results(list(ids))
        found: dict[int, ResultStatus | None] = {}
        for order_id, results in _by_order(page.items).items():
            last = latest(results)
            found[order_id] = last.status if last else None
        return found

    def batch_key(self, decision: Decision) -> Hashable:
        """Approvals with the same words go together. So do all requests for a redo; the marketplace then drops their
        words, which it takes for one order only."""
        if decision.verdict is Verdict.REJECT or identifier("id", decision.submission.id):
            return None
        if len(decision.words or "") > COMMENT:
            return None
        return (decision.verdict, decision.words if decision.verdict is Verdict.APPROVE else None)

    def review_batch(self, decisions: Sequence[Decision]) -> Flow[BatchReport]:
        """Up to 100 orders in one `tasks.paidTask` or `tasks.cancelTask`.

        The answer names those that were changed; for the others one `tasks.getResults` tells which had been
        settled so before, and the rest is handed back to be decided one by one. The words of a redo reach the
        performer only where there is exactly one order; ``feedback`` of the result says what was told.
        """
        first = decisions[0]
        ids = list(dict.fromkeys(each.submission.id for each in decisions))
        told = first.words if first.verdict is Verdict.APPROVE or len(ids) == 1 else None
        changed: set[int] = set()
        try:
            changed = set((yield from self._decide(first, ids)).ids)
        except NOTHING_SAID:
            raise
        except CrowdhubError as error:
            if not error.sent:
                raise
        rest = [each for each in ids if int(each) not in changed]
        states: dict[int, ResultStatus | None] = {}
        if rest:
            try:
                states = yield from self._states(rest)
            except CrowdhubError:
                states = {}  # nothing is known: one by one, each tells its own state
        outcomes: list[Outcome] = []
        left: list[Decision] = []
        for each in decisions:
            number = int(each.submission.id)
            if number in changed:
                outcomes.append(settled(each, _after(each, told)))
            elif states.get(number) is WANTED[each.verdict]:
                outcomes.append(settled(each, _after(each, None).copy_with(replayed=True)))
            else:
                left.append(each)
        return BatchReport(outcomes=tuple(outcomes), left=tuple(left))

    def reject(self, submission: Submission, reason: str) -> Flow[Submission]:
        """Take the performer off: of an overdue order at once (`tasks.failTask`); of one under review by a ticket
        to the marketplace's staff (`tasks.sendNoteFail`), with the reason.

        A ticket is only asked for: the submission stays pending until the staff decide, and ``raw["ticket"]`` is
        its link. Raises `Conflict` in any other state, `OutcomeUnknown` where the answer to a ticket is lost
        (tickets cannot be listed).
        """
        if not reason.strip():
            raise InvalidRequest(issues=[Issue("reason", "is empty; say what is wrong with the work")])
        order = yield from self._needed_order(submission.id, "submission")
        raw = dict(submission.raw)
        match order.status:
            case OrderStatus.OVERDUE:
                replayed = False
                try:
                    failed = yield from self.api.tasks.fail_task(order.id)
                    raw["failed"] = dict(failed.raw)
                except CrowdhubError:
                    if not (yield from self._failed_before(submission.id)):
                        raise
                    replayed = True
                return submission.copy_with(status=SubmissionStatus.REJECTED, raw=raw, replayed=replayed)
            case OrderStatus.UNDER_REVIEW:
                ticket = yield from self.api.tasks.send_note_fail(order.id, reason)
                raw["ticket"] = ticket.ticket
                return submission.copy_with(status=SubmissionStatus.PENDING, feedback=reason, raw=raw)
            case state:
                words = state.name.lower().replace("_", " ") if state is not None else "unknown"
                raise Conflict(
                    f"The order {order.id} is {words}; a performer is taken off only while it is under review, or "
                    "when it is overdue.",
                    actual=state,
                )

    # --- paying extra --------------------------------------------------------------------------------------

    def pay_bonus(self, submission: Submission, amount: Money, reason: str) -> Flow[Submission]:
        """`tasks.extraPaid`: whole rubles, at most 3 × the order's price. SPEND.

        The price and the newest 100 entries of the statement are read first. After a lost answer an entry that was
        not there before, to this performer and of this amount, is the bonus; where there is none, or the amount is
        the order's own price, it cannot be told and `OutcomeUnknown` is raised: the documentation does not promise
        that a payment shows at once. eTXT tells the performer of a bonus, but not the ``reason``.
        """
        del reason  # has no place on the wire
        issues = [*identifier("submission", submission.id), *rubles("amount", amount)]
        if issues:
            raise InvalidRequest(issues=issues)
        order = yield from self._needed_order(submission.id, "submission")
        if order.price is not None and amount > order.price * 3:
            most = order.price * 3
            raise InvalidRequest(issues=[Issue("amount", f"{amount} is more than 3 × the order's price ({most})")])
        before = yield from self._statement()
        try:
            paid = yield from self.api.tasks.extra_paid(order.id, amount)
        except OutcomeUnknown as lost:
            _ = lost.looking_for(f"{amount} of extra pay for the order {order.id} in the account's statement")
            if order.price == amount or before is None or not order.id_user:
                raise
            after = yield from self._statement()
            for number, entry in (after or {}).items():
                if number not in before and entry == (order.id_user, abs(amount.amount)):
                    return _with_bonus(submission, order, amount, {"statement": number}, replayed=True)
            raise
        except CrowdhubError as refusal:
            raise (yield from self._explained(refusal, amount)) from None
        return _with_bonus(submission, order, amount, dict(paid.raw))

    def _statement(self) -> Flow[dict[int, tuple[int | None, Any]] | None]:
        """The newest entries of the statement: who was paid how much, by entry; None where it cannot be read."""
        try:
            page = yield from self.api.users.get_stats()
        except CrowdhubError:
            return None
        return {each.id: (each.id_user_to, abs(each.count.amount) if each.count else None) for each in page.items}


def _by_order(results: Iterable[ResultInfo]) -> dict[int, list[ResultInfo]]:
    found: dict[int, list[ResultInfo]] = {}
    for each in results:
        found.setdefault(each.id_task, []).append(each)
    return found


def _is_child(order: OrderInfo, parent: OrderInfo) -> bool:
    """Whether an order was given out by a multiple one: it carries the same reference, or else the same title and
    category; the marketplace tells no parent."""
    if order.id == parent.id or order.multitask:
        return False
    mine, its = unmarked(order.description)[1], unmarked(parent.description)[1]
    if its is not None or mine is not None:
        return mine == its
    return (order.title, order.id_category) == (parent.title, parent.id_category)


def _after(decision: Decision, told: str | None) -> Submission:
    """The submission as it is once a decision was carried out."""
    submission = decision.submission
    changes: dict[str, Any] = {"status": STATES[decision.verdict], "feedback": told or submission.feedback}
    return submission.copy_with(**changes)


def _with_bonus(
    submission: Submission, order: OrderInfo, amount: Money, raw: dict[str, Any], replayed: bool = False
) -> Submission:
    before = submission.amount_paid or (order.price if submission.status is SubmissionStatus.APPROVED else None)
    return submission.copy_with(
        amount_paid=before + amount if before is not None else amount,
        raw={**submission.raw, "bonus": raw},
        replayed=replayed,
    )
