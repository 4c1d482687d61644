"""Paths: what was chosen at each choice point, and how all of them are gone through.

A path is run again from its start with the choices of its beginning; after them everything goes well. Whatever could
have been chosen otherwise there begins further paths, as long as they depart from the good way often enough only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may happen. ``cost``: how many departures from the good way it is; ``looks_back``: whether it
    needs what was before the last change."""

    words: str
    cost: int = 1
    looks_back: bool = False


GOES_ON = Option("goes on", 0)


class NotRepeatable(RuntimeError):
    """A path met other choice points than when it was found: something in it is not decided by its choices."""


@dataclass(slots=True)
class Choices:
    """Decides at each choice point: as ``wanted`` says, by the point's number; otherwise the good way. ``looks_back``:
    whether anything that is wanted may do so."""

    wanted: Mapping[int, int]
    looks_back: bool = True
    costs: list[Sequence[Option]] = field(default_factory=list[Sequence[Option]])
    chosen: list[int] = field(default_factory=list[int])
    last: int = field(init=False)

    def __post_init__(self) -> None:
        self.last = max(self.wanted, default=-1)

    def choose(self, options: Sequence[Option]) -> int:
        number = len(self.chosen)
        choice = self.wanted.get(number, 0)
        if choice >= len(options):
            raise NotRepeatable(f"there are {len(options)} choices at point {number}, and {choice} was wanted")
        self.costs.append(options)
        self.chosen.append(choice)
        return choice

    @property
    def are_left(self) -> bool:
        """Whether something out of the ordinary is still to be chosen."""
        return len(self.chosen) <= self.last

    def finish(self) -> None:
        """The path has ended. Raises `NotRepeatable` where something was still to be chosen."""
        if self.are_left:
            raise NotRepeatable(f"the path {written(self.wanted)} ended before its last choice")

    @property
    def departures(self) -> int:
        return sum(options[choice].cost for options, choice in zip(self.costs, self.chosen, strict=True))

    @property
    def happened(self) -> list[str]:
        """What departed from the good way, in words."""
        return [options[choice].words for options, choice in zip(self.costs, self.chosen, strict=True) if choice]

    def further(self, depth: int) -> Iterator[Choices]:
        """The paths that begin as this one and depart from it after its own last departure, at most ``depth`` in
        all."""
        spent, first = self.departures, self.last + 1
        for number in range(first, len(self.chosen)):
            for choice in range(1, len(self.costs[number])):
                option = self.costs[number][choice]
                if spent + option.cost <= depth:
                    yield Choices({**self.wanted, number: choice}, self.looks_back or option.looks_back)


def explore(run: Callable[[Choices], R], depth: int) -> Iterator[tuple[Choices, R]]:
    """Every path with at most ``depth`` departures, those with fewer first."""
    waiting = deque([Choices({}, looks_back=False)])
    while waiting:
        choices = waiting.popleft()
        result = run(choices)
        choices.finish()
        waiting.extend(choices.further(depth))
        yield choices, result


def written(wanted: Mapping[int, int]) -> str:
    """A path as a string: ``12=3.40=1`` takes choice 3 at point 12 and choice 1 at point 40; the good way is ``0``."""
    return ".".join(f"{number}={choice}" for number, choice in sorted(wanted.items())) or "0"


def read(text: str) -> dict[int, int]:
    """The path that `written` wrote. Raises `ValueError`."""
    if text == "0":
        return {}
    pairs = [part.partition("=") for part in text.split(".")]
    if not all(number.isdecimal() and choice.isdecimal() for number, _, choice in pairs):
        raise ValueError(f"{text!r} are not choices such as 12=1.40=2; 0 is the good way.")
    return {int(number): int(choice) for number, _, choice in pairs}
