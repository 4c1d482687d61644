"""CrowdSDOM: the picture has to be within a form; whoever is not sure is rejected."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from crowdhub.demo.scene import Lost, Scene, words_of
from crowdhub.model import HtmlForm, Money, Submission, TaskDraft


def fitting(draft: TaskDraft, pictures: Sequence[bytes]) -> Sequence[TaskDraft]:
    """The same task, with the picture and the question in a form."""
    picture = b64encode(pictures[0]).decode()
    html = (
        '<form id="crowdsdom_form">'
        f'<img alt="receipt" src="data:image/png;base64,{picture}">'
        f'<label>{draft.proof} <input name="answer" required></label>'
        "</form>"
    )
    return [draft.copy_with(image=None, proof=None, questions=HtmlForm(html=html))]


def judge(work: Submission) -> str | None:
    said = words_of(work)
    return "Please look again until you are sure." if not said or "not sure" in said else None


SCENE = Scene(
    name="crowdsdom",
    reward=Money("1.50", "CNY"),
    slots=16,
    judge=judge,
    fitting=fitting,
    fits="with the picture and the question in a form",
    settings={"keywords": ("receipt",)},
    lost=(Lost(r"/jobs$", method="POST"), Lost(r"/approve$")),
)
