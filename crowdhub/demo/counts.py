"""What the demo counted, and whether that agrees with the marketplace's own books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict

from crowdhub.model import Money, Quote, Submission, SubmissionStatus, Task

if TYPE_CHECKING:
    from crowdhub.sandbox import Books

UNFINISHED = (
    SubmissionStatus.IN_PROGRESS,
    SubmissionStatus.RETURNED,
    SubmissionStatus.TIMED_OUT,
    SubmissionStatus.SCREENED_OUT,
)
"""Of work that is not handed in; some marketplaces list that as well."""


class DemoRow(TypedDict):
    """A line of the closing table; money as text, None where the marketplace does not tell."""

    marketplace: str
    environment: str
    currency: str
    published: int
    unknown: int
    applications: int
    handed_in: int
    approved: int
    rejected: int
    sent_back: int
    bonuses: int
    workers_blocked: int
    paid: str | None
    commission: str | None
    requests: int
    answers_lost: int
    balance_before: str | None
    balance_after: str | None
    books_agree: bool


@dataclass(slots=True)
class ClientCounts:
    """One marketplace's part, as the client saw it."""

    name: str
    environment: str
    currency: str
    before: Money | None
    """The balance, where the marketplace tells it."""
    after: Money | None = None
    tasks: list[Task] = field(default_factory=list[Task])
    quotes: list[Quote] = field(default_factory=list[Quote])
    unknown: int = 0
    """Publishes of which nobody can tell whether they were carried out."""
    accepted: int = 0
    """Applications."""
    handed_in: int = 0
    """Pieces of work, those done again included."""
    good: dict[str, Submission] = field(default_factory=dict[str, Submission])
    approved: dict[str, Submission] = field(default_factory=dict[str, Submission])
    bonuses: list[Money] = field(default_factory=list[Money])
    rejected: dict[str, Submission] = field(default_factory=dict[str, Submission])
    redone: int = 0
    blocked: list[str] = field(default_factory=list[str])
    requests: int = 0
    lost: int = 0
    listed: Counter[SubmissionStatus] = field(default_factory=Counter[SubmissionStatus])
    """How the marketplace lists the work at the end, by status."""
    finished: bool = False

    @property
    def spent(self) -> Money | None:
        """By how much the balance went down."""
        return self.before - self.after if self.before is not None and self.after is not None else None

    @property
    def paid(self) -> Money | None:
        """What the work cost without commission: its rewards and bonuses, or what the balance says where the
        marketplace sets the price."""
        if not self.quotes:
            return self.spent
        reward = next((task.reward for task in self.tasks if task.reward is not None), Money(0, self.currency))
        return sum(self.bonuses, reward * len(self.approved))

    @property
    def commission(self) -> Money | None:
        """As far as the marketplace says what it takes."""
        told = [quote.commission for quote in self.quotes if quote.commission is not None]
        return sum(told[1:], told[0]) if told else None

    def problems(self, books: Books, requests: int) -> list[str]:
        """What does not agree between these counts and the marketplace's own ``books``; empty when all does.

        ``requests`` is how many requests the marketplace counted.
        """
        if not self.finished:
            return ["the demo did not reach its end"]
        differ = [f"{what}: {ours} here, {theirs} there" for what, ours, theirs in self._pairs(books) if ours != theirs]
        if self.requests != requests:
            differ.append(f"requests: {self.requests} here, {requests} there")
        for what, ours, theirs in (
            ("tasks paid for", len(self.tasks), sum(each.kind == "publish" for each in books.charges)),
            ("payments", len(self.approved) + len(self.bonuses), len(books.payouts)),
        ):
            # What could not be told may have been done, once, or not.
            if not ours <= theirs <= ours + self.unknown:
                differ.append(f"{what}: {ours} here (and {self.unknown} unknown), {theirs} there")
        return books.problems() + differ

    def _pairs(self, books: Books) -> Iterator[tuple[str, object, object]]:
        listed = self.listed
        if self.after is not None and self.spent is not None:
            yield "balance", self.after.amount, books.balance
            yield "spent", self.spent.amount, books.charged - books.refunded
        if self.paid is not None:
            yield "paid", self.paid.amount, books.paid_out
        if self.commission is not None:
            yield "commission", self.commission.amount, books.commission
        yield "still held", 0, books.held
        yield "approved", len(self.approved), listed[SubmissionStatus.APPROVED]
        yield "rejected", len(self.rejected), listed[SubmissionStatus.REJECTED]
        yield "handed in", self.handed_in - self.redone, sum(n for kind, n in listed.items() if kind not in UNFINISHED)
        yield "decided", len(self.approved) + len(self.rejected) + self.redone, self.handed_in
        yield "good work", sum(task.slots or 0 for task in self.tasks), len(self.approved)

    def row(self, problems: int) -> DemoRow:
        """The line of the closing table. ``problems`` is how much does not agree with the books."""

        def told(money: Money | None) -> str | None:
            return None if money is None else f"{_plain(money.amount)} {money.currency}"

        return {
            "marketplace": self.name,
            "environment": self.environment,
            "currency": self.currency,
            "published": len(self.tasks),
            "unknown": self.unknown,
            "applications": self.accepted,
            "handed_in": self.handed_in,
            "approved": len(self.approved),
            "rejected": len(self.rejected),
            "sent_back": self.redone,
            "bonuses": len(self.bonuses),
            "workers_blocked": len(self.blocked),
            "paid": told(self.paid),
            "commission": told(self.commission),
            "requests": self.requests,
            "answers_lost": self.lost,
            "balance_before": told(self.before),
            "balance_after": told(self.after),
            "books_agree": problems == 0,
        }


def _plain(amount: Decimal) -> str:
    """With two decimals, or as many as it needs."""
    short = amount.normalize()
    cents = Decimal("0.01")
    return f"{short.quantize(cents) if int(short.as_tuple().exponent) > -2 else short:f}"
