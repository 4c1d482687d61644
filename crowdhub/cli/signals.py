"""How a command is stopped from outside: Ctrl-C and SIGTERM alike, in order. The program begins with it, so it loads
next to nothing."""

from __future__ import annotations

import _thread
import atexit
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143


class Stops:
    """Whether Ctrl-C or SIGTERM came. SIGTERM goes where Ctrl-C goes: what holds that back holds this back, too."""

    def __init__(self) -> None:
        self.interrupted = self.terminated = False
        self._left: tuple[str, str, bool] | None = None

    @property
    def code(self) -> int | None:
        """The exit code of a program that was asked to stop."""
        return TERMINATED if self.terminated else INTERRUPTED if self.interrupted else None

    def around(self, program: Callable[[], int]) -> int:
        """Run the program; return its exit code. It is that of the signal where one came, whatever became of it."""
        try:
            _ = atexit.register(_deaf)  # the first that is registered runs last
            self.listen()
            code = program()
        except KeyboardInterrupt:
            code = INTERRUPTED
        for number in (signal.SIGINT, signal.SIGTERM):  # nothing is left that has to end in order
            _ = signal.signal(number, self._leave)
        if self.code is None:
            return code
        with suppress(AttributeError, OSError, ValueError):  # there may be nowhere left to say it
            sys.stderr.write(self._last_words())
            sys.stderr.flush()
        return self.code

    def leave(self, message: str, next_step: str, *, spent: bool) -> None:
        """What is to be said last of how it was left, and what to do; ``spent``: whether money may be."""
        self._left = message, next_step, spent

    def _last_words(self) -> str:
        from crowdhub.cli.telling import error_json, wants_json

        stopped = "Terminated" if self.terminated else "Interrupted"
        message, next_step, spent = self._left or (f"{stopped}.", None, False)
        if wants_json():
            return error_json(stopped, {"message": message, "next_step": next_step, "money_may_be_spent": spent})
        return f"{message} {next_step}\n" if next_step else f"{message}\n"

    def listen(self) -> None:
        """From now on. Also where SIGINT is ignored: shells start so what is to run in the background, and there
        Ctrl-C, sent by hand, has to work all the same."""
        _ = signal.signal(signal.SIGTERM, self._terminate)
        _ = signal.signal(signal.SIGINT, self._interrupt)
        sys.unraisablehook = self._not_raised

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupted = True
        raise KeyboardInterrupt

    def _terminate(self, _number: int, frame: FrameType | None) -> None:
        self.terminated = True
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            handler(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    def _leave(self, number: int, _frame: FrameType | None) -> None:
        """Something that the end waits for may never come."""
        os._exit(self.code or (TERMINATED if number == signal.SIGTERM else INTERRUPTED))

    def _not_raised(self, what: sys.UnraisableHookArgs) -> None:
        """In a finalizer or a callback (the import system has some) nothing can be raised: the signal comes again, a
        moment later."""
        if issubclass(what.exc_type, KeyboardInterrupt):
            with suppress(RuntimeError):  # the interpreter is ending
                _ = _thread.start_new_thread(_again, (signal.SIGTERM if self.terminated else signal.SIGINT,))
        else:
            sys.__unraisablehook__(what)


def _deaf() -> None:
    """From here on Python only tidies up, and what comes then is too late to change what the program did."""
    for number in (signal.SIGINT, signal.SIGTERM):
        _ = signal.signal(number, signal.SIG_IGN)


def _again(number: signal.Signals) -> None:
    time.sleep(0.01)
    if os.name == "posix":
        os.kill(os.getpid(), number)  # wakes what waits in the system
    else:
        _thread.interrupt_main(number)


STOPS = Stops()
