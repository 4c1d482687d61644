"""What a settings file that was found by searching may say: less than one that was named."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from crowdhub.errors import ConfigurationError

log = logging.getLogger("crowdhub")

NAME_IT = "Name the file to say that you mean it: CROWDHUB_CONFIG={file}, or --config. Nothing was sent."


def check_owner(file: Path) -> None:
    """A file counts if it is the user's, and nobody else can write it or put another in its place.

    Raises `ConfigurationError`: to go on without it could mean to go on without the user's own budget.
    """
    if os.name != "posix":
        return
    for path in (file, file.parent):
        found = path.stat()
        if found.st_uid not in (os.geteuid(), 0):
            raise _not_obeyed(file, f"{path} belongs to another user")
        others = found.st_mode & (stat.S_IWOTH | stat.S_IWGRP)
        if path.is_dir() and found.st_mode & stat.S_ISVTX:
            continue  # nobody can replace another's file there
        if others & stat.S_IWOTH or (others & stat.S_IWGRP and not _is_own_group(found.st_gid)):
            raise _not_obeyed(file, f"other users can write {path}")


def check_hosts(
    file: Path, accounts: Mapping[str, Mapping[str, object]], from_variables: Mapping[str, Collection[str]]
) -> None:
    """A key from the environment does not go to a host that a found file names. Raises `ConfigurationError`.

    ``accounts``: as the file has them; ``from_variables``: the settings of each that come from ``CROWDHUB_…``.
    """
    for account, given in accounts.items():
        if not (isinstance(given.get("base_url"), str) or isinstance(given.get("account_url"), str)):
            continue
        set_elsewhere = [name for name in from_variables.get(account, ()) if not name.endswith("_url")]
        named = [name for name in given if name.endswith("_env")]
        if set_elsewhere or named:
            raise ConfigurationError(
                f"The account {account!r} has its address from {file}, which was found by searching, and"
                f" {', '.join(sorted({*set_elsewhere, *named}))} from the environment.",
                next_step=NAME_IT.format(file=file),
            )


def warn_of_readers(file: Path, keys: Collection[str]) -> None:
    """Say so where other users can read keys. ``keys``: the settings that hold them."""
    if os.name != "posix" or not keys:
        return
    mode = file.stat()
    if mode.st_mode & stat.S_IROTH or (mode.st_mode & stat.S_IRGRP and not _is_own_group(mode.st_gid)):
        log.warning("other users can read %s, which holds %s: chmod 600 it", file, ", ".join(sorted(keys)))


def _not_obeyed(file: Path, why: str) -> ConfigurationError:
    told = f"The settings file {file} was found by searching and is not obeyed: {why}."
    return ConfigurationError(told, next_step=NAME_IT.format(file=file))


def _is_own_group(gid: int) -> bool:
    """Whether the user alone is in this group, as on systems where each user has a group."""
    import grp
    import pwd

    try:
        me, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return me.pw_gid == gid and set(group.gr_mem) <= {me.pw_name}
