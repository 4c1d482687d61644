"""No page promises more than `docs/guarantees.md`, and that page names what shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_documents import ROOT

PAGE = ROOT / "docs" / "guarantees.md"
PROMISING = re.compile(
    r"\b(never|always|certain(?:ly)?|guarantees?|guaranteed|prove[ns]?|proof|impossible|exactly|only once|spent once"
    r"|twice|nothing is (?:lost|sent|paid)|cannot be lost|carried out once|done, once|the intent is done"
    r"|cannot (?:make|reserve|overspend|pay)|free at once|comes back without|ruled out|at most once"
    r"|(?:pays?|paid|charged|published|sent)\b[^.;|]*\bonce|(?:a|no) second time|budgets? cannot|is reserved"
    r"|the most that [^.;|]*\bcan take)\b",
    re.IGNORECASE,
)
"""The words of a promise."""
PAGES = [
    "README.md",
    *(f"docs/{name}.md" for name in ("money", "errors", "spanning", "settings", "architecture", "marketplaces")),
    *(f"docs/{name}.md" for name in ("write-a-provider", "sandbox", "glossary")),
    *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "plugins").glob("*/README.md")),
]

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
    "`proof` and `questions` may stand in one draft": NOT_MONEY,
    "no request was ever made to a live marketplace": NOT_MONEY,
    # docs/money.md
    "never adds them twice": "G1",
    "The same key with the same content is carried out once": "G1",
    "what is done comes back without a request": "G1",
    "another process that spends meanwhile cannot make it overspend": "G6",
    "the intent is done, whatever fails after it": "G2",
    "ten processes together cannot reserve more than there is": "G6",
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
    # docs/architecture.md
    "never in a circle": NOT_MONEY,
    "on disk before it happens": "G5",
    "tests and sandboxes never sleep": NOT_MONEY,
    "The core never imports a plugin": NOT_MONEY,
    "never awaited": NOT_MONEY,
    "never suspends": NOT_MONEY,
    "All of it is one room": NOT_MONEY,
    "**Refused**, or certainly never arrived": "G5",
    "says what to look for, and nothing is sent again": "G1",
    "what takes no money (a draft) is sent once more": NOT_MONEY,
    "That nothing was done is proven by no look before": "G1",
    "## Nothing is lost A listing": NOT_MONEY,
    # docs/write-a-provider.md
    "never comes back from a `yield`": NOT_MONEY,
    "What was asked for is done, once": "G1",
    "only where that is proven to be absent": "G1",
    "The look-up goes by the reference and never by the title": "G3",
    "nothing proves it": "G1",
    "Whether that proves anything is the market's to say": "G1",
    "To settle twice is a success that says so": "G4",
    "and never be taken for settled": "G4",
    "leaves one result when it arrives twice": NOT_MONEY,
    "a draft is never found as published": "G2",
    "prints those on which a guarantee does not hold": "G1",
    # docs/marketplaces.md
    "never adds up different currencies": NOT_MONEY,
    "the slot opens again, nothing is paid": NOT_MONEY,
    "what a person has to look at, and nothing is sent again": "G1",
    "you, always": NOT_MONEY,
    "people you never hear of": NOT_MONEY,
    "a bonus of exactly the order's price": "G3",
    "is only taken for proven where the list and the account's balance both say so": "G1",
    "What was never tried live": NOT_MONEY,
    "work is never approved by itself": NOT_MONEY,
    # docs/glossary.md
    "Never a float": NOT_MONEY,
    "Nothing is sent until it is run": NOT_MONEY,
    "## Money is spent once |": "G1",
    "a departure is a choice": NOT_MONEY,
    # the plugins' pages
    "never been tried against the live service": NOT_MONEY,
    "signs, never travels": NOT_MONEY,
    "Every neutral operation but pausing": NOT_MONEY,
    "`tasks.saveTask` twice": NOT_MONEY,
    "the marketplace takes one for exactly one": NOT_MONEY,
    "is decided by crowdhub's core": "G1",
    "It is never paid again by itself": "G1",
    "must not be repeated on a guess either": NOT_MONEY,
    "never tried against the live service": NOT_MONEY,
    "never as floats": NOT_MONEY,
    "is proven by the list and the balance together": "G1",
    "Never tried against the live service": NOT_MONEY,
    "cannot be proven here": "G1",
    "Creating a job type costs nothing and is never repeated on a guess": NOT_MONEY,
    "so the engine never repeats an ask by itself": NOT_MONEY,
    "so nothing can be looked up, and nothing is sent again": "G1",
    "may never be asked for": NOT_MONEY,
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


@pytest.mark.parametrize(
    "claim",
    [
        "A lost answer can never pay twice.",
        "The most that a call can take is reserved.",
        "A task is published at most once.",
        "Your budget cannot be exceeded.",
        "You pay once for each key.",
        "No task is sent a second time.",
        "A second payment is ruled out.",
    ],
)
def test_a_new_promise_is_found(claim: str) -> None:
    assert PROMISING.search(claim)
    assert not any(phrase in claim for phrase in SAID)


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
