"""The picture in docs/architecture.md, as the imports draw it: ``python -m tests.layers.picture`` writes it anew."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.layers.test_layers import APART, CORE, LAYERS, ROOT, arrows

PAGE = ROOT / "docs" / "architecture.md"
START, END = "<!-- generated: rooms -->", "<!-- /generated -->"
PLUGIN = {"plugin": "a plugin", "plugin_sandbox": "its sandbox", "plugin_tests": "its recordings and Subject"}
"""Every plugin has the same three sides; `tests.layers.test_layers` holds what each may import."""
UNSEEN = {"", "_version"}  # the package's own lazy names, and its number

Graph = Mapping[str, set[str]]


def room_of(module: str) -> str:
    """The top-level part that a module belongs to; for a plugin's module, its side."""
    names = module.split(".")
    if names[0] == "crowdhub":
        return names[1] if len(names) > 1 else ""
    if "sandbox" in names:
        return "plugin_sandbox"
    return "plugin_tests" if {"conformance", "recordings"} & set(names) else "plugin"


def rooms() -> dict[str, set[str]]:
    """Which room imports which, top layer first."""
    order = [*PLUGIN, *(name for layer in reversed(LAYERS) for name in sorted(layer)), *sorted(APART)]
    found: dict[str, set[str]] = {name: set() for name in order if name not in UNSEEN}
    for module, targets in arrows().items():
        room = room_of(module)
        found.get(room, set()).update({room_of(target) for target in targets} - {room} - UNSEEN)
    return found


def reduced(graph: Graph) -> dict[str, set[str]]:
    """Without the arrows that follow from others."""

    @cache
    def below(room: str) -> frozenset[str]:
        return frozenset(graph[room]).union(*(below(each) for each in graph[room]))

    return {
        room: {each for each in targets if not any(each in below(other) for other in targets - {each})}
        for room, targets in graph.items()
    }


def said_by(room: str) -> str:
    """What a room says of itself: the first sentence of its docstring, as far as it is on the first line."""
    path = CORE / room / "__init__.py" if (CORE / room).is_dir() else CORE / f"{room}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    sentence, dot, _ = text.partition("\n")[0].partition(". ")
    return (sentence + dot.strip()).replace("|", "\\|").replace("``", "`")


def drawn(graph: Graph) -> str:
    """The rooms as a Mermaid flowchart, and as a table."""
    lines = ["```mermaid", "flowchart TB"]
    lines += ['    subgraph plugins["plugins/crowdhub_NAME"]']
    lines += [f'        {name}["{said}"]' for name, said in PLUGIN.items()]
    lines += [
        "    end",
        '    subgraph beside["beside the library"]',
        *(f"        {name}" for name in sorted(APART)),
        "    end",
    ]
    for room, targets in reduced(graph).items():
        lines += [f"    {room} --> {target}" for target in sorted(targets)]
    lines += ["```", "", "| room | what it says of itself | imports |", "|---|---|---|"]
    for room, targets in graph.items():
        if room not in PLUGIN:
            lines.append(f"| `{room}` | {said_by(room)} | {', '.join(sorted(targets)) or '–'} |")
    return "\n".join(lines)


def inserted(document: str) -> str:
    """The page with the picture between its marks."""
    before, start, rest = document.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"there are no lines {START} and {END}")
    return f"{before}{START}\n{drawn(rooms())}\n{END}{after}"


def write(page: Path = PAGE) -> None:
    _ = page.write_text(inserted(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
