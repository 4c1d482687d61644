"""Whether what a draft asks for is what a marketplace has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crowdhub.model import Decision, FreeText, Money, QuestionForm, Submission, Verdict, Worker
from crowdhub.testing import Subject

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FORM = QuestionForm(questions=(FreeText(id="a", text="Which colour?"), FreeText(id="b", text="How many?")))


@pytest.mark.parametrize(
    ("asked", "there", "right"),
    [
        ("Try it", "Try it", True),
        ("Try it", "Try it\n\n[ref ch-abcdef]", True),
        ("Try it ", "Try it", True),
        ("Try it", "Try", False),
        ("Try it", None, False),
        (Money("0.5", "USD"), Money("0.50", "USD"), True),
        (Money("0.5", "USD"), Money("50", "USD"), False),
        (Money("0.5", "USD"), Money("0.5", "EUR"), False),
        (("US", "DE"), ["DE", "US"], True),
        (("US",), ["DE"], False),
        (("US",), None, False),
        (2, 2, True),
        (2, 1, False),
        (True, False, False),
        (NOW, NOW + timedelta(seconds=59), True),
        (NOW, NOW + timedelta(days=1), False),
        (timedelta(days=3), timedelta(days=3), True),
        (b"a picture", b"a picture", True),
        (b"a picture", b"", False),
        (FORM, {"questions": [{"text": "Which colour?"}, {"text": "How many?"}]}, True),
        (FORM, {"questions": [{"text": "Which colour?"}]}, False),
    ],
)
def test_arrived(asked: object, there: object, right: bool) -> None:
    assert Subject().arrived("a field", asked, there) is right


def test_a_picture_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    _ = file.write_bytes(b"a picture")
    assert Subject().arrived("image", file, b"a picture")
    assert not Subject().arrived("image", file, b"another")


def test_the_words_are_the_subjects() -> None:
    class Wordy(Subject):
        words = {**Subject.words, Verdict.REJECT: "x" * 100}  # noqa: RUF012

    work = Submission(id="1", task_id="2", provider="p", account="p", environment="sandbox", worker=Worker(id="3"))
    decision = Wordy().decision(work, Verdict.REJECT)
    assert decision == Decision.reject(work, "x" * 100)


def test_what_is_not_written_says_what_to_write() -> None:
    work = Submission(id="1", task_id="2", provider="p", account="p", environment="sandbox", worker=Worker(id="3"))
    subject = Subject()
    asks: dict[str, Callable[[], object]] = {
        "published": lambda: subject.published(object(), "1"),
        "handed_in": lambda: subject.handed_in(object(), work),
        "told": lambda: subject.told(object(), work),
        "messages": lambda: subject.messages(object(), "1"),
    }
    for name, ask in asks.items():
        with pytest.raises(NotImplementedError, match=f"write Subject.{name}"):
            _ = ask()
