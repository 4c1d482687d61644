"""The sandbox's time: moved by hand, or by whoever sleeps on it, a hub above all."""

from __future__ import annotations

import copy
import pickle
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.clock import Clock
from crowdhub.errors import RateLimited
from crowdhub.sandbox import Fault, Sandbox, SandboxClock
from crowdhub.testing.subject import load

DRAFT = TaskDraft(title="T", instructions="I", reward=Money("1.00", "USD"), slots=5, proof="P", category="C")


def test_it_stands_still_until_it_is_moved() -> None:
    clock = SandboxClock()
    start = clock.now()
    assert clock.now() == start
    assert clock.monotonic() == 0
    assert clock.advance(days=1, hours=1, minutes=1, seconds=1) - start == timedelta(days=1, seconds=3661)
    assert clock.monotonic() == 86400 + 3661
    with pytest.raises(ValueError, match="forward"):
        clock.advance(hours=-1)
    with pytest.raises(ValueError, match="aware"):
        SandboxClock(datetime(2026, 1, 1))  # noqa: DTZ001


def test_it_can_follow_real_time() -> None:
    clock = SandboxClock(realtime=True)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    start = datetime(2030, 1, 1, tzinfo=UTC)
    shifted = SandboxClock(start, realtime=True)
    assert timedelta() <= shifted.now() - start < timedelta(minutes=1)
    before = shifted.monotonic()
    shifted.advance(hours=1)
    assert 3600 <= shifted.monotonic() - before < 3660


def test_in_real_time_a_sleep_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("crowdhub.sandbox.clock.time.sleep", slept.append)
    monkeypatch.setattr("crowdhub.sandbox.clock.anyio.sleep", sleep)
    clock = SandboxClock(realtime=True)
    clock.sleep(30)
    clock.sleep(-1)
    anyio.run(clock.sleep_async, 20)
    assert slept == [30, 0, 20]
    assert clock.now() - datetime.now(UTC) < timedelta(seconds=1)


@pytest.mark.parametrize("world", ["sync", "asyncio", "trio"])
def test_sleeping_on_it_is_advancing_the_box(box: Sandbox, counter: Any, world: str) -> None:
    start = box.clock.now()
    if world == "sync":
        box.clock.sleep(90)
    else:
        anyio.run(box.clock.sleep_async, 90, backend=world)
    box.clock.advance(seconds=10)
    box.advance(minutes=1)
    moments = [start + timedelta(seconds=seconds) for seconds in (90, 100, 160)]
    assert counter.ticks == moments
    assert counter.clock is box.clock
    assert box.clock.monotonic() == 160
    box.clock.sleep(-5)
    assert box.clock.now() == moments[-1]


def test_many_threads_move_it_by_all_their_sleeps() -> None:
    clock = SandboxClock()
    seen: list[list[float]] = [[] for _ in range(8)]

    def sleep(own: list[float]) -> None:
        for _ in range(50):
            own.append(clock.monotonic())
            clock.advance(seconds=1)

    threads = [threading.Thread(target=sleep, args=(own,)) for own in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() == 400
    assert all(own == sorted(own) for own in seen)


def test_an_instance_goes_by_the_clock_of_its_box(counter_class: Any) -> None:
    market = counter_class()
    with Sandbox(market) as box:
        box.advance(hours=1)
        charge = market.purse.charge("publish", "t", held=market.purse.balance)
        assert charge.at == box.clock.now() == market.now()


def test_the_accounts_bring_the_clock_and_copies_do_not(box: Sandbox) -> None:
    accounts = box.accounts
    assert accounts.clock is box.clock
    assert isinstance(box.clock, Clock)
    settings = {"counter": accounts["counter"]}
    copies: list[object] = [
        dict(accounts),
        accounts | {},
        {} | accounts,
        {**accounts},
        accounts.copy(),
        copy.copy(accounts),
        copy.deepcopy(accounts),
        pickle.loads(pickle.dumps(accounts)),
    ]
    for each in copies:
        assert each == accounts == settings
        assert not hasattr(each, "clock")
        assert type(each) is dict


def test_a_hub_lives_by_it() -> None:
    """Its own conformance draft has a deadline, which the sandbox's day is far from."""
    with Sandbox("etxt") as box, Hub(box.accounts) as hub:
        market = hub["etxt"]
        task = market.publish(load("etxt").draft(), key="k")
        assert market.provider.now() == box.clock.now()
        assert task.expires_at is not None
        assert timedelta() < task.expires_at - box.clock.now() < timedelta(days=90)


def test_a_hub_of_copied_accounts_lives_by_the_machines() -> None:
    with Sandbox("rapidworkers") as box, Hub(dict(box.accounts)) as hub:
        assert abs(hub["rapidworkers"].provider.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_clock_that_is_given_wins() -> None:
    clock = SandboxClock(datetime(2030, 1, 1, tzinfo=UTC))
    with Sandbox("rapidworkers") as box, Hub(box.accounts, clock=clock) as hub:
        assert hub["rapidworkers"].provider.now() == clock.now() != box.clock.now()


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_what_a_marketplace_asks_to_wait_passes_in_the_sandbox(form: str) -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        start = box.clock.now()
        asked: float | datetime = 40 if form == "seconds" else start + timedelta(seconds=40)
        box["rapidworkers"].faults.add(Fault.rate_limit(asked))
        assert hub["rapidworkers"].balance() == Money("1000.00", "USD")
        assert box.clock.now() - start == timedelta(seconds=40)


def test_the_request_budget_is_waited_for_in_the_sandbox() -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts, max_wait=4000) as hub:
        market, start = hub["rapidworkers"], box.clock.now()
        for _ in range(1001):
            market.balance()
        assert timedelta(hours=1) <= box.clock.now() - start < timedelta(hours=2)
        assert {each.status for each in box["rapidworkers"].requests} == {200}
    with Sandbox("rapidworkers") as box, Hub(box.accounts, max_wait=10) as hub:
        box["rapidworkers"].faults.add(Fault.rate_limit(60))
        with pytest.raises(RateLimited):
            hub["rapidworkers"].balance()


def test_people_work_while_a_hub_waits() -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        task = hub["rapidworkers"].publish(DRAFT, key="k")
        handed_in = [each.id for each in hub.watch([task], interval=1800, rounds=10)]
        assert len(handed_in) == 5
        assert box.clock.monotonic() == 9 * 1800

    async def watch() -> tuple[int, float]:
        with Sandbox("rapidworkers") as box:
            async with AsyncHub(box.accounts) as hub:
                task = await hub["rapidworkers"].publish(DRAFT, key="k")
                found = [each.id async for each in hub.watch([task], interval=1800, rounds=10)]
            return len(found), box.clock.monotonic()

    assert anyio.run(watch) == (5, 9 * 1800)


def test_threads_that_wait_for_one_another_wait_in_the_sandbox_too() -> None:
    """The second publishing of a key waits for the first, however little of the machine's time its waits take."""
    with Sandbox("rapidworkers") as box, Hub(box.accounts, max_wait=3600) as hub:
        market, ids = hub["rapidworkers"], list[str]()
        threads = [threading.Thread(target=lambda: ids.append(market.publish(DRAFT, key="k").id)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ids) == 4
        assert len(set(ids)) == 1
        assert len(box["rapidworkers"].books().charges) == 1
