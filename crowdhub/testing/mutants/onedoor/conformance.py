"""Onedoor, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from crowdhub.model import Decision, Money, Submission, TaskDraft, Verdict
from crowdhub.testing import HandedIn, Subject
from crowdhub.testing.mutants.onedoor.settings import RejectionCategory

if TYPE_CHECKING:
    from crowdhub.testing.mutants.onedoor.sandbox import OnedoorSandbox

PICTURE = b"\x89PNG a picture"


class OnedoorSubject(Subject["OnedoorSandbox"]):
    provider = "onedoor"
    sandbox_options: ClassVar[Mapping[str, object]] = {"balance": "10000.00"}
    page_rows = 3
    tasks_rows = 3
    status_words = ("state",)
    values: ClassVar[Mapping[str, object]] = {"reward": Money("0.80", "EUR"), "countries": ("FR", "DE")}
    words: ClassVar[Mapping[Verdict, str]] = {
        **Subject.words,
        Verdict.REJECT: "The second step of the instructions was left out: please read them again, from the first word"
        " on, and compare what you handed in.",
    }

    def draft(self) -> TaskDraft:
        return TaskDraft(
            title="Describe a picture",
            instructions="Say in one sentence what it shows.",
            reward=Money("0.50", "EUR"),
            countries=("FR",),
        )

    def decision(self, submission: Submission, verdict: Verdict) -> Decision:
        options = (RejectionCategory(category="too-short"),) if verdict is Verdict.REJECT else ()
        return super().decision(submission, verdict).copy_with(options=options)

    def hand_in(self, sandbox: OnedoorSandbox, task_id: str, count: int = 1) -> None:
        for number in range(count):
            sandbox.hand_in(task_id, f"A cat on chair {number}.", [PICTURE])

    def published(self, sandbox: OnedoorSandbox, task_id: str) -> Mapping[str, object] | None:
        task = sandbox.tasks[task_id]
        if not task.started:
            return None
        return {
            "title": task.title,
            "instructions": task.text,
            "reward": Money.from_minor(task.cents, "EUR"),
            "slots": task.places,
            "countries": task.countries,
        }

    def handed_in(self, sandbox: OnedoorSandbox, submission: Submission) -> HandedIn:
        work = sandbox.work[submission.id]
        return HandedIn(text=work.answer, files=list(work.files.values()))

    def told(self, sandbox: OnedoorSandbox, submission: Submission) -> str | None:
        return sandbox.work[submission.id].comment

    def messages(self, sandbox: OnedoorSandbox, worker_id: str) -> Sequence[str]:
        return [text for worker, text in sandbox.letters if worker == worker_id]
