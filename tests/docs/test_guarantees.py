"""No page promises more than `docs/guarantees.md`, and that page names what shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_documents import ROOT

PAGE = ROOT / "docs" / "guarantees.md"
PROMISING = re.compile(
    r"\b(never|always|certain(?:ly)?|guarantees?|guaranteed|prove[ns]?|proof|impossible|exactly|only once|spent once"
    r"|twice|nothing is (?:lost|sent|paid)|cannot be lost)\b",
    re.IGNORECASE,
)
"""The words of a promise."""
PAGES = ["README.md", "docs/money.md", "docs/errors.md", "docs/spanning.md", "docs/settings.md"]

NOT_MONEY = "about something else than money that was or may be paid"
SAID: dict[str, str] = {
    # README.md
    "Money is spent once: under a key, a lost answer, a crash or a second run of your program neither": "G1",
    "A live account is never chosen by default": NOT_MONEY,
    "There are also `demo, submissions, review": NOT_MONEY,
    "what is guaranteed, in exact words": "G1",
    "what is promised about money": "G1",
    "[docs/guarantees.md]": "G1",
    "`proof` |": NOT_MONEY,
    "no request was ever made to a live marketplace": NOT_MONEY,
    # docs/money.md
    "at most one payment is ever in doubt": "G1",
    "never adds them twice": "G1",
    "A result is never lost to a full disk": "G5",
    "released when the call certainly came to nothing": "G6",
    "nothing is settled twice": "G4",
    "it certainly was not": "G5",
    "What never left is free at once": "G5",
    "the request never left": "G5",
    "never sent again": "G1",
    "where its absence is proven": "G1",
    "its absence is never proof": "G1",
    "Money is spent once What you can rely on": "G1",
    "keys that are given twice are one error": NOT_MONEY,
    "cannot be written *before* a request is a `LedgerError`, and nothing is sent": "G5",
    "the rest is sent, and nothing is paid again": "G2",
    "Two things no client can prevent": "G1",
    "Proven absent": "G1",
    "proven absent": "G1",
    "or was carried out twice": "G1",
    "`twice`": "G1",
    "Nothing may be charged twice or lost": "G1",
    "eTXT never approves by itself": NOT_MONEY,
    "A review never stops in the middle": "G4",
    "exactly one and it is a sandbox": NOT_MONEY,
}
"""A phrase of each sentence that promises something, and the guarantee that it is."""


def sentences(page: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.split(r"(?<=[.;|])\s", re.sub(r"\s+", " ", text))


@pytest.mark.parametrize("name", PAGES)
def test_a_promise_is_a_guarantee(name: str) -> None:
    promises = [each for each in sentences(ROOT / name) if PROMISING.search(each)]
    loose = [each for each in promises if not any(phrase in each for phrase in SAID)]
    assert loose == [], "tie each to a guarantee of docs/guarantees.md (SAID), or say less"


def test_each_phrase_is_still_said() -> None:
    everything = " ".join(" ".join(sentences(ROOT / name)) for name in PAGES)
    assert [phrase for phrase in SAID if phrase not in everything] == []


def test_a_new_promise_is_found() -> None:
    assert PROMISING.search("A lost answer can never pay twice.")
    assert not any(phrase in "A lost answer can never pay twice." for phrase in SAID)


def sections() -> dict[str, str]:
    parts = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {part.partition(".")[0]: part for part in parts if re.match(r"G\d+\.", part)}


def test_each_guarantee_says_what_it_assumes_what_breaks_it_and_what_shows_it() -> None:
    assert {each for each in SAID.values() if each != NOT_MONEY} <= set(sections())
    for name, text in sections().items():
        for line in ("- Assumes:", "- Broken by:", "- Shown by:"):
            assert line in text, f"{name} has no line {line}"


def test_what_shows_it_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_each_assumption_that_is_named_is_listed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    listed = set(re.findall(r"\*\*(A\d+)\*\*", text))
    assert set(re.findall(r"\bA\d+\b", text)) <= listed
