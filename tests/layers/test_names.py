"""One word for one thing: public classes, the glossary, and the words that were given up."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.layers.test_layers import CORE, PLUGINS, ROOT, files

GLOSSARY = ROOT / "docs" / "glossary.md"


class Dropped(NamedTuple):
    """A name that was given up: what took its place, and the parts of the core where it is right in another sense."""

    now: str
    right_in: frozenset[str] = frozenset()


SANDBOXES = frozenset({"sandbox", "testing", "demo", "cli"})
DROPPED: Mapping[str, Dropped] = {
    "Wish": Dropped("Purchase"),
    "Guard": Dropped("Reservation, SpendingPolicy"),
    "Truth": Dropped("what it holds: charges"),
    "Chapter": Dropped("what it is: an experiment"),
    "Place": Dropped("what it is: the ledger's host"),
    "Script": Dropped("a coroutine over a Port", frozenset({"testing"})),  # what a recording plays
    "Books": Dropped("HubResources", SANDBOXES),  # a marketplace's books in double entry
    "Fault": Dropped("Issue", SANDBOXES),  # what goes wrong on the way to a marketplace
    "faults": Dropped("issues", SANDBOXES),
    "draft_faults": Dropped("draft_issues"),
    "country_faults": Dropped("country_issues"),
    "faults_of": Dropped("issues_of"),
    "FlowRun": Dropped("OperationRun"),
    "spend_once": Dropped("crowdhub.operations.spending"),
    "arguments_of": Dropped("Operation.arguments"),
    "gi_frame": Dropped("Operation.arguments"),
}


def classes(path: Path) -> Iterator[str]:
    """The public classes that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from (node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))


def exported(plugin: Path) -> dict[str, str]:
    """The classes of a plugin that its package exports, with the file that defines each."""
    tree = ast.parse((plugin / "__init__.py").read_text(encoding="utf-8"))
    names = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return {name: said(path) for path in files(plugin) for name in classes(path) if name in names}


def said(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def homes() -> dict[str, set[str]]:
    """Where each name of a public class is defined."""
    found: dict[str, set[str]] = {}
    for path in files(CORE):
        for name in classes(path):
            found.setdefault(name, set()).add(said(path))
    for plugin in PLUGINS:
        for name, home in exported(plugin).items():
            found.setdefault(name, set()).add(home)
    return found


def test_no_two_public_classes_share_a_name() -> None:
    shared = {name: sorted(where) for name, where in homes().items() if len(where) > 1}
    assert shared == {}


def test_a_plugin_s_exports_are_seen() -> None:
    assert {"RapidWorkers", "ReadyMade"} <= exported(ROOT / "plugins" / "crowdhub_rapidworkers").keys()


def names(path: Path) -> set[str]:
    """Every name in a file's code, those in backticks in its texts, and the file's own."""
    text = path.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        *(token.string for token in tokens if token.type == tokenize.NAME),
        *re.findall(r"`\.?(\w+)`", text),
        path.stem.capitalize(),
    }


def test_dropped_names_do_not_come_back() -> None:
    used: dict[str, set[str]] = {}
    for path in files(CORE):
        part = path.relative_to(CORE).parts[0]
        for name in names(path) & DROPPED.keys():
            if part not in DROPPED[name].right_in:
                used.setdefault(name, set()).add(said(path))
    back = [
        f"{where}: {name} is called {DROPPED[name].now} now" for name, found in used.items() for where in sorted(found)
    ]
    assert back == []


class Term(NamedTuple):
    """One entry of the glossary: the term, and the files where it lives."""

    term: str
    homes: tuple[str, ...]


def terms() -> list[Term]:
    """The glossary's tables have three columns: the term, what it means, where it lives."""
    found: list[Term] = []
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] not in ("term", "---"):
            found.append(Term(cells[0], tuple(re.findall(r"`([\w/.]+)`", cells[2]))))
    return found


@pytest.mark.parametrize("entry", terms(), ids=lambda entry: entry.term)
def test_a_term_of_the_glossary_is_a_word_of_the_code(entry: Term) -> None:
    assert entry.homes, "says nowhere where it lives"
    for home in entry.homes:
        path = ROOT / home
        assert path.exists(), f"{home} is not there"
        text = "\n".join(each.read_text(encoding="utf-8") for each in (files(path) if path.is_dir() else [path]))
        words = re.sub(r"[`_]", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)).lower()
        for name in re.split(r", | / ", entry.term):
            word = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.strip("`").replace("_", " ")).lower()
            assert re.search(rf"\b{re.escape(word)}", words), f"{home} does not know {name}"


def test_the_glossary_says_each_term_once() -> None:
    found = [entry.term for entry in terms()]
    assert len(found) >= 50
    assert len(found) == len(set(found))
