"""An account: its settings, whose it is, its limits, and where its credentials travel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

Environment = Literal["live", "sandbox"]
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine; False for what is no address at all."""
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False


def is_port(number: int) -> bool:
    """Whether a connection can be made to it: a larger one would be taken for another."""
    return 1 <= number <= 65535


class ProviderSettings(BaseModel):
    """The settings of one account. Declare keys as `SecretStr`: they are then redacted everywhere.

    ``environment``: ``live`` or ``sandbox``; without it, a loopback address and the provider's own sandbox
    hosts are ``sandbox`` and everything else is ``live``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str
    environment: Environment | None = None

    def secrets(self) -> list[str]:
        """The plain text of every secret setting."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [v.get_secret_value() for v in values if isinstance(v, SecretStr)]


class Identity(TypedDict):
    """Whose a model is."""

    provider: str
    account: str
    environment: str


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``calls`` in any ``seconds``; ``what`` names a limit that holds for some calls only."""

    calls: int
    seconds: float
    what: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialPlaces:
    """Where this marketplace's credentials travel, by name, so that they can be taken out of recordings."""

    headers: Sequence[str] = ()
    query: Sequence[str] = ()
    form: Sequence[str] = ()
    """Fields of a URL-encoded or multipart body; those of ``query`` and ``json`` are taken out there as well."""
    json: Sequence[str] = ()
    answers: Sequence[str] = ()
    """Members of a JSON answer that are secret (an access token, say), at any depth; ``access_token.id`` is the
    member of that object only."""


@dataclass(frozen=True, slots=True)
class Token:
    """A credential that had to be fetched; ``expires_at`` is when to fetch a new one. ``parts``: its other secret
    parts, by name, where it has several (temporary keys: an id, a key and a session)."""

    value: SecretStr
    expires_at: datetime | None = None
    parts: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])

    def secrets(self) -> list[str]:
        """The plain text of every part."""
        return [each.get_secret_value() for each in (self.value, *self.parts.values())]
