"""What all families of operations share: one call, its members out, its answer in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol, TypeVar

from pydantic import ConfigDict, with_config

from crowdhub.errors import Conflict, CrowdhubError, Lost, OutcomeUnknown
from crowdhub.protocol import (
    Call,
    Effect,
    Flow,
    Page,
    load_json,
    mapping,
    read_each,
    text_or_none,
    unreadable,
)
from crowdhub_mturk.records import Record

R = TypeVar("R", bound=Record)
ROWS = 100  # a page; without saying so it would be ten
KNOWN_FOR = timedelta(hours=23)
"""How long a `UniqueRequestToken` is relied on: the marketplace keeps it for 24 hours, and clocks differ."""


named_only = with_config(ConfigDict(extra="forbid"))
"""Arguments by name, and no others than these."""


class BuildCall(Protocol):
    """Makes the call of an operation out of its members, checked. Raises `InvalidRequest`."""

    def __call__(
        self,
        operation: str,
        members: Mapping[str, object],
        effect: Effect,
        *,
        costs: bool | None,
        idempotent_for: timedelta | None,
    ) -> Call: ...


class Family:
    """Some of the API's operations. Each is named as there, in snake case, and so are its arguments and its records.

    Raises, when it is run: `InvalidRequest` naming everything that does not fit the service's model before any request,
    and what `refusals` has.
    """

    def __init__(self, build: BuildCall) -> None:
        self._build = build

    def _ask(
        self,
        operation: str,
        members: Mapping[str, object],
        effect: Effect = Effect.READ,
        *,
        costs: bool | None = None,
        idempotent_for: timedelta | None = None,
    ) -> Flow[dict[str, object]]:
        reply = yield self._build(operation, members, effect, costs=costs, idempotent_for=idempotent_for)
        answer = load_json(reply)
        found = mapping(answer)
        if found is None:
            raise unreadable("it is not an object", answer, reply)
        return found

    def _pay(self, operation: str, members: Mapping[str, object], token: str | None) -> Flow[dict[str, object]]:
        """A call that takes money each time, unless the marketplace knows its token."""
        known_for = None if token is None else KNOWN_FOR
        asked = {**members, "UniqueRequestToken": token}
        return (yield from self._ask(operation, asked, Effect.SPEND, idempotent_for=known_for))

    def _paid_now(self, operation: str, members: Mapping[str, object], token: str | None) -> Flow[bool]:
        """`_pay`; False where an earlier request with the token did it."""
        try:
            _ = yield from self._pay(operation, members, token)
        except Conflict as refusal:
            if not refusal.was_done:
                raise
            return False
        return True

    def _change(self, operation: str, **members: object) -> Flow[None]:
        """A call that leaves one result however often it is sent, and takes no money."""
        _ = yield from self._ask(operation, members, Effect.SETTLE, costs=False)

    def _page(self, operation: str, rows: str, record: type[R], **members: object) -> Flow[Page[R]]:
        """A listing goes on as long as there is a token: a page may be empty, and another one follow it."""
        answer = yield from self._ask(operation, {"MaxResults": ROWS, **members})
        items, bad = read_each(answer.get(rows), record.parse)
        token = text_or_none(answer.get("NextToken"))
        onward = {**members, "NextToken": token}
        more = (
            (lambda: self._page(operation, rows, record, **onward))
            if token and token != members.get("NextToken")
            else None
        )
        return Page(items, more=more, unreadable=bad)


def accepted_before(refusal: Conflict, look: Callable[[], Flow[R]]) -> Flow[R]:
    """What a request with the same token did before, by a ``look``. Raises the refusal where it says no such thing, and
    `OutcomeUnknown` where that cannot be looked at."""
    if not refusal.was_done:
        raise refusal
    try:
        return (yield from look())
    except CrowdhubError as blind:
        raise OutcomeUnknown(
            f"An earlier request with the same token was carried out, and cannot be looked at: {blind.message}",
            lost=Lost.ACCEPTED,
            **refusal.evidence,
        ) from blind


def part_of(answer: Mapping[str, object], name: str, record: type[R]) -> R:
    """A record that an answer must have. Raises `UnreadableResponse`, with all that came in its place."""
    if mapping(answer.get(name)) is None:
        raise unreadable(f"it has no {name}", dict(answer))
    return record.parse(answer[name])


def text_of(answer: Mapping[str, object], name: str) -> str:
    """A text that an answer must have. Raises `UnreadableResponse`."""
    found = answer.get(name)
    if not isinstance(found, str):
        raise unreadable(f"it has no {name}", dict(answer))
    return found
