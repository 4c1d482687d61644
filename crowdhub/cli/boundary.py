"""Around the whole program: what nobody foresaw is one line on standard error, never a traceback."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

from crowdhub.cli.signals import STOPS

TYPE_CHECKING = False  # as in `crowdhub`: the version is shown without the module `typing`
if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

UNFORESEEN, BROKEN_PIPE = 4, 141
SHOWN = "CROWDHUB_TRACEBACK"


class OutputUnwritable(OSError):
    """Standard output takes nothing."""


class _Output(io.FileIO):
    """Standard output, whose errors are told from those of other files."""

    def write(self, data: WriteableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputUnwritable(error.errno, error.strerror) from None


def guarded(program: Callable[[], object]) -> int:
    """Run the program; return its exit code. ``CROWDHUB_TRACEBACK=1`` in the environment shows where it stumbled."""
    _prepare_streams()
    try:
        code = _run(program)
        sys.stdout.flush()
    except BrokenPipeError:
        give_up_output()
        return BROKEN_PIPE
    except OutputUnwritable as error:
        give_up_output()
        why = "it is closed" if error.errno == errno.EBADF else error.strerror or str(error)
        return _told(f"The output cannot be written ({why}). What was done stays done.", error)
    except OSError as error:
        file = "" if error.filename is None else f"{error.filename}: "
        return _told(f"This machine refused something: {file}{error.strerror or error}.", error)
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
    if STOPS.code is not None:  # an interrupt in the middle of an import may end as any error
        return STOPS.code
    if os.environ.get(SHOWN):
        raise error
    from crowdhub.cli.telling import error_json, shortened, wants_json

    where = f"{SHOWN}=1 shows where."
    try:
        if wants_json():
            kind = "OutputUnwritable" if isinstance(error, OutputUnwritable) else "Unforeseen"
            sys.stderr.write(error_json(kind, {"message": words, "next_step": where}))
        else:
            sys.stderr.write(f"{shortened(words)} {where}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # there is nowhere left to say it
    return UNFORESEEN


def _prepare_streams() -> None:
    """An output that was closed cannot be written, and no other file takes its place; errors that were closed are
    swallowed. What an encoding has no letters for is written as escapes."""
    output: object = sys.stdout
    if output is None:
        _ = os.dup2(os.open(os.devnull, os.O_RDONLY), 1)
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Output(1, "w", closefd=False)), encoding="utf-8")
    elif isinstance(output, io.TextIOWrapper):
        output.reconfigure(errors="backslashreplace")
        _watch(getattr(sys.stdout, "buffer", None))
    errors: object = sys.stderr
    if errors is None:
        sys.stderr = _nowhere()
    elif isinstance(errors, io.TextIOWrapper):
        errors.reconfigure(errors="backslashreplace")


def _watch(buffer: object) -> None:
    """Put `_Output` under standard output, where that goes to a file and not to a console of Windows or to memory."""
    if type(getattr(buffer, "raw", buffer)) is not io.FileIO:
        return
    out = sys.stdout
    raw = _Output(out.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(
        raw if isinstance(buffer, io.FileIO) else io.BufferedWriter(raw),  # as Python itself does with -u
        encoding=out.encoding,
        errors=out.errors,
        line_buffering=out.isatty(),
        write_through=isinstance(buffer, io.FileIO),
    )


def give_up_output() -> None:
    """Nothing more is written, and nothing is complained of at the end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = _nowhere()


def _nowhere() -> io.TextIOWrapper:
    return Path(os.devnull).open("w", encoding="utf-8")
