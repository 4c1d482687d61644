"""What the marketplace's error codes mean. A refusal is HTTP 200 with ``{"error": "CODE"}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    def error(self) -> CrowdhubError:
        message = f"The marketplace refused it: {self.words}."
        if self.kind is InvalidRequest and self.where is not None:
            return InvalidRequest(issues=[Issue(self.where, self.words)])
        if self.kind is RateLimited:
            return RateLimited(message, retry_after=self.retry_after)
        return self.kind(message)


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

NO_WORK = Refusal(InvalidRequest, "the kind of work or the price does not meet the performer's conditions", "id_type")

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
        "no_work": NO_WORK,
        "no_uwork": NO_WORK,  # not documented, but met live
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

# No code for a wrong signature, an unknown key or an empty account is documented: a word in it decides. Live, the
# former two are Russian sentences.
GUESSES: tuple[tuple[re.Pattern[str], Refusal], ...] = (
    (
        re.compile(r"sign|token|auth|api_?(key|pass)|подпись|для работы с API", re.IGNORECASE),
        Refusal(AuthenticationFailed, "the key or the signature was not accepted"),
    ),
    (
        re.compile(r"money|balance|fund|средств", re.IGNORECASE),
        Refusal(InsufficientFunds, "the account's balance does not cover it"),
    ),
)
RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)
LONGEST_SENTENCE = 500  # characters


def refusal_of(function: str, response: Response) -> CrowdhubError | None:
    """The error that an answer holds, or None for a result: a code or a sentence under ``error``, or a Russian
    sentence alone, as a JSON string or as plain text. Raises `UnreadableResponse` for anything else that is not JSON.
    """
    if response.content.lstrip()[:1] not in (b"{", b"[", b'"', b"<") and _is_sentence(response.text):
        return _refused(function, response.text.strip())
    data = load_json(response)
    if isinstance(data, str):
        return _refused(function, data) if _is_sentence(data) else None
    members = mapping(data)
    error: object = members.get("error") if members is not None else None
    inner = mapping(error)
    if inner is not None:
        error = inner.get("code") or inner.get("name") or inner.get("message")
    if not isinstance(error, (str, int)) or not error:
        return None
    return _refused(function, str(error))


def _is_sentence(text: str) -> bool:
    return len(text) <= LONGEST_SENTENCE and RUSSIAN.search(text) is not None


def _refused(function: str, said: str) -> CrowdhubError:
    known = OWN.get(function, {}).get(said) or COMMON.get(said)
    if known is None:
        known = next((guess for pattern, guess in GUESSES if pattern.search(said)), None)
    found = known.error() if known is not None else ProviderError("The marketplace refused it.", provider_message=said)
    evidence = {"provider_message": said} if _is_sentence(said) else {"provider_code": said}
    return found.with_(**evidence, sent=True, http_status=200)


def ends_a_list(error: CrowdhubError) -> bool:
    """Whether a refusal of a further page means that the list ended before it: one that speaks of what was asked, and
    not one whose code is not known, for then the rest of the list may be there."""
    return error.http_status == 200 and isinstance(error, (NotFound, InvalidRequest))
