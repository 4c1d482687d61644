"""One MTurk account: how its calls are made, sealed and refused, and its money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from crowdhub.errors import CrowdhubError, InvalidRequest
from crowdhub.model import Balance, Money, Task
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Effect,
    Flow,
    PreparedRequest,
    Provider,
    Response,
    Token,
    operation,
    unreadable,
    why_no_amount,
)
from crowdhub_mturk.encoding import amount_issues, body_of, issues_of, members_of
from crowdhub_mturk.functions import Api
from crowdhub_mturk.reading import task_of
from crowdhub_mturk.records import CURRENCY, HIT
from crowdhub_mturk.refusals import error_of
from crowdhub_mturk.settings import SANDBOX_HOST, MTurkSettings
from crowdhub_mturk.signing import Keys, seal_of

TARGET = "MTurkRequesterServiceV20170117"
CONTENT_TYPE = "application/x-amz-json-1.1"


class Account(Provider[MTurkSettings]):
    """The parts of `MTurk` that all its operations stand on."""

    name = "mturk"
    title = "Amazon Mechanical Turk"
    currency = CURRENCY
    settings_type = MTurkSettings
    sandbox_hosts = (SANDBOX_HOST,)
    # The signature is a part of its header, and told apart from the rest by its own name.
    credential_places = CredentialPlaces(headers=("Authorization", "X-Amz-Security-Token"), query=("Signature",))
    reward_decimals = 2

    def __init__(self, settings: MTurkSettings, *, account: str | None = None) -> None:
        super().__init__(settings, account=account)
        self.api = Api(self._build)
        """All operations of the API, by family."""

    def _build(
        self,
        operation: str,
        members: Mapping[str, object],
        effect: Effect,
        *,
        costs: bool | None,
        idempotent_for: timedelta | None,
    ) -> Call:
        """Every operation is the same request, with its name in a header."""
        body = members_of(members)
        if issues := [*amount_issues(members, self.currency), *issues_of(body)]:
            raise InvalidRequest(issues=issues)
        return Call.post(
            "/",
            effect=effect,
            costs=costs,
            idempotent_for=idempotent_for,
            operation=operation,
            headers={"X-Amz-Target": f"{TARGET}.{operation}"},
            content=body_of(body),
            content_type=CONTENT_TYPE,
        )

    def seal(self, request: PreparedRequest, token: Token | None = None) -> Mapping[str, str]:
        settings, session = self.settings, self.settings.session_token
        keys = Keys(
            settings.access_key_id.get_secret_value(),
            settings.secret_access_key.get_secret_value(),
            None if session is None else session.get_secret_value(),
        )
        return seal_of(request, keys, settings.region, self.now())

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        return error_of(call, response)

    @operation
    def balance(self) -> Flow[Money]:
        """``GetAccountBalance``."""
        found = yield from self.api.account.get_account_balance()
        if found.available_balance is None:
            told = found.raw.get("AvailableBalance")
            raise unreadable(f"it tells no balance: {why_no_amount(told)}", dict(found.raw))
        return Balance(found.available_balance.amount, CURRENCY, held=found.on_hold_balance)

    def _task(self, hit: HIT) -> Task:
        return task_of(hit, self.identity, self.now())
