"""eTXT's sandbox as Python sees it: the account, the books, and what the people behind it do."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import ClassVar

from starlette.requests import Request
from starlette.types import ASGIApp

from crowdhub.sandbox import AccountSettings, Books, MarketSandbox, Purse, SandboxClock, SandboxError
from crowdhub.sandbox.switches import switched
from crowdhub_etxt.sandbox.accounts import Customer, Letter
from crowdhub_etxt.sandbox.asked import World
from crowdhub_etxt.sandbox.catalogue import articles
from crowdhub_etxt.sandbox.links import FILES, Links
from crowdhub_etxt.sandbox.office import Office
from crowdhub_etxt.sandbox.orders import OrderState, Quality, Remark, SandboxOrder, SandboxResult, Terms
from crowdhub_etxt.sandbox.params import UploadedFile
from crowdhub_etxt.sandbox.people import Performer, Performers
from crowdhub_etxt.sandbox.quirks import EtxtQuirks
from crowdhub_etxt.sandbox.refusal import EtxtRefusal
from crowdhub_etxt.sandbox.script import EtxtScript, written
from crowdhub_etxt.sandbox.wire import API, EtxtWire

CHECKED_SIZE = 0.9
OWN_ID, OTHER_ID = 501, 502


class EtxtSandbox(MarketSandbox):
    """An eTXT on loopback.

    Two customers exist: the one whose token `account` gives, and another with one order (`foreign_order`), to see
    what is refused. Options: the opening `balance` in rubles and the customer's `rating`; `work_rate`, applications
    an hour on each open order as the clock advances (0: nobody does anything); `work_hours`, about how long a text
    takes; `poor_share`, the share of results with bad figures; `instant_work`, whether performers apply and hand in
    at once; `correction_price` (for 1000 characters) and `detector_price`; and any field of `EtxtQuirks`.
    """

    name: ClassVar[str] = "etxt"

    def __init__(
        self,
        clock: SandboxClock | None = None,
        seed: int = 0,
        *,
        balance: str | Decimal = "50000",
        rating: int = 20_000,
        work_rate: float = 1,
        work_hours: float = 6,
        poor_share: float = 0.15,
        instant_work: bool = False,
        correction_price: str | Decimal = "25",
        detector_price: str | Decimal = "1",
        **quirks: object,
    ) -> None:
        super().__init__(clock, seed)
        self.quirks = switched(EtxtQuirks, quirks, self.name)
        people = Performers(seed, self.now())
        office = Office(self.quirks, people, self.dice("office"))
        self.script = EtxtScript(
            office, people, rate=work_rate, work_hours=work_hours, poor_share=poor_share, instant=instant_work
        )
        self._texts = self.dice("texts")
        self._customer = self._open_account(OWN_ID, "customer", "", Decimal(balance), rating)
        self._other = self._open_account(OTHER_ID, "somebody", "other-", Decimal(1000), 0)
        self.world = World(
            quirks=self.quirks,
            people=people,
            office=office,
            articles=articles(self.dice("articles"), self.now()),
            links=Links(self.fake_key("links"), self.now),
            customers={each.token: each for each in (self._customer, self._other)},
            correction_price=Decimal(correction_price),
            detector_price=Decimal(detector_price),
            ids=count(3001),
            published=self._changed,
        )
        later = self.now() + timedelta(days=30)
        terms = Terms(title="Someone else's order", price=10, price_type=2, size=100, id_category=1, deadline=later)
        self._foreign = office.create(self._other, terms, self.now(), public=True)

    # --- what every market has

    def app(self) -> ASGIApp:
        """The 61 functions and the files."""
        return EtxtWire(self.world, self.lock, self.now)

    def account(self, base_url: str) -> AccountSettings:
        """The settings of the customer under test."""
        mine = self._customer
        return {"token": mine.token, "api_pass": mine.api_pass, "base_url": base_url + API}

    def other_account(self, base_url: str) -> AccountSettings:
        """The settings of the other customer, in the same form."""
        return {"token": self._other.token, "api_pass": self._other.api_pass, "base_url": base_url + API}

    def tick(self) -> None:
        """Let performers act on the orders of the customer under test."""
        with self.lock:
            now = self.now()
            mine = [order for order in self.world.office.orders.values() if order.customer is self._customer]
            self.script.play(mine, now)
            self.world.office.keep_house(now)

    def books(self) -> Books:
        """The money of the customer under test."""
        with self.lock:
            return self._customer.purse.books()

    def is_api(self, path: str) -> bool:
        """Files are not part of the API."""
        return not path.startswith(FILES)

    def operation_of(self, request: Request) -> str | None:
        """The function's name: all share one path."""
        return request.query_params.get("method") if request.scope["path"].rstrip("/") == API.rstrip("/") else None

    # --- what happens behind the API

    @property
    def foreign_order(self) -> int:
        """A published order of the other customer."""
        return self._foreign.id

    def order(self, order_id: int | str) -> SandboxOrder:
        """One order, brought up to date."""
        with self.lock:
            try:
                order = self.world.office.orders[int(order_id)]
            except KeyError:
                raise SandboxError(f"There is no order {order_id}") from None
            order.refresh(self.now())
            return order

    def orders(self) -> list[SandboxOrder]:
        """The customer's orders, oldest first, archive included."""
        with self.lock:
            return self.world.office.of(self._customer, self.now())

    def results(self, order_id: int | str) -> list[SandboxResult]:
        """What was handed in for an order, oldest first."""
        return list(self.order(order_id).results)

    def person(self, user: int | str) -> Performer:
        """A performer."""
        if not self.world.people.exists(int(user)):
            raise SandboxError(f"There is no performer {user}")
        return self.world.people.person(int(user))

    def apply(self, order_id: int | str, user: int | str | None = None, text: str = "Готов взяться.") -> Remark:
        """A performer applies (somebody who may, without `user`); the order may accept by itself."""
        with self.lock:
            order = self.order(order_id)
            person = self.script.applicant(order) if user is None else self.person(user)
            if person is None or not self.world.office.may_apply(order, person):
                raise SandboxError(
                    f"Nobody may apply for order {order_id}" if user is None else f"{user} may not apply"
                )
            remark = self.world.office.apply(order, person, text, self.now())
            for each in self._taken_from(order):
                self.script.at_once(each, self.now())
            return remark

    def comment(self, order_id: int | str, user: int | str, text: str) -> Remark:
        """A performer writes under an order without applying."""
        with self.lock:
            person = self.person(user)
            return self.world.office.remark(self.order(order_id), person.id, person.login, text, self.now())

    def accept(self, application_id: int | str) -> int:
        """The customer accepts an application on the site; returns the id of the order that is now in work."""
        with self.lock:
            try:
                order, remark = self.world.office.application(self._customer, int(application_id), self.now())
                return self.world.office.accept(order, remark, "", self.now()).id
            except EtxtRefusal as refusal:
                raise SandboxError(f"The application {application_id} cannot be accepted: {refusal.code}") from refusal

    def hand_in(
        self,
        order_id: int | str,
        text: str | None = None,
        files: Mapping[str, bytes] | None = None,
        quality: Quality | None = None,
        *,
        comment: str = "",
        checked: bool = True,
    ) -> SandboxResult:
        """The performer hands in; on an order that waits, somebody applies and is accepted first.

        Of a multitask that makes a new order: `SandboxResult.order_id` names it. Without `text` (and files) the
        performer writes one of the order's size; `quality` are the figures of the check, which are good by default,
        and `checked=False` leaves the check out.
        """
        with self.lock:
            order, now = self.order(order_id), self.now()
            if order.status == OrderState.WAITING:
                remark = self.apply(order.id)
                order = self.order(self.accept(remark.application)) if remark.open else self._taken_from(order)[-1]
            if order.status != OrderState.IN_WORK:
                raise SandboxError(f"The order {order.id} has status {order.status.value}: nobody can hand in")
            uploads = [UploadedFile(name, content) for name, content in (files or {}).items()]
            words = text if text is not None else "" if uploads else written(self._texts, order.terms.size)
            self._check_size(order, words, bool(uploads))
            figures = (quality or Quality()) if checked else None
            return self.world.office.hand_in(order, words, uploads, figures, comment, now)

    def overdue(self, order_id: int | str) -> None:
        """Let the deadline of an order in work pass, without moving the clock."""
        with self.lock:
            order = self.order(order_id)
            if order.status != OrderState.IN_WORK:
                raise SandboxError(f"The order {order_id} has status {order.status.value}, not 2")
            order.set_deadline(self.now() - timedelta(minutes=1), self.now())
            order.refresh(self.now())

    def take_off(self, order_id: int | str) -> None:
        """The marketplace's people take the performer off an order, as a ticket asked for."""
        with self.lock:
            order = self.order(order_id)
            if not order.performer or order.status == OrderState.DONE:
                raise SandboxError(f"Nobody works on order {order_id}")
            self.world.office.take_off(order, self.now())

    def archive(self, order_id: int | str) -> None:
        """A done order moves to the archive now."""
        with self.lock:
            order = self.order(order_id)
            if order.status != OrderState.DONE:
                raise SandboxError(f"The order {order_id} is not done")
            order.archived_at = self.now()

    def archive_article(self, article_id: int | str) -> None:
        """An article that was bought moves to the archive."""
        with self.lock:
            bought = self._customer.bought.get(int(article_id))
            if bought is None:
                raise SandboxError(f"The article {article_id} was not bought")
            bought.archived = True

    def put_in_basket(self, article_id: int | str) -> None:
        """The customer puts an article into the basket, on the site."""
        with self.lock:
            self._customer.basket.add(int(article_id))

    def set_balance(self, amount: Decimal | int | str) -> None:
        """Set the customer's balance; the difference is a deposit in the books."""
        with self.lock:
            self._customer.deposit(Decimal(amount) - self._customer.purse.balance)

    def set_rating(self, rating: int) -> None:
        """Set the customer's own rating, which decides whether private messages can be written."""
        self._customer.rating = rating

    def message_from(self, user: int | str, text: str) -> None:
        """A performer writes a private message."""
        with self.lock:
            person = self.person(user)
            self._customer.letters.append(Letter(person.id, person.id, text, self.now()))

    def letters(self, user: int | str) -> list[Letter]:
        """The private messages to and from a performer, oldest first."""
        with self.lock:
            person = self.person(user)
            return [letter for letter in self._customer.letters if letter.peer == person.id]

    def system_message(self, text: str) -> int:
        """The marketplace tells the customer something; returns the message's id."""
        with self.lock:
            return self._customer.tell(text).id

    # --- inside

    def _open_account(self, number: int, login: str, prefix: str, balance: Decimal, rating: int) -> Customer:
        token, api_pass = self.fake_key(f"{prefix}token"), self.fake_key(f"{prefix}api-pass")
        purse = Purse("RUB", balance.quantize(Decimal("0.01")), self.now)
        return Customer(number, login, token, api_pass, rating, purse, self.quirks)

    def _changed(self, order: SandboxOrder) -> None:
        if order.customer is self._customer:
            self.script.at_once(order, self.now())

    def _taken_from(self, order: SandboxOrder) -> list[SandboxOrder]:
        """What is in work of an order: itself, or of a multitask the orders that came of it."""
        every = self.world.office.orders.values()
        return [each for each in every if (each is order or each.parent == order.id) and each.performer]

    def _check_size(self, order: SandboxOrder, text: str, with_files: bool) -> None:
        size = len(text) if order.terms.whitespaces else len("".join(text.split()))
        if order.terms.checksize and not with_files and size < order.terms.size * CHECKED_SIZE:
            raise SandboxError(f"The text has {size} characters, less than 90 % of {order.terms.size}")
