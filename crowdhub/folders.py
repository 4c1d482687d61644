"""The user's own folders, and paths that begin at one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from crowdhub.errors import ConfigurationError


def data() -> Path:
    """Where a ledger lies by default. Like all of these, raises `ConfigurationError` where nobody has a home."""
    return _named(platformdirs.user_data_path, "XDG_DATA_HOME")


def state() -> Path:
    return _named(platformdirs.user_state_path, "XDG_STATE_HOME")


def config() -> Path | None:
    """None where nobody has a home: then there is no file in it, either."""
    try:
        return _named(platformdirs.user_config_path, "XDG_CONFIG_HOME")
    except ConfigurationError:
        return None


def expanded(path: Path | str) -> Path:
    """``~`` and ``~name`` put in full."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigurationError(
            f"{str(path)!r} begins at a home folder that there is not; give a whole path."
        ) from None


@contextmanager
def looking_at(path: Path) -> Generator[None]:
    """Around a look at what a setting names: raises `ConfigurationError` where the system refuses it (a name that is
    too long, a folder that this user may not look into)."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{str(path)!r} cannot be looked at: {error.strerror or error}.") from None


def _named(find: Callable[..., Path], variable: str) -> Path:
    try:
        return find("crowdhub", appauthor=False)
    except RuntimeError:  # a user that the system does not know, without HOME
        raise ConfigurationError(
            "The user that this program runs as has no home folder.",
            next_step=f"Set HOME (or {variable}) to a folder, or name the file (`ledger=`); nothing was sent.",
        ) from None
