"""The page "Write a provider" shows the scaffolded code as it is, all of it."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path

import pytest

from crowdhub import scaffold
from crowdhub.protocol import Provider

PAGE = Path(__file__).parents[2] / "docs" / "write-a-provider.md"
BLOCK = re.compile(r"<!-- (\S+) -->\n```python\n(.*?)\n```", re.DOTALL)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", ["provider.py", "settings.py", "wire.py", "conformance.py"])
def test_the_blocks_make_up_the_file(name: str) -> None:
    """In their order they are the whole file; only blank lines between them may differ."""
    path = f"src/crowdhub_beehive/{name}"
    shown = [code for file, code in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if file == path]
    assert lines("\n".join(shown)) == lines(scaffold.files("beehive")[path])


def test_no_other_code_is_shown() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) == text.count("```python")


def test_it_names_every_file() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for path in scaffold.files("beehive"):
        folder, _, file = path.rpartition("/")
        named = path in text or (f"`{folder}/`" in text and (f"`{file}`" in text or folder == "tests"))
        assert named or file in ("__init__.py", "py.typed", ".gitignore", "README.md"), path


def test_the_methods_it_lists_have_these_parameters() -> None:
    rows = [line.split("|")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    listed = [found for row in rows for found in re.findall(r"`(\w+)\((self[^)]*)\)`", row)]
    assert len(listed) >= 10
    for name, shown in listed:
        parameters = signature(getattr(Provider, name)).parameters.values()
        assert shown == ", ".join(f"{each.name}=None" if each.default is None else each.name for each in parameters)
