"""Around the whole program: what nobody foresaw is one line on standard error, never a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

UNFORESEEN, BROKEN_PIPE = 4, 141
SHOWN = "CROWDHUB_TRACEBACK"


def guarded(program: Callable[[], object]) -> int:
    """Run the program; return its exit code. ``CROWDHUB_TRACEBACK=1`` in the environment shows where it stumbled."""
    _speak_anything()
    try:
        code = _run(program)
        sys.stdout.flush()
    except BrokenPipeError:
        give_up_output()
        return BROKEN_PIPE
    except OSError as error:
        give_up_output()
        return _told(f"The output cannot be written ({error.strerror or error}). What was done stays done.", error)
    except Exception as error:  # noqa: BLE001 - the end of the program
        words = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
        return _told(f"crowdhub stumbled over something that it does not know ({words}).", error)
    return code


def _run(program: Callable[[], object]) -> int:
    try:
        program()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _told(words: str, error: Exception) -> int:
    if os.environ.get(SHOWN):
        raise error
    try:
        sys.stderr.write(f"{words} {SHOWN}=1 shows where.\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # there is nowhere left to say it
    return UNFORESEEN


def _speak_anything() -> None:
    """Streams that were closed swallow what is written; what an encoding has no letters for is written as escapes."""
    for name in ("stdout", "stderr"):
        stream: object = getattr(sys, name)
        if stream is None or (isinstance(stream, io.TextIOWrapper) and stream.closed):
            setattr(sys, name, _nowhere())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up_output() -> None:
    """Nothing more is written, and nothing is complained of at the end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = _nowhere()


def _nowhere() -> io.TextIOWrapper:
    return Path(os.devnull).open("w", encoding="utf-8")
