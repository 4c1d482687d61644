"""CapSolver: no people; each picture is a task of its own, solved and paid for at once.

Its answer lost, a task cannot be found again: that one is left to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crowdhub.demo.scene import Lost, Scene
from crowdhub.model import Money, Submission, TaskDraft


def fitting(draft: TaskDraft, pictures: Sequence[bytes]) -> Sequence[TaskDraft]:
    """The pictures and nothing else."""
    del draft
    return [TaskDraft(image=picture) for picture in pictures]


def judge(work: Submission) -> str | None:
    return None if work.text else "There is no text."


def prepare(side: Any, pictures: Sequence[bytes]) -> None:
    for number, picture in enumerate(pictures, 1):
        side.teach(picture, f"receipt {number}, total {17 * number}.40")


SCENE = Scene(
    name="capsolver",
    reward=Money("0.01", "USD"),
    slots=1,
    judge=judge,
    fitting=fitting,
    fits="a picture and nothing else",
    lost=(Lost(r"/createTask$"),),
    singly=0,
    prepare=prepare,
)
