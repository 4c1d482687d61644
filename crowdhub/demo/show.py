"""How the demo is told: what a terminal, a pipe and `--json` see."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from crowdhub.market import Market
from crowdhub.model import Submission
from crowdhub.protocol import AnyProvider


class Show(Protocol):
    """Is told what happens, as it happens."""

    def accounts(self, markets: Sequence[Market[AnyProvider]]) -> None:
        """It begins, on these."""
        ...

    def step(self, name: str, what: str) -> None:
        """A part of the job begins."""
        ...

    def note(self, what: str) -> None:
        """Something happened."""
        ...

    def on(self, account: str, what: str) -> None:
        """Something happened on one marketplace."""
        ...

    def work(self, verdict: str, work: Submission, words: str) -> None:
        """A piece of work was decided on."""
        ...

    def progress(self, what: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A context manager giving a callable that is told how much more is done."""
        ...

    def end(self, rows: Sequence[Mapping[str, object]], problems: Sequence[str]) -> None:
        """It is over: one row a marketplace, and what does not agree."""
        ...


class Silent:
    """Shows nothing."""

    def accounts(self, markets: Sequence[Market[AnyProvider]]) -> None: ...
    def step(self, name: str, what: str) -> None: ...
    def note(self, what: str) -> None: ...
    def on(self, account: str, what: str) -> None: ...
    def work(self, verdict: str, work: Submission, words: str) -> None: ...

    @contextmanager
    def progress(self, what: str, total: int) -> Generator[Callable[[int], None]]:
        del what, total
        yield lambda _: None

    def end(self, rows: Sequence[Mapping[str, object]], problems: Sequence[str]) -> None: ...


LABELS: Mapping[str, str] = {
    "currency": "Currency",
    "published": "Tasks published",
    "unknown": "Outcome unknown",
    "applications": "Applications",
    "handed_in": "Handed in",
    "approved": "Approved",
    "rejected": "Rejected",
    "sent_back": "Sent back",
    "bonuses": "Bonuses",
    "workers_blocked": "Blocked",
    "paid": "Paid",
    "commission": "Commission",
    "requests": "Requests used",
    "answers_lost": "Answers lost",
    "balance_before": "Balance before",
    "balance_after": "Balance after",
    "books_agree": "Books agree",
}
"""What the closing table calls the members of a row."""
