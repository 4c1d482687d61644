"""How calls are written, where the marketplace's own pages and SDKs contradict one another: verbs, and capitals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from crowdhub.errors import CrowdhubError, NotFound
from crowdhub.protocol import Call, Response

PATHS = {"lower": ("lower", "capital"), "capital": ("capital", "lower")}
"""How a path begins (``/jobs``, ``/Jobs``): what the settings say, and the other way."""
_NO_SUCH_CALL = re.compile(
    r"no method (?:handling|to handle)|method not (?:allowed|found|supported)|(?:unknown|no such) method"
    r"|cannot (?:GET|POST|PUT) /[^\s<]*|no route",
    re.IGNORECASE,
)
LONGEST = 2000  # characters of a refusal that are looked through


def written(call: Call, way: Mapping[str, str]) -> Call:
    """The call, written as is chosen: ``paths``, and a verb under whatever name."""
    verbs = [verb for name, verb in way.items() if name != "paths"]
    path = call.path if way["paths"] == "lower" else f"/{call.path[1].upper()}{call.path[2:]}"
    return replace(call, method=verbs[0] if verbs else call.method, path=path)


def told(error: CrowdhubError | None, response: Response) -> CrowdhubError | None:
    """A 404 whose page says that there is no such call (an HTML page, for some servers), with those words."""
    if not isinstance(error, NotFound) or error.provider_message is not None:
        return error
    said = _NO_SUCH_CALL.search(response.text[:LONGEST])
    return error if said is None else error.with_(provider_message=said.group())


def is_unknown(error: CrowdhubError) -> bool:
    """Whether an error proves that the marketplace has no such call, so that nothing was done: a 405, or a 404 that
    speaks of the method. One that speaks of a job or a task does not."""
    return error.http_status == HTTPStatus.METHOD_NOT_ALLOWED or is_unknown_path(error)


def is_unknown_path(error: CrowdhubError) -> bool:
    """The same where only the path can be written otherwise: a 405 has found it."""
    words = error.provider_message or ""
    return error.http_status == HTTPStatus.NOT_FOUND and _NO_SUCH_CALL.search(words[:LONGEST]) is not None
