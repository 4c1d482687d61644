"""The orders' life: every change of state, with the money that moves. The caller holds the sandbox's lock."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

from crowdhub_etxt.sandbox.accounts import Customer, Fail
from crowdhub_etxt.sandbox.orders import OrderState, Quality, Remark, ResultVerdict, SandboxOrder, SandboxResult, Terms
from crowdhub_etxt.sandbox.params import UploadedFile
from crowdhub_etxt.sandbox.people import Performer, Performers
from crowdhub_etxt.sandbox.quirks import EtxtQuirks
from crowdhub_etxt.sandbox.refusal import NO_ACCESS, NO_OBJECT, EtxtRefusal

KEPT_AFTER_FAIL = timedelta(weeks=2)
NO_DELETION_AFTER_TAKE_OFF = timedelta(weeks=1)
LEAST_TIME_FOR_REDO = timedelta(days=1)


class Office:
    """All orders of all customers."""

    def __init__(self, quirks: EtxtQuirks, people: Performers, dice: Random) -> None:
        self.quirks = quirks
        self.people = people
        self.orders: dict[int, SandboxOrder] = {}
        self._dice = dice
        self._order_ids = count(100_001)
        self._remark_ids = count(500_001)
        self._application_ids = count(700_001)
        self._result_ids = count(900_001)
        self._results: dict[int, SandboxResult] = {}
        self._order_of_application: dict[int, SandboxOrder] = {}

    # --- finding

    def of(self, customer: Customer, now: datetime) -> list[SandboxOrder]:
        """A customer's orders, archive included, oldest first; states are brought up to date."""
        found = [order for order in self.orders.values() if order.customer is customer]
        for order in found:
            order.refresh(now)
        return found

    def get(self, customer: Customer, order_id: int, now: datetime) -> SandboxOrder:
        """One of the customer's orders that is not in the archive."""
        order = self.orders.get(order_id)
        if order is None or order.archived_at is not None:
            raise EtxtRefusal(NO_OBJECT)
        if order.customer is not customer:
            raise EtxtRefusal(NO_ACCESS)
        order.refresh(now)
        return order

    def application(self, customer: Customer, application_id: int, now: datetime) -> tuple[SandboxOrder, Remark]:
        """An application, answered or not, on one of the customer's orders."""
        known = self._order_of_application.get(application_id)
        if known is None:
            raise EtxtRefusal(NO_OBJECT)
        order = self.get(customer, known.id, now)
        return order, next(each for each in order.remarks if each.application == application_id)

    def result(self, result_id: int) -> SandboxResult | None:
        """A result by its own id, whoever's it is."""
        return self._results.get(result_id)

    def move(self, customer: Customer, order_id: int, folder: int, *, archived: bool) -> bool:
        """Put an order into a folder; false where there is none such."""
        order = self.orders.get(order_id)
        if order is None or order.customer is not customer or (order.archived_at is not None) != archived:
            return False
        order.terms = replace(order.terms, id_folder=folder)
        return True

    # --- making and changing

    def create(
        self, customer: Customer, terms: Terms, now: datetime, *, public: bool, kind: str = "publish"
    ) -> SandboxOrder:
        """A new order; nothing is made where the money does not suffice."""
        order = self._new(customer, terms, now)
        order.left = terms.multicount if terms.multitask else 0
        if public:
            self.publish(order, now, kind)
        self.orders[order.id] = order
        return order

    def publish(self, order: SandboxOrder, now: datetime, kind: str = "publish") -> None:
        """Show the order to performers and hold its price, once for each order that can come of it."""
        if order.public:
            return
        if order.terms.multitask and not order.left:
            raise EtxtRefusal(NO_ACCESS)
        if self.quirks.hold_at == "publishing":
            self._hold(order, order.left if order.terms.multitask else 1, "republish" if order.was_public else kind)
        order.public = order.was_public = True
        order.since, order.next_event = now, None

    def unpublish(self, order: SandboxOrder) -> None:
        """Back to a draft, and the money back to the balance."""
        self._release(order)
        order.public = False

    def change(self, order: SandboxOrder, terms: Terms, now: datetime, *, public: bool) -> None:
        """New terms for an order that nobody works on; what is held follows the new price."""
        same = order.terms.multitask and terms.multicount == order.terms.multicount
        left = (order.left if same else terms.multicount) if terms.multitask else 0
        if order.public and public and order.slots_held:
            self._rehold(order, terms, left if terms.multitask else 1)
        elif order.public and not public:
            self.unpublish(order)
        order.terms, order.date, order.left = terms, now, left
        order.set_deadline(terms.deadline, now)
        if public:
            self.publish(order, now)

    def delete(self, order: SandboxOrder, now: datetime) -> bool:
        """Remove a draft or a waiting order; false where that is forbidden."""
        locked = order.taken_off_at is not None and now < order.taken_off_at + NO_DELETION_AFTER_TAKE_OFF
        if order.status != OrderState.WAITING or order.failed_at is not None or locked:
            return False
        self._release(order)
        del self.orders[order.id]
        return True

    def copy(self, order: SandboxOrder, deadline: datetime, now: datetime) -> SandboxOrder:
        """A published copy without auto-acceptance and multitask."""
        terms = replace(
            order.terms,
            deadline=deadline,
            auto_work=False,
            auto_rate=0,
            auto_reports=0,
            auto_reports_n=None,
            multitask=False,
            multicount=0,
            multione=False,
        )
        return self.create(order.customer, terms, now, public=True, kind="copy")

    # --- applications

    def may_apply(self, order: SandboxOrder, person: Performer) -> bool:
        """Whether this performer can apply for the order now."""
        terms, listed = order.terms, order.customer.listed.get(person.id)
        if not order.open_to_applications or terms.id_type not in person.works:
            return False
        if listed is not None and listed.kind == "blackList":
            return False
        if terms.target == 2:
            if listed is None or listed.kind != "whiteList":
                return False
            if terms.id_target and listed.group != terms.id_target:
                return False
        if terms.target == 3 and person.id != terms.id_target:
            return False
        if any(each.user == person.id for each in order.applications):
            return False
        return not (terms.multione and person.id in self._workers_of(order))

    def apply(self, order: SandboxOrder, person: Performer, text: str, now: datetime) -> Remark:
        """An application, accepted at once where the order says so."""
        remark = self.remark(order, person.id, person.login, text, now)
        remark.application = next(self._application_ids)
        self._order_of_application[remark.application] = order
        _ = order.customer.tell(f"<b>{person.login}</b>: order {order.id}, application {remark.application}")
        terms = order.terms
        good = person.rate >= terms.auto_rate and person.reports >= terms.auto_reports
        few = terms.auto_reports_n is None or person.reports_n <= terms.auto_reports_n
        if terms.auto_work and good and few:
            with suppress(EtxtRefusal):  # too little money: the application waits like any other
                _ = self.accept(order, remark, "", now)
        return remark

    def accept(self, order: SandboxOrder, remark: Remark, comment: str, now: datetime) -> SandboxOrder:
        """Give the work to who applied; of a multitask a new order is made, with its own id."""
        if not remark.open or not order.open_to_applications:
            raise EtxtRefusal(NO_ACCESS)
        taken = order
        if order.terms.multitask:
            taken = self._new(order.customer, replace(order.terms, multitask=False, multicount=0), now)
            taken.parent, taken.public = order.id, True
        if self.quirks.hold_at == "acceptance":
            self._hold(taken, 1, "accept", remark.user)
        if taken is not order:
            self.orders[taken.id] = taken
            order.left -= 1
            if order.slots_held:
                order.slots_held, taken.slots_held = order.slots_held - 1, 1
            order.public = order.left > 0
        remark.open = False
        taken.status, taken.performer = OrderState.IN_WORK, remark.user
        taken.since, taken.next_event = now, None
        if comment:
            taken.terms = replace(taken.terms, description=f"{taken.terms.description}\n{comment}".strip())
        return taken

    def remark(self, order: SandboxOrder, user: int, login: str, text: str, now: datetime) -> Remark:
        """A comment under the order."""
        made = Remark(next(self._remark_ids), order.id, user, login, text, now)
        order.remarks.append(made)
        return made

    # --- work and review

    def hand_in(
        self,
        order: SandboxOrder,
        text: str,
        files: Sequence[UploadedFile],
        quality: Quality | None,
        comment: str,
        now: datetime,
    ) -> SandboxResult:
        """The performer hands in; too little uniqueness sends the result back at once."""
        result = SandboxResult(
            next(self._result_ids), order.id, order.performer, text, tuple(files), comment, now, quality
        )
        order.results.append(result)
        self._results[result.id] = result
        order.status, order.next_event = OrderState.UNDER_REVIEW, None
        if quality is not None and order.terms.uniq is not None and quality.antiplagiat < order.terms.uniq:
            self.send_back(order, now)
        else:
            _ = order.customer.tell(f"Order {order.id}: result {result.id}")
        return result

    def approve(self, order: SandboxOrder, now: datetime) -> None:
        """Pay for an order under review."""
        order.results[-1].verdict = ResultVerdict.ACCEPTED
        order.status, order.end_date = OrderState.DONE, now
        order.slots_held = 0
        _ = order.customer.purse.pay_out(str(order.id), order.terms.cost, reference=f"order {order.id}")

    def send_back(self, order: SandboxOrder, now: datetime) -> None:
        """Ask for a redo; the performer has at least a day for it."""
        order.results[-1].verdict, order.results[-1].date_reset = ResultVerdict.REJECTED, now
        order.status, order.since, order.next_event = OrderState.IN_WORK, now, None
        order.set_deadline(max(order.terms.deadline, now + LEAST_TIME_FOR_REDO), now)

    def fail(self, order: SandboxOrder, now: datetime) -> None:
        """Cancel an overdue order: the money comes back, the order stays in the history for two weeks."""
        order.failed_at, order.public = now, False
        self._release(order)
        self._note_fail(order, now)

    def take_off(self, order: SandboxOrder, now: datetime) -> None:
        """Take the performer off: the order waits again and cannot be deleted for a week."""
        self._note_fail(order, now)
        order.status, order.performer, order.taken_off_at = OrderState.WAITING, 0, now
        order.public, order.since, order.next_event = True, now, None
        order.tickets.clear()

    def keep_house(self, now: datetime) -> None:
        """Forget failed orders after two weeks, archive done ones."""
        for order in list(self.orders.values()):
            if order.failed_at is not None and now >= order.failed_at + KEPT_AFTER_FAIL:
                del self.orders[order.id]
            elif (
                order.end_date is not None
                and order.archived_at is None
                and now >= order.end_date + timedelta(days=self.quirks.archive_after_days)
            ):
                order.archived_at = now

    # --- inside

    def _new(self, customer: Customer, terms: Terms, now: datetime) -> SandboxOrder:
        dice = Random(self._dice.getrandbits(64))  # noqa: S311  (repeatable, not secret)
        order = SandboxOrder(next(self._order_ids), customer, terms, now, dice)
        order.set_deadline(terms.deadline, now)
        return order

    def _hold(self, order: SandboxOrder, slots: int, kind: str, user: int = 0) -> None:
        terms = order.terms
        order.customer.hold(kind, order.id, terms.cost, slots, reference=terms.title, user=user, folder=terms.id_folder)
        order.slots_held = slots

    def _rehold(self, order: SandboxOrder, terms: Terms, slots: int) -> None:
        """Only the difference moves, under another name than a publishing."""
        customer, old = order.customer, order.terms
        more = (terms.cost + customer.fee(terms.cost)) * slots - (old.cost + customer.fee(old.cost)) * order.slots_held
        customer.check_funds(more)
        if (old.cost, order.slots_held) != (terms.cost, slots):
            self._release(order)
            customer.hold("change", order.id, terms.cost, slots, reference=terms.title, folder=terms.id_folder)
            order.slots_held = slots

    def _release(self, order: SandboxOrder) -> None:
        terms = order.terms
        order.customer.give_back(order.id, terms.cost, order.slots_held, reference=terms.title, folder=terms.id_folder)
        order.slots_held = 0

    def _note_fail(self, order: SandboxOrder, now: datetime) -> None:
        order.customer.fails.append(Fail(order.id, order.performer, order.terms.title, now))

    def _workers_of(self, order: SandboxOrder) -> set[int]:
        return {each.performer for each in self.orders.values() if each.parent == order.id}
