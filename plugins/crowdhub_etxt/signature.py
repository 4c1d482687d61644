"""The signature of a request: ``md5(PARAMS + md5(api_pass + "api-pass"))`` (provider page, "Signature").

PARAMS are the parameters of the query string except ``sign``, sorted by name, each ``name=value``, joined with
nothing, values as they are before URL encoding. What travels in a body is not signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import urlencode

from crowdhub.protocol import Call

LONGEST_URL = 2048
SIGN = "sign"


def sign_of(query: Iterable[tuple[str, str]], api_pass: str) -> str:
    """The signature over these query parameters (pairs of name and plain value), as 32 lower-case hex digits."""
    params = "".join(f"{name}={value}" for name, value in sorted(query) if name != SIGN)
    return _md5(params + _md5(api_pass + "api-pass"))


def signed(call: Call, token: str, api_pass: str) -> Call:
    """The call with its ``token`` and ``sign``, both in the query string, where they must be."""
    with_token = call.with_query(("token", token))
    return with_token.with_query((SIGN, sign_of(with_token.query_pairs(), api_pass)))


def url_length(base_url: str, query: Iterable[tuple[str, str]], token: str) -> int:
    """How long the address of a request with these parameters will be, its token and signature included."""
    return len(base_url) + 1 + len(urlencode([*query, ("token", token), (SIGN, "0" * 32)]))


def _md5(text: str) -> str:
    # The marketplace's protocol; nothing of ours relies on its strength.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
