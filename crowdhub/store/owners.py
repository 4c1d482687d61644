"""Which account it is, by what its key opens rather than by what an application calls it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def owner_digest(secrets: Iterable[str], salt: bytes) -> str | None:
    """A salted hash of an account's secrets; None where it has none.

    48 bits: too short to prove a guess, long enough to tell keys apart.
    """
    keys = sorted(secret for secret in secrets if secret)
    return digest("\x00".join(keys), salt) if keys else None


def digest(text: str, salt: bytes) -> str:
    return hmac.new(salt, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]
