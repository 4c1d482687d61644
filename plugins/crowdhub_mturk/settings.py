"""The settings of one MTurk account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self, cast
from urllib.parse import urlsplit

from pydantic import SecretStr, model_validator

from crowdhub.protocol import ProviderSettings

LIVE_HOST = "mturk-requester.us-east-1.amazonaws.com"
SANDBOX_HOST = "mturk-requester-sandbox.us-east-1.amazonaws.com"


class MTurkSettings(ProviderSettings):
    """``access_key_id`` and ``secret_access_key`` sign, and of temporary keys ``session_token`` as well; the secret
    never travels.

    ``environment = "sandbox"`` is Amazon's own sandbox, which takes a live account's keys and no real money. ``region``
    is part of the signature; MTurk has one.
    """

    access_key_id: SecretStr
    secret_access_key: SecretStr
    session_token: SecretStr | None = None
    region: str = "us-east-1"
    base_url: str = f"https://{LIVE_HOST}"

    @model_validator(mode="before")
    @classmethod
    def _chosen(cls, given: object) -> object:
        if isinstance(given, Mapping):
            settings = cast("Mapping[str, object]", given)
            if settings.get("environment") == "sandbox" and "base_url" not in settings:
                return {**settings, "base_url": f"https://{SANDBOX_HOST}"}
        return cast("object", given)

    @model_validator(mode="after")
    def _one_environment(self) -> Self:
        try:
            host = urlsplit(self.base_url).hostname
        except ValueError:  # not an address at all: the engine refuses it
            return self
        if (self.environment, host) in (("sandbox", LIVE_HOST), ("live", SANDBOX_HOST)):
            raise ValueError(
                f"environment is {self.environment!r}, and base_url is not its host; leave one of them out"
            )
        return self
