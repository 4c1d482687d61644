"""One eTXT account: how its calls are made, signed and refused, and how its orders are looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from crowdhub.errors import (
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    PermissionDenied,
)
from crowdhub.model import Money
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Effect,
    Flow,
    Provider,
    RateLimit,
    Token,
    Upload,
    operation,
    unreadable,
    why_no_amount,
)
from crowdhub_etxt.codes import OrderStatus
from crowdhub_etxt.encoding import Params, encode, identifier
from crowdhub_etxt.functions import Api
from crowdhub_etxt.functions.orders import ArchivedOrder, OrderInfo
from crowdhub_etxt.functions.tasks import MOST
from crowdhub_etxt.refusals import refusal_of
from crowdhub_etxt.settings import EtxtSettings
from crowdhub_etxt.signature import LONGEST_URL, signed, url_length

if TYPE_CHECKING:
    from crowdhub import Response

PRIVATE_MESSAGE = "messages.writePrivate"
"""The function that may be called once a minute only."""

UNTOLD = ("no_access", "max_limit")
"""The codes that may stand for an empty account."""


class Account(Provider[EtxtSettings]):
    """The parts of `Etxt` that all its operations stand on."""

    name = "etxt"
    title = "eTXT"
    currency = "RUB"
    settings_type = EtxtSettings
    credential_places = CredentialPlaces(query=("token", "sign"))
    page_rows: ClassVar[int] = MOST
    """Orders asked for at once when they are listed; 100 at most."""
    rate_limits: ClassVar[Sequence[RateLimit]] = (RateLimit(1, 60, what=PRIVATE_MESSAGE),)

    def __init__(self, settings: EtxtSettings, *, account: str | None = None) -> None:
        super().__init__(settings, account=account)
        self.api = Api(self._build, self._moment)
        """All functions of the marketplace, by family."""

    def _moment(self) -> datetime:
        return self.now()  # looked up each time: the engine puts its own clock there

    def _build(self, function: str, params: Params, effect: Effect, costs: bool | None) -> Call:
        """The call of a function: its name in the address, everything else in the body, where nothing is signed,
        cut off at 2,048 characters or kept in a log of addresses."""
        query = [("method", function)]
        limit = function if function == PRIVATE_MESSAGE else None
        files = [(name, value) for name, value in params.items() if isinstance(value, Upload)]
        pairs = encode({name: value for name, value in params.items() if not isinstance(value, Upload)})
        if files:
            return Call.post(
                "", operation=function, effect=effect, costs=costs, query=query, multipart=[*pairs, *files]
            )
        if self.settings.reads_by_get and effect is Effect.READ and all(name != "method" for name, _ in pairs):
            long = [*query, *pairs]
            if self._url_length(long) <= LONGEST_URL:
                return Call.get("", operation=function, query=long)
        return Call.post("", operation=function, effect=effect, costs=costs, query=query, form=pairs, limit=limit)

    def _url_length(self, query: Sequence[tuple[str, str]]) -> int:
        return url_length(self.settings.base_url, query, self.settings.token.get_secret_value())

    def sign(self, call: Call, token: Token | None = None) -> Call:
        """Adds ``token`` and ``sign`` to the query. Raises `InvalidRequest` where the address would be too long."""
        settings = self.settings
        length = self._url_length(call.query_pairs())
        if length > LONGEST_URL:
            raise InvalidRequest(
                f"The address of this request would have {length} characters; eTXT takes {LONGEST_URL}. Use POST."
            )
        return signed(call, settings.token.get_secret_value(), settings.api_pass.get_secret_value())

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        """Refusals are HTTP 200 with ``{"error": "CODE"}``, and more (`refusal_of`)."""
        return refusal_of(dict(call.query_pairs()).get("method", ""), response)

    @operation
    def balance(self) -> Flow[Money]:
        """`users.getBalance`: what is free on the account, in RUB."""
        found = yield from self.api.users.get_balance()
        if found.balance is None:
            told = found.raw.get("balance")
            raise unreadable(f"it tells no balance: {why_no_amount(told)}", dict(found.raw))
        return found.balance

    def _explained(self, refusal: CrowdhubError, need: Money) -> Flow[CrowdhubError]:
        """A refusal of something that costs ``need``: no code for an empty account is documented, so the balance is
        read to tell."""
        if not isinstance(refusal, (PermissionDenied, InvalidRequest)) or refusal.provider_code not in UNTOLD:
            return refusal
        try:
            have = yield from self.balance()
        except CrowdhubError:
            return refusal
        if have >= need:
            return refusal
        return InsufficientFunds(
            f"The marketplace refused it, and the balance of {have} does not cover {need}.",
            provider_code=refusal.provider_code,
            http_status=refusal.http_status,
        )

    # --- looking orders up -------------------------------------------------------------------------------

    def _order(self, order_id: str, where: str = "task_id") -> Flow[OrderInfo | None]:
        """One current order, or None. Raises `InvalidRequest` for what is not an id."""
        if issues := identifier(where, order_id):
            raise InvalidRequest(issues=issues)
        page = yield from self.api.tasks.list_tasks(id=order_id)
        return next((each for each in page.items if str(each.id) == str(int(order_id))), None)

    def _needed_order(self, order_id: str, where: str = "task_id") -> Flow[OrderInfo]:
        order = yield from self._order(order_id, where)
        if order is None:
            raise NotFound(f"There is no order {order_id} in this account's lists (the archive is not among them).")
        return order

    def _taken_back(self, order: OrderInfo) -> Flow[bool]:
        """Whether an order that is overdue is among the refusals: it was taken back."""
        if order.status is not OrderStatus.OVERDUE:
            return False
        return bool((yield from self.api.rating.list_tasks_fails(id_task=order.id)).items)

    def _archived(self, order_id: str) -> Flow[ArchivedOrder | None]:
        page = yield from self.api.tasks_archive.list_tasks(id=order_id)
        return next((each for each in page.items if str(each.id) == str(int(order_id))), None)
