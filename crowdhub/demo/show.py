"""How the demo is told: what a terminal, a pipe and `--json` see."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from crowdhub.market import Market
from crowdhub.model import Submission


class Show(Protocol):
    """Is told what happens, as it happens."""

    def accounts(self, markets: Sequence[Market[Any]]) -> None:
        """It begins, on these."""
        ...

    def step(self, name: str, what: str) -> None:
        """A part of the job begins."""
        ...

    def note(self, what: str) -> None:
        """Something happened."""
        ...

    def work(self, verdict: str, work: Submission, reason: str | None) -> None:
        """A piece of work was decided on."""
        ...

    def progress(self, what: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A context manager giving a callable that is told how much more is done."""
        ...

    def end(self, rows: Sequence[Mapping[str, Any]], problems: Sequence[str]) -> None:
        """It is over: one row a marketplace, and what does not agree."""
        ...


class Silent:
    """Shows nothing."""

    def accounts(self, markets: Sequence[Market[Any]]) -> None: ...
    def step(self, name: str, what: str) -> None: ...
    def note(self, what: str) -> None: ...
    def work(self, verdict: str, work: Submission, reason: str | None) -> None: ...

    @contextmanager
    def progress(self, what: str, total: int) -> Generator[Callable[[int], None]]:
        del what, total
        yield lambda _: None

    def end(self, rows: Sequence[Mapping[str, Any]], problems: Sequence[str]) -> None: ...


LABELS: Mapping[str, str] = {
    "published": "Tasks published",
    "handed_in": "Handed in",
    "approved": "Approved",
    "rejected": "Rejected",
    "workers_blocked": "Workers blocked",
    "paid": "Paid to workers",
    "commission": "Commission",
    "requests": "Requests used",
    "answers_lost": "Answers lost on purpose",
    "balance_before": "Balance before",
    "balance_after": "Balance after",
}
