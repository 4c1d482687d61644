"""Any order of what callers do to the ledger, by several processes on two machines, beside a small model of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crowdhub.errors import BudgetExceeded, InvalidRequest
from crowdhub.ledger import BeginStatus, Begun, Budget, Intent, Ledger, NotHeld, PaidTwice
from crowdhub.model import Money
from crowdhub.store import Database
from crowdhub.testing.prover.process import Machine, ProcessIdentity
from tests.ledger.ledger_model import OWNERS, TAKEN_OVER, LedgerModel, Row, Running
from tests.ledger.table import AFTER, NOT_HELD
from tests.support.hand_clock import HandClock

LIMIT = 4
MACHINES = ("first", "first", "second")
NEXT = {before: {after for after in acts.values() if after != NOT_HELD} for before, acts in AFTER.items()}
AMOUNTS = st.sampled_from([2, 3])
CHARGED = st.sampled_from([None, None, 0, 4])
PLACES = st.integers(0, 2)
NEWEST = st.integers(0, 4)
"""Which of what there is, counted from the newest: what is old is settled."""


class Hand(NamedTuple):
    """What a process got to do: an intent as it was when it was begun or taken over."""

    process: Process
    intent: Intent

    @property
    def holder(self) -> str:
        assert self.intent.holder is not None
        return self.intent.holder


class Process:
    """A program that uses the ledger, beside what the model knows of it."""

    def __init__(self, database: Database, machine: Machine, number: int) -> None:
        self.identity = ProcessIdentity(machine, number)
        self.known = Running(machine.name)
        self.open(database)

    def open(self, database: Database) -> None:
        self.ledger = Ledger(database, here=self.identity)
        self.ledger.leases.close()  # no thread renews them here
        self.known.renewed.clear()

    def end(self) -> None:
        self.identity.end()
        self.known.is_running = False


def state_of(intent: Intent) -> str:
    return "paid" if intent.state == "done" and intent.result is None else str(intent.state)


def usd(amount: int | None) -> Money | None:
    return None if amount is None else Money(amount, "USD")


class LedgerMachine(RuleBasedStateMachine):
    template: Path
    """An empty ledger, to be copied: to make one takes longer."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "ledger.sqlite3"
        shutil.copy(self.template, self.file)
        self.clock = HandClock()
        self.model = LedgerModel()
        self.machines = {name: Machine(name, self.clock) for name in MACHINES}
        self.started = 0
        self.databases = {name: Database(self.file, clock=self.clock) for name in self.machines}
        self.processes = [self._process(name) for name in MACHINES]
        self.hands: list[Hand] = []
        self.before: dict[str, Intent] = {}
        # A run may be one without some of the rules: there is something to be done in each.
        self.begin(0, "mine", "k", "work", 2, has_budget=False)
        self.begin(2, "other", "k", "work", 2, has_budget=False)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for database in self.databases.values():
                database.close()
            self.folder.cleanup()

    def _process(self, machine: str) -> Process:
        self.started += 1
        return Process(self.databases[machine], self.machines[machine], self.started)

    # --- to get an intent

    @rule(
        place=PLACES,
        account=st.sampled_from(["mine", "mine", "mine-too", "other"]),
        key=st.sampled_from(["k", "k", "k", "l", None]),
        content=st.sampled_from(["work"] * 5 + ["other"]),
        amount=AMOUNTS,
        has_budget=st.sampled_from([True, True, False]),
    )
    def begin(self, place: int, account: str, key: str | None, content: str, amount: int, has_budget: bool) -> None:
        process, model = self.processes[place], self.model

        def act() -> Begun:
            return process.ledger.begin(
                {"provider": "acme", "account": account, "environment": "sandbox"},
                "publish",
                content,
                key=key,
                amount=usd(amount),
                owner=OWNERS[account],
                budget=Budget.of({"USD": str(LIMIT)}) if has_budget else None,
            )

        there = model.with_key(account, key)
        if there is not None and there.content != content:
            with pytest.raises(InvalidRequest):
                act()
        elif there is not None:
            self._taken(process, there, act)
        elif has_budget and model.used() + amount > LIMIT:
            with pytest.raises(BudgetExceeded):
                act()
        else:
            begun = act()
            assert begun.status is BeginStatus.NEW
            assert begun.intent.id not in model.rows
            model.begin(begun.intent, content, process.known, self.clock.now())
            self._handed(process, begun.intent)

    @precondition(lambda self: self.model.rows)
    @rule(place=PLACES, number=NEWEST)
    def claim(self, place: int, number: int) -> None:
        row = list(self.model.rows.values())[-1 - number % len(self.model.rows)]
        process = self.processes[place]
        self._taken(process, row, lambda: process.ledger.claim(row.id))

    def _taken(self, process: Process, row: Row, act: Callable[[], Begun]) -> None:
        status = self.model.status(row, process.known, self.clock.now())
        begun = act()
        assert (begun.status, begun.intent.id) == (status, row.id)
        if status in TAKEN_OVER:
            self.model.take(row, begun.intent, process.known, self.clock.now())
            self._handed(process, begun.intent)

    def _handed(self, process: Process, intent: Intent) -> None:
        self.hands.append(Hand(process, intent))
        row = self.model.rows[intent.id]
        assert intent.attempts == row.attempts
        assert {each.position: each.call for each in process.ledger.steps(intent)} == row.steps

    @precondition(lambda self: self.hands)
    @rule(number=NEWEST, place=PLACES, finishing=st.sampled_from(["", "", "first second", "second first first"]))
    def take_over(self, number: int, place: int, finishing: str) -> None:
        """The first one lets it go, and a second one takes it; the first goes on all the same, and some finish."""
        first, _, row = self._hand(number)
        self._end(first, "unknown")
        process = self.processes[place]
        self._taken(process, row, lambda: process.ledger.claim(row.id))
        self._send(first)
        self._end(first, "fail")
        for name in finishing.split():
            self._finish(first if name == "first" else self.hands[-1], 5, name, None)

    @precondition(lambda self: self.hands)
    @rule(number=NEWEST, place=PLACES, after_a_step=st.booleans())
    def fail_and_begin_again(self, number: int, place: int, after_a_step: bool) -> None:
        hand, _, row = self._hand(number)
        if after_a_step:
            self.note_step(number, 0, "POST /a", paid=False)
        self._end(hand, "fail")
        self.begin(place, row.account, hand.intent.key, row.content, row.amount, has_budget=False)

    # --- what becomes of it, by whoever had it once

    def _hand(self, number: int) -> tuple[Hand, Ledger, Row]:
        hand = self.hands[-1 - number % len(self.hands)]
        return hand, hand.process.ledger, self.model.rows[hand.intent.id]

    @precondition(lambda self: self.hands)
    @rule(number=NEWEST)
    def sending(self, number: int) -> None:
        self._send(self._hand(number)[0])

    def _send(self, hand: Hand) -> None:
        ledger, row = hand.process.ledger, self.model.rows[hand.intent.id]
        if self.model.expected(row, hand.holder, "sending") == NOT_HELD:
            with pytest.raises(NotHeld):
                ledger.sending(hand.intent)
        else:
            ledger.sending(hand.intent)
            self.model.sending(row, self.clock.now())

    @precondition(lambda self: self.hands)
    @rule(number=NEWEST, charged=CHARGED)
    def paid(self, number: int, charged: int | None) -> None:
        hand, ledger, row = self._hand(number)
        ledger.paid(hand.intent, charged=usd(charged))
        self.model.paid(row, hand.holder, charged, self.clock.now())

    @precondition(lambda self: self.hands)
    @rule(number=NEWEST, position=st.integers(0, 1), call=st.sampled_from(["POST /a", "POST /b"]), paid=st.booleans())
    def note_step(self, number: int, position: int, call: str, paid: bool) -> None:
        hand, ledger, row = self._hand(number)
        if row.holder != hand.holder:
            with pytest.raises(NotHeld):
                ledger.note_step(hand.intent, position, call, {}, paid=paid)
            return
        ledger.note_step(hand.intent, position, call, {}, paid=paid)
        row.steps[position] = call
        if paid:
            self.model.paid(row, hand.holder, None, self.clock.now())

    @precondition(lambda self: self.hands)
    @rule(number=NEWEST, result=st.integers(1, 9), task_id=st.sampled_from(["t", "u", "v"]), charged=CHARGED)
    def finish(self, number: int, result: int, task_id: str, charged: int | None) -> None:
        self._finish(self._hand(number)[0], result, task_id, charged)

    def _finish(self, hand: Hand, result: int, task_id: str, charged: int | None) -> None:
        ledger, row = hand.process.ledger, self.model.rows[hand.intent.id]
        is_second = self.model.is_second(row, hand.holder, task_id)
        told: PaidTwice | None = None
        try:
            ledger.finish(hand.intent, result, charged=usd(charged), task_id=task_id)
        except PaidTwice as error:
            told = error
        if is_second:
            assert told is not None
            self.model.second(row, hand.holder, told.second.id, result, task_id, charged)
            assert told.first.id == row.id
        else:
            self.model.finish(row, hand.holder, result, task_id, charged)
            assert (told is not None) == (row.twin_of is not None)
        self.model.let_go(hand.holder)

    @precondition(lambda self: self.hands)
    @rule(number=NEWEST, action=st.sampled_from(["left", "left", "fail", "unknown"]))
    def end(self, number: int, action: str) -> None:
        self._end(self._hand(number)[0], action)

    def _end(self, hand: Hand, action: str) -> None:
        ledger, row = hand.process.ledger, self.model.rows[hand.intent.id]
        acts: dict[str, Callable[[Intent, str], Intent]] = {
            "fail": ledger.fail,
            "unknown": ledger.unknown,
            "left": ledger.left,
        }
        act = acts[action]
        if action == "left":
            action = "fail" if row.state == "intended" else "unknown"
        if self.model.expected(row, hand.holder, action) == NOT_HELD:
            with pytest.raises(NotHeld):
                act(hand.intent, "why")
        else:
            act(hand.intent, "why")
            self.model.end(row, hand.holder, action)
        self.model.let_go(hand.holder)

    # --- the world around it

    @rule(seconds=st.sampled_from([60, 60, 91]), renewing=st.none() | PLACES)
    def time_passes(self, seconds: int, renewing: int | None) -> None:
        self.clock.move(seconds)
        if renewing is not None:
            process = self.processes[renewing]
            process.ledger.leases.beat()
            self.model.beat(process.known, self.clock.now())

    @rule(place=PLACES)
    def crash(self, place: int) -> None:
        """The process is gone; another one is started in its place."""
        process = self.processes[place]
        process.end()
        self.hands = [each for each in self.hands if each.process is not process]
        self.processes[place] = self._process(process.known.machine)

    @rule(machine=st.sampled_from(sorted(set(MACHINES))))
    def reopen(self, machine: str) -> None:
        """The processes of a machine open the database anew."""
        self.databases[machine].close()
        self.databases[machine] = Database(self.file, clock=self.clock)
        for process in self.processes:
            if process.known.machine == machine:
                process.open(self.databases[machine])

    # --- what holds after each of them

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        found = {each.id: each for each in self.processes[0].ledger.report.entries()}
        assert found.keys() == self.model.rows.keys()
        for name, row in self.model.rows.items():
            now = found[name]
            assert (state_of(now), now.key, now.holder) == (row.state, row.key, row.holder)
            assert (now.result, now.task_id, now.twin_of) == (row.result, row.task_id, row.twin_of)
            assert (now.amount, now.charged) == (usd(row.amount), usd(row.charged))
        self._nothing_goes_back(found)
        self._a_key_stands_for_one(found)
        self._everybody_knows_who_is_at_work(found)

    def _nothing_goes_back(self, found: dict[str, Intent]) -> None:
        for name, earlier in self.before.items():
            before, after = state_of(earlier), state_of(found[name])
            assert before == after or after in NEXT[before]
            assert earlier.result in (None, found[name].result)
        self.before = found

    def _a_key_stands_for_one(self, found: dict[str, Intent]) -> None:
        has = [(OWNERS[each.account], each.key) for each in found.values() if each.key and each.state != "not_done"]
        assert len(has) == len(set(has))

    def _everybody_knows_who_is_at_work(self, found: dict[str, Intent]) -> None:
        for process in self.processes:
            at_work = {name for name, each in found.items() if process.ledger.is_under_way(each)}
            rows, now = self.model.rows.values(), self.clock.now()
            assert at_work == {row.id for row in rows if self.model.is_alive(row, process.known, now)}

    @invariant()
    def the_sums_are_those_of_the_model(self) -> None:
        sums = {each.account: each for each in self.processes[1].ledger.report.totals()}
        for account in OWNERS:
            rows = [row for row in self.model.rows.values() if row.account == account]
            spent, held = sum(row.spent for row in rows), sum(row.reserved for row in rows)
            done = sum(row.state in ("paid", "done") for row in rows)
            total = sums.get(account)
            said = (usd(0), usd(0), 0) if total is None else (total.spent, total.held, total.done)
            assert said == (usd(spent), usd(held), done)


def test_any_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    template = tmp_path_factory.mktemp("empty") / "ledger.sqlite3"
    Ledger.open(template).close()
    machine = type("Machine", (LedgerMachine,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
