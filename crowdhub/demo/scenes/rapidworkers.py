"""RapidWorkers: a text and a screenshot; poor work is rejected, the rest approved in bulk."""

from __future__ import annotations

from crowdhub.demo.scene import Lost, Scene
from crowdhub.model import Money, Submission


def judge(work: Submission) -> str | None:
    missing = [name for name, there in (("text", work.text), ("screenshot", work.files)) if not there]
    return f"There is no {' and no '.join(missing)}." if missing else None


SCENE = Scene(
    name="rapidworkers",
    reward=Money("0.25", "USD"),
    slots=60,
    judge=judge,
    settings={"category": "Data entry"},
    lost=(Lost(r"^/jobs/add$"), Lost(r"/approve/$")),
    how="in bulk, as every slot holds good work and nothing unseen can be approved",
    sandbox={"work_rate": 30, "poor_share": 0.15},
)
