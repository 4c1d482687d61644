"""Reading a plugin's source: what it imports, and operations that are made but never run."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import Distribution, PackageNotFoundError, packages_distributions
from pathlib import Path

from crowdhub import protocol, registry
from crowdhub.protocol import NEUTRAL, AnyProvider

DOORS = ("crowdhub.errors", "crowdhub.model", "crowdhub.protocol")
"""What the client side of a plugin may import of crowdhub, besides `from crowdhub import X`; no module inside them."""
SANDBOX_DOORS = ("crowdhub.sandbox", "starlette", "PIL")
ALWAYS = ("pydantic", "pydantic_core", "typing_extensions")
"""Libraries that crowdhub itself brings, and any plugin may use."""
HTTP_CLIENTS = (
    "aiohttp",
    "curl_cffi",
    "ftplib",
    "http.client",
    "httplib2",
    "httpcore",
    "httpx",
    "httpx2",
    "niquests",
    "pycurl",
    "requests",
    "socket",
    "treq",
    "tornado",
    "urllib.request",
    "urllib3",
    "xmlrpc",
)
"""What sends requests by itself: past the engine that repeats, counts and redacts them."""
ENGINE_ONLY = ("Hub", "AsyncHub", "Market", "AsyncMarket")
ASIDE = ("conformance", "recordings")  # modules for tests and recordings: neither client nor sandbox
HELPERS = ("no_call", "every", "first_match")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Module:
    """One file of a plugin. ``libraries``: the import names that its distribution requires."""

    package: str
    where: str
    tree: ast.Module
    libraries: frozenset[str] = field(default_factory=frozenset[str])

    @cached_property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in Path(self.where).with_suffix("").parts if part != "__init__")

    @property
    def is_sandbox(self) -> bool:
        return self.parts[:1] == ("sandbox",)

    @property
    def is_aside(self) -> bool:
        return self.parts[:1] in {(name,) for name in ASIDE} or self.parts[:1] == ("tests",)


def modules(provider: type[AnyProvider]) -> list[Module]:
    """The files of the package that a provider class belongs to."""
    package = provider.__module__.partition(".")[0]
    home = importlib.import_module(package).__file__
    if home is None:
        raise ImportError(f"{package} has no file")
    root = Path(home)
    files = sorted(root.parent.rglob("*.py")) if root.name == "__init__.py" else [root]
    libraries = required(provider.name)
    return [
        Module(
            package,
            str(file.relative_to(root.parent)),
            ast.parse(file.read_text(encoding="utf-8"), str(file)),
            libraries,
        )
        for file in files
    ]


# --- libraries


def required(provider: str) -> frozenset[str]:
    """The import names of what the distribution that brings a provider requires, extras aside. crowdhub's own
    distribution has its requirements for the engine, not for the plugins in it."""
    owners = {each.distribution for each in registry.installed() if each.name == provider} - {"crowdhub", None}
    wanted = {_normal(each) for owner in owners for each in _requirements(str(owner))}
    found = packages_distributions().items()
    return frozenset(name for name, owned_by in found if any(_normal(each) in wanted for each in owned_by))


def _requirements(distribution: str) -> Iterator[str]:
    try:
        lines = Distribution.from_name(distribution).requires or ()
    except PackageNotFoundError:
        return
    for line in lines:
        requirement, _, condition = line.partition(";")
        name = _NAME.match(requirement.strip())
        if name is not None and "extra" not in condition:
            yield name[0]


def _normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


# --- imports


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
    """Imports that a plugin may not make, in words, with the rule that each breaks."""
    if module.is_aside:
        return []
    judge = _sandbox_breaks if module.is_sandbox else _client_breaks
    found: list[str] = []
    for line, name, taken in imports(module):
        if (rule := judge(module, name, taken)) is not None:
            what = f"{name} ({', '.join(taken)})" if taken else name
            found.append(f"{module.where}:{line} imports {what}: {rule}")
    return found


def _client_breaks(module: Module, name: str, taken: Sequence[str]) -> str | None:
    top, _, rest = name.partition(".")
    if _is_http_client(name, taken):
        return "it sends requests by itself; yield a Call, and the engine sends it"
    if top == module.package:
        reached = {rest.partition(".")[0], *(taken if not rest else ())}
        return (
            "the client knows nothing of its sandbox, so that a mistake is not made twice"
            if ("sandbox" in reached)
            else None
        )
    if name == "crowdhub":
        if not taken or any(each in ENGINE_ONLY for each in taken):
            return "a plugin is run by markets and hubs, and knows none"
        return None
    if top == "crowdhub":
        return None if name in DOORS else f"of crowdhub a plugin imports from {', '.join(('crowdhub', *DOORS))} alone"
    return _library_breaks(module, top)


def _sandbox_breaks(module: Module, name: str, taken: Sequence[str]) -> str | None:
    top, _, rest = name.partition(".")
    if any(name == each or name.startswith(each + ".") for each in SANDBOX_DOORS):
        return None
    if top == module.package:
        reached = {rest.partition(".")[0]} if rest else set(taken)
        return None if reached == {"sandbox"} else "a sandbox shares no code with its client"
    if top == "crowdhub":
        return f"of crowdhub a sandbox imports {SANDBOX_DOORS[0]} alone"
    return _library_breaks(module, top)


def _library_breaks(module: Module, top: str) -> str | None:
    if top in sys.stdlib_module_names or top in ALWAYS or top in module.libraries:
        return None
    return f"no requirement of the plugin's distribution brings {top}; name it in its `dependencies`"


def _is_http_client(name: str, taken: Sequence[str]) -> bool:
    reached = [name, *(f"{name}.{each}" for each in taken)]
    return any(each == client or each.startswith(client + ".") for each in reached for client in HTTP_CLIENTS)


# --- operations that are made but never run -----------------------------------------------------------------------


def operation_names(plugin: Sequence[Module]) -> set[str]:
    """The names of all functions that return an operation or a flow: the neutral ones, crowdhub's helpers, the
    plugin's own."""
    helpers = {name for name in HELPERS if hasattr(protocol, name)}
    own: set[str] = set()
    for module in plugin:
        if not module.is_sandbox and not module.is_aside:
            own.update(
                node.name
                for node in ast.walk(module.tree)
                if isinstance(node, ast.FunctionDef) and node.returns and _makes_one(node.returns)
            )
    return {*NEUTRAL, *helpers, *own}


def _makes_one(returns: ast.expr) -> bool:
    words = str(returns.value) if isinstance(returns, ast.Constant) else ast.unparse(returns)
    return words.startswith(("Flow[", "Operation["))


def dropped_operations(plugin: Sequence[Module]) -> list[str]:
    """Places where an operation is made and thrown away, or handed on as a value, in words.

    ``self.cancel(task)`` alone does nothing at all, and no type checker says so.
    """
    names = operation_names(plugin)
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
        if isinstance(node, ast.Expr) and (name := _made(node.value, names)):
            yield node.lineno, f"makes the operation {name}(…) and drops it; it needs `yield from`"
        elif isinstance(node, ast.Yield) and node.value is not None and (name := _made(node.value, names)):
            yield node.lineno, f"yields the operation {name}(…) itself; it needs `yield from`"
        elif isinstance(node, ast.Return) and generator and node.value and (name := _made(node.value, names)):
            yield node.lineno, f"returns the operation {name}(…) itself as its result; it needs `yield from`"


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions inside it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own_nodes(child)


def _made(node: ast.expr, names: set[str]) -> str | None:
    """The name, where this calls a function that returns an operation: of ``self``, ``super()``, or a plain name."""
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


_COMMON = {"task", "block", "accept", "cancel", "worker", "balance", "message", "extend", "pause", "resume"}
"""Also names of other things' methods."""
