"""What a refusal means, where a marketplace answers as most do: by HTTP status and JSON error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypedDict, cast

from crowdhub import errors
from crowdhub.errors import CrowdhubError, Issue, UnreadableResponse
from crowdhub.model import country_code
from crowdhub.protocol.call import Call, Effect
from crowdhub.protocol.reading import EVIDENCE, beginning_of, mapping, text_or_none, words_of
from crowdhub.protocol.response import Response

LONGEST_PLAIN = 10_000  # bytes


class Evidence(TypedDict):
    """What a refusal tells, as every error takes it."""

    http_status: int
    provider_code: str | None
    provider_message: str | None
    excerpt: str | None


def evidence_of(response: Response) -> Evidence:
    """The code and the words of a refusal, and its beginning, for a person to read where neither was found."""
    code, words = error_words(response)
    return Evidence(
        http_status=response.status_code,
        provider_code=code,
        provider_message=words,
        excerpt=beginning_of(response),
    )


def country_issues(countries: Sequence[str], where: str = "countries") -> list[Issue]:
    """One issue for each country that ISO 3166-1 does not know."""
    return [
        Issue(where, f"{country!r} is not an ISO 3166 country (use codes such as US, GB)")
        for country in countries
        if country_code(country) is None
    ]


def error_of_status(response: Response) -> CrowdhubError | None:
    """The error that an HTTP status stands for; None for 2xx. It is `foreign` where the body is no JSON object."""
    status = response.status_code
    if 200 <= status < 300:
        return None
    error = _error_of_status(status, response)
    return error if _is_object(response) else error.with_(foreign=True)


def _is_object(response: Response) -> bool:
    try:
        return mapping(response.json()) is not None
    except (ValueError, RecursionError):
        return False


def _error_of_status(status: int, response: Response) -> CrowdhubError:
    evidence = evidence_of(response)
    words = evidence["provider_message"]
    message = f"The marketplace refused it: {words}" if words else f"The marketplace answered with HTTP {status}."
    if 300 <= status < 400:
        return errors.ProviderError(
            "The marketplace answered with a redirect, which is never followed; check `base_url`.", **evidence
        )
    kinds: dict[int, type[errors.MarketplaceError]] = {
        401: errors.AuthenticationFailed,
        402: errors.InsufficientFunds,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        409: errors.Conflict,
        429: errors.RateLimited,
        502: errors.ProviderUnavailable,
        503: errors.ProviderUnavailable,
        504: errors.ProviderUnavailable,
    }
    kind = kinds.get(status)
    if kind is not None:
        return kind(message, **evidence)
    if 400 <= status < 500:
        next_step = None if words else "The marketplace names nothing that it knows to be wrong; its answer is above."
        return errors.InvalidRequest(message, sent=True, next_step=next_step, **evidence)
    return errors.ProviderError(message, **evidence)


def error_of_no_json(response: Response) -> UnreadableResponse | None:
    """The error for a good status whose body is not JSON (a gateway's HTML page, say). No body at all is an answer."""
    body = response.content
    if body[:1] in (b"", b"{", b"[") or body.lstrip()[:1] in (b"", b"{", b"[") or _is_plain_json(body):
        return None
    kind = response.headers.get("content-type", "no content type")
    return UnreadableResponse(
        f"The marketplace answered something that is not JSON ({kind}).",
        excerpt=beginning_of(response),
        http_status=response.status_code,
        provider_message=words_of(response.text),
    )


def error_of_no_success(call: Call, response: Response) -> CrowdhubError | None:
    """The error for a good status whose JSON says ``"success": false``, with its ``message``, where a marketplace
    documents that member.

    That nothing was done is not documented with it: of a call that costs, or may, the outcome is unknown then (an
    `UnreadableResponse` is what a lost answer is made of).
    """
    if b'"success"' not in response.content:
        return None
    try:
        data: object = response.json()
    except (ValueError, RecursionError):
        return None
    members = mapping(data)
    if members is None or members.get("success") not in (False, "false"):
        return None
    is_free = call.effect is Effect.READ or (call.effect is Effect.SETTLE and call.costs is False)
    kind = errors.ProviderError if is_free else UnreadableResponse
    return kind("The marketplace says that it did not succeed.", **evidence_of(response))


def _is_plain_json(body: bytes) -> bool:
    """Whether a short body is a JSON text, number or word."""
    if len(body) > LONGEST_PLAIN:
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def error_words(response: Response) -> tuple[str | None, str | None]:
    """The code and the words of a JSON error in any of the usual shapes; words only for short plain text."""
    try:
        data: object = response.json()
    except (ValueError, RecursionError):
        return None, words_of(response.text)
    for _ in range(3):  # {"error": {"error": …}} is as deep as anybody nests it
        members = mapping(data)
        if members is None:
            break
        inner = members.get("error")
        if isinstance(inner, str) and any(name in members for name in ("message", "error_description")):
            return inner, _short(members.get("message") or members.get("error_description"))
        if not isinstance(inner, (dict, str)):
            code = members.get("code") or members.get("name")
            said = members.get("message") or members.get("detail") or members.get("description")
            return (str(code) if code else None), _short(said)
        data = cast("object", inner)
    return None, _short(text_or_none(data))


def _short(words: object) -> str | None:
    return str(words)[:EVIDENCE] if words else None
