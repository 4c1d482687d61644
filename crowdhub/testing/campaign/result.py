"""What a campaign found, and how it is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Findings:
    """Counted over a campaign on one marketplace. ``duplicates`` and ``lost`` must be empty; each is a case, in words.

    A duplicate is something paid, or decided, more than once for one key or one decision. Lost is what was done and
    paid while the ledger says otherwise, what the ledger calls done and was not, a decision without effect, and a
    piece of work that was never shown. ``unknown`` are outcomes left for a person, by kind, each with its reason.
    ``async_operations`` are those of the operations that went through `AsyncHub`.
    """

    provider: str
    operations: int = 0
    async_operations: int = 0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter[str])
    duplicates: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])
    unknown: Counter[str] = field(default_factory=Counter[str])
    to_look_at: list[str] = field(default_factory=list[str])
    done: Counter[str] = field(default_factory=Counter[str])
    notes: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    def __iadd__(self, other: Findings) -> Findings:
        self.operations += other.operations
        self.async_operations += other.async_operations
        self.requests += other.requests
        self.faults += other.faults
        self.duplicates += other.duplicates
        self.lost += other.lost
        self.unknown += other.unknown
        self.to_look_at += other.to_look_at
        self.done += other.done
        self.notes += [note for note in other.notes if note not in self.notes]
        self.seconds += other.seconds
        return self

    @property
    def good(self) -> bool:
        return not self.duplicates and not self.lost

    def as_dict(self) -> dict[str, object]:
        return {
            "provider": self.provider,
            "operations": self.operations,
            "async_operations": self.async_operations,
            "requests": self.requests,
            "faults": dict(sorted(self.faults.items())),
            "done": dict(sorted(self.done.items())),
            "duplicates": len(self.duplicates),
            "lost": len(self.lost),
            "unknown": dict(self.unknown),
            "problems": [*self.duplicates, *self.lost],
            "to_look_at": self.to_look_at,
            "notes": self.notes,
            "seconds": round(self.seconds, 1),
        }


@dataclass
class NaiveFindings:
    """The same faults and ordinary retries: what was paid more than once, and what was paid and given up on."""

    operations: int = 0
    published: int = 0
    duplicates: int = 0
    lost: int = 0
    extra: str = ""

    def as_dict(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("operations", "published", "duplicates", "lost", "extra")}


@dataclass
class CampaignReport:
    """A whole campaign on one marketplace."""

    findings: Findings
    naive: NaiveFindings | None
    seed: int
    ledger: str

    @property
    def good(self) -> bool:
        return self.findings.good

    def as_dict(self) -> dict[str, object]:
        naive = {} if self.naive is None else {"naive": self.naive.as_dict()}
        return {**self.findings.as_dict(), "seed": self.seed, "ledger": self.ledger, "good": self.good, **naive}
