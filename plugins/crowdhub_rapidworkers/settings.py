"""An account's settings, and what a draft can say to RapidWorkers alone."""

from __future__ import annotations

from typing import ClassVar

from pydantic import SecretStr

from crowdhub.model import ProviderOptions
from crowdhub.protocol import ProviderSettings


class RapidWorkersSettings(ProviderSettings):
    """``api_key`` is sent as the header ``X-API-Key``. ``allow_engagement_jobs`` opens the ready-made jobs,
    which buy likes, followers and reviews: see the plugin's README for why they are closed."""

    api_key: SecretStr
    base_url: str = "https://api.rapidworkers.io"
    allow_engagement_jobs: bool = False


class RapidWorkersOptions(ProviderOptions):
    """Settings of a draft for RapidWorkers alone; each overrides the draft's neutral field.

    Useful for one draft that goes to several marketplaces, whose categories have different names.
    """

    provider: ClassVar[str] = "rapidworkers"

    category: str | None = None
    sub_category: str | None = None
    proof_required_description: str | None = None
    approve_once_full: bool | None = None
