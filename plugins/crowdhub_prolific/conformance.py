"""Prolific, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from crowdhub.model import Decision, ExternalForm, Money, Submission, TaskDraft, Verdict
from crowdhub.testing import CampaignPlan, DemoPlan, HandedIn, Subject
from crowdhub_prolific.options import CompletionCode, ProlificOptions, ProlificReject, ProlificRejectionCategory

if TYPE_CHECKING:
    from crowdhub_prolific.sandbox import ProlificSandbox

CODE = "C1PQ7X2Z"


class ProlificSubject(Subject["ProlificSandbox"]):
    provider = "prolific"
    sandbox_options: ClassVar[Mapping[str, object]] = {
        "balance": "100000.00",
        "every": 0,
        "rows": 5,
        "bulk_delay": 0,  # the kit asks what each call does to money
    }
    readings: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "other": {  # the other way wherever the documentation leaves one open
            "errors": "bare",
            "links": False,
            "behind_the_end": "empty",
            "unknown_study": "missing",
            "fractions": True,
            "empty_answers": True,
            "publish_again": "ignored",
            "same_places": "refused",
            "stopped_waits": False,
            "currency": "USD",
        }
    }
    page_rows = 5
    tasks_rows = 5
    unknown_id = "0123456789abcdef01234567"
    values: ClassVar[Mapping[str, object]] = {"questions": ExternalForm(url="https://survey.example/other")}
    words: ClassVar[Mapping[Verdict, str]] = {
        **Subject.words,
        Verdict.REJECT: "The second step of the instructions was left out: please read them again, from the first word"
        " on, and compare what you handed in.",
    }
    untold: ClassVar[Mapping[Verdict, str]] = {Verdict.APPROVE: "an approval has no words"}

    campaign = CampaignPlan(why_unknown="bonuses are told as amounts alone")
    demo = DemoPlan(slots=12, how="in bulk, each by name, told after a look")

    @property
    def currency(self) -> str:
        return str(self.played_options.get("currency", "GBP"))

    def draft(self) -> TaskDraft:
        return TaskDraft(
            title="What do you see?",
            instructions="Look at ten pictures and say what they show.",
            reward=Money("1.50", self.currency),
            questions=ExternalForm(url="https://survey.example/study"),
            options=(ProlificOptions(estimated_completion_time=10, completion_codes=(CompletionCode(code=CODE),)),),
        )

    def decision(self, submission: Submission, verdict: Verdict) -> Decision:
        why = (ProlificReject(category=ProlificRejectionCategory.LOW_EFFORT),) if verdict is Verdict.REJECT else ()
        return super().decision(submission, verdict).copy_with(options=why)

    def bonus(self, submission: Submission, currency: str) -> Money:
        """In the reading's own currency."""
        return super().bonus(submission, self.currency)

    def hand_in(self, sandbox: ProlificSandbox, task_id: str, count: int = 1) -> None:
        _ = sandbox.hand_in(task_id, count)

    def hand_in_by(self, sandbox: ProlificSandbox, task_id: str, worker_id: str) -> None:
        _ = sandbox.hand_in(task_id, participant=worker_id)

    def published(self, sandbox: ProlificSandbox, task_id: str) -> Mapping[str, object] | None:
        study = sandbox.study(task_id)
        if study.phase == "UNPUBLISHED":
            return None
        codes = str(study.asked["completion_codes"])
        return {
            "title": study.name,
            "instructions": study.asked["description"],
            "reward": Money.from_minor(study.reward, sandbox.space.purse.currency),
            "slots": study.places,
            "questions": ExternalForm(url=str(study.asked["external_study_url"])),
            "auto_approve": "AUTOMATICALLY_APPROVE" in codes,
        }

    def handed_in(self, sandbox: ProlificSandbox, submission: Submission) -> HandedIn:
        return HandedIn(text=sandbox.submission(submission.id).code)

    def told(self, sandbox: ProlificSandbox, submission: Submission) -> str | None:
        return sandbox.submission(submission.id).message

    def messages(self, sandbox: ProlificSandbox, worker_id: str) -> Sequence[str]:
        return [each.body for each in sandbox.space.letters if each.participant == worker_id]
