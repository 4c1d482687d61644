"""What every marketplace's sandbox has in common."""

import random
import threading
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.types import ASGIApp

from crowdhub.sandbox.books import Books
from crowdhub.sandbox.clock import SandboxClock
from crowdhub.sandbox.faults import Faults
from crowdhub.sandbox.values import JsonObject

LOG_LENGTH = 100_000

AccountSettings = dict[str, Any]
"""An account as `Hub` takes it: what is in it is the provider's affair."""


@dataclass(slots=True)
class RequestRecord:
    """One request as it arrived. `status` is `None` while, and where, no answer was sent."""

    method: str
    path: str
    query: str
    at: datetime
    operation: str | None = None
    """As `MarketSandbox.operation_of` names it."""
    status: int | None = None
    fault: str | None = None


class MarketSandbox(ABC):
    """One marketplace: its wire as an ASGI application, its state as Python methods.

    A subclass guards its state with `lock`: the server's thread and the test's thread both use it.
    """

    name: ClassVar[str]

    def __init__(self, clock: SandboxClock | None = None, seed: int = 0) -> None:
        self.clock = clock or SandboxClock()
        """The time that everything here goes by; a `Sandbox` puts its own in its place."""
        self.seed = seed
        self.lock = threading.RLock()
        self.faults = Faults()
        self._log: deque[RequestRecord] = deque(maxlen=LOG_LENGTH)
        self._count = 0

    @abstractmethod
    def app(self) -> ASGIApp:
        """The marketplace's wire."""

    @abstractmethod
    def account(self, base_url: str) -> AccountSettings:
        """The account settings for `Hub`, for a server that listens at this address."""

    @abstractmethod
    def tick(self) -> None:
        """Let scripted workers act up to `clock.now()`."""

    @abstractmethod
    def books(self) -> Books:
        """The customer's money as the marketplace sees it."""

    def now(self) -> datetime:
        """The time on `clock`, also where a `Sandbox` puts its own clock there."""
        return self.clock.now()

    def is_api(self, path: str) -> bool:
        """Whether a request to this path is part of the API (pictures, say, are not)."""
        del path
        return True

    def operation_of(self, request: Request) -> str | None:
        """The name of what a request asks for, where one path serves several operations (it stands in a header, say).

        Faults can be aimed at it and the request log carries it. `None`: the path says it. The body cannot be read
        here.
        """
        del request
        return None

    def error_body(self, status: int, message: str) -> JsonObject:
        """The marketplace's way to word an error; faults answer with it."""
        del status
        return {"error": message}

    @property
    def requests(self) -> list[RequestRecord]:
        """The requests that arrived, oldest first, pictures included (the last 100,000)."""
        with self.lock:
            return list(self._log)

    @property
    def request_count(self) -> int:
        """How many API requests arrived since the start or the last `clear_requests`."""
        return self._count

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        with self.lock:
            self._log.clear()
            self._count = 0

    def record(self, request: Request) -> RequestRecord:
        """Note an arriving request; called by the server."""
        path: str = request.scope["path"]
        query = request.scope["query_string"].decode("latin-1")
        entry = RequestRecord(request.method, path, query, self.now(), self.operation_of(request))
        with self.lock:
            self._log.append(entry)
            self._count += self.is_api(path)
        return entry

    def dice(self, *purpose: object) -> random.Random:
        """Random numbers that follow from the market's name, the seed and the purpose alone."""
        return random.Random(f"{self.name}/{self.seed}/{purpose}")  # noqa: S311  (repeatable, not secret)

    def fake_key(self, purpose: str = "key") -> str:
        """A key for an account setting: always the same, and plainly not a real one."""
        return f"sandbox-not-a-real-{purpose}-{self.dice('key', purpose).getrandbits(64):016x}"
