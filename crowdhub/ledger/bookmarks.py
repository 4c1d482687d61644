"""How far a watch with a name has come, so that a program that is started again goes on from there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from sqlalchemy import and_, delete, func, or_, select, text
from sqlalchemy.engine import Connection

from crowdhub.ledger import names
from crowdhub.store import Database, micros
from crowdhub.store.schema import watched

T = TypeVar("T")

HANDED_OUT, SETTLED_BEFORE, BEGUN = "handed out", "settled before", "begun"
AT_ONCE = 100
"""Tasks in one statement."""

HandingIn: TypeAlias = tuple[str, str]
"""One piece of work, as often as it is handed in anew: its id, and when it was handed in, as text."""


@dataclass
class Bookmark:
    """What is known of one task. ``begun``: its list was read to its end once; ``settled_before``: what was settled by
    then, which nobody has to see."""

    begun: bool = False
    handed_out: list[HandingIn] = field(default_factory=list[HandingIn])
    settled_before: list[HandingIn] = field(default_factory=list[HandingIn])


class Bookmarks:
    """What the watches of one account have handed out, by their ``name``. ``owner``: see `Ledger.owner_of`; an account
    that was renamed keeps its place."""

    def __init__(self, database: Database, name: str, identity: Mapping[str, str], owner: str | None) -> None:
        self._database = database
        self._identity = dict(identity)
        self._owner = owner
        self._name = name

    def read(self, task_ids: Sequence[str]) -> dict[str, Bookmark]:
        """The bookmark of each of these tasks that has one."""
        return self._database.read(lambda connection: self._read(connection, task_ids))

    def begin(self, task_id: str, settled_before: Collection[HandingIn]) -> None:
        """A task's list was read to its end for the first time, and nothing of it was handed out yet."""

        def work(connection: Connection) -> None:
            names.keep(connection, self._identity, self._owner)
            self._add(connection, task_id, SETTLED_BEFORE, settled_before)
            self._add(connection, task_id, BEGUN, [("", "")])

        self._database.write(work)

    def handed_out(self, works: Mapping[str, Collection[HandingIn]]) -> None:
        """This work was handed out, by task, and more was asked for after it."""

        def work(connection: Connection) -> None:
            for task_id, these in works.items():
                self._add(connection, task_id, HANDED_OUT, these)

        self._database.write(work)

    def _read(self, connection: Connection, task_ids: Sequence[str]) -> dict[str, Bookmark]:
        accounts = {self._identity["account"]}
        if self._owner is not None:
            accounts |= names.of_one(connection, self._identity, self._owner)
        found: dict[str, Bookmark] = defaultdict(Bookmark)
        c = watched.c
        for some in _in_parts(task_ids):
            rows = connection.execute(
                select(c.task_id, c.kind, c.submission_id, c.submitted).where(
                    c.name == self._name,
                    c.provider == self._identity["provider"],
                    c.environment == self._identity["environment"],
                    c.account.in_(sorted(accounts)),
                    c.task_id.in_(some),
                )
            )
            for task_id, kind, submission_id, submitted in rows:
                mark, work = found[task_id], (submission_id, submitted)
                mark.begun |= kind == BEGUN
                if kind == HANDED_OUT:
                    mark.handed_out.append(work)
                elif kind == SETTLED_BEFORE:
                    mark.settled_before.append(work)
        return dict(found)

    def _add(self, connection: Connection, task_id: str, kind: str, works: Iterable[HandingIn]) -> None:
        """Write what is not written yet: a second program of this name may have been faster."""
        now = micros(self._database.now())
        place = {**self._identity, "name": self._name, "task_id": task_id, "kind": kind, "noted_at": now}
        rows = [{**place, "submission_id": submission_id, "submitted": submitted} for submission_id, submitted in works]
        if rows:
            connection.execute(_ADD, rows)


_COLUMNS = watched.c.keys()
_VALUES = ", ".join(f":{name}" for name in _COLUMNS)
_ADD = text(f"INSERT INTO {watched.name} ({', '.join(_COLUMNS)}) VALUES ({_VALUES}) ON CONFLICT DO NOTHING")  # noqa: S608


def drop(connection: Connection, before: datetime) -> None:
    """Forget the tasks of which nothing was noted since."""
    c = watched.c
    place = (c.name, c.provider, c.environment, c.account, c.task_id)
    old = select(*place).group_by(*place).having(func.max(c.noted_at) < micros(before))
    for some in _in_parts(connection.execute(old).all()):
        same = (and_(*(column == value for column, value in zip(place, row, strict=True))) for row in some)
        connection.execute(delete(watched).where(or_(*same)))


def _in_parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))
