from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from crowdhub import Page, Provider, Submission, Task, Worker
from crowdhub.engine.session import Options, Session
from crowdhub.model import SubmissionStatus
from crowdhub.protocol import ProviderSettings


class Shelf(Provider[ProviderSettings]):
    """A marketplace in memory: its flows make no calls, so that only the market's own logic is at work.

    Its list of one status is numbered by page and moves up when something on it is settled, as real ones do.
    """

    name: ClassVar[str] = "shelf"
    title: ClassVar[str] = "Shelf"
    currency: ClassVar[str] = "USD"
    settings_type = ProviderSettings

    def __init__(self, settings: ProviderSettings, **more: Any) -> None:
        super().__init__(settings, **more)
        self.lock = threading.Lock()
        self.size = 3
        self.newest_first = False
        self.tells_total = True
        self.state: dict[str, str] = {}
        self.asked: list[int] = []

    def fill(self, count: int, start: int = 0) -> None:
        with self.lock:
            self.state.update((str(n), "pending") for n in range(start, start + count))

    def reset(self, *, size: int, newest_first: bool = False, tells_total: bool = True) -> None:
        self.state, self.asked = {}, []
        self.size, self.newest_first, self.tells_total = size, newest_first, tells_total

    def record(self, number: str) -> Submission:
        return Submission(
            **self.identity, id=number, task_id="t", worker=Worker(id=f"w{number}"), status=self.state[number]
        )

    def submissions(self, task_id: str, status: SubmissionStatus | None = None, page: int = 1) -> Any:
        with self.lock:
            self.asked.append(page)
            ids = [number for number, state in self.state.items() if status is None or state == status]
            if self.newest_first:
                ids.reverse()
            start = (page - 1) * self.size
            items = [self.record(number) for number in ids[start : start + self.size]]
        more = (lambda: self.submissions(task_id, status, page + 1)) if start + self.size < len(ids) else None
        return Page(items, more=more, total=len(ids) if self.tells_total else None)
        yield

    def approve(self, submission: Submission, note: str | None = None) -> Any:
        with self.lock:
            self.state[submission.id] = "approved"
        return submission.copy_with(status="approved")
        yield

    def reject(self, submission: Submission, reason: str) -> Any:
        with self.lock:
            self.state[submission.id] = "rejected"
        return submission.copy_with(status="rejected")
        yield

    def tasks(self, status: Any = None) -> Any:
        return Page([Task(**self.identity, id="t")])
        yield


@pytest.fixture
def shelf_type() -> type[Shelf]:
    return Shelf


@pytest.fixture
def shelf(clock: Any) -> tuple[Shelf, Callable[[], Session]]:
    provider = Shelf(ProviderSettings(base_url="http://127.0.0.1:1"))
    return provider, lambda: Session(provider, Options(clock=clock))


@pytest.fixture
def shelf_market(shelf: Any) -> Any:
    from crowdhub import Market

    provider, session = shelf
    market = Market(provider, session())
    yield market
    market.close()
