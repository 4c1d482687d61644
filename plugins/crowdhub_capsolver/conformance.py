"""CapSolver, as the conformance kit has to know it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from crowdhub.errors import CrowdhubError, InvalidRequest
from crowdhub.model import Money, Submission, TaskDraft
from crowdhub.protocol import AnyProvider, Operation
from crowdhub.testing import CampaignPlan, DemoPlan, HandedIn, LostAnswer, Subject
from crowdhub_capsolver.options import CapSolverOptions
from crowdhub_capsolver.provider import CapSolver

if TYPE_CHECKING:
    from crowdhub_capsolver.sandbox import CapSolverSandbox

PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
"""The smallest picture."""


def _other_page(draft: TaskDraft, number: int) -> TaskDraft:
    task = {"type": "AntiTurnstileTaskProxyLess", "websiteURL": f"https://example.org/{number}", "websiteKey": "k"}
    return draft.copy_with(options=(CapSolverOptions(task=task),))


def _pictures(draft: TaskDraft, pictures: Sequence[bytes]) -> Sequence[TaskDraft]:
    """The pictures and nothing else: each is a task of its own, solved and paid for at once."""
    del draft
    return [TaskDraft(image=picture) for picture in pictures]


def _judge(work: Submission) -> str | None:
    return None if work.text else "There is no text."


def _teach(sandbox: CapSolverSandbox, pictures: Sequence[bytes]) -> None:
    for number, picture in enumerate(pictures, 1):
        sandbox.teach(picture, f"receipt {number}, total {17 * number}.40")


def _solved(provider: AnyProvider, number: int) -> Operation[Submission]:
    assert isinstance(provider, CapSolver)
    task = {"type": "ReCaptchaV2TaskProxyLess", "websiteURL": f"https://example.org/{number}", "websiteKey": "k"}
    return provider.solve(TaskDraft(options=[CapSolverOptions(task=task)]))


class CapSolverSubject(Subject["CapSolverSandbox"]):
    """Only a task that is solved later is looked at here: an image's solution comes with the answer itself."""

    provider = "capsolver"
    most_slots = 1
    rejection_is_final = False  # a wrong solution is reported; it was paid for, and stays so
    status_words = ()  # a task is "ready" or it is not: any other word means that there is no solution yet
    # The body tells, whatever the status is, and the sandbox words all of these in the same way.
    statuses: ClassVar[Mapping[int, type[CrowdhubError]]] = dict.fromkeys((401, 402, 403, 404, 409), InvalidRequest)
    values: ClassVar[Mapping[str, object]] = {"image": {"image": PIXEL, "options": ()}}

    campaign = CampaignPlan(
        vary=_other_page,
        purchase=_solved,
        sandbox={"balance": "10000"},
        why_unknown="CapSolver cannot list tasks and takes no mark of ours, so a task whose answer is lost cannot be "
        "looked for",
    )

    demo = DemoPlan(
        reward=Money("0.01", "USD"),
        slots=1,
        fitting=_pictures,
        fits="a picture and nothing else",
        judge=_judge,
        scripted=True,
        lost=(LostAnswer(r"/createTask$"),),  # it cannot be found again: that one is left to a person
        singly=0,
        prepare=_teach,
    )

    def draft(self) -> TaskDraft:
        task = {"type": "ReCaptchaV2TaskProxyLess", "websiteURL": "https://example.com", "websiteKey": "a-site-key"}
        return TaskDraft(options=[CapSolverOptions(task=task)])

    def cost_of_work(self, draft: TaskDraft) -> Money | None:
        """The marketplace sets the price."""
        del draft
        return None

    def hand_in(self, sandbox: CapSolverSandbox, task_id: str, count: int = 1) -> None:
        del task_id, count
        _ = sandbox.clock.advance(seconds=sandbox.solve_time / timedelta(seconds=1))

    def published(self, sandbox: CapSolverSandbox, task_id: str) -> Mapping[str, object] | None:
        body = sandbox.tasks[task_id].asked.get("body")
        return {"slots": 1, "image": b64decode(body) if isinstance(body, str) else None}

    def handed_in(self, sandbox: CapSolverSandbox, submission: Submission) -> HandedIn:
        solution = sandbox.tasks[submission.id].solution
        return HandedIn(text=solution.get("text"), answers=solution)

    def told(self, sandbox: CapSolverSandbox, submission: Submission) -> str | None:
        said = (sandbox.tasks[submission.id].feedback or {}).get("message")
        return said if isinstance(said, str) else None
