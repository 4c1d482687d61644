"""No account passes its marketplace's limit, in any window."""

import sqlite3
from collections import deque
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdhub.engine.session import Gate
from crowdhub.errors import LedgerError
from crowdhub.protocol import Call, Effect, RateLimit
from crowdhub.ratelimit import Gates, MemoryGate, SharedGate, bucket_of
from crowdhub.store import Database
from tests.support.hand_clock import HandClock
from tests.support.programs import Program

IDENTITY = {"provider": "acme", "account": "acme", "environment": "sandbox"}
READ = Call.get("/list")
SETTLE = Call.post("/approve", effect=Effect.SETTLE)
SPEND = Call.post("/publish", effect=Effect.SPEND)


def let_through(gate: Gate, call: Call, limits: list[RateLimit], tries: int) -> int:
    return sum(gate.enter(call, limits) == 0 for _ in range(tries))


def test_a_full_window_says_when_to_come_back(gates: Gates, clock: HandClock) -> None:
    gate, limits = gates.of(IDENTITY, ["key-1"]), [RateLimit(5, 60)]
    assert gate.left(limits) == 5
    for _ in range(5):
        assert gate.enter(SPEND, limits) == 0
        clock.move(10)
    assert gate.left(limits) == 0
    wait = gate.enter(SPEND, limits)  # 50 s after the first
    assert 10 < wait < 12
    clock.move(9.9)
    assert gate.enter(SPEND, limits) > 0
    clock.move(wait - 9.9)
    assert gate.left(limits) == 1
    assert gate.enter(SPEND, limits) == 0
    assert gate.enter(SPEND, limits) > 0


def test_a_call_that_was_refused_takes_no_place(gates: Gates, clock: HandClock) -> None:
    gate, limits = gates.of(IDENTITY), [RateLimit(2, 60)]
    assert let_through(gate, SPEND, limits, 20) == 2
    clock.move(60)
    assert gate.left(limits) == 2


def test_every_limit_is_kept(gates: Gates, clock: HandClock) -> None:
    gate, limits = gates.of(IDENTITY), [RateLimit(2, 1), RateLimit(3, 60)]
    assert let_through(gate, SETTLE, limits, 5) == 2
    clock.move(1)
    assert let_through(gate, SETTLE, limits, 5) == 1
    clock.move(1)
    assert gate.enter(SETTLE, limits) > 57
    assert gate.left(limits) == 0


def test_without_limits_everything_goes(gates: Gates) -> None:
    gate = gates.of(IDENTITY)
    assert let_through(gate, READ, [], 100) == 100
    assert gate.left([]) is None


def test_reading_leaves_room_for_reviews(gates: Gates, clock: HandClock) -> None:
    gate, limits = gates.of(IDENTITY), [RateLimit(100, 3600)]
    assert let_through(gate, READ, limits, 150) == 90
    clock.move(1)
    assert let_through(gate, SETTLE, limits, 50) == 10
    assert gate.left(limits) == 0
    assert 3598 < gate.enter(SETTLE, limits) < 3602


def test_reviews_leave_room_for_reading(gates: Gates) -> None:
    gate, limits = gates.of(IDENTITY), [RateLimit(100, 3600)]
    assert let_through(gate, SETTLE, limits, 95) == 95
    assert let_through(gate, READ, limits, 50) == 5
    assert let_through(gates.of(IDENTITY, ["other key"]), SETTLE, limits, 150) == 100


def test_a_named_limit_holds_for_the_calls_that_name_it(gates: Gates, clock: HandClock) -> None:
    gate = gates.of(IDENTITY)
    limits = [RateLimit(1, 60, what="messages"), RateLimit(10, 60)]
    message = Call.post("/message", effect=Effect.SPEND, limit="messages")
    assert let_through(gate, message, limits, 3) == 1
    assert let_through(gate, SPEND, limits, 20) == 9  # the message counts for the account too
    clock.move(60)
    assert gate.enter(message, limits) == 0
    reading = Call.get("/inbox", limit="asks")
    assert let_through(gate, reading, [RateLimit(20, 60, what="asks")], 30) == 20  # no share is kept back there


def test_accounts_do_not_share_and_names_of_one_key_do(gates: Gates) -> None:
    limits = [RateLimit(3, 60)]
    second = {**IDENTITY, "account": "second"}
    live = {**IDENTITY, "environment": "live"}
    assert let_through(gates.of(IDENTITY, ["key-1"]), SPEND, limits, 2) == 2
    assert let_through(gates.of(second, ["key-1"]), SPEND, limits, 5) == 1
    for other in (gates.of(second, ["key-2"]), gates.of(live, ["key-1"]), gates.of(second), gates.of(IDENTITY)):
        assert let_through(other, SPEND, limits, 5) == 3


def test_a_clock_that_is_set_back_blocks_nobody_for_long(gates: Gates, clock: HandClock) -> None:
    gate, limits = gates.of(IDENTITY), [RateLimit(3, 60)]
    assert let_through(gate, SPEND, limits, 3) == 3
    clock.set_wall(-30 * 24 * 3600)
    assert 0 < gate.enter(SPEND, limits) < 65
    clock.move(60)
    assert let_through(gate, SPEND, limits, 5) == 3


def test_threads_share_exactly(gates: Gates) -> None:
    gate, limits = gates.of(IDENTITY), [RateLimit(40, 3600)]
    found: list[int] = []

    def work() -> None:
        found.append(let_through(gate, SPEND, limits, 15))

    threads = [Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(found) == 40


def test_processes_share_exactly(url: str) -> None:
    source = """
database = Database(sys.argv[1])
gate = Gates(database).of(ID, ["key-1"])
call, limits = Call.post("/x", effect=Effect.SETTLE), [RateLimit(100, 3600)]
say("ready"); sys.stdin.readline()
say(sum(gate.enter(call, limits) == 0 for n in range(60)))
sys.stdin.readline()
say(gate.left(limits))
"""
    with Program(source, url) as one, Program(source, url) as two, Program(source, url) as three:
        programs = (one, two, three)
        for each in programs:
            each.said()
        for each in programs:
            each.go_on()
        assert sum(each.said() for each in programs) == 100
        one.go_on()
        assert one.said() == 0


def test_old_rows_are_dropped_as_new_ones_come(tmp_path: Path, clock: HandClock) -> None:
    with closing(Database(tmp_path / "l.sqlite3", clock=clock)) as database, closing(Gates(database)) as gates:
        gate = gates.of(IDENTITY)
        for _ in range(50):
            assert gate.enter(SPEND, [RateLimit(10, 5)]) == 0
            clock.move(1)
        count = database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM crowdhub_request").scalar())
        assert count == 10


def test_the_key_is_nowhere_in_the_database(tmp_path: Path, clock: HandClock) -> None:
    with closing(Database(tmp_path / "l.sqlite3", clock=clock)) as database, closing(Gates(database)) as gates:
        gates.of(IDENTITY, ["a-very-secret-key"]).enter(SPEND, [RateLimit(10, 5)])
    for file in tmp_path.iterdir():
        assert b"a-very-secret-key" not in file.read_bytes()
    assert bucket_of(IDENTITY, ["k1", "k2"], b"salt") == bucket_of(IDENTITY, ["k2", "k1"], b"salt")
    assert bucket_of(IDENTITY, ["k1"], b"salt") != bucket_of(IDENTITY, ["k1"], b"other salt")


def test_a_locked_database_lets_nothing_through(tmp_path: Path) -> None:
    file = tmp_path / "l.sqlite3"
    with closing(Database(file, patience=0.05)) as database, closing(Gates(database)) as gates:
        gate = gates.of(IDENTITY)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match="locked"):
                gate.enter(SPEND, [RateLimit(10, 5)])
            other.execute("ROLLBACK")
        assert gate.enter(SPEND, [RateLimit(10, 5)]) == 0


def test_only_a_gate_with_a_database_may_block(gates: Gates) -> None:
    gate = gates.of(IDENTITY)
    assert gate.blocking == isinstance(gate, SharedGate)
    assert isinstance(gate, (SharedGate, MemoryGate))


def test_those_who_wait_do_not_all_come_back_at_once(clock: HandClock) -> None:
    gate, limits = MemoryGate(clock, random=Random(1)), [RateLimit(1, 600)]
    gate.enter(SPEND, limits)
    waits = [gate.enter(SPEND, limits) for _ in range(20)]
    assert len(set(waits)) == 20
    assert all(600 < wait <= 601 for wait in waits)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.sampled_from([0, 0, 1, 7]), st.sampled_from([READ, SETTLE])), max_size=80),
    calls=st.integers(1, 25),
    kind=st.sampled_from(["memory", "sqlite"]),
)
def test_no_window_ever_holds_more(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, Call]], calls: int, kind: str
) -> None:
    """Against the plainest formulation: a list of everything that went through."""
    clock = HandClock()
    database = Database(tmp_path_factory.mktemp("l") / "l.sqlite3", clock=clock) if kind == "sqlite" else None
    gates = Gates(database, clock)
    gate, limits = gates.of(IDENTITY), [RateLimit(calls, 20)]
    passed: deque[tuple[float, bool]] = deque()
    for pause, call in steps:
        clock.move(pause)
        window = [is_read for at, is_read in passed if at > clock.passed - 20]
        kept_back = calls // 10
        room = len(window) < calls
        if call is READ and kept_back:
            room = room and (len(window) < calls - kept_back or sum(window) < kept_back)
        assert (gate.enter(call, limits) == 0) == room
        if room:
            passed.append((clock.passed, call is READ))
        assert gate.left(limits) == calls - len([at for at, _ in passed if at > clock.passed - 20])
    gates.close()
    if database is not None:
        database.close()
