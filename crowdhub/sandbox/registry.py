"""Finding a marketplace's sandbox by name: the entry-point group `crowdhub.sandboxes`."""

from inspect import isclass
from typing import TypeGuard

from crowdhub.entrypoints import Group
from crowdhub.sandbox.errors import SandboxError
from crowdhub.sandbox.market import MarketSandbox


def _is_sandbox(found: object) -> TypeGuard[type[MarketSandbox]]:
    return isclass(found) and issubclass(found, MarketSandbox)


def _error(message: str, *, name: str, next_step: str) -> SandboxError:
    del name  # the message has it
    return SandboxError(f"{message} {next_step}")


SANDBOXES = Group("crowdhub.sandboxes", "sandbox", "a MarketSandbox class", _is_sandbox, _error)


def sandbox_names() -> list[str]:
    """The names of the sandboxes that are installed; imports none of them."""
    return SANDBOXES.names()


def load_sandbox(name: str) -> type[MarketSandbox]:
    """The sandbox class of this name; only that plugin is imported. Raises `SandboxError` where there is none."""
    return SANDBOXES.load(name)
