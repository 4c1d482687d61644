"""Help for tests: of programs that use crowdhub, and of providers.

The pytest fixture `crowdhub_sandbox` (on by itself once crowdhub is installed) makes sandboxes that end with
the test; `sandboxes()` does the same without pytest. `pytest --crowdhub-provider NAME` runs the conformance kit
on an installed provider, which describes itself to it with a `Subject`. Nothing of the sandbox is imported before
it is used.
"""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from crowdhub.testing.subject import Subject

if TYPE_CHECKING:
    from crowdhub.sandbox import MarketSandbox, Sandbox

__all__ = ["SandboxFactory", "Subject", "sandboxes"]


class SandboxFactory(Protocol):
    """Makes a running `Sandbox`; takes what `Sandbox` takes."""

    def __call__(self, *markets: "str | type[MarketSandbox] | MarketSandbox", **settings: Any) -> "Sandbox": ...


@contextmanager
def sandboxes() -> Generator[SandboxFactory]:
    """A factory of running sandboxes, all of which stop at the end of the `with` block."""
    with ExitStack() as stack:

        def make(*markets: "str | type[MarketSandbox] | MarketSandbox", **settings: Any) -> "Sandbox":
            from crowdhub.sandbox import Sandbox

            return stack.enter_context(Sandbox(*markets, **settings))

        yield make
