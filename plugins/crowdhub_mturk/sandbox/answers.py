"""``QuestionFormAnswers``: what workers hand in."""

from collections.abc import Mapping, Sequence
from random import Random
from xml.sax.saxutils import escape

from crowdhub_mturk.sandbox.questions import SCHEMAS, Form, Question

NAMESPACE = f"{SCHEMAS}/2005-10-01/QuestionFormAnswers.xsd"
_WORDS = ("fine", "clear", "friendly", "too long", "not sure", "well made", "looks new", "quite old")
Given = Mapping[str, str | Sequence[str]]
"""Answers by question: a text, or the identifiers of what was selected."""


def document(form: Form, given: Given, files: Mapping[str, tuple[str, int]]) -> str:
    """The document; `files` are keys and sizes of what was uploaded, by question."""
    answers = [_answer(name, _said(form.question(name), value)) for name, value in given.items()]
    answers += [_answer(name, _uploaded(key, size)) for name, (key, size) in files.items()]
    root = f'<QuestionFormAnswers xmlns="{NAMESPACE}">{"".join(answers)}</QuestionFormAnswers>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}'


def made_up(form: Form, dice: Random) -> dict[str, str | list[str]]:
    """What a worker answers who does the work; files are another matter."""
    if form.kind == "ExternalQuestion":
        return {"status": "success"}
    return {each.id: _chosen(each, dice) for each in form.questions if each.kind != "UploadedFile"}


def _chosen(question: Question, dice: Random) -> str | list[str]:
    if question.kind == "Selection":
        most_chosen = min(question.most, len(question.choices))
        least_chosen = min(max(question.least, 1), most_chosen)
        return dice.sample(question.choices, dice.randint(least_chosen, most_chosen))
    if question.numeric is not None:
        return str(dice.randint(*question.numeric))
    least, most = question.length
    return dice.choice(_WORDS).ljust(least, ".")[:most]


def _said(question: Question | None, value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        free = question is None or question.kind != "Selection"
        element = "FreeText" if free else "OtherSelectionText"
        if question is not None and value in question.choices:
            element = "SelectionIdentifier"
        return f"<{element}>{escape(value)}</{element}>"
    return "".join(f"<SelectionIdentifier>{escape(each)}</SelectionIdentifier>" for each in value)


def _uploaded(key: str, size: int) -> str:
    return f"<UploadedFileSizeInBytes>{size}</UploadedFileSizeInBytes><UploadedFileKey>{key}</UploadedFileKey>"


def _answer(name: str, content: str) -> str:
    return f"<Answer><QuestionIdentifier>{escape(name)}</QuestionIdentifier>{content}</Answer>"
