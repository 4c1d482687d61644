"""How the time that something takes grows with its text."""

from __future__ import annotations

from collections.abc import Callable

SHORT = 5_000  # characters
TOO_SHORT_TO_TELL = 0.002  # seconds for four times as many


def growth(seconds: Callable[[str], float], run: str, ending: str = "!") -> float | None:
    """How many times as long four times the text takes, where that is far more than four; the best of several looks
    counts, for others work on this machine, too."""
    grown = 0.0
    for _ in range(5):
        short, long = ((run * times * SHORT)[: times * SHORT] + ending for times in (1, 4))
        few, many = seconds(short), seconds(long)
        grown = many / max(few, 1e-9)
        if many < TOO_SHORT_TO_TELL or grown < 9:
            return None
    return grown
