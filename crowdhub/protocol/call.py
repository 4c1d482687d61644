"""One HTTP request as a value, and what repeating it would do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TypedDict, Unpack, cast

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.frames import also_half_made
from crowdhub.model import Money


class Effect(Enum):
    """What repeating a call would do; in the words of RFC 9110, whether its method is safe or idempotent."""

    READ = "read"
    """Nothing (safe): it may be repeated freely."""
    SETTLE = "settle"
    """Repeating leaves one result (idempotent: approve, reject, block): it may be repeated, and then looked at."""
    SPEND = "spend"
    """Each repetition costs again (publish, bonus, buy): never repeated on a guess."""


class _Unset(Enum):
    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET = _Unset.UNSET
"""No JSON body at all, as against ``json=None``, which sends ``null``."""


_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; *[\w.+-]+=[\w.+-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send: ``content`` is its bytes, or the path from which the engine reads them."""

    filename: str
    content: bytes | Path
    content_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        if _CONTENT_TYPE.fullmatch(self.content_type) is None:  # it is part of a header
            raise InvalidRequest(issues=[Issue("content_type", f"{self.content_type!r} is none, such as image/png")])


class CallOptions(TypedDict, total=False):
    """What a `Call` may say besides its method, path and effect."""

    operation: str | None
    query: Mapping[str, str | int] | Sequence[tuple[str, str | int]]
    headers: Mapping[str, str] | None
    json: object
    form: Mapping[str, str] | Sequence[tuple[str, str]] | None
    multipart: Sequence[tuple[str, str | Upload]] | None
    content: bytes | None
    content_type: str | None
    costs: bool | None
    price: Money | None
    idempotent_for: timedelta | None
    base: str
    delay: float
    timeout: float | None
    authenticated: bool
    once: bool
    at_once: bool
    limit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request, as a value. It holds no credentials: those are added in the transport.

    ``path`` is relative to the account's base URL (``base`` names the setting that holds it) or absolute.
    ``operation``: the marketplace's name for it where all calls share one path; logs, dry runs, cassettes and a
    sandbox's faults go by it. The body is at most one of ``json``, ``form`` (URL-encoded), ``multipart`` (fields
    and `Upload`\\ s) and ``content`` (bytes as they are, of ``content_type``).

    ``costs``: whether it takes money; None: as its effect says, so that only a SPEND does. True for an idempotent
    call that does (more places of a task), False for one that must not be repeated and is free (making a draft).
    ``price``: what it takes, fees and all, where the marketplace told that in the same operation before: the budget and
    the application are asked about it, and it is what counts as spent.
    ``idempotent_for``: how long the marketplace takes the same SPEND, sent again, for the same request. Where it
    answers the second one with a refusal, `Provider.error` gives that ``was_done=True``: it is thrown into the flow.
    ``delay``: seconds to wait before sending. ``authenticated=False``: the call that fetches a token.
    ``limit``: names the `RateLimit` (its ``what``) that holds for this call besides the account's own.
    ``once``: one attempt only, for a marketplace that counts each of them; what went wrong is thrown into the
    flow, which may yield the call again. ``at_once``: nothing may wait between what was read before and this call;
    where it would have to wait, or was told to, `RateLimited` is thrown instead, and it is not repeated.
    """

    method: str
    path: str
    effect: Effect
    operation: str | None = None
    query: Mapping[str, str | int] | Sequence[tuple[str, str | int]] = ()
    headers: Mapping[str, str] | None = None
    json: object = UNSET
    form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None
    multipart: Sequence[tuple[str, str | Upload]] | None = None
    content: bytes | None = None
    content_type: str | None = None
    costs: bool | None = None
    price: Money | None = None
    idempotent_for: timedelta | None = None
    base: str = "base_url"
    delay: float = 0
    timeout: float | None = None
    authenticated: bool = True
    once: bool = False
    at_once: bool = False
    limit: str | None = None

    @classmethod
    def get(cls, path: str, *, effect: Effect = Effect.READ, **more: Unpack[CallOptions]) -> Call:
        return cls(method="GET", path=path, effect=effect, **more)

    @classmethod
    def post(cls, path: str, *, effect: Effect, **more: Unpack[CallOptions]) -> Call:
        return cls(method="POST", path=path, effect=effect, **more)

    @classmethod
    def put(cls, path: str, *, effect: Effect, **more: Unpack[CallOptions]) -> Call:
        return cls(method="PUT", path=path, effect=effect, **more)

    @classmethod
    def patch(cls, path: str, *, effect: Effect, **more: Unpack[CallOptions]) -> Call:
        return cls(method="PATCH", path=path, effect=effect, **more)

    @classmethod
    def delete(cls, path: str, *, effect: Effect, **more: Unpack[CallOptions]) -> Call:
        return cls(method="DELETE", path=path, effect=effect, **more)

    @property
    def takes_money(self) -> bool:
        """Whether it is budgeted, confirmed and kept in the ledger."""
        if self.costs is None:
            return self.effect is Effect.SPEND or self.price is not None
        return self.costs

    @property
    def may_be_repeated(self) -> bool:
        """Whether it may be sent again after an answer was lost: it leaves one result however often it is sent."""
        return self.effect is not Effect.SPEND or self.idempotent_for is not None

    @property
    def label(self) -> str:
        """What logs and dry runs call it: its method and path, and its operation where it has one."""
        return f"{self.method} {self.path}" + (f" {self.operation}" if self.operation else "")

    def query_pairs(self) -> list[tuple[str, str]]:
        """The query as pairs of text, in the order given."""
        items: Iterable[tuple[str, str | int]] = self.query.items() if isinstance(self.query, Mapping) else self.query
        return [(name, str(value)) for name, value in items]

    def with_headers(self, **headers: str) -> Call:
        """A copy with more headers; underscores in names stand for hyphens."""
        added = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**(self.headers or {}), **added})

    def with_query(self, *pairs: tuple[str, str | int]) -> Call:
        return replace(self, query=[*self.query_pairs(), *pairs])

    def with_json(self, **members: object) -> Call:
        """A copy whose JSON object has more members."""
        given = {} if self.json is UNSET else cast("dict[str, object]", self.json)
        return replace(self, json={**given, **members})

    def after(self, seconds: float) -> Call:
        """A copy that waits before it is sent."""
        return replace(self, delay=seconds)

    @also_half_made
    def __repr__(self) -> str:
        # Neither query nor body: a signed copy holds credentials there.
        return f"Call({self.label} {self.effect.name})"


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request as its bytes will be sent, for `Provider.seal`: header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def path_segment(text: str) -> str:
    """An id as one piece of a call's path. Raises `InvalidRequest` for text that could lead elsewhere."""
    strange = any(character in "/?#\\%" or character.isspace() or not character.isprintable() for character in text)
    if not text or strange or text in (".", ".."):
        raise InvalidRequest(issues=[Issue("id", f"{text!r} is not an id of this marketplace")])
    return text
