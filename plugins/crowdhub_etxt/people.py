"""Performers: their profiles, the black list, words to them, and who asks to be given an order."""

from __future__ import annotations

from datetime import datetime

from crowdhub.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
)
from crowdhub.model import Application, Worker
from crowdhub.protocol import Flow, Lookup, Page, every, operation
from crowdhub_etxt.account import Account
from crowdhub_etxt.codes import UserList, UserListAction
from crowdhub_etxt.encoding import CLOCKS, identifier
from crowdhub_etxt.functions.orders import OrderInfo
from crowdhub_etxt.functions.users import Listed
from crowdhub_etxt.reading import application_of, is_child, listed_worker_of, worker_of


class People(Account):
    """`worker`, `message`, `block`, `unblock`, `blocked_workers`, `applications`, `accept`, `decline`."""

    @operation
    def worker(self, worker_id: str) -> Flow[Worker]:
        """`users.getUser`. Raises `NotFound`."""
        if issues := identifier("worker", worker_id):
            raise InvalidRequest(issues=issues)
        return worker_of((yield from self.api.users.get_user(worker_id)), self.now())

    @operation
    def message(self, worker_id: str, text: str) -> Flow[None]:
        """`messages.writePrivate`: 1 to 10,000 characters, one message a minute, for accounts with a rating of more
        than 10,000. SPEND, and free: a lost answer is `OutcomeUnknown`, and the conversation tells."""
        _ = yield from self.api.messages.write_private(worker_id, text)

    @operation
    def block(self, worker_id: str, reason: str | None = None) -> Flow[Worker]:
        """`users.setUserBW` with ``blackList``. SETTLE. eTXT keeps no ``reason`` with it; `api.users.set_note` keeps
        one note for each user, which this leaves alone."""
        del reason
        return (yield from self._set_list(worker_id, UserListAction.BLACK))

    @operation
    def unblock(self, worker_id: str) -> Flow[Worker]:
        """`users.setUserBW` with ``delete``. SETTLE. A user is on one list at most, so this takes him off the white
        list, too. On none: a success, after a look whether there is such a user. Raises `NotFound`."""
        try:
            return (yield from self._set_list(worker_id, UserListAction.DELETE))
        except NotFound:
            found = yield from self.worker(worker_id)
            return found.copy_with(blocked=False)

    def _set_list(self, worker_id: str, action: UserListAction) -> Flow[Worker]:
        changed = yield from self.api.users.set_user_bw(worker_id, action)
        return Worker(id=str(worker_id), blocked=action is UserListAction.BLACK, raw=changed.raw)

    @operation
    def blocked_workers(self) -> Flow[Page[Worker]]:
        """`users.getBW` with ``blackList``, 100 a page."""
        return self._listed((yield from self.api.users.get_bw(type=UserList.BLACK)), blocked=True)

    @operation
    def allowed_workers(self) -> Flow[Page[Worker]]:
        """`users.getBW` with ``whiteList``, 100 a page: the performers whom orders with
        ``target_task=Target.WHITE_LIST`` are for."""
        return self._listed((yield from self.api.users.get_bw(type=UserList.WHITE)), blocked=False)

    @operation
    def allow(self, worker_id: str) -> Flow[Worker]:
        """`users.setUserBW` with ``whiteList``. SETTLE; `unblock` takes him off again."""
        return (yield from self._set_list(worker_id, UserListAction.WHITE))

    def _listed(self, page: Page[Listed], *, blocked: bool) -> Page[Worker]:
        workers = [listed_worker_of(each, blocked) for each in page.items]
        if page.more is None:
            return Page(workers, unreadable=page.unreadable, joined=page.joined)
        more = page.more

        def following() -> Flow[Page[Worker]]:
            return self._listed((yield from more()), blocked=blocked)

        return Page(workers, following, unreadable=page.unreadable, joined=page.joined)

    # --- applications --------------------------------------------------------------------------------------

    @operation
    def applications(self, task_id: str) -> Flow[Page[Application]]:
        """`tasks.viewNotes`: the applications for an order, without the mere comments."""
        page = yield from self.api.tasks.view_notes([task_id])
        found = [application_of(each, task_id, self.identity) for each in page.items if each.id_note]
        return Page(found, unreadable=page.unreadable, read=page.records)

    def _lost_acceptance(self, application: Application) -> Lookup[Application]:
        worker, task_id = application.worker.id, application.task_id
        return Lookup(
            f"an order of the performer {worker} from the application {application.id} for the order {task_id}",
            lambda since, known: self._accepted(application, since, known),
            before=lambda: self.orders_of(worker),
        )

    @operation
    def orders_of(self, worker_id: str) -> Flow[frozenset[int]]:
        """The ids of the orders that a performer has."""
        given = yield from every(self.api.tasks.list_tasks(id_user=worker_id), whole=True)
        return frozenset(each.id for each in given)

    @operation(lookup=_lost_acceptance)
    def accept(self, application: Application) -> Flow[Application]:
        """`tasks.setNote`: give the order to this performer. SPEND: a multiple order gives out a new one each time.

        The result's ``task_id`` is the order that the performer now has: of a multiple order a new one. After a lost
        answer the performer's orders tell; it is certainly not done only while he has none and still applies.
        """
        try:
            answer = yield from self.api.tasks.set_note(application.id)
        except (NotFound, PermissionDenied):
            order = yield from self._order(application.task_id)
            if order is None or str(order.id_user) != application.worker.id:
                raise
            return application.copy_with(status="accepted", replayed=True)
        raw = {**application.raw, "accepted": dict(answer.raw)}
        return application.copy_with(task_id=str(answer.id_task), status="accepted", raw=raw)

    def _accepted(
        self, application: Application, since: datetime | None, known: frozenset[int] | None
    ) -> Flow[Application | None]:
        order = yield from self._given(application, since, known or frozenset())
        if order is not None:
            raw = {**application.raw, "accepted": dict(order.raw)}
            return application.copy_with(task_id=str(order.id), status="accepted", raw=raw, replayed=True)
        if (yield from self._still_applies(application)):
            return None
        raise Conflict("The application is gone, and its author has no order from it.")

    def _given(self, application: Application, since: datetime | None, known: frozenset[int]) -> Flow[OrderInfo | None]:
        """The order that the performer has from this application, and had not before (``known``)."""
        given = yield from every(self.api.tasks.list_tasks(id_user=application.worker.id), whole=True)
        for each in given:
            if str(each.id) == application.task_id:
                return each
        asked = yield from self._order(application.task_id)
        if asked is None or not asked.multitask:
            return None
        begun = (since or self.now()) - CLOCKS
        fresh = (each for each in given if each.id not in known and is_child(each, asked))
        return next((each for each in fresh if each.date and each.date >= begun), None)

    def _has_it(self, application: Application, order: OrderInfo) -> Flow[bool]:
        """Whether the author of an application has the order, or one that it gave out."""
        if not order.multitask:
            return str(order.id_user) == application.worker.id
        given = yield from every(self.api.tasks.list_tasks(id_user=application.worker.id), whole=True)
        return any(is_child(each, order) for each in given)

    def _still_applies(self, application: Application) -> Flow[bool]:
        page = yield from self.api.tasks.view_notes([application.task_id])
        return any(str(each.id_note) == application.id for each in page.items)

    @operation
    def decline(self, application: Application) -> Flow[Application]:
        """`tasks.unsetNote`. SETTLE. An application that is no longer there was declined or withdrawn before
        (``replayed``), unless its author has the order: `Conflict`."""
        try:
            answer = yield from self.api.tasks.unset_note(application.id)
        except (NotFound, PermissionDenied, OutcomeUnknown) as trouble:
            if (yield from self._still_applies(application)):
                raise
            order = yield from self._order(application.task_id)
            if order is None:
                raise
            if (yield from self._has_it(application, order)):
                raise Conflict("The application was accepted before.", actual="accepted") from trouble
            return application.copy_with(status="declined", replayed=True)
        return application.copy_with(status="declined", raw={**application.raw, "declined": dict(answer.raw)})
