"""Imports go down only. The layers are in docs/architecture.md."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "crowdhub"
PLUGINS = sorted(path for path in (ROOT / "plugins").iterdir() if (path / "__init__.py").is_file())

# From the bottom up. A module may import what is in its own layer and below it, for types alone too.
LAYERS: list[set[str]] = [
    {"_version", "errors", "clock", "embedded", "entrypoints", "folders", "frames", "shown", "strictjson"},
    {"model"},
    {"protocol"},
    {"store", "registry"},
    {"engine"},
    {"ledger", "ratelimit"},
    {"operations"},
    {"market"},
    {"hub"},
    {"scaffold", "demo"},
    {"cli", "__main__"},
]
APART = {"sandbox", "testing"}  # beside the layers: the other side of the wire, and help for tests
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
PUBLIC = {"errors", "model", "protocol"}


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """The modules that a file imports, those for types alone too, with the names as far as they may be modules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def module_of(path: Path) -> str:
    """The dotted name of a file of the core or of a plugin."""
    home = ROOT if path.is_relative_to(CORE) else ROOT / "plugins"
    parts = path.relative_to(home).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def arrows() -> dict[str, set[str]]:
    """Which module imports which, by the names of the files there are."""
    known = {module_of(path): path for folder in (CORE, *PLUGINS) for path in files(folder)}
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        targets: set[str] = set()
        for imported, _ in imports(path):
            target = imported if imported in known else imported.rpartition(".")[0]
            if target in known and target != name:
                targets.add(target)
        found[name] = targets
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle; empty where there is none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for target in sorted(graph[name]):
            if found := visit(target):
                return found
        path.pop()
        done.add(name)
        return []

    for name in sorted(graph):
        if found := visit(name):
            return found
    return []


def part(module: str) -> str | None:
    """The part of the core that a module belongs to, None for anything else; "" for `crowdhub` itself."""
    names = module.split(".")
    if names[0] != "crowdhub":
        return None
    known = names[1] if len(names) > 1 else ""
    return known if known in LEVEL or known in APART else ""


def place(path: Path, folder: Path) -> str:
    return path.relative_to(folder).parts[0].removesuffix(".py")


def test_every_part_has_its_layer() -> None:
    parts = {place(path, CORE) for path in files(CORE)} - {"__init__"}
    assert parts <= LEVEL.keys() | APART, "a new part of the core needs a layer here and in docs/architecture.md"


def test_imports_go_down_only() -> None:
    wrong: list[str] = []
    for path in files(CORE):
        own = place(path, CORE)
        if own == "__init__" or own in APART:
            continue
        for module, line in imports(path):
            target = part(module)
            if target in LEVEL and LEVEL[target] > LEVEL[own]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {own} imports {module}")
            if target in APART and own not in {*LAYERS[-2], "cli"}:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {own} imports {module}")
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(arrows()) == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c", "a"]


def test_the_pure_parts_import_nothing_that_sends() -> None:
    for name in ("errors.py", "protocol", "model"):
        target = CORE / name
        for path in files(target) if target.is_dir() else [target]:
            modules = {module for module, _ in imports(path)}
            assert not {each for each in modules if each.split(".")[0] in ("socket", "ssl", "urllib3", "requests")}, (
                path
            )


def test_only_one_module_knows_the_http_library() -> None:
    named = {
        str(path.relative_to(ROOT))
        for path in [*files(CORE), *(each for plugin in PLUGINS for each in files(plugin))]
        for module, _ in imports(path)
        if module.split(".")[0] == "httpx" and place(path, CORE if path.is_relative_to(CORE) else ROOT) not in APART
    }
    assert named == {"crowdhub/engine/http.py"}


def test_only_the_network_knows_what_is_below_the_http_library() -> None:
    named = {path.name for path in files(CORE) if any(m.split(".")[0] in ("httpcore", "h11") for m, _ in imports(path))}
    assert named == {"round_trip.py", "network.py"}


def test_the_core_never_imports_a_plugin() -> None:
    for path in files(CORE):
        for module, line in imports(path):
            assert not module.startswith("crowdhub_"), f"{path.relative_to(ROOT)}:{line} imports {module}"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_imports_what_it_may(plugin: Path) -> None:
    """The client's side: the public parts and itself. The sandbox's: `crowdhub.sandbox` and itself. What describes
    the plugin to the recordings and the conformance kit may name those as well, and nothing imports it."""
    for path in files(plugin):
        inside = place(path, plugin)
        for module, line in imports(path):
            where = f"{path.relative_to(ROOT)}:{line}: imports {module}"
            names = module.split(".")
            if names[0].startswith("crowdhub_"):
                assert names[0] == plugin.name, where
                other = names[1] if len(names) > 1 else ""
                if inside == "sandbox":
                    assert other == "sandbox", where
                elif inside not in ("recordings", "conformance"):
                    assert other not in ("sandbox", "recordings", "conformance"), where
            elif names[0] == "crowdhub" and inside == "sandbox":
                assert part(module) == "sandbox", where
            elif names[0] == "crowdhub" and inside == "recordings":
                assert part(module) in {*PUBLIC, "", "testing"}, where
            elif names[0] == "crowdhub" and inside == "conformance":
                assert part(module) in {*PUBLIC, "", "testing", "sandbox"}, where
            elif names[0] == "crowdhub":
                assert part(module) in {*PUBLIC, ""}, where
            else:
                assert inside in ("sandbox", "recordings", "conformance") or names[0] in {
                    *sys.stdlib_module_names,
                    "pydantic",
                    "typing_extensions",
                    "simplejson",
                }, where


def test_sandboxes_share_nothing_with_the_client() -> None:
    """What both sides shared could be wrong on both sides alike."""
    allowed = {f"crowdhub.{each}" for each in ("sandbox", "clock", "embedded", "entrypoints", "_version", "strictjson")}
    wrong = {
        f"{name} imports {target}"
        for name, targets in arrows().items()
        if name.startswith("crowdhub.sandbox")
        for target in targets
        if not any(target == each or target.startswith(f"{each}.") for each in allowed)
    }
    assert not wrong


def test_ledger_and_request_limits_do_not_know_each_other() -> None:
    rooms = ("crowdhub.ledger", "crowdhub.ratelimit")
    found = [(name, target) for name, targets in arrows().items() for target in targets]
    for mine, other in (rooms, rooms[::-1]):
        assert not [pair for pair in found if pair[0].startswith(mine) and pair[1].startswith(other)]
