"""What all families of functions share: one call, its parameters out, its result in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias, TypeVar

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue, OutcomeUnknown, UnreadableResponse
from crowdhub.protocol import (
    Call,
    Effect,
    Flow,
    Lookup,
    Operation,
    Page,
    WireModel,
    checked_arguments,
    load_json,
    mapping,
    read_records,
    sequence,
)
from crowdhub_etxt.decoding import record_of, rows_of
from crowdhub_etxt.encoding import Id, Params
from crowdhub_etxt.refusals import is_nothing

if TYPE_CHECKING:
    from datetime import datetime

    from crowdhub import Response

M = TypeVar("M", bound=WireModel)
Further: TypeAlias = Callable[[], Flow[Page[M]] | Operation[Page[M]]]
"""Makes the next page of a listing."""
LEAST_JOINED = 10  # records a page from which on each page begins with the last one of the page before
T = TypeVar("T")


class BuildCall(Protocol):
    """Makes the call of a function from its name, its parameters, its effect, and whether it takes money."""

    def __call__(self, function: str, params: Params, effect: Effect, costs: bool | None) -> Call: ...


class Functions:
    """One family of the marketplace's functions. Each method makes an `Operation` to be run by `Market.run`: it has
    the function's own name (``tasks.saveTask``), and its parameters as they are on the wire are its arguments.

    Raises, when it is run: `InvalidRequest` naming every issue before the request, `NotFound` (``no_object``;
    a listing is empty instead), `PermissionDenied` (``no_access``), and what the engine raises.
    """

    family: ClassVar[str]

    def __init_subclass__(cls) -> None:
        for name, function in [*vars(cls).items()]:
            if inspect.isfunction(function) and not name.startswith("_"):
                setattr(cls, name, checked_arguments(function))

    def __init__(self, build: BuildCall, now: Callable[[], datetime]) -> None:
        self._build = build
        self._now = now

    def _run(
        self,
        function: str,
        read: Callable[[Response], T],
        params: Params,
        *,
        effect: Effect = Effect.READ,
        costs: bool | None = None,
        issues: Sequence[Issue] = (),
        lookup: Lookup[T] | None = None,
        nothing: T | None = None,
        at_once: bool = False,
        after: float = 0,
        pays_for: Id | None = None,
    ) -> Operation[T]:
        """The operation of one call. ``costs``, ``at_once``: as of a `Call`; ``after``: seconds that it waits before it
        is sent. ``lookup``: how what a lost answer did is found. ``nothing``: what ``no_object`` stands for, where that
        is not an error. ``pays_for``: the order that its money goes to."""
        name = f"{self.family}.{function}"

        def flow(**asked: object) -> Flow[T]:
            if issues:
                raise InvalidRequest(issues=issues)
            try:
                reply = yield replace(self._build(name, asked, effect, costs), at_once=at_once, delay=after)
            except OutcomeUnknown as lost:
                if lookup is None:
                    raise
                raise lost.looking_for(lookup.look_for) from lost.__cause__
            except CrowdhubError as refusal:
                if nothing is None or not is_nothing(refusal):
                    raise
                return nothing
            return read(reply)

        given = {each: value for each, value in params.items() if value is not None}
        return Operation(name, flow, given, lookup, task_id=None if pays_for is None else str(pays_for))

    def _one(
        self,
        function: str,
        model: type[M],
        params: Params,
        *,
        effect: Effect = Effect.READ,
        costs: bool | None = None,
        issues: Sequence[Issue] = (),
        lookup: Lookup[M] | None = None,
        at_once: bool = False,
        pays_for: Id | None = None,
    ) -> Operation[M]:
        """A function that answers with one record."""

        def read(reply: Response) -> M:
            return model.parse(record_of(load_json(reply)), reply)

        return self._run(
            function,
            read,
            params,
            effect=effect,
            costs=costs,
            issues=issues,
            lookup=lookup,
            at_once=at_once,
            pays_for=pays_for,
        )

    def _many(
        self,
        function: str,
        model: type[M],
        params: Params,
        *,
        effect: Effect = Effect.READ,
        costs: bool | None = None,
        issues: Sequence[Issue] = (),
        lookup: Lookup[Page[M]] | None = None,
        after: float = 0,
    ) -> Operation[Page[M]]:
        """A function that lists, in one answer; ``no_object`` is an empty list."""

        def read(reply: Response) -> Page[M]:
            rows, unread = many(model, reply)
            return Page(rows, unreadable=unread)

        none: Page[M] = Page([])
        return self._run(
            function,
            read,
            params,
            effect=effect,
            costs=costs,
            issues=issues,
            lookup=lookup,
            nothing=none,
            after=after,
        )

    def _pages(
        self,
        function: str,
        model: type[M],
        params: Params,
        *,
        count: int,
        offset: int,
        issues: Sequence[Issue],
        last: object = None,
    ) -> Operation[Page[M]]:
        """A function that lists ``count`` records from ``offset`` on. Its pages move as records come and go, so each
        asks for the ``last`` record of the one before it again: where that comes first, nothing has moved. So no page
        behind the last one is asked for, and a refusal is no end of the list: the rest of it may be there."""
        step = count - 1 if count >= LEAST_JOINED else count

        def read(reply: Response) -> Page[M]:
            rows = rows_in(reply)
            joined = None if step == count else last is None or (bool(rows) and _name_of(rows[0]) == last)
            items, unread = read_records(rows[1:] if last is not None and joined else rows, dict, model)
            if len(rows) < count:
                return Page(items, unreadable=unread, joined=joined)
            name = _name_of(rows[-1]) if step < count else None
            further = offset + len(rows) - (count - step)
            return Page(
                items,
                lambda: self._pages(function, model, params, count=count, offset=further, issues=issues, last=name),
                unreadable=unread,
                joined=joined,
            )

        # Where there is nothing, the record before it is gone as well.
        none: Page[M] = Page([], joined=None if step == count else last is None)
        asked = {"count": count, "from": offset, **params}
        return self._run(function, read, asked, issues=issues, nothing=none)


def rows_in(reply: Response) -> list[object]:
    """The records of an answer as they came. A bare value is a record's id."""
    listed = rows_of(load_json(reply))
    return [{"id": each} if mapping(each) is None and sequence(each) is None else each for each in listed]


def many(model: type[M], reply: Response) -> tuple[list[M], tuple[UnreadableResponse, ...]]:
    """The records of an answer, and an error for each that cannot be read."""
    return read_records(rows_in(reply), dict, model)


def _name_of(row: object) -> object:
    """What tells a record from the others: its id, or where it has none all of it."""
    members = mapping(row)
    return row if members is None else str(members.get("id") or members.get("id_user") or members)
