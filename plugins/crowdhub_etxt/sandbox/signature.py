"""The md5 signature of a request's query string."""

import hashlib
import hmac
from collections.abc import Sequence


def signature(query: Sequence[tuple[str, str]], api_pass: str) -> str:
    """What `sign` must be for these decoded parameters; `sign` itself is left out.

    Of a repeated plain name the last value counts, as in PHP; every element of `name[]` is signed, in order.
    """
    last = {name: value for name, value in query if not name.endswith("[]")}
    signed = [*last.items(), *((name, value) for name, value in query if name.endswith("[]"))]
    params = "".join(f"{name}={value}" for name, value in sorted(signed, key=_by_name) if name != "sign")
    return _md5(params + _md5(api_pass + "api-pass"))


def is_signed(query: Sequence[tuple[str, str]], api_pass: str, sign: str) -> bool:
    """Whether `sign` is the right one, in lower case."""
    return hmac.compare_digest(signature(query, api_pass).encode(), sign.encode("utf-8", "replace"))


def _by_name(pair: tuple[str, str]) -> bytes:
    return pair[0].encode("utf-8", "replace")


def _md5(text: str) -> str:
    # The marketplace's own algorithm: nothing here rests on its strength.
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
