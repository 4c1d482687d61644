"""What the demo counted, and whether that agrees with the marketplace's own books."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crowdhub.model import Money, Submission, Task

if TYPE_CHECKING:
    from crowdhub.sandbox import Books


@dataclass(slots=True)
class Tally:
    """One marketplace's part, as the client saw it."""

    name: str
    environment: str
    before: Money
    after: Money | None = None
    task: Task | None = None
    handed_in: list[Submission] = field(default_factory=list[Submission])
    approved: dict[str, Submission] = field(default_factory=dict[str, Submission])
    rejected: dict[str, Submission] = field(default_factory=dict[str, Submission])
    blocked: list[str] = field(default_factory=list[str])
    files: int = 0
    requests: int = 0
    bulk: int = 0
    """How many of the approvals went in bulk,"""
    bulk_requests: int = 0
    """and in how many requests."""
    lost: int = 0
    listed: Counter[str] = field(default_factory=Counter[str])
    """How the marketplace lists the work at the end, by status."""

    @property
    def paid(self) -> Money:
        """What the approved work earned its workers."""
        reward = self.task.reward if self.task is not None and self.task.reward is not None else self.before * 0
        return reward * len(self.approved)

    def problems(self, books: Books, requests: int) -> list[str]:
        """What does not agree between this tally and the marketplace's own ``books``; empty when all does.

        ``requests`` is how many requests the marketplace counted.
        """
        task, after = self.task, self.after
        if task is None or after is None:
            return ["the demo did not reach its end"]
        spent = (self.before - after).amount
        charges = [each for each in books.charges if each.kind == "publish"]
        settled = len(self.approved) + len(self.rejected)
        return books.problems() + [
            f"{what}: {ours} here, {theirs} there"
            for what, ours, theirs in (
                ("balance", after.amount, books.balance),
                ("spent", spent, books.charged - books.refunded),
                ("paid to workers", self.paid.amount, books.paid_out),
                ("payments", len(self.approved), len(books.payouts)),
                ("tasks paid for", 1, len(charges)),
                ("approved", len(self.approved), self.listed["approved"]),
                ("rejected", len(self.rejected), self.listed["rejected"]),
                ("handed in", len(self.handed_in), self.listed.total()),
                ("settled", settled, len(self.handed_in)),
                ("requests", self.requests, requests),
            )
            if ours != theirs
        ]

    def row(self, books: Books) -> dict[str, Any]:
        """The line of the closing table, money as text."""
        return {
            "marketplace": self.name,
            "environment": self.environment,
            "published": 1 if self.task is not None else 0,
            "handed_in": len(self.handed_in),
            "approved": len(self.approved),
            "rejected": len(self.rejected),
            "workers_blocked": len(self.blocked),
            "paid": str(self.paid),
            "commission": str(Money(books.commission, books.currency)),
            "requests": self.requests,
            "answers_lost": self.lost,
            "balance_before": str(self.before),
            "balance_after": str(self.after),
        }
