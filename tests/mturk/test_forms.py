"""Questions as XML: well formed, in the order of the schema, whatever texts are in them; and what is refused before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdhub import TaskDraft
from crowdhub.model import Choice, ExternalForm, FreeText, HtmlForm, QuestionForm, Selection, SelectionStyle
from crowdhub_mturk import MTurkFile, MTurkOptions, MTurkText, QualificationRequirement
from crowdhub_mturk.forms import LONGEST, document_of, no_xml
from tests.mturk.conftest import DRAFT, NOW, mturk

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(lambda text: not no_xml("x", text))
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
FREE = st.builds(
    MTurkText,
    id=IDS,
    text=TEXTS,
    required=st.booleans(),
    min_length=st.none() | st.integers(0, 5),
    max_length=st.none() | st.integers(5, 9),
    default=st.none() | TEXTS,
    lines=st.none() | st.integers(1, 9),
)
CHOICES = st.lists(st.builds(Choice, id=IDS, text=TEXTS), min_size=1, max_size=4)
SELECTION = st.builds(Selection, id=IDS, text=TEXTS, choices=CHOICES, style=st.sampled_from(SelectionStyle))
FILES = st.builds(MTurkFile, id=IDS, text=TEXTS)
QUESTIONS = st.lists(FREE | SELECTION | FILES, min_size=1, max_size=4)

ORDER: dict[str, Sequence[str]] = {
    "QuestionForm": ("Overview", "Question"),
    "Question": ("QuestionIdentifier", "DisplayName", "IsRequired", "QuestionContent", "AnswerSpecification"),
    "FreeTextAnswer": ("Constraints", "DefaultText", "NumberOfLinesSuggestion"),
    "SelectionAnswer": ("MinSelectionCount", "MaxSelectionCount", "StyleSuggestion", "Selections"),
    "Selection": ("SelectionIdentifier", "Text"),
    "FileUploadAnswer": ("MaxFileSizeInBytes", "MinFileSizeInBytes"),
    "Overview": ("Text",),
    "QuestionContent": ("Text",),
}
"""As the schema has it."""


def check_order(element: Element, namespace: str) -> None:
    name = element.tag.removeprefix(f"{{{namespace}}}")
    children = [each.tag.removeprefix(f"{{{namespace}}}") for each in element]
    if name in ORDER:
        places = [ORDER[name].index(each) for each in children]
        assert places == sorted(places), f"{name}: {children}"
    for each in element:
        check_order(each, namespace)


@given(questions=QUESTIONS, overview=st.none() | TEXTS)
def test_a_form_is_in_the_order_of_the_schema_and_keeps_its_texts(questions: list[Any], overview: str | None) -> None:
    root = fromstring(document_of(QuestionForm(questions=tuple(questions)), overview))
    namespace = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2017-11-06/QuestionForm.xsd"
    assert root.tag == f"{{{namespace}}}QuestionForm"
    check_order(root, namespace)
    asked = [each.text or "" for each in root.iterfind(".//{*}QuestionContent/{*}Text")]
    assert asked == [as_read(each.text) for each in questions]
    choices = [each.text or "" for each in root.iterfind(".//{*}Selection/{*}Text")]
    assert choices == [as_read(c.text) for q in questions if isinstance(q, Selection) for c in q.choices]


def as_read(text: str) -> str:
    """XML has one end of a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(page=TEXTS)
def test_a_page_comes_out_as_it_went_in(page: str) -> None:
    root = fromstring(document_of(HtmlForm(html=f"<b>]]></b>{page}")))
    assert root.tag.endswith("2011-11-11/HTMLQuestion.xsd}HTMLQuestion")
    assert [each.tag.rpartition("}")[2] for each in root] == ["HTMLContent", "FrameHeight"]
    assert root[0].text == as_read(f"<b>]]></b>{page}")


def test_an_external_page() -> None:
    root = fromstring(document_of(ExternalForm(url="https://example.com/?a=1&b=<2>", height=600)))
    assert root.tag.endswith("2006-07-14/ExternalQuestion.xsd}ExternalQuestion")
    assert [(each.tag.rpartition("}")[2], each.text) for each in root] == [
        ("ExternalURL", "https://example.com/?a=1&b=<2>"),
        ("FrameHeight", "600"),
    ]


def draft(**changes: Any) -> TaskDraft:
    return DRAFT.copy_with(**changes)


def options(**more: Any) -> TaskDraft:
    return draft(options=(MTurkOptions(**more),))


def form(*questions: Any) -> TaskDraft:
    return draft(proof=None, questions=QuestionForm(questions=questions))


WRONG: dict[str, tuple[TaskDraft, str]] = {
    "title": (draft(title="x" * 128), "title"),
    "control": (draft(title="x\x00"), "title"),
    "no instructions": (draft(instructions=" "), "instructions"),
    "long instructions": (draft(instructions="x" * 2000), "instructions"),
    "no form": (draft(proof=None), "questions"),
    "control in a form": (draft(proof="x\x0b"), "questions.proof"),
    "large form": (draft(proof="x" * LONGEST), "questions"),
    "short deadline": (draft(deadline=timedelta(seconds=29)), "deadline"),
    "past deadline": (draft(deadline=NOW - timedelta(days=1)), "deadline"),
    "late deadline": (draft(deadline=timedelta(days=366)), "deadline"),
    "two ends": (draft(deadline=timedelta(days=1), options=(MTurkOptions(lifetime=60),)), "options.lifetime"),
    "lifetime": (options(lifetime=1), "options.lifetime"),
    "duration": (options(assignment_duration=1), "options.assignment_duration"),
    "never by itself": (draft(auto_approve=False), "auto_approve"),
    "late approval": (draft(auto_approve=timedelta(days=31)), "auto_approve"),
    "two approvals": (
        draft(auto_approve=timedelta(days=1), options=(MTurkOptions(auto_approval_delay=1),)),
        "options.auto_approval_delay",
    ),
    "keyword": (options(keywords=("a,b",)), "options.keywords"),
    "keywords": (options(keywords=("x" * 1000,)), "options.keywords"),
    "requirements": (
        options(qualifications=tuple(QualificationRequirement.invites(f"3{n}") for n in range(11))),
        "options.qualifications",
    ),
    "countries": (draft(countries=("US",) * 31), "countries"),
    "slots": (draft(slots=1_000_000_001), "slots"),
    "http page": (draft(proof=None, questions=ExternalForm(url="http://example.com")), "questions.url"),
    "page without a form": (draft(proof=None, questions=HtmlForm(html="<p>hello</p>")), "questions.html"),
    "twice": (form(FreeText(id="a", text="A"), FreeText(id="a", text="B")), "questions"),
    "lengths": (form(FreeText(id="a", text="A", min_length=3, max_length=2)), "questions.a"),
    "lines": (form(MTurkText(id="a", text="A", lines=0)), "questions.a"),
    "file": (form(MTurkFile(id="a", text="A", min_bytes=3, max_bytes=2)), "questions.a"),
    "no choices": (form(Selection(id="a", text="A", choices=())), "questions.a"),
    "no questions": (form(), "questions"),
    "many of radio": (
        form(Selection(id="a", text="A", choices=(Choice(id="x", text="X"), Choice(id="y", text="Y")), max_choices=2)),
        "questions.a",
    ),
    "a description over a page": (
        draft(
            proof=None,
            questions=ExternalForm(url="https://example.com"),
            options=(MTurkOptions(description="Short."),),
        ),
        "options.description",
    ),
    "fractions of a cent": (draft(reward="0.505 USD"), "reward"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_a_draft_is_named(wrong: str) -> None:
    given, where = WRONG[wrong]
    given = TaskDraft.model_validate(dict(given))
    assert where in [each.where for each in mturk().draft_issues(given)]


def test_all_of_it_is_named_at_once() -> None:
    bad = draft(title="", instructions="", proof=None, slots=0, deadline=timedelta(seconds=1), auto_approve=False)
    found = {each.where for each in mturk().draft_issues(bad)}
    assert found >= {"title", "instructions", "questions", "slots", "deadline", "auto_approve"}


@pytest.mark.parametrize(
    "good",
    [
        DRAFT,
        draft(proof=None, questions=HtmlForm(html="<crowd-form></crowd-form>")),
        draft(proof=None, questions=HtmlForm(html='<form action="https://www.mturk.com/mturk/externalSubmit">')),
        draft(instructions="x" * 5000, options=(MTurkOptions(description="Read a receipt."),)),
        draft(countries=("US", "GB"), deadline=timedelta(days=1), auto_approve=timedelta(hours=1)),
    ],
)
def test_good_drafts(good: TaskDraft) -> None:
    assert mturk().draft_issues(good) == []
