"""Multipart bodies as readable text: the boundary (which follows from the content, secrets included) replaced by a
fixed one, line ends by plain ones, files that are not text by their size and digest.

Such a body is compared, never sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection

BOUNDARY = "recorded"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_NAME = re.compile(r'(?:^|;)\s*name="([^"]*)"', re.IGNORECASE)


def readable(content_type: str, body: bytes, secret: Collection[str], put: Callable[[str], str]) -> bytes | None:
    """The body as text, with ``put(value)`` for the value of every secret field; None where it cannot be read.

    A body that was made readable before comes back as it is.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        return None
    if found[1] == BOUNDARY:
        return body
    pieces = (b"\r\n" + body).split(b"\r\n--" + found[1].encode())
    if len(pieces) < 2 or pieces[-1].strip() != b"--":
        return None
    lines: list[str] = []
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = head.decode("utf-8", "replace").replace("\r\n", "\n")
        name = _NAME.search(headers.partition(":")[2])
        text = _text(content)
        lines += [f"--{BOUNDARY}", headers, "", put(text) if name and name[1] in secret else text]
    return "\n".join([*lines, f"--{BOUNDARY}--", ""]).encode()


def _text(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return f"<{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}>"
    return text
