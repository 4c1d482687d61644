"""A draft's questions as the XML that MTurk takes, its elements in the order of their schema."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from crowdhub.errors import Issue
from crowdhub.model import (
    Choice,
    ExternalForm,
    FreeText,
    HtmlForm,
    QuestionForm,
    Questions,
    Selection,
    TaskDraft,
)
from crowdhub.protocol import choice_issues, choice_limits, question_issues, text_issues
from crowdhub_mturk.options import MTurkFile, MTurkText, options_of

SCHEMAS = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas"
LONGEST = 65_535  # bytes
PROOF = "proof"
"""The id of the question that stands for a draft's ``proof``."""
FILLS_THE_WINDOW = 0
MOST_BYTES = 2_000_000_000
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HANDS_IN = re.compile(r"<crowd-form\b|/externalSubmit\b", re.IGNORECASE)


def questions_of(draft: TaskDraft) -> Questions | None:
    """The draft's form; a draft that only says what to hand in becomes a form with that one question."""
    if draft.questions is None and draft.proof and draft.proof.strip():
        return QuestionForm(questions=(FreeText(id=PROOF, text=draft.proof),))
    return draft.questions


def document_of(questions: Questions, overview: str | None = None) -> str:
    """The form as a document. ``overview`` stands above the questions."""
    if isinstance(questions, QuestionForm):
        return _question_form(questions, overview)
    if isinstance(questions, ExternalForm):
        return _external(questions)
    return _html(questions)


def _question_form(form: QuestionForm, overview: str | None) -> str:
    root = Element("QuestionForm", xmlns=f"{SCHEMAS}/2017-11-06/QuestionForm.xsd")
    if overview and overview.strip():
        _text(SubElement(root, "Overview"), "Text", overview)
    for question in form.questions:
        part = SubElement(root, "Question")
        _text(part, "QuestionIdentifier", question.id)
        _text(part, "IsRequired", "true" if question.required else "false")
        _text(SubElement(part, "QuestionContent"), "Text", question.text)
        _answer(SubElement(part, "AnswerSpecification"), question)
    return tostring(root, encoding="unicode")


def _answer(part: Element, question: FreeText | Selection) -> None:
    if isinstance(question, Selection):
        _selection(SubElement(part, "SelectionAnswer"), question)
    elif isinstance(question, MTurkFile):
        file = SubElement(part, "FileUploadAnswer")
        _text(file, "MaxFileSizeInBytes", str(question.max_bytes))
        _text(file, "MinFileSizeInBytes", str(question.min_bytes))
    else:
        _free_text(SubElement(part, "FreeTextAnswer"), question)


def _free_text(part: Element, question: FreeText) -> None:
    lengths = {"minLength": question.min_length, "maxLength": question.max_length}
    told = {name: str(value) for name, value in lengths.items() if value is not None}
    if told:
        _ = SubElement(SubElement(part, "Constraints"), "Length", told)
    if question.default is not None:
        _text(part, "DefaultText", question.default)
    if isinstance(question, MTurkText) and question.lines is not None:
        _text(part, "NumberOfLinesSuggestion", str(question.lines))


def _selection(part: Element, question: Selection) -> None:
    least, most = choice_limits(question)
    _text(part, "MinSelectionCount", str(least))
    _text(part, "MaxSelectionCount", str(most))
    _text(part, "StyleSuggestion", question.style.value)
    selections = SubElement(part, "Selections")
    for choice in question.choices:
        selection = SubElement(selections, "Selection")
        _text(selection, "SelectionIdentifier", choice.id)
        _text(selection, "Text", choice.text)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _external(form: ExternalForm) -> str:
    root = Element("ExternalQuestion", xmlns=f"{SCHEMAS}/2006-07-14/ExternalQuestion.xsd")
    _text(root, "ExternalURL", form.url)
    _text(root, "FrameHeight", str(form.height))
    return tostring(root, encoding="unicode")


def _html(form: HtmlForm) -> str:
    """The page in CDATA, which is shorter than escaped; the one text that would end it is written in two."""
    page = form.html.replace("]]>", "]]]]><![CDATA[>")
    return (
        f'<HTMLQuestion xmlns="{SCHEMAS}/2011-11-11/HTMLQuestion.xsd"><HTMLContent><![CDATA[{page}]]></HTMLContent>'
        f"<FrameHeight>{FILLS_THE_WINDOW}</FrameHeight></HTMLQuestion>"
    )


# --- what can be wrong with them


def no_xml(where: str, text: str | None) -> list[Issue]:
    """A character that no XML document can have."""
    found = _NO_XML.search(text or "")
    return [Issue(where, f"holds the character U+{ord(found[0]):04X}, which MTurk's forms cannot")] if found else []


def form_issues(draft: TaskDraft) -> list[Issue]:
    """Everything that is wrong with a draft's form."""
    questions = questions_of(draft)
    if questions is None:
        return [Issue("questions", "are missing: give a QuestionForm, ExternalForm or HtmlForm (or a `proof`)")]
    found = _issues(questions)
    if found:
        return found
    overview = overview_of(draft)
    size = len(document_of(questions, overview).encode(errors="replace"))
    if size > LONGEST:
        found.append(Issue("questions", f"take {size:,} bytes as a document; MTurk takes {LONGEST:,}"))
    return found


def overview_of(draft: TaskDraft) -> str | None:
    """What stands above the questions: the instructions, where the list of HITs shows something else."""
    return draft.instructions if options_of(draft).description is not None else None


def _issues(questions: Questions) -> list[Issue]:
    if isinstance(questions, ExternalForm):
        return _address_issues(questions.url) + no_xml("questions.url", questions.url)
    if isinstance(questions, HtmlForm):
        found = no_xml("questions.html", questions.html)
        if _HANDS_IN.search(questions.html) is None:
            words = "has neither a form that goes to https://www.mturk.com/mturk/externalSubmit nor a <crowd-form>"
            found.append(Issue("questions.html", f"{words}, without which nobody can hand in"))
        return found
    assert isinstance(questions, QuestionForm)
    found = question_issues(questions)
    for question in questions.questions:
        where = f"questions.{question.id}"
        for text in (question.id, question.text):
            found += no_xml(where, text)
        if isinstance(question, Selection):
            found += choice_issues(question, where, partial(_choice_words, where))
        elif isinstance(question, MTurkFile):
            found += _file_issues(question, where)
        else:
            found += _text_issues(question, where)
    return found


def _address_issues(url: str) -> list[Issue]:
    try:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return []
    except ValueError:
        pass
    return [Issue("questions.url", f"{url!r} is not an https address, which MTurk needs")]


def _text_issues(question: FreeText, where: str) -> list[Issue]:
    found = no_xml(where, question.default) + text_issues(question, where)
    if isinstance(question, MTurkText) and question.lines is not None and question.lines < 1:
        found.append(Issue(where, f"{question.lines} lines are less than 1"))
    return found


def _choice_words(where: str, choice: Choice) -> list[Issue]:
    return no_xml(where, choice.id) + no_xml(where, choice.text)


def _file_issues(question: MTurkFile, where: str) -> list[Issue]:
    if 0 <= question.min_bytes <= question.max_bytes <= MOST_BYTES:
        return []
    sizes = f"{question.min_bytes:,} to {question.max_bytes:,} bytes"
    return [Issue(where, f"{sizes} is no size of a file; MTurk takes 0 to {MOST_BYTES:,}")]
