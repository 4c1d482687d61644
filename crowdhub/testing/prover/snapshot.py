"""A marketplace's whole state, copied as often as is wanted.

A sandbox keeps functions in its state (what is due later, how an id is made), and a function that closes over the
state has to be copied with it: otherwise the copy would act on the original. Code, locks and the clock are shared.
"""

from __future__ import annotations

import ast
import io
import itertools
import pickle
import sys
import threading
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from crowdhub.sandbox import Faults, MarketSandbox, SandboxClock

SHARED = (CodeType, ModuleType, Faults, type(threading.Lock()), type(threading.RLock()), threading.Condition)
PLAIN = frozenset({str, int, bool, type(None), tuple, list, dict, Decimal, datetime})
"""What nearly everything in a state is: told apart from what is shared at once."""
CACHE = type(lru_cache(lambda: None))


class CannotBeCopied(Exception):
    """A sandbox holds something that has no copy: a generator, a socket, a thread. The message says what."""


class Snapshot:
    """The state of one marketplace at one moment. `copy` makes a marketplace of it, on another clock.

    Raises `CannotBeCopied`.
    """

    def __init__(self, market: MarketSandbox) -> None:
        self._shared: list[object] = []
        buffer = io.BytesIO()
        try:
            _Pickler(buffer, self._shared).dump(market)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise CannotBeCopied(f"its sandbox cannot be copied: {error}") from None
        self._state = buffer.getvalue()

    def copy(self, clock: SandboxClock) -> MarketSandbox:
        found: MarketSandbox = _Unpickler(io.BytesIO(self._state), self._shared, clock).load()
        return found


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, shared: list[object]) -> None:
        super().__init__(file, protocol=5)
        self._shared = shared
        self._numbers: dict[int, int] = {}

    def persistent_id(self, obj: object) -> int | None:
        """The number of what is shared with the copies; -1: the clock."""
        if type(obj) in PLAIN:
            return None
        if isinstance(obj, SandboxClock):
            return -1
        if not isinstance(obj, SHARED):
            return None
        if id(obj) not in self._numbers:
            self._numbers[id(obj)] = len(self._shared)
            self._shared.append(obj)
        return self._numbers[id(obj)]

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, FunctionType) and "<" in obj.__qualname__:  # made inside of another: it cannot be imported
            parts = (obj.__code__, obj.__module__, obj.__name__, obj.__defaults__, obj.__kwdefaults__, obj.__closure__)
            return _function, parts
        if isinstance(obj, CACHE) and isinstance(obj.__wrapped__, MethodType):
            return _cached, (obj.__wrapped__, *obj.cache_parameters().values())
        if isinstance(obj, CellType):
            return _cell, (), obj.cell_contents, None, None, _fill
        if isinstance(obj, itertools.count):  # from Python 3.14 on it cannot be pickled
            return _count, (str(cast("object", obj)),)
        return NotImplemented


def _function(
    code: CodeType,
    module: str,
    name: str,
    defaults: tuple[object, ...] | None,
    keywords: dict[str, object] | None,
    closure: tuple[CellType, ...] | None,
) -> FunctionType:
    made = FunctionType(code, vars(sys.modules[module]), name, defaults, closure)
    made.__kwdefaults__ = keywords
    return made


def _cell() -> CellType:
    return CellType()


def _cached(wrapped: MethodType, maxsize: int | None, typed: bool) -> object:
    return lru_cache(maxsize, typed)(wrapped)


def _count(shown: str) -> itertools.count[Any]:
    return itertools.count(*ast.literal_eval(f"[{shown.removeprefix('count(').removesuffix(')')}]"))


def _fill(cell: CellType, contents: object) -> None:
    cell.cell_contents = contents


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: list[object], clock: SandboxClock) -> None:
        super().__init__(file)
        self._shared = shared
        self._clock = clock

    def persistent_load(self, pid: int) -> object:
        return self._clock if pid == -1 else self._shared[pid]
