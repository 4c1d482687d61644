"""The ledger's own interface, used in any order by processes on two machines that stop, crash and come late."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crowdhub.ledger import BeginStatus, Intent, Ledger, NotHeld, PaidTwice, State
from crowdhub.ledger.leases import LEASE
from crowdhub.ledger.owner import Here
from crowdhub.model import Money, Task
from crowdhub.store import Database
from tests.support.hand_clock import HandClock

ID: dict[str, Any] = {"provider": "acme", "account": "acme", "environment": "sandbox"}
FIVE = Money("5", "USD")
KEYS, MACHINES = st.sampled_from("aaab"), st.sampled_from([0, 1])


class Process(Here):
    """One process at a time on each machine; the one before it has ended."""

    def __init__(self, machine: int, number: int) -> None:
        super().__init__()
        self.number, self._me = str(number), (f"machine {machine}", str(number), "1", "host")

    def me(self) -> tuple[str, str, str, str]:
        return self._me

    def is_running(self, process: str, start: str) -> bool | None:
        return process == self.number


@dataclass
class Work:
    """What a caller holds, or believes that he holds. ``alive``: his process has not ended."""

    intent: Intent
    key: str
    machine: int
    alive: bool = True
    sent: bool = False


@dataclass
class Known:
    """What must be so of a key's present intent."""

    state: State | None = None
    holder: Work | None = None
    lease_until: float = 0
    done: list[str] = field(default_factory=list[str])

    @property
    def is_open(self) -> bool:
        return self.state in (State.INTENDED, State.SENT, State.UNKNOWN)


class TheLedger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.file, self.clock = Path(self.folder.name) / "ledger.sqlite3", HandClock()
        self.numbers = count(1)
        self.ledgers = [self.started(machine) for machine in (0, 1)]
        self.known = {key: Known() for key in "ab"}
        self.works: list[Work] = []
        self.made: list[str] = []

    def started(self, machine: int) -> Ledger:
        database = Database(self.file, clock=self.clock, durable=not self.file.exists())
        return Ledger(database, here=Process(machine, next(self.numbers)))

    def teardown(self) -> None:
        for each in self.ledgers:
            each.close()
        self.folder.cleanup()

    def ledger(self, work: Work) -> Ledger:
        return self.ledgers[work.machine]

    def is_held(self, known: Known, asking: int) -> bool:
        work = known.holder
        if work is None:
            return False
        return work.alive if work.machine == asking else known.lease_until > self.clock.passed

    # --- what may happen

    @rule(key=KEYS, machine=MACHINES)
    def begin(self, key: str, machine: int) -> None:
        known = self.known[key]
        begun = self.ledgers[machine].begin(ID, "publish", key, key=key, amount=FIVE)
        if known.state is State.DONE:
            expected = BeginStatus.REPLAYED
            assert begun.intent.task_id == known.done[0]
        elif known.is_open and self.is_held(known, machine):
            expected = BeginStatus.UNDER_WAY
        elif known.state in (State.SENT, State.UNKNOWN):
            expected = BeginStatus.RECOVER
        else:
            expected = BeginStatus.NEW
        assert begun.status is expected
        if expected in (BeginStatus.NEW, BeginStatus.RECOVER):
            work = Work(begun.intent, key, machine)
            self.works.append(work)
            if expected is BeginStatus.NEW:
                known.state = State.INTENDED
            known.holder, known.lease_until = work, self.clock.passed + LEASE

    @rule(key=KEYS, machine=MACHINES)
    def begin_past_the_lease_and_send(self, key: str, machine: int) -> None:
        self.clock.move(LEASE + 1)
        self.begin(key, machine)
        work = self.known[key].holder
        if work is not None and work.alive:
            self.send(work)

    def one(self, data: st.DataObject, *, sent: bool | None = None) -> Work:
        chosen: Work = data.draw(st.sampled_from([each for each in self.alive() if sent in (None, each.sent)]))
        return chosen

    def alive(self) -> list[Work]:
        return [each for each in self.works if each.alive]

    @precondition(lambda self: self.alive())
    @rule(data=st.data())
    def sending(self, data: st.DataObject) -> None:
        self.send(self.one(data))

    def send(self, work: Work) -> None:
        known = self.known[work.key]
        try:
            self.ledger(work).sending(work.intent)
        except NotHeld:
            assert known.holder is not work or not known.is_open
        else:
            assert known.holder is work, "whoever lost it sends all the same"
            work.sent, known.state, known.lease_until = True, State.SENT, self.clock.passed + LEASE

    @precondition(lambda self: any(each.sent for each in self.alive()))
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        """However late: what was made is noted, or told as the second one."""
        work = self.one(data, sent=True)
        known, task = self.known[work.key], f"t{len(self.made)}"
        self.made.append(task)
        made = Task(id=task, **ID)
        if known.done:
            with pytest.raises(PaidTwice, match=f"task {known.done[0]} and task {task}"):
                self.ledger(work).finish(work.intent, made)
        else:
            self.ledger(work).finish(work.intent, made)
            known.state, known.holder = State.DONE, None
        known.done.append(task)
        self.ended(work)

    @precondition(lambda self: self.alive())
    @rule(data=st.data(), how=st.sampled_from(["fail", "unknown", "left"]))
    def end(self, data: st.DataObject, how: str) -> None:
        work = self.one(data)
        known = self.known[work.key]
        try:
            getattr(self.ledger(work), how)(work.intent, "it ended")
        except NotHeld:
            assert known.holder is not work
        else:
            if known.holder is work:
                never = how == "left" and known.state is State.INTENDED
                known.state = State.NOT_DONE if how == "fail" or never else State.UNKNOWN
                known.holder = None
        self.ended(work)

    def ended(self, work: Work) -> None:
        work.alive = False
        self.ledger(work).leases.let_go(work.intent.holder)

    @rule(machine=MACHINES)
    def crash(self, machine: int) -> None:
        self.ledgers[machine].close()
        self.ledgers[machine] = self.started(machine)
        for work in self.works:
            work.alive = work.alive and work.machine != machine

    @rule(seconds=st.sampled_from([1, LEASE - 1, LEASE + 1, 301]))
    def time_passes(self, seconds: float) -> None:
        self.clock.move(seconds)

    # --- what holds at each moment

    @invariant()
    def nothing_is_lost_and_all_is_counted(self) -> None:
        entries = list(self.ledgers[0].report.entries())
        assert sorted(each.task_id for each in entries if each.task_id) == sorted(self.made)
        for key, known in self.known.items():
            present = [each for each in entries if each.key == key and each.state is not State.NOT_DONE]
            assert [each.state for each in present] == (
                [known.state] if known.state not in (None, State.NOT_DONE) else []
            )
        held = sum(known.is_open for known in self.known.values())
        totals = self.ledgers[0].report.totals()
        assert (sum(each.spent.amount for each in totals), sum(each.held.amount for each in totals)) == (
            5 * len(self.made),
            5 * held,
        )


TestTheLedger = TheLedger.TestCase
TestTheLedger.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)
