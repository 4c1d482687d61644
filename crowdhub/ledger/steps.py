"""The steps of an operation that makes several calls: what was called and what it was answered, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Text, bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection

from crowdhub.model import Model
from crowdhub.store.schema import steps

# Made once: to make a statement costs more than to carry it out.
_OF = steps.c.intent_id == bindparam("intent")
_UPDATE = (
    update(steps)
    .where(_OF, steps.c.position == bindparam("at"))
    .values(call=bindparam("new_call"), answer=bindparam("new_answer"), noted_at=bindparam("now"))
)
_INSERT = insert(steps)
_READ = select(steps.c.position, steps.c.call, steps.c.answer).where(_OF).order_by(steps.c.position)
_ANY = select(steps.c.position).where(_OF).limit(1)
_COPY = insert(steps).from_select(
    list(steps.c.keys()),
    select(bindparam("target", type_=Text), *[column for column in steps.c if column.name != "intent_id"]).where(_OF),
)


class Step(Model):
    """A call that was answered. ``position`` is its place in the operation, ``call`` says what was called.

    ``answer`` is JSON; ``{"too_long": true}`` stands for one that could not be kept.
    """

    position: int
    call: str
    answer: Mapping[str, object]


def note(connection: Connection, intent_id: str, position: int, call: str, answer: str, now: int) -> None:
    """Write a step, in the place of an earlier one at that position."""
    values = {"new_call": call, "new_answer": answer, "now": now}
    if connection.execute(_UPDATE, {"intent": intent_id, "at": position, **values}).rowcount == 0:
        row = {"intent_id": intent_id, "position": position, "call": call, "answer": answer, "noted_at": now}
        connection.execute(_INSERT, row)


def read(connection: Connection, intent_id: str) -> list[Step]:
    found = connection.execute(_READ, {"intent": intent_id})
    return [Step(position=at, call=call, answer=json.loads(answer)) for at, call, answer in found]


def has_any(connection: Connection, intent_id: str) -> bool:
    return connection.execute(_ANY, {"intent": intent_id}).first() is not None


def copy(connection: Connection, source: str, target: str) -> None:
    """Give the intent ``target`` the steps of ``source``."""
    connection.execute(_COPY, {"intent": source, "target": target})


def drop(connection: Connection, intent_ids: Sequence[str]) -> None:
    connection.execute(delete(steps).where(steps.c.intent_id.in_(intent_ids)))
