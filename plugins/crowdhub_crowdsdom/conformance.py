"""CrowdSDOM, as the conformance kit has to know it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, cast

from crowdhub.model import FreeText, HtmlForm, Money, QuestionForm, Submission, TaskDraft
from crowdhub.testing import CampaignPlan, DemoPlan, HandedIn, LostAnswer, Subject, contents_of
from crowdhub_crowdsdom.options import CrowdSDOMOptions

if TYPE_CHECKING:
    from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox


def _with_a_form(draft: TaskDraft, pictures: Sequence[bytes]) -> Sequence[TaskDraft]:
    """The same task, with the picture and the question in a form."""
    picture = b64encode(pictures[0]).decode()
    html = (
        '<form id="crowdsdom_form">'
        f'<img alt="receipt" src="data:image/png;base64,{picture}">'
        f'<label>{draft.proof} <input name="answer" required></label>'
        "</form>"
    )
    return [draft.copy_with(image=None, proof=None, questions=HtmlForm(html=html))]


def _judge(work: Submission) -> str | None:
    said = contents_of(work)
    return "Please look again until you are sure." if not said or "not sure" in said else None


class CrowdSDOMSubject(Subject["CrowdSDOMSandbox"]):
    provider = "crowdsdom"
    sandbox_options: ClassVar[Mapping[str, object]] = {"balance": "100000.00", "every": 0}
    unknown_id = "0123456789abcdef01234567"
    readings: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "post": {"verbs": "post", "wrong_verb": 404},  # the PHP SDK, the quick start
        "put": {"verbs": "put", "paths": "lower"},  # the Python SDK
        "capital": {"verbs": "post", "paths": "capital"},
    }
    campaign = CampaignPlan(sandbox={"token_ttl": 900})  # seconds: tokens end while it goes on
    demo = DemoPlan(
        reward=Money("1.50", "CNY"),
        slots=16,
        options=(CrowdSDOMOptions(keywords=("receipt",)),),
        fitting=_with_a_form,
        fits="with the picture and the question in a form",
        judge=_judge,
        scripted=True,
        lost=(LostAnswer(r"/jobs$", method="POST"), LostAnswer(r"/approve$")),
    )
    values: ClassVar[Mapping[str, object]] = {
        "reward": Money("0.70", "CNY"),
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

    def hand_in(self, sandbox: CrowdSDOMSandbox, task_id: str, count: int = 1) -> None:
        for number in range(count):
            answers = [{"questionId": "proof", "answer": [f"A cat on chair {number}."]}]
            _ = sandbox.hand_in(sandbox.take(task_id, f"worker-{number}"), answers)

    def published(self, sandbox: CrowdSDOMSandbox, task_id: str) -> Mapping[str, object] | None:
        job = sandbox.board.jobs[task_id]
        return {
            "title": job.terms.title,
            "instructions": job.terms.description,
            "reward": Money(job.terms.reward, "CNY"),
            "slots": job.terms.max_tasks,
            "proof": str(job.form.content),
            "questions": job.form.content,
            "deadline": job.expires,
            "auto_approve": timedelta(seconds=job.terms.auto_approval_delay),
        }

    def handed_in(self, sandbox: CrowdSDOMSandbox, submission: Submission) -> HandedIn:
        ((answer,),) = _answers(sandbox.board.work[submission.id].answers)
        return HandedIn(text=answer, answers={"proof": [answer]})

    def told(self, sandbox: CrowdSDOMSandbox, submission: Submission) -> str | None:
        return sandbox.board.work[submission.id].feedback


def _answers(handed_in: object) -> list[list[str]]:
    """The answers alone, question by question, of what `hand_in` hands in."""
    rows = cast("list[dict[str, list[str]]]", handed_in)
    return [row["answer"] for row in rows]
