"""The engine's clock, tied to the sandbox's: what would be a wait moves the sandbox's clock instead."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from crowdhub.clock import Clock

if TYPE_CHECKING:
    from crowdhub.sandbox import Sandbox


class SandboxTime(Clock):
    """Half an hour between two looks passes at once, and the people in the sandbox do half an hour's work."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box

    def now(self) -> datetime:
        return self._box.clock.now()

    def monotonic(self) -> float:
        return self._box.clock.now().timestamp()

    def sleep(self, seconds: float) -> None:
        _ = self._box.advance(seconds=seconds)

    async def sleep_async(self, seconds: float) -> None:
        _ = self._box.advance(seconds=seconds)
