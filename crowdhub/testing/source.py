"""Reading a plugin's source: what it imports, and flows that are made but never run."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crowdhub import Provider, protocol

ALLOWED = {"crowdhub." + name for name in ("errors", "model", "protocol")}
"""What the client side of a plugin may import of crowdhub, besides `from crowdhub import X`."""
SANDBOX_ALLOWED = ("crowdhub.sandbox", "starlette", "PIL")
LIBRARIES = ("pydantic", "pydantic_core", "typing_extensions")
ENGINE_ONLY = ("Hub", "AsyncHub", "Market", "AsyncMarket")
ASIDE = ("conformance", "recordings")  # modules for tests and recordings: neither client nor sandbox
FLOW_HELPERS = {"nothing", "every", "spend_once"}
NO_FLOWS = {"sign", "error", "draft_issues", "unsupported_fields", "batch_key", "capabilities", "has_tokens"}


class Module:
    """One file of a plugin."""

    def __init__(self, package: str, root: Path, file: Path) -> None:
        self.package = package
        inside = file.relative_to(root)
        self.parts = tuple(part for part in inside.with_suffix("").parts if part != "__init__")
        self.where = str(inside)
        self.tree = ast.parse(file.read_text(encoding="utf-8"), str(file))

    @property
    def is_sandbox(self) -> bool:
        return self.parts[:1] == ("sandbox",)

    @property
    def is_aside(self) -> bool:
        return self.parts[:1] in {(name,) for name in ASIDE} or self.parts[:1] == ("tests",)


def modules(provider: type[Provider[Any]]) -> list[Module]:
    """The files of the package that a provider class belongs to."""
    package = provider.__module__.partition(".")[0]
    home = importlib.import_module(package).__file__
    if home is None:
        raise ImportError(f"{package} has no file")
    root = Path(home)
    if root.name != "__init__.py":
        return [Module(package, root.parent, root)]
    return [Module(package, root.parent, file) for file in sorted(root.parent.rglob("*.py"))]


def imports(module: Module) -> Iterator[tuple[int, str, list[str]]]:
    """Every import: its line, the module, the names taken from it; relative ones made absolute."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, []
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = (module.package, *module.parts)
                up = len(here) - node.level + (module.where.endswith("__init__.py"))
                base = ".".join([*here[:up], base]).strip(".")
            yield node.lineno, base, [alias.name for alias in node.names]


def import_violations(module: Module) -> list[str]:
    """Imports that a plugin may not make, in words."""
    if module.is_aside:
        return []
    judge = _sandbox_may if module.is_sandbox else _client_may
    return [
        f"{module.where}:{line} imports {name}{' (' + ', '.join(taken) + ')' if taken else ''}"
        for line, name, taken in imports(module)
        if not judge(module, name, taken)
    ]


def _client_may(module: Module, name: str, taken: list[str]) -> bool:
    top, _, rest = name.partition(".")
    if top in sys.stdlib_module_names or top in LIBRARIES:
        return True
    if top == module.package:
        reached = {rest.partition(".")[0], *(taken if not rest else ())}
        return "sandbox" not in reached
    if name == "crowdhub":
        return bool(taken) and not any(each in ENGINE_ONLY for each in taken)
    return ".".join(name.split(".")[:2]) in ALLOWED


def _sandbox_may(module: Module, name: str, taken: list[str]) -> bool:
    top, _, rest = name.partition(".")
    if top in sys.stdlib_module_names or any(name == each or name.startswith(each + ".") for each in SANDBOX_ALLOWED):
        return True
    reached = {rest.partition(".")[0]} if rest else set(taken)
    return top == module.package and reached == {"sandbox"}


# --- flows that are made but never run -------------------------------------------------------------------------


def flow_names(plugin: list[Module]) -> set[str]:
    """The names of all functions that return a flow: the neutral operations, crowdhub's helpers, the plugin's own."""
    operations = {
        name
        for name, member in vars(Provider).items()
        if callable(member) and not name.startswith("_") and name not in NO_FLOWS
    }
    helpers = {name for name in FLOW_HELPERS if hasattr(protocol, name)}
    own: set[str] = set()
    for module in plugin:
        if not module.is_sandbox and not module.is_aside:
            own.update(
                node.name
                for node in ast.walk(module.tree)
                if isinstance(node, ast.FunctionDef) and node.returns and "Flow[" in _annotation(node.returns)
            )
    return operations | helpers | own


def _annotation(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)


def dropped_flows(plugin: list[Module]) -> list[str]:
    """Places where a flow is made and thrown away, or handed on as a value, in words.

    ``self.cancel(task)`` alone does nothing at all, and no type checker says so.
    """
    names = flow_names(plugin)
    found: list[str] = []
    for module in plugin:
        if module.is_sandbox or module.is_aside:
            continue
        for function in ast.walk(module.tree):
            if isinstance(function, (ast.FunctionDef, ast.Lambda)):
                found.extend(f"{module.where}:{line} {what}" for line, what in _dropped_in(function, names))
    return found


def _dropped_in(function: ast.FunctionDef | ast.Lambda, names: set[str]) -> Iterator[tuple[int, str]]:
    nodes = list(_own_nodes(function))
    generator = any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in nodes)
    for node in nodes:
        if isinstance(node, ast.Expr) and (name := _flow_call(node.value, names)):
            yield node.lineno, f"makes the flow {name}(…) and drops it; it needs `yield from`"
        elif isinstance(node, ast.Yield) and node.value is not None and (name := _flow_call(node.value, names)):
            yield node.lineno, f"yields the flow {name}(…) itself; it needs `yield from`"
        elif isinstance(node, ast.Return) and generator and node.value and (name := _flow_call(node.value, names)):
            yield node.lineno, f"returns the flow {name}(…) itself as its result; it needs `yield from`"


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions inside it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own_nodes(child)


def _flow_call(node: ast.expr, names: set[str]) -> str | None:
    """The name, where this calls a function that returns a flow: of ``self``, ``super()``, or a plain name."""
    if not isinstance(node, ast.Call):
        return None
    target = node.func
    if isinstance(target, ast.Name):
        return target.id if target.id in names else None
    if isinstance(target, ast.Attribute) and target.attr in names:
        owner = target.value
        mine = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
        parent = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"
        return target.attr if mine or parent or target.attr not in _COMMON else None
    return None


_COMMON = {"task", "block", "accept", "cancel", "worker", "balance"}  # also names of other things' methods
