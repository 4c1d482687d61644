"""The settings of one eTXT account."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field, SecretStr

from crowdhub.protocol import ProviderSettings


class EtxtSettings(ProviderSettings):
    """``token`` is the API key, ``api_pass`` the second secret, which signs and never travels; both are set in the
    account's interface settings at eTXT.

    ``reads_by_get``: send what only reads as GET, as the marketplace's documentation advises, where the address
    stays inside its 2048 characters. Off by default: in a POST body no content reaches a log of addresses.

    ``assumed_commission``: the share of the work that an estimate, and with it a budget, adds for eTXT (``"0.05"``:
    5 %). Without it none is added, for the documentation names none.
    """

    token: SecretStr
    api_pass: SecretStr
    base_url: str = "https://www.etxt.ru/api/json/"
    reads_by_get: bool = False
    assumed_commission: Decimal | None = Field(default=None, ge=0, le=1)
