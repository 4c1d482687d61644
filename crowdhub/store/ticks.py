"""Ages that a clock which is set cannot change: a counter of the machine, which goes on while it sleeps."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import cache
from pathlib import Path

from crowdhub.clock import Clock


def counted() -> int:
    """Microseconds since some moment of this boot."""
    counter = getattr(time, "CLOCK_BOOTTIME", None)  # where there is none, it stands still while the machine sleeps
    return (time.monotonic_ns() if counter is None else time.clock_gettime_ns(counter)) // 1000


def tick(clock: Clock) -> str | None:
    """The counter now, as ``boot/microseconds``; None where the system has none, or the time is moved by hand."""
    boot = _boot()
    if type(clock) is not Clock or not hasattr(time, "CLOCK_BOOTTIME") or boot is None:
        return None
    return f"{boot}/{counted()}"


def since(earlier: str | None, clock: Clock) -> timedelta | None:
    """How long ago `tick` said ``earlier``; None where that was another boot, or another machine."""
    now = tick(clock)
    if earlier is None or now is None:
        return None
    (boot, _, then), (here, _, at) = earlier.partition("/"), now.partition("/")
    return timedelta(microseconds=int(at) - int(then)) if boot == here else None


@cache
def _boot() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
