"""What an error answer means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from crowdhub.errors import CrowdhubError, InsufficientFunds, InvalidRequest
from crowdhub.protocol import Response, error_of_no_json, error_of_status, load_json, mapping, sequence, text_or_none

LONGEST = 1000
_FUNDS = re.compile(r"\b(funds?|balance|top[ -]?up)\b", re.IGNORECASE)
"""No words are documented for too little money: these are taken for it."""


def error_of(response: Response) -> CrowdhubError | None:
    """By the HTTP status, with the words of any of the three documented shapes; a 400 that speaks of money is
    `InsufficientFunds`."""
    error = error_of_status(response)
    if error is None:
        return error_of_no_json(response)
    told = _told(response)
    if told is None:
        return error
    words = ": ".join(dict.fromkeys(_words(told)))[:LONGEST]
    if not words:
        return error
    evidence: dict[str, Any] = {
        **error.evidence,
        "provider_code": text_or_none(told.get("error_code")),
        "provider_message": words,
    }
    said = f"The marketplace refused it: {words}"
    if isinstance(error, InvalidRequest) and _FUNDS.search(words):
        return InsufficientFunds(said, **evidence)
    return error.with_(message=said, **evidence)


def _told(response: Response) -> Mapping[str, object] | None:
    """The object that holds the words: inside of ``error``, or the answer itself."""
    try:
        data = mapping(load_json(response))
    except CrowdhubError:
        return None
    if data is None:
        return None
    return mapping(data.get("error")) or data


def _words(told: Mapping[str, object]) -> Iterator[str]:
    for name in ("title", "message"):
        if isinstance(text := told.get(name), str) and text:
            yield text
    detail = told.get("detail")
    fields = mapping(detail)
    if fields is not None:
        for name, why in fields.items():
            yield f"{name}: {' '.join(_texts(why))}"
    else:
        yield from _texts(detail)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    for each in sequence(value) or ():
        yield from _texts(each)
