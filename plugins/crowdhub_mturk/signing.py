"""AWS Signature Version 4: ``seal`` over the bytes that are sent.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html. What is signed are the headers that the
official client signs: ``content-type``, ``host`` and every ``x-amz-*``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from crowdhub.protocol import PreparedRequest

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "mturk-requester"


@dataclass(frozen=True)
class Keys:
    """What an account signs with; temporary keys have a session token as well."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def seal_of(request: PreparedRequest, keys: Keys, region: str, moment: datetime) -> dict[str, str]:
    """The headers that sign a request: ``X-Amz-Date``, ``Authorization``, and for temporary keys their token."""
    at = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    added = {"X-Amz-Date": at}
    if keys.session_token is not None:
        added["X-Amz-Security-Token"] = keys.session_token
    signed = _signed_headers({**request.headers, **{name.lower(): value for name, value in added.items()}})
    scope = f"{at[:8]}/{region}/{SERVICE}/aws4_request"
    text = "\n".join([ALGORITHM, at, scope, _digest(_canonical(request, signed).encode())])
    signature = hmac.new(_signing_key(keys.secret_access_key, scope), text.encode(), "sha256").hexdigest()
    credential = f"Credential={keys.access_key_id}/{scope}"
    added["Authorization"] = f"{ALGORITHM} {credential}, SignedHeaders={';'.join(signed)}, Signature={signature}"
    return added


def _signed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are signed, in their order, with single spaces."""
    names = sorted(name for name in headers if name in ("content-type", "host") or name.startswith("x-amz-"))
    return {name: " ".join(headers[name].split()) for name in names}


def _canonical(request: PreparedRequest, signed: Mapping[str, str]) -> str:
    """The request in the one form in which both sides sign it. MTurk has nothing in the query."""
    path = quote(urlsplit(request.url).path or "/", safe="/-._~%")
    headers = [f"{name}:{value}" for name, value in signed.items()]
    return "\n".join([request.method, path, "", *headers, "", ";".join(signed), _digest(request.body)])


def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
