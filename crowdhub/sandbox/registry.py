"""Finding a marketplace's sandbox by name.

`importlib.metadata` rather than stevedore: the latter's disk cache can miss a plugin installed a moment ago.
"""

from importlib.metadata import EntryPoint, entry_points
from inspect import isclass

from crowdhub.sandbox.errors import SandboxError
from crowdhub.sandbox.market import MarketSandbox

GROUP = "crowdhub.sandboxes"


def sandbox_names() -> list[str]:
    """The names of the sandboxes that are installed; imports none of them."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def load_sandbox(name: str) -> type[MarketSandbox]:
    """The sandbox class of this name; only that plugin is imported."""
    found = {entry.value: entry for entry in entry_points(group=GROUP, name=name)}
    if not found:
        raise SandboxError(f"There is no sandbox named {name!r}. {_known()}")
    if len(found) > 1:
        raise SandboxError(f"More than one package has a sandbox named {name!r}: {_owners(found)}")
    (entry,) = found.values()
    try:
        loaded = entry.load()
    except Exception as cause:
        raise SandboxError(f"The sandbox {name!r} ({entry.value}) cannot be imported: {cause}") from cause
    if not (isclass(loaded) and issubclass(loaded, MarketSandbox)):
        raise SandboxError(f"The sandbox {name!r} ({entry.value}) is no MarketSandbox class")
    return loaded


def _known() -> str:
    names = sandbox_names()
    return f"Installed: {', '.join(names)}." if names else "No sandbox is installed."


def _owners(found: dict[str, EntryPoint]) -> str:
    return ", ".join(f"{value} ({entry.dist.name if entry.dist else '?'})" for value, entry in found.items())
