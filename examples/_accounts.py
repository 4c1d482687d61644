"""The accounts that the examples use: embedded sandboxes, or yours where a settings file is given."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeVar

from crowdhub import AsyncHub, Hub
from crowdhub.operations.spending import Spend
from crowdhub.sandbox import Sandbox

H = TypeVar("H", Hub, AsyncHub)


@contextmanager
def open_hub(kind: type[H], *names: str) -> Generator[H]:
    """A hub with these accounts. With an argument, `python examples/NAME.py crowdhub.toml`, it is yours, and asks
    before it spends."""
    if len(sys.argv) > 1:
        yield kind.from_config(sys.argv[1], confirm=ask)
        return
    with Sandbox(*names) as box:
        yield kind(box.accounts)  # lives by the sandbox's clock: waiting moves it, and people work meanwhile


def ask(spend: Spend) -> bool:
    """Whether to go on with what is about to cost money."""
    where = f"{spend.account} ({spend.environment})"
    return input(f"{spend.operation} on {where} for {spend.amount or 'an unknown price'}? [y/N] ").lower() == "y"
