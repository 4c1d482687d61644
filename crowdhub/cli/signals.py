"""How a command is stopped from outside: Ctrl-C and SIGTERM alike, in order."""

from __future__ import annotations

import signal
from types import FrameType

TERMINATED = 143
"""The exit code after SIGTERM."""


class Stops:
    """Whether SIGTERM came. It goes where Ctrl-C goes: what holds that back holds this back, too."""

    def __init__(self) -> None:
        self.terminated = False

    def listen(self) -> None:
        """From now on. An ignored SIGINT is inherited from shells that start a program in the background: there Ctrl-C,
        sent by hand, has to work all the same."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            _ = signal.signal(signal.SIGINT, signal.default_int_handler)
        _ = signal.signal(signal.SIGTERM, self._terminate)

    def _terminate(self, _number: int, frame: FrameType | None) -> None:
        self.terminated = True
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            handler(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt


STOPS = Stops()
