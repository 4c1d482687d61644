"""What a marketplace can do, as names that an application can ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crowdhub.frames import also_half_made


class Capability(StrEnum):
    PUBLISH = "publish"
    ESTIMATE = "estimate"
    TASK = "task"
    TASKS = "tasks"
    SUBMISSIONS = "submissions"
    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_REDO = "request_redo"
    BULK_REVIEW = "bulk_review"
    PAY_BONUS = "pay_bonus"
    CANCEL = "cancel"
    EXTEND = "extend"
    PAUSE = "pause"
    RESUME = "resume"
    MESSAGE = "message"
    WORKER = "worker"
    BLOCK = "block"
    UNBLOCK = "unblock"
    BLOCKED_WORKERS = "blocked_workers"
    APPLICATIONS = "applications"
    ACCEPT = "accept"
    DECLINE = "decline"
    BALANCE = "balance"
    FIND_PUBLISHED = "find_published"
    FIND_BONUS = "find_bonus"


@dataclass(frozen=True, slots=True)
class Support:
    """Whether a capability is there, its ``limits`` in words, and where it is absent, why (``reason``)."""

    supported: bool
    limits: str | None = None
    reason: str | None = None

    def __bool__(self) -> bool:
        return self.supported


class Capabilities(Mapping[Capability, Support]):
    """All capabilities of a provider. ``X in capabilities`` and iteration tell the supported ones only."""

    def __init__(self, table: Mapping[Capability, Support], fields: Mapping[str, Support]) -> None:
        self._table = dict(table)
        self.fields = dict(fields)
        """The fields of a draft, and whether the marketplace has a place for each."""
        self.absent_fields = {
            name: support.reason or "this marketplace has no place for it"
            for name, support in self.fields.items()
            if not support.supported
        }
        """The fields of a draft that the marketplace has no place for, each with the reason in words."""

    def __getitem__(self, key: Capability) -> Support:
        return self._table[Capability(key)]

    def __contains__(self, key: object) -> bool:
        try:
            return self._table[Capability(str(key))].supported
        except (KeyError, ValueError):
            return False

    def __iter__(self) -> Iterator[Capability]:
        return (key for key, support in self._table.items() if support)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def missing(self) -> dict[Capability, str]:
        """The absent ones, each with the reason in words."""
        return {k: s.reason or "not offered by this marketplace" for k, s in self._table.items() if not s}

    @also_half_made
    def __repr__(self) -> str:
        return f"Capabilities({', '.join(self)})"
