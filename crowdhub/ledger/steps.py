"""The steps of an operation that makes several calls: what was called and what it was answered, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.engine import Connection

from crowdhub.model import Model
from crowdhub.store.schema import steps


class Step(Model):
    """A call that was answered. ``position`` is its place in the operation, ``call`` says what was called.

    ``answer`` is JSON; ``{"too_long": true}`` stands for one that could not be kept.
    """

    position: int
    call: str
    answer: Mapping[str, object]


def note(connection: Connection, intent_id: str, position: int, call: str, answer: str, now: int) -> None:
    """Write a step, in the place of an earlier one at that position."""
    c = steps.c
    values = {"call": call, "answer": answer, "noted_at": now}
    here = update(steps).where(c.intent_id == intent_id, c.position == position)
    if connection.execute(here.values(values)).rowcount == 0:
        connection.execute(insert(steps).values(intent_id=intent_id, position=position, **values))


def read(connection: Connection, intent_id: str) -> list[Step]:
    c = steps.c
    query = select(c.position, c.call, c.answer).where(c.intent_id == intent_id).order_by(c.position)
    return [Step(position=at, call=call, answer=json.loads(answer)) for at, call, answer in connection.execute(query)]


def has_any(connection: Connection, intent_id: str) -> bool:
    query = select(steps.c.position).where(steps.c.intent_id == intent_id).limit(1)
    return connection.execute(query).first() is not None


def copy(connection: Connection, source: str, target: str) -> None:
    """Give the intent ``target`` the steps of ``source``."""
    c = steps.c
    theirs = select(literal(target), c.position, c.call, c.answer, c.noted_at).where(c.intent_id == source)
    connection.execute(insert(steps).from_select(list(c.keys()), theirs))


def drop(connection: Connection, intent_ids: Sequence[str]) -> None:
    connection.execute(delete(steps).where(steps.c.intent_id.in_(intent_ids)))
