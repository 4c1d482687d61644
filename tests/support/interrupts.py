"""A Ctrl-C at a chosen moment of a piece of work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

LOCKS = "httpcore._synchronization"
"""Where an interrupt that a finalizer swallows would leave the HTTP library's lock held for ever: Python has no way to
take a lock and be inside of its `with` in one step."""


class Interrupt:
    """Raises a KeyboardInterrupt after so many events (calls and returns); counts them. ``within``: only those in
    modules whose names begin so. Before the call of a C function Python itself raises none, but after it."""

    def __init__(self, at: int | None = None, within: tuple[str, ...] = ("",)) -> None:
        self.count = 0
        self.place = "nowhere"
        self._at = at
        self._within = within

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        module = str(frame.f_globals.get("__name__"))
        if event == "c_call" or not module.startswith(self._within):
            return
        self.count += 1
        if self._at is not None and self.count >= self._at and module != LOCKS:
            sys.setprofile(None)
            self.place = f"{module}:{frame.f_lineno}, {event} in {frame.f_code.co_name}"
            raise KeyboardInterrupt

    def around(self, work: Callable[[], object]) -> None:
        sys.setprofile(self)
        try:
            work()
        finally:
            sys.setprofile(None)
