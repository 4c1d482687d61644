"""Who moves next: runs the clients of a path in one thread, and asks at each step what is to happen.

Nothing but ledger transactions, requests and waits has an effect outside of a client, so only there is anything to be
chosen: a crash anywhere between two of them is the same as one right before the second.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from inspect import CORO_CLOSED, getcoroutinestate
from typing import Any

from crowdhub.engine import http
from crowdhub.errors import CrowdhubError
from crowdhub.ledger.leases import LEASE
from crowdhub.operations.account import Account
from crowdhub.protocol import Effect
from crowdhub.store import Database
from crowdhub.testing.prover.others import Happening
from crowdhub.testing.prover.paths import GOES_ON, Option
from crowdhub.testing.prover.process import Ended, Machine, Process, Program
from crowdhub.testing.prover.waiting import Book, Send, Sleep, Step
from crowdhub.testing.prover.world import World, described, named

Call = Callable[[Account], Coroutine[Any, Any, object]]

CRASHES = Option("the process crashes")
OTHER = Option("the other process moves")
SOON = 1.0
BEAT = 30.0
"""Seconds between two renewals of a lease."""


@dataclass(eq=False)
class Client:
    """One user of the application with one thing to ask for: the ``call``, made anew as often as it takes."""

    name: str
    key: str
    call: Call
    database: Database
    machine: Machine
    process: Process | None = None
    work: Coroutine[Any, Any, object] | None = None
    asked: str = ""
    step: Step | None = None
    wakes_at: datetime | None = None
    moved_at: datetime | None = None
    is_stopped: bool = False
    has_slept: bool = False
    has_just_been_let: bool = False
    has_looked: bool = False
    """Whether its last request was a look."""
    results: list[object] = field(default_factory=list[object])


class Scheduler:
    """Runs clients to the end of what they ask. ``returned`` is told each result, ``settles`` is in seconds,
    ``others`` may happen, each once. ``held_up``: time may pass before a step while there is no other process."""

    def __init__(
        self,
        application: Program,
        world: World,
        settles: float,
        returned: Callable[[Client, object], None],
        *,
        interleaved: bool = True,
        others: Sequence[Happening] = (),
        held_up: bool = False,
    ) -> None:
        self._others = others
        self._application = application
        self._world = world
        self._settles = settles
        self._returned = returned
        self._interleaved = interleaved
        self._clients: Sequence[Client] = ()
        self._current: Client | None = None
        self._processes: list[Process] = []
        self._is_quiet = False
        self._beaten_at = world.clock.now()
        past_lease, past_settling = LEASE + 1, settles + 1
        self._restarts = [
            (Option("it restarts after 1 s and asks again", 0), SOON, "ask"),
            (Option("it restarts after 1 s and recovers", 0), SOON, "recover"),
            (Option("it restarts past `settles_within` and asks again", 0), past_settling, "ask"),
            (Option("it restarts past `settles_within` and recovers", 0), past_settling, "recover"),
            (Option("it restarts past the lease and asks again"), past_lease, "ask"),
            (Option("it restarts past the lease and recovers"), past_lease, "recover"),
        ]
        self._stops = [
            (Option("the process is stopped past the lease, and the other moves"), past_lease),
            (Option("the process is stopped past `settles_within`, and the other moves"), past_settling),
        ]

        self._pauses = [
            (Option("1 s passes"), SOON),
            (Option("the process is stopped past the lease"), past_lease),
            (Option("the process is stopped past `settles_within`"), past_settling),
        ]
        if not held_up:
            self._pauses.clear()

    # --- what is asked

    def together(self, clients: Sequence[Client]) -> None:
        """All of them ask at the same time, the first moves first; or each after the other has ended."""
        if not self._interleaved:
            for client in clients:
                _ = self.alone(client, "ask", SOON)
            return
        self._clients = clients
        for each in clients:
            self._begin(each, "ask")
        self._current = clients[0]
        while (mover := self._next()) is not None:
            self._current = mover
            self._move(mover)

    def alone(self, client: Client, asked: str, after: float) -> object:
        """One of them asks, or recovers, after so many seconds; its result."""
        self._pass(after)
        self._clients, self._current = [client], client
        self._begin(client, asked)
        while (mover := self._next()) is not None:
            self._move(mover)
        return client.results[-1]

    def _begin(self, client: Client, asked: str) -> None:
        if client.process is None or client.process.is_gone:
            client.process = self._started(client)
        account = client.process.account
        client.asked = asked
        self._say(lambda: f"{client.name} ({client.process and client.process.name}) {asked}s")
        client.work = account.described(client.call(account) if asked == "ask" else account.recover())
        client.step, client.wakes_at, client.is_stopped = None, None, False
        client.has_slept = client.has_just_been_let = client.has_looked = False

    def _started(self, client: Client) -> Process:
        number = len(self._processes) + 1
        world = self._world
        application = self._application
        if world.budget is not None:
            application = replace(application, budget=world.budget)
        process = Process(application, client.database, client.machine, number, lambda _: self._may_crash())
        self._processes.append(process)
        return process

    # --- who moves

    def _next(self) -> Client | None:
        active = [each for each in self._clients if each.work is not None]
        if not active:
            return None
        ready = [each for each in active if not each.is_stopped and each.wakes_at is None]
        if ready:
            return self._current if self._current in ready else ready[0]
        asleep = [(each.wakes_at, number, each) for number, each in enumerate(active) if each.wakes_at is not None]
        if asleep and any(not each.is_stopped for _, _, each in asleep):
            moment, _, client = min(each for each in asleep if not each[2].is_stopped)
            self._pass((moment - self._world.clock.now()).total_seconds())
            client.wakes_at = None
            return client
        self._say(lambda: f"{active[0].name} wakes up")
        active[0].is_stopped = False
        return active[0]

    def _move(self, client: Client) -> None:
        """Let a client take its next step, unless something else is to happen before it."""
        step = client.step
        if step is None:
            self._go_on(client)
        elif isinstance(step, Sleep):
            client.step, client.has_slept = None, True
            client.wakes_at = self._world.clock.now() + timedelta(seconds=step.seconds)
        elif not self._is_kept_from(client, step):
            client.has_slept = client.has_just_been_let = False
            self._take(client, step)

    def _is_kept_from(self, client: Client, step: Book | Send) -> bool:
        """Whether the client does not take its step now, as another moves or it crashes."""
        ways: list[tuple[Option, Callable[[], None]]] = []
        if isinstance(step, Send) and step.call.authenticated:
            ways.append((CRASHES, lambda: self._crash(client)))
            ways += [(each.option, partial(self._happen, each, client)) for each in self._could_happen(client, step)]
        other = self._other(client)
        if not client.has_just_been_let:
            ways += [(way, partial(self._stop, client, client, seconds)) for way, seconds in self._pauses]
        # After a wait the other could have moved already, and one that has just been let move does so.
        if other is not None and not client.has_just_been_let and not (client.has_slept and isinstance(step, Book)):
            ways.append((OTHER, partial(self._let, other)))
            if not other.is_stopped:
                ways += [(way, partial(self._stop, client, other, seconds)) for way, seconds in self._stops]
        if not ways:
            return False
        chosen = self._world.choices.choose([GOES_ON, *(way for way, _ in ways)])
        if chosen == 0:
            return False
        option, happens = ways[chosen - 1]
        self._say(lambda: f"{client.name}, before {_words(step)}: {option.words}")
        happens()
        return True

    def _other(self, client: Client) -> Client | None:
        return next((each for each in self._clients if each is not client and each.work is not None), None)

    def _let(self, client: Client) -> None:
        client.is_stopped = False
        client.has_just_been_let = True
        self._current = client

    def _stop(self, client: Client, other: Client, seconds: float) -> None:
        client.is_stopped = True
        self._pass(seconds)
        self._let(other)

    def _could_happen(self, client: Client, step: Send | None) -> Sequence[Happening]:
        """What others may do right before a request; None: while the process is down."""
        left = [each for each in self._others if each.words not in self._world.happened]
        if self._world.late:
            left = [each for each in left if each.before_changes]
        if step is None:
            return left
        between_look_and_change = client.has_looked and step.call.effect is not Effect.READ
        return [each for each in left if not each.while_down and (each.before_changes or not between_look_and_change)]

    def _happen(self, what: Happening, client: Client) -> None:
        self._say(lambda: what.words)
        self._world.happened.add(what.words)
        what.happen(self._world, client.machine)

    # --- one step

    def _take(self, client: Client, step: Book | Send) -> None:
        self._current = client
        try:
            if isinstance(step, Book):
                value: object = step.work()
            else:
                self._watch_budget(client, step)
                client.has_looked = step.call.effect is Effect.READ
                value = self._world.answer(step, client.key, client.moved_at or self._world.clock.now())
        except Ended:
            self._crash(client)
        except (CrowdhubError, http.HTTPError) as error:
            self._go_on(client, error=error)
        except Exception as error:  # noqa: BLE001 - it is the core's to deal with
            self._go_on(client, error=error)
        else:
            self._go_on(client, value)

    def _watch_budget(self, client: Client, step: Send) -> None:
        budget = client.process and client.process.application.budget
        if step.call.takes_money and budget is not None and budget == self._world.budget:
            self._world.spent_without_budget.add(client.key)

    def _go_on(self, client: Client, value: object = None, error: Exception | None = None) -> None:
        assert client.work is not None
        client.step, client.moved_at = None, self._world.clock.now()
        try:
            client.step = client.work.send(value) if error is None else client.work.throw(error)
        except StopIteration as stop:
            self._end(client, stop.value)
        except Ended:
            self._crash(client)
        except Exception as failed:  # noqa: BLE001 - one that is not ours is a finding
            self._end(client, failed)

    def _end(self, client: Client, result: object) -> None:
        client.work = None
        client.results.append(result)
        self._say(lambda: f"{client.name} is told: {described(result)}")
        self._returned(client, result)

    def _crash(self, client: Client) -> None:
        assert client.process is not None
        work, client.work = client.work, None
        client.process.end()
        if work is not None:
            _unwind(work)
        if others := self._could_happen(client, None):
            happens = self._world.choices.choose([GOES_ON, *(each.option for each in others)])
            if happens:
                self._happen(others[happens - 1], client)
        chosen = self._world.choices.choose([way for way, _, _ in self._restarts])
        option, seconds, asked = self._restarts[chosen]
        self._say(lambda: f"{client.name} crashed; {option.words}")
        self._pass(seconds)
        self._begin(client, asked)

    def abandon(self, clients: Sequence[Client]) -> None:
        """End what is under way, as the path is left in its middle: nothing writes to a ledger that goes with it."""
        for client in clients:
            work, client.work = client.work, None
            if client.process is not None:
                client.process.end()
            if work is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)  # some of it had not begun
                    _unwind(work)

    def _may_crash(self) -> None:
        """Before a transaction of the client that moves. Raises `Ended` where it crashes there."""
        client = self._current
        if self._is_quiet or client is None or client.process is None:
            return
        if self._world.choices.choose([GOES_ON, CRASHES]):
            self._say(lambda: f"{client.name} crashes before a transaction of its ledger")
            client.process.end()
            raise Ended

    # --- the time

    def _pass(self, seconds: float) -> None:
        """Time passes, and every process that is at work renews its leases."""
        self._world.pass_time(seconds)
        now = self._world.clock.now()
        if (now - self._beaten_at).total_seconds() < BEAT:
            return
        self._beaten_at = now
        with self._quiet():
            stopped = [each.process for each in self._clients if each.is_stopped]
            for process in self._processes:
                if not process.is_gone and process not in stopped:
                    process.ledger.leases.beat()

    @contextmanager
    def _quiet(self) -> Generator[None]:
        """What happens in here is nobody's step."""
        self._is_quiet = True
        try:
            yield
        finally:
            self._is_quiet = False

    def _say(self, words: Callable[[], str]) -> None:
        if self._world.tell is not None:
            self._world.tell(words())


def _unwind(work: Coroutine[Any, Any, object]) -> None:
    """End the work of a process that is gone: whatever it still wants to do on its way out ends at once."""
    with suppress(Ended, CrowdhubError, StopIteration):
        while getcoroutinestate(work) != CORO_CLOSED:
            work.throw(Ended)


def _words(step: Book | Send) -> str:
    return f"{named(step.call)} leaves" if isinstance(step, Send) else "a look into its ledger"
