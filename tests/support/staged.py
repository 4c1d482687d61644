"""One marketplace with a task under watch, on every face, and what happens between two of its rounds."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Submission, Task, TaskDraft
from crowdhub.operations.market_watch import WatchProblem
from crowdhub.sandbox import Fault, MarketSandbox, Sandbox
from crowdhub.testing import Subject
from crowdhub.testing.subject import load

FACES = ("sync", "asyncio", "trio")
OPTIONS: dict[str, dict[str, object]] = {
    "capsolver": {},
    "crowdsdom": {"every": 0},
    "rapidworkers": {"rate_limit": None, "work_rate": 0},
}


class Stage:
    """One marketplace with a task of it under watch, and what happens each time that the watch waits for a round."""

    def __init__(
        self, name: str, box: Sandbox, monkeypatch: pytest.MonkeyPatch, draft: TaskDraft | None = None
    ) -> None:
        self.name, self.box = name, box
        self.subject: Subject[Any] = load(name)
        self.market: MarketSandbox = box[name]
        self.acts: list[Callable[[], object]] = []
        self.problems: list[WatchProblem] = []
        with Hub(box.accounts, clock=box.clock) as hub:
            self.task: Task = hub[name].publish(draft or self.subject.draft())
        sleep, sleep_async = box.clock.sleep, box.clock.sleep_async

        def act(seconds: float) -> None:
            if seconds >= 30 and self.acts:
                self.acts.pop(0)()

        def slept(seconds: float) -> None:
            sleep(seconds)
            act(seconds)

        async def slept_async(seconds: float) -> None:
            await sleep_async(seconds)
            act(seconds)

        monkeypatch.setattr(box.clock, "sleep", slept)
        monkeypatch.setattr(box.clock, "sleep_async", slept_async)

    @staticmethod
    def draft_of(name: str) -> TaskDraft:
        return load(name).draft()

    def fail(self, fault: Fault, *, times: int | None = 1, path: str = "") -> None:
        self.market.faults.add(fault, times=times, path=path)

    def hand_in(self, count: int = 1) -> None:
        self.subject.hand_in(self.market, self.task.id, count)

    def watched(self, face: str, **how: Any) -> list[Submission]:
        """What one watch hands out, until it ends or raises."""
        options: dict[str, Any] = {"clock": self.box.clock, "max_wait": 5}
        how = {"interval": 300, **how}
        found: list[Submission] = []
        if face == "sync":
            with Hub(self.box.accounts, **options) as hub:
                watch = hub[self.name].watch([self.task], **how)
                try:
                    found += watch
                finally:
                    self.problems = list(watch.problems)
            return found

        async def run() -> None:
            async with AsyncHub(self.box.accounts, **options) as hub:
                watch = hub[self.name].watch([self.task], **how)
                try:
                    found.extend([each async for each in watch])
                finally:
                    self.problems = list(watch.problems)

        anyio.run(run, backend=face)
        return found


@contextmanager
def staged(name: str, monkeypatch: pytest.MonkeyPatch, draft: TaskDraft | None = None) -> Generator[Stage]:
    """Nobody works by himself."""
    with Sandbox(name, options={name: OPTIONS.get(name, {"work_rate": 0})}) as box:
        yield Stage(name, box, monkeypatch, draft)
