"""eTXT, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from crowdhub.model import Money, Submission, TaskDraft
from crowdhub.testing import Subject
from crowdhub_etxt.options import EtxtOptions


class EtxtSubject(Subject):
    """Single orders: of a multiple one each application makes an order of its own."""

    provider = "etxt"
    sandbox_options: ClassVar[Mapping[str, Any]] = {"balance": "1000000", "work_rate": 0}
    tasks_rows = 100
    most_slots = 1
    rejection_is_final = False  # of work under review: a ticket, on which the staff decide
    values: ClassVar[Mapping[str, Any]] = {"deadline": timedelta(days=9), "category": "2", "reward": Money(70, "RUB")}

    def draft(self) -> TaskDraft:
        return TaskDraft(
            title="A text about tea",
            instructions="Where it grows and how it is made, for people who do not know it.",
            reward=Money(50, "RUB"),
            category="1",
            deadline=timedelta(days=5),
            options=[EtxtOptions(size=300)],
        )

    def hand_in(self, sandbox: Any, task_id: str, count: int = 1) -> None:
        for _ in range(count):
            sandbox.hand_in(task_id)

    def apply(self, sandbox: Any, task_id: str, count: int = 1) -> None:
        for _ in range(count):
            sandbox.apply(task_id)

    def bonus(self, submission: Submission, currency: str) -> Money:
        del submission
        return Money(10, currency)
