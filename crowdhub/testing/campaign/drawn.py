"""What goes wrong on the way to a marketplace: drawn from a seed, request by request."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from crowdhub.sandbox import Fault, Faults
from crowdhub.sandbox.faults import Hold
from crowdhub.testing.campaign.cancels import Cancels
from crowdhub.testing.campaign.requests import RequestPattern

KINDS: Mapping[str, tuple[Fault, int]] = {
    "connection closed, nothing done": (Fault.drop("before"), 8),
    "connection closed, work done": (Fault.drop("after"), 8),
    "reset, nothing done": (Fault.reset("before"), 8),
    "reset, work done": (Fault.reset("after"), 8),
    "answer cut off in its middle": (Fault.truncate(), 8),
    "500, nothing done": (Fault.status(500, "before"), 4),
    "500, work done": (Fault.status(500, "after"), 4),
    "502, nothing done": (Fault.status(502, "before"), 4),
    "502, work done": (Fault.status(502, "after"), 4),
    "503, nothing done": (Fault.status(503, "before"), 4),
    "503, work done": (Fault.status(503, "after"), 4),
    "504, nothing done": (Fault.status(504, "before"), 4),
    "504, work done": (Fault.status(504, "after"), 4),
    "429 storm": (Fault.rate_limit(), 4),
    "429 with Retry-After": (Fault.rate_limit(retry_after=7), 4),
    "HTML in place of JSON, nothing done": (Fault.html("before"), 4),
    "HTML in place of JSON, work done": (Fault.html("after"), 4),
    "no answer in time, work done": (Fault.hang("after"), 2),
    "no answer in time, work done late": (Fault.hang("before"), 2),
    "request delivered twice, first answer seen": (Fault.twice("after"), 4),
    "request delivered twice, second answer seen": (Fault.twice("before"), 4),
    "rows repeated in a listing": (Fault.repeat_rows(), 4),
}
"""Each kind of fault and how often it is drawn, against the others. The two slow ones cost real time."""

LONGEST_STORM = 6
LATE = (1.5, 4.0, 30.0, 240.0)
"""Seconds after which a marketplace that was too slow to answer does the work after all. All are below the five
minutes that the client takes for proof; what comes later than that, no client can tell from what never comes."""

Hook = Callable[[str, str, str | None], None]
"""Called with the method, the path and the operation of a request."""


@dataclass
class _Late:
    hold: Hold
    whose: str
    due: float


class DrawnFaults(Faults):
    """The faults of a campaign. A request's luck follows from the seed, the operation, the request's path and how
    often that was asked within the operation, so the order of parallel requests makes no difference.

    ``repeated``: the requests that a network must not be made to deliver twice: no client can prevent that these
    cost twice. ``note`` is told whose doing everything was that the marketplace did since it was last told.
    """

    def __init__(
        self, seed: int, rate: float, *, repeated: Sequence[RequestPattern], note: Callable[[str], object]
    ) -> None:
        super().__init__()
        self.rate = rate
        self.counts: Counter[str] = Counter()
        self.hook: Hook | None = None
        """Called in the server's thread for each request, before it is dealt with."""
        self.cancels: Cancels | None = None
        self.late_by: float | None = None
        """Seconds after which all late work is done, in place of those in `LATE`."""
        self._seed = seed
        self._repeated = repeated
        self._note = note
        self._whose, self._number = "", 0
        self._asked: Counter[tuple[str, str]] = Counter()
        self._waiting: list[_Late] = []
        self._at = 0.0
        self._guard = threading.RLock()

    def begin(self, whose: str, number: int) -> None:
        """The operation that the requests from now on belong to, and its number in the campaign."""
        with self._guard:
            self._whose, self._number = whose, number
            self._asked.clear()

    @property
    def late_ones(self) -> int:
        """How many requests the marketplace has still to deal with, after their client gave up."""
        return len(self._waiting)

    def take(self, method: str, path: str, at: datetime, operation: str | None = None) -> Fault | None:
        """The fault for this request, if any; called by the server."""
        if self.hook is not None:
            self.hook(method, path, operation)
        planned = super().take(method, path, at, operation)
        if planned is None and self.cancels is not None:
            planned = self.cancels.take(method, path, operation)
        if planned is not None:
            return planned
        with self._guard:
            drawn = self._draw(method, path + (operation or ""))
            if drawn is None:
                return None
            name, fault, number = drawn
            if fault.kind == "twice" and any(each.meets(method, path, operation) for each in self._repeated):
                return None
            self.counts[name] += 1
            if name == "429 storm":
                self.add(fault, times=number % LONGEST_STORM)
            return fault

    def _draw(self, method: str, what: str) -> tuple[str, Fault, int] | None:
        turn = self._asked[method, what]
        self._asked[method, what] += 1
        said = f"{self._seed}/{self._number}/{method}/{what}/{turn}"
        number = int.from_bytes(blake2b(said.encode(), digest_size=8).digest(), "big")
        if (number % 1_000_000) / 1_000_000 >= self.rate:
            return None
        number //= 1_000_000
        place = number % sum(weight for _, weight in KINDS.values())
        for name, (fault, weight) in KINDS.items():
            if place < weight:
                return name, fault, number // 1000
            place -= weight
        return None

    # --- answers that are late

    def hold(self, hold: Hold) -> None:
        super().hold(hold)
        with self._guard:
            pause = self.late_by or LATE[(self._number + self._asked.total()) % len(LATE)]
            self._waiting.append(_Late(hold, self._whose, self._at + pause))
        if self.cancels is not None:
            self.cancels.held()

    def moved(self, seconds: float) -> None:
        """Time passes: what is due is done now."""
        with self._guard:
            self._at += seconds
            due = [each for each in self._waiting if each.due <= self._at]
        self._release(due)

    def stop(self) -> None:
        """Nothing goes wrong any more, and whatever was late has been done."""
        self.rate = 0.0
        self.hook = None
        self.clear()
        self._release(list(self._waiting))

    def _release(self, due: list[_Late]) -> None:
        for each in due:
            with self._guard:
                if each not in self._waiting:
                    continue
                self._waiting.remove(each)
            _ = self._note(self._whose)
            each.hold.released.set()
            for wake in each.hold.wake:
                wake()
            if not each.hold.finished.wait(10):
                raise TimeoutError("a late request was not dealt with in time")
            _ = self._note(each.whose)
