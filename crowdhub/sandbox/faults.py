"""Faults on demand: what goes wrong between a client and a marketplace, and when."""

import random
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

Kind = Literal["drop", "reset", "truncate", "delay", "hang", "status", "html", "twice", "repeat rows"]
When = Literal["before", "after"]

PAGE = "<!doctype html><html><head><title>Please wait</title></head><body><h1>Please wait</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    "before": the marketplace did nothing; "after": the work was really done, then the answer is spoiled.
    """

    kind: Kind
    when: When = "after"
    seconds: float = 0
    code: int = 0
    body: object = None
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def drop(cls, when: When = "after") -> "Fault":
        """Close the connection cleanly, with no byte of an answer."""
        return cls("drop", when)

    @classmethod
    def reset(cls, when: When = "after") -> "Fault":
        """Reset the connection (TCP RST)."""
        return cls("reset", when)

    @classmethod
    def truncate(cls) -> "Fault":
        """Answer with the full Content-Length, send half of the body (of the head, where there is no body), close."""
        return cls("truncate", "after")

    @classmethod
    def delay(cls, seconds: float, when: When = "before") -> "Fault":
        """Answer late, in real seconds."""
        return cls("delay", when, seconds=seconds)

    @classmethod
    def hang(cls, when: When = "after") -> "Fault":
        """Hold the answer until the client goes away or `Faults.release`.

        With "before", the work is done on release, also where the client gave up long ago: a slow server.
        """
        return cls("hang", when)

    @classmethod
    def status(
        cls,
        code: int,
        when: When = "before",
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> "Fault":
        """Answer with this status; a `body` of `None` is the marketplace's own error body."""
        return cls("status", when, code=code, body=body, headers=tuple((headers or {}).items()))

    @classmethod
    def rate_limit(cls, retry_after: float | datetime | None = None) -> "Fault":
        """Answer 429, with nothing done; `retry_after` in seconds, or a time, sent as an HTTP date."""
        headers: dict[str, str] = {}
        if isinstance(retry_after, datetime):
            headers["Retry-After"] = format_datetime(retry_after.astimezone(UTC), usegmt=True)
        elif retry_after is not None:
            headers["Retry-After"] = f"{retry_after:g}"
        return cls.status(429, "before", headers=headers)

    @classmethod
    def html(cls, when: When = "after", page: str = PAGE) -> "Fault":
        """Answer 200 with an HTML page, as a proxy in the way does."""
        return cls("html", when, code=200, body=page)

    @classmethod
    def twice(cls, seen: When = "after") -> "Fault":
        """Deliver the request twice, as a proxy that repeats it does.

        The client sees the first answer ("after": the repetition came behind it) or the second ("before").
        """
        return cls("twice", seen)

    @classmethod
    def repeat_rows(cls) -> "Fault":
        """Repeat the first rows of a JSON listing at its end, as a list does that shifts while it is read."""
        return cls("repeat rows", "after")

    def __str__(self) -> str:
        what = f"status {self.code}" if self.kind == "status" else self.kind
        return f"{what} {self.when}"


@dataclass(frozen=True, slots=True)
class FiredFault:
    """A fault that was injected, and into which request."""

    fault: Fault
    method: str
    path: str
    at: datetime
    operation: str | None = None


class _Aim:
    """Which requests are meant; None: any."""

    def __init__(self, method: str | None, path: str | None, operation: str | None) -> None:
        self._method = method.upper() if method else None
        self._path = re.compile(path) if path is not None else None
        self._operation = operation

    def meets(self, method: str, path: str, operation: str | None) -> bool:
        return (
            self._method in (None, method)
            and self._operation in (None, operation)
            and (self._path is None or self._path.search(path + (operation or "")) is not None)
        )


@dataclass(slots=True)
class _Rule:
    fault: Fault
    aim: _Aim
    left: int | None
    skip: int

    def take(self, method: str, path: str, operation: str | None) -> bool:
        if self.left == 0 or not self.aim.meets(method, path, operation):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(frozen=True, slots=True)
class _Chaos:
    rate: float
    kinds: tuple[Fault, ...]
    dice: random.Random
    aim: _Aim

    def roll(self, method: str, path: str, operation: str | None) -> Fault | None:
        if not self.aim.meets(method, path, operation):
            return None
        # Both numbers are always drawn, so that one request's luck does not depend on another's.
        hit, which = self.dice.random(), self.dice.randrange(len(self.kinds))
        return self.kinds[which] if hit < self.rate else None


# What a campaign of random faults draws from: everything that ends by itself.
CHAOS: dict[str, tuple[Fault, ...]] = {
    "drop": (Fault.drop("before"), Fault.drop("after")),
    "reset": (Fault.reset("before"), Fault.reset("after")),
    "truncate": (Fault.truncate(),),
    "status": (Fault.status(503, "before"), Fault.status(500, "after"), Fault.status(502, "after")),
    "rate_limit": (Fault.rate_limit(retry_after=0),),
    "html": (Fault.html("before"), Fault.html("after")),
}


class Hold:
    """A request that hangs: waits to be released, and tells when it has been dealt with."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.finished = threading.Event()
        self.wake: list[Callable[[], None]] = []


class Faults:
    """The faults of one market. Safe to use from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rules: list[_Rule] = []
        self._chaos: _Chaos | None = None
        self._fired: list[FiredFault] = []
        self._held: list[Hold] = []

    def add(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        path: str | None = None,
        operation: str | None = None,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Inject `fault` into the next `times` requests that match (`None`: all), after `skip` matching ones.

        `path` is a regular expression that is searched in the path; `operation` is the whole name of an operation,
        where the market has such names (`MarketSandbox.operation_of`): there the name stands behind the path, too,
        for `path` to be searched in. Rules are tried in the order added.
        """
        rule = _Rule(fault, _Aim(method, path, operation), times, skip)
        with self._changed:
            self._rules.append(rule)

    def chaos(
        self,
        rate: float,
        kinds: Sequence[Fault | str] | None = None,
        seed: int = 0,
        *,
        method: str | None = None,
        path: str | None = None,
        operation: str | None = None,
    ) -> None:
        """Spoil a share of all requests, at random but repeatable for a given order of requests.

        `kinds` are faults or the names in `CHAOS`; by default all of those.
        """
        faults: list[Fault] = []
        for kind in CHAOS if kinds is None else kinds:
            faults += [kind] if isinstance(kind, Fault) else CHAOS[kind]
        if not faults:
            raise ValueError("chaos needs at least one kind of fault")
        dice = random.Random(seed)  # noqa: S311  (repeatable, not secret)
        with self._changed:
            self._chaos = _Chaos(rate, tuple(faults), dice, _Aim(method, path, operation))

    def clear(self) -> None:
        """Forget all rules and the random mode; what is held stays held."""
        with self._changed:
            self._rules.clear()
            self._chaos = None

    @property
    def fired(self) -> tuple[FiredFault, ...]:
        """What was injected so far."""
        with self._changed:
            return tuple(self._fired)

    @property
    def held(self) -> int:
        """How many requests hang now."""
        with self._changed:
            return len(self._held)

    def wait_held(self, count: int = 1, timeout: float = 5) -> None:
        """Wait until at least so many requests hang; with 0, until none does."""

        def reached() -> bool:
            return len(self._held) >= count if count else not self._held

        with self._changed:
            if not self._changed.wait_for(reached, timeout):
                raise TimeoutError(f"{len(self._held)} requests hang, not {count}")

    def release(self, timeout: float = 5) -> int:
        """Let the hanging requests go on, wait until each has been dealt with, return how many there were."""
        with self._changed:
            holds = list(self._held)
        for hold in holds:
            hold.released.set()
            for wake in hold.wake:
                wake()
        for hold in holds:
            if not hold.finished.wait(timeout):
                raise TimeoutError("a released request was not dealt with in time")
        return len(holds)

    def take(self, method: str, path: str, at: datetime, operation: str | None = None) -> Fault | None:
        """The fault for this request, if any; called by the server."""
        with self._changed:
            fault = next((rule.fault for rule in self._rules if rule.take(method, path, operation)), None)
            if fault is None and self._chaos is not None:
                fault = self._chaos.roll(method, path, operation)
            if fault is not None:
                self._fired.append(FiredFault(fault, method, path, at, operation))
            return fault

    def hold(self, hold: Hold) -> None:
        """Note a request that hangs; called by the server."""
        with self._changed:
            self._held.append(hold)
            self._changed.notify_all()

    def let_go(self, hold: Hold) -> None:
        """Note that a request no longer hangs; called by the server."""
        with self._changed:
            self._held.remove(hold)
            self._changed.notify_all()
        hold.finished.set()
