"""A draft's questions as CrowdSDOM's forms.

Where the developer guide contradicts itself: ``freeTextAnswer`` / ``selectionAnswer`` with a spec of the same
name, and ``optionSpecs``, as its later edition and every sample of the SDK have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

from crowdhub.errors import Issue
from crowdhub.model import (
    ExternalForm,
    FreeText,
    HtmlForm,
    QuestionForm,
    Questions,
    Selection,
    TaskDraft,
)
from crowdhub.protocol import (
    choice_issues,
    choice_limits,
    mapping,
    mark,
    question_issues,
    sequence,
    text_issues,
    unmark,
)
from crowdhub_crowdsdom.options import CrowdSDOMText

FORM_ID = "crowdsdom_form"
PARAMETER = "crowdhub_ref"
PROOF = "proof"
"""The id of the question that stands for a draft's ``proof``."""


def questions_of(draft: TaskDraft) -> Questions | None:
    """The draft's form; a draft that only says what to hand in becomes a form with that one question."""
    if draft.questions is None and draft.proof and draft.proof.strip():
        return QuestionForm(questions=(FreeText(id=PROOF, text=draft.proof),))
    return draft.questions


def form_members(questions: Questions, reference: str | None = None) -> dict[str, object]:
    """``questionsType`` and the member of that name.

    ``reference`` goes into the form itself, for a job whose keywords are its job type's: behind the last question,
    in a comment at the end of the HTML, or as a parameter of the external page's address.
    """
    kind = form_kind(questions)
    return {"questionsType": kind, kind: _form(questions, reference)}


def form_kind(questions: Questions) -> str:
    """The marketplace's word for this kind of form."""
    if isinstance(questions, QuestionForm):
        return "internalQuestionsForm"
    return "externalQuestionsForm" if isinstance(questions, ExternalForm) else "htmlQuestionsForm"


def _form(questions: Questions, reference: str | None) -> dict[str, object]:
    ref = mark("", reference).strip()
    if isinstance(questions, QuestionForm):
        asked = [_question(each) for each in questions.questions]
        if ref:
            asked[-1]["comment"] = ref
        return {"questions": asked}
    if isinstance(questions, ExternalForm):
        url = questions.url
        if reference:
            parts = urlsplit(url)
            url = parts._replace(query="&".join(filter(None, [parts.query, f"{PARAMETER}={reference}"]))).geturl()
        return {"url": url, "frameHeight": questions.height}
    return {"content": f"{questions.html}<!-- {ref} -->" if ref else questions.html}


def form_reference(job: Mapping[str, object]) -> str | None:
    """The reference that `form_members` put into a listed job's form."""
    form = mapping(job.get(str(job.get("questionsType")))) or {}
    if "url" in form:
        try:
            return dict(parse_qsl(urlsplit(str(form["url"])).query)).get(PARAMETER)
        except ValueError:
            return None
    text: object = form.get("content")
    if text is None and (questions := sequence(form.get("questions"))):
        text = (mapping(questions[-1]) or {}).get("comment")
    return unmark(text.strip().removesuffix("-->"))[1] if isinstance(text, str) else None


def _question(question: FreeText | Selection) -> dict[str, object]:
    kind, spec = _free_text(question) if isinstance(question, FreeText) else _selection(question)
    return {
        "id": question.id,
        "title": question.text,
        "isRequired": question.required,
        "answerType": kind,
        f"{kind}Spec": spec,
    }


def _free_text(question: FreeText) -> tuple[str, dict[str, object]]:
    spec: dict[str, object] = {
        "defaultText": question.default,
        "minLength": question.min_length,
        "maxLength": question.max_length,
    }
    if isinstance(question, CrowdSDOMText):
        spec["numberOfLines"] = question.lines
        if question.is_number:
            spec |= {"isNumber": True, "minValue": question.min_value, "maxValue": question.max_value}
    return "freeTextAnswer", {name: value for name, value in spec.items() if value is not None}


def _selection(question: Selection) -> tuple[str, dict[str, object]]:
    least, most = choice_limits(question)  # sent always: the marketplace's own default is 1 and 1
    return "selectionAnswer", {
        "minSelectionCount": least,
        "maxSelectionCount": most,
        "style": question.style.value,
        "optionSpecs": [{"id": choice.id, "text": choice.text} for choice in question.choices],
    }


def form_issues(draft: TaskDraft) -> list[Issue]:
    """Everything that is wrong with a draft's form."""
    questions = questions_of(draft)
    if questions is None:
        return [Issue("questions", "are missing: give a QuestionForm, ExternalForm or HtmlForm (or a `proof`)")]
    if isinstance(questions, ExternalForm):
        parts = urlsplit(questions.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return [Issue("questions.url", f"{questions.url!r} is not an http(s) URL")]
        return []
    if isinstance(questions, HtmlForm):
        if not _has_form(questions.html):
            return [Issue("questions.html", f'has no <form id="{FORM_ID}">, without which it is not published')]
        return []
    found = question_issues(questions)
    for question in questions.questions:
        where = f"questions.{question.id}"
        found += _text_issues(question, where) if isinstance(question, FreeText) else choice_issues(question, where)
    return found


def _text_issues(question: FreeText, where: str) -> list[Issue]:
    found = text_issues(question, where)
    if isinstance(question, CrowdSDOMText):
        low, high = question.min_value, question.max_value
        if not question.is_number and (low is not None or high is not None):
            found.append(Issue(where, "min_value and max_value count for numbers only; set is_number"))
        if low is not None and high is not None and low > high:
            found.append(Issue(where, f"min_value {low} is more than max_value {high}"))
        if question.lines is not None and question.lines < 1:
            found.append(Issue(where, f"{question.lines} lines are less than 1"))
    return found


class _Forms(HTMLParser):
    found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form" and ("id", FORM_ID) in attrs:
            self.found = True


def _has_form(html: str) -> bool:
    parser = _Forms()
    parser.feed(html)
    parser.close()
    return parser.found
