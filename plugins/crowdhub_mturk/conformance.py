"""Mechanical Turk, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from crowdhub import errors
from crowdhub.errors import CrowdhubError
from crowdhub.model import Choice, FreeText, Money, QuestionForm, Selection, Submission, TaskDraft
from crowdhub.testing import CampaignPlan, DemoPlan, HandedIn, LostAnswer, Subject
from crowdhub_mturk.drafts import COUNTRY
from crowdhub_mturk.options import DAY, MTurkOptions

if TYPE_CHECKING:
    from crowdhub_mturk.sandbox import MTurkSandbox

FORM = QuestionForm(
    questions=(
        FreeText(id="sentence", text="What does it show?"),
        Selection(id="sure", text="Are you sure?", choices=(Choice(id="yes", text="Yes"), Choice(id="no", text="No"))),
    )
)


def _without_the_picture(draft: TaskDraft, pictures: Sequence[bytes]) -> Sequence[TaskDraft]:
    del pictures
    return [draft.copy_with(image=None)]


def _as_far_as_there_is_room(sandbox: MTurkSandbox, task_id: str, count: int) -> None:
    """A rejected slot does not open again."""
    for _ in range(min(count, sandbox.hit(task_id).available)):
        _ = sandbox.hand_in(task_id)


class MTurkSubject(Subject["MTurkSandbox"]):
    provider = "mturk"
    sandbox_options: ClassVar[Mapping[str, object]] = {"balance": "100000.00", "every": 0}
    readings: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "older": {  # texts and answers of earlier years
            "error_prefix": "com.amazonaws.mturk.requester.v20170117#",
            "refused_signature_status": 403,
            "hit_already_exists": "HITAlreadyExists",
            "token_words": "request id",
            "deleted": "missing",
            "on_hold": False,
        },
        "pages": {"newest_first": True, "empty_last_page": True, "tokens_count_rows": True, "throttled": "503"},
    }
    page_rows = 100
    tasks_rows = 100
    unknown_id = "3ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"
    status_words: ClassVar[Sequence[str]] = ("status",)
    statuses: ClassVar[Mapping[int, type[CrowdhubError]]] = {**Subject.statuses, 500: errors.ProviderUnavailable}
    campaign = CampaignPlan(hand_in=_as_far_as_there_is_room)
    demo = DemoPlan(
        slots=16,
        options=(MTurkOptions(keywords=("receipt",), auto_approval_delay=2 * DAY),),
        scripted=True,
        fitting=_without_the_picture,
        fits="without the picture, which only a page of one's own could show",
        lost=(LostAnswer("CreateHIT$"), LostAnswer("ApproveAssignment$")),
        sandbox={"poor": 0},  # a rejected slot does not open again, so that not every slot would hold good work
    )
    values: ClassVar[Mapping[str, object]] = {
        "deadline": timedelta(days=2),
        "auto_approve": timedelta(days=3),
        "questions": {"proof": None, "questions": FORM},
    }

    def draft(self) -> TaskDraft:
        return TaskDraft(
            title="Describe a picture",
            instructions="Open the picture and say in one sentence what it shows.",
            reward=Money("0.50", "USD"),
            proof="Your sentence",
        )

    def hand_in(self, sandbox: MTurkSandbox, task_id: str, count: int = 1) -> None:
        for number in range(count):
            _ = sandbox.hand_in(task_id, answers={"proof": f"A cat on chair {number}."})

    def hand_in_by(self, sandbox: MTurkSandbox, task_id: str, worker_id: str) -> None:
        _ = sandbox.hand_in(task_id, answers={"proof": "A cat on a chair."}, worker=worker_id)

    def published(self, sandbox: MTurkSandbox, task_id: str) -> Mapping[str, object] | None:
        hit = sandbox.hit(task_id)
        places = [place for each in hit.type.requirements if each.type_id == COUNTRY for place, _ in each.locales]
        return {
            "title": hit.type.title,
            "instructions": hit.type.description,
            "reward": Money(hit.type.reward, "USD"),
            "slots": hit.slots,
            "proof": hit.question,
            "questions": hit.question,
            "countries": places,
            "deadline": hit.expires,
            "auto_approve": timedelta(seconds=hit.type.auto_approval),
        }

    def handed_in(self, sandbox: MTurkSandbox, submission: Submission) -> HandedIn:
        said = (sandbox.assignment(submission.id).answer or "").partition("<FreeText>")[2].partition("</FreeText>")[0]
        return HandedIn(text=said, answers={"proof": said})

    def told(self, sandbox: MTurkSandbox, submission: Submission) -> str | None:
        return sandbox.assignment(submission.id).feedback

    def messages(self, sandbox: MTurkSandbox, worker_id: str) -> Sequence[str]:
        return [each.text for each in sandbox.letters if each.worker == worker_id]
