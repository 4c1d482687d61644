"""How the account's jobs stood when they were last heard of: a hint whether asking for a bulk approval can pay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from crowdhub.model import Task

MOST = 10_000  # jobs that are remembered


@dataclass(frozen=True)
class Standing:
    """None: not known. ``slots`` never become fewer, and work that was ``approved`` stays so."""

    slots: int | None = None
    pending: int | None = None
    approved: int | None = None

    def may_be_full_of(self, count: int) -> bool:
        """Whether, for all that is known, so many and no others wait, and there is no slot left for more."""
        if self.pending is not None and self.pending != count:
            return False
        return self.slots is None or self.approved is None or count + self.approved >= self.slots


class Standings:
    """By the jobs' ids. It may be old: whatever it says is looked at again before anything is done by it."""

    def __init__(self) -> None:
        self._known: dict[str, Standing] = {}

    def of(self, task_id: str) -> Standing:
        return self._known.get(task_id, UNKNOWN)

    def saw(self, task: Task) -> None:
        self._keep(task.id, Standing(task.slots, task.pending, task.approved))

    def listed(self, task_id: str, pending: int, approved: int | None = None) -> None:
        """So many were on its list."""
        known = self.of(task_id)
        self._keep(task_id, replace(known, pending=pending, approved=known.approved if approved is None else approved))

    def settled(self, task_id: str, count: int, *, approved: bool) -> None:
        """So many were settled from here."""
        known = self.of(task_id)
        if known.pending is None:
            return
        now = None if known.approved is None else known.approved + count * approved
        self._keep(task_id, replace(known, pending=max(0, known.pending - count), approved=now))

    def _keep(self, task_id: str, standing: Standing) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[task_id] = standing


UNKNOWN: Final = Standing()
