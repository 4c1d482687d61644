"""CrowdSDOM, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from crowdhub.model import FreeText, Money, QuestionForm, TaskDraft
from crowdhub.testing import Subject


class CrowdSDOMSubject(Subject):
    provider = "crowdsdom"
    sandbox_options: ClassVar[Mapping[str, Any]] = {"balance": "100000.00", "every": 0}
    unknown_id = "0123456789abcdef01234567"
    values: ClassVar[Mapping[str, Any]] = {
        "deadline": timedelta(days=2),
        "auto_approve": timedelta(days=3),
        "questions": {"proof": None, "questions": QuestionForm(questions=(FreeText(id="q", text="Which colour?"),))},
    }

    def draft(self) -> TaskDraft:
        return TaskDraft(
            title="Describe a picture",
            instructions="Open the picture and say in one sentence what it shows.",
            reward=Money("0.50", "CNY"),
            proof="Your sentence",
        )

    def hand_in(self, sandbox: Any, task_id: str, count: int = 1) -> None:
        for number in range(count):
            sandbox.hand_in(sandbox.take(task_id, f"worker-{number}"))
