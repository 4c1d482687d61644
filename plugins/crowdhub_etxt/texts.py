"""The texts that performers hand in, as files."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from crowdhub.protocol import unescaped

CHARSETS = ("utf-8-sig", "windows-1251")


def read_text(file: Path | bytes, charset: str | None = None) -> str:
    """The words of a delivered text file, given as its path (`market.download` returns it) or its bytes.

    Live, it is windows-1251 with HTML entities (``&mdash;``), which are resolved here; UTF-8 is read as that.
    ``charset``: what it is in, where that is known. The file itself stays as it came. Raises `ValueError` where the
    given charset does not exist or is not the file's.
    """
    content = file if isinstance(file, bytes) else file.read_bytes()
    return unescaped(_decoded(content, charset)).replace("\r\n", "\n")


def _decoded(content: bytes, charset: str | None) -> str:
    if charset is not None:
        try:
            return content.decode(charset)
        except LookupError:
            raise ValueError(f"There is no charset {charset!r}.") from None
    found = first_decoded(content, CHARSETS)
    return content.decode(CHARSETS[-1], "replace") if found is None else found  # one byte there has no letter


def first_decoded(content: bytes, charsets: Iterable[str]) -> str | None:
    """The text in the first charset that it can be in; None: in none of them."""
    for each in charsets:
        with suppress(LookupError, UnicodeError):
            return content.decode(each)
    return None
