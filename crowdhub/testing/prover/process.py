"""One process of the application: its identity on its machine, its ledger, its connection, and how it dies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.engine import Connection

from crowdhub.clock import Clock
from crowdhub.engine import http
from crowdhub.engine.client import LARGEST_ANSWER, Began
from crowdhub.engine.engine import Engine
from crowdhub.engine.redact import Redactor
from crowdhub.engine.session import Options, Session
from crowdhub.engine.transport import CALL, Signer
from crowdhub.ledger import Budget, Ledger
from crowdhub.ledger.owner import Here
from crowdhub.operations.account import Account
from crowdhub.operations.port import AccountPort
from crowdhub.operations.spending import SpendingPolicy
from crowdhub.protocol import AnyProvider, Call, ProviderSettings, Response
from crowdhub.store import Database
from crowdhub.testing.prover.waiting import ProverRuntime, Send, suspended

T = TypeVar("T")

TIMEOUT = 1.0
"""Seconds of the clock after which a client gives up waiting for an answer."""
PATIENCE = 1.0
"""Seconds that a call waits for another one with its key."""


class Ended(BaseException):
    """This process is gone: nothing that it still does, in a ``finally`` say, has any effect."""


@dataclass(frozen=True, slots=True)
class Program:
    """What all processes of the application have in common."""

    provider: type[AnyProvider]
    account: str
    settings: ProviderSettings
    redact: Redactor
    budget: Budget | None = None


class MachineClock(Clock):
    """The clock of one computer, which can be set; its counter goes on as the true time does."""

    def __init__(self, true: Clock, machine: str) -> None:
        self._true = true
        self._machine = machine
        self._by = timedelta()

    def set(self, by: timedelta) -> None:
        self._by += by

    def now(self) -> datetime:
        return self._true.now() + self._by

    def monotonic(self) -> float:
        return self._true.monotonic()

    def tick(self) -> str:
        """What `crowdhub.store.ticks.tick` tells on this computer."""
        return f"{self._machine}/{round(self.monotonic() * 1_000_000)}"


class Machine:
    """One computer: its clock, and which of its processes run."""

    def __init__(self, name: str, true: Clock) -> None:
        self.name = name
        self.clock = MachineClock(true, name)
        self.running: set[str] = set()


class ProcessIdentity(Here):
    """What the ledger knows a process by."""

    def __init__(self, machine: Machine, number: int) -> None:
        super().__init__()
        self._machine = machine
        self._number = str(number)
        machine.running.add(self._number)

    def me(self) -> tuple[str, str, str, str]:
        return self._machine.name, self._number, self._number, self._machine.name

    def is_running(self, process: str, start: str) -> bool | None:
        del start
        return process in self._machine.running

    def end(self) -> None:
        self._machine.running.discard(self._number)


class ProcessDatabase(Database):
    """The database as one process reaches it. ``writing`` is asked before each transaction of a living one."""

    def __init__(self, shared: Database, clock: Clock, writing: Callable[[], None]) -> None:
        vars(self).update(vars(shared))
        self.clock = clock
        self._writing = writing
        self.is_gone = False

    def write(self, work: Callable[[Connection], T], lock: int = 0) -> T:
        if self.is_gone:
            raise Ended
        self._writing()
        return super().write(work, lock)

    def read(self, work: Callable[[Connection], T]) -> T:
        if self.is_gone:
            raise Ended
        return super().read(work)


class ProverClient:
    """The bottom of the engine: hands each signed request to the scheduler, and gets its answer."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def send(self, request: http.Request, began: Began) -> Response:
        call: Call = request.extensions[CALL]
        answer = await suspended(Send(self._signer.signed(request), call))
        assert isinstance(answer, Response)
        began(answer.status_code)
        return answer

    async def close(self) -> None:
        """Nothing is open."""


def account_of(application: Program, clock: Clock, policy: SpendingPolicy, process: object) -> Account:
    """Every verb of the account, over the real engine."""
    provider = application.provider(application.settings, account=application.account)
    session = Session(provider, Options(timeout=TIMEOUT, clock=clock))
    client = ProverClient(Signer(provider, LARGEST_ANSWER))
    return Account(AccountPort(Engine(session, ProverRuntime(process), client)), policy)


class Process:
    """A program that uses crowdhub, from its start to its end. ``writing`` is asked before each of its transactions."""

    def __init__(
        self,
        application: Program,
        database: Database,
        machine: Machine,
        number: int,
        writing: Callable[[Process], None],
    ) -> None:
        self.name = f"process {number} on {machine.name}"
        self.application = application
        clock = machine.clock
        self._identity = ProcessIdentity(machine, number)
        self._database = ProcessDatabase(database, clock, lambda: writing(self))
        self.ledger = Ledger(self._database, here=self._identity)
        self.ledger.leases.close()  # no thread renews them here: the scheduler does
        self.ledger.redact = application.redact
        policy = SpendingPolicy(self.ledger, application.budget, None, PATIENCE)
        self.account = account_of(application, clock, policy, self)

    @property
    def is_gone(self) -> bool:
        return self._database.is_gone

    def end(self) -> None:
        """It crashes: from now on nothing that it does has an effect."""
        self._database.is_gone = True
        self._identity.end()
