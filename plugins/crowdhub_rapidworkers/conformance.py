"""RapidWorkers, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from crowdhub.model import Money, TaskDraft
from crowdhub.testing import Subject


class RapidWorkersSubject(Subject):
    provider = "rapidworkers"
    sandbox_options: ClassVar[Mapping[str, Any]] = {"balance": "100000.00", "rate_limit": None, "work_rate": 0}
    page_rows = 1000
    tasks_rows = 3
    tasks_options: ClassVar[Mapping[str, Any]] = {"campaign_page": True, "campaign_page_size": 3}
    unknown_id = "00000000-0000-4000-8000-000000000000"

    def draft(self) -> TaskDraft:
        return TaskDraft(
            title="Try a newsletter",
            instructions="Sign up with a new address and open the first letter.",
            reward=Money("0.10", "USD"),
            proof="A screenshot of the letter",
            category="Sign up",
        )

    def hand_in(self, sandbox: Any, task_id: str, count: int = 1) -> None:
        sandbox.hand_in(task_id, count)
