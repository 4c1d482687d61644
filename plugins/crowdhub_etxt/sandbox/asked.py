"""One call of a function, and what the functions work on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count

from crowdhub_etxt.sandbox.accounts import Customer
from crowdhub_etxt.sandbox.catalogue import ShopArticle
from crowdhub_etxt.sandbox.links import Links
from crowdhub_etxt.sandbox.office import Office
from crowdhub_etxt.sandbox.orders import SandboxOrder
from crowdhub_etxt.sandbox.params import Params
from crowdhub_etxt.sandbox.people import Performer, Performers
from crowdhub_etxt.sandbox.quirks import EtxtQuirks
from crowdhub_etxt.sandbox.refusal import NO_OBJECT, EtxtRefusal


@dataclass(slots=True, kw_only=True)
class World:
    """The marketplace: what is the same for every call."""

    quirks: EtxtQuirks
    people: Performers
    office: Office
    articles: dict[int, ShopArticle]
    links: Links
    customers: dict[str, Customer]
    correction_price: Decimal
    detector_price: Decimal
    ids: "count[int]"
    published: Callable[[SandboxOrder], None]
    """Called after an order may have changed, so that scripted performers see it."""


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """Who asks what, and when."""

    world: World
    customer: Customer
    params: Params
    origin: str
    now: datetime

    @property
    def office(self) -> Office:
        """The orders."""
        return self.world.office

    def order(self, name: str = "id") -> SandboxOrder:
        """The customer's order that a parameter names."""
        return self.office.get(self.customer, self.params.integer(name), self.now)

    def person(self, name: str = "id") -> Performer:
        """The performer that a parameter names."""
        user = self.params.integer(name)
        if not self.world.people.exists(user):
            raise EtxtRefusal(NO_OBJECT)
        return self.world.people.person(user)

    def folder(self, name: str = "id_folder") -> int:
        """A folder of the customer's; 0, the root, where none is named."""
        folder = self.params.integer(name, 0, least=0)
        self.customer.folders.check(folder)
        return folder

    def link(self, kind: str, *numbers: int, name: str, lasting: bool = False) -> str:
        """A link to a file, on the address that the client used."""
        return self.world.links.make(self.origin, kind, *numbers, name=name, lasting=lasting)


Handler = Callable[[FunctionCall], object]
