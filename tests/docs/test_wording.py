"""How the documents are written, and that those for contributors are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_documents import ALL, ROOT

TEMPLATES = sorted((ROOT / ".github").rglob("*.md"))
PAGES = [*ALL, *TEMPLATES, ROOT / "SECURITY.md", ROOT / "benchmarks" / "README.md"]
IS_NO = re.compile(r"\b(is|are|was|were|be) no (?!longer\b|more\b|such\b)\w+", re.IGNORECASE)
THERE_IS = re.compile(r"\b(there|here)\W+(\w+\W+)?$", re.IGNORECASE)

DECISIONS = ROOT / "docs" / "decisions"
RECORDS = [each for each in sorted(DECISIONS.glob("*.md")) if each.name != "README.md"]


def odd_negations(text: str) -> list[str]:
    """Phrases such as "X is no Y", for which English says "X is not a Y"; "there is no Y" is English."""
    return [
        text[max(0, found.start() - 30) : found.end()]
        for found in IS_NO.finditer(text)
        if not THERE_IS.search(text[: found.start()])
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_is_plain_english(page: Path) -> None:
    assert odd_negations(page.read_text(encoding="utf-8")) == []


def test_an_odd_negation_is_found() -> None:
    assert odd_negations("A text is no list.") == ["A text is no list"]
    assert odd_negations("There is no list, and there may be no end; it is no longer here.") == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_is_a_whole_record(record: Path) -> None:
    lines = record.read_text(encoding="utf-8").splitlines()
    number = int(record.name.split("-")[0])
    assert lines[0].startswith(f"# {number}. ")
    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]
    assert f"]({record.name})" in (DECISIONS / "README.md").read_text(encoding="utf-8")


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(each.name.split("-")[0]) for each in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_names_pages_that_there_are(template: Path) -> None:
    for page in re.findall(r"docs/[\w/-]+(?:\.md)?", template.read_text(encoding="utf-8")):
        assert (ROOT / page).exists(), page


def test_contributors_are_told_of_every_folder_of_tests() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {
        name for line in re.findall(r"^\| (`tests/.*?) \|", text, re.MULTILINE) for name in re.findall(r"\w+`", line)
    }
    folders = {f"{each.name}`" for each in (ROOT / "tests").iterdir() if each.is_dir() and any(each.glob("*.py"))}
    assert folders == named
