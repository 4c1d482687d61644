"""Time, as the engine sees it: replaceable, so that tests and sandboxes never sleep."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The machine's own clock. Subclass it to drive time by hand (``Hub(clock=…)``)."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring waits."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        import anyio  # only where something waits asynchronously

        await anyio.sleep(seconds)
