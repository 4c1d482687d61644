"""Timing side by side, and servers in processes of their own."""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from crowdhub.protocol import RateLimit
from crowdhub_rapidworkers import RapidWorkers

# The marketplace's 1,000 an hour would end each measurement after a second; the gate itself stays in the path.
RapidWorkers.rate_limits = (RateLimit(10_000_000, 3600),)


def side_by_side(contenders: Mapping[str, Callable[[int], None]], rounds: int) -> dict[str, float]:
    """The median seconds of each contender over so many rounds, all of them in each round, in turning order."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            gc.collect()
            start = time.perf_counter()
            contenders[name](number)
            if number:  # the first round warms up
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


@contextmanager
def process(*arguments: str) -> Generator[Any]:
    """A server in a process of its own; what it prints first, as JSON."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()
            server.wait()


@contextmanager
def sandbox(*options: str) -> Generator[dict[str, Any]]:
    """RapidWorkers' sandbox, without its hourly limit; yields the accounts."""
    settings = ["rapidworkers.rate_limit=null", "rapidworkers.balance=10000000.00", *options]
    sets = [word for setting in settings for word in ("--set", setting)]
    with process("-m", "crowdhub.sandbox", "rapidworkers", "--json", *sets) as accounts:
        yield accounts


def line(what: str, seconds: float, base: float | None = None, note: str = "") -> None:
    ratio = f"{seconds / base:6.2f} ×" if base else "  1.00 ×"
    print(f"  {what:<46}{seconds * 1000:10.1f} ms {ratio}  {note}")
