"""`messages` and `rating`: system messages, private messages, refusals of orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, model_validator

from crowdhub.errors import Conflict
from crowdhub.protocol import (
    Effect,
    Flow,
    LenientDecimal,
    LenientInt,
    LenientText,
    Lookup,
    Operation,
    Page,
    WireModel,
    every,
    mapping,
)
from crowdhub_etxt.codes import RatingBack
from crowdhub_etxt.decoding import Flag, When, rows_of
from crowdhub_etxt.encoding import CLOCKS, Id, aware, between, identifier, identifiers, length
from crowdhub_etxt.functions.base import Functions
from crowdhub_etxt.functions.records import Changed


class SystemMessage(WireModel):
    """``text`` may hold HTML or BB code."""

    id: int
    date: When = None
    text: LenientText = None


class PrivateMessage(WireModel):
    """``id_user`` is the other side of the conversation, ``id_author`` who wrote; ``reads``: it was read."""

    date: When = None
    text: LenientText = None
    id_author: LenientInt = None
    id_user: LenientInt = None
    reads: Flag = None


class UnreadFrom(WireModel):
    id_author: LenientInt = None
    count: LenientInt = None


def _senders(value: object) -> list[object]:
    members = mapping(value)
    if members and "id_author" not in members and not any(isinstance(v, (dict, list)) for v in members.values()):
        return [{"id_author": author, "count": number} for author, number in members.items()]  # from author to number
    return rows_of(value)


class Unread(WireModel):
    """How many private messages are unread, in all and by author."""

    count: LenientInt = None
    users: Annotated[tuple[UnreadFrom, ...], BeforeValidator(_senders)] = ()

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return {"count": 0} if value == [] else value


class Written(WireModel):
    """A private message that was sent."""

    id_user: LenientInt = None
    text: LenientText = None
    time: When = None


class Refused(WireModel):
    """An order that a performer gave back or lost. ``back``: the rating was returned, at ``date_back``."""

    id_task: LenientInt = None
    id_user: LenientInt = None
    date: When = None
    date_back: When = None
    back: Flag = None
    title: LenientText = None


class RatingReturned(WireModel):
    id_task: LenientInt = None
    id_user: LenientInt = None
    rate_back: LenientDecimal = None


class Messages(Functions):
    family = "messages"

    def get_list(self, since: datetime | None = None) -> Operation[Page[SystemMessage]]:
        """`messages.getList`: the unread system messages (at most 100) from a moment on. READ."""
        return self._many("getList", SystemMessage, {"from": since}, issues=aware(since=since))

    def set_read(self, ids: Sequence[Id]) -> Operation[Changed]:
        """`messages.setRead`: mark system messages as read; says which were. SETTLE."""
        params, issues = {"ids": list(ids)}, identifiers("ids", ids, None)
        return self._one("setRead", Changed, params, effect=Effect.SETTLE, issues=issues)

    def set_delete(self, ids: Sequence[Id]) -> Operation[Changed]:
        """`messages.setDelete`: delete unread system messages; says which were. SETTLE."""
        params, issues = {"ids": list(ids)}, identifiers("ids", ids, None)
        return self._one("setDelete", Changed, params, effect=Effect.SETTLE, issues=issues)

    def read_private(
        self,
        id_user: Id,
        *,
        count: int = 100,
        offset: int = 0,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        unread: bool | None = None,
    ) -> Operation[Page[PrivateMessage]]:
        """`messages.readPrivate`: the conversation with a user. Paged.

        READ; with ``unread`` only what is unread comes, and is marked as read by being shown: such a call is
        never repeated (a second answer would lack what the lost first one held), and is not paged.
        """
        params = {"id_user": id_user, "date_from": date_from, "date_to": date_to, "unread": unread}
        issues = [
            *identifier("id_user", id_user),
            *between("count", count, 1, 100),
            *between("offset", offset, 0),
            *aware(date_from=date_from, date_to=date_to),
        ]
        if not unread:
            return self._pages("readPrivate", PrivateMessage, params, count=count, offset=offset, issues=issues)
        return self._many(
            "readPrivate",
            PrivateMessage,
            {"count": count, "from": offset, **params},
            effect=Effect.SPEND,
            costs=False,
            issues=issues,
            lookup=Lookup(f"the latest messages of the user {id_user}, which may be marked as read by now"),
        )

    def get_count_unread(self) -> Operation[Unread]:
        """`messages.getCountUnread`: how many private messages are unread, by author. READ."""
        return self._run("getCountUnread", Unread.read, {})

    def write_private(self, id_user: Id, text: str) -> Operation[Written]:
        """`messages.writePrivate`: send a private message (1 to 10,000 characters). Only for accounts with a rating
        of more than 10,000; one a minute.

        SPEND, as each repetition is one more message; free. After a lost answer the conversation tells.
        """
        lookup = Lookup(
            f"your message in the conversation with the user {id_user}",
            lambda since, _: self._written(id_user, text, since),
        )
        return self._one(
            "writePrivate",
            Written,
            {"id_user": id_user, "text": text},
            effect=Effect.SPEND,
            costs=False,
            issues=[*identifier("id_user", id_user), *length("text", text, 10_000, 1)],
            lookup=lookup,
        )

    def _written(self, id_user: Id, text: str, since: datetime | None) -> Flow[Written | None]:
        sent = yield from every(self.read_private(id_user), whole=True)
        same = [each for each in sent if each.text == text and each.id_author != int(id_user)]
        for each in same:
            if since is not None and each.date is not None and each.date >= since - CLOCKS:
                return Written(id_user=int(id_user), text=text, time=each.date, raw=each.raw)
        if same:
            raise Conflict(f"The user {id_user} was written the same words earlier, or by a clock that differs.")
        return None


class Rating(Functions):
    family = "rating"

    def list_tasks_fails(
        self, *, id_task: Id | None = None, id_user: Id | None = None, back: RatingBack | None = None
    ) -> Operation[Page[Refused]]:
        """`rating.listTasksFails`: the refusals of the account's orders. READ."""
        issues = [*identifier("id_task", id_task), *identifier("id_user", id_user)]
        return self._many(
            "listTasksFails", Refused, {"id_task": id_task, "id_user": id_user, "back": back}, issues=issues
        )

    def rating_user_back(self, id_task: Id, id_user: Id) -> Operation[RatingReturned]:
        """`rating.ratingUserBack`: give a performer back the rating lost by one refusal. SETTLE."""
        issues = [*identifier("id_task", id_task), *identifier("id_user", id_user)]
        params = {"id_task": id_task, "id_user": id_user}
        return self._one("ratingUserBack", RatingReturned, params, effect=Effect.SETTLE, issues=issues)
