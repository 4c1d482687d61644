"""An account's settings, and what a draft can say to CrowdSDOM alone."""

from __future__ import annotations

from typing import ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr, model_validator

from crowdhub.model import FreeText, ProviderOptions
from crowdhub.protocol import LOOPBACK, ProviderSettings

SANDBOX_HOSTS = ("api.sandbox.crowdsdom.com", "account.sandbox.crowdsdom.com")


class CrowdSDOMSettings(ProviderSettings):
    """``api_key`` and ``api_secret``, from which a token is fetched at ``account_url``; or an ``access_token``.

    ``paths``: ``capital`` where the server takes ``/Jobs`` and not ``/jobs``. Reading and settling find that out by
    themselves; a publish is sent once, so it is refused where this is wrong and nothing was read before.
    """

    api_key: SecretStr | None = None
    api_secret: SecretStr | None = None
    access_token: SecretStr | None = None
    base_url: str = "https://api.crowdsdom.com/v1"
    account_url: str = "https://account.crowdsdom.com"
    paths: Literal["lower", "capital"] = "lower"

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        pair = (self.api_key is not None, self.api_secret is not None)
        if self.access_token is not None and any(pair):
            raise ValueError("give either access_token, or api_key and api_secret, not both")
        if self.access_token is None and not all(pair):
            raise ValueError("api_key and api_secret are needed (or an access_token instead of both)")
        if self.access_token is None and _kind(self.base_url) != _kind(self.account_url):
            # Else a sandbox's program would show its key to the live account host, or the other way round.
            raise ValueError("base_url and account_url are not of the same environment; set both")
        return self


def _kind(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return "loopback" if host in LOOPBACK else "sandbox" if host in SANDBOX_HOSTS else "other"


class CrowdSDOMOptions(ProviderOptions):
    """Settings of a draft for CrowdSDOM alone. Durations are whole seconds.

    ``lifetime``: how long workers may take the job (600 to 2,592,000; the marketplace's default is 604,800), in
    place of the draft's ``deadline``. ``task_duration``: how long one worker may take (300 to 86,400; 300).
    ``auto_approval_delay``: when unreviewed work is approved, and paid, by itself (0 to 2,592,000; 86,400), in
    place of the draft's ``auto_approve``. ``job_type_id``: the job type that carries title, description, reward,
    keywords and durations; the draft must then leave them out, except the reward, which is only compared.
    """

    provider: ClassVar[str] = "crowdsdom"

    keywords: tuple[str, ...] = ()
    lifetime: int | None = None
    task_duration: int | None = None
    auto_approval_delay: int | None = None
    job_type_id: str | None = None


class CrowdSDOMText(FreeText):
    """A free text question with what only CrowdSDOM knows: the box's ``lines``, and whether it must be a number
    (``is_number``) within ``min_value`` and ``max_value``."""

    provider: ClassVar[str] = "crowdsdom"

    lines: int | None = None
    is_number: bool = False
    min_value: int | None = None
    max_value: int | None = None
