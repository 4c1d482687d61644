"""An account's settings, and what a rejection has to say besides its reason."""

from __future__ import annotations

from typing import ClassVar

from pydantic import SecretStr

from crowdhub.model import ProviderOptions
from crowdhub.protocol import ProviderSettings


class OnedoorSettings(ProviderSettings):
    """``key`` travels in the header ``X-Key``, and signs each body. ``currency``: what the account pays in."""

    key: SecretStr
    currency: str = "EUR"
    base_url: str = "https://api.onedoor.example"


class RejectionCategory(ProviderOptions):
    """Why work is rejected: ``too-short``, ``off-topic`` or ``copied``."""

    provider: ClassVar[str] = "onedoor"

    category: str
