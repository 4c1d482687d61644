"""Protocol logic without I/O: a provider's operation is a generator of calls.

It yields a `Call`, is sent the `Response`, and returns a neutral model::

    def balance(self) -> Flow[Money]:
        reply = yield Call.post("/account/get_balance", json={}, effect=Effect.READ)
        return wire.Balance.read(reply).to_money()

One piece of protocol code serves the sync and the async engine, and a test drives it by hand with
``next`` and ``send``. A flow yields single calls only, and is run once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue, Lost, OutcomeUnknown, UnreadableResponse

if TYPE_CHECKING:
    from crowdhub.engine.http import Response
    from crowdhub.protocol.page import Page

T = TypeVar("T")


class Effect(Enum):
    """What repeating a call would do."""

    READ = "read"
    """Nothing: it may be repeated freely."""
    SETTLE = "settle"
    """Repeating leaves one result (approve, reject, block): it may be repeated, and then looked at."""
    SPEND = "spend"
    """Each repetition costs again (publish, bonus, buy): never repeated on a guess."""


class _Unset(Enum):
    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET = _Unset.UNSET
"""No JSON body at all, as against ``json=None``, which sends ``null``."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send: ``content`` is its bytes, or the path from which the engine reads them."""

    filename: str
    content: bytes | Path
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request, as a value. It holds no credentials: those are added in the transport.

    ``path`` is relative to the account's base URL (``base`` names the setting that holds it) or absolute.
    The body is at most one of ``json``, ``form`` (URL-encoded) and ``multipart`` (fields and `Upload`\\ s).
    ``delay``: seconds to wait before sending. ``authenticated=False``: the call that fetches a token.
    ``limit``: names the `RateLimit` (its ``what``) that holds for this call besides the account's own.
    ``once``: one attempt only, for a marketplace that counts each of them; what went wrong is thrown into the
    flow, which may yield the call again.
    """

    method: str
    path: str
    effect: Effect
    query: Mapping[str, str | int] | Sequence[tuple[str, str | int]] = ()
    headers: Mapping[str, str] | None = None
    json: Any = UNSET
    form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None
    multipart: Sequence[tuple[str, str | Upload]] | None = None
    base: str = "base_url"
    delay: float = 0
    timeout: float | None = None
    authenticated: bool = True
    once: bool = False
    limit: str | None = None

    @classmethod
    def get(cls, path: str, *, effect: Effect = Effect.READ, **more: Any) -> Call:
        return cls(method="GET", path=path, effect=effect, **more)

    @classmethod
    def post(cls, path: str, *, effect: Effect, **more: Any) -> Call:
        return cls(method="POST", path=path, effect=effect, **more)

    @classmethod
    def put(cls, path: str, *, effect: Effect, **more: Any) -> Call:
        return cls(method="PUT", path=path, effect=effect, **more)

    @classmethod
    def delete(cls, path: str, *, effect: Effect, **more: Any) -> Call:
        return cls(method="DELETE", path=path, effect=effect, **more)

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

    def with_json(self, **members: Any) -> Call:
        """A copy whose JSON object has more members."""
        return replace(self, json={**({} if self.json is UNSET else self.json), **members})

    def after(self, seconds: float) -> Call:
        """A copy that waits before it is sent."""
        return replace(self, delay=seconds)

    def __repr__(self) -> str:
        # Neither query nor body: a signed copy holds credentials there.
        return f"Call({self.method} {self.path} {self.effect.name})"


def path_segment(text: str) -> str:
    """An id as one piece of a call's path. Raises `InvalidRequest` for text that could lead elsewhere."""
    strange = any(character in "/?#\\%" or character.isspace() or not character.isprintable() for character in text)
    if not text or strange or text in (".", ".."):
        raise InvalidRequest(issues=[Issue("id", f"{text!r} is no id of this marketplace")])
    return text


Flow: TypeAlias = "Generator[Call, Response, T]"


def nothing(value: T) -> Flow[T]:
    """A flow that needs no call."""
    return value
    yield  # pragma: no cover - makes this a generator


def every(first: Flow[Page[T]], *, whole: bool = False) -> Flow[list[T]]:
    """All items of a listing, page by page, for a flow that needs them together. ``whole``: to prove that something
    is absent, so a record that cannot be read raises its `UnreadableResponse`."""
    page = yield from first
    items, unreadable = list(page.items), list(page.unreadable)
    while page.more is not None:
        page = yield from page.more()
        items.extend(page.items)
        unreadable.extend(page.unreadable)
    if whole and unreadable:
        raise unreadable[0]
    return items


class FlowRun(Generic[T]):
    """Owns one run of a flow: starts it, feeds it, always closes it, refuses one that was already run.

    ``call`` is what to send next (None: it has ended, and ``result`` holds its value).
    """

    __slots__ = ("_flow", "_result", "call", "ended")

    def __init__(self, flow: Flow[T]) -> None:
        given: object = flow
        if not inspect.isgenerator(given):
            raise TypeError(f"a flow is a generator (call the operation, do not pass it): got {flow!r}")
        if inspect.getgeneratorstate(given) != inspect.GEN_CREATED:
            raise RuntimeError(f"the flow {given.__name__!r} was already run; call the operation again for a new one")
        self._flow = flow
        self.ended = False
        self.call: Call | None = None

    @property
    def operation(self) -> str:
        name: str = getattr(self._flow, "__name__", "flow")
        return name

    @property
    def result(self) -> T:
        if not self.ended:
            raise RuntimeError(f"the flow {self.operation!r} has not ended")
        return self._result

    def start(self) -> Call | None:
        return self._advance(lambda: next(self._flow))

    def send(self, response: Response) -> Call | None:
        return self._advance(lambda: self._flow.send(response))

    def throw(self, error: Exception) -> Call | None:
        return self._advance(lambda: self._flow.throw(error))

    def _advance(self, step: Callable[[], Call]) -> Call | None:
        try:
            call = step()
        except StopIteration as stop:
            self.ended = True
            self._result: T = stop.value
            self.call = None
        else:
            if not isinstance(call, Call):  # pyright: ignore[reportUnnecessaryIsInstance]
                self._flow.close()
                raise TypeError(f"the flow {self.operation!r} yielded {call!r}; a flow yields single Calls only")
            self.call = call
        return self.call

    def close(self) -> None:
        self._flow.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


LOOKS: Mapping[Lost, Sequence[float]] = {
    # The marketplace had finished: what is not there now will not come. The second look allows for a
    # listing that is served a moment behind.
    Lost.ANSWERED: (0, 1),
    # The connection broke while it may still have been at work.
    Lost.BROKEN: (0, 1, 3, 6),
    # It said yes: what it made may be listed a moment later.
    Lost.ACCEPTED: (0, 1, 3, 6),
    # It was slow: it may finish long after. Looks can find it, but never prove that it is absent.
    Lost.TIMED_OUT: (0, 2, 5),
}
"""Seconds to wait before each look for what a lost call may have made."""


def spend_once(
    call: Call,
    read: Callable[[Response], T],
    look: Callable[[OutcomeUnknown, float], Flow[T | None]],
    *,
    look_for: str,
) -> Flow[T]:
    """Send a SPEND; when its answer is lost, look for what it made; send once more only if that is certainly absent.

    ``read`` reads the answer. ``look(lost, delay)`` is a flow of READs, the first of them sent after
    ``delay`` seconds, which returns what the lost call made or None. ``look_for`` says, for a person, what
    to look for and where.

    Raises `OutcomeUnknown` when it cannot be told; nothing is sent again then.
    """
    may_send_again = True
    while True:
        try:
            reply = yield call
        except OutcomeUnknown as error:
            lost = error
        else:
            try:
                return read(reply)
            except UnreadableResponse as error:
                # The marketplace took the request and said something else than it documents.
                lost = OutcomeUnknown(
                    f"The marketplace answered something unreadable to a request that spends: {error.message}",
                    lost=Lost.ACCEPTED,
                    http_status=reply.status_code,
                )
        for delay in LOOKS[lost.lost]:
            try:
                found = yield from look(lost, delay)
            except CrowdhubError as blind:
                raise lost.looking_for(look_for) from blind
            if found is not None:
                return found
        if lost.lost in (Lost.ACCEPTED, Lost.TIMED_OUT) or not may_send_again:
            raise lost.looking_for(look_for)
        may_send_again = False
