"""The report of what became of many drafts that were published together."""

from __future__ import annotations

from enum import StrEnum

from crowdhub.errors import CrowdhubError
from crowdhub.model.base import Model
from crowdhub.model.task import Task, TaskDraft


class PublishResult(StrEnum):
    """What became of one draft of a batch."""

    PUBLISHED = "published"
    REPLAYED = "replayed"
    """Its key had published it before; ``task`` is that one. Nothing was sent for it."""
    FAILED = "failed"
    """It was not published; ``error`` says why. The same key can publish it."""
    UNKNOWN = "unknown"
    """It cannot be told whether it was published; ``error`` says what to look for. The same key looks again."""
    REFUSED = "refused"
    """It does not fit the budget, or all of them together do not; ``error`` says which limit. Nothing was sent."""
    NOT_CONFIRMED = "not_confirmed"
    """The application's own ``confirm`` refused the batch. Nothing that spends was sent."""


class PublishOutcome(Model):
    """One draft and its result. ``task``: what it became, where it is on the market. ``draft``: as it was given."""

    account: str
    key: str
    draft: TaskDraft
    result: PublishResult
    task: Task | None = None
    error: CrowdhubError | None = None


class PublishReport(Model):
    """One outcome for each draft, in their order; never an exception midway.

    ``requests``: how many requests it took.
    """

    outcomes: tuple[PublishOutcome, ...]
    requests: int = 0

    @property
    def tasks(self) -> list[Task]:
        """What is on the market: published now, or before under the same key."""
        return [each.task for each in self.outcomes if each.task is not None]

    @property
    def failures(self) -> tuple[PublishOutcome, ...]:
        """The outcomes without a task. Run the same batch again to carry on with them."""
        return tuple(each for each in self.outcomes if each.task is None)

    def count(self, result: PublishResult | str) -> int:
        return sum(each.result == result for each in self.outcomes)

    def summary(self) -> dict[str, int]:
        return {str(r): n for r in PublishResult if (n := self.count(r))}


__all__ = ["PublishOutcome", "PublishReport", "PublishResult"]
