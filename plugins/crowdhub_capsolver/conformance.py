"""CapSolver, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from crowdhub.errors import CrowdhubError, InvalidRequest
from crowdhub.model import TaskDraft
from crowdhub.testing import Subject
from crowdhub_capsolver.options import CapSolverOptions


class CapSolverSubject(Subject):
    """Only a task that is solved later is looked at here: an image's solution comes with the answer itself."""

    provider = "capsolver"
    most_slots = 1
    status_words = ()  # a task is "ready" or it is not: any other word means that there is no solution yet
    # The body tells, whatever the status is, and the sandbox words all of these in the same way.
    statuses: ClassVar[Mapping[int, type[CrowdhubError]]] = dict.fromkeys((401, 402, 403, 404, 409), InvalidRequest)
    values: ClassVar[Mapping[str, Any]] = {"image": {"image": b"\x89PNG", "options": ()}}

    def draft(self) -> TaskDraft:
        task = {"type": "ReCaptchaV2TaskProxyLess", "websiteURL": "https://example.com", "websiteKey": "a-site-key"}
        return TaskDraft(options=[CapSolverOptions(task=task)])

    def hand_in(self, sandbox: Any, task_id: str, count: int = 1) -> None:
        del task_id, count
        _ = sandbox.clock.advance(seconds=sandbox.solve_time / timedelta(seconds=1))
