"""What tracebacks show of their frames: reporters of errors print or send the locals."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")


class FramesLeftOut:
    """``with FramesLeftOut(): …``: whatever is raised inside, Ctrl-C and cancellation included, goes on without its
    frames from there on, and without the errors that it came from: their locals hold answers, signed requests or
    settings."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is not None:
            error.__traceback__ = error.__cause__ = error.__context__ = None


def also_half_made(show: Callable[[T], str]) -> Callable[[T], str]:
    """A ``__repr__`` that does not raise for an object whose ``__init__`` did not come to its end."""

    @functools.wraps(show)
    def shown(self: T) -> str:
        try:
            return show(self)
        except AttributeError:
            return f"<{type(self).__name__}, half made>"

    return shown
