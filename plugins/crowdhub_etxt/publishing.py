"""Publishing orders, finding and listing them, taking them back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
from crowdhub.protocol import LOOKS, Flow, Page, nothing
from crowdhub_etxt.account import Account
from crowdhub_etxt.codes import Order, OrderStatus, PriceType
from crowdhub_etxt.functions.orders import OrderInfo
from crowdhub_etxt.functions.records import Changed
from crowdhub_etxt.options import deadline_of, description_of, options_of, order_fields, order_issues, size_of
from crowdhub_etxt.reading import archived_task_of, marked, task_of, task_status

ASSUMPTION = "eTXT's commission is not in its API documentation, so it is not in this sum"


ASKED = {
    TaskStatus.OPEN: OrderStatus.WAITING,
    TaskStatus.COMPLETED: OrderStatus.DONE,
    TaskStatus.EXPIRED: OrderStatus.OVERDUE,
}
"""Where the marketplace can choose by status; the others are chosen here, out of all orders."""


class Publishing(Account):
    """`estimate`, `publish`, `find_published`, `task`, `tasks`, `cancel`, and drafts."""

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        return super().draft_issues(draft) + order_issues(draft, self.now())

    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        """Reward × slots, or with `PriceType.PER_1000_CHARACTERS` reward × size / 1,000 × slots. No request.

        The commission is unknown, and with a price per 1,000 characters the size handed in may differ: both are
        in the quote's ``assumption``.
        """
        issues = self.draft_issues(draft)
        if issues or draft.reward is None:
            raise InvalidRequest(issues=issues)
        options = options_of(draft)
        work = draft.reward * draft.slots
        assumption = ASSUMPTION
        if options.price_type is PriceType.PER_1000_CHARACTERS:
            work = Money(work.amount * (size_of(options) or 0) / 1000, work.currency).rounded_up()
            assumption += "; texts of the ordered size are assumed"
        return nothing(Quote.of(work, assumption=assumption))

    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """Make the order as a draft, then publish it: two calls of `tasks.saveTask`.

        A draft costs nothing. So when the first answer is lost, the draft is looked for by the reference at the end
        of its description and, where it is not found, made again. The second call names the order by its id, so
        that it can be repeated; when its answer stays lost the order itself tells, and a draft that is still one
        is deleted, so that a late request cannot publish it. A refused publication deletes the draft, too.

        ``slots`` above 1 make a multiple order. Raises `InvalidRequest` naming every issue before any request.
        """
        if issues := self.draft_issues(draft):
            raise InvalidRequest(issues=issues)
        options = options_of(draft)
        fields = order_fields(draft, self.now(), marked(description_of(draft), draft.reference))
        order_id, raw = yield from self._make_draft(draft, fields)
        if options.public:
            yield from self._put_up(order_id, fields, (yield from self.estimate(draft)))
        return Task(
            id=str(order_id),
            **self.identity,
            title=draft.title,
            instructions=description_of(draft),
            reward=draft.reward,
            status=TaskStatus.OPEN if options.public else TaskStatus.DRAFT,
            slots=draft.slots,
            remaining=draft.slots,
            category=str(fields["id_category"]),
            expires_at=deadline_of(draft, self.now()),
            reference=draft.reference,
            raw=raw,
        )

    def _make_draft(self, draft: TaskDraft, fields: dict[str, Any]) -> Flow[tuple[int, Mapping[str, Any]]]:
        look_for = f'a draft titled "{draft.title}"'
        if draft.reference:
            look_for += f" whose description ends with [ref {draft.reference}]"
        lost: OutcomeUnknown | None = None
        for _ in range(2):
            try:
                made = yield from self.api.tasks.save_task(**fields, public=False)
                return made.id_task, made.raw
            except OutcomeUnknown as error:
                lost = error.looking_for(look_for)
            except UnreadableResponse as error:
                lost = OutcomeUnknown(error.message, lost=Lost.BROKEN, http_status=error.http_status)
                lost = lost.looking_for(look_for)
            for delay in LOOKS[lost.lost] if draft.reference else ():
                try:
                    found = yield from self._search(draft.reference or "", draft.slots > 1, delay)
                except CrowdhubError as blind:
                    raise self._not_made(draft, lost) from blind
                if found is not None:
                    return found.id, found.raw
            if not draft.reference and not options_of(draft).public:
                break  # a second draft would be one too many, and the first cannot be looked for
        assert lost is not None
        raise self._not_made(draft, lost)

    def _not_made(self, draft: TaskDraft, lost: OutcomeUnknown) -> CrowdhubError:
        """A draft was wanted: unknown. A published order was wanted: that was certainly not made."""
        if not options_of(draft).public:
            lost.money_may_be_spent = False
            return lost
        return ProviderUnavailable(
            f"The order was not published: the answers to making its draft were lost ({lost.message}).",
            next_step=f"Publish it again. You may find, and delete, {lost.look_for}; it costs nothing.",
        )

    def _put_up(self, order_id: int, fields: dict[str, Any], need: Money) -> Flow[None]:
        try:
            _ = yield from self.api.tasks.save_task(**fields, id=order_id, public=True)
            return
        except OutcomeUnknown as error:
            trouble: CrowdhubError = error.looking_for(f"the order {order_id}: whether it is published or a draft")
            order = yield from self._seen(order_id, error)
            if order is not None and task_status(order) is not TaskStatus.DRAFT:
                return
        except CrowdhubError as error:
            trouble = yield from self._explained(error, need)
        gone = yield from self._drop(order_id)
        if gone and isinstance(trouble, OutcomeUnknown):
            raise ProviderUnavailable(
                "The order could not be published; its draft was deleted again.", next_step="Publish it again."
            ) from trouble
        raise trouble

    def _seen(self, order_id: int, lost: OutcomeUnknown) -> Flow[OrderInfo | None]:
        """The order after a publication whose answer is lost: the first look that shows it published, or the last."""
        order: OrderInfo | None = None
        for delay in LOOKS[lost.lost]:
            try:
                page = yield from self.api.tasks.list_tasks(id=order_id, delay=delay)
            except CrowdhubError as blind:
                raise lost from blind
            order = next((each for each in page.items if each.id == order_id), None)
            if order is not None and task_status(order) is not TaskStatus.DRAFT:
                break
        return order

    def _drop(self, order_id: int) -> Flow[bool]:
        """Delete a draft; whether it is certainly gone."""
        try:
            changed: Changed = yield from self.api.tasks.delete_task([order_id])
        except CrowdhubError:
            return False
        return order_id in changed.ids

    def publish_draft(self, task_id: str, deadline: datetime) -> Flow[Task]:
        """Publish an order that is a draft, with this deadline (`tasks.setDeadline` with ``public``). SETTLE."""
        order = yield from self._needed_order(task_id)
        if task_status(order) is not TaskStatus.DRAFT:
            return task_of(order, self.identity).copy_with(replayed=True)
        try:
            _ = yield from self.api.tasks.set_deadline(task_id, deadline, public=True)
        except OutcomeUnknown as lost:
            order = yield from self._needed_order(task_id)
            if task_status(order) is TaskStatus.DRAFT:
                raise lost.looking_for(f"the order {task_id}: whether it is published") from None
        return (yield from self.task(task_id))

    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        """Looks through the current orders, then the archive, for the draft's reference, 100 orders a request.

        An unpublished draft does not count: publishing it was never finished, and it costs nothing.
        """
        del since  # the reference alone decides; the dates told here change with every edit
        if not draft.reference:
            return None
        order = yield from self._search(draft.reference, draft.slots > 1)
        if order is not None and (task_status(order) is not TaskStatus.DRAFT or not options_of(draft).public):
            task = task_of(order, self.identity).copy_with(replayed=True)
        else:
            archived = yield from self._search_archive(draft.reference)
            if archived is None:
                return None
            task = archived_task_of(archived, self.identity).copy_with(replayed=True)
        if draft.slots > 1:
            task = task.copy_with(slots=None)  # the whole number is not told
        if options_of(draft).price_type is PriceType.PER_1000_CHARACTERS:
            task = task.copy_with(reward=None)  # told is the price of the whole order
        return task

    def task(self, task_id: str) -> Flow[Task]:
        """`tasks.listTasks` for one id, then the archive. Raises `NotFound`."""
        order = yield from self._order(task_id)
        if order is not None:
            return task_of(order, self.identity)
        archived = yield from self._archived(task_id)
        if archived is None:
            raise NotFound(f"There is no order {task_id} on this account, nor in its archive.")
        return archived_task_of(archived, self.identity)

    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        """`tasks.listTasks`, 100 a page. COMPLETED goes on into the archive. FULL (in work, under review, or a
        multiple order that gave out all) and DRAFT are chosen here out of all orders; PAUSED and CANCELLED do not
        exist at eTXT."""
        if status in (TaskStatus.PAUSED, TaskStatus.CANCELLED):
            return Page([])
        asked = ASKED.get(status) if status is not None else None
        page = yield from self.api.tasks.list_tasks(status=asked)
        return self._task_page(page, status)

    def _task_page(self, page: Page[OrderInfo], status: TaskStatus | None) -> Page[Task]:
        tasks = [task_of(each, self.identity) for each in page.items]
        kept = [task for task in tasks if status is None or task.status is status]
        if page.more is not None:
            more = page.more

            def following() -> Flow[Page[Task]]:
                return self._task_page((yield from more()), status)

            return Page(kept, following, unreadable=page.unreadable)
        last = self._archive_page if status is TaskStatus.COMPLETED else None
        return Page(kept, last, unreadable=page.unreadable)

    def _archive_page(self, offset: int = 0) -> Flow[Page[Task]]:
        page = yield from self.api.tasks_archive.list_tasks(offset=offset, order=Order.DESCENDING)
        seen = offset + len(page.items) + len(page.unreadable)
        more = (lambda: self._archive_page(seen)) if page.more is not None else None
        return Page([archived_task_of(each, self.identity) for each in page.items], more, unreadable=page.unreadable)

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
            changed: Changed = yield from self.api.tasks.delete_task([task_id])
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
            if not (yield from self._failed_before(task.id)):
                raise
            return ended.copy_with(replayed=True)
        return ended.copy_with(raw={**task.raw, "failed": dict(failed.raw)})
