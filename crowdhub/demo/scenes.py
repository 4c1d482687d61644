"""What the demo does on each marketplace. Another marketplace joins by one more `Scene` here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crowdhub.model import Money, Submission, TaskDraft


@dataclass(frozen=True, slots=True)
class Scene:
    """One marketplace's part.

    ``draft`` makes the task from a sample picture; ``judge`` gives the reason to refuse a piece of work, or None
    for good work. ``lost_publish`` and ``lost_approval`` find (regular expressions on the path) the requests
    whose answers the demo loses on purpose. ``options`` are for the sandbox.
    """

    name: str
    draft: Callable[[bytes], TaskDraft]
    judge: Callable[[Submission], str | None]
    lost_publish: str
    lost_approval: str
    thanks: str = "Thank you, well read."
    look_every: float = 1800
    """Seconds of the sandbox's clock between two looks for new work."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


def _receipt(picture: bytes) -> TaskDraft:
    return TaskDraft(
        title="Read the total on a receipt",
        instructions="Find the total in the picture, write it down with the confirmation code, send a screenshot.",
        reward=Money("0.25", "USD"),
        slots=60,
        proof="The total, the confirmation code and one screenshot",
        category="Data entry",
        image=picture,
    )


def _receipt_fault(work: Submission) -> str | None:
    missing = [name for name, there in (("confirmation code", work.text), ("screenshot", work.files)) if not there]
    return f"There is no {' and no '.join(missing)}." if missing else None


SCENES: Mapping[str, Scene] = {
    scene.name: scene
    for scene in (
        Scene(
            name="rapidworkers",
            draft=_receipt,
            judge=_receipt_fault,
            lost_publish=r"^/jobs/add$",
            lost_approval=r"/approve/$",
            options={"work_rate": 30, "poor_share": 0.15},
        ),
    )
}
