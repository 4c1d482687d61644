"""100,000 submissions in pages of 1,000, against ``httpx`` + ``json.loads`` into dicts; and peak memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from benchmarks.bare import ROWS, TASK
from benchmarks.imports import HERE, processor_seconds
from benchmarks.measure import line, process, sandbox, side_by_side
from crowdhub import Hub, Money, TaskDraft

PAGES = 100
ROUNDS = 3


def measure(against: Path | None = None) -> None:
    print(f"{PAGES * ROWS:,} submissions streamed, median of {ROUNDS} rounds")
    with process("-m", "benchmarks.bare", str(PAGES)) as server:
        _compare("a server that costs nothing", {"api_key": "bench-key", **server}, TASK)
    with sandbox("rapidworkers.instant_work=true") as accounts:
        with Hub(accounts, ledger=None) as hub:
            draft = TaskDraft(
                title="Stream me", instructions="…", reward=Money("0.01", "USD"), slots=PAGES * ROWS, proof="…",
                category="Test",
            )  # fmt: skip
            task = hub["rapidworkers"].publish(draft)
        _compare("the sandbox, in its own process", accounts["rapidworkers"], task.id)
    if against is not None:
        _compare_checkouts({"here": HERE, "there": against.resolve()})
    print(" peak memory while streaming, above that of a stream of one page (in processes of their own):")
    base = _peak(1)
    for pages in (10, 100, 300):
        print(f"  {pages * ROWS:>9,} submissions {(_peak(pages) - base) / 1024:8.1f} MiB")


def _compare(against: str, account: dict[str, str], task: str) -> None:
    headers = {"X-API-Key": account["api_key"]}

    def bare(_: int) -> None:
        count, number = 0, 1
        with httpx.Client(base_url=account["base_url"], headers=headers, timeout=60) as client:
            while True:
                query = {"page": number, "rowsPerPage": ROWS}
                data = json.loads(client.get(f"/api/campaigns/{task}/submissions/", params=query).content)
                for each in data["results"]["submissions"]:
                    count += each["status"] == "Pending"
                if not data["next"]:
                    break
                number += 1
        assert count == PAGES * ROWS, count

    def ours(_: int) -> None:
        with Hub({"rapidworkers": account}) as hub:
            count = sum(each.status == "pending" for each in hub["rapidworkers"].submissions(task))
        assert count == PAGES * ROWS, count

    found = side_by_side({"httpx + json.loads": bare, "Market.submissions": ours}, ROUNDS)
    base = found["httpx + json.loads"]
    print(f" against {against}:")
    for name, seconds in found.items():
        line(name, seconds, base, "(at most 1.5 wanted)" if seconds is not base else "")


def _compare_checkouts(checkouts: Mapping[str, Path]) -> None:
    """This checkout and another one, with the same Python and libraries; processor time of fresh processes."""
    with process("-m", "benchmarks.bare", str(PAGES)) as server:
        code = (
            "from crowdhub import Hub\n"
            f"with Hub({{'rapidworkers': {{'api_key': 'bench-key', 'base_url': {server['base_url']!r}}}}}) as hub:\n"
            f"    assert sum(1 for _ in hub['rapidworkers'].submissions({TASK!r})) == {PAGES * ROWS}\n"
        )
        times: dict[str, list[float]] = {name: [] for name in checkouts}
        for _ in range(ROUNDS):
            for name, folder in checkouts.items():
                times[name].append(processor_seconds(code, folder))
    found = {name: statistics.median(each) for name, each in times.items()}
    print(" against another checkout (processor time, a server that costs nothing):")
    for name, seconds in found.items():
        line(name, seconds, found["there"], "(at most 1.0 wanted)" if name == "here" else "")


def _peak(pages: int) -> int:
    """Peak resident memory in KiB of a fresh process that streams so many pages (Linux: ``getrusage`` would tell the
    parent's peak, which is handed on to it)."""
    with process("-m", "benchmarks.bare", str(pages)) as server:
        code = (
            "import re, pathlib, benchmarks.measure\n"
            "from crowdhub import Hub\n"
            f"with Hub({{'rapidworkers': {{'api_key': 'bench-key', 'base_url': {server['base_url']!r}}}}}) as hub:\n"
            f"    n = sum(1 for _ in hub['rapidworkers'].submissions({TASK!r}))\n"
            f"assert n == {pages * ROWS}, n\n"
            "print(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)
