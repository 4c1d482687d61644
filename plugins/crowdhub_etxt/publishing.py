"""Publishing orders, finding and listing them, giving them more time, taking them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from crowdhub.errors import (
    Conflict,
    CrowdhubError,
    InvalidRequest,
    Issue,
    Lost,
    NotFound,
    OutcomeUnknown,
    ProviderUnavailable,
    UnreadableResponse,
)
from crowdhub.model import Money, Quote, Task, TaskDraft, TaskStatus
from crowdhub.protocol import Flow, Lookup, Page, first_match, int_or_none, no_call, operation, unreadable
from crowdhub_etxt.account import Account
from crowdhub_etxt.codes import Order, OrderStatus, PriceType
from crowdhub_etxt.encoding import LONGEST_DEADLINE, identifier
from crowdhub_etxt.functions.base import Further
from crowdhub_etxt.functions.orders import ArchivedOrder, OrderInfo
from crowdhub_etxt.options import category_of, deadline_of, description_of, options_of, order_issues, saving, size_of
from crowdhub_etxt.reading import archived_task_of, carries, task_of, task_status

ASSUMPTION = "eTXT's commission is not in its API documentation, so it is not in this sum"
ASSUMED = "a commission of {:f} % is assumed, as the account's settings say; eTXT's documentation names none"


ASKED = {
    TaskStatus.OPEN: OrderStatus.WAITING,
    TaskStatus.COMPLETED: OrderStatus.DONE,
    TaskStatus.EXPIRED: OrderStatus.OVERDUE,
}
"""Where the marketplace can choose by status; the others are chosen here, out of all orders."""


MOST_DRAFTS = 10
"""Drafts that a publish tries to put up, each made where the one before was deleted."""


class Publishing(Account):
    """`estimate`, `publish`, `find_published`, `task`, `tasks`, `extend`, `cancel`, and drafts."""

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        return super().draft_issues(draft) + order_issues(draft, self.now())

    @operation
    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        """Reward × slots, or with `PriceType.PER_1000_CHARACTERS` reward × size / 1,000 × slots. No request.

        The commission is unknown, and with a price per 1,000 characters the size handed in may differ: both are
        in the quote's ``assumption``.
        """
        return no_call(self._quote(draft))

    def _quote(self, draft: TaskDraft) -> Quote:
        issues = self.draft_issues(draft)
        if issues or draft.reward is None:
            raise InvalidRequest(issues=issues)
        options = options_of(draft)
        work = draft.reward * draft.slots
        rate = self.settings.assumed_commission
        assumption = ASSUMPTION if rate is None else ASSUMED.format((rate * 100).normalize())
        if options.price_type is PriceType.PER_1000_CHARACTERS:
            work = Money(work.amount * (size_of(options) or 0) / 1000, work.currency).rounded_up()
            assumption += "; texts of the ordered size are assumed"
        return Quote.of(work, assumption=assumption, assumed_commission=rate)

    # --- publishing --------------------------------------------------------------------------------------

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """Make the order as a draft, then put it on the market: two calls of `tasks.saveTask`.

        The draft is free. The second call takes the money; it names the order by its id, so that repeating it leaves
        one order. Where it is refused or lost, the draft stays: the same key goes on with it. Run again, both calls
        say the same, but for a deadline that is given as a duration: it counts from the run.

        ``slots`` above 1 make a multiple order. Raises `InvalidRequest` naming every issue before any request.
        """
        if issues := self.draft_issues(draft):
            raise InvalidRequest(issues=issues)
        public = options_of(draft).public
        for _ in range(MOST_DRAFTS):
            order_id, raw = yield from self._made(draft)
            if not public or (yield from self._put_up(draft, order_id)):
                break
        else:
            raise NotFound("The order was not published: each time, its draft was gone before it could be.")
        return Task(
            id=str(order_id),
            **self.identity,
            title=draft.title,
            instructions=description_of(draft),
            reward=draft.reward,
            status=TaskStatus.OPEN if public else TaskStatus.DRAFT,
            slots=draft.slots,
            remaining=draft.slots,
            category=category_of(draft),
            expires_at=deadline_of(draft, self.now()),
            reference=draft.reference,
            raw=raw,
        )

    def _made(self, draft: TaskDraft) -> Flow[tuple[int, Mapping[str, object]]]:
        """The order as a draft. One whose answer is lost is looked for, else another is made, since it is free."""
        try:
            saved = yield from saving(self.api.tasks, draft, now=self.now(), public=False)
            return saved.id_task, saved.raw
        except (OutcomeUnknown, UnreadableResponse):
            if not options_of(draft).public:
                raise  # the draft is what was asked for
        try:
            found = yield from self._marked(draft, lambda order: task_status(order) is TaskStatus.DRAFT)
        except CrowdhubError as blind:
            raise _not_made(draft, blind) from blind
        if found is not None:
            return found.id, found.raw
        try:
            saved = yield from saving(self.api.tasks, draft, now=self.now(), public=False)
        except (OutcomeUnknown, UnreadableResponse) as lost:
            raise _not_made(draft, lost) from lost
        return saved.id_task, saved.raw

    def _put_up(self, draft: TaskDraft, order_id: int) -> Flow[bool]:
        """Whether the draft is on the market now; False where it is gone (an earlier run made it, and somebody deleted
        it since)."""
        try:
            saved = yield from saving(self.api.tasks, draft, now=self.now(), id=order_id, public=True)
            if saved.id_task != order_id:
                raise unreadable(f"it names another order than {order_id}", dict(saved.raw))
        except (OutcomeUnknown, UnreadableResponse):
            raise  # `find_published` tells
        except CrowdhubError as error:
            refused = error
        else:
            return True
        # An attempt before it, whose answer was lost, may have put it up, and somebody may have it by now; and what
        # refuses may be something between here and the marketplace, which has done it.
        order = yield from self._order(str(order_id))
        if order is not None and task_status(order) is not TaskStatus.DRAFT:
            return True
        if order is None and (yield from self._archived(str(order_id))) is not None:
            return True
        if order is None and isinstance(refused, NotFound):
            return False
        refusal = yield from self._explained(refused, self._quote(draft))
        kept = f"Its draft {order_id} stays, which costs nothing; the same key goes on with it."
        raise refusal.with_(next_step=f"{refusal.next_step} {kept}")

    def _drafts_lookup(self, task_id: str, deadline: datetime) -> Lookup[Task]:
        del deadline
        return Lookup(f"the order {task_id}: whether it is published", lambda _, __: self._put_up_before(task_id))

    @operation(lookup=_drafts_lookup)
    def publish_draft(self, task_id: str, deadline: datetime) -> Flow[Task]:
        """Publish an order that is a draft, with this deadline (`tasks.setDeadline` with ``public``). It takes the
        order's price; SETTLE."""
        published = yield from self._put_up_before(task_id)
        if published is not None:
            return published
        _ = yield from self.api.tasks.set_deadline(task_id, deadline, public=True)
        task: Task = yield from self.task(task_id)
        if task.status is TaskStatus.DRAFT:
            raise OutcomeUnknown(f"The order {task_id} is still a draft after it was published.", lost=Lost.ACCEPTED)
        return task

    def _put_up_before(self, task_id: str) -> Flow[Task | None]:
        task = task_of((yield from self._needed_order(task_id)), self.identity)
        return None if task.status is TaskStatus.DRAFT else task.copy_with(replayed=True)

    # --- finding what was published ----------------------------------------------------------------------

    def describe_published(self, draft: TaskDraft) -> str:
        return f'an order titled "{draft.title}" whose description ends with [ref {draft.reference}]'

    @operation
    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        """Looks through the current orders, then the archive, for the draft's reference, 100 orders a request.

        An order that is still a draft was not published, unless a draft was all that was asked for.
        """
        del since  # the reference alone decides; the dates told here change with every edit
        if not draft.reference:
            return None
        options = options_of(draft)
        order = yield from self._marked(
            draft, lambda each: not options.public or task_status(each) is not TaskStatus.DRAFT
        )
        if order is not None:
            return self._found(task_of(order, self.identity), draft)
        archived = yield from self._marked_in_archive(draft.reference)
        return None if archived is None else self._found(archived_task_of(archived, self.identity), draft)

    def published_among(self, marked: Sequence[Task], draft: TaskDraft) -> Task | None:
        """Orders that a multiple one gave out, and copies, carry its reference too: of several the multiple one is
        meant, else the oldest. One that is still a draft was not published, unless a draft was all that was asked."""
        public = options_of(draft).public
        fitting = [each for each in marked if not public or each.status is not TaskStatus.DRAFT]
        several = [each for each in fitting if int_or_none(each.raw.get("multitask"))]
        if not fitting:
            return None
        return self._found(min(several or fitting, key=lambda each: int_or_none(each.id) or 0), draft)

    def _found(self, task: Task, draft: TaskDraft) -> Task:
        """What carries the draft's reference, without what an order tells of something else."""
        options = options_of(draft)
        if draft.slots > 1:
            task = task.copy_with(slots=None)  # the whole number is not told
        if options.price_type is PriceType.PER_1000_CHARACTERS:
            task = task.copy_with(reward=None)  # told is the price of the whole order
        return task.copy_with(replayed=True)

    def _marked(self, draft: TaskDraft, fits: Callable[[OrderInfo], bool]) -> Flow[OrderInfo | None]:
        """The current order that carries the draft's reference, and fits.

        Orders that a multiple one gave out, and copies, carry it too: of several the multiple one is meant, else the
        oldest.
        """
        others: list[OrderInfo] = []

        def is_it(order: OrderInfo) -> bool:
            if not carries(order, draft.reference) or not fits(order):
                return False
            others.append(order)
            return bool(order.multitask)

        try:
            found = yield from first_match(self.api.tasks.list_tasks(count=self.page_rows), is_it, whole=True)
        except UnreadableResponse:
            if not others:
                raise
            found = None
        return found or min(others, key=lambda order: order.id, default=None)

    def _marked_in_archive(self, reference: str) -> Flow[ArchivedOrder | None]:
        listing = self.api.tasks_archive.list_tasks(count=self.page_rows, order=Order.DESCENDING)
        return (yield from first_match(listing, lambda order: carries(order, reference), whole=True))

    # --- reading -----------------------------------------------------------------------------------------

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        """`tasks.listTasks` for one id, then the archive. Raises `NotFound`."""
        order = yield from self._order(task_id)
        if order is not None:
            return task_of(order, self.identity)
        archived = yield from self._archived(task_id)
        if archived is None:
            raise NotFound(f"There is no order {task_id} on this account, nor in its archive.")
        return archived_task_of(archived, self.identity)

    @operation
    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        """`tasks.listTasks`, 100 a page. COMPLETED goes on into the archive. FULL (in work, under review, or a
        multiple order that gave out all) and DRAFT are chosen here out of all orders; PAUSED and CANCELLED do not
        exist at eTXT."""
        if status in (TaskStatus.PAUSED, TaskStatus.CANCELLED):
            return Page([])
        asked = ASKED.get(status) if status is not None else None
        page = yield from self.api.tasks.list_tasks(status=asked, count=self.page_rows)
        return self._task_page(page, status, archived=status is TaskStatus.COMPLETED)

    @operation
    def published_listing(self) -> Flow[Page[Task]]:
        """The current orders, then the archive."""
        page = yield from self.api.tasks.list_tasks(count=self.page_rows)
        return self._task_page(page, None, archived=True)

    def _task_page(self, page: Page[OrderInfo], status: TaskStatus | None, *, archived: bool) -> Page[Task]:
        tasks = [task_of(each, self.identity) for each in page.items]
        kept = [task for task in tasks if status is None or task.status is status]
        further = page.more

        def following() -> Flow[Page[Task]]:
            if further is None:
                return (yield from self._archive_page())
            return self._task_page((yield from further()), status, archived=archived)

        goes_on = further is not None or archived
        onward = following if goes_on else None
        return Page(kept, onward, unreadable=page.unreadable, read=page.records, joined=page.joined)

    def _archive_page(self, further: Further[ArchivedOrder] | None = None) -> Flow[Page[Task]]:
        first = self.api.tasks_archive.list_tasks
        page = yield from (further() if further else first(count=self.page_rows, order=Order.DESCENDING))
        tasks = [archived_task_of(each, self.identity) for each in page.items]
        more = partial(self._archive_page, page.more) if page.more is not None else None
        return Page(tasks, more, unreadable=page.unreadable, joined=page.joined)

    # --- changing ----------------------------------------------------------------------------------------

    def extension_issues(self, slots: int | None, until: datetime | None) -> list[Issue]:
        found = super().extension_issues(slots, until)
        if slots is not None:
            found.append(Issue("slots", "eTXT cannot give an order more places; publish another one"))
        if until is not None and until.tzinfo is not None and until - self.now() > LONGEST_DEADLINE:
            found.append(Issue("until", f"{until.isoformat(timespec='minutes')} is more than 90 days ahead"))
        return found

    @operation
    def extend(self, task_id: str, slots: int | None = None, until: datetime | None = None) -> Flow[Task]:
        """`tasks.setDeadline`: a new deadline, to the minute. SETTLE, and free. An overdue order goes back into work.

        Two requests. Raises `InvalidRequest` for ``slots``, which eTXT cannot add.
        """
        issues = [*identifier("task_id", task_id), *self.extension_issues(slots, until)]
        if until is None:
            issues.append(Issue("until", "is missing"))
        if issues or until is None:
            raise InvalidRequest(issues=issues)
        _ = yield from self.api.tasks.set_deadline(task_id, until)
        return (yield from self.task(task_id))

    @operation
    def cancel(self, task_id: str) -> Flow[Task]:
        """Delete an order that waits for a performer or is a draft (`tasks.deleteTask`), take back an overdue one
        (`tasks.failTask`). Raises `Conflict` for an order that is in work, under review or done.

        A deleted order leaves no trace, so that cancelling it again is `NotFound`.
        """
        order = yield from self._needed_order(task_id)
        task = task_of(order, self.identity)
        ended = task.copy_with(status=TaskStatus.CANCELLED, remaining=0)
        if order.status is OrderStatus.OVERDUE:
            return (yield from self._take_back(task, ended))
        if order.status is not OrderStatus.WAITING:
            state = order.status.name.lower().replace("_", " ") if order.status else "unknown"
            raise Conflict(f"The order {task_id} is {state}; only one that waits can be cancelled.", actual=task)
        trouble: CrowdhubError | None = None
        try:
            changed = yield from self.api.tasks.delete_task([task_id])
            if order.id in changed.ids:
                return ended
        except CrowdhubError as error:
            trouble = error
        now_there = yield from self._order(task_id)
        if now_there is None:
            return ended.copy_with(replayed=True)
        if trouble is not None:
            raise trouble
        actual = task_of(now_there, self.identity)
        raise Conflict(
            f"The order {task_id} was not deleted (it cannot be, within a week after a performer was taken off).",
            actual=actual,
        )

    def _take_back(self, task: Task, ended: Task) -> Flow[Task]:
        try:
            failed = yield from self.api.tasks.fail_task(task.id)
        except CrowdhubError:
            order = yield from self._order(task.id)
            if order is not None and not (yield from self._taken_back(order)):
                if order.status is OrderStatus.OVERDUE:
                    raise
                actual = task_of(order, self.identity)
                raise Conflict(f"The order {task.id} is not overdue any more.", actual=actual) from None
            if order is None and (yield from self._archived(task.id)) is not None:
                raise Conflict(f"The order {task.id} is done and in the archive.") from None
            return ended.copy_with(replayed=True)
        return ended.copy_with(raw={**task.raw, "failed": dict(failed.raw)})


def _not_made(draft: TaskDraft, lost: CrowdhubError) -> ProviderUnavailable:
    """A published order was wanted, and not even its draft is certain: it was not published."""
    return ProviderUnavailable(
        "The order was not published: the answers to making its draft were lost.",
        next_step=f'Publish it again. You may find, and delete, a draft titled "{draft.title}"'
        f" whose description ends with [ref {draft.reference}]; it costs nothing.",
        **lost.evidence,
    )
