"""An answer as a flow is sent it: whole, and independent of the HTTP library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from typing import Any

from crowdhub.frames import also_half_made
from crowdhub.protocol.call import UNSET


class Headers(Mapping[str, str]):
    """An answer's headers; names are compared without regard to case, repeated ones are joined by commas."""

    __slots__ = ("_pairs", "_table")

    def __init__(self, pairs: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> None:
        self._pairs: tuple[tuple[str, str], ...] = tuple(pairs.items() if isinstance(pairs, Mapping) else pairs)
        self._table: dict[str, str] | None = None

    def _found(self) -> dict[str, str]:
        if self._table is None:
            table: dict[str, str] = {}
            for name, value in self._pairs:
                key = name.lower()
                table[key] = f"{table[key]}, {value}" if key in table else value
            self._table = table
        return self._table

    def __getitem__(self, name: str) -> str:
        return self._found()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._found()

    @also_half_made
    def __repr__(self) -> str:
        return f"Headers({', '.join(self)})"  # names only: an answer can set or repeat a credential


class Response:
    """An answer: ``status_code``, ``headers`` and the whole body in ``content``.

    A test makes one as it likes: ``Response(200, json={"id": 7})``.
    """

    __slots__ = ("content", "headers", "status_code")

    def __init__(
        self,
        status_code: int,
        *,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        content: bytes = b"",
        text: str | None = None,
        json: object = UNSET,
    ) -> None:
        self.status_code = status_code
        if json is not UNSET:
            content, kind = _dumped(json), "application/json"
        elif text is not None:
            content, kind = text.encode(), "text/plain; charset=utf-8"
        else:
            kind = None
        self.content = content
        self.headers = Headers(headers)
        if kind is not None and "content-type" not in self.headers:
            self.headers = Headers([*self.headers.items(), ("content-type", kind)])

    @property
    def charset(self) -> str | None:
        """The character set that the answer claims."""
        kind = self.headers.get("content-type", "")
        if "charset" not in kind.lower():
            return None
        message = Message()
        message["content-type"] = kind
        return message.get_content_charset()

    @property
    def text(self) -> str:
        """The body as text, whatever character set it claims: some that Python knows are not text at all."""
        charset = self.charset or "utf-8"
        try:
            return self.content.decode("utf-8" if "escape" in charset.lower() else charset, "replace")
        except (LookupError, UnicodeError):
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The decoded body. Raises `ValueError`; `load_json` keeps numbers exact and raises an error of ours."""
        return json.loads(self.content)

    @also_half_made
    def __repr__(self) -> str:
        return f"<Response {self.status_code}, {len(self.content)} bytes>"


def _dumped(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
