"""Scripts: procedures of several flows, written once for sync and async.

A script is a generator that yields steps and is sent their results. It does no I/O itself; `drive` and
`drive_async` carry the steps out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from crowdhub.protocol import Flow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Run:
    """Run a flow; sent back: its result. Its error is thrown into the script.

    ``before_spending`` is called before each call that spends is sent; what it raises ends the run instead.
    """

    flow: Flow[Any]
    before_spending: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class RunAll:
    """Run several flows side by side; sent back: a list of results and errors, in their order."""

    flows: Sequence[Flow[Any]]
    done: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Start a flow in the background; sent back: a handle for `Wait`."""

    flow: Flow[Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for what was started; sent back: its result. Its error is thrown into the script."""

    handle: Any


@dataclass(frozen=True, slots=True)
class Sleep:
    seconds: float


@dataclass(frozen=True, slots=True)
class Do:
    """Call something that may wait on a disk or a database (in a thread, when async); sent back: its result."""

    work: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand items to whoever iterates."""

    items: Iterable[Any]


Step = Run | RunAll | Start | Wait | Sleep | Do | Emit
Script: TypeAlias = "Generator[Step, Any, T]"
