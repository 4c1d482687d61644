"""A fork waits for the transactions of its process.

SQLite keeps in memory which locks a process holds. A child that is forked in the middle of a transaction has a copy of
that: it would find the file locked for ever, by nobody.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet


class Turns(Protocol):
    """Whatever writes in turns. ``patience``: seconds to wait for one."""

    patience: float

    def take_turn(self) -> Callable[[], None] | None:
        """Wait until nobody in this process writes; what gives the turn back, or None where it could not be had."""
        ...


_known: WeakSet[Turns] = WeakSet()
_held = threading.local()


def watch(turns: Turns) -> None:
    """From now on, forks wait for its transactions."""
    _known.add(turns)


def _before() -> None:
    _held.turns = [turn for each in list(_known) if (turn := each.take_turn()) is not None]


def _after() -> None:
    turns: list[Callable[[], None]] = getattr(_held, "turns", [])
    _held.turns = []
    for give_back in turns:
        give_back()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after)  # the child makes its own, as it notices its new pid
