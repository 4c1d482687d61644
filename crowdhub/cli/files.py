"""Files that a person names: read to their end, which they must have."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from crowdhub.cli.telling import shortened
from crowdhub.errors import ConfigurationError

MEBIBYTES = 64


def make_folder(folder: Path) -> None:
    """Make a folder that files are to be saved in. Raises `ConfigurationError` where that cannot be one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigurationError(f"Nothing can be saved in {shortened(str(folder))}: {reason}.") from None


def read_text(path: Path) -> str:
    """The text of a file or of a pipe. Raises `ConfigurationError` for what cannot be read, or has no end."""
    limit = MEBIBYTES << 20
    try:
        with path.open("rb") as file:
            kind = os.fstat(file.fileno()).st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
                raise ValueError("it is neither a file nor a pipe")
            content = file.read(limit + 1)
        if len(content) > limit:
            raise ValueError(f"it is longer than {MEBIBYTES} MiB")
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigurationError(f"{path} cannot be read: {reason}.") from None
