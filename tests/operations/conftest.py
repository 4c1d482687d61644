from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeAlias

import pytest

from crowdhub import Market, Page, Provider, Submission, Task, Worker
from crowdhub.engine.session import Options, Session
from crowdhub.model import SubmissionStatus, TaskStatus
from crowdhub.protocol import Flow, ProviderSettings, operation
from tests.support.hand_clock import HandClock


class Shelf(Provider[ProviderSettings]):
    """A marketplace in memory: its operations make no calls, so that only the market's own logic is at work.

    Its list of one status is numbered by page and moves up when something on it is settled, as real ones do.
    """

    name: ClassVar[str] = "shelf"
    title: ClassVar[str] = "Shelf"
    currency = "USD"
    settings_type = ProviderSettings

    def __init__(self, settings: ProviderSettings, **more: Any) -> None:
        super().__init__(settings, **more)
        self.lock = threading.Lock()
        self.size = 3
        self.newest_first = False
        self.tells_total = True
        self.state: dict[str, SubmissionStatus] = {}
        self.asked: list[int] = []
        self.counted = 0
        """How often the task was asked for."""
        self.tells_counters = True
        self.dice: random.Random | None = None
        """Shuffles the list before each page, as one without an order may come."""
        self.hidden = 0
        """How many more the list tells of than it shows."""
        self.meanwhile: Callable[[int], object] = lambda page: None
        """What others do after a page was listed."""

    def fill(self, count: int, start: int = 0) -> None:
        with self.lock:
            self.state.update((str(n), SubmissionStatus.PENDING) for n in range(start, start + count))

    def reset(self, *, size: int, newest_first: bool = False, tells_total: bool = True) -> None:
        self.state, self.asked = {}, []
        self.size, self.newest_first, self.tells_total = size, newest_first, tells_total

    def record(self, number: str) -> Submission:
        return Submission(
            **self.identity, id=number, task_id="t", worker=Worker(id=f"w{number}"), status=self.state[number]
        )

    @operation
    def submissions(
        self, task_id: str, status: SubmissionStatus | None = None, page: int = 1
    ) -> Flow[Page[Submission]]:
        with self.lock:
            self.asked.append(page)
            ids = [number for number, state in self.state.items() if status is None or state == status]
            if self.newest_first:
                ids.reverse()
            if self.dice is not None:
                self.dice.shuffle(ids)
            start = (page - 1) * self.size
            items = [self.record(number) for number in ids[start : start + self.size]]
        self.meanwhile(page)
        more = (lambda: self.submissions(task_id, status, page + 1)) if start + self.size < len(ids) else None
        return Page(items, more=more, total=len(ids) + self.hidden if self.tells_total else None)
        yield

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        with self.lock:
            self.counted += 1
            states = list(self.state.values())
        of = SubmissionStatus
        counters = {"pending": of.PENDING, "approved": of.APPROVED, "rejected": of.REJECTED}
        told = {name: states.count(state) for name, state in counters.items()} if self.tells_counters else {}
        return Task(**self.identity, id=task_id).copy_with(**told)
        yield

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        with self.lock:
            self.state[submission.id] = SubmissionStatus.APPROVED
        return submission.copy_with(status="approved")
        yield

    @operation
    def reject(self, submission: Submission, reason: str) -> Flow[Submission]:
        with self.lock:
            self.state[submission.id] = SubmissionStatus.REJECTED
        return submission.copy_with(status="rejected")
        yield

    @operation
    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        return Page([Task(**self.identity, id="t")])
        yield


OnShelf: TypeAlias = tuple[Shelf, Callable[[], Session]]


@pytest.fixture
def shelf(clock: HandClock) -> OnShelf:
    provider = Shelf(ProviderSettings(base_url="http://127.0.0.1:1"))
    return provider, lambda: Session(provider, Options(clock=clock))


@pytest.fixture
def shelf_market(shelf: OnShelf) -> Iterator[Market[Shelf]]:
    provider, session = shelf
    market = Market(provider, session())
    yield market
    market.close()
