"""What the marketplace says in place of an answer: a sentence or a code and nothing else, in whatever shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crowdhub.protocol import decimal_or_none, load_json, mapping
from crowdhub_etxt.texts import CHARSETS, first_decoded

if TYPE_CHECKING:
    from crowdhub import Response

LONGEST = 300  # characters: what is longer is a page, not a sentence
_ENDINGS = " .!…"


def folded(text: str) -> str:
    """A sentence as it is compared: without its ending, its capitals and its breaks."""
    return " ".join(text.split()).rstrip(_ENDINGS).casefold()


def said_alone(response: Response) -> str | None:
    """The words that are the whole answer, plain or as a JSON text; None for data, and for a page."""
    if len(response.content) > 6 * LONGEST + 2:  # the longest that JSON writes a letter: \\u041f
        return None
    text = decoded(response).strip()
    try:
        data: object = json.loads(text)
    except (ValueError, RecursionError):
        data = None if text[:1] in ("{", "[", '"', "<") else text
    words = data.strip() if isinstance(data, str) else ""
    is_sentence = 0 < len(words) <= LONGEST and not words.startswith("<") and decimal_or_none(words) is None
    return words if is_sentence else None


def said_as_error(response: Response) -> str | None:
    """What stands under ``error``, its documented place; None where there is none. Raises `UnreadableResponse`."""
    members = mapping(load_json(response))
    error: object = members.get("error") if members is not None else None
    inner = mapping(error) or (members if error is True else None)
    if inner is not None:
        error = inner.get("code") or inner.get("name") or inner.get("message") or error
    if not error:
        return None
    return str(error) if isinstance(error, (str, int)) else json.dumps(error, ensure_ascii=False, default=str)


def decoded(response: Response) -> str:
    """An answer as text, in the charset that it declares or in the one that it turns out to be in."""
    declared = (response.charset,) if response.charset is not None else ()
    found = first_decoded(response.content, (*declared, *CHARSETS))
    return response.text if found is None else found
