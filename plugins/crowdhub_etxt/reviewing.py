"""Work that was handed in: reading it, approving, sending back, refusing."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Protocol

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InvalidRequest,
    Issue,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.model import (
    BatchReport,
    Decision,
    File,
    Outcome,
    Submission,
    SubmissionStatus,
    Verdict,
    settled,
)
from crowdhub.protocol import Flow, Operation, Page, operation
from crowdhub_etxt.account import Account
from crowdhub_etxt.codes import OrderStatus, ResultStatus
from crowdhub_etxt.encoding import identifier, length
from crowdhub_etxt.functions.base import Further
from crowdhub_etxt.functions.orders import OrderInfo, ResultInfo
from crowdhub_etxt.functions.records import Changed
from crowdhub_etxt.functions.task_changes import COMMENT
from crowdhub_etxt.functions.tasks import MOST
from crowdhub_etxt.reading import archived_submission_of, is_child, latest, submission_of

STATES = {Verdict.APPROVE: SubmissionStatus.APPROVED, Verdict.REDO: SubmissionStatus.REDO}
WANTED = {Verdict.APPROVE: ResultStatus.ACCEPTED, Verdict.REDO: ResultStatus.REJECTED}
WORKED_ON = (
    OrderStatus.IN_WORK,
    OrderStatus.UNDER_REVIEW,
    OrderStatus.DONE,
    OrderStatus.OVERDUE,
    OrderStatus.UNKNOWN,
)
DECIDED = (ResultStatus.ACCEPTED, ResultStatus.REJECTED)
NOTHING_SAID = (AuthenticationFailed, ProviderUnavailable, RateLimited)
"""Errors that leave the state as it was and say nothing about it."""


ATTEMPTS, LONGEST_WAIT = 4, 60.0


class Decide(Protocol):
    """`paid_task` or `cancel_task`."""

    def __call__(self, id: Sequence[str], text: str | None, *, at_once: bool = False) -> Operation[Changed]: ...  # noqa: A002


class Reviewing(Account):
    """`submissions`, `approve`, `request_redo`, `reject`, `review_batch`."""

    batch_size: ClassVar[int] = MOST

    @operation
    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """The work on an order (`tasks.getResults`), or on all orders that a multiple one gave out.

        One submission an order, by the order's id: its latest result, with the earlier ones in ``raw["results"]``.
        Work that has not been handed in shows only when it is asked for (``status="in_progress"``). The links of
        the files live about a day (``expires_at``); a download asks for new ones. Two requests, one where nobody
        works on it, three for an archived order, two for each 100 orders of the account where it is a multiple one.
        """
        order = yield from self._order(task_id)
        if order is None:
            return (yield from self._archived_submissions(task_id, status))
        if order.multitask:
            return (yield from self._given_out(order, status))
        return (yield from self._work_page([order], str(order.id), status))

    def _work_page(
        self, orders: Sequence[OrderInfo], task_id: str, status: SubmissionStatus | None
    ) -> Flow[Page[Submission]]:
        worked_on = {each.id: each for each in orders if each.status in WORKED_ON}
        if not worked_on:
            return Page([])
        results = yield from self.api.tasks.get_results(list(worked_on))
        by_order = _by_order(results.items)
        found: list[Submission] = []
        for order_id, order in worked_on.items():
            each = self._work_on(order, by_order.get(order_id, []), task_id)
            if each is None or (status is not None and each.status is not status):
                continue
            if status is not None or by_order.get(order_id):
                found.append(each)
        return Page(found, unreadable=results.unreadable, read=len(worked_on) + len(results.unreadable))

    def _work_on(self, order: OrderInfo, results: Sequence[ResultInfo], task_id: str) -> Submission | None:
        return submission_of(order, results, task_id, self.identity, self.now(), self.settings.base_url)

    def _given_out(
        self, parent: OrderInfo, status: SubmissionStatus | None, further: Further[OrderInfo] | None = None
    ) -> Flow[Page[Submission]]:
        """The work on the orders that a multiple one gave out, from a page of all orders."""
        page = yield from (further() if further else self.api.tasks.list_tasks(count=self.page_rows))
        children = [each for each in page.items if is_child(each, parent)]
        work = yield from self._work_page(children, str(parent.id), status)
        more = partial(self._given_out, parent, status, page.more) if page.more is not None else None
        unreadable = (*page.unreadable, *work.unreadable)
        read = page.records + len(work.unreadable)
        return Page(work.items, more, unreadable=unreadable, read=read, joined=page.joined)

    def _archived_submissions(self, task_id: str, status: SubmissionStatus | None) -> Flow[Page[Submission]]:
        order = yield from self._archived(task_id)
        if order is None:
            raise NotFound(f"There is no order {task_id} on this account, nor in its archive.")
        if status not in (None, SubmissionStatus.APPROVED):
            return Page([])
        results = yield from self.api.tasks_archive.get_results(task_id)
        found = archived_submission_of(order, results.items, self.identity, self.now(), self.settings.base_url)
        return Page([found] if found else [], unreadable=results.unreadable)

    @operation
    def state_of(self, submission: Submission) -> Flow[Submission | None]:
        """The order and its results, also where they are archived. An overdue order that was taken back is REJECTED.
        Two requests, three for an overdue or an archived order."""
        order = yield from self._order(submission.id, "submission")
        if order is None:
            page = yield from self._archived_submissions(submission.id, None)
            return next(iter(page.items), None)
        results = yield from self.api.tasks.get_results([order.id])
        found = self._work_on(order, results.items, submission.task_id)
        if (yield from self._taken_back(order)):
            return (found or submission).copy_with(status=SubmissionStatus.REJECTED)
        return found

    @operation
    def locate_file(self, submission: Submission, file: File) -> Flow[File]:
        """The file as it is while its link works, about a day; then with the link that the order's results tell now.
        Raises `NotFound` where they do not list it any more."""
        if file.expires_at is None or file.expires_at > self.now() or file not in submission.files:
            return file
        present = yield from self.state_of(submission)
        place = submission.files.index(file)
        if present is None or len(present.files) <= place or present.files[place].name != file.name:
            raise NotFound(f"The file {file.name or place} of the order {submission.id} is not listed any more.")
        return present.files[place]

    # --- deciding ------------------------------------------------------------------------------------------

    unclear_refusals = (Conflict, NotFound, PermissionDenied, ProviderError)
    """There is no code for work that was decided on before."""
    rejection_leaves = SubmissionStatus.PENDING

    def decision_issues(self, decision: Decision) -> list[Issue]:
        found = [*super().decision_issues(decision), *identifier("submission", decision.submission.id)]
        if decision.verdict is not Verdict.REJECT:
            found += length("comment", decision.comment, COMMENT)
        return found

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        """`tasks.paidTask`: accept and pay the order. SETTLE; ``note`` has at most 5,000 characters.

        Where it is known when the work was handed in, `tasks.getResults` is asked before: `Conflict` where other work
        was handed in since.
        """
        changed = yield from self._settling(submission, self.api.tasks.paid_task, note)
        return _after(Decision.approve(submission, note), changed, note)

    @operation
    def request_redo(self, submission: Submission, reason: str) -> Flow[Submission]:
        """`tasks.cancelTask`: send it back to be done again, with at most 5,000 characters of reason. SETTLE.
        `Conflict` where other work was handed in since, as for an approval."""
        changed = yield from self._settling(submission, self.api.tasks.cancel_task, reason)
        return _after(Decision.redo(submission, reason), changed, reason)

    @operation
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
        if order.status is OrderStatus.OVERDUE:
            failed = yield from self.api.tasks.fail_task(order.id)
            raw: Mapping[str, object] = {**submission.raw, "failed": dict(failed.raw)}
            return submission.copy_with(status=SubmissionStatus.REJECTED, raw=raw)
        if order.status is OrderStatus.UNDER_REVIEW:
            ticket = yield from self.api.tasks.send_note_fail(order.id, reason)
            raw = {**submission.raw, "ticket": ticket.ticket}
            return submission.copy_with(status=SubmissionStatus.PENDING, feedback=reason, raw=raw)
        state = order.status.name.lower().replace("_", " ") if order.status is not None else "unknown"
        raise Conflict(
            f"The order {order.id} is {state}; a performer is taken off only while it is under review, or when it is "
            "overdue.",
            actual=order.status,
        )

    # --- many at once --------------------------------------------------------------------------------------

    def batch_key(self, decision: Decision) -> Hashable:
        """Approvals with the same comment go together. So do all requests for a redo; the marketplace then drops their
        comments, which it takes for one order only."""
        if decision.verdict is Verdict.REJECT or self.decision_issues(decision):
            return None
        return (decision.verdict, decision.comment if decision.verdict is Verdict.APPROVE else None)

    @operation
    def review_batch(self, decisions: Sequence[Decision]) -> Flow[BatchReport]:
        """Up to 100 orders in one `tasks.paidTask` or `tasks.cancelTask`.

        Before it one `tasks.getResults` tells which of them do not wait any more, as other work was handed in since,
        say: these are handed back to be decided one by one. The answer names those that were changed; for the others
        another one tells which had been settled so before, and the rest is handed back, too. The comment of a redo
        reaches the performer only where there is exactly one order; ``feedback`` of the result says what was told.
        """
        refused = yield from self._looked([each.submission for each in decisions])
        apart = [each for each in decisions if each.submission.id in refused]  # each tells its own state
        decisions = [each for each in decisions if each.submission.id not in refused]
        if not decisions:
            return BatchReport(left=tuple(apart))
        outcomes: list[Outcome] = []
        first = decisions[0]
        ids = list(dict.fromkeys(each.submission.id for each in decisions))
        told = first.comment if first.verdict is Verdict.APPROVE or len(ids) == 1 else None
        done = Changed()
        try:
            done = yield from self._decide(first.verdict, ids, told)
        except NOTHING_SAID:
            raise
        except CrowdhubError as error:
            if not error.sent:
                raise
        rest = [each for each in ids if int(each) not in done.ids]
        states: Mapping[int, ResultStatus | None] = {}
        if rest:
            try:
                states = yield from self._states(rest)
            except CrowdhubError:
                states = {}  # nothing is known: one by one, each tells its own state
        left = apart
        for each in decisions:
            number = int(each.submission.id)
            if number in done.ids:
                outcomes.append(settled(each, _after(each, done, told)))
            elif states.get(number) is WANTED[each.verdict]:
                before = each.submission.copy_with(status=STATES[each.verdict], replayed=True)
                outcomes.append(settled(each, before))
            else:
                left.append(each)
        return BatchReport(outcomes=tuple(outcomes), left=tuple(left))

    def _settling(self, submission: Submission, decide: Decide, told: str | None) -> Flow[Changed]:
        """Settle one, right after a look that no other work was handed in since: `Conflict` where it was. What has to
        be sent again is preceded by another look."""
        if submission.submitted_at is None:
            return (yield from decide([submission.id], told))
        delay, attempt = 0.0, 0
        while True:
            if (refused := (yield from self._looked([submission], delay)).get(submission.id)) is not None:
                raise refused
            attempt += 1
            try:
                return (yield from decide([submission.id], told, at_once=True))
            except (RateLimited, ProviderUnavailable, OutcomeUnknown) as trouble:
                asked = None if isinstance(trouble, OutcomeUnknown) else trouble.retry_after
                delay = asked or 2.0 ** (attempt - 2)
                if attempt == ATTEMPTS or delay > LONGEST_WAIT:
                    raise

    def _looked(self, submissions: Sequence[Submission], delay: float = 0) -> Flow[Mapping[str, CrowdhubError]]:
        """Why some of this work, by its order, cannot be decided now: other work waits in its place, it was decided
        already, or it is not shown, so that nobody can tell."""
        known = {each.id: each for each in submissions if each.submitted_at is not None}
        if not known:
            return {}
        page = yield from self.api.tasks.get_results(list(known), after=delay)
        if page.unreadable:  # it may be the work that waits
            raise page.unreadable[0]
        by_order = _by_order(page.items)
        looks = {number: _why_not(work, by_order.get(int(number), [])) for number, work in known.items()}
        return {number: why for number, why in looks.items() if why is not None}

    def _decide(self, verdict: Verdict, ids: Sequence[str], told: str | None) -> Operation[Changed]:
        decide = self.api.tasks.paid_task if verdict is Verdict.APPROVE else self.api.tasks.cancel_task
        return decide(ids, told, at_once=True)  # else each is looked at anew, one by one

    def _states(self, ids: Iterable[str]) -> Flow[dict[int, ResultStatus | None]]:
        """The status of the latest result of each order."""
        page = yield from self.api.tasks.get_results(list(ids))
        found: dict[int, ResultStatus | None] = {}
        for order_id, results in _by_order(page.items).items():
            last = latest(results)
            found[order_id] = last.status if last else None
        return found


def _why_not(submission: Submission, results: Sequence[ResultInfo]) -> CrowdhubError | None:
    """Why this work cannot be decided, where it is not what waits for a decision."""
    waiting = {each.date for each in results if each.status not in DECIDED}
    this, moment = submission.submitted_at, f"{submission.submitted_at:%Y-%m-%d %H:%M:%S} UTC"
    if waiting - {this}:
        return Conflict(
            f"On the order {submission.id} other work was handed in since {moment}.",
            next_step="Read the submission again, look at its work, and decide anew; nothing was sent.",
        )
    mine = [each.status for each in results if each.date == this]
    if waiting or ResultStatus.ACCEPTED in mine:  # nothing else can be accepted on that order any more
        return None
    if mine:
        return Conflict(f"The work that was handed in on the order {submission.id} at {moment} was sent back already.")
    return UnreadableResponse(
        f"The results of the order {submission.id} do not show the work that was handed in at {moment}.",
        next_step="Ask again later: whether other work waits in its place cannot be told; nothing was sent.",
    )


def _by_order(results: Iterable[ResultInfo]) -> dict[int, list[ResultInfo]]:
    found: dict[int, list[ResultInfo]] = {}
    for each in results:
        found.setdefault(each.id_task, []).append(each)
    return found


def _after(decision: Decision, changed: Changed, told: str | None) -> Submission:
    """The submission as it is once a decision was carried out. Raises `Conflict` where the answer leaves it out."""
    submission = decision.submission
    if int(submission.id) not in changed.ids:
        raise Conflict(f"The marketplace left the order {submission.id} as it was.", http_status=200)
    return submission.copy_with(status=STATES[decision.verdict], feedback=told or submission.feedback)
