"""Help for tests: of programs that use crowdhub, and of providers.

The pytest fixture `crowdhub_sandbox` (on by itself once crowdhub is installed) makes sandboxes that end with
the test; `sandboxes()` does the same without pytest. `pytest --crowdhub-provider NAME` runs the conformance kit
on an installed provider, which describes itself to it with a `Subject`. Nothing of the kit or of the sandbox is
imported before it is used: pytest loads this package in every run, of anybody's tests.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from crowdhub.sandbox import MarketSandbox, Sandbox
    from crowdhub.testing.plans import CampaignPlan, DemoPlan, LostAnswer, contents_of
    from crowdhub.testing.subject import HandedIn, Subject

__all__ = [
    "CampaignPlan",
    "DemoPlan",
    "HandedIn",
    "LostAnswer",
    "SandboxFactory",
    "Subject",
    "contents_of",
    "sandboxes",
]

_LATER = {
    "Subject": "subject",
    "HandedIn": "subject",
    "CampaignPlan": "plans",
    "DemoPlan": "plans",
    "LostAnswer": "plans",
    "contents_of": "plans",
}


class SandboxFactory(Protocol):
    """Makes a running `Sandbox`; takes what `Sandbox` takes."""

    def __call__(self, *markets: str | type[MarketSandbox] | MarketSandbox, **settings: Any) -> Sandbox: ...


@contextmanager
def sandboxes() -> Generator[SandboxFactory]:
    """A factory of running sandboxes, all of which stop at the end of the `with` block."""
    with ExitStack() as stack:

        def make(*markets: str | type[MarketSandbox] | MarketSandbox, **settings: Any) -> Sandbox:
            from crowdhub.sandbox import Sandbox

            return stack.enter_context(Sandbox(*markets, **settings))

        yield make


if not TYPE_CHECKING:  # type checkers, which read the import above, would take any misspelt name for this one

    def __getattr__(name: str) -> object:
        if name in _LATER:
            from importlib import import_module

            return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
