"""Every step between an intent and its outcome, numbered, so that a process can be killed at each of them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from crowdhub.engine import http
from crowdhub.ledger import Ledger
from crowdhub.ledger.journal import Journal
from crowdhub.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")

WRITES: tuple[tuple[type[object], str, str], ...] = (
    (Ledger, "begin", "writing the intent"),
    (Ledger, "claim", "taking over the intent"),
    (Ledger, "note_step", "writing a step"),
    (Ledger, "paid", "writing that it was paid"),
    (Ledger, "finish", "writing the outcome"),
    (Ledger, "fail", "writing that it was not done"),
    (Ledger, "unknown", "writing that it is unknown"),
    (Journal, "write", "writing the decisions"),
    (Journal, "outcome", "writing what became of decisions"),
    (Journal, "take_over", "taking over a review"),
    (Journal, "close", "closing the review"),
)


class KillPoints:
    """Counts the steps of this process; at number ``kill_at`` it kills itself, as ``kill -9`` does."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.kill_at = kill_at
        self.names: list[str] = []
        self._lock = threading.Lock()
        self._doing = threading.local()

    def reach(self, name: str) -> None:
        with self._lock:
            if len(self.names) == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.names.append(name)

    def install(self) -> None:
        """Into this process, for good: it is one that was made to be killed."""
        for kind, method, what in WRITES:
            setattr(kind, method, self._writing(getattr(kind, method), what))
        event.listen(Engine, "commit", self._committing)
        http.HTTPTransport.handle_request = self._sending(http.HTTPTransport.handle_request)  # type: ignore[method-assign]
        Database.__init__ = self._quickly(Database.__init__)  # type: ignore[method-assign]

    def _writing(self, real: Callable[P, T], what: str) -> Callable[P, T]:
        @wraps(real)
        def counted(*args: P.args, **kwargs: P.kwargs) -> T:
            self.reach(f"before {what}")
            self._doing.what = what
            try:
                found = real(*args, **kwargs)
            finally:
                self._doing.what = None
            self.reach(f"after {what}")
            return found

        return counted

    def _committing(self, connection: Connection) -> None:
        del connection
        what = getattr(self._doing, "what", None)
        if what is not None:
            self.reach(f"in the middle of {what}")

    def _sending(self, real: Callable[..., http.Response]) -> Callable[..., http.Response]:
        def send(transport: http.HTTPTransport, request: http.Request) -> http.Response:
            self.reach(f"before {request.method} is sent")
            content = request.read()
            if content:
                halves = _Halves(content, lambda: self.reach(f"{request.method} is half sent"))
                request = http.Request(
                    request.method, request.url, headers=request.headers, stream=halves, extensions=request.extensions
                )
            answer = real(transport, request)
            self.reach(f"{request.method} is done, its answer not read")
            return answer

        return send

    def _quickly(self, real: Callable[..., None]) -> Callable[..., None]:
        def made(database: Database, *args: object, **kwargs: object) -> None:
            real(database, *args, **{**kwargs, "patience": 5.0})

        return made


class _Halves(http.SyncByteStream):
    def __init__(self, content: bytes, between: Callable[[], None]) -> None:
        self._content = content
        self._between = between

    def __iter__(self) -> Iterator[bytes]:
        middle = len(self._content) // 2
        yield self._content[:middle]
        self._between()
        yield self._content[middle:]
