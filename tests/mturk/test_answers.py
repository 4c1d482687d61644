"""What a worker handed in comes from a browser: it is read, or refused, and never more than that."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdhub.model import SubmissionStatus
from crowdhub_mturk.answers import DEEPEST, LONGEST, MOST, NoAnswer, parsed
from crowdhub_mturk.reading import submission_of
from crowdhub_mturk.records import Assignment
from tests.mturk.conftest import mturk

NAMESPACE = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionFormAnswers.xsd"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def document(*answers: str, head: str = HEAD) -> str:
    return f'{head}<QuestionFormAnswers xmlns="{NAMESPACE}">{"".join(answers)}</QuestionFormAnswers>'


def answer(question: str, *given: str) -> str:
    return f"<Answer><QuestionIdentifier>{question}</QuestionIdentifier>{''.join(given)}</Answer>"


def test_every_kind_of_answer() -> None:
    found = parsed(
        document(
            answer("text", "<FreeText>a &amp; b\n</FreeText>"),
            answer("one", "<SelectionIdentifier>x</SelectionIdentifier>"),
            answer("two", "<SelectionIdentifier>x</SelectionIdentifier><SelectionIdentifier>y</SelectionIdentifier>"),
            answer(
                "other",
                "<SelectionIdentifier>x</SelectionIdentifier><OtherSelectionText>mine</OtherSelectionText>",
            ),
            answer("file", "<UploadedFileKey>K</UploadedFileKey><UploadedFileSizeInBytes>7</UploadedFileSizeInBytes>"),
            answer("none"),
            answer("empty", "<FreeText/>"),
        )
    )
    assert {question: given.value for question, given in found.items()} == {
        "text": "a & b\n",
        "one": ["x"],
        "two": ["x", "y"],
        "other": {"selected": ["x"], "other": "mine"},
        "file": ["K"],
        "none": [],
        "empty": "",
    }


@pytest.mark.parametrize("nothing", [None, "", "  \n", document()])
def test_no_answers(nothing: str | None) -> None:
    assert parsed(nothing) == {}


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_whatever_text_is_read_or_refused(text: str) -> None:
    with suppress(NoAnswer):
        assert isinstance(parsed(text), dict)


@given(
    words=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=50).map(
        lambda text: text.replace("\ufffe", "").replace("\uffff", "")
    )
)
def test_texts_come_as_they_were_written(words: str) -> None:
    from xml.sax.saxutils import escape

    text = escape(words)
    assert parsed(document(answer("q", f"<FreeText>{text}</FreeText>")))["q"].value == words
    inside = words.replace("]]>", "]]]]><![CDATA[>")
    assert parsed(document(answer("q", f"<FreeText><![CDATA[{inside}]]></FreeText>")))["q"].value == words


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "entities": document(answer("q", "<FreeText>&l9;</FreeText>"), head=f'<!DOCTYPE q [<!ENTITY l0 "ha">{BOMB}]>'),
    "an external file": document(
        answer("q", "<FreeText>&f;</FreeText>"), head='<!DOCTYPE q [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    ),
    "an external document type": document(head='<!DOCTYPE q SYSTEM "http://127.0.0.1:1/q.dtd">'),
    "an unknown entity": document(answer("q", "<FreeText>&nbsp;</FreeText>")),
    "an external entity of another": document(head='<!DOCTYPE q [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>'),
    "depth": document("<Answer>" * (DEEPEST + 1) + "</Answer>" * (DEEPEST + 1)),
    "endless depth": "<a>" * 100_000,
    "length": document(answer("q", f"<FreeText>{'x' * LONGEST}</FreeText>")),
    "many": document("<Answer/>" * (MOST + 1)),
    "another document": "<html><body>hello</body></html>",
    "no document": "hello",
    "half of one": document(answer("q"))[:-30],
    "half a character": document(answer("q", "<FreeText>\ud800</FreeText>")),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_documents_are_refused(how: str) -> None:
    with pytest.raises(NoAnswer):
        parsed(HOSTILE[how])


@pytest.mark.parametrize("how", HOSTILE)
def test_work_whose_answers_cannot_be_read_can_be_judged(how: str) -> None:
    row = {"AssignmentId": "3A", "WorkerId": "A1", "AssignmentStatus": "Submitted", "Answer": HOSTILE[how]}
    work = submission_of(Assignment.parse(row), mturk().identity, "https://x", "3HIT")
    assert (work.text, work.answers, work.files) == (None, None, ())
    assert work.status is SubmissionStatus.PENDING
    assert work.raw["Answer"] == HOSTILE[how]


def test_what_looks_like_a_declaration_in_a_text_is_a_text() -> None:
    words = "<![CDATA[<!DOCTYPE html><!ENTITY x 'y'>]]>"
    assert parsed(document(answer("q", f"<FreeText>{words}</FreeText>")))["q"].value == "<!DOCTYPE html><!ENTITY x 'y'>"
