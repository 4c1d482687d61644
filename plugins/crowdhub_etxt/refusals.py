"""What the marketplace's error codes mean. A refusal is HTTP 200 with ``{"error": "CODE"}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Issue,
    NotFound,
    PermissionDenied,
    ProviderError,
    RateLimited,
)
from crowdhub.protocol import load_json, mapping

if TYPE_CHECKING:
    from crowdhub import Response

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error that a code stands for. ``where``: the parameter that is at issue, for an `InvalidRequest`."""

    kind: type[CrowdhubError]
    words: str
    where: str | None = None
    retry_after: float | None = None

    def error(self, code: str) -> CrowdhubError:
        evidence: dict[str, Any] = {"provider_code": code, "sent": True, "http_status": 200}
        if self.kind is InvalidRequest:
            if self.where is None:
                return InvalidRequest(f"The marketplace refused it: {self.words}.", **evidence)
            return InvalidRequest(issues=[Issue(self.where, self.words)], **evidence)
        if self.kind is RateLimited:
            evidence["retry_after"] = self.retry_after
        return self.kind(f"The marketplace refused it: {self.words}.", **evidence)


COMMON: Mapping[str, Refusal] = {
    "no_params": Refusal(InvalidRequest, "a required parameter is missing or wrong"),
    "no_object": Refusal(NotFound, "nothing was found for this request"),
    "no_access": Refusal(
        PermissionDenied,
        "no access to this action or object: in its present state, or with this balance, or with this key",
    ),
    "is_private_data": Refusal(InvalidRequest, "holds contact data, which is not allowed there", "text"),
    "max_limit": Refusal(InvalidRequest, "a limit that the marketplace sets for this operation is passed"),
    "file_is_empty": Refusal(InvalidRequest, "arrived empty", "file"),
    "file_not_uploaded": Refusal(InvalidRequest, "was not uploaded correctly", "file"),
    "file_too_big": Refusal(InvalidRequest, "is larger than the marketplace allows", "file"),
    "file_bad_type": Refusal(InvalidRequest, "has a format that the marketplace does not allow", "file"),
    "file_has_virus": Refusal(InvalidRequest, "holds a virus, says the marketplace", "file"),
}
"""The codes that any function may answer with."""

OWN: Mapping[str, Mapping[str, Refusal]] = {
    "users.setReport": {
        "is_timeout": Refusal(RateLimited, "one review a day about the same user is allowed", retry_after=DAY),
        "no_access": Refusal(
            PermissionDenied,
            "no review may be added: this account is barred from reviews, or shares no work with that user",
        ),
    },
    "tasks.saveTask": {
        "no_utarget": Refusal(
            InvalidRequest, "there is no such performer, or one of you has the other on a black list", "id_target"
        ),
        "no_work": Refusal(
            InvalidRequest, "the kind of work or the price does not meet the performer's conditions", "id_type"
        ),
    },
    **{
        # These are about nothing but the account itself: only a key that is not accepted has no access.
        function: {"no_access": Refusal(AuthenticationFailed, "no access, so the key or the signature is wrong")}
        for function in ("users.getBalance", "categories.listCategories", "options.getLangs")
    },
    "messages.writePrivate": {
        "max_limit": Refusal(RateLimited, "one private message a minute is allowed", retry_after=60),
    },
}
"""The codes of single functions, which go before the common ones."""

# No code for a wrong signature, an unknown key or an empty account is documented: a word in the code decides.
GUESSES: tuple[tuple[re.Pattern[str], Refusal], ...] = (
    (
        re.compile(r"sign|token|auth|api_?(key|pass)", re.IGNORECASE),
        Refusal(AuthenticationFailed, "the key or the signature was not accepted"),
    ),
    (
        re.compile(r"money|balance|fund", re.IGNORECASE),
        Refusal(InsufficientFunds, "the account's balance does not cover it"),
    ),
)


def refusal_of(function: str, response: Response) -> CrowdhubError | None:
    """The error in the body of an answer, or None for a result. Raises `UnreadableResponse` for what is no JSON."""
    members = mapping(load_json(response))
    error: Any = members.get("error") if members is not None else None
    inner = mapping(error)
    if inner is not None:
        error = inner.get("code") or inner.get("name") or inner.get("message")
    if not isinstance(error, (str, int)) or not error:
        return None
    code = str(error)
    known = OWN.get(function, {}).get(code) or COMMON.get(code)
    if known is None:
        known = next((guess for pattern, guess in GUESSES if pattern.search(code)), None)
    if known is not None:
        return known.error(code)
    return ProviderError("The marketplace refused it.", provider_code=code, provider_message=code, http_status=200)
