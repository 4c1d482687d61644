"""What all families of functions share: one call, its parameters out, its result in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from crowdhub.errors import InvalidRequest, Issue, NotFound, OutcomeUnknown, UnreadableResponse
from crowdhub.protocol import Call, Effect, Flow, Page, Upload, WireModel, load_json, read_records, spend_once
from crowdhub_etxt.decoding import record_of, rows_of
from crowdhub_etxt.encoding import Params, encode

if TYPE_CHECKING:
    from datetime import datetime

    from crowdhub import Response

M = TypeVar("M", bound=WireModel)
T = TypeVar("T")

BuildCall = Callable[[str, "Sequence[tuple[str, str]]", Effect, Upload | None], Call]
"""Makes the call of a function by its name, its encoded parameters, its effect and its file."""

Look = Callable[[OutcomeUnknown, float], "Flow[T | None]"]
"""Looks for what a lost call made; see `spend_once`."""


class Functions:
    """One family of the marketplace's functions. Each method is a flow; it is run by `Market.run`.

    Raises, in any of them: `InvalidRequest` naming every issue before the request, `NotFound` (``no_object``;
    a listing is empty instead), `PermissionDenied` (``no_access``), and what the engine raises.
    """

    family: str

    def __init__(self, build: BuildCall, now: Callable[[], datetime]) -> None:
        self._build = build
        self._now = now

    def _name(self, function: str) -> str:
        return f"{self.family}.{function}"

    def _call(self, function: str, params: Params, effect: Effect, upload: Upload | None = None) -> Call:
        return self._build(self._name(function), encode(params), effect, upload)

    def _run(
        self,
        function: str,
        read: Callable[[Response], T],
        params: Params,
        *,
        effect: Effect = Effect.READ,
        issues: Sequence[Issue] = (),
        look_for: str | None = None,
        upload: Upload | None = None,
        delay: float = 0,
    ) -> Flow[T]:
        """The flow of one call. ``look_for``: what a person has to look at when the answer of a SPEND is lost."""

        def flow() -> Flow[T]:
            if issues:
                raise InvalidRequest(issues=issues)
            try:
                reply = yield self._call(function, params, effect, upload).after(delay)
            except OutcomeUnknown as lost:
                if look_for:
                    _ = lost.looking_for(look_for)
                raise
            return read(reply)

        return self._named(function, flow())

    def _one(self, function: str, model: type[M], params: Params, **more: Any) -> Flow[M]:
        """A function that answers with one record."""
        return self._run(function, lambda reply: one(model, reply), params, **more)

    def _many(
        self, function: str, model: type[M], params: Params, *, count: int | None = None, **more: Any
    ) -> Flow[Page[M]]:
        """A function that lists; ``no_object`` is an empty list. With ``count`` it is paged, by ``from``."""

        def flow() -> Flow[Page[M]]:
            asked = params if count is None else {"count": count, **params}
            try:
                rows, unread = yield from self._run(function, lambda reply: many(model, reply), asked, **more)
            except NotFound:
                return Page([])
            seen = len(rows) + len(unread)
            if count is None or seen < count:
                return Page(rows, None, unreadable=unread)
            further = {**params, "from": (params.get("from") or 0) + seen}
            return Page(rows, lambda: self._many(function, model, further, count=count, **more), unreadable=unread)

        return self._named(function, flow())

    def _spend(
        self,
        function: str,
        model: type[M],
        params: Params,
        look: Look[M],
        *,
        look_for: str,
        issues: Sequence[Issue] = (),
    ) -> Flow[M]:
        """A SPEND whose lost answer can be looked for; see `spend_once`."""

        def flow() -> Flow[M]:
            if issues:
                raise InvalidRequest(issues=issues)
            call = self._call(function, params, Effect.SPEND)
            return (yield from spend_once(call, lambda reply: one(model, reply), look, look_for=look_for))

        return self._named(function, flow())

    def _named(self, function: str, flow: Flow[T]) -> Flow[T]:
        # Errors name the operation by the generator's name: the marketplace's own word says most.
        cast("Any", flow).__name__ = self._name(function)
        return flow


def no_look(lost: OutcomeUnknown, delay: float) -> Flow[Any]:
    """For what cannot be looked for."""
    del delay
    raise lost
    yield  # a flow, too


def one(model: type[M], reply: Response) -> M:
    """The single record of an answer."""
    return model.parse(record_of(load_json(reply)), reply)


def many(model: type[M], reply: Response) -> tuple[list[M], tuple[UnreadableResponse, ...]]:
    """The records of an answer, and an error for each that cannot be read. A bare value is a record's id."""
    rows: list[Any] = [each if isinstance(each, (dict, list)) else {"id": each} for each in rows_of(load_json(reply))]
    return read_records(rows, dict, model)
