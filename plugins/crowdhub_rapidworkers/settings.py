"""An account's settings, and what a draft can say to RapidWorkers alone."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from pydantic import Field, SecretStr

from crowdhub.model import ProviderOptions
from crowdhub.protocol import ProviderSettings

COMMISSION = Decimal("0.10")  # as in the documented example: 5.00 on 50.00; no page promises it


class RapidWorkersSettings(ProviderSettings):
    """``api_key`` is sent as the header ``X-API-Key``. ``allow_engagement_jobs`` opens the ready-made jobs,
    which buy likes, followers and reviews: see the plugin's README for why they are closed.

    ``assumed_commission``: the share of the work that an estimate, and with it a budget, adds for the marketplace
    (``"0.15"``: 15 %). The default is the documented example's; no page promises it."""

    api_key: SecretStr
    base_url: str = "https://api.rapidworkers.io"
    allow_engagement_jobs: bool = False
    assumed_commission: Decimal = Field(default=COMMISSION, ge=0, le=1)


class RapidWorkersOptions(ProviderOptions):
    """Settings of a draft for RapidWorkers alone; each overrides the draft's neutral field.

    Useful for one draft that goes to several marketplaces, whose categories have different names.
    """

    provider: ClassVar[str] = "rapidworkers"

    category: str | None = None
    sub_category: str | None = None
    proof_required_description: str | None = None
    approve_once_full: bool | None = None
