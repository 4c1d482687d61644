"""What the ledger costs: a keyed publish with it and without, here and in another checkout."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path

from benchmarks.imports import HERE, processor_seconds
from benchmarks.measure import line, sandbox

TIMES = 200
ROUNDS = 3
CODE = """
import tempfile
from crowdhub import Hub, Money, TaskDraft
draft = TaskDraft(title="T", instructions="…", reward=Money("0.01", "USD"), slots=1, proof="…", category="Test")
with tempfile.TemporaryDirectory() as folder:
    ledger = folder + "/ledger.sqlite3" if {ledger} else None
    with Hub({accounts}, ledger=ledger) as hub:
        market = hub["rapidworkers"]
        for number in range({times}):
            market.publish(draft, key=f"{name}{{number}}")
"""


def measure(against: Path | None = None) -> None:
    checkouts: Mapping[str, Path] = {"here": HERE} | ({} if against is None else {"there": against.resolve()})
    print(
        f"{TIMES} keyed publishes, processor time of fresh processes above one that publishes none, median of {ROUNDS}"
    )
    cases = [(where, kept) for where in checkouts for kept in (False, True)]
    found: dict[tuple[str, bool], list[float]] = {case: [] for case in cases}
    for round_number in range(ROUNDS):
        for where, kept in cases:
            taken: list[float] = []
            # A marketplace of its own each time: one that has many tasks takes longer to look through.
            with sandbox("rapidworkers.rate_limit=null") as accounts:
                for times in (0, TIMES):
                    name = f"{where}-{round_number}-{kept}-"
                    code = CODE.format(ledger=kept, accounts=dict(accounts), times=times, name=name)
                    taken.append(processor_seconds(code, checkouts[where]))
            found[where, kept].append((taken[1] - taken[0]) / TIMES)
    base = statistics.median(found["there" if against is not None else "here", False])
    for (where, kept), seconds in found.items():
        line(f"{where}, {'with' if kept else 'without'} a ledger", statistics.median(seconds), base)
