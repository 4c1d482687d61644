"""The fingerprint of what was asked stays what it was: else a key of yesterday would be refused as another request."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from crowdhub import Choice, ExternalForm, FreeText, HtmlForm, Money, QuestionForm, Selection, TaskDraft
from crowdhub.errors import InvalidRequest
from crowdhub.ledger.content import canonical, fingerprint
from crowdhub.model import SelectionStyle
from crowdhub_capsolver import CapSolverOptions
from crowdhub_crowdsdom import CrowdSDOMOptions, CrowdSDOMText
from crowdhub_etxt import EtxtOptions
from crowdhub_rapidworkers import RapidWorkersOptions

PICTURE = b"\x89PNG\xff"
NOON = datetime(2026, 12, 1, 12, tzinfo=timezone(timedelta(hours=3)))
PLAIN = TaskDraft(title="Find an address", instructions="Look it up.", reward=Money("0.50", "USD"), slots=10)
YES_NO = (Choice(id="y", text="Yes"), Choice(id="n", text="No"))
QUESTIONS = (
    FreeText(id="a", text="A?", min_length=2),
    CrowdSDOMText(id="n", text="N?", is_number=True, max_value=7),
    Selection(id="s", text="S?", style=SelectionStyle.CHECKBOX, choices=YES_NO, max_choices=2),
)
OPTIONS = (
    RapidWorkersOptions(category="Survey", approve_once_full=False),
    CrowdSDOMOptions(keywords=("a", "b"), lifetime=600),
    EtxtOptions(id_category=5, size=1000, file=b"\xff\x00", file_name="a.txt", keywords=("k",)),
    CapSolverOptions(task={"type": "ImageToTextTask", "body": "aGk=", "deep": {"a": [1, None, 0.5]}}),
)

# As they were before the draft had metadata and the options a tuple.
KNOWN = {
    "166b5cbc5b2cf1eb4d6128ee876d22fbf13088a9f158584f38f87cff2e57110b": PLAIN,
    "4af8624602ded606d2f7a699abef7194f1bace8bc8eebf42499d0850145e4b8d": TaskDraft(
        title="T",
        instructions="I",
        reward=Money("1.50", "USD"),
        slots=3,
        proof="a picture",
        category="Survey",
        subcategory="Short",
        countries=("United States", "DE"),
        language="en",
        image=PICTURE,
        deadline=NOON,
        auto_approve=True,
        reference="ab12",
    ),
    "9ac5e0948e9e5694f0d8bd07d66abfda67faf12a33d78edcbe041e7113695eb5": TaskDraft(title="T", options=OPTIONS),
    "b1a048efe87fe4c041d7275f39426ff0d887b751c08456ef3aac453998ce2c8e": TaskDraft(
        title="T", questions=QuestionForm(questions=QUESTIONS)
    ),
    "8af0a7c3cd9d120a12e7f3e0f0157ec8ce8ca06b7b283166770606b423272586": TaskDraft(
        title="T", questions=ExternalForm(url="https://example.com/form", height=600)
    ),
    "a7e230e13377ab0a35e6d45324266f0073120aa3600d5d2e3517e85296bca37f": TaskDraft(
        title="T", questions=HtmlForm(html="<p>Hi</p>")
    ),
}


@pytest.mark.parametrize("known", KNOWN)
def test_of_what_could_be_asked_before(known: str) -> None:
    assert fingerprint(canonical(KNOWN[known])) == known


def test_of_a_picture_and_durations(tmp_path: Path) -> None:
    (tmp_path / "any name.png").write_bytes(PICTURE)
    draft = TaskDraft(
        title="T",
        reward=Money(5, "RUB"),
        image=tmp_path / "any name.png",
        deadline=timedelta(days=2),
        auto_approve=timedelta(hours=1.5),
    )
    known = "b254f78d32144399e117fc8f3ba10b343aebe8da8411b86de258780d6c53c954"
    assert fingerprint(canonical(draft)) == known
    assert fingerprint(canonical(draft.copy_with(image=PICTURE))) == known


@pytest.mark.parametrize("known", KNOWN)
def test_a_draft_that_was_stored_as_json_has_the_same(known: str) -> None:
    text = KNOWN[known].model_dump_json()
    assert fingerprint(canonical(TaskDraft.model_validate_json(text))) == known
    assert fingerprint(canonical(TaskDraft.model_validate(json.loads(text)))) == known


def test_metadata_counts_once_there_is_some() -> None:
    before = fingerprint(canonical(PLAIN))
    assert fingerprint(canonical(PLAIN.copy_with(metadata={}))) == before
    assert fingerprint(canonical(PLAIN.copy_with(metadata={"order": "42"}))) != before


def test_what_is_nested_without_end_is_one_clear_error() -> None:
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(InvalidRequest, match="nested more than 200 levels deep"):
        canonical({"metadata": ring})


@pytest.mark.parametrize("name", ["no such file", "a\0b", "x" * 5000])
def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"cannot be read|there is no file"):
        canonical({"image": tmp_path / name})
