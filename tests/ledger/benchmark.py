"""How fast the ledger is with many rows: ``python tests/ledger/benchmark.py [ROWS] [URL]``. Prints, asserts nothing."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crowdhub.ledger import Budget, Ledger, Noted
from crowdhub.model import Money
from crowdhub.protocol import Call, Effect, RateLimit
from crowdhub.ratelimit import Gates
from crowdhub.store import micros
from crowdhub.store.schema import intents

IDENTITY: dict[str, Any] = {"provider": "acme", "account": "acme", "environment": "sandbox"}


def fill(ledger: Ledger, count: int) -> None:
    """Settled rows with keys, one a second."""
    first = micros(ledger.clock.now() - timedelta(seconds=count + 1))
    row = {
        **IDENTITY,
        "operation": "publish",
        "fingerprint": "f" * 64,
        "content": '{"title":"x","instructions":"' + "y" * 200 + '"}',
        "state": "done",
        "lease_until": 0,
        "attempts": 1,
        "amount": "1.10",
        "currency": "USD",
        "result": "null",
    }
    for start in range(0, count, 10_000):
        rows = [
            {**row, "id": f"row-{n}", "key": f"old-{n}", "task_id": str(n), "created_at": first + n * 1_000_000}
            for n in range(start, min(start + 10_000, count))
        ]
        ledger.database.write(partial(_insert, rows))


def _insert(rows: Sequence[Mapping[str, object]], connection: Connection) -> None:
    connection.execute(insert(intents), rows)


def timed(name: str, work: Callable[[int], object], rounds: int = 200) -> None:
    times: list[float] = []
    for n in range(rounds):
        start = time.perf_counter()
        work(n)
        times.append(time.perf_counter() - start)
    times.sort()
    print(f"  {name:<44} {statistics.median(times) * 1e6:>9,.0f} µs   p99 {times[int(rounds * 0.99)] * 1e6:>9,.0f} µs")


def measure(url: str, rows: int) -> None:
    with closing(Ledger.open(url)) as ledger, closing(Gates(ledger.database)) as gates:
        fill(ledger, rows)
        print(f"{rows:,} rows in {ledger.database.url.get_backend_name()}")
        budget = Budget.of({"USD": "1000000000", "per_day": {"USD": "1000000"}})
        one = Money("1", "USD")

        def spend(n: int) -> None:
            begun = ledger.begin(IDENTITY, "publish", {"n": n}, key=f"new-{n}", amount=one, budget=budget)
            ledger.finish(begun.intent, None)

        def review(_n: int) -> None:
            made = ledger.journal.write(IDENTITY, [("t", str(n), "approve", None) for n in range(1000)])
            ledger.journal.outcome(made, [Noted(n, "approved") for n in range(1000)])
            ledger.journal.close(made)

        timed("begin and finish, both on disk", spend)
        timed("the same key again", lambda n: ledger.begin(IDENTITY, "publish", {"n": n}, key=f"new-{n}"))
        timed("open intents", lambda _: ledger.open_intents())
        timed("sums of all days", lambda _: ledger.report.totals(by_day=True), 20)
        newest = ledger.report.entries
        timed("newest 100 entries", lambda _: list(zip(range(100), newest(newest_first=True), strict=False)), 20)
        timed("1,000 decisions and their outcomes", review, 10)
        gate, call, limits = gates.of(IDENTITY), Call.post("/", effect=Effect.SETTLE), [RateLimit(1000, 3600)]
        timed("one place in the request limit", lambda _: gate.enter(call, limits), 1000)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
        measure(sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{Path(folder) / 'ledger.sqlite3'}", count)
