"""Scripted performers: they apply as time passes, hand in what they were given, and hand in again when asked to."""

from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random

from crowdhub_etxt.sandbox.office import Office
from crowdhub_etxt.sandbox.orders import OrderState, Quality, SandboxOrder, SandboxResult
from crowdhub_etxt.sandbox.people import FIRST_ID, POPULATION, Performer, Performers

MOST_APPLICATIONS = 3  # that wait on one order at once, besides one for each order that a multitask can make

_SENTENCES = (
    "Сначала стоит понять, зачем это нужно.",
    "Потом выбирают способ и считают расходы.",
    "На деле всё оказывается проще.",
    "Опыт показывает, что спешить не нужно.",
    "В конце проверяют каждую мелочь.",
)
_OFFERS = ("Готов взяться.", "Сделаю сегодня.", "Есть опыт по теме.", "Возьмите меня, пожалуйста.")


def written(dice: Random, size: int) -> str:
    """A text of about so many characters without spaces."""
    text, length = "", 0
    while length < max(30, size):
        sentence = dice.choice(_SENTENCES)
        text += sentence + " "
        length += len(sentence) - sentence.count(" ")
    return text.strip()


class EtxtScript:
    """Decides who does what, and when.

    `rate` is applications an hour on each open order, `work_hours` about how long a text takes; of the results
    a `poor_share` has bad figures. With `instant`, all of that happens at once instead.
    """

    def __init__(
        self, office: Office, people: Performers, *, rate: float, work_hours: float, poor_share: float, instant: bool
    ) -> None:
        self.office = office
        self.people = people
        self.rate = rate
        self.work_hours = work_hours
        self.poor_share = poor_share
        self.instant = instant

    def play(self, orders: list[SandboxOrder], now: datetime) -> None:
        """Do everything that falls due up to now, in the order of time."""
        queue = [(due, order.id) for order in orders if (due := self._due(order)) and due <= now]
        heapify(queue)
        while queue:
            at, order_id = heappop(queue)
            order = self.office.orders[order_id]
            order.refresh(at)
            order.next_event = None
            acted = self._act(order, at)
            # What a multitask's accepted application made has its own life from now on.
            fresh = [each for each in self.office.orders.values() if each.parent == order_id and each.since == at]
            for each in [order, *fresh] if acted else fresh:
                if acted and each is order and order.status == OrderState.WAITING:
                    order.next_event = at + self._pause(order)
                if (due := self._due(each)) and due <= now and (due, each.id) not in queue:
                    heappush(queue, (due, each.id))

    def at_once(self, order: SandboxOrder, now: datetime) -> None:
        """With `instant`, what would come in the next hours."""
        if not self.instant:
            return
        if order.status == OrderState.IN_WORK:
            _ = self.hand_in(order, now)
            return
        while order.open_to_applications and len(order.applications) < (order.left or 1):
            if not self._apply(order, now):
                return
            for each in list(self.office.orders.values()):
                if each.status == OrderState.IN_WORK and (each is order or each.parent == order.id):
                    _ = self.hand_in(each, now)

    def applicant(self, order: SandboxOrder) -> Performer | None:
        """Someone who may apply: whom the order is for, or anyone."""
        if order.terms.target == 3:
            wanted = self.people.person(order.terms.id_target)
            return wanted if self.office.may_apply(order, wanted) else None
        first = order.dice.randrange(POPULATION)
        for step in range(POPULATION):
            person = self.people.person(FIRST_ID + (first + step) % POPULATION)
            if self.office.may_apply(order, person) and order.terms.price_per_1000 >= person.works[order.terms.id_type]:
                return person
        return None

    def hand_in(self, order: SandboxOrder, at: datetime) -> SandboxResult:
        """One scripted result."""
        return self.office.hand_in(order, written(order.dice, order.terms.size), (), self.quality(order), "", at)

    def quality(self, order: SandboxOrder) -> Quality:
        """Figures of a good text, or of a poor one; a redo is always good."""
        dice = order.dice
        if not order.results and dice.random() < self.poor_share:
            return Quality(
                dice.randrange(3, 12), dice.randrange(30, 80), dice.randrange(20, 70), dice.randrange(60, 95)
            )
        least = max(90, order.terms.uniq or 0)
        return Quality(dice.randrange(0, 20) / 10, dice.randrange(least, 101), 100, dice.randrange(5, 30))

    def _act(self, order: SandboxOrder, at: datetime) -> bool:
        if order.status == OrderState.IN_WORK:
            _ = self.hand_in(order, at)
            return True
        return order.open_to_applications and self._apply(order, at)

    def _apply(self, order: SandboxOrder, at: datetime) -> bool:
        person = self.applicant(order)
        if person is None:
            return False
        _ = self.office.apply(order, person, order.dice.choice(_OFFERS), at)
        return True

    def _due(self, order: SandboxOrder) -> datetime | None:
        """When something happens to the order next; `None` where nothing does."""
        waiting = order.open_to_applications and len(order.applications) < MOST_APPLICATIONS + order.left
        if self.rate <= 0 or order.since is None or not (waiting or order.status == OrderState.IN_WORK):
            return None
        if order.next_event is None:
            order.next_event = order.since + self._pause(order)
        return order.next_event

    def _pause(self, order: SandboxOrder) -> timedelta:
        if order.status == OrderState.IN_WORK:
            return timedelta(hours=self.work_hours * order.dice.uniform(0.5, 1.5))
        return timedelta(hours=order.dice.expovariate(self.rate))
