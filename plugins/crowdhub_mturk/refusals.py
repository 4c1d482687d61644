"""What a refusal means. There are two families: MTurk's own, with a ``TurkErrorCode``, and that of the door that all
AWS services share, with a ``__type`` and a ``message`` in lower case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from crowdhub.protocol import Call, Response, error_of_no_json, error_of_status, mapping, text_or_none

KINDS: Mapping[str, type[CrowdhubError]] = {
    "AccessDeniedException": PermissionDenied,
    "ExpiredTokenException": AuthenticationFailed,
    "HITTooOldForExtension": InvalidRequest,
    "IncompleteSignature": AuthenticationFailed,
    "IncompleteSignatureException": AuthenticationFailed,
    "InsufficientFunds": InsufficientFunds,
    "InvalidClientTokenId": AuthenticationFailed,
    "InvalidMaximumAssignmentsIncrease": InvalidRequest,
    "InvalidParameterValue": InvalidRequest,
    "InvalidSignatureException": AuthenticationFailed,
    "MissingAuthenticationToken": AuthenticationFailed,
    "MissingAuthenticationTokenException": AuthenticationFailed,
    "ParameterValidationError": InvalidRequest,
    "PermissionDeniedException": PermissionDenied,
    "SerializationException": InvalidRequest,
    "ServiceFault": ProviderUnavailable,
    "ServiceUnavailable": ProviderUnavailable,
    "ServiceUnavailableException": ProviderUnavailable,
    "SignatureDoesNotMatch": AuthenticationFailed,
    "Throttling": RateLimited,
    "ThrottlingException": RateLimited,
    "TooManyRequestsException": RateLimited,
    "UnknownOperationException": InvalidRequest,
    "UnrecognizedClientException": AuthenticationFailed,
    "ValidationException": InvalidRequest,
    "XHTMLParseError": InvalidRequest,
    "XMLParseError": InvalidRequest,
}
"""By the last part of a code: ``AWS.MechanicalTurk.InsufficientFunds``, ``com.amazon.coral#AccessDeniedException``."""
ENDINGS: Mapping[str, type[CrowdhubError]] = {
    "DoesNotExist": NotFound,
    "AlreadyExists": Conflict,
    "State": Conflict,
}
_PROCESSED = re.compile(r"\bidempotency token\b|\brequest ID\b|\b(?:been|was|already) processed\b", re.IGNORECASE)
"""As was seen, and as it is documented: "a message containing the request ID"."""
_FUNDS = re.compile(r"\binsufficient funds\b|\bnot have (?:sufficient|enough) funds\b", re.IGNORECASE)
_OWN_WORD = ("RequestError", "ServiceFault")


def error_of(call: Call, response: Response) -> CrowdhubError | None:
    """The error that an answer stands for, or None for a good one.

    ``was_done`` where it says that a request with the same token was carried out before.
    """
    error = error_of_status(response)
    if error is None:
        return error_of_no_json(response)
    told = _members(response)
    if told is None:
        return error
    kind = (text_or_none(told.get("__type")) or "").rpartition("#")[2].partition(":")[0]
    code = text_or_none(told.get("TurkErrorCode")) or kind
    words = text_or_none(told.get("Message")) or text_or_none(told.get("message"))
    if not code and words is None:
        return error
    return _refusal(call, error, code or None, words)


def _members(response: Response) -> dict[str, object] | None:
    try:
        return mapping(response.json())
    except (ValueError, RecursionError):
        return None


def _refusal(call: Call, error: CrowdhubError, code: str | None, words: str | None) -> CrowdhubError:
    message = f"The marketplace refused it: {words}" if words else error.message
    kind = _kind(call, error, code, words or "")
    evidence: dict[str, Any] = {**error.evidence, "provider_code": code, "provider_message": words}
    made = kind(message, sent=True, **evidence)
    if isinstance(made, Conflict) and _is_of_this_token(call, code or "", words or ""):
        return made.with_(was_done=True)
    return made


def _kind(call: Call, error: CrowdhubError, code: str | None, words: str) -> type[CrowdhubError]:
    name = (code or "").rpartition(".")[2]
    if found := KINDS.get(name):
        return found
    for ending, kind in ENDINGS.items():
        if name.casefold().endswith(ending.casefold()):
            return kind
    if _PROCESSED.search(words) or _names_its_token(call, words):
        return Conflict
    if _FUNDS.search(words):
        return InsufficientFunds
    if error.http_status == 400:  # in MTurk's own family a code is missing, or it is new
        return InvalidRequest if name in ("", *_OWN_WORD) else ProviderError
    return type(error)


def _is_of_this_token(call: Call, code: str, words: str) -> bool:
    """Whether a refusal tells of an earlier request with the token of this one; that a HIT exists is told by a code, of
    bonuses and further assignments by words alone."""
    if token_of(call) is None:
        return False
    exists = code.casefold().endswith("hitalreadyexists")
    return exists or _names_its_token(call, words) or _PROCESSED.search(words) is not None


def _names_its_token(call: Call, words: str) -> bool:
    token = token_of(call)
    return token is not None and token in words


def token_of(call: Call) -> str | None:
    """The `UniqueRequestToken` of a request."""
    sent = mapping(Response(200, content=call.content).json()) if call.content else None
    return None if sent is None else text_or_none(sent.get("UniqueRequestToken"))
