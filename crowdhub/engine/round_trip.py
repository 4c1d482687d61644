"""One request and its answer, as the network sees them: how long both may take in all, how much may come before the
answer, and whether anything of the request can have left.

The HTTP library hands each wait's time-out down to the network unchanged; `Wait` carries the round trip along with it.
"""

from __future__ import annotations

import time

import httpcore

from crowdhub.engine import http

ROUND_TRIP = "crowdhub.round_trip"  # the request extension
LARGEST_HEAD = 256 * 1024
"""Bytes before an answer's body, 1xx answers included. The HTTP library takes 100 KiB of headers, and reads up to
64 KiB at a time."""


class RoundTrip:
    """``ends``: when it has to be over, by `time.monotonic`: sockets wait by the machine's clock, too. ``secure``: the
    request goes over TLS, and so nothing in clear is part of it (a proxy is asked for a tunnel in clear)."""

    def __init__(self, ends: float, *, secure: bool) -> None:
        self._ends = ends
        self._secure = secure
        self._has_answer = False
        self._head = 0
        self.may_have_left = True
        """Whether the marketplace may have got any of it. False only where a connection was made for it, and failed
        before its first byte."""

    @property
    def is_over(self) -> bool:
        """Whether all the time that both may take is used up."""
        return time.monotonic() >= self._ends

    def timeouts(self, timeout: http.Timeout) -> dict[str, Wait | None]:
        """The request extension that brings it to the network."""
        return {name: None if each is None else Wait(each, self) for name, each in timeout.as_dict().items()}

    def left(self, wait: float, overdue: type[httpcore.TimeoutException]) -> float:
        """Seconds that one wait may take."""
        left = min(wait, self._ends - time.monotonic())
        if left <= 0:
            raise overdue("request and answer together took longer than they may")
        return left

    def connecting(self) -> None:
        self.may_have_left = False

    def writing(self, *, secure: bool) -> None:
        if secure or not self._secure:
            self.may_have_left = True

    def heard(self, count: int) -> None:
        if not self._has_answer:
            self._head += count
            if self._head > LARGEST_HEAD:
                raise httpcore.RemoteProtocolError(f"more than {LARGEST_HEAD:,} bytes came before the answer")

    def answered(self) -> None:
        """The answer's headers are complete."""
        self._has_answer = True


class Wait(float):
    """Seconds that one wait on the network may take, and the round trip that it is part of."""

    trip: RoundTrip

    def __new__(cls, seconds: float, trip: RoundTrip) -> Wait:
        made = super().__new__(cls, seconds)
        made.trip = trip
        return made
