"""CapSolver's documented exchanges, through the hub, in every world, with the network off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from crowdhub import Submission, Task, TaskDraft
from crowdhub.protocol import Flow, Operation
from crowdhub_capsolver import CapSolver, CapSolverFeedback, CapSolverOptions
from crowdhub_capsolver.wire import NOBODY
from tests.replay.conftest import Documented

Case: TypeAlias = "tuple[Callable[[CapSolver], Operation[object] | Flow[object]], object]"

TASK = "37223a89-06ed-442c-a0b8-22067b79c5b4"
GIVEN = {"type": "ImageToTextTask", "body": "BASE64 image"}


def _solved_at_once(provider: CapSolver) -> Flow[dict[str, object]]:
    task = yield from provider.publish(TaskDraft(options=[CapSolverOptions(task=GIVEN)]))
    return {"task": task, "solution": provider.solution_of(task)}


def _created(provider: CapSolver) -> Operation[Task]:
    options = CapSolverOptions(task=GIVEN, callback_url="https://example.com/solved")
    return provider.publish(TaskDraft(options=[options]))


def _reported(provider: CapSolver) -> Operation[Submission]:
    task_id = "2376919c-1863-11ec-a012-94e6f7355a0b"
    solution = Submission(**provider.identity, id=task_id, task_id=task_id, worker=NOBODY)
    return provider.reject(solution, "wrong", CapSolverFeedback(code=1001))


CASES: dict[str, Case] = {
    "create-task": (
        _solved_at_once,
        {
            "task": {"id": "2376919c-1863-11ec-a012-94e6f7355a0b", "status": "completed"},
            "solution": {"text": "44795sds", "status": "approved"},
        },
    ),
    "create-task-asynchronous": (_created, {"id": TASK, "status": "open"}),
    "get-task-result": (
        lambda provider: provider.submissions(TASK),
        {"items": [{"id": TASK, "text": "44795sds", "status": "approved"}], "total": 1},
    ),
    "get-task-result-processing": (lambda provider: provider.submissions(TASK), {"items": [], "total": 0}),
    "feedback-task": (_reported, {"id": "2376919c-1863-11ec-a012-94e6f7355a0b", "feedback": "wrong"}),
    "get-balance": (lambda provider: provider.balance(), "99.4988 USD"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_documented_exchange_reads_as_documented(name: str, documented: Documented) -> None:
    documented("capsolver", {"client_key": "not-a-key", "app_id": "APP_ID"}, name, *CASES[name])


def test_every_documented_exchange_is_played(cassettes: Path) -> None:
    assert {path.stem for path in (cassettes / "capsolver" / "documented").glob("*.yaml")} == CASES.keys()
