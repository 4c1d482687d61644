"""What can become of a request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from crowdhub.engine import http
from crowdhub.protocol import Response

LATER = 4.0
"""Seconds after its time-out at which a late request is carried out, where that is not the worst moment."""
PAGE = b"<!doctype html><html><head><title>Please wait</title></head><body><h1>Please wait</h1></body></html>"


class Done(Enum):
    """Whether, and when, the marketplace carries a request out."""

    NEVER = "it is never carried out"
    NOW = "it is carried out"
    LATER = f"it is carried out {LATER:g} s later"
    AT_WORST = "it is carried out right before the next request that changes something, or as `settles_within` ends"


class ClientGets(Enum):
    """What the client gets."""

    GOOD = "answered"
    REFUSED = "not reached"
    BROKEN = "the connection breaks"
    TIMED_OUT = "no answer in time"
    FAILED = "answered with status 500"
    GARBAGE = "answered with status 200 and a page that is no answer"


@dataclass(frozen=True, slots=True)
class Fate:
    """``done`` and ``answer`` of one request."""

    done: Done
    answer: ClientGets

    @property
    def words(self) -> str:
        return f"{self.answer.value}; {self.done.value}"


GOOD = Fate(Done.NOW, ClientGets.GOOD)
OF_CHANGES = (
    GOOD,
    Fate(Done.NEVER, ClientGets.BROKEN),
    Fate(Done.NOW, ClientGets.BROKEN),
    Fate(Done.AT_WORST, ClientGets.BROKEN),
    Fate(Done.NEVER, ClientGets.TIMED_OUT),
    Fate(Done.NOW, ClientGets.TIMED_OUT),
    Fate(Done.LATER, ClientGets.TIMED_OUT),
    Fate(Done.AT_WORST, ClientGets.TIMED_OUT),
    Fate(Done.NEVER, ClientGets.FAILED),
    Fate(Done.NOW, ClientGets.FAILED),
    Fate(Done.NOW, ClientGets.GARBAGE),
    Fate(Done.NEVER, ClientGets.REFUSED),
    Fate(Done.AT_WORST, ClientGets.FAILED),
)
"""Of a request that changes something."""


def lost(fate: Fate, request: http.Request) -> http.TransportError | None:
    """The HTTP library's error for a client that gets no answer."""
    match fate.answer:
        case ClientGets.REFUSED:
            return http.ConnectError("refused", request=request)
        case ClientGets.BROKEN:
            return http.NetworkError("broken", request=request)
        case ClientGets.TIMED_OUT:
            return http.ReadTimeout("timed out", request=request)
        case _:
            return None


def spoiled(fate: Fate) -> Response | None:
    """The answer that stands for the true one."""
    if fate.answer is ClientGets.FAILED:
        return Response(500, headers={"content-type": "application/json"}, content=b'{"error": "Internal error"}')
    if fate.answer is ClientGets.GARBAGE:
        return Response(200, headers={"content-type": "text/html; charset=utf-8"}, content=PAGE)
    return None
