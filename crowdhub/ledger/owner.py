"""Who carries out an intent, and whether that process is still there.

A holder is ``machine/process/start/name/token``: enough for another process on the same machine to tell a crashed
owner from a busy one at once, while other machines go by the lease alone.
"""

from __future__ import annotations

import os
import socket
import sys
import uuid
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path


class Here:
    """This process: what it works under, and which of the others it can see. A prover has several of its own."""

    def __init__(self) -> None:
        self._held: set[str] = set()  # its operations are atomic

    def me(self) -> tuple[str, str, str, str]:
        """The machine, the process, when it started, and the machine's name."""
        return _self(os.getpid())

    def is_running(self, process: str, start: str) -> bool | None:
        """Whether another process of this machine runs; None where the system does not tell for certain."""
        return _is_running(int(process), start)

    def new_holder(self) -> str:
        """A holder for one intent of this process."""
        machine, process, start, name = self.me()
        return f"{machine}/{process}/{start}/{name}/{uuid.uuid4().hex[:12]}"

    def hold(self, holder: str) -> None:
        """Note that this process works under ``holder`` now."""
        self._held.add(holder)

    def release(self, holder: str) -> None:
        self._held.discard(holder)

    def is_held(self, holder: str) -> bool:
        """Whether this process works under ``holder`` now."""
        return holder in self._held

    def is_alive(self, holder: str | None, lease_until: int, now: int) -> bool:
        """Whether the process behind ``holder`` is still at it. ``lease_until`` and ``now`` in microseconds."""
        parts = (holder or "").split("/")
        if holder is None or len(parts) != 5:
            return False
        machine, process, start = parts[:3]
        mine = self.me()
        if (machine, process, start) == mine[:3]:
            return self.is_held(holder)
        if machine == mine[0]:
            there = self.is_running(process, start)
            if there is not None:
                return there and lease_until + SILENT > now
        return lease_until > now


SILENT = 300_000_000
"""Microseconds that a process which runs may be without a sign of being at work: it could not write down what came of
it, or was stopped."""


def words(holder: str | None) -> str:
    """The process, for a person."""
    parts = (holder or "").split("/")
    return f"process {parts[1]} on {parts[3]}" if len(parts) == 5 else "no process"


@lru_cache(maxsize=4)
def _self(pid: int) -> tuple[str, str, str, str]:
    name = socket.gethostname().replace("/", "-")[:60] or "unnamed"
    return _machine(name), str(pid), _started(pid) or "0", name


def _machine(name: str) -> str:
    """One name for all processes that can see each other's process ids: this boot, this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        said = f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        said = f"{name}:{uuid.getnode()}"
    return blake2b(said.encode(), digest_size=8).hexdigest()


def _started(pid: int) -> str | None:
    """When a process started, in the kernel's own ticks: with it, a process id is never mistaken for a later one.

    None where it is gone, or where the system does not tell.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return None if fields[0] in "ZX" else fields[19]


def _is_running(pid: int, start: str) -> bool | None:
    """Whether that very process runs; None where the system does not tell for certain."""
    if sys.platform == "linux" and start != "0":
        return _started(pid) == start
    if sys.platform == "win32":
        return None  # os.kill(pid, 0) would end it there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return None
    return None  # something runs under that id: the lease decides


HERE = Here()
