"""A clock that only tests move: sleeping moves it too, and takes no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio.lowlevel

from crowdhub.clock import Clock


class HandClock(Clock):
    """``at`` is its time, ``passed`` the seconds since it was made, ``slept`` each wait."""

    def __init__(self, start: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self.at = start
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.passed

    def move(self, seconds: float) -> None:
        """Time passes."""
        self.at += timedelta(seconds=seconds)
        self.passed += seconds

    def set_wall(self, seconds: float) -> None:
        """Somebody sets the machine's clock forward or back."""
        self.at += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
        await anyio.lowlevel.checkpoint()
