"""What the ledger has to say and do, in small: from its documentation, without its code.

A state is one of `table.AFTER`: ``paid`` is what is done without its result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crowdhub.ledger import BeginStatus, Intent
from tests.ledger.table import AFTER, NOT_HELD

OWNERS = {"mine": "one", "mine-too": "one", "other": "two"}
"""The accounts, and what the key of each opens: the first two are one account by two names."""
LEASE = timedelta(seconds=90)
TAKEN_OVER = (BeginStatus.NEW, BeginStatus.RECOVER, BeginStatus.RESUME)


@dataclass
class Running:
    """A process: what it holds, and of that what it renews."""

    machine: str
    is_running: bool = True
    held: set[str] = field(default_factory=set[str])
    renewed: set[str] = field(default_factory=set[str])


@dataclass
class Row:
    """One intent."""

    id: str
    account: str
    key: str | None
    content: str
    amount: int
    attempts: int = 1
    steps: dict[int, str] = field(default_factory=dict[int, str])
    state: str = "intended"
    holder: str | None = None
    lease_until: datetime | None = None
    charged: int | None = None
    result: int | None = None
    task_id: str | None = None
    done_by: str | None = None
    twin_of: str | None = None

    @property
    def spent(self) -> int:
        is_spent = self.state in ("paid", "done")
        return (self.amount if self.charged is None else self.charged) if is_spent else 0

    @property
    def reserved(self) -> int:
        return self.amount if self.state in ("intended", "sent", "unknown") else 0


class LedgerModel:
    """All rows, and who is at work on them."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.whose: dict[str, Running] = {}
        """The process behind each holder."""
        self.twins: dict[tuple[str, str], str] = {}
        """What somebody finished besides a row: by the row and its holder."""

    # --- looking

    def with_key(self, account: str, key: str | None) -> Row | None:
        """The one row that has the key."""
        found = [
            row
            for row in self.rows.values()
            if key is not None and row.key == key and OWNERS[row.account] == OWNERS[account] and row.state != "not_done"
        ]
        assert len(found) < 2
        return found[0] if found else None

    def used(self) -> int:
        return sum(row.spent + row.reserved for row in self.rows.values())

    def is_alive(self, row: Row, asking: Running, now: datetime) -> bool:
        if row.holder is None:
            return False
        process = self.whose[row.holder]
        if process is asking:
            return row.holder in process.held
        if process.machine == asking.machine:
            return process.is_running
        assert row.lease_until is not None
        return row.lease_until > now

    def status(self, row: Row, asking: Running, now: datetime) -> BeginStatus:
        """What begin and claim find."""
        if row.state in ("done", "not_done"):
            return BeginStatus.REPLAYED
        if self.is_alive(row, asking, now):
            return BeginStatus.UNDER_WAY
        if row.state == "paid":
            return BeginStatus.RESUME if row.steps else BeginStatus.REPLAYED
        return BeginStatus.NEW if row.state == "intended" else BeginStatus.RECOVER

    # --- what becomes of it

    def begin(self, intent: Intent, content: str, process: Running, now: datetime) -> None:
        """A new one is written."""
        assert intent.amount is not None
        row = Row(intent.id, intent.account, intent.key, content, int(intent.amount.amount))
        undone = [
            each
            for each in self.rows.values()
            if intent.key is not None
            and (each.account, each.key, each.content, each.state) == (intent.account, intent.key, content, "not_done")
        ]
        if undone:
            last = max(undone, key=lambda each: each.attempts)
            row.attempts, row.steps = last.attempts + 1, dict(last.steps)
        self.rows[row.id] = row
        self._hold(row, intent, process, now)

    def take(self, row: Row, intent: Intent, process: Running, now: datetime) -> None:
        """It is the caller's now."""
        row.attempts += 1
        self._hold(row, intent, process, now)

    def _hold(self, row: Row, intent: Intent, process: Running, now: datetime) -> None:
        assert intent.holder is not None
        assert intent.holder not in self.whose
        row.holder, row.lease_until = intent.holder, now + LEASE
        self.whose[intent.holder] = process
        process.held.add(intent.holder)
        process.renewed.add(intent.holder)

    def let_go(self, holder: str) -> None:
        self.whose[holder].held.discard(holder)
        self.whose[holder].renewed.discard(holder)

    def expected(self, row: Row, holder: str, action: str) -> str:
        """The state after an action of somebody who held it once, or `NOT_HELD`."""
        after = AFTER[row.state][action]
        if action in ("paid", "finish") or row.holder == holder or row.state in ("done", "not_done"):
            return after
        is_repeated = action != "sending" and row.holder is None and after == row.state
        return after if is_repeated else NOT_HELD

    def sending(self, row: Row, now: datetime) -> None:
        row.state = AFTER[row.state]["sending"]
        row.lease_until = now + LEASE

    def end(self, row: Row, holder: str, action: str) -> None:
        """Fail or unknown."""
        row.state = AFTER[row.state][action]
        if row.holder == holder:
            row.holder = None

    def paid(self, row: Row, holder: str, charged: int | None, now: datetime) -> None:
        if row.state in ("paid", "done"):
            return
        self._carried_out(row)
        row.state = "paid"
        if row.holder is None:
            row.holder, row.lease_until = holder, now + LEASE
        row.charged = row.charged if charged is None else charged

    def finish(self, row: Row, holder: str, result: int, task_id: str, charged: int | None) -> None:
        if row.state == "done":
            return
        if row.state != "paid":
            self._carried_out(row)
        row.state, row.result, row.holder, row.done_by = "done", result, None, holder
        row.task_id = row.task_id or task_id
        row.charged = row.charged if charged is None else charged

    def _carried_out(self, row: Row) -> None:
        """It was believed undone: somebody else may have its key by now."""
        other = self.with_key(row.account, row.key) if row.state == "not_done" else None
        if other is not None:
            row.key, row.twin_of = None, other.id

    def is_second(self, row: Row, holder: str, task_id: str) -> bool:
        """Whether somebody else finished it with something else."""
        return row.state == "done" and row.done_by != holder and row.task_id != task_id

    def second(self, row: Row, holder: str, twin: str, result: int, task_id: str, charged: int | None) -> None:
        """It was carried out besides: once, however often that is said."""
        if (row.id, holder) in self.twins:
            assert self.twins[row.id, holder] == twin
            return
        assert twin not in self.rows
        self.twins[row.id, holder] = twin
        self.rows[twin] = Row(
            id=twin,
            account=row.account,
            key=None,
            content=row.content,
            amount=row.amount,
            attempts=row.attempts,
            state="done",
            charged=charged,
            result=result,
            task_id=task_id,
            done_by=holder,
            twin_of=row.id,
        )

    def beat(self, process: Running, now: datetime) -> None:
        for row in self._held_by(process):
            row.lease_until = now + LEASE

    def _held_by(self, process: Running) -> Iterator[Row]:
        return (row for row in self.rows.values() if row.holder in process.renewed)
